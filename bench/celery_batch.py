"""A batch over two Celery workers, a real Redis and one SQLite folder: does its time grow linearly.

As `bench.batch` does it in one process: on a generated network, a week of it stored. The service's
side hands out the jobs and makes none itself. Each size has fresh workers and a fresh folder.
"""

import argparse
import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from datetime import time as clock_time
from pathlib import Path

import numpy as np
from bench.batch import fill
from bench.timing import write_results

from daznode.adapters.clock import SystemClock
from daznode.adapters.compute import ThreadCompute
from daznode.config import Settings
from daznode.domain.measures import ScoreWeights
from daznode.domain.runs import RunKind
from daznode.domain.schedule import Slot
from daznode.graph.measures import MeasureParams
from daznode.usecases.open_network import OpenNetwork
from daznode.wiring.worker import Worker

SIZES = (500, 1_000, 2_000)
WORKERS = 2
POLL_SECONDS = 0.05
START_SECONDS = 120.0


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def peak_mb_of(process: subprocess.Popen[bytes]) -> float:
    """Largest resident memory of a running process, MB."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu_seconds_of(process: subprocess.Popen[bytes]) -> float:
    """Processor time of a running process, all threads."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def redis_server(folder: Path, port: int) -> Iterator[None]:
    """A Redis that keeps nothing on disk."""
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=folder)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


@contextmanager
def running_workers(
    folder: Path, given: dict[str, str], count: int
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """So many workers, ready to work."""
    logs = [folder / f"worker-{number}.log" for number in range(count)]
    processes = []
    try:
        for path in logs:
            with path.open("wb") as log:
                processes.append(
                    subprocess.Popen(
                        [sys.executable, "-m", "daznode", "worker"],
                        env=dict(os.environ) | given,
                        stdout=log,
                        stderr=subprocess.STDOUT,
                    )
                )
        ends_at = time.monotonic() + START_SECONDS
        while not all("Working on reports" in path.read_text() for path in logs):
            assert time.monotonic() < ends_at, "the workers do not start"
            time.sleep(POLL_SECONDS)
        yield processes
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()


async def prepare(office: Worker, n_users: int, n_nodes: int) -> None:
    """Users and a week of networks."""
    parts, compute = office.parts, ThreadCompute()
    await office.start(print)
    networks = OpenNetwork(
        snapshots=parts.snapshots,
        measures=parts.measures,
        compute=compute,
        clock=SystemClock(),
        params=MeasureParams(),
        weights=ScoreWeights(),
        threads=2,
    )
    await fill(parts, networks, n_users, n_nodes)
    compute.close()


async def make_all(office: Worker, n_users: int) -> float:
    """Have the reports of all users made; how long that took."""
    runs, batches = office.parts.runs, office.batches
    slot = Slot(RunKind.DAILY, datetime.combine(datetime.now(UTC).date(), clock_time(), UTC))
    begun = time.perf_counter()
    profiles = await office.parts.profiles.enabled_profiles()
    await batches.batches.start_slot(slot, profiles, "bench")
    batches.work_runs.wake.set()
    while (counts := await runs.counts(slot.run_id)).pending or counts.processing:  # noqa: ASYNC110 - it knows no event
        await asyncio.sleep(POLL_SECONDS)
    assert counts.completed == n_users, counts
    return time.perf_counter() - begun


async def run(folder: Path, n_users: int, n_nodes: int, n_workers: int) -> dict[str, float]:
    """One batch; its figures."""
    port = free_port()
    given = {
        "DAZNODE_DATA_DIR": str(folder / "data"),
        "REDIS_URL": f"redis://127.0.0.1:{port}/0",
        "DAILY_REPORTS_EXECUTOR": "celery",
        "DAZNODE_LOG_FORMAT": "json",
        "DAZNODE_LOG_LEVEL": "warning",
    }
    office = Worker(Settings(_env_file=None, **given))
    office.batches.work_runs.poll_seconds = 0.5
    with redis_server(folder, port):
        await prepare(office, n_users, n_nodes)
        with running_workers(folder, given, n_workers) as workers:
            cpu_before = sum(map(cpu_seconds_of, workers))
            wall_seconds = await make_all(office, n_users)
            figures = {
                "wall_seconds": wall_seconds,
                "workers_cpu_seconds": sum(map(cpu_seconds_of, workers)) - cpu_before,
                "worker_peak_mb": max(map(peak_mb_of, workers)),
                "reports_per_second": n_users / wall_seconds,
            }
        await office.stop()
    return figures


def main(arguments: list[str] | None = None) -> None:
    """Time batches of several sizes and write `bench/results/celery_batch.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, action="append", help="a size; may be given again")
    parser.add_argument("--nodes", type=int, default=4_000)
    parser.add_argument("--workers", type=int, default=WORKERS)
    options = parser.parse_args(arguments)
    if shutil.which("redis-server") is None:
        print("redis-server is not installed: not measured")
        return
    results = {}
    for n_users in options.users or SIZES:
        with tempfile.TemporaryDirectory() as name:
            n_nodes = max(options.nodes, n_users)
            figures = asyncio.run(run(Path(name), n_users, n_nodes, options.workers))
        results[n_users] = figures | {"nodes": n_nodes}
        print(
            f"  {n_users:6,} users  wall {figures['wall_seconds']:6.2f} s"
            f"  {figures['reports_per_second']:5.1f} reports/s"
            f"  cpu {figures['workers_cpu_seconds']:6.2f} s"
            f"  peak {figures['worker_peak_mb']:4.0f} MB a worker",
            flush=True,
        )
    written = {"workers": options.workers, "sizes": results}
    if len(results) > 1:
        sizes, times = zip(*((n, one["wall_seconds"]) for n, one in results.items()), strict=True)
        slope, offset = np.polyfit(sizes, times, 1)
        fit = slope * np.array(sizes) + offset
        spread = np.sum((np.array(times) - np.mean(times)) ** 2)
        written["linear_fit"] = {
            "ms_per_user": float(slope * 1_000),
            "offset_seconds": float(offset),
            "r_squared": float(1 - np.sum((np.array(times) - fit) ** 2) / spread),
        }
        print(f"  {slope * 1_000:.2f} ms a user + {offset:.2f} s", flush=True)
    write_results("celery_batch", written)


if __name__ == "__main__":
    main(sys.argv[1:])
