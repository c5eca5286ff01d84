"""What every RunStore promises."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.builders import DAY, MORNING, TODAY, a_job, a_node_id, a_run

from daznode.domain.errors import InvalidParameter, RunNotFound
from daznode.domain.runs import JobCounts, RunKind, RunState

MINUTE = timedelta(minutes=1)
RUN = "daily-20251120-06"


@pytest.fixture
def store(stores):
    return stores.runs


def some_jobs(count, **given):
    return tuple(a_job(user_id=f"user-{number:02}", **given) for number in range(count))


async def claim(store, owner, *, at=MORNING, limit=10, run_id=RUN, user_ids=None):
    return await store.claim(
        run_id,
        owner=owner,
        now=at,
        lease_until=at + MINUTE,
        limit=limit,
        user_ids=user_ids,
    )


def test_a_run_is_read_back_and_its_name_is_taken_once(store, run):
    async def trip():
        first = a_run()
        assert await store.add_run(first) is True
        assert await store.add_run(a_run(requested_by="alice")) is False
        assert await store.run(RUN) == first
        with pytest.raises(RunNotFound, match="nothing"):
            await store.run("nothing")

    run(trip())


def test_of_many_who_add_a_run_at_once_one_is_told_that_it_is_new(store, run):
    async def trip():
        told = await asyncio.gather(
            *(store.add_run(a_run(requested_by=f"process-{number}")) for number in range(8))
        )
        assert sorted(told) == [False] * 7 + [True]

    run(trip())


def test_a_run_ends_once(store, run):
    async def trip():
        await store.add_run(a_run())
        await store.end_run(RUN, RunState.FAILED, MORNING + MINUTE, "no snapshot")
        ended = replace(
            a_run(),
            state=RunState.FAILED,
            finished_at=MORNING + MINUTE,
            error_message="no snapshot",
        )
        assert await store.run(RUN) == ended
        await store.end_run(RUN, RunState.COMPLETED, MORNING + 2 * MINUTE)
        assert await store.run(RUN) == ended
        with pytest.raises(RunNotFound):
            await store.end_run("nothing", RunState.COMPLETED, MORNING)

    run(trip())


def test_unfinished_runs_come_oldest_first(store, run):
    async def trip():
        later = a_run(run_id="b", kind=RunKind.TRIGGER, created_at=MORNING + MINUTE)
        for one in (later, a_run(run_id="c"), a_run(run_id="a", created_at=MORNING + DAY)):
            await store.add_run(one)
        await store.end_run("a", RunState.COMPLETED, MORNING + DAY)
        assert [one.run_id for one in await store.unfinished_runs()] == ["c", "b"]

    run(trip())


def test_there_is_one_job_per_user_node_and_day(store, run):
    async def trip():
        asked = (
            a_job(),
            a_job(node_pubkey=a_node_id(2)),
            a_job(report_date=TODAY + DAY),
            a_job(user_id="bob"),
        )
        assert await store.ask_for(asked, again=False) == 4
        assert await store.ask_for(asked, again=False) == 0
        assert await store.counts(RUN) == JobCounts(pending=4)
        assert await store.counts_of_day(TODAY) == JobCounts(pending=3)
        assert JobCounts(pending=3).total == 3
        assert await store.counts("other") == JobCounts()
        assert await store.ask_for((), again=True) == 0

    run(trip())


def test_a_job_asked_for_without_again_stays_as_it_is(store, run):
    async def trip():
        await store.ask_for((a_job(),), again=False)
        (job,) = await claim(store, "one")
        await store.end_job(job, RunState.FAILED, MORNING, reason="storage-error: full")
        assert await store.ask_for((a_job(run_id="other"),), again=False) == 0
        assert await store.counts(RUN) == JobCounts(failed=1)
        assert await store.counts("other") == JobCounts()

    run(trip())


@pytest.mark.parametrize("state", [RunState.COMPLETED, RunState.FAILED])
def test_a_job_that_ended_is_asked_for_again(store, run, state):
    async def trip():
        await store.ask_for((a_job(),), again=False)
        (job,) = await claim(store, "one")
        await store.end_job(job, state, MORNING, reason="why", report_id="r")
        again = a_job(run_id="other")
        assert await store.ask_for((again,), again=True) == 1
        assert await store.jobs_of_run("other", RunState.PENDING, 10) == (again,)
        assert await store.counts(RUN) == JobCounts()
        assert await store.counts_of_day(TODAY) == JobCounts(pending=1)

    run(trip())


def test_a_waiting_job_passes_to_the_run_that_asks_again(store, run):
    async def trip():
        await store.ask_for((a_job(),), again=False)
        assert await store.ask_for((a_job(run_id="other"),), again=True) == 1
        assert await claim(store, "one") == ()
        assert len(await claim(store, "one", run_id="other")) == 1

    run(trip())


def test_a_job_that_somebody_works_on_is_left_alone_and_passes_to_the_new_run(store, run):
    async def trip():
        await store.ask_for((a_job(),), again=False)
        (job,) = await claim(store, "one")
        assert await store.ask_for((a_job(run_id="other"),), again=True) == 0
        assert await claim(store, "two", run_id="other") == ()
        assert await store.counts("other") == JobCounts(processing=1)
        # Its worker renews, and ends it, under the run from which it took the job.
        assert await store.renew(RUN, owner="one", lease_until=MORNING + 5 * MINUTE) == 1
        assert await claim(store, "two", run_id="other", at=MORNING + 2 * MINUTE) == ()
        assert await store.end_job(job, RunState.COMPLETED, MORNING, report_id="r") is True
        assert await store.counts("other") == JobCounts(completed=1)

    run(trip())


def test_claimed_jobs_are_processing_and_belong_to_their_owner(store, run):
    async def trip():
        await store.ask_for(some_jobs(5), again=False)
        taken = await claim(store, "one", limit=3)
        assert taken == tuple(
            replace(
                job,
                state=RunState.PROCESSING,
                attempts=1,
                owner="one",
                lease_until=MORNING + MINUTE,
                updated_at=MORNING,
            )
            for job in some_jobs(5)[:3]
        )
        assert await store.jobs_of_run(RUN, RunState.PROCESSING, 10) == taken
        assert await store.counts(RUN) == JobCounts(pending=2, processing=3)
        rest = await claim(store, "two")
        assert [job.user_id for job in rest] == ["user-03", "user-04"]
        assert await claim(store, "three") == ()
        assert await claim(store, "three", run_id="other") == ()

    run(trip())


def test_jobs_of_some_users_alone_are_claimed(store, run):
    async def trip():
        await store.ask_for(some_jobs(6), again=False)
        taken = await claim(store, "one", user_ids=("user-04", "user-01", "nobody"))
        assert [job.user_id for job in taken] == ["user-01", "user-04"]
        assert await claim(store, "one", user_ids=()) == ()

    run(trip())


def test_many_who_claim_at_once_get_each_job_once(store, run):
    async def trip():
        await store.ask_for(some_jobs(40), again=False)
        claims = await asyncio.gather(
            *(claim(store, f"owner-{number}", limit=7) for number in range(8))
        )
        taken = [job.user_id for one in claims for job in one]
        while more := await claim(store, "last", limit=7):
            taken.extend(job.user_id for job in more)
        assert sorted(taken) == [job.user_id for job in some_jobs(40)]
        for number, one in enumerate(claims):
            assert {job.owner for job in one} <= {f"owner-{number}"}

    run(trip())


def test_the_jobs_of_one_whose_lease_ran_out_are_taken_by_another(store, run):
    async def trip():
        await store.ask_for(some_jobs(3), again=False)
        (job,) = await claim(store, "dead", limit=1)
        almost = MORNING + MINUTE - timedelta(milliseconds=1)
        assert [one.user_id for one in await claim(store, "two", at=almost)] == [
            "user-01",
            "user-02",
        ]
        (taken,) = await claim(store, "three", at=MORNING + MINUTE)
        assert (taken.user_id, taken.attempts, taken.owner) == ("user-00", 2, "three")
        assert await store.end_job(job, RunState.COMPLETED, MORNING, report_id="r") is False
        assert await store.jobs_of_run(RUN, RunState.COMPLETED, 10) == ()
        assert await store.end_job(taken, RunState.COMPLETED, MORNING, report_id="r") is True

    run(trip())


def test_who_renews_keeps_its_jobs(store, run):
    async def trip():
        await store.ask_for(some_jobs(3), again=False)
        await claim(store, "one", limit=2)
        until = MORNING + 3 * MINUTE
        assert await store.renew(RUN, owner="one", lease_until=until) == 2
        assert await store.renew(RUN, owner="two", lease_until=until) == 0
        assert await store.renew("other", owner="one", lease_until=until) == 0
        at = MORNING + 2 * MINUTE
        assert [one.user_id for one in await claim(store, "two", at=at)] == ["user-02"]

    run(trip())


def test_what_is_released_is_pending_and_the_attempt_does_not_count(store, run):
    async def trip():
        await store.ask_for(some_jobs(2), again=False)
        await claim(store, "one")
        assert await store.release(RUN, owner="two") == 0
        assert await store.release(RUN, owner="one") == 2
        assert await store.release(RUN, owner="one") == 0
        (first, _) = await store.jobs_of_run(RUN, RunState.PENDING, 10)
        assert (first.attempts, first.owner, first.lease_until) == (0, None, None)
        assert [one.attempts for one in await claim(store, "two")] == [1, 1]

    run(trip())


def test_a_job_ends_with_its_report_or_its_reason(store, run):
    async def trip():
        await store.ask_for(some_jobs(2), again=False)
        good, bad = await claim(store, "one")
        at = MORNING + MINUTE
        assert await store.end_job(good, RunState.COMPLETED, at, report_id="r1") is True
        assert await store.end_job(bad, RunState.FAILED, at, reason="no-snapshot: none") is True
        assert await store.end_job(bad, RunState.COMPLETED, at, report_id="r2") is False
        (done,) = await store.jobs_of_run(RUN, RunState.COMPLETED, 10)
        assert done == replace(
            good,
            state=RunState.COMPLETED,
            owner=None,
            lease_until=None,
            updated_at=at,
            report_id="r1",
        )
        (failed,) = await store.failed_jobs(TODAY, 10)
        assert (failed.user_id, failed.reason, failed.owner, failed.attempts) == (
            "user-01",
            "no-snapshot: none",
            None,
            1,
        )
        assert await store.counts(RUN) == JobCounts(completed=1, failed=1)

    run(trip())


def test_a_job_given_back_for_a_retry_counts_its_attempts(store, run):
    async def trip():
        await store.ask_for((a_job(),), again=False)
        for attempt in (1, 2, 3):
            (job,) = await claim(store, "one")
            assert job.attempts == attempt
            assert await store.end_job(job, RunState.PENDING, MORNING, reason="timeout: 300 s")
        (waiting,) = await store.jobs_of_run(RUN, RunState.PENDING, 10)
        assert (waiting.reason, waiting.attempts, waiting.owner) == ("timeout: 300 s", 3, None)

    run(trip())


def test_failed_jobs_of_a_day_come_newest_first(store, run):
    async def trip():
        await store.ask_for((*some_jobs(3), a_job(report_date=TODAY + DAY)), again=False)
        for minutes, job in zip((1, 3, 2, 4), await claim(store, "one"), strict=True):
            await store.end_job(job, RunState.FAILED, MORNING + minutes * MINUTE, reason="x: y")

        async def users(limit):
            return [job.user_id for job in await store.failed_jobs(TODAY, limit)]

        everyone = await users(10)
        assert len(everyone) == 3
        assert await users(2) == everyone[:2]
        moments = [job.updated_at for job in await store.failed_jobs(TODAY, 10)]
        assert moments == sorted(moments, reverse=True)

    run(trip())


def test_jobs_of_a_run_are_limited(store, run):
    async def trip():
        await store.ask_for(some_jobs(4), again=False)
        found = await store.jobs_of_run(RUN, RunState.PENDING, 2)
        assert [job.user_id for job in found] == ["user-00", "user-01"]

    run(trip())


def test_the_last_job_is_the_one_of_the_newest_day(store, run):
    async def trip():
        assert await store.last_job("alice") is None
        newest = a_job(report_date=TODAY + 2 * DAY)
        await store.ask_for((a_job(), newest, a_job(report_date=TODAY + DAY)), again=False)
        assert await store.last_job("alice") == newest
        assert await store.last_job("bob") is None

    run(trip())


def test_the_last_completion_is_remembered_though_the_job_is_asked_for_again(store, run):
    async def trip():
        assert await store.last_completed_at() is None
        await store.ask_for(some_jobs(2), again=False)
        first, second = await claim(store, "one")
        await store.end_job(first, RunState.COMPLETED, MORNING + MINUTE, report_id="r")
        await store.end_job(second, RunState.FAILED, MORNING + 2 * MINUTE, reason="x: y")
        assert await store.last_completed_at() == MORNING + MINUTE
        await store.ask_for(some_jobs(2, run_id="other"), again=True)
        assert await store.last_completed_at() == MORNING + MINUTE

    run(trip())


def test_purging_forgets_runs_and_jobs_of_earlier_days(store, run):
    async def trip():
        await store.add_run(a_run())
        await store.add_run(a_run(run_id="next", report_date=TODAY + DAY))
        await store.ask_for((a_job(), a_job(report_date=TODAY + DAY, run_id="next")), again=False)
        assert await store.purge_runs(TODAY + DAY) == 1
        assert await store.purge_runs(TODAY + DAY) == 0
        with pytest.raises(RunNotFound):
            await store.run(RUN)
        assert await store.counts("next") == JobCounts(pending=1)

    run(trip())


def test_a_job_of_a_user_who_cannot_have_a_folder_is_refused_and_no_other_asked_for(store, run):
    async def trip():
        with pytest.raises(InvalidParameter, match="names the folder"):
            await store.ask_for((a_job(), a_job(user_id="..")), again=False)
        assert await store.counts(RUN) == JobCounts()

    run(trip())
