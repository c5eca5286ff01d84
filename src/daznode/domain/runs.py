"""Batches of reports: a run asked for by the clock or a person, and one job per user, node and day."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from daznode.domain.ids import NodeId

SCHEDULER: Final = "scheduler"
"""Who asked for the runs of the clock."""


class RunKind(StrEnum):
    """What a run does."""

    DAILY = "daily"
    TRIGGER = "trigger"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    RECALCULATE = "recalculate"


class RunState(StrEnum):
    """How far a run or a job is."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Run:
    """One batch.

    Attributes:
        run_id: Name: `daily-20261127-06` for what the clock starts (so that it exists once), a UUID
            for what a person asks for. It is the `task_id` of the API.
        kind: What it does.
        state: Completed when every job has ended, however; failed when the run itself could not go on.
        report_date: Midnight UTC of the day it is about.
        requested_by: User id of the person; `scheduler` for the clock.
        created_at: Moment it was asked for, UTC.
        finished_at: Moment it ended, UTC.
        error_message: Why the run itself failed.
    """

    run_id: str
    kind: RunKind
    state: RunState
    report_date: datetime
    requested_by: str
    created_at: datetime
    finished_at: datetime | None = None
    error_message: str | None = None


@dataclass(frozen=True, slots=True)
class ReportJob:
    """One report to be made; there is one per user, node and day, however often it is asked for.

    Attributes:
        user_id: Whose report.
        tenant_id: Whose data.
        node_pubkey: The node.
        report_date: Midnight UTC of the day.
        run_id: The run that asked for it last.
        state: How far it is.
        attempts: How often it was begun since it was asked for.
        owner: Who works on it; None when nobody does.
        lease_until: Until when the owner may be believed to be alive, UTC.
        updated_at: Moment of the last change, UTC.
        reason: Why the last attempt failed: the error's code, a colon, its line.
        report_id: The report it became.
    """

    user_id: str
    tenant_id: str
    node_pubkey: NodeId
    report_date: datetime
    run_id: str
    state: RunState = RunState.PENDING
    attempts: int = 0
    owner: str | None = None
    lease_until: datetime | None = None
    updated_at: datetime | None = None
    reason: str | None = None
    report_id: str | None = None


@dataclass(frozen=True, slots=True)
class JobCounts:
    """Jobs by state.

    Attributes:
        pending: Nobody works on them.
        processing: Somebody does.
        completed: Their report is stored.
        failed: Given up, with a reason.
    """

    pending: int = 0
    processing: int = 0
    completed: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.pending + self.processing + self.completed + self.failed
