"""Make the report of one job: look up whose it is, read the sources, build, within its time."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from daznode.domain.accounts import UserProfile
from daznode.domain.errors import InvariantBroken, NodeKeyMissing, ProfileNotFound, ReportTimeout
from daznode.domain.report import DailyReport
from daznode.domain.runs import ReportJob
from daznode.ports.accounts import ProfileStore
from daznode.ports.journal import Journal
from daznode.usecases.daily_report import DailyReportTrip, ReportRequest
from daznode.usecases.open_week import NetworkWeek

MOST_BEGUN_PER_ATTEMPT: Final = 10
"""A job that was begun ten times as often as it may fail and never ended takes its process down
with it; being killed for another reason that often is unlikely."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What the jobs of a group share.

    Attributes:
        now: The present, UTC.
        week: The networks of their day, or why they cannot be opened.
    """

    now: datetime
    week: NetworkWeek | BaseException


@dataclass(frozen=True, slots=True)
class MakeJob:
    """The trip from a job to a report that is not yet stored.

    Args:
        trip: Makes the report.
        profiles: Whose it is.
        journal: Told of sources that are missing.
        timeout_seconds: For one report, once it has begun.
        max_attempts: How often a report may fail.
        places: As many as reports may be made at once in this process, over all its runs.
    """

    trip: DailyReportTrip
    profiles: ProfileStore
    journal: Journal
    timeout_seconds: float
    max_attempts: int
    places: asyncio.Semaphore

    async def open_bench(self, report_date: datetime) -> Bench:
        """Open what the jobs of a day share; what that raises is kept for each of them."""
        now = self.trip.clock.now()
        (week,) = await asyncio.gather(
            self.trip.open_week(report_date.date(), now), return_exceptions=True
        )
        if isinstance(week, NetworkWeek):
            for error in week.errors:
                self.journal.warning(f"Could not fetch network snapshot data: {error}")
        return Bench(now, week)

    async def run(self, job: ReportJob, bench: Bench, report_id: str) -> DailyReport:
        """Make one report.

        Args:
            job: Which.
            bench: What the jobs of its group share.
            report_id: UUID for it, if it is the first of its user, node and day.

        Raises:
            ReportTimeout: It took too long.
            ProfileNotFound: The user has none.
            NodeKeyMissing: The user holds no node, or no longer that one.
        """
        if job.attempts > MOST_BEGUN_PER_ATTEMPT * self.max_attempts:
            message = f"begun {job.attempts - 1} times, and never ended"
            raise InvariantBroken(message)
        if isinstance(bench.week, BaseException):
            raise bench.week
        profile = holder_of(job.user_id, await self.profiles.profile(job.user_id))
        if profile.lightning_pubkey != job.node_pubkey:
            message = f"user {job.user_id!r}: holds another node by now"
            raise NodeKeyMissing(message)
        request = ReportRequest(
            node_id=job.node_pubkey,
            language=profile.language,
            day=job.report_date.date(),
            user_id=job.user_id,
            tenant_id=profile.tenant_id,
            is_owner=profile.pubkey_proven_at is not None,
        )
        try:
            async with self.places, asyncio.timeout(self.timeout_seconds):
                made = await self.trip.make(request, bench.now, bench.week, report_id)
        except TimeoutError as error:
            message = f"not made within {self.timeout_seconds:g} s"
            raise ReportTimeout(message) from error
        if made.node_error is not None:
            self.journal.warning(
                f"Could not fetch node data: {made.node_error}",
                user_id=job.user_id,
                tenant_id=profile.tenant_id,
            )
        return replace(made.report, retry_count=job.attempts - 1)


def holder_of(user_id: str, profile: UserProfile | None) -> UserProfile:
    """The profile, if a report can be made for it.

    Raises:
        ProfileNotFound: There is none.
        NodeKeyMissing: It names no node.
    """
    if profile is None:
        message = f"user {user_id!r}: no profile; expected a user who has set one"
        raise ProfileNotFound(message)
    if profile.lightning_pubkey is None:
        message = f"user {user_id!r}: the profile names no node"
        raise NodeKeyMissing(message)
    return profile
