"""Killed at any moment (`kill -9` in a loop), nothing that was acknowledged is lost or doubled."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.builders import DAY, TODAY, a_node_id, a_snapshot, same_columns

from daznode.adapters.store.codec import encode_report
from daznode.adapters.store.snapshots import SnapshotFolders
from daznode.adapters.store.sqlite import SqliteStore
from daznode.domain.node_state import NodeObservation
from daznode.domain.report import DailyReport

ROOT = Path(__file__).parents[2]
KILLS = 25
SNAPSHOT_KILLS = 12
LONGEST_LIFE_SECONDS = 0.12
DAYS = tuple(TODAY + number * DAY for number in range(2))
ALONE, TOGETHER = ("alice", "bob"), ("carol", "dave", "erin")

# Loads the program once and then gives birth to a writer for each number it is told, since loading
# takes longer than what is tested. A writer writes for ever; it acknowledges what is stored.
NURSERY = """
import asyncio, os, sys
from pathlib import Path
from daznode.adapters.store.snapshots import SnapshotFolders
from daznode.adapters.store.sqlite import SqliteStore
from tests.builders import a_report, a_snapshot, an_observation, some_measures
from tests.trips.test_kill_during_report import ALONE, DAYS, TOGETHER, report_number, snapshot_number

folder = Path(sys.argv[2])

def tell(*words):
    os.write(1, (" ".join(str(word) for word in words) + "\\n").encode())

async def write_reports(number):
    store = SqliteStore(folder / "data", folder / "assets")
    while True:
        number += 1
        for user in ALONE:
            stored = await store.put_report(report_number(number, user, DAYS[number % 2]))
            tell("report", number, user, stored.report_date.isoformat(), stored.report_id)
        batch = [report_number(number, user, DAYS[number % 2]) for user in TOGETHER]
        for stored in await store.put_reports(batch):
            tell("report", number, stored.user_id, stored.report_date.isoformat(), stored.report_id)
        await store.put_observation("t", an_observation(pending_channels=number))
        tell("observation", number)

async def write_snapshots(number):
    store = SnapshotFolders(folder)
    while True:
        number += 1
        snapshot = snapshot_number(number)
        await store.put(snapshot)
        tell("snapshot", number)
        await store.put_measures(some_measures(snapshot, "abc"))
        tell("measures", number)

for line in sys.stdin:
    writer = os.fork()
    if writer == 0:
        tell("born", os.getpid())
        asyncio.run(globals()[sys.argv[1]](int(line)))
    os.waitpid(writer, 0)
    tell("dead")
"""


def report_number(number: int, user_id: str, day) -> DailyReport:
    """A report that differs from all others in its id, its number and its length."""
    from tests.builders import a_report

    return a_report(
        report_id=f"{number:08x}-{os.getpid():04x}-4000-8000-{hash(user_id) & 0xFFFFFFFFFFFF:012x}",
        user_id=user_id,
        report_date=day,
        retry_count=number,
        n_channels=5 + number % 40,
    )


def snapshot_number(number: int):
    return a_snapshot(20, capacity_sat=number, name=str(number))


class Nursery:
    """The process that gives birth to writers, and their killer."""

    def __init__(self, work: str, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", NURSERY, work, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def live_and_die(self, number: int, life_seconds: float, *, grows: bool) -> list[list[str]]:
        """Give birth to a writer, kill it at some moment, and say what it acknowledged.

        Args:
            number: Number the writer counts on from.
            life_seconds: How long it lives.
            grows: Whether its life counts from its first acknowledgement, not from its birth.
        """
        assert self._process.stdin is not None
        print(number, file=self._process.stdin, flush=True)
        born, pid = self._hear()
        assert born == "born"
        told = [self._hear()] if grows else []
        time.sleep(life_seconds)
        os.kill(int(pid), signal.SIGKILL)
        while (words := self._hear()) != ["dead"]:
            told.append(words)
        return told

    def _hear(self) -> list[str]:
        assert self._process.stdout is not None
        words = self._process.stdout.readline().split()
        assert words, "the nursery ended"
        return words

    def close(self) -> None:
        self._process.communicate()
        assert self._process.returncode == 0


@pytest.fixture
def nursery(tmp_path) -> Iterator[Callable[[str], Nursery]]:
    born = []

    def of(work: str) -> Nursery:
        born.append(Nursery(work, tmp_path))
        return born[-1]

    yield of
    for nursery in born:
        nursery.close()


def lives(n_kills: int) -> list[tuple[float, bool]]:
    """How long each writer lives, in seconds, and whether that counts from its first word."""
    seconds = np.random.default_rng(7).uniform(0.0, LONGEST_LIFE_SECONDS, n_kills)
    return [(float(life), number % 3 > 0) for number, life in enumerate(seconds)]


class Books:
    """What was acknowledged: for each report the last number and the first id."""

    def __init__(self) -> None:
        self.numbers: dict[tuple[str, str], int] = {}
        self.ids: dict[tuple[str, str], str] = {}
        self.observed = 0

    def enter(self, told: list[list[str]]) -> None:
        for kind, number, *rest in told:
            if kind == "observation":
                self.observed = int(number)
                continue
            user, date, report_id = rest
            self.numbers[user, date] = int(number)
            assert self.ids.setdefault((user, date), report_id) == report_id

    def compare(self, reports: dict[tuple[str, str], DailyReport]) -> None:
        """Make sure that the store has all that was acknowledged, or something later."""
        assert set(self.numbers) <= set(reports)
        for key, report in reports.items():
            assert report.retry_count >= self.numbers.get(key, 0)
            assert self.ids.setdefault(key, report.report_id) == report.report_id


def look(folder: Path) -> tuple[dict[tuple[str, str], DailyReport], tuple[NodeObservation, ...]]:
    """All reports and observations, as a program that starts afresh sees them."""
    store = SqliteStore(folder / "data", folder / "assets")

    async def read():
        found = {}
        for user in ALONE + TOGETHER:
            for report in await store.reports(user, a_node_id(1), DAYS[0], DAYS[-1] + DAY):
                key = (user, report.report_date.isoformat())
                assert key not in found
                found[key] = report
        return found, await store.observations("t", a_node_id(1), TODAY, TODAY + DAY)

    try:
        return asyncio.run(read())
    finally:
        store.close()


def check_database(path: Path, n_reports: int) -> None:
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("SELECT count(*) FROM daily_reports").fetchone() == (n_reports,)
    assert connection.execute("SELECT count(*) FROM report_files_due").fetchone() == (0,)
    connection.close()


def test_reports_survive_a_kill_at_any_moment(tmp_path, nursery):
    writers, books, number, n_told = nursery("write_reports"), Books(), 0, 0
    files = tmp_path / "assets/reports/daily"
    for life_seconds, grows in lives(KILLS):
        told = writers.live_and_die(number, life_seconds, grows=grows)
        n_told += len(told)
        books.enter(told)
        reports, observations = look(tmp_path)
        books.compare(reports)
        check_database(tmp_path / "data/daznode.sqlite3", len(reports))
        on_disk = {path: path.read_bytes() for path in files.rglob("*") if path.is_file()}
        assert on_disk == {
            files / user / f"{report.report_date:%Y%m%d}.json": encode_report(report)
            for (user, _), report in reports.items()
        }
        assert not list((tmp_path / "assets/reports/.incoming").glob("*"))
        for day in DAYS:
            batch = {
                report.retry_count
                for (user, date), report in reports.items()
                if user in TOGETHER and date == day.isoformat()
            }
            assert len(batch) <= 1, "a batch was stored in part"
        assert [one.pending_channels >= books.observed for one in observations] in ([True], [])
        assert books.observed == 0 or observations
        number = max([number, *(report.retry_count for report in reports.values())])
    assert n_told >= KILLS // 2, "the writers were killed too early to test anything"


def test_snapshots_survive_a_kill_at_any_moment(tmp_path, nursery):
    writers, number, stored, measured = nursery("write_snapshots"), 0, set(), set()
    for life_seconds, grows in lives(SNAPSHOT_KILLS):
        told = writers.live_and_die(number, life_seconds, grows=grows)
        stored |= {int(at) for kind, at in told if kind == "snapshot"}
        measured |= {int(at) for kind, at in told if kind == "measures"}
        whole, with_measures = asyncio.run(read_snapshots(tmp_path, number))
        assert {at for at in stored if at > number} <= whole
        assert {at for at in measured if at > number} <= with_measures
        assert not list((tmp_path / "snapshots/.incoming").glob("*"))
        number = max([number, *whole])
    assert stored <= asyncio.run(read_snapshots(tmp_path, 0))[0]
    assert len(stored) >= SNAPSHOT_KILLS // 2, "the writers were killed too early"


async def read_snapshots(folder: Path, beyond: int) -> tuple[set[int], set[int]]:
    """Numbers of the snapshots beyond one, all of them whole, and of those with measures."""
    store, whole, with_measures = SnapshotFolders(folder), set(), set()
    for summary in await store.summaries():
        number = int(summary.origin.name)
        if number <= beyond:
            continue
        snapshot_id = summary.origin.snapshot_id
        assert same_columns(await store.get(snapshot_id), snapshot_number(number))
        assert number not in whole
        whole.add(number)
        if await store.get_measures(snapshot_id, "abc") is not None:
            with_measures.add(number)
    return whole, with_measures


# Fills a small disk, or meets a limit on the size of a file, and says what it was told.
FILLER = """
import asyncio, resource, sys
from pathlib import Path
from daznode.adapters.store.snapshots import SnapshotFolders
from daznode.adapters.store.sqlite import SqliteStore
from daznode.domain.errors import StoreUnavailable
from tests.trips.test_kill_during_report import report_number, snapshot_number
from tests.builders import TODAY, a_report

folder, limit = Path(sys.argv[1]), int(sys.argv[2])
store = SqliteStore(folder / "data", folder / "assets")
snapshots = SnapshotFolders(folder)

async def fill():
    await snapshots.put(snapshot_number(1))
    await store.put_report(report_number(1, "alice", TODAY))
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    for number in range(2, 100):
        await store.put_report(a_report(user_id=f"user-{number}", report_id=f"{number:036}",
                                        n_channels=400))

try:
    asyncio.run(fill())
except StoreUnavailable as error:
    print(error)
for work in (
    lambda: store.put_report(a_report(n_channels=4_000, report_id="1" * 36)),
    lambda: snapshots.put(snapshot_number(2)) if not limit else store.purge(TODAY),
):
    try:
        asyncio.run(work())
    except StoreUnavailable as error:
        print(error)
store.close()
"""


def fill(folder: Path, limit: int) -> list[str]:
    told = subprocess.run(
        [sys.executable, "-c", FILLER, str(folder), str(limit)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=120,
    )
    assert told.returncode == 0, told.stderr
    return told.stdout.splitlines()


def check_old_content(folder: Path) -> None:
    """What was stored before the disk was full is there, and can be read."""
    store = SqliteStore(folder / "data", folder / "assets")
    files = folder / "assets/reports/daily"

    async def read() -> None:
        (kept,) = await store.reports("alice", a_node_id(1), TODAY, TODAY + DAY)
        assert kept.retry_count == 1
        assert (files / "alice/20251120.json").read_bytes() == encode_report(kept)
        assert len(list(files.rglob("*.json"))) > 1
        for file in files.rglob("*.json"):
            report = await store.get_report(json.loads(file.read_bytes())["report_id"])
            assert file.read_bytes() == encode_report(report)
        snapshots = SnapshotFolders(folder)
        for one in await snapshots.summaries():
            await snapshots.get(one.origin.snapshot_id)

    asyncio.run(read())
    store.close()
    assert not list((folder / "assets/reports/.incoming").glob("*"))


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small disk is not allowed here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_is_said_and_costs_nothing_that_was_stored(small_disk):
    told = fill(small_disk, 0)
    assert len(told) >= 2
    assert all("disk" in line and str(small_disk) in line for line in told), told
    check_old_content(small_disk)


def test_a_limit_on_file_sizes_is_said_and_costs_nothing_that_was_stored(tmp_path):
    told = fill(tmp_path, 1_500_000)
    assert told
    assert all(str(tmp_path) in line for line in told), told
    check_old_content(tmp_path)
