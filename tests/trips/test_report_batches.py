"""Batches: every job ends, what fails is told and costs nobody else anything, nothing is doubled."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.batch_house import BatchHouse, a_profile, until
from tests.builders import DAY, TODAY, a_node_id
from tests.fakes.node import FakeNode

from daznode.domain.errors import InvalidParameter, InvariantBroken, StoreUnavailable
from daznode.domain.report import Scope
from daznode.domain.runs import RunKind, RunState
from daznode.domain.schedule import Slot

COMPLETED, FAILED, PENDING = RunState.COMPLETED, RunState.FAILED, RunState.PENDING
NINE = tuple(f"user-{number}" for number in range(9))
SLOT = Slot(RunKind.DAILY, TODAY + timedelta(hours=6))


@pytest.fixture
def house_of():
    houses = []

    def make(*profiles, **given):
        houses.append(BatchHouse(*profiles, **given))
        return houses[-1]

    yield make
    for house in houses:
        house.close()


@pytest.fixture
def house(house_of):
    return house_of(*(a_profile(user, place % 6 + 1) for place, user in enumerate(NINE)))


async def trigger(house, users=None, run_id="run-1", owner="worker-1"):
    await house.know_network()
    started = await house.batches.start(RunKind.TRIGGER, users, "admin", run_id)
    await house.batches.work(run_id, owner)
    return started


async def stored(house, user, number=1):
    found = await house.reports.reports(user, a_node_id(number), TODAY, TODAY + DAY)
    return found[0] if found else None


def test_every_enabled_user_gets_a_report(house):
    asyncio.run(trigger(house))
    assert house.runs.states() == dict.fromkeys(NINE, COMPLETED)
    assert house.runs.run_by_id["run-1"].state is COMPLETED
    assert house.trip.most_at_once == 3
    assert len(house.metrics.generated) == 9
    assert set(house.cache.forgotten) == {f"report:latest:{user}" for user in NINE}
    events = house.journal.events("info")
    assert events[0] == "Starting daily reports generation"
    report = asyncio.run(stored(house, NINE[0]))
    line = next(one for one in house.journal.lines if report.report_id in one[1])
    assert line[1] == f"Report {report.report_id} generated successfully"
    assert line[2]["generation_duration"] >= 0
    assert not house.journal.events("error")
    assert sum(house.reports.groups) == 9
    assert len(house.reports.groups) < 9


def test_who_cannot_get_a_report_is_told_why(house_of):
    house = house_of(a_profile("alice"), a_profile("keyless", None))
    started = asyncio.run(trigger(house, ["ghost", "alice", "keyless", "alice"]))
    assert started.user_ids == ("alice",)
    assert [one.user_id for one in started.refused] == ["ghost", "keyless"]
    assert house.runs.states() == {"alice": COMPLETED, "ghost": FAILED, "keyless": FAILED}
    assert house.runs.reasons()["ghost"].startswith("profile-not-found: user 'ghost'")
    assert house.runs.reasons()["keyless"].startswith("node-key-missing: user 'keyless'")
    assert sorted(house.metrics.failed) == ["node-key-missing", "profile-not-found"]
    assert house.pauses == []


def test_a_report_that_raises_is_given_up_after_three_attempts_and_costs_nobody_else(house):
    house.trip.deeds["user-4"] = [ZeroDivisionError("secret")] * 9
    asyncio.run(trigger(house))
    states = house.runs.states()
    assert states.pop("user-4") is FAILED
    assert set(states.values()) == {COMPLETED}
    assert house.runs.reasons()["user-4"] == "invariant-broken: ZeroDivisionError; see the log"
    assert house.pauses == [0.75, 1.5]
    errors = house.journal.events("error")
    assert len(errors) == 3
    assert errors[0].startswith("Error generating report 00000000-")
    assert house.metrics.failed == ["invariant-broken"]
    assert house.runs.run_by_id["run-1"].state is COMPLETED


def test_a_report_that_fails_twice_succeeds(house):
    house.trip.deeds["user-4"] = [StoreUnavailable("locked"), InvariantBroken("twice")]
    asyncio.run(trigger(house))
    assert set(house.runs.states().values()) == {COMPLETED}
    assert asyncio.run(stored(house, "user-4", 5)).retry_count == 2
    assert house.metrics.failed == []


def test_what_cannot_work_is_not_tried_again(house):
    house.trip.deeds["user-4"] = [InvalidParameter("language 'xx'")] * 9
    asyncio.run(trigger(house))
    assert house.runs.reasons()["user-4"] == "invalid-parameter: language 'xx'"
    assert house.pauses == []


def test_a_report_that_hangs_ends_in_its_time(house_of):
    house = house_of(*map(a_profile, NINE[:4]), timeout_seconds=0.05, max_attempts=2)
    house.trip.deeds["user-1"] = [3_600.0, 3_600.0]
    asyncio.run(trigger(house))
    states = house.runs.states()
    assert states.pop("user-1") is FAILED
    assert set(states.values()) == {COMPLETED}
    assert house.runs.reasons()["user-1"] == "report-timeout: not made within 0.05 s"


def test_a_full_disk_fails_some_and_a_later_try_succeeds(house):
    house.reports.no_room_for = {"user-2", "user-7"}
    asyncio.run(trigger(house))
    failed = {user for user, state in house.runs.states().items() if state is FAILED}
    assert failed == {"user-2", "user-7"}
    assert "no space left on device" in house.runs.reasons()["user-2"]
    assert asyncio.run(stored(house, "user-3", 4)) is not None
    house.reports.no_room_for = set()
    asyncio.run(trigger(house, sorted(failed), "run-2"))
    assert house.runs.states() == dict.fromkeys(NINE, COMPLETED)


def test_asked_for_again_by_a_person_a_report_is_made_again_and_keeps_its_id(house):
    async def twice():
        await trigger(house)
        first = await stored(house, NINE[0])
        house.clock.advance(timedelta(hours=1))
        await trigger(house, None, "run-2")
        return first, await stored(house, NINE[0])

    first, again = asyncio.run(twice())
    assert again.report_id == first.report_id
    assert again.generation_timestamp > first.generation_timestamp


def test_a_slot_makes_each_report_once(house):
    async def thrice():
        await house.know_network()
        profiles = await house.profiles.enabled_profiles()
        told = [await house.batches.start_slot(SLOT, profiles, "scheduler") for _ in range(2)]
        await house.batches.work(SLOT.run_id, "worker-1")
        made = len(house.trip.requests)
        other = Slot(RunKind.DAILY, SLOT.at + timedelta(hours=1))
        told.append(await house.batches.start_slot(other, profiles, "scheduler"))
        await house.batches.work(other.run_id, "worker-1")
        return told, made

    told, made = asyncio.run(thrice())
    assert told == [True, False, True]
    assert made == len(house.trip.requests) == 9
    assert house.metrics.succeeded_at


def test_a_day_is_not_lost_by_dying_between_its_jobs_and_its_run(house):
    async def die_and_go_on():
        await house.know_network()
        profiles = await house.profiles.enabled_profiles()
        add_run, house.runs.add_run = house.runs.add_run, None
        with pytest.raises(TypeError):
            await house.batches.start_slot(SLOT, profiles, "scheduler")
        house.runs.add_run = add_run
        assert await house.batches.start_slot(SLOT, profiles, "scheduler")
        await house.batches.work(SLOT.run_id, "worker-1")

    asyncio.run(die_and_go_on())
    assert house.runs.states() == dict.fromkeys(NINE, COMPLETED)


def test_a_batch_that_is_stopped_gives_its_jobs_back_and_the_next_start_goes_on(house):
    house.trip.deeds = {user: [3_600.0] for user in NINE[4:]}

    async def stop_and_resume():
        await house.know_network()
        await house.batches.start(RunKind.TRIGGER, None, "admin", "run-1")
        working = asyncio.create_task(house.worker.forever())
        await until(lambda: list(house.runs.states().values()).count(COMPLETED) >= 4)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        left = set(house.runs.states().values())
        house.trip.deeds = {}
        await house.worker.resume()
        return left

    assert asyncio.run(stop_and_resume()) == {COMPLETED, PENDING}
    assert house.runs.states() == dict.fromkeys(NINE, COMPLETED)
    assert {job.attempts for job in house.runs.jobs.values()} == {1}
    assert len(house.metrics.generated) == 9


def test_jobs_of_a_process_that_died_are_free_when_its_lease_ends(house, house_of):
    async def die_and_take_over():
        await house.know_network()
        await house.batches.start(RunKind.TRIGGER, None, "admin", "run-1")
        until = house.clock.now() + timedelta(seconds=30)
        await house.runs.claim(
            "run-1", owner="dead", now=house.clock.now(), lease_until=until, limit=5
        )
        other = house_of(other=house)
        await other.batches.work("run-1", "worker-2")
        before = dict(house.runs.states())
        house.clock.advance(timedelta(seconds=31))
        await other.batches.work("run-1", "worker-3")
        return before

    before = asyncio.run(die_and_take_over())
    assert list(before.values()).count(COMPLETED) == 4
    assert house.runs.states() == dict.fromkeys(NINE, COMPLETED)
    assert house.runs.run_by_id["run-1"].state is COMPLETED


def test_two_processes_share_a_run(house, house_of):
    async def together():
        other = house_of(other=house)
        await house.know_network()
        await other.know_network()
        await house.batches.start(RunKind.TRIGGER, None, "admin", "run-1")
        await asyncio.gather(
            house.batches.work("run-1", "worker-1"), other.batches.work("run-1", "worker-2")
        )
        return len(house.trip.requests), len(other.trip.requests)

    ours, theirs = asyncio.run(together())
    assert ours + theirs == 9
    assert min(ours, theirs) > 0
    assert house.runs.states() == dict.fromkeys(NINE, COMPLETED)


def test_only_some_users_of_a_run(house):
    async def some():
        await house.know_network()
        await house.batches.start(RunKind.TRIGGER, None, "admin", "run-1")
        return await house.batches.work("run-1", "worker-1", ["user-3", "user-5"])

    counts = asyncio.run(some())
    assert (counts.completed, counts.pending) == (2, 7)
    assert house.runs.run_by_id["run-1"].finished_at is None


def test_own_data_is_for_those_who_proved_that_the_node_is_theirs(house_of):
    claimed, proven = a_profile("claimed"), a_profile("proven", pubkey_proven_at=TODAY)
    house = house_of(claimed, proven, node=FakeNode())
    asyncio.run(trigger(house))
    assert asyncio.run(stored(house, "claimed")).scope is Scope.PUBLIC
    assert asyncio.run(stored(house, "proven")).scope is Scope.NODE


def test_a_node_that_does_not_answer_is_told_and_the_report_is_made(house_of):
    proven = a_profile("proven", pubkey_proven_at=TODAY)
    house = house_of(proven, node=FakeNode(error="lnd: connection refused"))
    asyncio.run(trigger(house))
    assert house.runs.states() == {"proven": COMPLETED}
    assert "Could not fetch node data: lnd: connection refused" in house.journal.events("warning")


def test_a_key_that_was_given_up_meanwhile_gets_no_report(house):
    async def change():
        await house.batches.start(RunKind.TRIGGER, ["user-0"], "admin", "run-1")
        await house.profiles.put_profile(a_profile("user-0", 4))
        await house.batches.work("run-1", "worker-1")

    asyncio.run(change())
    assert house.runs.reasons()["user-0"].startswith("node-key-missing: user 'user-0': holds")


def test_a_job_that_always_kills_its_process_is_given_up(house):
    async def begun_often():
        await house.batches.start(RunKind.TRIGGER, ["user-0"], "admin", "run-1")
        ((key, job),) = house.runs.jobs.items()
        house.runs.jobs[key] = replace(job, attempts=30)
        await house.batches.work("run-1", "worker-1")

    asyncio.run(begun_often())
    assert house.runs.reasons()["user-0"] == "invariant-broken: begun 30 times, and never ended"


def test_a_batch_without_anybody_ends_at_once(house_of):
    house = house_of()
    asyncio.run(trigger(house))
    assert house.runs.run_by_id["run-1"].state is COMPLETED


def test_a_run_that_is_still_being_written_down_is_not_ended(house):
    async def too_early():
        await house.batches.start(RunKind.TRIGGER, ["user-0"], "admin", "run-1")
        jobs, house.runs.jobs = house.runs.jobs, {}
        await house.batches.work("run-1", "worker-1")
        early = house.runs.run_by_id["run-1"].finished_at
        house.runs.jobs = jobs
        await house.batches.work("run-1", "worker-1")
        return early

    assert asyncio.run(too_early()) is None
    assert house.runs.run_by_id["run-1"].state is COMPLETED


def test_a_database_that_goes_away_ends_the_work_and_not_the_worker(house):
    async def away_and_back():
        await house.know_network()
        await house.batches.start(RunKind.TRIGGER, None, "admin", "run-1")
        working = asyncio.create_task(house.worker.forever())
        house.runs.error = "no route to host"
        await asyncio.sleep(0.05)
        house.runs.error = None
        house.clock.advance(timedelta(seconds=31))
        await until(lambda: set(house.runs.states().values()) == {COMPLETED})
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)

    asyncio.run(away_and_back())
    assert any("no route to host" in event for event in house.journal.events("warning"))


def test_an_alert_store_that_fails_costs_no_report(house):
    house.alerts.error = StoreUnavailable("alerts are locked")
    asyncio.run(trigger(house))
    assert house.runs.states() == dict.fromkeys(NINE, COMPLETED)
    assert "Could not follow alerts: alerts are locked" in house.journal.events("error")
