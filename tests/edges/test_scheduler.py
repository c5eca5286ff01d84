"""The clock of the service with APScheduler running: what it says, starts, retries and gives up."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from tests.batch_house import BatchHouse, a_profile, until

from daznode.adapters.clock import SystemClock
from daznode.adapters.coordination.folder_leases import FolderLeases
from daznode.edges.worker.scheduler import ReportScheduler

SIX = datetime(2026, 11, 27, 6, tzinfo=UTC)


@pytest.fixture
def house():
    made = BatchHouse(a_profile("alice"))
    made.clock.moment = SIX
    yield made
    made.close()


def a_scheduler(house, **given):
    return ReportScheduler(
        house.scheduled,
        **({"is_enabled": True, "wake": house.worker.wake.set, "pulse_seconds": 0.01} | given),
    )


def told(house, text):
    return sum(text in event for event in house.journal.events())


def run_with(scheduler, while_it_runs):
    async def run():
        await scheduler.start()
        try:
            await while_it_runs()
        finally:
            await scheduler.stop()

    asyncio.run(run())


def test_disabled_it_says_so_and_nothing_else(house):
    scheduler = a_scheduler(house, is_enabled=False)

    async def wait():
        await asyncio.sleep(0.05)
        assert not scheduler.is_running

    run_with(scheduler, wait)
    assert house.journal.events() == ["Daily report scheduler is disabled"]
    assert house.runs.run_by_id == {}
    assert house.leases.held == {}


def test_what_is_due_is_started_when_it_begins_to_lead(house):
    scheduler = a_scheduler(house)

    async def wait():
        await until(house.worker.wake.is_set)
        assert scheduler.is_running

    run_with(scheduler, wait)
    assert house.journal.events()[0] == (
        "Daily report scheduler started - will run daily at 06:00 UTC"
    )
    assert "daily-20261127-06" in house.runs.run_by_id
    assert house.leases.held == {}, "the lead was left to others"


def test_only_the_leader_starts_anything(house):
    house.leases.held["scheduler"] = ("another", SIX + timedelta(hours=1))
    scheduler = a_scheduler(house)

    async def wait():
        await asyncio.sleep(0.1)
        assert house.runs.run_by_id == {}
        house.leases.held.clear()  # the other one died, and its lease ended
        await until(lambda: house.runs.run_by_id)

    run_with(scheduler, wait)


def test_a_leader_that_dies_is_followed_when_its_lease_ends(house, tmp_path):
    other = BatchHouse(other=house)
    for one in (house, other):
        one.scheduled.leases = FolderLeases(tmp_path)
        one.scheduled.lease_seconds = 0.3
    leader, follower = a_scheduler(house), a_scheduler(other)

    async def die():
        await until(lambda: leader.is_leading and house.runs.run_by_id)
        await follower.start()
        await asyncio.sleep(0.5)
        assert not follower.is_leading
        leader._task.cancel()  # dies without a word
        house.runs.run_by_id.clear()
        await until(lambda: follower.is_leading, seconds=2)
        await until(lambda: house.runs.run_by_id)
        await follower.stop()

    run_with(leader, die)
    other.close()


def test_a_database_that_was_away_is_tried_again(house):
    house.runs.error = "no route to host"

    async def wait():
        await until(lambda: told(house, "could not start reports: no route to host"))
        house.runs.error = None
        await until(lambda: house.runs.run_by_id)

    run_with(a_scheduler(house), wait)


def test_a_clock_that_was_set_is_noticed_and_followed(house):
    async def wait():
        await until(lambda: house.runs.run_by_id)
        house.clock.moment = SIX + timedelta(days=1)
        await until(lambda: "daily-20261128-06" in house.runs.run_by_id)
        house.clock.moment = SIX - timedelta(days=2)
        await until(lambda: told(house, "The clock was set") == 2)

    run_with(a_scheduler(house), wait)


def test_the_hour_comes_while_it_runs(house):
    house.clock.moment = SIX - timedelta(seconds=10)
    scheduler = a_scheduler(house)

    async def wait():
        await until(lambda: "daily-20261126-06" in house.runs.run_by_id)
        house.clock.advance(timedelta(seconds=20))
        await asyncio.sleep(0.05)
        assert "daily-20261127-06" not in house.runs.run_by_id
        soon = SystemClock().now() + timedelta(seconds=0.1)
        scheduler._scheduler.modify_job("daily-reports", next_run_time=soon)
        await until(lambda: "daily-20261127-06" in house.runs.run_by_id)

    run_with(scheduler, wait)


def test_every_job_is_late_rather_than_dropped_and_never_twice_at_once(house):
    scheduler = a_scheduler(house)

    async def look():
        jobs = {job.id: job for job in scheduler._scheduler.get_jobs()}
        assert set(jobs) == {"daily-reports", "purge", "count-alerts"}
        for job in jobs.values():
            assert (job.misfire_grace_time, job.coalesce, job.max_instances) == (None, True, 1)
        assert jobs["daily-reports"].next_run_time.minute == 0
        assert jobs["purge"].next_run_time.hour == 7

    run_with(scheduler, look)
