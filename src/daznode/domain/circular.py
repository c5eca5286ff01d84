"""Events of a window by kind, and circular payments recognised so that each is counted once."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from daznode.domain.node_state import (
    Event,
    Forward,
    HtlcFailure,
    NodeActivity,
    OwnPayment,
    OwnReceipt,
    Rebalance,
)
from daznode.domain.units import Msat

End = TypeVar("End", OwnPayment, OwnReceipt)
Kind = TypeVar("Kind", Forward, HtlcFailure, OwnPayment, OwnReceipt, Rebalance)


def activity_of(
    events: Iterable[Event], since: datetime, until: datetime, *, are_failures_known: bool
) -> NodeActivity:
    """Events of a window by kind and time, circular payments recognised.

    Args:
        events: As a backend told them, in any order; those outside the window are left out.
        since: Start, UTC, inclusive.
        until: End, UTC, exclusive.
        are_failures_known: Whether failures were recorded for the whole window.
    """
    within = [event for event in events if since <= event.at < until]

    def of(kind: type[Kind]) -> tuple[Kind, ...]:
        found = (event for event in within if isinstance(event, kind))
        return tuple(sorted(found, key=lambda event: event.at))

    return recognised(
        NodeActivity(
            since=since,
            until=until,
            forwards=of(Forward),
            failures=of(HtlcFailure),
            rebalances=of(Rebalance),
            payments=of(OwnPayment),
            receipts=of(OwnReceipt),
            are_failures_known=are_failures_known,
        )
    )


def recognised(activity: NodeActivity) -> NodeActivity:
    """The same events, with payments to oneself as rebalances and nowhere else.

    A backend that tells both ends together gives a rebalance already; then only its receipts go.
    Where it tells a payment that left and one that came in of the same hash, their parts are
    matched, the largest with the largest; the cost is what left more than came back. Parts that are
    left over stay what they were.

    Args:
        activity: Events as the backend told them.
    """
    told = {one.payment_ref for one in activity.rebalances if one.payment_ref}
    left = _by_ref(activity.payments)
    came = _by_ref(activity.receipts)
    found: list[Rebalance] = []
    matched: set[int] = set()
    for ref in sorted(left.keys() & came.keys() - told):
        for payment, receipt in zip(left[ref], came[ref], strict=False):
            if payment.scid == receipt.scid or payment.amount_msat < receipt.amount_msat:
                continue
            matched |= {id(payment), id(receipt)}
            found.append(
                Rebalance(
                    at=receipt.at,
                    scid_out=payment.scid,
                    scid_in=receipt.scid,
                    amount_msat=receipt.amount_msat,
                    fee_msat=Msat(payment.amount_msat - receipt.amount_msat),
                    payment_ref=ref,
                )
            )
    if not found and not told:
        return activity
    return replace(
        activity,
        rebalances=tuple(sorted((*activity.rebalances, *found), key=lambda one: one.at)),
        payments=tuple(one for one in activity.payments if id(one) not in matched),
        receipts=tuple(
            one
            for one in activity.receipts
            if id(one) not in matched and one.payment_ref not in told
        ),
    )


def _by_ref(events: Iterable[End]) -> dict[int, list[End]]:
    found: dict[int, list[End]] = defaultdict(list)
    for event in events:
        if event.payment_ref:
            found[event.payment_ref].append(event)
    for parts in found.values():
        parts.sort(key=lambda one: -one.amount_msat)
    return found
