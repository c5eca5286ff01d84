"""Events of a node's history as rows of numbers, and back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from daznode.domain.ids import ShortChannelId
from daznode.domain.node_state import (
    Event,
    Forward,
    HtlcFailure,
    OwnPayment,
    OwnReceipt,
    Rebalance,
)
from daznode.domain.units import NO_MSAT, Msat

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_SIGN: Final = 1 << 63
_WORD: Final = 1 << 64

FORWARDS: Final = "history_forwards"
FAILURES: Final = "history_failures"
FLOWS: Final = "history_flows"

COLUMNS: Final = {
    FORWARDS: "at_us, event_key, scid_in, scid_out, amount_in_msat, amount_out_msat",
    FAILURES: (
        "at_us, event_key, scid_in, scid_out, amount_out_msat, missed_fee_msat, is_local, reason"
    ),
    FLOWS: "at_us, kind, event_key, scid_out, scid_in, amount_msat, fee_msat, payment_ref",
}
"""Tables of events, and their columns after `node_ref` in the order of a row here."""

Row = tuple[Any, ...]
"""Integers, texts and None, as SQLite takes and gives them."""


def micros(moment: datetime) -> int:
    """A moment as whole microseconds since 1970, exact."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(microseconds: int) -> datetime:
    """The moment of a number of microseconds since 1970, UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)


def signed(scid: int) -> int:
    """A 64-bit id as SQLite holds it: integers of the upper half become negative."""
    return scid - _WORD if scid >= _SIGN else scid


def unsigned(value: int) -> ShortChannelId:
    """The id that `signed` made a value of."""
    return ShortChannelId(value % _WORD)


def row_of(key: int, event: Event) -> tuple[str, Row]:
    """The table of an event, and its row there."""
    at = micros(event.at)
    match event:
        case Forward():
            sums = (event.amount_in_msat, event.amount_out_msat)
            return FORWARDS, (at, key, signed(event.scid_in), signed(event.scid_out), *sums)
        case HtlcFailure():
            scid_out = None if event.scid_out is None else signed(event.scid_out)
            sums = (event.amount_out_msat, event.missed_fee_msat)
            why = (int(event.is_local), event.reason)
            return FAILURES, (at, key, signed(event.scid_in), scid_out, *sums, *why)
        case Rebalance():
            ends = (signed(event.scid_out), signed(event.scid_in))
            sums = (event.amount_msat, event.fee_msat)
            return FLOWS, (at, "rebalance", key, *ends, *sums, event.payment_ref)
        case OwnPayment():
            sums = (event.amount_msat, event.fee_msat)
            return FLOWS, (at, "payment", key, signed(event.scid), None, *sums, event.payment_ref)
        case OwnReceipt():
            sums = (event.amount_msat, NO_MSAT)
            return FLOWS, (at, "receipt", key, None, signed(event.scid), *sums, event.payment_ref)


def event_of(table: str, row: Row) -> Event:
    """The event that `row_of` made a row of."""
    return _READERS[table](*row)


def _forward(at: int, _: int, scid_in: int, scid_out: int, came: int, left: int) -> Forward:
    return Forward(moment(at), unsigned(scid_in), unsigned(scid_out), Msat(came), Msat(left))


def _failure(at: int, _: int, scid_in: int, scid_out: int | None, *rest: Any) -> HtlcFailure:  # noqa: ANN401 - columns of a row
    amount, missed, is_local, reason = rest
    return HtlcFailure(
        at=moment(at),
        scid_in=unsigned(scid_in),
        scid_out=None if scid_out is None else unsigned(scid_out),
        amount_out_msat=Msat(amount),
        missed_fee_msat=Msat(missed),
        is_local=bool(is_local),
        reason=reason,
    )


def _flow(at: int, kind: str, _: int, *rest: Any) -> Event:  # noqa: ANN401 - columns of a row
    scid_out, scid_in, amount, fee, ref = rest
    when = moment(at)
    if kind == "rebalance":
        ends = (unsigned(scid_out), unsigned(scid_in))
        return Rebalance(when, *ends, Msat(amount), Msat(fee), ref)
    if kind == "payment":
        return OwnPayment(when, unsigned(scid_out), Msat(amount), Msat(fee), ref)
    return OwnReceipt(when, unsigned(scid_in), Msat(amount), ref)


_READERS: Final[dict[str, Callable[..., Event]]] = {
    FORWARDS: _forward,
    FAILURES: _failure,
    FLOWS: _flow,
}
