"""A real service on loopback, started by the command that the documents name, for their commands."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

ADMIN = "harness"
NODES, CHANNELS = 150, 500
NODE_KEY_FILE = "node_key"
_START_SECONDS = 60
_REPORT_SECONDS = 60


class Served:
    """A running service, and what a shell needs to talk to it.

    Args:
        folder: Where it and the shell work.
        prepared: A data folder to begin with, as `prepare` makes it.
        settings: Of the service.
    """

    def __init__(self, folder: Path, prepared: Path | None = None, **settings: str) -> None:
        if prepared is not None:
            shutil.copytree(prepared, folder / "data")
        self.folder = folder
        self.log = folder / "service.log"
        self.env = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "NUMBA_CACHE_DIR": os.environ.get("NUMBA_CACHE_DIR", str(_kernels())),
            "LOG": str(self.log),
            "DAZNODE_DATA_DIR": str(folder / "data"),
            "RAG_ASSETS_DIR": str(folder / "data" / "rag" / "RAG_assets"),
            "DAZNODE_LOG_FORMAT": "json",
            "RATE_LIMIT_PER_MINUTE": "10000",
            "DAZNODE_THREADS": "1",
        } | settings
        self._process: subprocess.Popen[bytes] | None = None

    def daznode(self, *arguments, given=""):
        """What a command prints."""
        return subprocess.run(
            [sys.executable, "-m", "daznode", *arguments],
            env=self.env,
            cwd=self.folder,
            input=given,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout

    def prepare(self):
        """Make a network and an administrator; the data folder, to begin others with."""
        self.daznode("network", "generate", "--nodes", str(NODES), "--channels", str(CHANNELS))
        rankings = json.loads(self.daznode("rankings", "--limit", "5", "--json"))
        (self.folder / "data" / NODE_KEY_FILE).write_text(rankings[0]["node_id"])
        self.daznode(
            "user", "add", ADMIN, "--role", "admin", "--password-file", "-", given="a" + "b" * 20
        )
        return self.folder / "data"

    def start(self):
        """Start it, and wait until it is ready."""
        self.env["NODE_KEY"] = (self.folder / "data" / NODE_KEY_FILE).read_text()
        told = self.folder / "told.json"
        with self.log.open("ab") as log, told.open("wb") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "daznode", "serve", "--port", "0", "--json"],
                env=self.env,
                cwd=self.folder,
                stdout=said,
                stderr=log,
            )
        self._wait(lambda: told.read_text().endswith("\n"), _START_SECONDS, "said where it listens")
        self.env["BASE"] = json.loads(told.read_text())["listening"]
        self._wait(lambda: self.get("/health/ready") is not None, _START_SECONDS, "become ready")

    def stop(self):
        """End it as a service manager does."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def get(self, path, token=None, body=None):
        """An answer as JSON; None if there is none."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(self.env["BASE"] + path, data=data, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.loads(answer.read() or b"null") or {}
        except OSError:
            return None

    def make_report(self, user_id):
        """Have a user's report made, as an administrator does."""
        token = self.daznode("user", "token", ADMIN).strip()
        started = self.get("/api/v1/admin/reports/daily/trigger", token, {"user_ids": [user_id]})
        assert started is not None, self.log.read_text()[-4_000:]

        def is_there():
            own = self.daznode("user", "token", user_id).strip()
            return self.get("/api/v1/reports/daily/latest", own) is not None

        self._wait(is_there, _REPORT_SECONDS, "made a report")

    def _wait(self, is_so, seconds, what):
        deadline = time.monotonic() + seconds
        while not is_so():
            has_ended = self._process is not None and self._process.poll() is not None
            if has_ended or time.monotonic() > deadline:
                pytest.fail(f"the service has not {what}:\n{self.log.read_text()[-4_000:]}")
            time.sleep(0.2)


def _kernels():
    """The kernels that other tests have compiled already."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("daznode", appauthor=False)) / "kernels"


@contextmanager
def served(folder: Path, prepared: Path, **settings: str):
    """A service for as long as it is needed."""
    service = Served(folder, prepared, **settings)
    try:
        service.start()
        yield service
    finally:
        service.stop()
