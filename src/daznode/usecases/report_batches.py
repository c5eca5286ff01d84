"""Batches of reports: ask for them, work on them, and go on with what was interrupted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from daznode.domain.accounts import UserProfile
from daznode.domain.errors import NodeKeyMissing, ProfileNotFound, RunNotFound
from daznode.domain.ids import NodeId
from daznode.domain.retries import failure_of
from daznode.domain.runs import JobCounts, ReportJob, Run, RunKind, RunState
from daznode.domain.schedule import Slot, midnight
from daznode.ports.accounts import ProfileStore
from daznode.usecases.make_job import holder_of
from daznode.usecases.work_jobs import WorkJobs, Workshop

NO_NODE: Final = NodeId("")
"""Node of a job that was asked for and cannot be made: the user is unknown, or names none. Such a
job fails, with its reason, so that whoever asked can see it."""

FILLED_WITHIN: Final = timedelta(minutes=1)
"""After that a run of a person that has no job never gets one: its process died."""

REPORT_KINDS: Final = frozenset({RunKind.DAILY, RunKind.TRIGGER})
"""Runs that consist of report jobs."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Somebody for whom no report can be made.

    Attributes:
        user_id: Who.
        reason: Why: an error code, a colon, a line.
    """

    user_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Started:
    """A run that was asked for.

    Attributes:
        run: The run.
        user_ids: Whose reports will be made, in the order asked for.
        refused: For whom none can be made; their jobs fail with that reason.
    """

    run: Run
    user_ids: tuple[str, ...]
    refused: tuple[Refused, ...]


@dataclass(frozen=True, slots=True)
class ReportBatches:
    """The trips of a batch: start it, work on it, end it."""

    shop: Workshop
    profiles: ProfileStore

    async def start(
        self, kind: RunKind, users: Sequence[str] | None, requested_by: str, run_id: str
    ) -> Started | None:
        """Ask for today's reports of some users; somebody has to `work` on them.

        A report that was made today is made again, and keeps its id.

        Args:
            kind: What the run is called.
            users: Whose reports; None for all who have the daily report enabled.
            requested_by: User id of the person.
            run_id: Name of the run.

        Returns:
            What was started; None if a run of that name exists.

        Raises:
            StoreUnavailable: It cannot be written down; nothing will be made.
        """
        now = self.shop.clock.now()
        day = midnight(now)
        run = Run(run_id, kind, RunState.PENDING, day, requested_by, now)
        jobs, refused = await self._jobs(users, run)
        # The run comes first: what nobody was told of must not be made.
        if not await self.shop.runs.add_run(run):
            return None
        if jobs:
            await self.shop.runs.ask_for(jobs, again=True)
        else:
            await self._end(run, JobCounts())
        refused_ids = {one.user_id for one in refused}
        asked = tuple(job.user_id for job in jobs if job.user_id not in refused_ids)
        return Started(run, asked, refused)

    async def start_slot(
        self, slot: Slot, profiles: Sequence[UserProfile], requested_by: str
    ) -> bool:
        """Ask for the daily reports of a slot, once however often and by however many it is tried.

        A report that was asked for on that day before stays as it is.

        Args:
            slot: When and what.
            profiles: Whose reports.
            requested_by: Who asks.

        Returns:
            Whether this call started it.

        Raises:
            StoreUnavailable: It cannot be written down; what was is asked for again by the next try.
        """
        if await self._exists(slot.run_id):
            return False
        now = self.shop.clock.now()
        run = Run(slot.run_id, slot.kind, RunState.PENDING, slot.report_date, requested_by, now)
        jobs = [_job(profile.user_id, profile, run) for profile in profiles]
        # The jobs come first: a process that dies between the two has not lost the day, since
        # whoever comes next asks for the same jobs and adds the run.
        if jobs:
            await self.shop.runs.ask_for(jobs, again=False)
        if not await self.shop.runs.add_run(run):
            return False
        if not jobs:
            await self._end(run, JobCounts())
        return True

    async def work(
        self, run_id: str, owner: str, user_ids: Sequence[str] | None = None
    ) -> JobCounts:
        """Work on a run until nothing is left to claim; whoever ends its last job ends the run.

        Args:
            run_id: The run.
            owner: Who works; unique per process, start and call.
            user_ids: Only jobs of these users; None for any.

        Returns:
            Jobs of the run by state.

        Raises:
            RunNotFound: None has that id.
            StoreUnavailable: The database went away; what was claimed is free again at once, or
                when its lease ends.
        """
        run = await self.shop.runs.run(run_id)
        if run.kind not in REPORT_KINDS or run.finished_at is not None:
            return await self.shop.runs.counts(run_id)
        await WorkJobs(self.shop, run, owner, user_ids).do()
        counts = await self.shop.runs.counts(run_id)
        if counts.pending == counts.processing == 0 and not self._may_be_unfilled(run, counts):
            await self._end(run, counts)
        return counts

    def _may_be_unfilled(self, run: Run, counts: JobCounts) -> bool:
        """Whether somebody may just now be writing down what a person's run consists of."""
        age = self.shop.clock.now() - run.created_at
        return run.kind is not RunKind.DAILY and counts.total == 0 and age < FILLED_WITHIN

    async def _end(self, run: Run, counts: JobCounts) -> None:
        now = self.shop.clock.now()
        await self.shop.runs.end_run(run.run_id, RunState.COMPLETED, now)
        if run.kind is RunKind.DAILY and (counts.completed or not counts.failed):
            self.shop.metrics.batch_succeeded(now.timestamp())
        self.shop.journal.info(
            "Daily reports generation finished",
            run_id=run.run_id,
            completed=counts.completed,
            failed=counts.failed,
            duration=round((now - run.created_at).total_seconds(), 3),
        )

    async def _exists(self, run_id: str) -> bool:
        try:
            await self.shop.runs.run(run_id)
        except RunNotFound:
            return False
        return True

    async def _jobs(
        self, users: Sequence[str] | None, run: Run
    ) -> tuple[list[ReportJob], tuple[Refused, ...]]:
        if users is None:
            return [
                _job(one.user_id, one, run) for one in await self.profiles.enabled_profiles()
            ], ()
        jobs: list[ReportJob] = []
        refused: list[Refused] = []
        for user_id in dict.fromkeys(users):
            profile = await self.profiles.profile(user_id)
            jobs.append(_job(user_id, profile, run))
            try:
                holder_of(user_id, profile)
            except (ProfileNotFound, NodeKeyMissing) as error:
                refused.append(Refused(user_id, failure_of(error).reason))
        return jobs, tuple(refused)


def _job(user_id: str, profile: UserProfile | None, run: Run) -> ReportJob:
    return ReportJob(
        user_id=user_id,
        tenant_id="" if profile is None else profile.tenant_id,
        node_pubkey=(None if profile is None else profile.lightning_pubkey) or NO_NODE,
        report_date=run.report_date,
        run_id=run.run_id,
    )
