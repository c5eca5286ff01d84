"""Real servers of the tests, over loopback: started on a free port in a folder of their own."""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

START_SECONDS = 20.0


def missing(what: str) -> None:
    """Skip a test whose server is not installed, or fail it where it must be."""
    line = f"{what} is not installed"
    if os.environ.get("CI") == "true":
        pytest.fail(line)
    pytest.skip(line)


def free_port() -> int:
    """A port of the loopback that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Nx27017:
    """A server that speaks MongoDB's protocol over SQLite files (package `nx-27017`).

    It has no replica set, no TTL, and forgets the direction of indexes and that they are sparse.
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
        give_up = time.monotonic() + START_SECONDS
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
