"""A service killed in the middle of a batch (`kill -9` in a loop): one report per user and day, whole.

And three services at once, which share a day's run without making anything twice.
"""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from tests.batch_house import a_profile
from tests.builders import DAY, MORNING, TODAY, a_ring, a_snapshot

from daznode.adapters.store.codec import encode_report
from daznode.config import Settings
from daznode.domain.runs import RunState
from daznode.wiring.coordination import open_coordination
from daznode.wiring.storage import Stores, open_stores

ROOT = Path(__file__).parents[2]
KILLS = 8
LONGEST_LIFE_SECONDS = 0.1
LEASE_SECONDS = 0.25
USERS = 80

# Loads the program once and then gives birth to a service for each line it is told, since loading
# takes longer than what is tested.
NURSERY = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.trips.test_kill_during_batch import serve, warm_up

folder = Path(sys.argv[1])
warm_up()
for line in sys.stdin:
    n_services, end = line.split()
    children = []
    for _ in range(int(n_services)):
        child = os.fork()
        if child == 0:
            os.write(1, f"born {os.getpid()}\\n".encode())
            asyncio.run(serve(folder))
            os.write(1, b"idle\\n")
            if end == "killed":
                signal.pause()
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    os.write(1, b"dead\\n")
"""


class Told:
    """A journal and metrics that say on standard output what was stored and started."""

    def info(self, event: str, **fields: object) -> None:
        if event.endswith("generated successfully"):
            self._say("report", fields["user_id"], fields["report_id"])
        elif event == "Starting scheduled daily reports generation":
            self._say("started", fields["run_id"])
        elif event == "Starting daily reports generation":
            self._say("working")

    def warning(self, event: str, **fields: object) -> None:
        pass

    def error(self, event: str, **fields: object) -> None:  # noqa: ARG002
        self._say("error", *event.split())

    def __getattr__(self, name: str) -> object:
        return self._ignore

    def _ignore(self, *given: object) -> None:
        pass

    def _say(self, *words: object) -> None:
        os.write(1, (" ".join(str(word) for word in words) + "\n").encode())


class ThatMorning:
    """A clock that goes on from the morning of the builders, the same in all processes."""

    def now(self) -> datetime:
        return MORNING + timedelta(seconds=time.time() % 3_600)


def warm_up() -> None:
    """Load what a service loads, before it is born, without starting a thread."""
    import daznode.wiring.batches  # noqa: F401
    from daznode.domain.measures import ScoreWeights
    from daznode.graph.measures import MeasureParams, measure_network
    from daznode.graph.view import NetworkIndex
    from daznode.usecases import digests, scheduled_reports, work_runs  # noqa: F401

    snapshot = a_network()
    measures = measure_network(snapshot, MeasureParams(), threads=1)
    NetworkIndex(snapshot, measures, None, ScoreWeights()).view(0)


def a_network():
    """A ring of all users' nodes."""
    return a_snapshot(USERS, a_ring(USERS), observed_at=MORNING)


async def serve(folder: Path) -> None:
    """Start what is due and work on it, as a service does; end when all of it has ended."""
    from types import SimpleNamespace

    from daznode.adapters.clock import RandomIds
    from daznode.adapters.compute import ThreadCompute
    from daznode.domain.measures import ScoreWeights
    from daznode.graph.measures import MeasureParams
    from daznode.usecases.open_network import OpenNetwork
    from daznode.wiring import batches

    stores, compute, clock, told = stores_in(folder), ThreadCompute(), ThatMorning(), Told()
    settings = Settings(_env_file=None, DAZNODE_DATA_DIR=folder / "data")
    coordination = open_coordination(settings, told, told)
    await stores.prepare()
    networks = OpenNetwork(
        stores.snapshots, stores.measures, compute, clock, MeasureParams(), ScoreWeights(), 1
    )
    names = ("profiles", "runs", "reports", "observations", "alerts", "digests")
    parts = SimpleNamespace(
        **{name: getattr(stores, name) for name in names},
        feed=coordination.feed,
        cache=coordination.cache,
        leases=coordination.leases,
        journal=told,
        metrics=told,
    )
    batches.LEASE_SECONDS = LEASE_SECONDS
    opened = batches.open_batches(settings, parts, networks, clock=clock, ids=RandomIds())
    opened.work_runs.poll_seconds = 0.05
    await opened.scheduled.run_due()
    working = asyncio.create_task(opened.work_runs.forever())
    while await stores.runs.unfinished_runs():  # noqa: ASYNC110 - other processes work too
        await asyncio.sleep(0.02)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    await coordination.close()
    await stores.close()
    compute.close()


def stores_in(folder: Path) -> Stores:
    return open_stores(Settings(_env_file=None), folder / "data", folder / "assets")


class Nursery:
    """The process that gives birth to services."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", NURSERY, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def live(self, n_services: int) -> list[list[str]]:
        """Give birth to services, and let them live until nothing is left to do; what they said."""
        return [one for one in self._born(n_services, "ended") if one[0] not in {"born", "idle"}]

    def live_and_die(self, life_seconds: float, after: str | None) -> list[list[str]]:
        """Give birth to a service and kill it.

        Args:
            life_seconds: How long it lives.
            after: The first word that its life counts from; None for its birth.

        Returns:
            What it said.
        """
        print(1, "killed", file=self._process.stdin, flush=True)
        _, pid = self._hear()
        told: list[list[str]] = []
        while after and (not told or told[-1][0] not in {after, "idle"}):
            told.append(self._hear())
        time.sleep(life_seconds)
        os.kill(int(pid), signal.SIGKILL)
        return told + list(iter(self._hear, ["dead"]))

    def _born(self, n_services: int, end: str) -> list[list[str]]:
        print(n_services, end, file=self._process.stdin, flush=True)
        return list(iter(self._hear, ["dead"]))

    def _hear(self) -> list[str]:
        words = self._process.stdout.readline().split()
        assert words, "the nursery ended"
        return words

    def close(self) -> None:
        self._process.communicate()
        assert self._process.returncode == 0


@pytest.fixture
def nursery(tmp_path):
    asyncio.run(fill(tmp_path))
    made = Nursery(tmp_path)
    yield made
    made.close()


async def fill(folder: Path) -> None:
    """Users and a network."""
    stores = stores_in(folder)
    await stores.prepare()
    await stores.snapshots.put(a_network())
    for number in range(USERS):
        await stores.profiles.put_profile(a_profile(f"user-{number:02d}", number + 1))
    await stores.close()


async def check(folder: Path) -> dict[str, str]:
    """One whole report for each user, in the database and as a file; its id by user."""
    stores, ids = stores_in(folder), {}
    await stores.prepare()
    on_disk = {}
    for profile in await stores.profiles.enabled_profiles():
        found = await stores.reports.reports(
            profile.user_id, profile.lightning_pubkey, TODAY - 9 * DAY, TODAY + 9 * DAY
        )
        (report,) = found
        ids[profile.user_id] = report.report_id
        file = folder / f"assets/reports/daily/{profile.user_id}/20251120.json"
        on_disk[file] = encode_report(report)
        job = await stores.runs.last_job(profile.user_id)
        assert (job.state, job.report_id) == (RunState.COMPLETED, report.report_id)
        open_alerts = await stores.alerts.open_alerts(profile.user_id, profile.lightning_pubkey)
        assert Counter(one.type for one in report.alerts) == Counter(
            one.type for one in open_alerts
        )
    counts = await stores.runs.counts_of_day(TODAY)
    assert (counts.completed, counts.total) == (USERS, USERS)
    await stores.close()
    files = [path for path in (folder / "assets/reports/daily").rglob("*") if path.is_file()]
    assert not list((folder / "assets/reports/.incoming").glob("*"))
    assert {path: path.read_bytes() for path in files} == on_disk
    connection = sqlite3.connect(folder / "data/daznode.sqlite3")
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    return ids


def test_a_batch_survives_kills_at_any_moment(tmp_path, nursery):
    lives = np.random.default_rng(7).uniform(0.0, LONGEST_LIFE_SECONDS, KILLS)
    told = [
        words
        for life, after in zip(
            lives, KILLS // 4 * (None, "working", "report", "report"), strict=True
        )
        for words in nursery.live_and_die(float(life), after)
    ]
    n_made = sum(words[0] == "report" for words in told)
    assert n_made, "the services were killed too early to test anything"
    told += nursery.live(1)
    ids = asyncio.run(check(tmp_path))
    made = [tuple(words[1:]) for words in told if words[0] == "report"]
    assert len(made) == len(dict(made)), "a report was acknowledged twice"
    assert dict(made).items() <= ids.items(), "a report that was acknowledged has another id"
    assert [words for words in told if words[0] == "started"] == [["started", "daily-20251120-06"]]
    assert not [words for words in told if words[0] == "error"]


def test_three_services_at_once_make_one_run(tmp_path, nursery):
    told = nursery.live(3)
    ids = asyncio.run(check(tmp_path))
    assert sum(words[0] == "started" for words in told) == 1
    made = [tuple(words[1:]) for words in told if words[0] == "report"]
    assert len(made) == USERS
    assert dict(made) == ids
