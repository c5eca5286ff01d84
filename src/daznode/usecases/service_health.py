"""How the service is: every part asked at once, within a time limit, and not too often."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from daznode.domain.health import DependencyHealth, ServiceHealth, overall
from daznode.ports.clock import Clock
from daznode.ports.health import Probe

DEADLINE_SECONDS: Final = 2.0
"""A part that has not answered by then counts as down."""

KEPT_SECONDS: Final = 1.5
"""Whoever asks sooner gets the same answer: health checks must not load what they check."""


@dataclass(frozen=True, slots=True)
class HealthReport:
    """The service and its parts.

    Attributes:
        status: Unhealthy when a required part is; degraded when any part is not healthy.
        checked_at: Moment the parts were asked, UTC.
        version: Of the program.
        dependencies: The parts.
    """

    status: ServiceHealth
    checked_at: datetime
    version: str
    dependencies: tuple[DependencyHealth, ...]


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether requests should be sent here.

    Attributes:
        status: `ready` or `not-ready`.
        reasons: What is missing for that, one line each; when ready: what is missing for part of
            the answers, such as a network snapshot.
    """

    status: str
    reasons: tuple[str, ...]


class CheckHealth:
    """Asks the parts of the service how they are.

    Args:
        probes: One per part, by its name.
        clock: Time.
        version: Of the program.
    """

    def __init__(self, probes: Sequence[tuple[str, Probe]], clock: Clock, version: str) -> None:
        """Ask nobody yet."""
        self._probes = tuple(probes)
        self._clock = clock
        self._version = version
        self._last: tuple[float, HealthReport] | None = None
        self._asking = asyncio.Lock()
        self._errors: dict[str, tuple[str, datetime]] = {}
        self.is_stopping = False
        self.is_started = False

    async def detailed(self) -> HealthReport:
        """Every part with its state, and what that makes of the whole."""
        async with self._asking:
            now_seconds = asyncio.get_running_loop().time()
            if self._last is None or now_seconds - self._last[0] > KEPT_SECONDS:
                parts = await asyncio.gather(*(self._ask(*one) for one in self._probes))
                report = HealthReport(
                    overall(tuple(parts)), self._clock.now(), self._version, tuple(parts)
                )
                self._last = (asyncio.get_running_loop().time(), report)
            return self._last[1]

    async def readiness(self) -> Readiness:
        """Whether requests should be sent here: started, not stopping, no required part down."""
        if self.is_stopping:
            return Readiness("not-ready", ("the service is stopping",))
        if not self.is_started:
            return Readiness("not-ready", ("the service is starting",))
        report = await self.detailed()
        down = [
            _line(part)
            for part in report.dependencies
            if part.is_required and part.state is ServiceHealth.UNHEALTHY
        ]
        if down:
            return Readiness("not-ready", tuple(down))
        lacking = [
            _line(part) for part in report.dependencies if part.state is not ServiceHealth.HEALTHY
        ]
        return Readiness("ready", tuple(lacking))

    async def _ask(self, name: str, probe: Probe) -> DependencyHealth:
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                part = await probe.check()
        except TimeoutError:
            part = DependencyHealth(
                name=name,
                state=ServiceHealth.UNHEALTHY,
                is_required=_is_required(self._last, name),
                latency_seconds=DEADLINE_SECONDS,
                last_error=f"no answer within {DEADLINE_SECONDS:g} s",
                last_error_at=self._clock.now(),
            )
        if part.last_error is not None:
            self._errors[name] = (part.last_error, part.last_error_at or self._clock.now())
        if part.last_error is None and name in self._errors:
            line, at = self._errors[name]
            part = replace(part, last_error=line, last_error_at=at)
        return part


def _is_required(last: tuple[float, HealthReport] | None, name: str) -> bool:
    """As it last said of itself; a part that never answered is taken to be required."""
    parts = () if last is None else last[1].dependencies
    return next((part.is_required for part in parts if part.name == name), True)


def _line(part: DependencyHealth) -> str:
    said = part.detail
    if part.state is ServiceHealth.UNHEALTHY and part.last_error is not None:
        said = part.last_error
    return f"{part.name}: {said or part.state}"
