"""Doctor's findings: what is right, what is wrong, how to mend it, and the exit code."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from tests.builders import MORNING, a_snapshot
from tests.fakes.clock import FakeClock

from daznode.domain.diagnosis import Diagnosis, Verdict, right, warning, worst_exit_code, wrong
from daznode.domain.errors import RunNotFound, StoreUnavailable
from daznode.domain.gossip import SnapshotSummary
from daznode.domain.health import DependencyHealth, ServiceHealth
from daznode.domain.runs import JobCounts, Run, RunKind, RunState
from daznode.usecases import diagnose
from daznode.usecases.diagnose import (
    ClockExaminer,
    Diagnose,
    ProbeExaminer,
    SchedulerExaminer,
    SnapshotExaminer,
)


def examined(examiner) -> Diagnosis:
    (found,) = asyncio.run(examiner.examine())
    return found


class Examiner:
    """Finds what it is told to."""

    def __init__(self, part, act):
        self.part, self._act = part, act

    async def examine(self):
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
    assert [(one.part, one.verdict, one.exit_code) for one in found] == [
        ("a", Verdict.RIGHT, 0),
        ("a", Verdict.WARNING, 0),
        ("database", Verdict.WRONG, 7),
        ("redis", Verdict.WRONG, 6),
    ]
    assert found[2].finding == "database.sqlite3: cannot be opened"
    assert "REDIS_URL" in found[3].remedy
    assert worst_exit_code(found) == 7
    assert worst_exit_code(found[:2]) == 0
    assert worst_exit_code([*found, wrong("settings", "x", "y", 78)]) == 78


@pytest.mark.parametrize(
    ("health", "verdict", "finding", "exit_code"),
    [
        (
            DependencyHealth(
                "r",
                ServiceHealth.HEALTHY,
                is_required=False,
                latency_seconds=0.0031,
                detail="redis 7.0.15",
            ),
            Verdict.RIGHT,
            "redis 7.0.15 (3 ms)",
            0,
        ),
        (
            DependencyHealth(
                "r", ServiceHealth.DEGRADED, is_required=False, detail="redis", last_error="slow"
            ),
            Verdict.WARNING,
            "slow",
            0,
        ),
        (
            DependencyHealth(
                "r", ServiceHealth.UNHEALTHY, is_required=True, last_error="connection refused"
            ),
            Verdict.WRONG,
            "connection refused",
            6,
        ),
    ],
)
def test_a_probe_is_an_examiner(health, verdict, finding, exit_code):
    class Probe:
        async def check(self):
            return health

    found = examined(ProbeExaminer("redis", Probe(), "look"))
    assert (found.part, found.verdict, found.finding) == ("redis", verdict, finding)
    assert found.exit_code == exit_code
    assert found.remedy == ("" if verdict is Verdict.RIGHT else "look")


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
    ("ages", "verdict", "said", "exit_code"),
    [
        ([], Verdict.WRONG, "none is imported", 5),
        ([timedelta(hours=1)], Verdict.RIGHT, "1 hours old", 0),
        ([timedelta(days=9), timedelta(hours=36)], Verdict.RIGHT, "36 hours old", 0),
        ([timedelta(hours=37)], Verdict.WARNING, "37 hours old", 0),
    ],
)
def test_snapshot_age(ages, verdict, said, exit_code):
    found = examined(SnapshotExaminer(Snapshots(*ages), FakeClock()))
    assert (found.verdict, found.exit_code) == (verdict, exit_code)
    assert said in found.finding
    assert ("network import" in found.remedy) == (verdict is not Verdict.RIGHT)


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
    ("examiner", "verdict", "said", "exit_code"),
    [
        (scheduler(Runs(), is_enabled=False), Verdict.WARNING, "disabled", 0),
        (scheduler(Runs(), Profiles(0)), Verdict.RIGHT, "nobody", 0),
        (scheduler(Runs()), Verdict.WRONG, "never began", 5),
        (scheduler(Runs(), late=timedelta(minutes=5)), Verdict.WARNING, "never began", 0),
        (
            scheduler(Runs(RunState.COMPLETED, JobCounts(completed=3))),
            Verdict.RIGHT,
            "3 of 3 reports made",
            0,
        ),
        (
            scheduler(Runs(RunState.COMPLETED, JobCounts(completed=2, failed=1))),
            Verdict.WARNING,
            "1 given up",
            0,
        ),
        (scheduler(Runs(RunState.FAILED)), Verdict.WRONG, "no-snapshot", 1),
        (scheduler(Runs(RunState.PROCESSING, JobCounts(3))), Verdict.RIGHT, "processing", 0),
    ],
)
def test_the_last_run(examiner, verdict, said, exit_code):
    found = examined(examiner)
    assert (found.verdict, found.exit_code) == (verdict, exit_code)
    assert said in found.finding
    assert bool(found.remedy) == (verdict is not Verdict.RIGHT)


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
    ("moment", "ages", "completed_at", "verdict"),
    [
        (MORNING, [timedelta(0)], MORNING, Verdict.RIGHT),
        (MORNING, [], None, Verdict.RIGHT),
        (MORNING, [timedelta(minutes=-4)], None, Verdict.RIGHT),
        (MORNING, [timedelta(minutes=-6)], None, Verdict.WRONG),
        (MORNING, [], MORNING + timedelta(minutes=6), Verdict.WRONG),
        (MORNING.replace(year=1970), [], None, Verdict.WRONG),
    ],
)
def test_a_clock_that_was_set_back_is_seen(moment, ages, completed_at, verdict):
    examiner = ClockExaminer(FakeClock(moment), Snapshots(*ages), Runs(completed_at=completed_at))
    found = examined(examiner)
    assert found.verdict is verdict
    assert ("timedatectl" in found.remedy) == (verdict is Verdict.WRONG)
