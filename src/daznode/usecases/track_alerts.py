"""Track alerts: what each stored report opens and resolves, kept, and told to whoever listens."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from daznode.domain.errors import DaznodeError
from daznode.domain.ids import NodeId
from daznode.domain.report import DailyReport
from daznode.domain.retries import failure_of
from daznode.monitor.transitions import FLAPPING, Transitions, step
from daznode.ports.alerts import AlertFeed, AlertStore
from daznode.ports.clock import Clock
from daznode.ports.journal import Journal

MOST_RESOLVED: Final = 1_000
"""Resolved alerts that are looked at for ones that come back."""

OLDEST: Final = timedelta(days=2)
"""A report of an earlier day says nothing of what is wrong now."""


@dataclass(frozen=True, slots=True)
class TrackAlerts:
    """The trip from stored reports to alerts; it never fails the reports."""

    alerts: AlertStore
    feed: AlertFeed
    clock: Clock
    journal: Journal

    async def run(self, reports: Sequence[DailyReport]) -> None:
        """Compare each report with the alerts of its node, store what changes, and tell.

        Args:
            reports: As stored; of one user and node at the most one.
        """
        now = self.clock.now()
        current = [one for one in reports if now - one.report_date < OLDEST]
        steps = await asyncio.gather(
            *(self._step(report) for report in current), return_exceptions=True
        )
        done = [one for one in steps if isinstance(one, Transitions)]
        errors = [one for one in steps if isinstance(one, BaseException)]
        changed = [alert for one in done for alert in one.changed]
        if changed:
            (error,) = await asyncio.gather(self.alerts.put_alerts(changed), return_exceptions=True)
            if isinstance(error, BaseException):
                errors.append(error)
            else:
                await self.feed.publish([alert for one in done for alert in one.news])
        for error in errors[:1]:
            self.journal.error(
                f"Could not follow alerts: {failure_of(error).line}",
                reports=len(current),
                errors=len(errors),
                exc_info=None if isinstance(error, DaznodeError) else error,
            )

    async def _step(self, report: DailyReport) -> Transitions:
        node_id = NodeId(report.node_pubkey)
        open_now = await self.alerts.open_alerts(report.user_id, node_id)
        if not report.alerts:
            return step(report, open_now)
        lately = await self.alerts.alerts(
            report.user_id,
            since=report.report_date - FLAPPING,
            is_open=False,
            limit=MOST_RESOLVED,
        )
        return step(report, (*open_now, *(one for one in lately if one.node_pubkey == node_id)))
