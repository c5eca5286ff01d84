"""Where a figure comes from, how old it is, and whether it is real."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SourceStatus(StrEnum):
    """How a source stands for one report."""

    OK = "ok"
    STALE = "stale"
    UNAVAILABLE = "unavailable"


class Reality(StrEnum):
    """Whether figures describe the real network or a made one; made ones never reach a decision."""

    REAL = "real"
    GENERATED = "generated"
    SIMULATED = "simulated"


@dataclass(frozen=True, slots=True)
class SourceReport:
    """One source as a report saw it.

    Attributes:
        name: Stable name: `network_snapshot`, `network_history`, `node`, `report_history`.
        status: Whether it could be used.
        reality: Real, generated or simulated figures.
        detail: What exactly was read (file, backend), for people.
        observed_at: Moment the figures describe, UTC; None if unavailable.
        age_seconds: Age of the figures at the end of the report's day; None if unavailable.
        error: Why it is stale or unavailable; None if ok.
        missing: Report fields that are null because of this source.
    """

    name: str
    status: SourceStatus
    reality: Reality
    detail: str
    observed_at: datetime | None
    age_seconds: int | None
    error: str | None
    missing: tuple[str, ...] = ()
