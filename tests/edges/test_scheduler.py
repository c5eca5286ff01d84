"""The clock of the service with APScheduler running: what it says, starts, retries and gives up."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from tests.batch_house import BatchHouse, a_profile, until

from daznode.adapters.clock import SystemClock
from daznode.adapters.coordination.folder_leases import FolderLeases
from daznode.domain.errors import RunNotFound
from daznode.domain.runs import RunKind
from daznode.edges.worker.scheduler import ReportScheduler

SIX = datetime(2026, 11, 27, 6, tzinfo=UTC)
NAME = "daily-20261127-06"


@pytest.fixture
def run():
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture
def house_of(tmp_path, run):
    houses = []

    def make(*profiles, **given):
        houses.append(BatchHouse(tmp_path, *profiles, **given))
        return run(houses[-1].prepare(0))

    yield make
    for house in houses:
        run(house.close())


@pytest.fixture
def house(house_of):
    made = house_of(a_profile("alice"))
    made.clock.moment = SIX
    return made


@pytest.fixture
def run_with(run):
    """Does something while a scheduler runs."""

    def of(scheduler, while_it_runs):
        async def trip():
            await scheduler.start()
            try:
                await while_it_runs()
            finally:
                await scheduler.stop()

        run(trip())

    return of


async def until_there_is(house, run_id):
    async with asyncio.timeout(10):
        while run_id not in await names(house):  # noqa: ASYNC110 - a database knows no event
            await asyncio.sleep(0.01)


async def names(house):
    """Names of the runs that have not ended."""
    return {one.run_id for one in await house.runs._store.unfinished_runs()}


def a_scheduler(house, **given):
    return ReportScheduler(
        house.scheduled,
        **({"is_enabled": True, "wake": house.worker.wake.set, "pulse_seconds": 0.01} | given),
    )


def told(house, text):
    return sum(text in event for _, event, _ in house.journal.lines)


def test_disabled_it_says_so_and_nothing_else(house, run, run_with):
    scheduler = a_scheduler(house, is_enabled=False)

    async def wait():
        await asyncio.sleep(0.05)
        assert not scheduler.is_running

    run_with(scheduler, wait)
    assert house.journal.lines == [("info", "Daily report scheduler is disabled", {})]
    assert run(names(house)) == set()


def test_what_is_due_is_started_when_it_begins_to_lead(house, run, run_with):
    scheduler = a_scheduler(house)

    async def wait():
        await until(house.worker.wake.is_set)
        assert scheduler.is_running

    run_with(scheduler, wait)
    assert house.journal.events("info")[0] == (
        "Daily report scheduler started - will run daily at 06:00 UTC"
    )
    assert "daily-20261127-06" in run(names(house))
    assert run(house.leases.acquire("scheduler", "another", 1.0)), "the lead was left to others"


def test_what_is_too_old_is_dropped_by_a_service_that_never_sees_the_hour_of_the_purge(
    house, run, run_with
):
    old = SIX - timedelta(days=91, hours=6)

    async def trip():
        await house.batches.start(RunKind.TRIGGER, ["alice"], "admin", "old")

    house.clock.moment = old
    run(trip())
    house.clock.moment = SIX + timedelta(hours=6)

    async def wait():
        await until(lambda: told(house, "Old reports purged"))

    run_with(a_scheduler(house), wait)
    with pytest.raises(RunNotFound):
        run(house.runs.run("old"))


def test_only_the_leader_starts_anything(house, run, run_with):
    scheduler = a_scheduler(house)

    async def wait():
        await asyncio.sleep(0.1)
        assert await names(house) == set()
        house.clock.advance(timedelta(seconds=11))  # the other one died, and its lease ended
        await until_there_is(house, NAME)

    run(house.leases.acquire("scheduler", "another", 10.0))

    run_with(scheduler, wait)


def test_a_leader_that_dies_is_followed_when_its_lease_ends(house, house_of, run_with, tmp_path):
    other = house_of(other=house)
    for one in (house, other):
        one.scheduled.leases = FolderLeases(tmp_path)
        one.scheduled.lease_seconds = 0.3
    leader, follower = a_scheduler(house), a_scheduler(other)

    async def die():
        await until_there_is(house, NAME)
        await follower.start()
        await asyncio.sleep(0.5)
        assert not follower.is_leading
        leader._task.cancel()  # dies without a word
        await until(lambda: follower.is_leading, seconds=5)
        assert await names(house) == {NAME}
        other.clock.advance(timedelta(days=1))
        await until_there_is(other, "daily-20261128-06")
        await follower.stop()

    run_with(leader, die)


def test_a_database_that_was_away_is_tried_again(house, run_with):
    house.runs.error = "no route to host"

    async def wait():
        await until(lambda: told(house, "could not start reports: no route to host"))
        house.runs.error = None
        await until_there_is(house, NAME)

    run_with(a_scheduler(house), wait)


def test_a_clock_that_was_set_is_noticed_and_followed(house, run_with):
    async def wait():
        await until_there_is(house, NAME)
        house.clock.moment = SIX + timedelta(days=1)
        await until_there_is(house, "daily-20261128-06")
        house.clock.moment = SIX - timedelta(days=2)
        await until(lambda: told(house, "The clock was set") == 2)

    run_with(a_scheduler(house), wait)


def test_the_hour_comes_while_it_runs(house, run_with):
    house.clock.moment = SIX - timedelta(seconds=10)
    scheduler = a_scheduler(house)

    async def wait():
        await until_there_is(house, "daily-20261126-06")
        house.clock.advance(timedelta(seconds=20))
        await asyncio.sleep(0.05)
        assert NAME not in await names(house)
        soon = SystemClock().now() + timedelta(seconds=0.1)
        scheduler._scheduler.modify_job("daily-reports", next_run_time=soon)
        await until_there_is(house, NAME)

    run_with(scheduler, wait)


def test_every_job_is_late_rather_than_dropped_and_never_twice_at_once(house, run_with):
    scheduler = a_scheduler(house)

    async def look():
        jobs = {job.id: job for job in scheduler._scheduler.get_jobs()}
        assert set(jobs) == {"daily-reports", "purge", "count-alerts"}
        for job in jobs.values():
            assert (job.misfire_grace_time, job.coalesce, job.max_instances) == (None, True, 1)
        assert jobs["daily-reports"].next_run_time.minute == 0
        assert jobs["purge"].next_run_time.hour == 7

    run_with(scheduler, look)
