"""LNDg as a fee policy: automatic fees once a day and channel, the rebalancer at every look."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.node_state import ChannelPolicy, OwnChannel
from daznode.domain.units import MSAT_PER_SAT, Msat, Ppm
from daznode.simulate.policies.lndg.fees import (
    Features,
    Settings,
    inbound_step_ppm,
    next_inbound_ppm,
    next_outbound_ppm,
    outbound_step_ppm,
)
from daznode.simulate.policies.lndg.refills import AutoRebalancer
from daznode.simulate.policies.peers import by_peer, capacity_sat, local_msat, public_and_active
from daznode.simulate.policies.pricing import repriced
from daznode.simulate.policies.sight import Orders, PolicyOrder, Sight
from daznode.simulate.policies.tries import Tries
from daznode.simulate.policies.window import Window

_LEAST_FORWARD_MSAT: Final = Msat(1_000 * MSAT_PER_SAT)


class Lndg:
    """Automatic fees of v1.10 with the automatic rebalancer and its autopilot, all at their defaults.

    Looks every 30 minutes, the pause of the rebalancer after a failure; fees of a channel move when
    more than a day has passed since they last did, were changed by someone else, or since it was
    first seen; that comes up to half an hour later than with the tool's own loop of 20 seconds.
    Failed payments are counted over the same day.

    Where only the (unset) inbound rate would move, LNDg writes the present fees again and restarts
    the day; no such order is given here, but the day restarts as it does there.
    """

    every: timedelta = timedelta(minutes=30)

    def __init__(self, settings: Settings | None = None) -> None:
        """Take the settings; LNDg's defaults if not given."""
        self._settings = settings or Settings()
        self._day = Window(timedelta(hours=self._settings.hours), least_msat=_LEAST_FORWARD_MSAT)
        self._week = Window(timedelta(days=7), least_msat=_LEAST_FORWARD_MSAT)
        self._rebalancer = AutoRebalancer()
        self._tries = Tries()
        self._updated: dict[ShortChannelId, tuple[datetime, ChannelPolicy]] = {}

    def look(self, sight: Sight) -> Orders:
        """Move the fees that are due and try a refill of every target."""
        self._day.take(sight.activity)
        self._week.take(sight.activity)
        peers = by_peer(public_and_active(sight.observation.channels))
        policies = self._policies(peers, sight.now)
        self._rebalancer.settle(*self._tries.settle(sight.activity))
        refills = self._rebalancer.refills(peers, self._week)
        self._tries.ordered(refills)
        return Orders(policies=policies, refills=refills)

    def _policies(
        self, peers: Mapping[NodeId, Sequence[OwnChannel]], now: datetime
    ) -> tuple[PolicyOrder, ...]:
        orders = []
        for channels in peers.values():
            due = [channel for channel in channels if self._is_due(channel, now)]
            if not due:
                continue
            features = self._features(channels)
            outbound = outbound_step_ppm(features, self._settings)
            inbound = inbound_step_ppm(features, self._settings)
            for channel in due:
                order = self._moved(channel, outbound, inbound, now)
                if order:
                    orders.append(order)
        return tuple(orders)

    def _is_due(self, channel: OwnChannel, now: datetime) -> bool:
        policy, known = channel.local_policy, self._updated.get(channel.scid)
        if policy is None:
            return False
        if known is None or not _same_fees(known[1], policy):
            self._updated[channel.scid] = (now, policy)
            return False
        return now - known[0] > timedelta(hours=self._settings.hours)

    def _features(self, channels: Sequence[OwnChannel]) -> Features:
        scids = [channel.scid for channel in channels]
        day, week = self._day.over(scids), self._week.over(scids)
        capacity_msat = capacity_sat(channels) * MSAT_PER_SAT
        return Features(
            out_percent=100 * local_msat(channels) / max(capacity_msat, 1),
            inflow_1d_msat=day.onward_msat,
            inflow_7d_msat=week.onward_msat,
            outflow_7d_msat=week.sent_msat,
            capacity_msat=capacity_msat,
            earned_7d_msat=week.earned_msat,
            assisted_7d_msat=week.assisted_msat,
            failures=day.refused,
        )

    def _moved(
        self, channel: OwnChannel, outbound: float, inbound: float, now: datetime
    ) -> PolicyOrder | None:
        policy = channel.local_policy
        if policy is None:
            return None
        settings = self._settings
        fee_ppm = next_outbound_ppm(policy.fee_ppm, outbound, settings)
        inbound_ppm = next_inbound_ppm(policy.inbound_fee_ppm, inbound, policy.fee_ppm, settings)
        if fee_ppm == policy.fee_ppm and inbound_ppm == policy.inbound_fee_ppm:
            return None
        self._updated[channel.scid] = (now, policy)
        order = repriced(channel, fee_ppm=fee_ppm, **self._inbound(policy, inbound_ppm))
        if order:
            self._updated[channel.scid] = (now, order.policy)
        return order

    def _inbound(self, policy: ChannelPolicy, inbound_ppm: Ppm) -> dict[str, int]:
        if not self._settings.sets_inbound:
            return {}
        base_msat = -policy.base_fee_msat if inbound_ppm else 0
        return {"inbound_fee_ppm": inbound_ppm, "inbound_base_fee_msat": base_msat}


def _same_fees(one: ChannelPolicy, other: ChannelPolicy) -> bool:
    return (
        one.fee_ppm == other.fee_ppm
        and one.base_fee_msat == other.base_fee_msat
        and one.inbound_fee_ppm == other.inbound_fee_ppm
    )
