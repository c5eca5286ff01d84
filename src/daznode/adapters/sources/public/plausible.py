"""Borders of what a public service can truly say; a figure outside them costs that source's figures."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from daznode.domain.errors import BackendAnswerInvalid
from daznode.domain.ids import NodeId
from daznode.domain.units import MAX_SUPPLY_SAT

_MOST_CHANNELS: Final = 1_000_000
_MOST_RANK: Final = 10_000_000
_MOST_FEERATE: Final = Decimal(100_000)
"""sat/vB: a thousand times the dearest block so far."""
_BEGAN: Final = datetime(2018, 1, 1, tzinfo=UTC)
_LONGEST_TEXT: Final = 40


def capacity_sat(where: str, value: object) -> int:
    """A capacity, sat, as a number or its digits."""
    return _whole(where, "capacity", value, int(MAX_SUPPLY_SAT))


def channel_count(where: str, value: object) -> int:
    """A number of channels or nodes."""
    return _whole(where, "count", value, _MOST_CHANNELS)


def rank(where: str, value: object) -> int | None:
    """A place from 1; None for none, or 0."""
    return _whole(where, "rank", value, _MOST_RANK) or None if value is not None else None


def percent_ratio(where: str, value: object) -> float | None:
    """A percentage as a ratio; None for none."""
    if value is None or value == "":
        return None
    number = _number(where, "percentage", value)
    if not 0 <= number <= 100:  # noqa: PLR2004 - a percentage
        raise _wrong(where, "percentage", value)
    return float(number / 100)


def feerate(where: str, value: object) -> Decimal:
    """A fee rate, sat/vB, above 0."""
    number = _number(where, "fee rate", value)
    if not 0 < number <= _MOST_FEERATE:
        raise _wrong(where, "fee rate", value)
    return number


def moment(where: str, value: object, now: datetime) -> datetime:
    """A moment, from Unix seconds or ISO 8601; not before the network, nor after a day from now."""
    try:
        if isinstance(value, str) and not value.isdigit():
            found = datetime.fromisoformat(value)
            found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        else:
            found = datetime.fromtimestamp(int(_number(where, "moment", value)), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise _wrong(where, "moment", value) from error
    if found < _BEGAN or (found - now).days >= 1:
        raise _wrong(where, "moment", value)
    return found


def same_node(where: str, value: object, node_id: NodeId) -> None:
    """Refuse an answer about another node.

    Raises:
        BackendAnswerInvalid: It is of another one.
    """
    if value != node_id:
        message = f"{where}: an answer about another node"
        raise BackendAnswerInvalid(message)


def _number(where: str, what: str, value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise _wrong(where, what, value)
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise _wrong(where, what, value) from error
    if not number.is_finite():
        raise _wrong(where, what, value)
    return number


def _whole(where: str, what: str, value: object, most: int) -> int:
    number = _number(where, what, value)
    if number != int(number) or not 0 <= number <= most:
        raise _wrong(where, what, value)
    return int(number)


def _wrong(where: str, what: str, value: object) -> BackendAnswerInvalid:
    shown = repr(value)[:_LONGEST_TEXT]
    return BackendAnswerInvalid(f"{where}: {what} {shown} cannot be")
