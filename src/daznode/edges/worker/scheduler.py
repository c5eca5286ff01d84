"""The clock of the service: wakes the scheduled trips, in one process of many, whatever the clock does."""

import asyncio
from collections.abc import Callable
from datetime import UTC
from typing import Any, Final

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from daznode.domain.retries import failure_of
from daznode.usecases.scheduled_reports import ScheduledReports

PULSE_SECONDS: Final = 2.0
"""How often the lead is renewed or asked for, and the clock looked at."""

JUMP_SECONDS: Final = 30.0
"""A clock that is this far from where it should be was set, or the machine slept."""

ALERTS_EVERY_SECONDS: Final = 60

PURGE_AFTER_HOURS: Final = 1
"""Old reports are dropped an hour after the daily job begins, when it no longer needs the disk."""

JOB_DEFAULTS: Final[dict[str, Any]] = {
    # APScheduler drops a job that is more than a second late unless told otherwise.
    "misfire_grace_time": None,
    "coalesce": True,
    "max_instances": 1,
}


class ReportScheduler:
    """Runs the scheduled trips at their time while this process leads.

    APScheduler knows the times. A pulse beside it, which counts seconds and not the clock, keeps
    the lead, tries again what failed, and tells APScheduler when the clock was set.

    Args:
        scheduled: The trips.
        is_enabled: `DAILY_REPORTS_SCHEDULER_ENABLED`.
        wake: Told that runs were started.
        pulse_seconds: Between two pulses.
    """

    def __init__(
        self,
        scheduled: ScheduledReports,
        *,
        is_enabled: bool,
        wake: Callable[[], None],
        pulse_seconds: float = PULSE_SECONDS,
    ) -> None:
        """Start nothing yet."""
        self._scheduled = scheduled
        self._is_enabled = is_enabled
        self._wake = wake
        self._pulse_seconds = pulse_seconds
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=JOB_DEFAULTS)
        self._task: asyncio.Task[None] | None = None
        self._is_due = False
        self._is_purge_due = False
        self.is_leading = False

    @property
    def is_running(self) -> bool:
        """Whether it was started, and its pulse goes on."""
        return self._task is not None and not self._task.done()

    async def start(self) -> None:
        """Begin, if it is enabled."""
        scheduled = self._scheduled
        if not self._is_enabled:
            scheduled.journal.info("Daily report scheduler is disabled")
            return
        self._scheduler.start(paused=True)
        self._set_times()
        self._task = asyncio.create_task(self._pulse_on())
        at = f"{scheduled.hour:02d}:{scheduled.minute:02d}"
        scheduled.journal.info(f"Daily report scheduler started - will run daily at {at} UTC")

    async def stop(self) -> None:
        """End, and leave the lead to another process."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None
        self._scheduler.shutdown(wait=False)
        if self.is_leading:
            self.is_leading = False
            await self._scheduled.resign()

    def _set_times(self) -> None:
        """Give every job its next time from the present on."""
        hour, minute = self._scheduled.hour, self._scheduled.minute
        jobs: dict[str, tuple[Callable[[], Any], Any]] = {
            # Every hour: users may have one of their own.
            "daily-reports": (self._note_due, CronTrigger(minute=minute, timezone=UTC)),
            "purge": (
                self._note_purge_due,
                CronTrigger(hour=(hour + PURGE_AFTER_HOURS) % 24, minute=minute, timezone=UTC),
            ),
            "count-alerts": (
                self._count_alerts,
                IntervalTrigger(seconds=ALERTS_EVERY_SECONDS, timezone=UTC),
            ),
        }
        for name, (work, trigger) in jobs.items():
            self._scheduler.add_job(work, trigger, id=name, name=name, replace_existing=True)

    async def _note_due(self) -> None:
        self._is_due = True
        await self._run_due()

    async def _note_purge_due(self) -> None:
        self._is_purge_due = True
        await self._purge()

    async def _purge(self) -> None:
        if self._is_purge_due and await self._attempt("purge", self._scheduled.purge):
            self._is_purge_due = False

    async def _count_alerts(self) -> None:
        await self._attempt("count alerts", self._scheduled.count_alerts)

    async def _run_due(self) -> None:
        if self._is_due and await self._attempt("start reports", self._start_due):
            self._is_due = False

    async def _start_due(self) -> None:
        if await self._scheduled.run_due():
            self._wake()

    async def _pulse_on(self) -> None:
        loop = asyncio.get_running_loop()
        offset_seconds = self._clock_seconds() - loop.time()
        while True:
            now_seconds = self._clock_seconds() - loop.time()
            if abs(now_seconds - offset_seconds) > JUMP_SECONDS:
                self._scheduled.journal.warning(
                    "The clock was set, or the machine slept; times are computed anew",
                    by_seconds=round(now_seconds - offset_seconds, 1),
                )
                self._set_times()
                self._is_due = self.is_leading
            offset_seconds = now_seconds
            await self._attempt("ask who leads", self._follow_lead)
            await self._run_due()
            await self._purge()
            await asyncio.sleep(self._pulse_seconds)

    def _clock_seconds(self) -> float:
        return self._scheduled.clock.now().timestamp()

    async def _follow_lead(self) -> None:
        leads = await self._scheduled.lead()
        if leads and not self.is_leading:
            self._scheduler.resume()
            # A service that runs by day only never sees the hour of the purge.
            self._is_due = self._is_purge_due = True
        elif self.is_leading and not leads:
            self._scheduler.pause()
            self._is_due = self._is_purge_due = False
        self.is_leading = leads

    async def _attempt(self, what: str, work: Callable[[], Any]) -> bool:
        """Try something; the clock goes on whatever it raises."""
        try:
            await work()
        except Exception as error:
            self._scheduled.journal.error(
                f"Daily report scheduler could not {what}: {failure_of(error).line}",
                exc_info=error,
            )
            return False
        return True
