"""Batches: every job ends, what fails is told and costs nobody else anything, nothing is doubled."""

import asyncio
import subprocess
from datetime import timedelta

import pytest
from tests.batch_house import BatchHouse, a_profile, until
from tests.builders import TODAY
from tests.fakes.node import FakeNode

from daznode.domain.errors import InvalidParameter, InvariantBroken, StoreUnavailable
from daznode.domain.report import Scope
from daznode.domain.runs import Run, RunKind, RunState
from daznode.domain.schedule import Slot

COMPLETED, FAILED, PENDING = RunState.COMPLETED, RunState.FAILED, RunState.PENDING
PROFILES = {
    f"user-{number}": a_profile(f"user-{number}", number + 1, daily_report_enabled=True)
    for number in range(9)
}
NINE = tuple(PROFILES)
ALL_DONE = dict.fromkeys(NINE, COMPLETED)
SLOT = Slot(RunKind.DAILY, TODAY + timedelta(hours=6))


@pytest.fixture
def run():
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture
def house_of(tmp_path, run):
    houses = []

    def make(*profiles, **given):
        houses.append(BatchHouse(tmp_path, *profiles, **given))
        return run(houses[-1].prepare())

    yield make
    for house in houses:
        run(house.close())


@pytest.fixture
def house(house_of):
    return house_of(*PROFILES.values())


async def trigger(house, users=None, run_id="run-1"):
    started = await house.batches.start(RunKind.TRIGGER, users, "admin", run_id)
    await house.batches.work(run_id, f"worker of {run_id}")
    return started


async def reasons(house, users=NINE):
    return {user: job.reason for user, job in (await house.jobs(users)).items() if job.reason}


def test_every_enabled_user_gets_a_report(house, run):
    async def trip():
        for user in NINE:
            await house.cache.put(f"report:latest:{user}", b"old", 60.0)
        await trigger(house)
        assert await house.states(NINE) == ALL_DONE
        assert (await house.runs.run("run-1")).state is COMPLETED
        assert house.trip.most_at_once == 3
        assert len(house.metrics.generated) == 9
        assert [await house.cache.get(f"report:latest:{user}") for user in NINE] == [None] * 9
        assert house.journal.events("info")[0] == "Starting daily reports generation"
        report = await house.report(PROFILES["user-3"])
        (line,) = (one for one in house.journal.lines if report.report_id in one[1])
        assert line[1] == f"Report {report.report_id} generated successfully"
        assert line[2]["generation_duration"] >= 0
        assert not house.journal.events("error")
        assert sum(house.reports.groups) == 9

    run(trip())


def test_who_cannot_get_a_report_is_told_why(house_of, run):
    house = house_of(a_profile("alice"), a_profile("keyless", None))
    users = ("ghost", "alice", "keyless", "alice")

    async def trip():
        started = await trigger(house, users)
        assert started.user_ids == ("alice",)
        assert [one.user_id for one in started.refused] == ["ghost", "keyless"]
        states = await house.states(users)
        assert states == {"alice": COMPLETED, "ghost": FAILED, "keyless": FAILED}
        why = await reasons(house, users)
        assert why["ghost"].startswith("profile-not-found: user 'ghost'")
        assert why["keyless"].startswith("node-key-missing: user 'keyless'")
        assert sorted(house.metrics.failed) == ["node-key-missing", "profile-not-found"]
        assert house.pauses == []

    run(trip())


def test_a_report_that_raises_is_given_up_after_three_attempts_and_costs_nobody_else(house, run):
    house.trip.deeds["user-4"] = [ZeroDivisionError("secret")] * 9

    async def trip():
        await trigger(house)
        assert await house.states(NINE) == ALL_DONE | {"user-4": FAILED}
        why = await reasons(house)
        assert why == {"user-4": "invariant-broken: ZeroDivisionError; see the log"}
        assert house.pauses == [0.75, 1.5]
        errors = house.journal.events("error")
        assert len(errors) == 3
        assert errors[0].startswith("Error generating report ")
        assert sorted(house.metrics.failed) == ["invariant-broken"]
        assert (await house.runs.run("run-1")).state is COMPLETED

    run(trip())


def test_a_report_that_fails_twice_succeeds(house, run):
    house.trip.deeds["user-4"] = [StoreUnavailable("locked"), InvariantBroken("twice")]

    async def trip():
        await trigger(house)
        assert await house.states(NINE) == ALL_DONE
        assert (await house.report(PROFILES["user-4"])).retry_count == 2
        assert sorted(house.metrics.failed) == []

    run(trip())


def test_what_cannot_work_is_not_tried_again(house, run):
    house.trip.deeds["user-4"] = [InvalidParameter("language 'xx'")] * 9

    async def trip():
        await trigger(house)
        assert await reasons(house) == {"user-4": "invalid-parameter: language 'xx'"}
        assert house.pauses == []

    run(trip())


def test_a_report_that_hangs_ends_in_its_time(house_of, run):
    house = house_of(*list(PROFILES.values())[:4], timeout_seconds=0.3, max_attempts=2)
    house.trip.deeds["user-1"] = [3_600.0, 3_600.0]

    async def trip():
        await trigger(house)
        assert list((await house.states(NINE)).values()).count(COMPLETED) == 3
        assert await reasons(house) == {"user-1": "report-timeout: not made within 0.3 s"}

    run(trip())


def test_a_full_disk_fails_some_and_a_later_try_succeeds(house, run):
    house.reports.no_room_for = {"user-2", "user-7"}

    async def trip():
        await trigger(house)
        assert await house.states(NINE) == ALL_DONE | {"user-2": FAILED, "user-7": FAILED}
        assert "no space left on device" in (await reasons(house))["user-2"]
        assert await house.report(PROFILES["user-3"]) is not None
        house.reports.no_room_for = set()
        await trigger(house, ["user-2", "user-7"], "run-2")
        assert await house.states(NINE) == ALL_DONE

    run(trip())


@pytest.fixture
def small_disk(tmp_path):
    """A disk for report files that is soon full, and what makes it larger."""
    disk = tmp_path / "rag"
    disk.mkdir()

    def mount(options):
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    if not mount("size=64k"):
        pytest.skip("mounting a small disk is not allowed here")
    yield lambda: mount("remount,size=8m")
    subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_that_fills_up_on_the_way(small_disk, house_of, run):
    house = house_of(*PROFILES.values())

    async def trip():
        await trigger(house)
        states = await house.states(NINE)
        failed = [user for user, state in states.items() if state is FAILED]
        assert 0 < len(failed) < 9
        assert set(states.values()) == {COMPLETED, FAILED}
        assert all("disk" in why for why in (await reasons(house)).values())
        assert small_disk()
        await trigger(house, failed, "run-2")
        assert await house.states(NINE) == ALL_DONE

    run(trip())


def test_asked_for_again_by_a_person_a_report_is_made_again_and_keeps_its_id(house, run):
    async def trip():
        await trigger(house)
        first = await house.report(PROFILES["user-0"])
        house.clock.advance(timedelta(hours=1))
        await trigger(house, None, "run-2")
        again = await house.report(PROFILES["user-0"])
        assert again.report_id == first.report_id
        assert again.generation_timestamp > first.generation_timestamp

    run(trip())


def test_a_slot_makes_each_report_once(house, run):
    async def trip():
        profiles = await house.profiles.enabled_profiles()
        assert await house.batches.start_slot(SLOT, profiles, "scheduler")
        assert not await house.batches.start_slot(SLOT, profiles, "scheduler")
        await house.batches.work(SLOT.run_id, "worker-1")
        assert len(house.trip.requests) == 9
        other = Slot(RunKind.DAILY, SLOT.at + timedelta(hours=1))
        assert await house.batches.start_slot(other, profiles, "scheduler")
        await house.batches.work(other.run_id, "worker-1")
        assert len(house.trip.requests) == 9
        assert house.metrics.succeeded_at

    run(trip())


@pytest.mark.parametrize("step", ["ask_for", "add_run"])
def test_a_day_is_not_lost_by_dying_between_its_jobs_and_its_run(house, run, step):
    async def trip():
        profiles = await house.profiles.enabled_profiles()
        house.runs.error, house.runs.methods = "killed", {step}
        with pytest.raises(StoreUnavailable):
            await house.batches.start_slot(SLOT, profiles, "scheduler")
        house.runs.error = None
        assert await house.batches.start_slot(SLOT, profiles, "scheduler")
        await house.batches.work(SLOT.run_id, "worker-1")
        assert await house.states(NINE) == ALL_DONE

    run(trip())


def test_a_batch_that_is_stopped_gives_its_jobs_back_and_the_next_start_goes_on(house, run):
    house.trip.deeds = {user: [3_600.0] for user in NINE[4:]}

    async def trip():
        await house.batches.start(RunKind.TRIGGER, None, "admin", "run-1")
        working = asyncio.create_task(house.worker.forever())
        await until(lambda: len(house.metrics.generated) == 4)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        assert await house.states(NINE) == ALL_DONE | dict.fromkeys(NINE[4:], PENDING)
        house.trip.deeds = {}
        await house.worker.resume()
        jobs = await house.jobs(NINE)
        assert {(job.state, job.attempts) for job in jobs.values()} == {(COMPLETED, 1)}
        assert len(house.metrics.generated) == 9

    run(trip())


def test_jobs_of_a_process_that_died_are_free_when_its_lease_ends(house, house_of, run):
    other = house_of(other=house)

    async def trip():
        await house.batches.start(RunKind.TRIGGER, None, "admin", "run-1")
        now = house.clock.now()
        lease_until = now + timedelta(seconds=30)
        await house.runs.claim("run-1", owner="dead", now=now, lease_until=lease_until, limit=5)
        await other.batches.work("run-1", "worker-2")
        assert list((await house.states(NINE)).values()).count(COMPLETED) == 4
        house.clock.advance(timedelta(seconds=31))
        await other.batches.work("run-1", "worker-3")
        assert await house.states(NINE) == ALL_DONE
        assert (await house.runs.run("run-1")).state is COMPLETED

    run(trip())


def test_two_processes_share_a_run(house, house_of, run):
    other = house_of(other=house)

    async def trip():
        await house.batches.start(RunKind.TRIGGER, None, "admin", "run-1")
        await asyncio.gather(
            house.batches.work("run-1", "worker-1"), other.batches.work("run-1", "worker-2")
        )
        ours, theirs = len(house.trip.requests), len(other.trip.requests)
        assert ours + theirs == 9
        assert min(ours, theirs) > 0
        assert await house.states(NINE) == ALL_DONE

    run(trip())


def test_only_some_users_of_a_run(house, run):
    async def trip():
        await house.batches.start(RunKind.TRIGGER, None, "admin", "run-1")
        counts = await house.batches.work("run-1", "worker-1", ["user-3", "user-5"])
        assert (counts.completed, counts.pending) == (2, 7)
        assert (await house.runs.run("run-1")).finished_at is None

    run(trip())


def test_own_data_is_for_those_who_proved_that_the_node_is_theirs(house_of, run):
    proven = a_profile("proven", pubkey_proven_at=TODAY)
    house = house_of(proven, node=FakeNode())

    async def trip():
        await trigger(house)
        assert (await house.report(proven)).scope is Scope.NODE
        await house.profiles.put_profile(a_profile("proven"))
        await trigger(house, None, "run-2")
        assert (await house.report(proven)).scope is Scope.PUBLIC

    run(trip())


def test_a_node_that_does_not_answer_is_told_and_the_report_is_made(house_of, run):
    proven = a_profile("proven", pubkey_proven_at=TODAY)
    house = house_of(proven, node=FakeNode(error="lnd: connection refused"))

    async def trip():
        await trigger(house)
        assert await house.states(["proven"]) == {"proven": COMPLETED}
        assert "Could not fetch node data: lnd: connection refused" in house.journal.events(
            "warning"
        )

    run(trip())


def test_a_key_that_was_given_up_meanwhile_gets_no_report(house, run):
    async def trip():
        await house.batches.start(RunKind.TRIGGER, ["user-0"], "admin", "run-1")
        await house.profiles.put_profile(a_profile("user-0", 11))
        await house.batches.work("run-1", "worker-1")
        why = (await house.runs.failed_jobs(TODAY, 10))[0].reason
        assert why.startswith("node-key-missing: user 'user-0': holds another")

    run(trip())


def test_a_job_that_always_kills_its_process_is_given_up(house, run):
    async def trip():
        await house.batches.start(RunKind.TRIGGER, ["user-0"], "admin", "run-1")
        now = house.clock.now()
        for number in range(30):
            assert await house.runs.claim(
                "run-1", owner=f"dead-{number}", now=now, lease_until=now, limit=1
            )
        await house.batches.work("run-1", "worker-1")
        why = await reasons(house)
        assert why == {"user-0": "invariant-broken: begun 30 times, and never ended"}

    run(trip())


def test_a_batch_without_anybody_ends_at_once(house_of, run):
    house = house_of()

    async def trip():
        started = await house.batches.start(RunKind.TRIGGER, None, "admin", "run-1")
        assert started.user_ids == ()
        assert (await house.runs.run("run-1")).state is COMPLETED

    run(trip())


def test_a_run_that_is_still_being_written_down_is_not_ended(house, run):
    async def trip():
        now = house.clock.now()
        await house.runs.add_run(Run("run-1", RunKind.TRIGGER, PENDING, TODAY, "admin", now))
        await house.batches.work("run-1", "worker-1")
        assert (await house.runs.run("run-1")).finished_at is None
        house.clock.advance(timedelta(minutes=2))
        await house.batches.work("run-1", "worker-1")
        assert (await house.runs.run("run-1")).state is COMPLETED

    run(trip())


def test_a_name_is_used_once(house, run):
    async def trip():
        assert await house.batches.start(RunKind.TRIGGER, ["user-0"], "admin", "run-1")
        assert await house.batches.start(RunKind.TRIGGER, ["user-1"], "admin", "run-1") is None
        assert await house.states(NINE) == {"user-0": PENDING}

    run(trip())


def test_a_database_that_goes_away_ends_the_work_and_not_the_worker(house, run):
    async def trip():
        await house.batches.start(RunKind.TRIGGER, None, "admin", "run-1")
        house.trip.deeds = {user: [0.05] for user in NINE}
        working = asyncio.create_task(house.worker.forever())
        await until(lambda: house.trip.requests)
        house.runs.error = "no route to host"
        await until(lambda: len(house.journal.events("warning")) > 2)
        house.runs.error = None
        house.clock.advance(timedelta(seconds=31))
        await until(lambda: "Daily reports generation finished" in house.journal.events("info"))
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        assert await house.states(NINE) == ALL_DONE
        assert any("no route to host" in text for text in house.journal.events("warning"))

    run(trip())


def test_an_alert_store_that_fails_costs_no_report(house, run):
    house.alerts.error = "alerts are locked"

    async def trip():
        await trigger(house)
        assert await house.states(NINE) == ALL_DONE
        assert "Could not follow alerts: alerts are locked" in house.journal.events("error")

    run(trip())


def test_alerts_follow_the_reports_and_are_told_to_who_listens(house, run):
    profile = PROFILES["user-0"]

    async def trip():
        async with house.feed.listen("user-0") as heard:
            await trigger(house, ["user-0"])
            alert = await asyncio.wait_for(anext(heard), 5)
        report = await house.report(profile)
        assert {one.type for one in report.alerts} >= {alert.type}
        kept = await house.alerts.open_alerts("user-0", profile.lightning_pubkey)
        assert {one.type for one in kept} == {one.type for one in report.alerts}
        house.clock.advance(timedelta(minutes=5))
        await trigger(house, ["user-0"], "run-2")
        assert await house.alerts.open_alerts("user-0", profile.lightning_pubkey) == kept

    run(trip())
