"""When reports are due: the hour of each user, the slots of a day, and their names; all in UTC."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

from daznode.domain.accounts import UserProfile
from daznode.domain.runs import RunKind

CAUGHT_UP: Final = timedelta(hours=24)
"""How far back a missed slot is made up for: of each user exactly the newest one, since a user has
one slot a day."""

_DAY: Final = timedelta(days=1)
_NAME: Final = "%Y%m%d-%H"
_SCHEDULED: Final = frozenset({RunKind.DAILY, RunKind.WEEKLY, RunKind.MONTHLY})
_MONDAY: Final = 0
_FIRST: Final = 1


@dataclass(frozen=True, slots=True)
class Slot:
    """A moment at which the clock starts a run.

    Attributes:
        kind: Daily, weekly or monthly.
        at: The moment, UTC; its minute is not part of the name.
    """

    kind: RunKind
    at: datetime

    @property
    def run_id(self) -> str:
        """Name of its run, the same in every process: `daily-20261127-06`."""
        return f"{self.kind}-{self.at:{_NAME}}"

    @property
    def report_date(self) -> datetime:
        """Midnight UTC of its day."""
        return midnight(self.at)


def midnight(moment: datetime) -> datetime:
    """Midnight of the day of a moment, both UTC."""
    return datetime.combine(moment.date(), time(), UTC)


def slot_named(run_id: str) -> Slot | None:
    """The slot whose run has that name; None if the clock did not start it."""
    kind, _, moment = run_id.partition("-")
    if kind not in _SCHEDULED:
        return None
    try:
        at = datetime.strptime(moment, _NAME).replace(tzinfo=UTC)
    except ValueError:
        return None
    return Slot(RunKind(kind), at)


def hour_of(profile: UserProfile, hour: int) -> int:
    """UTC hour of a user's report: the user's own, else the service's."""
    return hour if profile.report_hour is None else profile.report_hour


def cron_line(profile: UserProfile | None, hour: int, minute: int) -> str:
    """When a user's report is made, as five cron fields in UTC: `0 6 * * *`.

    Args:
        profile: The user's; None for the service's own schedule.
        hour: Hour of the service's daily job, 0 to 23.
        minute: Its minute, 0 to 59; it holds for users with an hour of their own too.
    """
    return f"{minute} {hour if profile is None else hour_of(profile, hour)} * * *"


def next_report_at(profile: UserProfile, hour: int, minute: int, now: datetime) -> datetime | None:
    """The next moment after the present at which the user's report is due.

    Args:
        profile: The user's.
        hour: Hour of the service's daily job, 0 to 23.
        minute: Its minute, 0 to 59.
        now: The present, UTC.

    Returns:
        The moment, UTC; None if the user has no daily report enabled, or no node.
    """
    if not profile.daily_report_enabled or profile.lightning_pubkey is None:
        return None
    today = datetime.combine(now.date(), time(hour_of(profile, hour), minute), UTC)
    return today if today > now else today + _DAY


def due_slots(hours: Iterable[int], minute: int, now: datetime) -> tuple[Slot, ...]:
    """Slots of the last 24 hours, the oldest first; of one moment daily, then weekly, then monthly.

    A weekly slot follows the daily one on Mondays, a monthly one on the first of a month.

    Args:
        hours: Hours at which somebody's report is due, 0 to 23.
        minute: Minute of every slot, 0 to 59.
        now: The present, UTC.

    Returns:
        All that are due by now, whether they have run or not: their names tell.
    """
    days = (now.date() - _DAY, now.date())
    moments = sorted(
        datetime.combine(day, time(hour, minute), UTC) for day in days for hour in set(hours)
    )
    return tuple(
        Slot(kind, at) for at in moments if now - CAUGHT_UP < at <= now for kind in _kinds_at(at)
    )


def _kinds_at(at: datetime) -> tuple[RunKind, ...]:
    kinds: tuple[RunKind, ...] = (RunKind.DAILY,)
    if at.weekday() == _MONDAY:
        kinds += (RunKind.WEEKLY,)
    if at.day == _FIRST:
        kinds += (RunKind.MONTHLY,)
    return kinds
