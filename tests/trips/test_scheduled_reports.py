"""The schedule: each run once, whatever the clock does and however many processes try."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.batch_house import BatchHouse, a_profile
from tests.builders import DAY, a_node_alert

from daznode.domain.runs import Run, RunKind, RunState
from daznode.usecases.scheduled_reports import LEASE_SECONDS

HOUR = timedelta(hours=1)
FRIDAY = datetime(2026, 11, 27, tzinfo=UTC)
MONDAY, FIRST = FRIDAY + 3 * DAY, FRIDAY + 4 * DAY
SIX = FRIDAY + 6 * HOUR
ALICE, BOB, CAROL = (
    a_profile("alice", 1),
    a_profile("bob", 2, report_hour=9),
    a_profile("carol", 3, report_hour=23),
)
USERS = ("alice", "bob", "carol")


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
    return house_of(ALICE, BOB, CAROL)


async def due_at(house, *moments):
    """What each moment starts; the work is done."""
    started = []
    for moment in moments:
        house.clock.moment = moment
        started.append(await house.scheduled.run_due())
        await house.worker.resume()
        await house.worker.resume()
    return started


def test_a_day_of_slots(house, run):
    async def trip():
        started = await due_at(house, *(SIX + number * HOUR for number in range(24)))
        assert started[0] == ("daily-20261126-09", "daily-20261126-23", "daily-20261127-06")
        assert [names for names in started[1:] if names] == [
            ("daily-20261127-09",),
            ("daily-20261127-23",),
        ]
        for profile, days in ((ALICE, (0,)), (BOB, (-1, 0)), (CAROL, (-1, 0))):
            for day in (-1, 0):
                report = await house.report(profile, FRIDAY + day * DAY)
                assert (report is not None) is (day in days)
        texts = house.journal.events("info")
        assert texts.count("Starting scheduled daily reports generation") == 5
        assert house.metrics.enabled == 3

    run(trip())


def test_a_service_that_was_down_for_a_week_makes_each_report_once(house, run):
    async def trip():
        await due_at(house, SIX)
        (started,) = await due_at(house, SIX + 7 * DAY + 10 * HOUR)
        assert started == ("daily-20261203-23", "daily-20261204-06", "daily-20261204-09")

    run(trip())


def test_a_clock_that_is_set_back_repeats_nothing_and_misses_nothing(house, run):
    async def trip():
        first, back, again, next_day = await due_at(
            house, SIX, SIX - 2 * HOUR, SIX + timedelta(minutes=1), SIX + DAY
        )
        assert "daily-20261127-06" in first
        # 04:00 had not been looked at before: to it, alice's slot of the day before was missed.
        assert back == ("daily-20261126-06",)
        assert again == ()
        assert next_day == ("daily-20261127-09", "daily-20261127-23", "daily-20261128-06")

    run(trip())


def test_a_clock_that_is_set_forward_catches_up_once(house, run):
    async def trip():
        _, forward, again = await due_at(house, SIX, SIX + 2 * DAY, SIX + 2 * DAY)
        assert forward == ("daily-20261128-09", "daily-20261128-23", "daily-20261129-06")
        assert again == ()

    run(trip())


def test_three_processes_at_once_start_a_run_once(house, house_of, run):
    three = [house, house_of(other=house), house_of(other=house)]
    house.clock.moment = SIX

    async def trip():
        told = await asyncio.gather(*(one.scheduled.run_due() for one in three))
        started = [name for names in told for name in names]
        assert sorted(started) == ["daily-20261126-09", "daily-20261126-23", "daily-20261127-06"]
        texts = [text for one in three for text in one.journal.events("info")]
        assert texts.count("Starting scheduled daily reports generation") == 3
        assert set(await house.jobs(USERS)) == set(USERS)

    run(trip())


def test_one_leads_and_another_follows_when_it_is_gone(house, house_of, run):
    second = house_of(other=house)

    async def trip():
        assert await house.scheduled.lead()
        assert not await second.scheduled.lead()
        await house.scheduled.resign()
        assert await second.scheduled.lead()
        assert not await house.scheduled.lead()
        house.clock.advance(timedelta(seconds=LEASE_SECONDS + 1))
        assert await house.scheduled.lead()

    run(trip())


def test_who_cannot_ask_who_leads_goes_on_since_the_database_decides(house, run):
    house.leases.error = "redis: connection refused"
    assert run(house.scheduled.lead())
    assert "connection refused" in house.journal.events("warning")[0]


def test_an_hour_chosen_later_today_begins_tomorrow(house, run):
    async def trip():
        await due_at(house, SIX + 4 * HOUR)
        await house.profiles.put_profile(a_profile("dave", 4, report_hour=8))
        later, tomorrow = await due_at(house, SIX + 5 * HOUR, SIX + DAY + 2 * HOUR)
        assert later == ()
        assert tomorrow[-1] == "daily-20261128-08"

    run(trip())


def test_the_services_own_hour_is_run_without_anybody(house_of, run):
    house = house_of()

    async def trip():
        (started,) = await due_at(house, SIX)
        assert started == ("daily-20261127-06",)
        assert (await house.runs.run("daily-20261127-06")).state is RunState.COMPLETED
        assert house.metrics.succeeded_at == [SIX.timestamp()]

    run(trip())


def test_digests_come_after_the_daily_reports_of_their_hour(house, run):
    async def trip():
        await due_at(house, *(SIX + number * DAY for number in range(3)))
        (started,) = await due_at(house, MONDAY + 6 * HOUR)
        assert started[-2:] == ("daily-20261130-06", "weekly-20261130-06")
        digest = await house.digests.latest_digest("alice", 7)
        assert (digest.days_with_report, digest.last_date) == (4, MONDAY)
        assert await house.digests.latest_digest("bob", 7) is None
        await due_at(house, MONDAY + 9 * HOUR)
        assert (await house.digests.latest_digest("bob", 7)).days_with_report > 0
        await due_at(house, FIRST + 6 * HOUR)
        month = await house.digests.latest_digest("alice", 30)
        assert (month.days_with_report, month.period_days) == (5, 30)
        assert await house.runs.unfinished_runs() == ()

    run(trip())


def test_a_digest_waits_for_a_daily_run_that_has_not_ended(house, run):
    house.clock.moment = MONDAY + 6 * HOUR

    async def trip():
        await house.scheduled.run_due()
        weekly = await house.runs.run("weekly-20261130-06")
        assert not await house.make_digests.work(weekly)
        await house.batches.work("daily-20261130-06", "worker-1")
        assert await house.make_digests.work(weekly)

    run(trip())


def test_a_digest_that_fails_costs_nobody_else(house, run):
    async def trip():
        await due_at(house, MONDAY + 6 * HOUR, MONDAY + 9 * HOUR)
        await house.profiles.put_profile(replace(BOB, language="de"))
        now = house.clock.now()
        again = Run("by-hand", RunKind.WEEKLY, RunState.PENDING, MONDAY, "admin", now)
        await house.runs.add_run(again)
        await house.worker.resume()
        ended = await house.runs.run("by-hand")
        assert ended.state is RunState.COMPLETED
        assert ended.error_message == "1 of 3 digests failed"
        assert any("weekly digest" in text for text in house.journal.events("error"))

    run(trip())


def test_what_is_older_than_ninety_days_is_dropped(house, run):
    still_open = a_node_alert(alert_id="open", key="a", opened_at=SIX, seen_at=SIX)
    over = replace(still_open, alert_id="over", key="b", resolved_at=SIX)

    async def trip():
        await due_at(house, SIX)
        await house.alerts.put_alerts((still_open, over))
        house.clock.moment = SIX + 90 * DAY
        await house.scheduled.purge()
        assert set(await house.jobs(USERS)) == {"alice"}
        assert await house.report(ALICE, FRIDAY) is not None
        assert await house.report(BOB, FRIDAY - DAY) is None
        house.clock.advance(DAY)
        await house.scheduled.purge()
        assert await house.jobs(USERS) == {}
        assert await house.report(ALICE, FRIDAY) is None
        kept = await house.alerts.alerts("alice", since=FRIDAY, is_open=None, limit=10)
        assert "open" in (ids := {one.alert_id for one in kept})
        assert "over" not in ids
        await house.scheduled.count_alerts()
        assert house.metrics.open_by_severity["warning"] >= 1

    run(trip())
