"""Diagnose: look at every part of an installation, and say what is wrong and how to mend it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

from daznode.domain.errors import (
    BackendError,
    DataUnavailable,
    DaznodeError,
    RunNotFound,
    StorageError,
)
from daznode.domain.health import Diagnosis, ServiceHealth, right, warning, wrong
from daznode.domain.runs import JobCounts, RunState
from daznode.domain.schedule import Slot, due_slots
from daznode.ports.accounts import ProfileStore
from daznode.ports.clock import Clock
from daznode.ports.health import Diagnosed, Examiner, Probe
from daznode.ports.runs import RunStore
from daznode.ports.store import SnapshotStore

_PATIENCE_SECONDS: Final = 120.0
"""For the check of a database of gigabytes; servers that hang are given up sooner by who asks them."""

_FRESH: Final = timedelta(hours=36)
"""A dump a day, and half a day's delay."""

_CLOCK_TOLERANCE: Final = timedelta(minutes=5)
_RUN_TAKES: Final = timedelta(minutes=30)
_SHOWN_REASONS: Final = 3
_EARLIEST: Final = datetime(2025, 1, 1, tzinfo=UTC)
"""Before this was written: no clock that is right shows an earlier moment."""

_IMPORT: Final = "lncli describegraph | daznode network import -"

REMEDIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "database": "check MONGODB_URI and that the server runs; without it SQLite is used",
        "redis": "check REDIS_URL and that the server runs; without it everything stays in the process",
        "qdrant": "check QDRANT_URL and QDRANT_API_KEY, and that the server runs",
    }
)
"""What to do about a part that a probe finds unhealthy, by the name that the probe gives it."""


@dataclass(frozen=True, slots=True)
class Diagnose:
    """The trip through all examiners."""

    examiners: Sequence[Examiner]

    async def run(self) -> tuple[Diagnosis, ...]:
        """What every examiner finds, in their order; one that fails or hangs is a detail too."""
        found = await asyncio.gather(*(_patiently(one) for one in self.examiners))
        return tuple(diagnosis for several in found for diagnosis in several)


async def _patiently(examiner: Examiner) -> tuple[Diagnosis, ...]:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await examiner.diagnose()
    except DaznodeError as exc:
        return (wrong(examiner.name, str(exc), "see docs/errors.md: " + exc.code, exc.exit_code),)
    except TimeoutError:
        detail = f"no answer within {_PATIENCE_SECONDS:.0f} seconds"
        mend = REMEDIES.get(examiner.name, "look at what it waits for")
        return (wrong(examiner.name, detail, mend, BackendError.exit_code),)


@dataclass(frozen=True, slots=True)
class Known:
    """What needs no looking at.

    Attributes:
        diagnosis: What is known of it.
    """

    diagnosis: Diagnosis

    @property
    def name(self) -> str:
        """What it is about."""
        return self.diagnosis.name

    async def diagnose(self) -> tuple[Diagnosis, ...]:
        """What is known."""
        return (self.diagnosis,)


@dataclass(frozen=True, slots=True)
class OverDatabase:
    """Looks at something through the database, which has an examiner of its own.

    Attributes:
        inner: Looks at it.
    """

    inner: Examiner

    @property
    def name(self) -> str:
        """What it looks at."""
        return self.inner.name

    async def diagnose(self) -> tuple[Diagnosis, ...]:
        """What is found; that the database cannot be asked is said once, not for each part."""
        try:
            return await self.inner.diagnose()
        except StorageError:
            detail = "not looked at: the database cannot be asked"
            return (warning(self.name, detail, "mend the database first"),)


@dataclass(frozen=True, slots=True)
class ProbeExaminer:
    """Asks a probe: of a server, a source, a node.

    Attributes:
        name: What it looks at.
        probe: Asks it.
        mend: What to do when it is not healthy.
        exit_code: Of the error it is then.
    """

    name: str
    probe: Probe
    mend: str
    exit_code: int = BackendError.exit_code

    async def diagnose(self) -> tuple[Diagnosis, ...]:
        """What the probe says."""
        health = await self.probe.check()
        took = "" if health.latency_seconds is None else f" ({health.latency_seconds * 1e3:.0f} ms)"
        detail = health.last_error or health.detail or str(health.state)
        if health.state is ServiceHealth.HEALTHY:
            return (right(self.name, f"{health.detail or 'answers'}{took}"),)
        if health.state is ServiceHealth.DEGRADED:
            return (warning(self.name, detail, self.mend),)
        return (wrong(self.name, detail, self.mend, self.exit_code),)


@dataclass(frozen=True, slots=True)
class CloseLook:
    """Has a part look at itself.

    Attributes:
        name: Of the part.
        part: Looks at itself.
        exit_code: Of the error it is when something is unhealthy.
    """

    name: str
    part: Diagnosed
    exit_code: int

    async def diagnose(self) -> tuple[Diagnosis, ...]:
        """What the part finds, each under the part's name."""
        return tuple(
            replace(
                one,
                name=self.name if one.name == self.name else f"{self.name}: {one.name}",
                exit_code=self.exit_code if one.state is ServiceHealth.UNHEALTHY else 0,
            )
            for one in await self.part.diagnose()
        )


@dataclass(frozen=True, slots=True)
class SnapshotExaminer:
    """Looks whether there is a network snapshot, and how old it is."""

    snapshots: SnapshotStore
    clock: Clock
    name: str = "network snapshot"

    async def diagnose(self) -> tuple[Diagnosis, ...]:
        """Its age."""
        summaries = await self.snapshots.summaries()
        if not summaries:
            detail = "none is imported: without one there are no scores and no reports"
            return (wrong(self.name, detail, _IMPORT, DataUnavailable.exit_code),)
        newest = summaries[-1]
        age = self.clock.now() - newest.origin.observed_at
        detail = (
            f"{newest.origin.snapshot_id}: {newest.n_nodes:,} nodes, {newest.n_channels:,} channels, "
            f"{age / timedelta(hours=1):,.0f} hours old"
        )
        if age > _FRESH:
            return (warning(self.name, detail, f"import one a day: {_IMPORT}"),)
        return (right(self.name, detail),)


@dataclass(frozen=True, slots=True)
class ClockExaminer:
    """Looks whether the machine's clock can be right.

    Attributes:
        clock: The machine's.
        snapshots: Stored before the present.
        runs: The same; None while there is no database.
    """

    clock: Clock
    snapshots: SnapshotStore
    runs: RunStore | None
    name: str = "clock"

    async def diagnose(self) -> tuple[Diagnosis, ...]:
        """The present against what was stored before it."""
        now = self.clock.now()
        shown = f"{now:%Y-%m-%d %H:%M:%S} UTC"
        mend = "set the clock, and keep it set (timedatectl set-ntp true)"
        latest = [
            _EARLIEST,
            *(one.origin.imported_at for one in await self.snapshots.summaries()),
        ]
        completed_at = await self.runs.last_completed_at() if self.runs else None
        if completed_at is not None:
            latest.append(completed_at)
        if max(latest) > now + _CLOCK_TOLERANCE:
            detail = f"{shown} is before what was stored at {max(latest):%Y-%m-%d %H:%M:%S} UTC"
            return (wrong(self.name, detail, mend, DataUnavailable.exit_code),)
        return (right(self.name, shown),)


@dataclass(frozen=True, slots=True)
class SchedulerExaminer:
    """Looks whether the daily run took place.

    Attributes:
        runs: Runs and their jobs.
        profiles: Who wants a report.
        clock: The present.
        hour: UTC hour of the daily job.
        minute: Its minute.
        is_enabled: Whether it is started by the clock at all.
    """

    runs: RunStore
    profiles: ProfileStore
    clock: Clock
    hour: int
    minute: int
    is_enabled: bool
    name: str = "scheduler"

    async def diagnose(self) -> tuple[Diagnosis, ...]:
        """The last run that was due, and what became of its reports."""
        at = daily_at(self.hour, self.minute)
        users = await self.profiles.count_enabled()
        if not self.is_enabled:
            mend = "set DAILY_REPORTS_SCHEDULER_ENABLED=true and start the service again"
            return (warning(self.name, "disabled: reports are made only when triggered", mend),)
        if users == 0:
            return (right(self.name, f"{at}; nobody has the daily report enabled"),)
        now = self.clock.now()
        slot = due_slots([self.hour], self.minute, now)[0]
        return await self._last_run(slot, now, f"{at}; {users:,} users")

    async def _last_run(self, slot: Slot, now: datetime, said: str) -> tuple[Diagnosis, ...]:
        mend = "is `daznode serve` running? it makes up for a missed run at its start"
        try:
            run = await self.runs.run(slot.run_id)
        except RunNotFound:
            detail = f"{said}; run {slot.run_id} never began"
            if now - slot.at <= _RUN_TAKES:
                return (warning(self.name, detail, mend),)
            return (wrong(self.name, detail, mend, DataUnavailable.exit_code),)
        counts = await self.runs.counts(run.run_id)
        said = f"{said}; run {run.run_id} {run.state}: {_in_words(counts)}"
        if run.state is RunState.FAILED:
            return (wrong(self.name, f"{said}; {run.error_message}", mend, 1),)
        if counts.failed:
            failed = await self.runs.jobs_of_run(run.run_id, RunState.FAILED, _SHOWN_REASONS)
            reasons = "; ".join(sorted({one.reason or "no reason" for one in failed}))
            return (
                warning(
                    self.name,
                    f"{said} ({reasons})",
                    "mend what the reasons name, then trigger the users' reports again",
                ),
            )
        return (right(self.name, said),)


def daily_at(hour: int, minute: int) -> str:
    """When the daily job runs, in words."""
    return f"daily at {hour:02d}:{minute:02d} UTC"


def _in_words(counts: JobCounts) -> str:
    return f"{counts.completed:,} of {counts.total:,} reports made, {counts.failed:,} given up"
