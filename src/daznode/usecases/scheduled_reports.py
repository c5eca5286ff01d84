"""Scheduled reports: start each due run once, whoever else tries, and drop what is too old."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from daznode.domain.accounts import UserProfile
from daznode.domain.errors import StoreUnavailable
from daznode.domain.runs import SCHEDULER, Run, RunKind, RunState
from daznode.domain.schedule import Slot, due_slots, hour_of, midnight
from daznode.ports.accounts import ProfileStore
from daznode.ports.alerts import AlertStore
from daznode.ports.clock import Clock
from daznode.ports.coordination import Leases
from daznode.ports.journal import Journal
from daznode.ports.metrics import Metrics
from daznode.ports.runs import RunStore
from daznode.ports.store import ReportStore
from daznode.usecases.daily_report import KEPT
from daznode.usecases.report_batches import ReportBatches

LEASE: Final = "scheduler"
LEASE_SECONDS: Final = 6.0


@dataclass(slots=True)
class ScheduledReports:
    """The trips that the clock begins.

    One process leads, by a lease, to save the others work. That a run exists once is the database's
    doing: its name is unique. So a process that cannot ask who leads goes on.

    Args:
        batches: Starts daily runs.
        hour: Hour of the service's daily job, UTC.
        minute: Minute of every slot.
        owner: Unique per process and start.
        lease_seconds: A leader that died is followed within this and one pulse.
    """

    clock: Clock
    profiles: ProfileStore
    runs: RunStore
    reports: ReportStore
    alerts: AlertStore
    batches: ReportBatches
    leases: Leases
    journal: Journal
    metrics: Metrics
    hour: int
    minute: int
    owner: str
    lease_seconds: float = LEASE_SECONDS
    _known: set[str] = field(default_factory=set)

    async def lead(self) -> bool:
        """Take or keep the lead; whether the clock is now this process's to follow."""
        try:
            return await self.leases.acquire(LEASE, self.owner, self.lease_seconds)
        except StoreUnavailable as error:
            self.journal.warning(f"Could not ask who leads: {error}")
            return True

    async def resign(self) -> None:
        """Leave the lead to another process."""
        await self.leases.release(LEASE, self.owner)

    async def run_due(self) -> tuple[str, ...]:
        """Start what is due and was not started, of the last 24 hours.

        Returns:
            Names of the runs that this call started.

        Raises:
            StoreUnavailable: The database went away; what is due is started by a later call.
        """
        now = self.clock.now()
        profiles = await self.profiles.enabled_profiles()
        hours = {self.hour} | {hour_of(one, self.hour) for one in profiles}
        started = [
            slot.run_id
            for slot in due_slots(hours, self.minute, now)
            if slot.run_id not in self._known and await self._start(slot, profiles)
        ]
        # An hour that somebody chooses later today is not made up for: it begins tomorrow.
        self._known = {slot.run_id for slot in due_slots(range(24), self.minute, now)}
        self.metrics.users_enabled(len(profiles))
        return tuple(started)

    async def purge(self) -> None:
        """Drop reports, runs and resolved alerts that are older than 90 days.

        Raises:
            StoreUnavailable: They cannot be deleted.
        """
        before = midnight(self.clock.now() - KEPT)
        n_reports = await self.reports.purge(before)
        n_jobs = await self.runs.purge_runs(before)
        n_alerts = await self.alerts.purge_alerts(before)
        self.journal.info(
            "Old reports purged", reports=n_reports, jobs=n_jobs, alerts=n_alerts, before=before
        )

    async def count_alerts(self) -> None:
        """Tell the metrics how many alerts are open.

        Raises:
            StoreUnavailable: The database went away.
        """
        self.metrics.alerts_open(await self.alerts.count_open())

    async def _start(self, slot: Slot, profiles: Sequence[UserProfile]) -> bool:
        due = [one for one in profiles if hour_of(one, self.hour) == slot.at.hour]
        if not due and slot.at.hour != self.hour:
            return False
        if slot.kind is RunKind.DAILY:
            is_new = await self.batches.start_slot(slot, due, SCHEDULER)
        else:
            is_new = await self.runs.add_run(self._digest_run(slot))
        if is_new:
            self.journal.info(
                f"Starting scheduled {slot.kind} reports generation",
                run_id=slot.run_id,
                users=len(due),
                due_at=slot.at.isoformat(),
            )
        return is_new

    def _digest_run(self, slot: Slot) -> Run:
        return Run(
            run_id=slot.run_id,
            kind=slot.kind,
            state=RunState.PENDING,
            report_date=slot.report_date,
            requested_by=SCHEDULER,
            created_at=self.clock.now(),
        )
