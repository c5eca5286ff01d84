"""What keeping costs: 1,000 reports with their files, a snapshot written and read, a year listed."""

import asyncio
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bench.networks import heavy_tailed
from bench.timing import measured, write_results
from tests.builders import TODAY, a_node_id, a_report, a_snapshot, some_measures

from daznode.adapters.store.codec import pack_report
from daznode.adapters.store.snapshots import SnapshotFolders
from daznode.adapters.store.sqlite import SqliteStore
from daznode.domain.gossip import GraphSnapshot, content_sha256
from daznode.domain.report import DailyReport

N_REPORTS = 1_000
N_SINGLE = 50
CHANNELS_EACH = (50,)
"""Lines of the channel table: 30 KB of JSON."""
N_NODES, N_CHANNELS = 16_000, 50_000
N_DAYS = 365
ROUNDS = 3

Steps = dict[str, dict[str, float]]


def some_reports(n_channels: int, *, is_one_user: bool) -> list[DailyReport]:
    return [
        a_report(
            n_channels=n_channels,
            report_id=f"{number:08}-0000-4000-8000-000000000000",
            user_id="operator" if is_one_user else f"user-{number}",
            node_pubkey=a_node_id(number + 1),
        )
        for number in range(N_REPORTS)
    ]


def store_reports(folder: Path, reports: list[DailyReport]) -> Steps:
    store = SqliteStore(folder / "data", folder / "assets")
    single = [
        replace(one, report_date=TODAY + timedelta(days=1), report_id=f"x{one.report_id}")
        for one in reports[:N_SINGLE]
    ]

    async def one_by_one() -> None:
        for report in single:
            await store.put_report(report)

    asyncio.run(store.purge(TODAY))
    steps = {
        "new": measured(lambda: asyncio.run(store.put_reports(reports)))[1],
        "again": measured(lambda: asyncio.run(store.put_reports(reports)))[1],
        f"{N_SINGLE} one by one": measured(lambda: asyncio.run(one_by_one()))[1],
    }
    store.close()
    return steps


def keep_snapshots(folder: Path, snapshot: GraphSnapshot) -> Steps:
    store, name = SnapshotFolders(folder), snapshot.origin.snapshot_id
    measures = some_measures(snapshot)

    async def a_year() -> None:
        for day in range(1, N_DAYS):
            await store.put(
                a_snapshot(3, observed_at=snapshot.origin.observed_at - timedelta(days=day))
            )

    steps = {
        "snapshot written": measured(lambda: asyncio.run(store.put(snapshot)))[1],
        "snapshot read": measured(lambda: asyncio.run(store.get(name)))[1],
        "measures written": measured(lambda: asyncio.run(store.put_measures(measures)))[1],
        "measures read": measured(
            lambda: asyncio.run(store.get_measures(name, measures.params_hash))
        )[1],
    }
    asyncio.run(a_year())
    steps["365 snapshots listed"] = measured(lambda: asyncio.run(store.summaries()))[1]
    return steps


def rounds_of(work: Callable[[Path], Steps]) -> Steps:
    """Medians over rounds, each in an empty folder on the disk of the system's temporary files."""
    rounds = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="daznode-bench-") as folder:
            rounds.append(work(Path(folder)))
    return {
        step: {
            key: statistics.median(one[step][key] for one in rounds)
            for key in ("wall_seconds", "cpu_seconds")
        }
        for step in rounds[0]
    }


def main(options: list[str]) -> None:
    del options
    results: dict[str, Steps] = {}
    for n_channels in CHANNELS_EACH:
        for is_one_user in (True, False):
            reports = some_reports(n_channels, is_one_user=is_one_user)
            users = "one user" if is_one_user else f"{N_REPORTS} users"
            case = f"{N_REPORTS} reports of {len(pack_report(reports[0])) // 1000} KB, {users}"
            results[case] = rounds_of(
                lambda folder, reports=reports: store_reports(folder, reports)
            )
            show(case, results[case])
    made = heavy_tailed(N_NODES, N_CHANNELS)
    content = content_sha256(made.nodes, made.channels)
    snapshot = replace(made, origin=replace(made.origin, content_sha256=content))
    case = f"snapshot of {N_NODES} nodes and {N_CHANNELS} channels"
    results[case] = rounds_of(lambda folder: keep_snapshots(folder, snapshot))
    show(case, results[case])
    print(write_results("storing", {"rounds": ROUNDS, "cases": results}))


def show(case: str, steps: Steps) -> None:
    print(case)
    for step, figures in steps.items():
        wall, cpu = figures["wall_seconds"], figures["cpu_seconds"]
        print(f"  {step:24s} wall {wall:8.3f} s  cpu {cpu:8.3f} s", flush=True)


if __name__ == "__main__":
    main([])
