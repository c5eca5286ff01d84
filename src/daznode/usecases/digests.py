"""Digests: the weeks and months of all users of a run, from their stored daily reports."""

import asyncio
from dataclasses import dataclass
from typing import Final

from daznode.domain.accounts import UserProfile
from daznode.domain.digest import Digest
from daznode.domain.errors import DaznodeError, RunNotFound, StoreUnavailable
from daznode.domain.node_view import DAY
from daznode.domain.retries import failure_of
from daznode.domain.runs import Run, RunKind, RunState
from daznode.domain.schedule import Slot, hour_of, slot_named
from daznode.ports.accounts import ProfileStore
from daznode.ports.clock import Clock, IdSource
from daznode.ports.compute import Compute
from daznode.ports.digests import DigestStore
from daznode.ports.journal import Journal
from daznode.ports.runs import RunStore
from daznode.ports.store import ReportStore
from daznode.report.digest import MONTH_DAYS, WEEK_DAYS, DigestHeading, build_digest

PERIOD_DAYS: Final = {RunKind.WEEKLY: WEEK_DAYS, RunKind.MONTHLY: MONTH_DAYS}
"""Days that each kind of run sums up."""


@dataclass(frozen=True, slots=True)
class MakeDigests:
    """The trip from stored reports to stored digests."""

    clock: Clock
    ids: IdSource
    profiles: ProfileStore
    reports: ReportStore
    digests: DigestStore
    runs: RunStore
    compute: Compute
    journal: Journal
    service_hour: int

    async def work(self, run: Run) -> bool:
        """Make the digests of a run and end it; doing it again replaces them.

        Args:
            run: A weekly or monthly run.

        Returns:
            Whether it was done; it is not before the daily reports of its hour are.

        Raises:
            StoreUnavailable: The database went away; the run is not ended.
        """
        slot = slot_named(run.run_id)
        if slot is not None and not await self._daily_has_ended(slot):
            return False
        profiles = [
            one
            for one in await self.profiles.enabled_profiles()
            if slot is None or hour_of(one, self.service_hour) == slot.at.hour
        ]
        n_made = n_failed = 0
        for profile in profiles:
            (made,) = await asyncio.gather(self._make(run, profile), return_exceptions=True)
            if isinstance(made, StoreUnavailable):
                raise made
            if isinstance(made, BaseException):
                n_failed += 1
                self._tell_failure(run, profile, made)
            elif made is not None:
                n_made += 1
        state = RunState.FAILED if n_failed and not n_made else RunState.COMPLETED
        error_message = f"{n_failed} of {len(profiles)} digests failed" if n_failed else None
        await self.runs.end_run(run.run_id, state, self.clock.now(), error_message)
        self.journal.info(
            f"{run.kind.capitalize()} digests finished",
            run_id=run.run_id,
            completed=n_made,
            failed=n_failed,
        )
        return True

    async def _daily_has_ended(self, slot: Slot) -> bool:
        try:
            daily = await self.runs.run(Slot(RunKind.DAILY, slot.at).run_id)
        except RunNotFound:
            return True
        return daily.finished_at is not None

    async def _make(self, run: Run, profile: UserProfile) -> Digest | None:
        """Make one digest; None for a user without a report in the period."""
        if profile.lightning_pubkey is None:
            return None
        heading = DigestHeading(
            digest_id=self.ids.new_id(),
            period_days=PERIOD_DAYS[run.kind],
            last_date=run.report_date,
            generated_at=self.clock.now(),
            language=profile.language,
        )
        reports = await self.reports.reports(
            profile.user_id,
            profile.lightning_pubkey,
            heading.first_date,
            heading.last_date + DAY,
        )
        if not reports:
            return None
        digest = await self.compute.run(lambda _: build_digest(heading, reports))
        return await self.digests.put_digest(digest)

    def _tell_failure(self, run: Run, profile: UserProfile, error: BaseException) -> None:
        failure = failure_of(error)
        self.journal.error(
            f"Error generating {run.kind} digest: {failure.line}",
            code=failure.code,
            user_id=profile.user_id,
            tenant_id=profile.tenant_id,
            run_id=run.run_id,
            exc_info=None if isinstance(error, DaznodeError) else error,
        )
