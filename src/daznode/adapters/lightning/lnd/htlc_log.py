"""LND's HTLC events, joined: an offer and what became of it are two events of one key."""

from collections.abc import Mapping
from typing import Final

from daznode.adapters.lightning.amounts import scid_from
from daznode.adapters.lightning.block_time import moment_of_ns
from daznode.adapters.lightning.lnd.stream_shapes import HtlcEvent, HtlcInfo
from daznode.domain.history import Happening, NodeEvent
from daznode.domain.ids import ShortChannelId
from daznode.domain.node_state import HtlcFailure
from daznode.domain.units import Msat

_REMEMBERED: Final = 50_000
"""Offers under way: 483 HTLCs each way in a hundred channels."""

_FORWARD: Final = "FORWARD"
_VAGUE: Final = frozenset({"", "UNKNOWN", "NO_DETAIL"})

_Key = tuple[int, int, int, int]


class HtlcLog:
    """Offers that are under way, and what the events that end them mean.

    Args:
        names: Ids under which channels may be named, to the one by which we know them.
    """

    def __init__(self, names: Mapping[int, ShortChannelId]) -> None:
        """Remember none yet."""
        self._names = names
        self._offers: dict[_Key, HtlcInfo] = {}

    def take(self, event: HtlcEvent) -> NodeEvent | None:
        """What an event says; None where it says nothing yet, or nothing new.

        Raises:
            InvalidScid: A channel in it is none.
        """
        key = (
            event.incoming_channel_id,
            event.incoming_htlc_id,
            event.outgoing_channel_id,
            event.outgoing_htlc_id,
        )
        if event.settle_event is not None:
            self._offers.pop(key, None)
            return NodeEvent(Happening.FORWARDS, moment_of_ns(event.timestamp_ns))
        if event.event_type != _FORWARD:
            return None
        if event.forward_event is not None:
            self._remember(key, event.forward_event.info)
            return None
        if event.forward_fail_event is not None:
            return self._failure(event, self._offers.pop(key, None), None)
        if event.link_fail_event is not None:
            self._offers.pop(key, None)
            detail = event.link_fail_event.failure_detail
            reason = event.link_fail_event.wire_failure if detail in _VAGUE else detail
            return self._failure(event, event.link_fail_event.info, reason.lower() or "unknown")
        return None

    def _remember(self, key: _Key, info: HtlcInfo | None) -> None:
        if info is not None:
            self._offers[key] = info
        if len(self._offers) > _REMEMBERED:
            del self._offers[next(iter(self._offers))]

    def _failure(self, event: HtlcEvent, info: HtlcInfo | None, reason: str | None) -> NodeEvent:
        """A failed forward; amounts are 0 where the offer was made before anybody listened."""
        offer = info or HtlcInfo()
        at = moment_of_ns(event.timestamp_ns)
        leaving = event.outgoing_channel_id
        failure = HtlcFailure(
            at=at,
            scid_in=self._name(event.incoming_channel_id),
            scid_out=self._name(leaving) if leaving else None,
            amount_out_msat=Msat(offer.outgoing_amt_msat),
            missed_fee_msat=Msat(max(0, offer.incoming_amt_msat - offer.outgoing_amt_msat)),
            is_local=reason is not None,
            reason=reason or "downstream",
        )
        return NodeEvent(Happening.FAILURE, at, failure, event.timestamp_ns)

    def _name(self, chan_id: int) -> ShortChannelId:
        return self._names.get(chan_id) or scid_from(chan_id)
