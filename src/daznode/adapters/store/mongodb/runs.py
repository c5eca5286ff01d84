"""Runs as documents of `runs`, and what a run does with its jobs."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from pymongo.errors import DuplicateKeyError

from daznode.adapters.store.mongodb.documents import (
    ID,
    REVISION,
    from_document,
    stored_moment,
    swap,
    to_document,
)
from daznode.adapters.store.mongodb.jobs import CLAIMED_RUN, COMPLETED, JobDocuments, job_id
from daznode.adapters.store.mongodb.link import Collection, Document, MongoLink
from daznode.adapters.store.report_files import check_user_id
from daznode.adapters.store.run_rows import run_not_found
from daznode.domain.runs import JobCounts, ReportJob, Run, RunState

RUNS: Final = "runs"

_BY_USER: Final = (("user_id", 1), ("node_pubkey", 1))
_NOBODY: Final = {"owner": None, "lease_until": None, CLAIMED_RUN: None}


class MongoRuns:
    """The collections `runs` and `report_jobs`, a `RunStore`.

    Args:
        link: The database.
    """

    def __init__(self, link: MongoLink) -> None:
        """Ask nothing yet."""
        self._link = link
        self._jobs = JobDocuments(link)

    async def add_run(self, run: Run) -> bool:
        """Store a run unless one of that name exists.

        Returns:
            Whether it is new; of several processes that add the same name one is told so.

        Raises:
            StoreUnavailable: It cannot be written.
        """
        with self._link.refusals():
            try:
                await self._runs.insert_one({**to_document(run), ID: run.run_id, REVISION: 1})
            except DuplicateKeyError:
                return False
        return True

    async def run(self, run_id: str) -> Run:
        """One run.

        Raises:
            RunNotFound: None has that id.
        """
        with self._link.refusals():
            found = await self._runs.find_one({ID: run_id})
        if found is None:
            raise run_not_found(run_id)
        return self._run(found)

    async def end_run(
        self, run_id: str, state: RunState, at: datetime, error_message: str | None = None
    ) -> None:
        """Say how a run ended; one that has ended stays as it is.

        Raises:
            RunNotFound: None has that id.
        """
        end = {
            "state": state.value,
            "finished_at": stored_moment(at),
            "error_message": error_message,
        }
        with self._link.refusals():
            while True:
                found = await self._runs.find_one({ID: run_id})
                if found is None:
                    raise run_not_found(run_id)
                if found["finished_at"] is not None or await swap(
                    self._runs, found, {**found, **end}
                ):
                    return

    async def unfinished_runs(self) -> tuple[Run, ...]:
        """Runs that have not ended, the oldest first."""
        with self._link.refusals():
            query = self._runs.find({"finished_at": None}).sort([("created_at", 1), (ID, 1)])
            return tuple(self._run(one) for one in await query.to_list())

    async def ask_for(self, jobs: Sequence[ReportJob], *, again: bool) -> int:
        """Ask for reports; see the port for what `again` does.

        Should the server fail half-way, some are asked for: asking once more asks for the rest.

        Returns:
            How many are pending by that.

        Raises:
            InvalidParameter: A user id cannot name a folder; none is asked for.
            StoreUnavailable: They cannot be written.
        """
        for job in jobs:
            check_user_id(job.user_id)
        with self._link.refusals():
            return await self._jobs.ask_for(jobs, again=again)

    async def claim(
        self,
        run_id: str,
        *,
        owner: str,
        now: datetime,
        lease_until: datetime,
        limit: int,
        user_ids: Sequence[str] | None = None,
    ) -> tuple[ReportJob, ...]:
        """Take jobs of a run to work on: pending ones, and those whose owner's lease ran out.

        Returns:
            The jobs, processing, with the owner set and one attempt more, in the order of user ids.

        Raises:
            StoreUnavailable: None can be taken.
        """
        which: Document = {"run_id": run_id}
        if user_ids is not None:
            which["user_id"] = {"$in": list(user_ids)}
        changes = {"owner": owner, "lease_until": stored_moment(lease_until)}
        with self._link.refusals():
            return await self._jobs.claim(which, changes, now=stored_moment(now), limit=limit)

    async def renew(self, run_id: str, *, owner: str, lease_until: datetime) -> int:
        """Say that an owner is alive: all it works on in that run is its own for longer.

        Returns:
            How many jobs it still owns.
        """
        until = stored_moment(lease_until)

        def longer(job: Document) -> Document | None:
            return None if job["lease_until"] == until else {**job, "lease_until": until}

        with self._link.refusals():
            return await self._jobs.change_all(_owned(run_id, owner), longer)

    async def release(self, run_id: str, *, owner: str) -> int:
        """Give back what an owner works on, as pending, without counting the attempt.

        Returns:
            How many were given back.
        """
        freed = set()

        def free(job: Document) -> Document:
            freed.add(job[ID])
            attempts = max(job["attempts"] - 1, 0)
            return {**job, **_NOBODY, "state": RunState.PENDING.value, "attempts": attempts}

        with self._link.refusals():
            await self._jobs.change_all(_owned(run_id, owner), free)
        return len(freed)

    async def end_job(
        self,
        job: ReportJob,
        state: RunState,
        at: datetime,
        *,
        reason: str | None = None,
        report_id: str | None = None,
    ) -> bool:
        """Say how a job ended (`COMPLETED`, `FAILED`), or give it back (`PENDING`) for a retry.

        Returns:
            False if the job has another owner by now: then nothing is changed.
        """
        changes = {**_NOBODY, "state": state.value, "updated_at": stored_moment(at)}
        if state is RunState.COMPLETED:
            changes[COMPLETED] = stored_moment(at)

        def end(old: Document) -> Document:
            known = old["report_id"] if report_id is None else report_id
            return {**old, **changes, "reason": reason, "report_id": known}

        mine = {ID: job_id(job), "owner": job.owner, "state": RunState.PROCESSING.value}
        with self._link.refusals():
            return await self._jobs.change_one(mine, end)

    async def counts(self, run_id: str) -> JobCounts:
        """Jobs of a run by state."""
        return await self._counts({"run_id": run_id})

    async def counts_of_day(self, report_date: datetime) -> JobCounts:
        """Jobs of a day, of any run, by state."""
        return await self._counts({"report_date": stored_moment(report_date)})

    async def failed_jobs(self, report_date: datetime, limit: int) -> tuple[ReportJob, ...]:
        """Failed jobs of a day with their reasons, the newest first."""
        which = {"report_date": stored_moment(report_date), "state": RunState.FAILED.value}
        with self._link.refusals():
            return await self._jobs.select(which, [("updated_at", -1), *_BY_USER], limit)

    async def jobs_of_run(self, run_id: str, state: RunState, limit: int) -> tuple[ReportJob, ...]:
        """Jobs of a run in a state, in the order of user ids."""
        which = {"run_id": run_id, "state": state.value}
        with self._link.refusals():
            return await self._jobs.select(which, _BY_USER, limit)

    async def last_job(self, user_id: str) -> ReportJob | None:
        """The user's job of the newest day; None without one."""
        order = (("report_date", -1), ("updated_at", -1), ("node_pubkey", 1))
        with self._link.refusals():
            found = await self._jobs.select({"user_id": user_id}, order, 1)
        return found[0] if found else None

    async def last_completed_at(self) -> datetime | None:
        """When a job last completed, of anybody; None if none ever did."""
        with self._link.refusals():
            found = await self._jobs.collection.find_one(
                {COMPLETED: {"$exists": True}}, sort=[(COMPLETED, -1)]
            )
        return None if found is None else found[COMPLETED]

    async def purge_runs(self, before: datetime) -> int:
        """Forget runs and jobs of days before a moment; how many jobs were forgotten."""
        old = {"report_date": {"$lt": stored_moment(before)}}
        with self._link.refusals():
            await self._runs.delete_many(old)
            return (await self._jobs.collection.delete_many(old)).deleted_count

    @property
    def _runs(self) -> Collection:
        return self._link.collection(RUNS)

    def _run(self, document: Document) -> Run:
        return from_document(document, Run, f"{self._link.where}: {RUNS}")

    async def _counts(self, which: Document) -> JobCounts:
        states = list(RunState)
        with self._link.refusals():
            found = await asyncio.gather(
                *(
                    self._jobs.collection.count_documents({**which, "state": one.value})
                    for one in states
                )
            )
        return JobCounts(**{one.value: jobs for one, jobs in zip(states, found, strict=True)})


def _owned(run_id: str, owner: str) -> Document:
    return {"owner": owner, CLAIMED_RUN: run_id, "state": RunState.PROCESSING.value}
