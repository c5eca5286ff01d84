"""The schedule over fakes: each run once, whatever the clock does and however many processes try."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.batch_house import BatchHouse, a_profile
from tests.builders import DAY, a_node_id, a_report, an_alert

from daznode.domain.ids import parse_node_id
from daznode.domain.runs import RunState
from daznode.monitor.transitions import step
from daznode.usecases.scheduled_reports import LEASE_SECONDS

HOUR = timedelta(hours=1)
FRIDAY = datetime(2026, 11, 27, tzinfo=UTC)
MONDAY, FIRST = FRIDAY + 3 * DAY, FRIDAY + 4 * DAY
SIX = FRIDAY + 6 * HOUR


@pytest.fixture
def houses():
    made = []

    def make(**given):
        made.append(
            BatchHouse(
                a_profile("alice", 1),
                a_profile("bob", 2, report_hour=9),
                a_profile("carol", 3, report_hour=23),
                **given,
            )
        )
        return made[-1]

    yield make
    for house in made:
        house.close()


@pytest.fixture
def house(houses):
    return houses()


def due_at(house, *moments):
    """What each moment starts, the jobs of it done."""

    async def run():
        started = []
        for moment in moments:
            house.clock.moment = moment
            started.append(await house.scheduled.run_due())
            await house.worker.resume()
            await house.worker.resume()
        return started

    return asyncio.run(run())


def test_a_day_of_slots(house):
    started = due_at(house, *(SIX + number * HOUR for number in range(24)))
    assert started[0] == ("daily-20261126-09", "daily-20261126-23", "daily-20261127-06")
    assert [names for names in started[1:] if names] == [
        ("daily-20261127-09",),
        ("daily-20261127-23",),
    ]
    days = sorted((job.user_id, f"{job.report_date:%d}") for job in house.runs.jobs.values())
    assert days == [("alice", "27"), ("bob", "26"), ("bob", "27"), ("carol", "26"), ("carol", "27")]
    assert {job.state for job in house.runs.jobs.values()} == {RunState.COMPLETED}
    events = house.journal.events("info")
    assert events.count("Starting scheduled daily reports generation") == 5
    assert house.metrics.enabled == 3


def test_a_service_that_was_down_for_a_week_makes_each_report_once(house):
    due_at(house, SIX)
    (started,) = due_at(house, SIX + 7 * DAY + 10 * HOUR)
    assert started == ("daily-20261203-23", "daily-20261204-06", "daily-20261204-09")


def test_a_clock_that_is_set_back_repeats_nothing_and_misses_nothing(house):
    first, back, again, next_day = due_at(
        house, SIX, SIX - 2 * HOUR, SIX + timedelta(minutes=1), SIX + DAY
    )
    assert "daily-20261127-06" in first
    # The hours before 06:00 of the day before that had not been looked at: alice's slot of then.
    assert back == ("daily-20261126-06",)
    assert again == ()
    assert next_day == ("daily-20261127-09", "daily-20261127-23", "daily-20261128-06")


def test_a_clock_that_is_set_forward_catches_up_once(house):
    _, forward, again = due_at(house, SIX, SIX + 2 * DAY, SIX + 2 * DAY)
    assert forward == ("daily-20261128-09", "daily-20261128-23", "daily-20261129-06")
    assert again == ()


def test_three_processes_at_once_start_a_run_once(houses):
    first = houses()
    three = [first, houses(other=first), houses(other=first)]
    first.clock.moment = SIX

    async def together():
        return await asyncio.gather(*(house.scheduled.run_due() for house in three))

    started = [name for names in asyncio.run(together()) for name in names]
    assert sorted(started) == sorted(set(started))
    assert "daily-20261127-06" in started
    assert len(first.runs.jobs) == 3


def test_one_leads_and_another_follows_when_it_is_gone(houses):
    first = houses()
    second = houses(other=first)

    async def lead():
        told = [await first.scheduled.lead(), await second.scheduled.lead()]
        await first.scheduled.resign()
        told.append(await second.scheduled.lead())
        told.append(await first.scheduled.lead())
        first.clock.advance(timedelta(seconds=LEASE_SECONDS + 1))
        return [*told, await first.scheduled.lead()]

    assert asyncio.run(lead()) == [True, False, True, False, True]


def test_who_cannot_ask_who_leads_goes_on_since_the_database_decides(house):
    house.leases.error = "redis: connection refused"
    assert asyncio.run(house.scheduled.lead())
    assert "connection refused" in house.journal.events("warning")[0]


def test_an_hour_chosen_later_today_begins_tomorrow(house):
    due_at(house, SIX + 4 * HOUR)

    async def choose():
        await house.profiles.put_profile(a_profile("dave", 4, report_hour=8))

    asyncio.run(choose())
    later, tomorrow = due_at(house, SIX + 5 * HOUR, SIX + DAY + 2 * HOUR)
    assert later == ()
    assert tomorrow[-1] == "daily-20261128-08"


def test_the_services_own_hour_is_run_without_anybody(house):
    house.profiles.by_user = {}
    (started,) = due_at(house, SIX)
    assert started == ("daily-20261127-06",)
    assert house.runs.run_by_id["daily-20261127-06"].state is RunState.COMPLETED
    assert house.metrics.succeeded_at == [SIX.timestamp()]


def test_digests_come_after_the_daily_reports_of_their_hour(house):
    due_at(house, *(SIX + number * DAY for number in range(3)))
    (started,) = due_at(house, MONDAY + 6 * HOUR)
    assert started[-2:] == ("daily-20261130-06", "weekly-20261130-06")
    digest = house.digests.kept["alice", 7, MONDAY]
    assert digest.days_with_report == 4
    assert digest.last_date == MONDAY
    assert ("bob", 7, MONDAY) not in house.digests.kept
    due_at(house, MONDAY + 9 * HOUR)
    assert house.digests.kept["bob", 7, MONDAY].days_with_report > 0
    due_at(house, FIRST + 6 * HOUR)
    assert house.digests.kept["alice", 30, FIRST].days_with_report == 5
    finished = [one for one in house.runs.run_by_id.values() if one.kind == "weekly"]
    assert {one.state for one in finished} == {RunState.COMPLETED}


def test_a_digest_waits_for_a_daily_run_that_has_not_ended(house):
    house.clock.moment = MONDAY + 6 * HOUR

    async def early():
        await house.scheduled.run_due()
        run = house.runs.run_by_id["weekly-20261130-06"]
        waited = await house.make_digests.work(run)
        await house.batches.work("daily-20261130-06", "worker-1")
        return waited, await house.make_digests.work(run)

    assert asyncio.run(early()) == (False, True)


def test_a_digest_that_fails_costs_nobody_else(house):
    house.clock.moment = MONDAY + 6 * HOUR
    due_at(house, MONDAY + 6 * HOUR)
    house.profiles.by_user["zoe"] = a_profile("zoe", 1, language="de")
    run = replace(house.runs.run_by_id["weekly-20261130-06"], run_id="weekly-by-hand")
    house.runs.run_by_id[run.run_id] = replace(run, finished_at=None)

    async def make():
        node = parse_node_id(a_node_id(1))
        await house.reports.put_report(
            a_report(user_id="zoe", node_pubkey=node, report_date=MONDAY, report_id="z" * 36)
        )
        await house.make_digests.work(run)

    asyncio.run(make())
    ended = house.runs.run_by_id[run.run_id]
    assert ended.error_message == "1 of 4 digests failed"
    assert house.digests.kept["alice", 7, MONDAY]
    assert any("weekly digest" in event for event in house.journal.events("error"))


def test_what_is_older_than_ninety_days_is_dropped(house):
    due_at(house, SIX)

    async def purge_after(days):
        house.clock.moment = SIX + days * DAY
        await house.scheduled.purge()
        found = await house.reports.reports("alice", a_node_id(1), FRIDAY, FRIDAY + DAY)
        return len(house.runs.jobs), found

    old = step(a_report(alerts=(an_alert(),)), []).opened[0]
    house.alerts.by_id = {
        "open": old,
        "resolved": replace(old, alert_id="resolved", resolved_at=SIX),
    }
    jobs, reports = asyncio.run(purge_after(90))
    assert jobs == len(reports) == 1, "bob and carol had a report of the day before"
    jobs, reports = asyncio.run(purge_after(91))
    assert (jobs, reports) == (0, ())
    assert list(house.alerts.by_id) == ["open"]
