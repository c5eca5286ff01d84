"""RunStore: batches of reports and their jobs, so that nothing is lost or doubled by a kill."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from daznode.domain.runs import JobCounts, ReportJob, Run, RunState


class RunStore(Protocol):
    """Runs, and the jobs that they ask for. Every method is one step for all processes."""

    async def add_run(self, run: Run) -> bool:
        """Store a run unless one of that name exists.

        Returns:
            Whether it is new; of several processes that add the same name one is told so.

        Raises:
            StoreUnavailable: It cannot be written.
        """

    async def run(self, run_id: str) -> Run:
        """One run.

        Raises:
            RunNotFound: None has that id.
        """

    async def end_run(
        self, run_id: str, state: RunState, at: datetime, error_message: str | None = None
    ) -> None:
        """Say how a run ended; one that has ended stays as it is.

        Raises:
            RunNotFound: None has that id.
        """

    async def unfinished_runs(self) -> tuple[Run, ...]:
        """Runs that have not ended, the oldest first."""

    async def ask_for(self, jobs: Sequence[ReportJob], *, again: bool) -> int:
        """Ask for reports; all or none.

        Args:
            jobs: What to make, pending.
            again: A job of the same user, node and day that has ended, or that nobody works on, is
                asked for again and belongs to the new run; if False, one that is there stays as it
                is. A job that somebody works on is left alone, but belongs to the new run.

        Returns:
            How many are pending by that.
        """

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

        Args:
            run_id: The run.
            owner: Who takes them; unique per process and start.
            now: The present.
            lease_until: Until when the owner need not renew.
            limit: How many at the most.
            user_ids: Only jobs of these users; None for any.

        Returns:
            The jobs, processing, with the owner set and one attempt more, in the order of user ids.
        """

    async def renew(self, run_id: str, *, owner: str, lease_until: datetime) -> int:
        """Say that an owner is alive: all it works on in that run is its own for longer.

        Returns:
            How many jobs it still owns.
        """

    async def release(self, run_id: str, *, owner: str) -> int:
        """Give back what an owner works on, as pending, without counting the attempt.

        Returns:
            How many were given back.
        """

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

    async def counts(self, run_id: str) -> JobCounts:
        """Jobs of a run by state."""

    async def counts_of_day(self, report_date: datetime) -> JobCounts:
        """Jobs of a day, of any run, by state."""

    async def failed_jobs(self, report_date: datetime, limit: int) -> tuple[ReportJob, ...]:
        """Failed jobs of a day with their reasons, the newest first."""

    async def jobs_of_run(self, run_id: str, state: RunState, limit: int) -> tuple[ReportJob, ...]:
        """Jobs of a run in a state, in the order of user ids."""

    async def last_job(self, user_id: str) -> ReportJob | None:
        """The user's job of the newest day; None without one."""

    async def last_completed_at(self) -> datetime | None:
        """When a job last completed, of anybody; None if none ever did."""

    async def purge_runs(self, before: datetime) -> int:
        """Forget runs and jobs of days before a moment; how many jobs were forgotten."""
