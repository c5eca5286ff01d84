"""A batch end to end in one process: users in the database to stored reports, alerts and ended jobs.

On generated networks, a week of them stored, with two public services asked for every node, which
answer from another process as late as on the internet. Each size in a process of its own: its time, its
memory, and how late the event loop was meanwhile, since the API answers from the same loop.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
from bench.timing import peak_mb, write_results

if TYPE_CHECKING:
    from daznode.usecases.open_network import OpenNetwork
    from daznode.wiring.storage import Stores

MODULE = "bench.batch"
TARGETS = {"seconds_of_1000": 30.0, "peak_mb": 1_000.0, "lag_p99_ms": 50.0}
DAYS = 7
SIZES = (500, 1_000, 2_000)
STORES = ("profiles", "runs", "reports", "observations", "alerts", "digests")
TICK_SECONDS = 0.002


async def lags_of(work: object) -> tuple[object, list[float]]:
    """Await some work, and tell how late the event loop was meanwhile, ms, sorted."""
    lags = []

    async def watch() -> None:
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(TICK_SECONDS)
            lags.append((time.perf_counter() - begun - TICK_SECONDS) * 1000)

    watching = asyncio.create_task(watch())
    result = await work
    watching.cancel()
    return result, sorted(lags)


async def fill(stores: "Stores", networks: "OpenNetwork", n_users: int, n_nodes: int) -> None:
    """A week of networks, measured as an import does it, and users with a node each."""
    from daznode.adapters.lightning.simulated import generate_snapshot
    from daznode.domain.accounts import UserProfile
    from daznode.domain.ids import NodeId

    now = networks.clock.now()
    snapshot = generate_snapshot(
        nodes=n_nodes, channels=None, seed=7, observed_at=now, imported_at=now
    )
    for day in range(DAYS):
        seen_at = now - timedelta(days=day, minutes=1)
        await stores.snapshots.put(
            replace(snapshot, origin=replace(snapshot.origin, observed_at=seen_at))
        )
    for summary in (summaries := await stores.snapshots.summaries()):
        await networks.opened(summary, summaries)
    places = np.linspace(0, snapshot.n_nodes - 1, n_users).astype(int)
    for number, place in enumerate(places):
        await stores.profiles.put_profile(
            UserProfile(
                f"user-{number:06d}",
                "tenant",
                now,
                now,
                lightning_pubkey=NodeId(snapshot.node_hex(int(place))),
                daily_report_enabled=True,
            )
        )


async def batch(folder: Path, n_users: int, n_nodes: int, there: str) -> dict[str, float]:  # noqa: PLR0915
    """Make the reports of so many users, with public services at an address."""
    from daznode.adapters.clock import RandomIds, SystemClock
    from daznode.adapters.compute import ThreadCompute
    from daznode.config import Settings
    from daznode.domain.measures import ScoreWeights
    from daznode.domain.runs import RunKind
    from daznode.domain.schedule import Slot
    from daznode.graph.measures import MeasureParams
    from daznode.usecases.open_network import OpenNetwork
    from daznode.wiring.batches import open_batches
    from daznode.wiring.coordination import open_coordination
    from daznode.wiring.memory import keep_what_is_loaded
    from daznode.wiring.outside import open_outside
    from daznode.wiring.storage import open_stores
    from daznode.wiring.watch import open_watch

    clock, compute = SystemClock(), ThreadCompute()
    settings = Settings(
        _env_file=None,
        DAZNODE_DATA_DIR=folder,
        MEMPOOL_API_URL=f"{there}/api/v1",
        AMBOSS_API_URL=there,
        DAZNODE_PUBLIC_RATE=1_000,
    )
    watch = open_watch(settings)
    stores = open_stores(settings, folder, folder / "rag")
    coordination = open_coordination(settings, watch.journal, watch.metrics)
    await stores.prepare()
    networks = OpenNetwork(
        stores.snapshots, stores.measures, compute, clock, MeasureParams(), ScoreWeights(), 2
    )
    await fill(stores, networks, n_users, n_nodes)
    parts = SimpleNamespace(
        **{name: getattr(stores, name) for name in STORES},
        **{name: getattr(coordination, name) for name in ("feed", "cache", "leases")},
        journal=watch.journal,
        metrics=watch.metrics,
    )
    outside = open_outside(settings, clock, watch.journal, watch.metrics)
    batches = open_batches(
        settings, parts, networks, clock=clock, ids=RandomIds(), elsewhere=outside.elsewhere
    ).batches
    slot = Slot(RunKind.DAILY, datetime.combine(clock.now().date(), clock_time(), UTC))

    async def work() -> object:
        await batches.start_slot(slot, await stores.profiles.enabled_profiles(), "bench")
        return await batches.work(slot.run_id, "worker")

    keep_what_is_loaded()
    begun, cpu = time.perf_counter(), time.process_time()
    counts, lags = await lags_of(work())
    figures = {
        "wall_seconds": time.perf_counter() - begun,
        "cpu_seconds": time.process_time() - cpu,
        "peak_mb": peak_mb(),
        "lag_p50_ms": lags[len(lags) // 2],
        "lag_p99_ms": lags[int(len(lags) * 0.99)],
        "lag_max_ms": lags[-1],
    }
    assert counts.completed == n_users
    slot_reports = await stores.reports.latest_report("user-000000")
    assert [one.source for one in slot_reports.outside.entries] == ["mempool", "amboss"]
    await outside.close()
    await coordination.close()
    await stores.close()
    compute.close()
    watch.close()
    return figures


@contextmanager
def public_services() -> Iterator[str]:
    """Stand-ins for public services in a process of their own; their address."""
    command = [
        sys.executable,
        "-m",
        "bench.source_server",
        f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as services:
        yield f"http://127.0.0.1:{services.stdout.readline().strip()}"
        services.kill()


def measured(n_users: int, n_nodes: int) -> dict[str, float]:
    """One batch in a process of its own."""
    command = [sys.executable, "-m", MODULE, "--case", str(n_users), str(n_nodes)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        message = f"{n_users} users failed: {done.stderr.strip()[-2000:]}"
        raise RuntimeError(message)
    figures = json.loads(done.stdout.strip().splitlines()[-1])
    print(
        f"  {n_users:6,} users  wall {figures['wall_seconds']:6.2f} s"
        f"  cpu {figures['cpu_seconds']:6.2f} s  peak {figures['peak_mb']:4.0f} MB"
        f"  lag p99 {figures['lag_p99_ms']:5.1f} ms, max {figures['lag_max_ms']:5.1f} ms",
        flush=True,
    )
    return figures


def main(arguments: list[str] | None = None) -> None:
    """Time batches of several sizes and write `bench/results/batch.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", type=int, help="run one batch of so many users in this process")
    parser.add_argument("--quick", action="store_true", help="one round, the small network alone")
    parser.add_argument("nodes", nargs="?", type=int, default=4_000)
    options = parser.parse_args(arguments)
    if options.case:
        with tempfile.TemporaryDirectory() as folder, public_services() as there:
            done = asyncio.run(batch(Path(folder), options.case, options.nodes, there))
        print(json.dumps(done))
        return
    rounds = 1 if options.quick else 3
    results = {}
    for n_nodes in (4_000,) if options.quick else (4_000, 16_000):
        print(f"network of {n_nodes:,} nodes, {DAYS} days of it", flush=True)
        runs = [{n_users: measured(n_users, n_nodes) for n_users in SIZES} for _ in range(rounds)]
        results[n_nodes] = {
            n_users: {
                figure: statistics.median(run[n_users][figure] for run in runs)
                for figure in runs[0][n_users]
            }
            for n_users in SIZES
        }
    write_results("batch", {"targets": TARGETS, "rounds": rounds, "networks": results})


if __name__ == "__main__":
    main(sys.argv[1:])
