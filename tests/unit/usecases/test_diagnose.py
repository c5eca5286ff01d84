"""Doctor's findings: what is right, what is wrong, how to mend it, and the exit code."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from tests.builders import MORNING, a_snapshot
from tests.fakes.clock import FakeClock

from daznode.domain.errors import RunNotFound, StoreUnavailable
from daznode.domain.gossip import SnapshotSummary
from daznode.domain.health import (
    DependencyHealth,
    Diagnosis,
    ServiceHealth,
    right,
    warning,
    worst_exit_code,
    wrong,
)
from daznode.domain.runs import JobCounts, Run, RunKind, RunState
from daznode.usecases import diagnose
from daznode.usecases.diagnose import (
    ClockExaminer,
    CloseLook,
    Diagnose,
    ProbeExaminer,
    SchedulerExaminer,
    SnapshotExaminer,
)


def examined(examiner) -> Diagnosis:
    (found,) = asyncio.run(examiner.diagnose())
    return found


class Examiner:
    """Finds what it is told to."""

    def __init__(self, part, act):
        self.name, self._act = part, act

    async def diagnose(self):
        return await self._act()


def test_one_that_fails_and_one_that_hangs_are_findings_too(monkeypatch):
    monkeypatch.setattr(diagnose, "_PATIENCE_SECONDS", 0.05)

    async def good():
        await asyncio.sleep(0.01)
        return (right("a", "well"), warning("a", "soon", "mend"))

    async def fails():
        message = "database.sqlite3: cannot be opened"
        raise StoreUnavailable(message)

    async def hangs():
        await asyncio.sleep(60)

    examiners = [Examiner("a", good), Examiner("database", fails), Examiner("redis", hangs)]
    found = asyncio.run(Diagnose(examiners).run())
    assert [(one.name, one.state, one.exit_code) for one in found] == [
        ("a", ServiceHealth.HEALTHY, 0),
        ("a", ServiceHealth.DEGRADED, 0),
        ("database", ServiceHealth.UNHEALTHY, 7),
        ("redis", ServiceHealth.UNHEALTHY, 6),
    ]
    assert found[2].detail == "database.sqlite3: cannot be opened"
    assert "REDIS_URL" in found[3].mend
    assert worst_exit_code(found) == 7
    assert worst_exit_code(found[:2]) == 0
    assert worst_exit_code([*found, wrong("settings", "x", "y", 78)]) == 78


@pytest.mark.parametrize(
    ("health", "state", "detail", "exit_code"),
    [
        (
            DependencyHealth(
                "r",
                ServiceHealth.HEALTHY,
                is_required=False,
                latency_seconds=0.0031,
                detail="redis 7.0.15",
            ),
            ServiceHealth.HEALTHY,
            "redis 7.0.15 (3 ms)",
            0,
        ),
        (
            DependencyHealth(
                "r", ServiceHealth.DEGRADED, is_required=False, detail="redis", last_error="slow"
            ),
            ServiceHealth.DEGRADED,
            "slow",
            0,
        ),
        (
            DependencyHealth(
                "r", ServiceHealth.UNHEALTHY, is_required=True, last_error="connection refused"
            ),
            ServiceHealth.UNHEALTHY,
            "connection refused",
            6,
        ),
    ],
)
def test_a_probe_is_an_examiner(health, state, detail, exit_code):
    class Probe:
        async def check(self):
            return health

    found = examined(ProbeExaminer("redis", Probe(), "look"))
    assert (found.name, found.state, found.detail) == ("redis", state, detail)
    assert found.exit_code == exit_code
    assert found.mend == ("" if state is ServiceHealth.HEALTHY else "look")


def test_a_part_that_looks_at_itself_is_named_and_judged():
    class Database:
        async def diagnose(self):
            return (
                right("schema", "version 2"),
                warning("indexes", "one is missing", "start the service once"),
                wrong("file", "damaged", "restore the backup", 0),
                wrong("database", "locked", "end the other program", 0),
            )

    found = asyncio.run(CloseLook("database", Database(), 7).diagnose())
    assert [(one.name, one.exit_code) for one in found] == [
        ("database: schema", 0),
        ("database: indexes", 0),
        ("database: file", 7),
        ("database", 7),
    ]


class Snapshots:
    """Summaries of a given age."""

    def __init__(self, *ages):
        snapshot = a_snapshot()
        self._kept = tuple(
            SnapshotSummary(
                replace(snapshot.origin, observed_at=MORNING - age, imported_at=MORNING - age),
                snapshot.n_nodes,
                snapshot.n_channels,
            )
            for age in ages
        )

    async def summaries(self):
        return self._kept


@pytest.mark.parametrize(
    ("ages", "state", "said", "exit_code"),
    [
        ([], ServiceHealth.UNHEALTHY, "none is imported", 5),
        ([timedelta(hours=1)], ServiceHealth.HEALTHY, "1 hours old", 0),
        ([timedelta(days=9), timedelta(hours=36)], ServiceHealth.HEALTHY, "36 hours old", 0),
        ([timedelta(hours=37)], ServiceHealth.DEGRADED, "37 hours old", 0),
    ],
)
def test_snapshot_age(ages, state, said, exit_code):
    found = examined(SnapshotExaminer(Snapshots(*ages), FakeClock()))
    assert (found.state, found.exit_code) == (state, exit_code)
    assert said in found.detail
    assert ("network import" in found.mend) == (state is not ServiceHealth.HEALTHY)


NO_JOBS = JobCounts()


@dataclass
class Runs:
    """The runs that an examiner asks for."""

    run_state: RunState | None = None
    job_counts: JobCounts = NO_JOBS
    completed_at: object = None

    async def run(self, run_id):
        self.asked = run_id
        if self.run_state is None:
            message = f"run {run_id}: none"
            raise RunNotFound(message)
        return Run(
            run_id,
            RunKind.DAILY,
            self.run_state,
            MORNING,
            "scheduler",
            MORNING,
            None,
            "no-snapshot",
        )

    async def counts(self, _):
        return self.job_counts

    async def jobs_of_run(self, *_):
        return ()

    async def last_completed_at(self):
        return self.completed_at


@dataclass
class Profiles:
    """So many have the report enabled."""

    n_enabled: int = 3

    async def count_enabled(self):
        return self.n_enabled


def scheduler(runs, profiles=None, *, late=timedelta(hours=2), is_enabled=True):
    return SchedulerExaminer(
        runs, profiles or Profiles(), FakeClock(MORNING + late), 6, 0, is_enabled=is_enabled
    )


@pytest.mark.parametrize(
    ("examiner", "state", "said", "exit_code"),
    [
        (scheduler(Runs(), is_enabled=False), ServiceHealth.DEGRADED, "disabled", 0),
        (scheduler(Runs(), Profiles(0)), ServiceHealth.HEALTHY, "nobody", 0),
        (scheduler(Runs()), ServiceHealth.UNHEALTHY, "never began", 5),
        (scheduler(Runs(), late=timedelta(minutes=5)), ServiceHealth.DEGRADED, "never began", 0),
        (
            scheduler(Runs(RunState.COMPLETED, JobCounts(completed=3))),
            ServiceHealth.HEALTHY,
            "3 of 3 reports made",
            0,
        ),
        (
            scheduler(Runs(RunState.COMPLETED, JobCounts(completed=2, failed=1))),
            ServiceHealth.DEGRADED,
            "1 given up",
            0,
        ),
        (scheduler(Runs(RunState.FAILED)), ServiceHealth.UNHEALTHY, "no-snapshot", 1),
        (
            scheduler(Runs(RunState.PROCESSING, JobCounts(3))),
            ServiceHealth.HEALTHY,
            "processing",
            0,
        ),
    ],
)
def test_the_last_run(examiner, state, said, exit_code):
    found = examined(examiner)
    assert (found.state, found.exit_code) == (state, exit_code)
    assert said in found.detail
    assert bool(found.mend) == (state is not ServiceHealth.HEALTHY)


@pytest.mark.parametrize(
    ("late", "run_id"),
    [
        (timedelta(minutes=1), f"daily-{MORNING:%Y%m%d}-06"),
        (timedelta(minutes=-1), f"daily-{MORNING - timedelta(days=1):%Y%m%d}-06"),
    ],
)
def test_the_run_that_was_due_last_is_asked_for(late, run_id):
    runs = Runs(RunState.COMPLETED)
    examined(scheduler(runs, late=late))
    assert runs.asked == run_id


@pytest.mark.parametrize(
    ("moment", "ages", "completed_at", "state"),
    [
        (MORNING, [timedelta(0)], MORNING, ServiceHealth.HEALTHY),
        (MORNING, [], None, ServiceHealth.HEALTHY),
        (MORNING, [timedelta(minutes=-4)], None, ServiceHealth.HEALTHY),
        (MORNING, [timedelta(minutes=-6)], None, ServiceHealth.UNHEALTHY),
        (MORNING, [], MORNING + timedelta(minutes=6), ServiceHealth.UNHEALTHY),
        (MORNING.replace(year=1970), [], None, ServiceHealth.UNHEALTHY),
    ],
)
def test_a_clock_that_was_set_back_is_seen(moment, ages, completed_at, state):
    examiner = ClockExaminer(FakeClock(moment), Snapshots(*ages), Runs(completed_at=completed_at))
    found = examined(examiner)
    assert found.state is state
    assert ("timedatectl" in found.mend) == (state is ServiceHealth.UNHEALTHY)
