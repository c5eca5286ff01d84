"""Cached reads of the service over loopback, beside a bare hello-world route of the same server.

`python -m bench api [--short]`: 100 and 1,000 connections kept open, load from a second process.
"""

import asyncio
import json
import math
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.load import Loaded, load
from bench.timing import write_results
from tests.api_house import SECRET, a_token
from tests.builders import a_report
from tests.live import children_of
from tests.servers import free_port

from daznode.config import Settings
from daznode.wiring.storage import open_stores

NODES, CHANNELS = 16_000, 45_000
LINES = 50
"""Of the channel table of the report: 33 KB of JSON."""

CONNECTIONS = (100, 1_000)
WANTED_RATIO = 0.6
WANTED_P99_MS = 200.0


@dataclass(frozen=True)
class Served:
    """One round of one target.

    Attributes:
        load: What the load met.
        cpu_us: Processor time of the server per answer, microseconds; a busy machine changes it
            less than the rate.
    """

    load: Loaded
    cpu_us: float


def _environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "DAZNODE_DATA_DIR": str(folder),
        "JWT_SECRET": SECRET,
        "RATE_LIMIT_PER_MINUTE": "1000000",
        "DAZNODE_LOG_FORMAT": "json",
        "DAILY_REPORTS_SCHEDULER_ENABLED": "false",
    }


def _prepare(folder: Path) -> None:
    """A network and a report in the store."""
    command = [sys.executable, "-m", "daznode", "network", "generate"]
    command += ["--nodes", str(NODES), "--channels", str(CHANNELS)]
    subprocess.run(command, env=_environment(folder), check=True, capture_output=True)

    async def store() -> None:
        stores = open_stores(Settings(DAZNODE_DATA_DIR=folder), folder, folder / "assets")
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        await stores.prepare()
        await stores.reports.put_report(
            a_report(n_channels=LINES, user_id="alice", tenant_id="t", report_date=today)
        )
        await stores.close()

    asyncio.run(store())


@contextmanager
def _running(
    command: list[str], environment: dict[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as out:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(40)


def _get(url: str, token: str | None = None) -> bytes | None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return answer.read()
    except OSError:
        return None


def _wait(url: str, token: str | None = None) -> bytes:
    for _ in range(600):
        if (answer := _get(url, token)) is not None:
            return answer
        time.sleep(0.1)
    message = f"{url}: no answer within a minute"
    raise RuntimeError(message)


def _rounds(
    targets: dict[str, tuple[str, dict[str, str]]],
    processes: dict[str, int],
    connections: int,
    rounds: int,
    seconds: float,
) -> dict[str, list[Served]]:
    found: dict[str, list[Served]] = {name: [] for name in targets}
    for turn in range(rounds):
        for name, (url, headers) in targets.items():
            process = processes["hello" if name == "hello" else "service"]
            before = _cpu_seconds(process)
            one = load(url, headers, connections, seconds)
            spent = _cpu_seconds(process) - before
            found[name].append(
                Served(one, spent / (one.requests_per_second * math.ceil(seconds)) * 1e6)
            )
            print(
                f"  round {turn + 1}  {connections:5,d} connections  {name:10s}"
                f" {one.requests_per_second:8,.0f}/s"
                f"  {found[name][-1].cpu_us:5.0f} us cpu  p50 {one.p50_ms:6.1f} ms"
                f"  p99 {one.p99_ms:6.1f} ms  errors {one.errors}",
                flush=True,
            )
    return found


def _summed(rounds: dict[str, list[Served]]) -> dict[str, dict[str, float]]:
    """Medians; ratios of each round to the hello world of that round, and their median."""
    hello = rounds["hello"]
    return {
        name: {
            "requests_per_second": _median(one.load.requests_per_second for one in runs),
            "cpu_us_per_request": _median(one.cpu_us for one in runs),
            "ratio_to_hello": _median(
                one.load.requests_per_second / bare.load.requests_per_second
                for one, bare in zip(runs, hello, strict=True)
            ),
            "ratio_to_hello_by_cpu": _median(
                bare.cpu_us / one.cpu_us for one, bare in zip(runs, hello, strict=True)
            ),
            "p50_ms": _median(one.load.p50_ms for one in runs),
            "p99_ms": _median(one.load.p99_ms for one in runs),
            "errors": sum(one.load.errors for one in runs),
        }
        for name, runs in rounds.items()
    }


def _median(values: Iterable[float]) -> float:
    return round(statistics.median(values), 3)


def _cpu_seconds(pid: int) -> float:
    """Processor time that a process and its threads have taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main(options: list[str]) -> None:
    """Measure, print, and write `bench/results/api.json`."""
    rounds, seconds = (2, 3.0) if "--short" in options else (5, 8.0)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        _prepare(folder)
        base, bare = free_port(), free_port()
        environment = _environment(folder)
        serve = [sys.executable, "-m", "daznode", "serve", "--port", str(base)]
        hello = [sys.executable, "-m", "bench.hello", str(bare)]
        log = folder / "log"
        with _running(serve, environment, log) as one, _running(hello, environment, log) as two:
            token = a_token("alice", "t", minutes=600)
            url = f"http://127.0.0.1:{base}/api/v1"
            ranked = json.loads(_wait(f"{url}/lightning/scores/rankings?limit=1", token))
            node = ranked["rankings"][0]["node_id"]
            _wait(f"http://127.0.0.1:{bare}/hello")
            bearer = {"Authorization": f"Bearer {token}"}
            targets = {
                "hello": (f"http://127.0.0.1:{bare}/hello", {}),
                "latest": (f"{url}/reports/daily/latest", bearer),
                "score": (f"{url}/lightning/scores/node/{node}", bearer),
                "rankings": (f"{url}/lightning/scores/rankings", bearer),
            }
            processes = {"service": children_of(one.pid)[0], "hello": children_of(two.pid)[0]}
            sizes = {name: len(_wait(to, token)) for name, (to, _) in targets.items()}
            every = {
                str(connections): _summed(_rounds(targets, processes, connections, rounds, seconds))
                for connections in CONNECTIONS
            }
            content = {
                "body_bytes": sizes,
                "by_connections": every,
                "wanted": {"ratio_to_hello": WANTED_RATIO, "p99_ms": WANTED_P99_MS},
            }
    print(json.dumps(content, indent=1))
    print(f"written: {write_results('api', content)}")
