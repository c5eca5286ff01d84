"""What administrators do about reports: start them now, watch a task, see how the day goes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from daznode.domain.accounts import LOCAL_TENANT, Caller
from daznode.domain.answers import SUCCESS
from daznode.domain.errors import InvariantBroken, RunNotFound
from daznode.domain.runs import SCHEDULER, JobCounts, ReportJob, Run, RunKind, RunState
from daznode.domain.schedule import midnight
from daznode.ports.accounts import AccountStore, ProfileStore
from daznode.ports.clock import Clock, IdSource
from daznode.ports.runs import RunStore
from daznode.ports.store import ReportStore
from daznode.usecases.audit_trail import AuditNotes, Doer
from daznode.usecases.report_batches import Refused, ReportBatches

MOST_NAMED: Final = 100
"""Failures named in an answer; the counts say how many there are."""


@dataclass(frozen=True, slots=True)
class TaskStarted:
    """A task that was asked for.

    Attributes:
        status: `started`.
        task_id: Its name, for `GET /api/v1/admin/tasks/{task_id}`.
        message: One sentence for people.
        user_ids: Whose reports will be made; None for a task that is not about users.
        refused: For whom no report can be made, and why.
    """

    status: str
    task_id: str
    message: str
    user_ids: tuple[str, ...] | None
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """A report that was given up.

    Attributes:
        user_id: Whose.
        reason: An error code, a colon, a line.
        attempts: How often it was tried.
    """

    user_id: str
    reason: str
    attempts: int


@dataclass(frozen=True, slots=True)
class TaskAnswer:
    """How far a task is.

    Attributes:
        status: `success`.
        task_id: Its name.
        kind: What it does.
        state: `pending`, `processing`, `completed` or `failed`.
        created_at: Moment it was asked for, UTC.
        finished_at: Moment it ended, UTC; None before.
        jobs: Its reports by state.
        failures: Reports that were given up, at most 100 of them.
        error_message: Why the task itself failed; None unless it did.
    """

    status: str
    task_id: str
    kind: RunKind
    state: RunState
    created_at: datetime
    finished_at: datetime | None
    jobs: JobCounts
    failures: tuple[TaskFailure, ...]
    error_message: str | None


@dataclass(frozen=True, slots=True)
class DayStats:
    """How reports go.

    Attributes:
        users_with_workflow_enabled: Users for whom a report is made every day.
        total_reports_generated: Completed reports that are kept.
        reports_generated_today: Completed today, UTC.
        reports_failed_today: Given up today, UTC.
        success_rate_today: Completed over completed and given up, in [0, 1]; None before any.
        timestamp: Moment of these figures, UTC.
        failures: Reports given up today with their reasons, at most 100 of them.
    """

    users_with_workflow_enabled: int
    total_reports_generated: int
    reports_generated_today: int
    reports_failed_today: int
    success_rate_today: float | None
    timestamp: datetime
    failures: tuple[TaskFailure, ...]


@dataclass(frozen=True, slots=True)
class StatsAnswer:
    """How reports go.

    Attributes:
        status: `success`.
        stats: The figures.
    """

    status: str
    stats: DayStats


@dataclass(frozen=True, slots=True)
class AdminReports:
    """The trips of an administrator.

    Administrators of the tenant that runs the service act for everybody; others for their tenant.

    Attributes:
        begin: Tells whoever works on runs that there is one.
        recalculate_network: Tells whoever measures networks that somebody asked for it.
    """

    batches: ReportBatches
    accounts: AccountStore
    profiles: ProfileStore
    runs: RunStore
    reports: ReportStore
    notes: AuditNotes
    clock: Clock
    ids: IdSource
    begin: Callable[[], None]
    recalculate_network: Callable[[], None]

    async def trigger(
        self, caller: Caller, user_ids: Sequence[str] | None, request_id: str
    ) -> TaskStarted:
        """Have reports made now.

        Args:
            caller: An administrator.
            user_ids: Whose; None for all who have the daily report enabled.
            request_id: Of the HTTP request, for the audit trail.

        Raises:
            StoreUnavailable: It cannot be written down.
        """
        users, strangers = await self._allowed(caller, user_ids)
        run_id = self.ids.new_id()
        started = await self.batches.start(RunKind.TRIGGER, users, caller.user_id, run_id)
        if started is None:
            message = f"run {run_id}: a fresh name is taken"
            raise InvariantBroken(message)
        doer = Doer(caller.user_id, caller.tenant_id, request_id)
        asked = len(started.user_ids)
        await self.notes.add(doer, "reports_triggered", run_id, f"{asked} users")
        self.begin()
        return TaskStarted(
            status="started",
            task_id=run_id,
            message=f"Making {asked} report{'' if asked == 1 else 's'}.",
            user_ids=started.user_ids,
            refused=(*started.refused, *strangers),
        )

    async def recalculate(self, caller: Caller, request_id: str) -> TaskStarted:
        """Have the current network measured and scored anew.

        Raises:
            StoreUnavailable: It cannot be written down.
        """
        now = self.clock.now()
        run_id = self.ids.new_id()
        today = midnight(now)
        run = Run(run_id, RunKind.RECALCULATE, RunState.PENDING, today, caller.user_id, now)
        await self.runs.add_run(run)
        doer = Doer(caller.user_id, caller.tenant_id, request_id)
        await self.notes.add(doer, "scores_recalculated", run_id)
        self.recalculate_network()
        return TaskStarted("started", run_id, "Measuring and scoring the network anew.", None)

    async def task(self, caller: Caller, task_id: str) -> TaskAnswer:
        """How far a task is.

        Raises:
            RunNotFound: None has that id, or another tenant's administrator asked for it.
        """
        run = await self.runs.run(task_id)
        if not await self._may_see(caller, run):
            message = f"task {task_id!r}: none has that id"
            raise RunNotFound(message)
        failed = await self.runs.jobs_of_run(task_id, RunState.FAILED, MOST_NAMED)
        return TaskAnswer(
            status=SUCCESS,
            task_id=run.run_id,
            kind=run.kind,
            state=run.state,
            created_at=run.created_at,
            finished_at=run.finished_at,
            jobs=await self.runs.counts(task_id),
            failures=tuple(_failure(job) for job in failed),
            error_message=run.error_message,
        )

    async def stats(self, caller: Caller) -> StatsAnswer:
        """How reports go today, over the whole service; names only those of the caller's tenant."""
        now = self.clock.now()
        today = midnight(now)
        counts = await self.runs.counts_of_day(today)
        ended = counts.completed + counts.failed
        failed = await self.runs.failed_jobs(today, MOST_NAMED)
        return StatsAnswer(
            SUCCESS,
            DayStats(
                users_with_workflow_enabled=await self.profiles.count_enabled(),
                total_reports_generated=await self.reports.count_reports(),
                reports_generated_today=counts.completed,
                reports_failed_today=counts.failed,
                success_rate_today=counts.completed / ended if ended else None,
                timestamp=now,
                failures=tuple(
                    _failure(job)
                    for job in failed
                    if _is_operator(caller) or job.tenant_id == caller.tenant_id
                ),
            ),
        )

    async def _allowed(
        self, caller: Caller, user_ids: Sequence[str] | None
    ) -> tuple[Sequence[str] | None, tuple[Refused, ...]]:
        """For whom a caller may act, and those who do not exist for that caller."""
        if _is_operator(caller):
            return user_ids, ()
        if user_ids is None:
            enabled = await self.profiles.enabled_profiles()
            return [one.user_id for one in enabled if one.tenant_id == caller.tenant_id], ()
        own: list[str] = []
        strangers: list[Refused] = []
        for user_id in dict.fromkeys(user_ids):
            profile = await self.profiles.profile(user_id)
            if profile is not None and profile.tenant_id == caller.tenant_id:
                own.append(user_id)
            else:
                strangers.append(Refused(user_id, "profile-not-found: nothing is set yet"))
        return own, tuple(strangers)

    async def _may_see(self, caller: Caller, run: Run) -> bool:
        if _is_operator(caller) or run.requested_by == caller.user_id:
            return True
        if run.requested_by == SCHEDULER:
            return False
        account = await self.accounts.account(run.requested_by)
        return account is not None and account.tenant_id == caller.tenant_id


def _is_operator(caller: Caller) -> bool:
    return caller.tenant_id == LOCAL_TENANT


def _failure(job: ReportJob) -> TaskFailure:
    return TaskFailure(job.user_id, job.reason or "", job.attempts)
