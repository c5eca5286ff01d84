"""A real service on loopback, started by its own command, for tests that ask it over the network."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
from tests.api_house import SECRET, a_token
from tests.builders import a_snapshot

from daznode.adapters.store.snapshots import SnapshotFolders
from daznode.domain.accounts import Role

START_SECONDS = 90.0


class Live:
    """A running service.

    Attributes:
        base: Where it listens: `http://127.0.0.1:PORT`.
        notes: What it said at its start.
        process: The process that was started.
        client: Asks it.
    """

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self.folder = folder
        self.log = folder / "service.log"
        self.env = {
            name: value
            for name, value in os.environ.items()
            if name in {"PATH", "HOME", "PYTHONPATH", "NUMBA_CACHE_DIR", "LANG"}
        } | {
            "DAZNODE_DATA_DIR": str(folder / "data"),
            "JWT_SECRET": SECRET,
            "RATE_LIMIT_PER_MINUTE": "1000000",
            "DAZNODE_THREADS": "1",
            "DAZNODE_LOG_FORMAT": "json",
            "PYTHONDONTWRITEBYTECODE": "1",
            **settings,
        }
        self.base = ""
        self.notes: list[str] = []
        self.process: subprocess.Popen[str] | None = None
        self.client = httpx2.Client(timeout=30)

    @property
    def port(self) -> int:
        return int(self.base.rpartition(":")[2])

    @property
    def websocket(self) -> str:
        return self.base.replace("http", "ws", 1) + "/ws/alerts"

    def start(self, *options: str, port: int = 0) -> None:
        """Start it, and read from its first line where it listens."""
        if self.process is not None:
            self.process.stdout.close()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "daznode", "serve", "--port", str(port), "--json", *options],
                env=self.env,
                cwd=self.folder,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        line = self.process.stdout.readline()
        assert line, f"it said nothing and ended: {self.log.read_text()[-2_000:]}"
        said = json.loads(line)
        self.base, self.notes = said["listening"], said["notes"]

    def wait_ready(self, *, has_network: bool = True) -> None:
        """Wait until it is ready, and has a network if there is one."""
        self.until(lambda: self.get("/health/ready").status_code == 200, "ready")
        if has_network:
            token = a_token("waiting", "local")
            path = "/api/v1/lightning/network/stats"
            self.until(lambda: self.get(path, token).status_code == 200, "open a network")

    def until(self, is_so, what: str, seconds: float = START_SECONDS) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                if is_so():
                    return
            except httpx2.TransportError:
                pass
            assert self.process.poll() is None, f"it ended:\n{self.tail()}"
            assert time.monotonic() < deadline, f"it did not {what}:\n{self.tail()}"
            time.sleep(0.05)

    def get(self, path: str, token: str | None = None, **options) -> httpx2.Response:
        return self.ask("GET", path, token, **options)

    def ask(self, method: str, path: str, token: str | None = None, **options) -> httpx2.Response:
        headers = dict(options.pop("headers", {}))
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return self.client.request(method, self.base + path, headers=headers, **options)

    def tail(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-3_000:]

    def stop(self, seconds: float = 40.0) -> int:
        """Ask it to stop, and wait for that; its exit code."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def close(self) -> None:
        """Stop it, whatever state it is in."""
        self.client.close()
        if self.process is not None:
            self.stop()
            self.process.stdout.close()


def store_network(folder: Path) -> None:
    """A small network in the data folder of a service."""
    import asyncio

    now = datetime.now(UTC).replace(microsecond=0)
    pairs = ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (0, 3), (1, 4), (2, 5))
    snapshot = a_snapshot(6, pairs, observed_at=now - timedelta(hours=1))
    asyncio.run(SnapshotFolders(folder / "data").put(snapshot))


@contextmanager
def a_live_service(
    folder: Path, *, has_network: bool = True, options: tuple[str, ...] = (), **settings: str
) -> Iterator[Live]:
    """A running service that is ready."""
    folder.mkdir(parents=True, exist_ok=True)
    if has_network:
        store_network(folder)
    live = Live(folder, settings)
    try:
        live.start(*options)
        live.wait_ready(has_network=has_network)
        yield live
    finally:
        live.close()


def children_of(pid: int) -> list[int]:
    """Processes that a process started to serve; Linux alone tells."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [
        int(child)
        for child in children
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def an_admin() -> str:
    """A token of an administrator of the service."""
    return a_token("root", "local", Role.ADMIN)
