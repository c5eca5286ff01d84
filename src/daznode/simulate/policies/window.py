"""What each channel did in the last hours, days or ever: activity summed as it is seen."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from daznode.domain.ids import ShortChannelId
from daznode.domain.node_state import Forward, HtlcFailure, NodeActivity, Rebalance
from daznode.domain.units import NO_MSAT, Msat

_REFUSED_FOR_BALANCE: Final = "insufficient_balance"

_E = TypeVar("_E", Forward, HtlcFailure, Rebalance)


@dataclass(slots=True)
class Flow:
    """Sums over one channel, or over several.

    Attributes:
        sent: Forwards that left by it.
        sent_msat: What left with them.
        earned_msat: Fees of these.
        received: Forwards that came in by it.
        received_msat: What came in with them.
        onward_msat: What of it was passed on: the same forwards, measured where they left.
        assisted_msat: Fees of these.
        refused: Payments that it could not pass on for want of balance.
        failed_onward: Payments that were passed on by it and failed further on.
        refills: Circular payments that came in by it.
        refilled_msat: What they brought.
        refill_cost_msat: What they cost.
        drained_msat: What circular payments that left by it brought to others.
        drain_cost_msat: What these cost.
    """

    sent: int = 0
    sent_msat: int = 0
    earned_msat: int = 0
    received: int = 0
    received_msat: int = 0
    onward_msat: int = 0
    assisted_msat: int = 0
    refused: int = 0
    failed_onward: int = 0
    refills: int = 0
    refilled_msat: int = 0
    refill_cost_msat: int = 0
    drained_msat: int = 0
    drain_cost_msat: int = 0

    def add(self, other: "Flow") -> None:
        """Add the sums of another channel to these."""
        for name in Flow.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


_NOTHING: Final = Flow()


class Window:
    """Sums by channel over the last span of time, kept up as activity comes in.

    Each event is counted once when it is seen and once more when it leaves, so that a look costs
    what happened since the last one, whatever the span.
    """

    def __init__(self, span: timedelta | None, *, least_msat: Msat = NO_MSAT) -> None:
        """Begin with nothing seen.

        Args:
            span: How far back the sums reach; None for ever.
            least_msat: Forwards that pass on less are not counted.
        """
        self._span = span
        self._least_msat = least_msat
        self._flows: dict[ShortChannelId, Flow] = {}
        self._last_sent_at: dict[ShortChannelId, datetime] = {}
        self._forwards: deque[Forward] = deque()
        self._failures: deque[HtlcFailure] = deque()
        self._rebalances: deque[Rebalance] = deque()

    def take(self, activity: NodeActivity) -> None:
        """Count what happened since the last look, and forget what is older than the span."""
        for forward in activity.forwards:
            if forward.amount_out_msat >= self._least_msat:
                self._count_forward(forward, 1)
                self._last_sent_at[forward.scid_out] = forward.at
                self._remember(self._forwards, forward)
        for failure in activity.failures:
            self._count_failure(failure, 1)
            self._remember(self._failures, failure)
        for rebalance in activity.rebalances:
            self._count_rebalance(rebalance, 1)
            self._remember(self._rebalances, rebalance)
        if self._span is not None:
            self._forget(activity.until - self._span)

    def of(self, scid: ShortChannelId) -> Flow:
        """Sums of one channel; all zero if nothing was seen. Not to be changed."""
        return self._flows.get(scid, _NOTHING)

    def over(self, scids: Sequence[ShortChannelId]) -> Flow:
        """Sums over several channels; not to be changed."""
        if len(scids) == 1:
            return self.of(scids[0])
        total = Flow()
        for scid in scids:
            if scid in self._flows:
                total.add(self._flows[scid])
        return total

    def last_sent_at(self, scid: ShortChannelId) -> datetime | None:
        """When a forward last left by a channel, however long ago; None if none was seen."""
        return self._last_sent_at.get(scid)

    def _remember(self, events: deque[_E], event: _E) -> None:
        if self._span is not None:
            events.append(event)

    def _forget(self, before: datetime) -> None:
        while self._forwards and self._forwards[0].at < before:
            self._count_forward(self._forwards.popleft(), -1)
        while self._failures and self._failures[0].at < before:
            self._count_failure(self._failures.popleft(), -1)
        while self._rebalances and self._rebalances[0].at < before:
            self._count_rebalance(self._rebalances.popleft(), -1)

    def _flow(self, scid: ShortChannelId) -> Flow:
        flow = self._flows.get(scid)
        if flow is None:
            flow = self._flows[scid] = Flow()
        return flow

    def _count_forward(self, forward: Forward, sign: int) -> None:
        fee_msat = sign * forward.fee_msat
        left, came = self._flow(forward.scid_out), self._flow(forward.scid_in)
        left.sent += sign
        left.sent_msat += sign * forward.amount_out_msat
        left.earned_msat += fee_msat
        came.received += sign
        came.received_msat += sign * forward.amount_in_msat
        came.onward_msat += sign * forward.amount_out_msat
        came.assisted_msat += fee_msat

    def _count_failure(self, failure: HtlcFailure, sign: int) -> None:
        if failure.scid_out is None:
            return
        if not failure.is_local:
            self._flow(failure.scid_out).failed_onward += sign
        elif failure.reason == _REFUSED_FOR_BALANCE:
            self._flow(failure.scid_out).refused += sign

    def _count_rebalance(self, rebalance: Rebalance, sign: int) -> None:
        filled, drained = self._flow(rebalance.scid_in), self._flow(rebalance.scid_out)
        filled.refills += sign
        filled.refilled_msat += sign * rebalance.amount_msat
        filled.refill_cost_msat += sign * rebalance.fee_msat
        drained.drained_msat += sign * rebalance.amount_msat
        drained.drain_cost_msat += sign * rebalance.fee_msat
