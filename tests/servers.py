"""Real servers for tests, on free loopback ports; without one a test is skipped, but not under CI."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

START_SECONDS = 10.0
MONGODB_START_SECONDS = 20.0


def missing(what: str) -> None:
    """Skip a test whose server is not installed, or fail it where it must be."""
    line = f"{what} is not installed; without it this is not tested"
    if os.environ.get("CI") == "true":
        pytest.fail(line)
    pytest.skip(line)


def needs_program(name: str, package: str) -> str:
    """Path of a program that a test cannot do without."""
    found = shutil.which(name)
    if found is None:
        missing(f"{name} (Debian: {package})")
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


class Nx27017:
    """A server that speaks MongoDB's protocol over SQLite files (package `nx-27017`).

    It has no replica set, compares moments by the second, and forgets the direction of indexes and
    that they are sparse.
    """

    def __init__(self, folder: Path) -> None:
        if importlib.util.find_spec("nx_27017") is None:
            missing("nx-27017")
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "nx_27017.nx_27017", "-p", str(self.port)]
        command += ["--data-dir", str(self.folder / "data")]
        command += ["--log-file", str(self.folder / "log"), "--pid-file", str(self.folder / "pid")]
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder
        )
        give_up = time.monotonic() + MONGODB_START_SECONDS
        while time.monotonic() < give_up:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self._process.poll() is not None:
                break
            time.sleep(0.02)
        pytest.fail(f"nx-27017 did not start; its log: {self.folder / 'log'}")

    def kill(self) -> None:
        """End it as a power cut would, with no chance to tidy up."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None


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


@pytest.fixture(scope="session")
def mongodb_of_session(tmp_path_factory):
    """A server for all tests; each takes a database of its own."""
    server = Nx27017(tmp_path_factory.mktemp("nx-27017"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def own_mongodb(tmp_path):
    """A server for one test, which may kill it and start it again."""
    server = Nx27017(tmp_path / "nx-27017")
    server.start()
    yield server
    server.kill()
