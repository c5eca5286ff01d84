"""Opens and closes on given days, added to the orders of whatever policy sets the fees."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import gcd
from statistics import median_low
from typing import TYPE_CHECKING, Final

from daznode.domain.channel_plan import ChannelPlan, PlannedOpen
from daznode.domain.node_state import ChannelPolicy, NodeActivity
from daznode.domain.units import MSAT_PER_SAT, Msat, Ppm, Sat
from daznode.simulate.policies.sight import FeePolicy, OpenOrder, Orders, Sight

if TYPE_CHECKING:
    from daznode.domain.ids import NodeId, ShortChannelId

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)

_LND_DEFAULT: Final = ChannelPolicy(
    base_fee_msat=Msat(1_000),
    fee_ppm=Ppm(1),
    inbound_base_fee_msat=Msat(0),
    inbound_fee_ppm=Ppm(0),
    cltv_delta=80,
    htlc_minimum_msat=Msat(1_000),
    htlc_maximum_msat=Msat(0),
    is_disabled=False,
)
"""What LND asks for a new channel unless it is told otherwise (`bitcoin.basefee`, `feerate`,
`timelockdelta`, `minhtlc`); the largest amount is put in by the channel."""


class PlannedChannels:
    """A policy that opens and closes channels by a plan, and leaves fees to another policy.

    It knows nothing of a simulator: days are counted from its first look. An open is ordered from its
    day on until it is seen to be made, so that it waits for money, or for a peer that is away. What
    is asked for a new channel is the median of what the node asks for its others from then on; the
    other policy sets it at its next look. That one looks as often as it would alone, and sees all
    that happened.
    """

    def __init__(self, inner: FeePolicy, plan: ChannelPlan) -> None:
        """Take a policy and a plan.

        Args:
            inner: Sets the fees.
            plan: What is opened and closed when; its wallet is not looked at.
        """
        self._inner, self._plan = inner, plan
        whole = gcd(inner.every // _SECOND, _HOUR // _SECOND)
        self.every = timedelta(seconds=whole)
        self._begun: datetime | None = None
        self._inner_looks: datetime | None = None
        self._unseen: list[NodeActivity] = []
        self._had: frozenset[ShortChannelId] = frozenset()
        self._new: dict[ShortChannelId, tuple[NodeId, Sat]] = {}
        self._waiting = list(plan.opens)
        self._made: Counter[tuple[NodeId, Sat]] = Counter()

    def look(self, sight: Sight) -> Orders:
        """Order what the other policy orders, and what the plan wants by now."""
        if self._begun is None:
            self._begun = self._inner_looks = sight.now
            self._had = frozenset(one.scid for one in sight.observation.channels)
        self._unseen.append(sight.activity)
        orders = Orders()
        if self._inner_looks is not None and sight.now >= self._inner_looks:
            orders = self._inner.look(replace(sight, activity=_joined(self._unseen)))
            self._unseen = []
            self._inner_looks = sight.now + self._inner.every
        day = (sight.now - self._begun) // _DAY + 1
        there = {channel.scid for channel in sight.observation.channels}
        closes = [one.scid for one in self._plan.closes if one.day <= day and one.scid in there]
        self._note(sight)
        asked = {one.scid: one.local_policy for one in sight.observation.channels}
        asked.update((order.scid, order.policy) for order in orders.policies)
        known = [policy for policy in asked.values() if policy is not None]
        opens = [
            OpenOrder(one.peer, one.capacity_sat, _first_policy(known, one))
            for one in self._waiting
            if one.day <= day
        ]
        return replace(orders, closes=(*orders.closes, *closes), opens=(*orders.opens, *opens))

    def _note(self, sight: Sight) -> None:
        """Strike off opens that are seen to be made: on their way, or channels that were not there."""
        for channel in sight.observation.channels:
            if channel.scid not in self._had:
                self._new[channel.scid] = (channel.peer_id, channel.capacity_sat)
        found = Counter(self._new.values())
        found.update((one.peer, one.capacity_sat) for one in sight.wallet.opening)
        found -= self._made
        for one in list(self._waiting):
            which = (one.peer, one.capacity_sat)
            if found[which] > 0:
                found[which] -= 1
                self._made[which] += 1
                self._waiting.remove(one)


def _joined(windows: Sequence[NodeActivity]) -> NodeActivity:
    """What happened in windows that follow each other, as one."""
    if len(windows) == 1:
        return windows[0]
    return NodeActivity(
        since=windows[0].since,
        until=windows[-1].until,
        forwards=tuple(event for one in windows for event in one.forwards),
        failures=tuple(event for one in windows for event in one.failures),
        rebalances=tuple(event for one in windows for event in one.rebalances),
        payments=tuple(event for one in windows for event in one.payments),
        receipts=tuple(event for one in windows for event in one.receipts),
        are_failures_known=all(one.are_failures_known for one in windows),
    )


def _first_policy(known: Sequence[ChannelPolicy], planned: PlannedOpen) -> ChannelPolicy:
    """What is asked for a new channel until somebody sets it: the median of the node's others."""
    policy = _LND_DEFAULT
    if known:
        policy = replace(
            policy,
            base_fee_msat=Msat(median_low([one.base_fee_msat for one in known])),
            fee_ppm=Ppm(median_low([one.fee_ppm for one in known])),
            cltv_delta=median_low([one.cltv_delta for one in known]),
            htlc_minimum_msat=Msat(median_low([one.htlc_minimum_msat for one in known])),
        )
    return replace(policy, htlc_maximum_msat=Msat(planned.capacity_sat * MSAT_PER_SAT))
