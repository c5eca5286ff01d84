"""A batch end to end in one process: users in the database to stored reports, alerts and ended jobs.

On generated networks, a week of them stored. Each size in a process of its own: its time, its
memory, and how late the event loop was meanwhile, since the API answers from the same loop.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from bench.timing import interleaved, peak_mb, write_results

MODULE = "bench.batch"
TARGETS = {"seconds_of_1000": 30.0, "peak_mb": 1_000.0, "lag_p99_ms": 50.0}
DAYS = 7
TICK_SECONDS = 0.002


class QuietJournal:
    """A log that nobody reads."""

    def info(self, event: str, **fields: object) -> None:
        """Nothing."""

    warning = error = info


class QuietMetrics:
    """Figures that nobody reads."""

    def __getattr__(self, name: str) -> object:
        return self._ignore

    def _ignore(self, *given: object, **named: object) -> None:
        del given, named


class Alone:
    """What a single process without listeners needs of cache, leases and feed."""

    async def forget(self, *keys: str) -> None:
        """Nothing is kept."""

    async def publish(self, alerts: object) -> None:
        """Nobody listens."""

    async def acquire(self, name: str, owner: str, ttl_seconds: float) -> bool:
        """Nobody else asks."""
        del name, owner, ttl_seconds
        return True


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


async def batch(folder: Path, n_users: int, n_nodes: int) -> dict[str, float]:
    """Make the reports of so many users."""
    from daznode.wiring.storage import open_stores

    from daznode.adapters.clock import RandomIds, SystemClock
    from daznode.adapters.compute import ThreadCompute
    from daznode.adapters.lightning.simulated import generate_snapshot
    from daznode.config import Settings
    from daznode.domain.accounts import UserProfile
    from daznode.domain.ids import NodeId
    from daznode.domain.measures import ScoreWeights
    from daznode.domain.runs import RunKind
    from daznode.domain.schedule import Slot
    from daznode.graph.measures import MeasureParams
    from daznode.usecases.open_network import OpenNetwork
    from daznode.wiring.batches import open_batches

    clock, ids, settings = SystemClock(), RandomIds(), Settings(_env_file=None)
    stores, compute, alone = open_stores(settings, folder, folder / "rag"), ThreadCompute(), Alone()
    await stores.prepare()
    now = clock.now()
    snapshot = generate_snapshot(
        nodes=n_nodes, channels=None, seed=7, observed_at=now, imported_at=now
    )
    for day in range(DAYS):
        seen_at = now - timedelta(days=day, minutes=1)
        await stores.snapshots.put(
            replace(snapshot, origin=replace(snapshot.origin, observed_at=seen_at))
        )
    places = np.linspace(0, snapshot.n_nodes - 1, n_users).astype(int)
    profiles = [
        UserProfile(
            f"user-{number:06d}",
            "tenant",
            now,
            now,
            lightning_pubkey=NodeId(snapshot.node_hex(int(place))),
            daily_report_enabled=True,
        )
        for number, place in enumerate(places)
    ]
    for profile in profiles:
        await stores.profiles.put_profile(profile)
    networks = OpenNetwork(
        stores.snapshots, stores.snapshots, compute, clock, MeasureParams(), ScoreWeights(), 2
    )
    # Measures are kept beside the snapshot, and computed when one is imported.
    for summary in (summaries := await stores.snapshots.summaries()):
        await networks.opened(summary, summaries)
    parts = SimpleNamespace(
        **{name: getattr(stores, name) for name in ("profiles", "runs", "reports", "observations")},
        alerts=stores.alerts,
        digests=stores.digests,
        feed=alone,
        cache=alone,
        leases=alone,
        journal=QuietJournal(),
        metrics=QuietMetrics(),
    )
    batches = open_batches(settings, parts, networks, clock=clock, ids=ids).batches
    slot = Slot(RunKind.DAILY, datetime.combine(now.date(), clock_time(), UTC))
    begun, cpu = time.perf_counter(), time.process_time()

    async def work() -> object:
        await batches.start_slot(slot, await stores.profiles.enabled_profiles(), "bench")
        return await batches.work(slot.run_id, "worker")

    counts, lags = await lags_of(work())
    figures = {
        "wall_seconds": time.perf_counter() - begun,
        "cpu_seconds": time.process_time() - cpu,
        "peak_mb": peak_mb(),
        "lag_p50_ms": lags[len(lags) // 2],
        "lag_p99_ms": lags[int(len(lags) * 0.99)],
        "lag_max_ms": lags[-1],
        "completed": counts.completed,
    }
    assert counts.completed == n_users
    await stores.close()
    compute.close()
    return figures


def main(arguments: list[str] | None = None) -> None:
    """Time batches of several sizes and write `bench/results/batch.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case")
    parser.add_argument("--quick", action="store_true", help="one round, the small network alone")
    parser.add_argument("nodes", nargs="?", type=int, default=4_000)
    options = parser.parse_args(arguments)
    if options.case:
        n_users = int(options.case.split()[0])
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(asyncio.run(batch(Path(folder), n_users, options.nodes))))
        return
    rounds = 1 if options.quick else 3
    results = {}
    for nodes in (4_000,) if options.quick else (4_000, 16_000):
        print(f"network of {nodes:,} nodes", flush=True)
        cases = ["500 users", "1000 users", "2000 users"]
        timings = interleaved(MODULE, cases, [str(nodes)], rounds)
        results[str(nodes)] = {case: asdict(timing) for case, timing in timings.items()}
    write_results("batch", {"targets": TARGETS, "networks": results})


if __name__ == "__main__":
    main(sys.argv[1:])
