"""Real servers for tests, on free loopback ports; without one a test is skipped, but not under CI."""

import os
import shutil
import socket
import subprocess
import time

import pytest

START_SECONDS = 10.0


def needs_program(name: str, package: str) -> str:
    """Path of a program that a test cannot do without."""
    found = shutil.which(name)
    if found is None:
        line = f"{name} is not installed (Debian: {package}); without it this is not tested"
        if os.environ.get("CI") == "true":
            pytest.fail(line)
        pytest.skip(line)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class RedisServer:
    """A `redis-server` that can be killed and started again at the same port."""

    def __init__(self, folder, *arguments: str) -> None:
        self._program = needs_program("redis-server", "redis-server")
        self._folder = folder
        self._arguments = arguments
        self.port = free_port()
        self._process = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        self._process = subprocess.Popen(
            [
                self._program,
                *("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder)),
                *("--save", "", "--appendonly", "no", "--daemonize", "no", *self._arguments),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        ends_at = time.monotonic() + START_SECONDS
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as link:
                    link.sendall(b"PING\r\n")
                    if link.recv(7) == b"+PONG\r\n":
                        return
            except OSError:
                pass
            assert self._process.poll() is None, "redis-server ended"
            assert time.monotonic() < ends_at, "redis-server does not answer"
            time.sleep(0.02)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        self.kill()
        self.start()

    def say(self, *words: str) -> bytes:
        """Send one command and return the first line of its answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as link:
            parts = b"".join(b"$%d\r\n%s\r\n" % (len(w.encode()), w.encode()) for w in words)
            link.sendall(b"*%d\r\n%s" % (len(words), parts))
            return link.makefile("rb").readline().strip()


@pytest.fixture(scope="session")
def redis_of_session(tmp_path_factory):
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def redis(redis_of_session):
    """An empty Redis; whoever kills it need not start it again."""
    try:
        redis_of_session.say("FLUSHALL")
    except OSError:
        redis_of_session.restart()
    return redis_of_session
