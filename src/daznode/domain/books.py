"""A channel's books over a window: opening balance, what moved it, closing balance, to the msat."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from daznode.domain.ids import ShortChannelId
from daznode.domain.node_state import NodeActivity
from daznode.domain.units import Msat


@dataclass(frozen=True, slots=True)
class ChannelBook:
    """Our balance of one channel, and all that is known to have moved it.

    `closing_msat` is always the sum of the other amounts, since what the events do not explain has
    a line of its own: commitment fees that rise and fall, HTLCs in flight, balances that a backend
    gives in whole satoshi, splices.

    Attributes:
        opening_msat: At the start of the window, msat.
        forwarded_in_msat: Came in by forwards, msat, >= 0.
        forwarded_out_msat: Left by forwards, msat, <= 0.
        rebalanced_in_msat: Came back by circular payments, msat, >= 0.
        rebalanced_out_msat: Left by them, their fees included, msat, <= 0.
        received_msat: Came in by payments of others to us, msat, >= 0.
        paid_msat: Left by payments of ours, fees included, msat, <= 0.
        unexplained_msat: The rest, msat, either sign.
        closing_msat: At the end of the window, msat.
    """

    opening_msat: Msat
    forwarded_in_msat: Msat
    forwarded_out_msat: Msat
    rebalanced_in_msat: Msat
    rebalanced_out_msat: Msat
    received_msat: Msat
    paid_msat: Msat
    unexplained_msat: Msat
    closing_msat: Msat


@dataclass(slots=True)
class _Flows:
    forwarded_in_msat: int = 0
    forwarded_out_msat: int = 0
    rebalanced_in_msat: int = 0
    rebalanced_out_msat: int = 0
    received_msat: int = 0
    paid_msat: int = 0


def balance_books(
    opening: Mapping[ShortChannelId, Msat],
    closing: Mapping[ShortChannelId, Msat],
    activity: NodeActivity,
) -> dict[ShortChannelId, ChannelBook]:
    """The books of the channels whose balance is known at both ends.

    Args:
        opening: Our balances at `activity.since`, msat.
        closing: Our balances at `activity.until`, msat.
        activity: Everything in between, circular payments recognised.
    """
    flows = _flows(activity)
    books = {}
    for scid in sorted(opening.keys() & closing.keys()):
        flow = flows[scid]
        explained_msat = (
            flow.forwarded_in_msat
            + flow.forwarded_out_msat
            + flow.rebalanced_in_msat
            + flow.rebalanced_out_msat
            + flow.received_msat
            + flow.paid_msat
        )
        books[scid] = ChannelBook(
            opening_msat=opening[scid],
            forwarded_in_msat=Msat(flow.forwarded_in_msat),
            forwarded_out_msat=Msat(flow.forwarded_out_msat),
            rebalanced_in_msat=Msat(flow.rebalanced_in_msat),
            rebalanced_out_msat=Msat(flow.rebalanced_out_msat),
            received_msat=Msat(flow.received_msat),
            paid_msat=Msat(flow.paid_msat),
            unexplained_msat=Msat(closing[scid] - opening[scid] - explained_msat),
            closing_msat=closing[scid],
        )
    return books


def _flows(activity: NodeActivity) -> defaultdict[ShortChannelId, _Flows]:
    flows: defaultdict[ShortChannelId, _Flows] = defaultdict(_Flows)
    for forward in activity.forwards:
        flows[forward.scid_in].forwarded_in_msat += forward.amount_in_msat
        flows[forward.scid_out].forwarded_out_msat -= forward.amount_out_msat
    for circle in activity.rebalances:
        flows[circle.scid_in].rebalanced_in_msat += circle.amount_msat
        flows[circle.scid_out].rebalanced_out_msat -= circle.amount_msat + circle.fee_msat
    for receipt in activity.receipts:
        flows[receipt.scid].received_msat += receipt.amount_msat
    for payment in activity.payments:
        flows[payment.scid].paid_msat -= payment.amount_msat
    return flows
