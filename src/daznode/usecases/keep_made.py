"""Keep reports that were made: store them in groups, follow their alerts, end their jobs, tell."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from daznode.domain.report import DailyReport
from daznode.domain.runs import ReportJob, RunState
from daznode.ports.cache import Cache
from daznode.ports.clock import Clock
from daznode.ports.journal import Journal
from daznode.ports.metrics import Metrics
from daznode.ports.runs import RunStore
from daznode.ports.store import ReportStore
from daznode.usecases.track_alerts import TrackAlerts

LATEST_KEY: Final = "report:latest:{user_id}"
"""Where the cache keeps the answer with a user's newest report."""


@dataclass(frozen=True, slots=True)
class Made:
    """A report on its way to the store.

    Attributes:
        job: Its job.
        report: The report.
        seconds: What making it took.
    """

    job: ReportJob
    report: DailyReport
    seconds: float


Fail = Callable[[ReportJob, str, BaseException], Awaitable[None]]
"""Told of a job, the id of its report and the error."""


@dataclass(frozen=True, slots=True)
class KeepMade:
    """The trip from made reports to stored ones, and to all that follow from one."""

    clock: Clock
    reports: ReportStore
    runs: RunStore
    alerts: TrackAlerts
    cache: Cache
    journal: Journal
    metrics: Metrics

    async def run(self, group: Sequence[Made], fail: Fail) -> int:
        """Store a group; of a group that cannot be stored as a whole each report is tried alone.

        Args:
            group: At least one.
            fail: What to do with a report that cannot be stored.

        Returns:
            How many were stored, and their jobs ended.

        Raises:
            StoreUnavailable: It cannot be written down that a job has ended.
        """
        begun = asyncio.get_running_loop().time()
        (stored,) = await asyncio.gather(
            self.reports.put_reports([one.report for one in group]), return_exceptions=True
        )
        if isinstance(stored, BaseException):
            if len(group) == 1:
                await fail(group[0].job, group[0].report.report_id, stored)
                return 0
            half = len(group) // 2
            return await self.run(group[:half], fail) + await self.run(group[half:], fail)
        share_seconds = (asyncio.get_running_loop().time() - begun) / len(group)
        await self.alerts.run(stored)
        await self.cache.forget(*(LATEST_KEY.format(user_id=one.user_id) for one in stored))
        for made, report in zip(group, stored, strict=True):
            await self._end(made.job, report, made.seconds + share_seconds)
        return len(group)

    async def _end(self, job: ReportJob, report: DailyReport, seconds: float) -> None:
        is_ours = await self.runs.end_job(
            job, RunState.COMPLETED, self.clock.now(), report_id=report.report_id
        )
        if not is_ours:
            self.journal.warning(
                "Report was made twice, its lease having run out",
                report_id=report.report_id,
                user_id=job.user_id,
            )
            return
        self.metrics.report_generated(seconds)
        self.journal.info(
            f"Report {report.report_id} generated successfully",
            generation_duration=round(seconds, 3),
            report_id=report.report_id,
            user_id=job.user_id,
            tenant_id=job.tenant_id,
            run_id=job.run_id,
        )
