"""Runs and their jobs as rows: one job per user, node and day, worked on by one owner at a time.

Every method is one transaction, so that of several processes one takes a job. What only says who
works on what does not wait for the disk: after a power cut nobody works any more, and a job whose
end was forgotten is made again with the same result.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import msgspec

from daznode.adapters.store.codec import moment_text
from daznode.adapters.store.report_files import check_user_id
from daznode.adapters.store.row_shapes import Parameters, RowShape, one_of
from daznode.adapters.store.threads import SqliteThreads
from daznode.domain.errors import RunNotFound
from daznode.domain.runs import JobCounts, ReportJob, Run, RunState

_RUNS: Final = RowShape(Run, "runs")
_JOBS: Final = RowShape(ReportJob, "report_jobs")
_JOB_KEY: Final = ("user_id", "node_pubkey", "report_date")
_THIS_JOB: Final = (
    "user_id = :user_id AND node_pubkey = :node_pubkey AND report_date = :report_date"
)
_END: Final = (
    "UPDATE report_jobs SET state = :state, updated_at = :at, reason = :reason,"  # noqa: S608 - constants
    " report_id = coalesce(:report_id, report_id), owner = NULL, lease_until = NULL,"
    " claimed_run_id = NULL, completed_at = coalesce(:done, completed_at)"
    f" WHERE {_THIS_JOB} AND owner = :owner AND state = 'processing'"
)
_OF_USERS: Final = "(:user_ids IS NULL OR user_id IN (SELECT value FROM json_each(:user_ids)))"


class RunRows:
    """The tables `runs` and `report_jobs`, a `RunStore`.

    Args:
        threads: The database.
    """

    def __init__(self, threads: SqliteThreads) -> None:
        """Touch nothing yet."""
        self._threads = threads

    async def add_run(self, run: Run) -> bool:
        """Store a run unless one of that name exists.

        Returns:
            Whether it is new; of several processes that add the same name one is told so.

        Raises:
            StoreUnavailable: It cannot be written.
        """

        def add(connection: sqlite3.Connection) -> bool:
            try:
                _RUNS.insert(connection, (run,))
            except sqlite3.IntegrityError:
                return False
            return True

        return await self._threads.write(add)

    async def run(self, run_id: str) -> Run:
        """One run.

        Raises:
            RunNotFound: None has that id.
        """
        found = one_of(
            await self._threads.read(
                lambda connection: _RUNS.select(connection, "WHERE run_id = ?", (run_id,))
            )
        )
        if found is None:
            raise run_not_found(run_id)
        return found

    async def end_run(
        self, run_id: str, state: RunState, at: datetime, error_message: str | None = None
    ) -> None:
        """Say how a run ended; one that has ended stays as it is.

        Raises:
            RunNotFound: None has that id.
        """

        def end(connection: sqlite3.Connection) -> bool:
            connection.execute(
                "UPDATE runs SET state = ?, finished_at = ?, error_message = ?"
                " WHERE run_id = ? AND finished_at IS NULL",
                (state.value, moment_text(at), error_message, run_id),
            )
            found = connection.execute("SELECT 1 FROM runs WHERE run_id = ?", (run_id,)).fetchone()
            return found is not None

        if not await self._threads.write(end):
            raise run_not_found(run_id)

    async def unfinished_runs(self) -> tuple[Run, ...]:
        """Runs that have not ended, the oldest first."""
        return await self._threads.read(
            lambda connection: _RUNS.select(
                connection, "WHERE finished_at IS NULL ORDER BY created_at, run_id"
            )
        )

    async def ask_for(self, jobs: Sequence[ReportJob], *, again: bool) -> int:
        """Ask for reports; all or none. See the port for what `again` does.

        Returns:
            How many are pending by that.

        Raises:
            InvalidParameter: A user id cannot name a folder.
            StoreUnavailable: They cannot be written.
        """
        for job in jobs:
            check_user_id(job.user_id)

        def ask(connection: sqlite3.Connection) -> int:
            return sum(_ask(connection, job, again=again) for job in jobs)

        return await self._threads.write(ask)

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
        users = None if user_ids is None else msgspec.json.encode(list(user_ids)).decode()
        asked = {"run_id": run_id, "now": moment_text(now), "limit": limit, "user_ids": users}

        def take(connection: sqlite3.Connection) -> tuple[ReportJob, ...]:
            taken = tuple(
                replace(
                    job,
                    state=RunState.PROCESSING,
                    attempts=job.attempts + 1,
                    owner=owner,
                    lease_until=lease_until,
                    updated_at=now,
                )
                for job in _free_jobs(connection, asked)[:limit]
            )
            _JOBS.insert(connection, taken, key=_JOB_KEY)
            connection.executemany(
                f"UPDATE report_jobs SET claimed_run_id = run_id WHERE {_THIS_JOB}",  # noqa: S608
                [_JOBS.row(job) for job in taken],
            )
            return taken

        return await self._threads.write(take, is_durable=False)

    async def renew(self, run_id: str, *, owner: str, lease_until: datetime) -> int:
        """Say that an owner is alive: all it works on in that run is its own for longer.

        Returns:
            How many jobs it still owns.
        """
        return await self._changed(
            "UPDATE report_jobs SET lease_until = ? WHERE owner = ? AND claimed_run_id = ?"
            " AND state = 'processing'",
            (moment_text(lease_until), owner, run_id),
        )

    async def release(self, run_id: str, *, owner: str) -> int:
        """Give back what an owner works on, as pending, without counting the attempt.

        Returns:
            How many were given back.
        """
        return await self._changed(
            "UPDATE report_jobs SET state = 'pending', attempts = max(attempts - 1, 0),"
            " owner = NULL, lease_until = NULL, claimed_run_id = NULL"
            " WHERE owner = ? AND claimed_run_id = ? AND state = 'processing'",
            (owner, run_id),
        )

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
        done = moment_text(at) if state is RunState.COMPLETED else None
        n_changed = await self._changed(
            _END,
            {
                "state": state.value,
                "at": moment_text(at),
                "reason": reason,
                "report_id": report_id,
                "done": done,
                "user_id": job.user_id,
                "node_pubkey": job.node_pubkey,
                "report_date": moment_text(job.report_date),
                "owner": job.owner,
            },
        )
        return n_changed > 0

    async def counts(self, run_id: str) -> JobCounts:
        """Jobs of a run by state."""
        return await self._counts("run_id = ?", run_id)

    async def counts_of_day(self, report_date: datetime) -> JobCounts:
        """Jobs of a day, of any run, by state."""
        return await self._counts("report_date = ?", moment_text(report_date))

    async def failed_jobs(self, report_date: datetime, limit: int) -> tuple[ReportJob, ...]:
        """Failed jobs of a day with their reasons, the newest first."""
        return await self._threads.read(
            lambda connection: _JOBS.select(
                connection,
                "WHERE report_date = ? AND state = 'failed'"
                " ORDER BY updated_at DESC, user_id, node_pubkey LIMIT ?",
                (moment_text(report_date), limit),
            )
        )

    async def jobs_of_run(self, run_id: str, state: RunState, limit: int) -> tuple[ReportJob, ...]:
        """Jobs of a run in a state, in the order of user ids."""
        return await self._threads.read(
            lambda connection: _JOBS.select(
                connection,
                "WHERE run_id = ? AND state = ? ORDER BY user_id, node_pubkey LIMIT ?",
                (run_id, state.value, limit),
            )
        )

    async def last_job(self, user_id: str) -> ReportJob | None:
        """The user's job of the newest day; None without one."""
        return one_of(
            await self._threads.read(
                lambda connection: _JOBS.select(
                    connection,
                    "WHERE user_id = ? ORDER BY report_date DESC, updated_at DESC, node_pubkey"
                    " LIMIT 1",
                    (user_id,),
                )
            )
        )

    async def last_completed_at(self) -> datetime | None:
        """When a job last completed, of anybody; None if none ever did."""

        def last(connection: sqlite3.Connection) -> datetime | None:
            (found,) = connection.execute("SELECT max(completed_at) FROM report_jobs").fetchone()
            return None if found is None else datetime.fromisoformat(found)

        return await self._threads.read(last)

    async def purge_runs(self, before: datetime) -> int:
        """Forget runs and jobs of days before a moment; how many jobs were forgotten."""
        date = moment_text(before)

        def purge(connection: sqlite3.Connection) -> int:
            connection.execute("DELETE FROM runs WHERE report_date < ?", (date,))
            return connection.execute(
                "DELETE FROM report_jobs WHERE report_date < ?", (date,)
            ).rowcount

        return await self._threads.write(purge)

    async def _changed(self, statement: str, parameters: Parameters) -> int:
        return await self._threads.write(
            lambda connection: connection.execute(statement, parameters).rowcount,
            is_durable=False,
        )

    async def _counts(self, which: str, value: str) -> JobCounts:
        statement = f"SELECT state, count(*) FROM report_jobs WHERE {which} GROUP BY state"  # noqa: S608
        found = await self._threads.read(
            lambda connection: connection.execute(statement, (value,)).fetchall()
        )
        return JobCounts(**dict(found))


def run_not_found(run_id: str) -> RunNotFound:
    """The answer about a run that is not there."""
    message = f"run {run_id[:60]!r}: none has that id"
    return RunNotFound(message)


def _ask(connection: sqlite3.Connection, job: ReportJob, *, again: bool) -> bool:
    """Ask for one report; whether it is pending by that."""
    row = _JOBS.row(job)
    found = connection.execute(
        f"SELECT state FROM report_jobs WHERE {_THIS_JOB}",  # noqa: S608 - a constant
        row,
    ).fetchone()
    if found is not None and not again:
        return False
    if found == (RunState.PROCESSING.value,):
        connection.execute(
            f"UPDATE report_jobs SET run_id = :run_id WHERE {_THIS_JOB}",  # noqa: S608
            row,
        )
        return False
    _JOBS.insert(connection, (job,), key=_JOB_KEY)
    return True


def _free_jobs(connection: sqlite3.Connection, asked: dict[str, object]) -> list[ReportJob]:
    """Pending jobs and abandoned ones, in the order of user ids; each kind by its own index."""
    pending = _JOBS.select(
        connection,
        f"WHERE run_id = :run_id AND state = 'pending' AND {_OF_USERS}"
        " ORDER BY user_id, node_pubkey LIMIT :limit",
        asked,
    )
    abandoned = _JOBS.select(
        connection,
        "WHERE run_id = :run_id AND state = 'processing' AND lease_until <= :now"
        f" AND {_OF_USERS} ORDER BY user_id, node_pubkey LIMIT :limit",
        asked,
    )
    return sorted((*pending, *abandoned), key=lambda job: (job.user_id, job.node_pubkey))
