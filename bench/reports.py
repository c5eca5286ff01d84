"""Reports: 1,000 of them on public data, stored; and the faces of one, as new each time.

On the real network of 2019 where the data folder is there (DAZNODE_TEST_DATA), else on a generated
one.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from bench.timing import peak_mb, write_results

from daznode.adapters.clock import RandomIds
from daznode.adapters.compute import ThreadCompute
from daznode.adapters.lightning.simulated import WorldClock, build_demo_world, generate_snapshot
from daznode.adapters.press.document import DocumentPress
from daznode.adapters.sources.graph_file import GraphFile
from daznode.adapters.store.snapshots import SnapshotFolders
from daznode.adapters.store.sqlite import SqliteStore
from daznode.domain.gossip import GraphSnapshot
from daznode.domain.ids import NodeId
from daznode.domain.measures import ScoreWeights
from daznode.domain.report import DailyReport
from daznode.graph.measures import MeasureParams
from daznode.report.layout import lay_out
from daznode.usecases.daily_report import DailyReportTrip, ReportRequest
from daznode.usecases.open_network import OpenNetwork

REAL = "describegraph-2019-03-09.json.zip"
TARGETS = {"batch_seconds": 10.0, "html_ms": 100.0, "pdf_ms": 1000.0}


class FixedClock:
    """A clock that stands still."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def now(self) -> datetime:
        """Always the same moment."""
        return self._moment


def network() -> GraphSnapshot:
    """The real network, or a generated one."""
    folder = Path(
        os.environ.get("DAZNODE_TEST_DATA", Path(__file__).parents[2] / "shared" / "data")
    )
    now = datetime.now(UTC)
    if (folder / REAL).exists():
        return GraphFile(str(folder / REAL)).read(imported_at=now)
    print(f"no {REAL} in DAZNODE_TEST_DATA: measuring on a generated network", flush=True)
    return generate_snapshot(nodes=4_000, channels=30_000, seed=7, observed_at=now, imported_at=now)


def a_trip(folder: Path, clock: object) -> tuple[DailyReportTrip, SnapshotFolders, SqliteStore]:
    """The daily report's trip over stores in a folder."""
    snapshots, store, compute = (
        SnapshotFolders(folder),
        SqliteStore(folder, folder / "rag"),
        ThreadCompute(),
    )
    networks = OpenNetwork(snapshots, snapshots, compute, clock, MeasureParams(), ScoreWeights(), 2)
    return DailyReportTrip(clock, RandomIds(), networks, store, store), snapshots, store


async def batch(folder: Path, n_reports: int) -> tuple[float, str]:
    """Seconds for many reports, built and stored, once the network is scored."""
    snapshot = network()
    clock = FixedClock(snapshot.origin.observed_at + timedelta(hours=6))
    trip, snapshots, store = a_trip(folder, clock)
    await snapshots.put(snapshot)
    await trip.prepare(ReportRequest(NodeId(snapshot.node_hex(0))))
    places = np.linspace(0, snapshot.n_nodes - 1, n_reports).astype(int)
    requests = [
        ReportRequest(NodeId(snapshot.node_hex(int(place))), user_id=f"user-{number}")
        for number, place in enumerate(places)
    ]
    start = time.perf_counter()
    week = await trip.open_week(None, clock.now())
    made = [
        (await trip.make(request, clock.now(), week, trip.ids.new_id())).report
        for request in requests
    ]
    await store.put_reports(made)
    seconds = time.perf_counter() - start
    assert len({report.report_id for report in made}) == n_reports
    store.close()
    return seconds, snapshot.origin.name


async def demo_report(folder: Path) -> DailyReport:
    """A full report of a simulated node with some 36 channels."""
    start = datetime(2026, 11, 1, 6, tzinfo=UTC)
    world = build_demo_world(seed=7, start=start, nodes=1_000, channels=4_000)
    world.advance(start + timedelta(days=14))
    trip, snapshots, store = a_trip(folder, WorldClock(world))
    trip.node = world
    await snapshots.put(world.graph_snapshot())
    report = await trip.run(ReportRequest((await world.identity()).node_id))
    store.close()
    return report


def face_ms(report: DailyReport, face: str, rounds: int) -> float:
    """Median milliseconds from a report to a document, new data each time."""
    press, taken = DocumentPress(), []
    for number in range(rounds + 1):
        fresh = replace(report, node_alias=f"{report.node_alias} {number}")
        start = time.perf_counter()
        page = lay_out(fresh)
        _ = press.html(page) if face == "html" else press.pdf(page)
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken[1:])


def main(arguments: list[str] | None = None) -> None:
    """Measure and write `bench/results/reports.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round")
    parser.add_argument("--reports", type=int, default=1_000)
    options = parser.parse_args(arguments)
    rounds = 1 if options.quick else 3
    batches = []
    for turn in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            seconds, name = asyncio.run(batch(Path(folder), options.reports))
        batches.append(seconds)
        print(f"  round {turn + 1}: {options.reports:,} reports in {seconds:.2f} s", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        report = asyncio.run(demo_report(Path(folder)))
    figures = {
        "network": name,
        "reports": options.reports,
        "batch_seconds": statistics.median(batches),
        "html_ms": face_ms(report, "html", 5 * rounds),
        "pdf_ms": face_ms(report, "pdf", 3 * rounds),
        "channels_of_the_page": len(report.channels),
        "peak_mb": peak_mb(),
    }
    for key, target in TARGETS.items():
        print(f"{key:14s} {figures[key]:10.1f}   target {target:.0f}")
    print(f"{'peak_mb':14s} {figures['peak_mb']:10.1f}")
    write_results("reports", {"targets": TARGETS, **figures})


if __name__ == "__main__":
    main(sys.argv[1:])
