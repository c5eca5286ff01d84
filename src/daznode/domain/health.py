"""Health: what each part that the service leans on is like, and what that makes of the whole."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ServiceHealth(StrEnum):
    """The service as a whole, or one part of it."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True)
class DependencyHealth:
    """One part: the database, the cache, a source, the scheduler.

    Attributes:
        name: Stable word: `database`, `cache`, `qdrant`, `scheduler`, `snapshot`, ...
        state: Healthy, degraded, or unhealthy.
        is_required: Whether requests cannot be answered without it.
        latency_seconds: What asking it took; None if it was not asked.
        detail: One line: what it is (`sqlite`, `redis 7.0.15`), or what to know.
        last_error: The last thing it refused, in one line; None if it never did.
        last_error_at: When, UTC.
    """

    name: str
    state: ServiceHealth
    is_required: bool
    latency_seconds: float | None = None
    detail: str = ""
    last_error: str | None = None
    last_error_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at, for whoever mends it.

    Attributes:
        name: What was looked at, in a few words: `schema`, `indexes`, `disk space`, ...
        state: Healthy, degraded (works, but look at it), or unhealthy.
        detail: What was found, one line.
        mend: What to do about it; empty where nothing is to be done.
        exit_code: Of the error that it ends with; 0 unless unhealthy.
    """

    name: str
    state: ServiceHealth
    detail: str
    mend: str = ""
    exit_code: int = 0


def right(name: str, detail: str) -> Diagnosis:
    """Something with which all is well."""
    return Diagnosis(name, ServiceHealth.HEALTHY, detail)


def warning(name: str, detail: str, mend: str) -> Diagnosis:
    """Something that works, but not for long or not as meant."""
    return Diagnosis(name, ServiceHealth.DEGRADED, detail, mend)


def wrong(name: str, detail: str, mend: str, exit_code: int) -> Diagnosis:
    """Something that does not work."""
    return Diagnosis(name, ServiceHealth.UNHEALTHY, detail, mend, exit_code)


def worst_exit_code(diagnoses: Iterable[Diagnosis]) -> int:
    """The highest exit code of what is wrong; 0 when nothing is."""
    return max((one.exit_code for one in diagnoses), default=0)


def overall(parts: tuple[DependencyHealth, ...]) -> ServiceHealth:
    """Unhealthy when a required part is; degraded when any part is not healthy; else healthy."""
    if any(one.is_required and one.state is ServiceHealth.UNHEALTHY for one in parts):
        return ServiceHealth.UNHEALTHY
    if any(one.state is not ServiceHealth.HEALTHY for one in parts):
        return ServiceHealth.DEGRADED
    return ServiceHealth.HEALTHY
