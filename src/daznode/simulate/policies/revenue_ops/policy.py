"""cl_revenue_ops as a fee policy: what it keeps of each channel, and its look every half hour."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from daznode.domain.ids import ShortChannelId
from daznode.domain.node_state import ChannelPolicy, OwnChannel
from daznode.domain.units import MSAT_PER_SAT, PPM_ONE, Msat
from daznode.simulate.policies.pricing import repriced
from daznode.simulate.policies.revenue_ops.adjusting import (
    Aimd,
    cold_bounds,
    is_worth_writing,
    profit_factor,
    scarcity_factor,
)
from daznode.simulate.policies.revenue_ops.bounds import (
    FlowState,
    Standing,
    bounds_ppm,
    refill_floor_ppm,
    state_of,
)
from daznode.simulate.policies.revenue_ops.refills import (
    HIGH_RATIO,
    INBOUND_PPM,
    LOW_RATIO,
    Rebalancer,
    Stock,
    daily_budget_msat,
)
from daznode.simulate.policies.revenue_ops.thompson import Belief, bucket_of
from daznode.simulate.policies.sight import Orders, PolicyOrder, Sight
from daznode.simulate.policies.tries import Tries
from daznode.simulate.policies.window import Flow, Window

_HOUR: Final = timedelta(hours=1)
_HOURS_PER_DAY: Final = 24
_LOOKS_PER_DAY: Final = 48
_RATE_WEIGHT: Final = 0.3
_DAILY_DECAY: Final = 0.8
_PROFITABLE_ROI: Final = 0.20
_ZOMBIE_HOURS: Final = 30 * _HOURS_PER_DAY
_SILENT_HOURS: Final = 24


@dataclass(slots=True)
class Memory:
    """What is kept of one channel.

    Attributes:
        first_hour: When it was first seen; hours count from the policy's first look.
        changed_hour: When its rate was last set.
        looked_hour: When it was last looked at.
        sent_at_change_msat: What had left by it when its rate was last set.
        sent: Forwards that had left by it at the last fee look.
        flow: All that had passed by it at the last look: sent and received, msat.
        out_msat: Smoothed outflow of a day.
        in_msat: Smoothed inflow of a day.
        rate: Smoothed income, sat per hour; None before the first.
        was_active: Whether the peer was there, at the looks of the last day.
        active_looks: At how many of them.
        belief: What is believed of its best rate.
        aimd: Its modifier.
    """

    first_hour: float
    changed_hour: float
    looked_hour: float
    sent_at_change_msat: int
    sent: int
    flow: tuple[int, int]
    out_msat: float = 0.0
    in_msat: float = 0.0
    rate: float | None = None
    was_active: deque[bool] = field(default_factory=lambda: deque(maxlen=_LOOKS_PER_DAY))
    active_looks: int = 0
    belief: Belief = field(default_factory=Belief)
    aimd: Aimd = field(default_factory=Aimd)


def income_sat_per_hour(sent_sat: float, fee_ppm: int, hours: float) -> float:
    """The signal that is maximised: volume at the list price, whole sat, by the hour.

    Not what was earned, and what refills cost is not in it.
    """
    return int(sent_sat * fee_ppm / PPM_ONE) / hours


def smoothed_flow(smoothed: float, passed: float, days: float) -> float:
    """A smoothed flow of a day after some more days, of which a day keeps 0.8."""
    kept = _DAILY_DECAY**days
    return float(smoothed * kept + (1 - kept) * passed / days)


def return_on(earned_msat: int, cost_msat: int) -> float:
    """What a channel earned over what its refills cost, less one; 1 or 0 where nothing was spent.

    What opening cost is sunk and left out.
    """
    if cost_msat <= 0:
        return 1.0 if earned_msat > 0 else 0.0
    return (earned_msat - cost_msat) / cost_msat


class RevenueOps:
    """The fee controller and the rebalancer, standalone: all terms of a fleet are left out.

    Looks every half hour; a channel's rate moves an hour after its last change at the earliest. A
    look that changes nothing leaves its window open, so that the next one counts the same forwards
    again, as in the tool; the sleep that the tool documents does not come about there either.

    Not to be seen from outside, and so left out: how many HTLC slots are used (no channel counts as
    congested) and how long peers hold payments. The tool's Kalman filter of flow is replaced by the
    smoothed flow that it filters, of which a day keeps 0.8; return is that of the last 30 days.
    """

    every: timedelta = timedelta(minutes=30)

    def __init__(self, rng: np.random.Generator) -> None:
        """Take the source of chance."""
        self._rng = rng
        self._began_at: datetime | None = None
        self._day = Window(timedelta(days=1))
        self._month = Window(timedelta(days=30))
        self._ever = Window(None)
        self._memories: dict[ShortChannelId, Memory] = {}
        self._rebalancer = Rebalancer()
        self._tries = Tries()

    def look(self, sight: Sight) -> Orders:
        """Set the rates that are due and refill what pays."""
        for window in (self._day, self._month, self._ever):
            window.take(sight.activity)
        if self._began_at is None:
            self._began_at = sight.now
        hour = (sight.now - self._began_at) / _HOUR
        policies: list[PolicyOrder] = []
        stocks: list[Stock] = []
        for channel in sight.observation.channels:
            policy = channel.local_policy
            if policy is None or channel.capacity_sat <= 0:
                continue
            memory = self._remembered(channel, hour)
            state = state_of((memory.out_msat - memory.in_msat) / _size_msat(channel))
            if not channel.is_active:
                continue
            if not LOW_RATIO <= channel.local_msat / _size_msat(channel) <= HIGH_RATIO:
                stocks.append(self._stock(channel, policy, memory, state, hour))
            if hour - memory.changed_hour >= 1:
                order = self._priced(channel, policy, memory, state, sight, hour)
                if order:
                    policies.append(order)
        self._rebalancer.settle(*self._tries.settle(sight.activity), sight.now)
        days = [self._day.of(channel.scid) for channel in sight.observation.channels]
        earned_msat = sum(day.earned_msat for day in days)
        budget_msat = daily_budget_msat(earned_msat) - sum(day.refill_cost_msat for day in days)
        refills = self._rebalancer.refills(stocks, budget_msat, sight.now)
        self._tries.ordered(refills)
        return Orders(policies=tuple(policies), refills=refills)

    def _remembered(self, channel: OwnChannel, hour: float) -> Memory:
        flow = self._ever.of(channel.scid)
        passed = (flow.sent_msat, flow.received_msat)
        memory = self._memories.get(channel.scid)
        if memory is None:
            memory = Memory(hour, hour, hour, flow.sent_msat, flow.sent, passed)
            self._memories[channel.scid] = memory
        days = (hour - memory.looked_hour) / _HOURS_PER_DAY
        if days > 0:
            memory.out_msat = smoothed_flow(memory.out_msat, passed[0] - memory.flow[0], days)
            memory.in_msat = smoothed_flow(memory.in_msat, passed[1] - memory.flow[1], days)
        memory.looked_hour, memory.flow = hour, passed
        if len(memory.was_active) == _LOOKS_PER_DAY:
            memory.active_looks -= memory.was_active[0]
        memory.was_active.append(channel.is_active)
        memory.active_looks += channel.is_active
        return memory

    def _priced(
        self,
        channel: OwnChannel,
        policy: ChannelPolicy,
        memory: Memory,
        state: FlowState,
        sight: Sight,
        hour: float,
    ) -> PolicyOrder | None:
        ever, month = self._ever.of(channel.scid), self._month.of(channel.scid)
        ratio = channel.local_msat / _size_msat(channel)
        roi = return_on(month.earned_msat, month.refill_cost_msat)
        self._learn(channel, policy, memory, ratio, roi, hour)
        standing = Standing(
            fee_ppm=policy.fee_ppm,
            state=state,
            spendable_ratio=ratio,
            capacity_sat=channel.capacity_sat,
            forwards_24h=self._day.of(channel.scid).sent,
            idle_hours=self._idle_hours(channel.scid, memory, hour),
            refill_floor_ppm=refill_floor_ppm(
                state, month.refill_cost_msat, month.refilled_msat, month.refills
            ),
            roi=roi,
        )
        wanted = self._wanted_ppm(standing, memory, sight.market.feerate_sat_vb, ever.sent)
        if not is_worth_writing(wanted, policy.fee_ppm):
            is_silent = hour - memory.changed_hour >= _SILENT_HOURS
            if not (is_silent and standing.idle_hours >= _SILENT_HOURS):
                return None
            wanted = policy.fee_ppm + (1 if wanted > policy.fee_ppm else -1)
        order = repriced(channel, fee_ppm=wanted)
        if order:
            memory.changed_hour, memory.sent_at_change_msat = hour, ever.sent_msat
        return order

    def _learn(
        self,
        channel: OwnChannel,
        policy: ChannelPolicy,
        memory: Memory,
        ratio: float,
        roi: float,
        hour: float,
    ) -> None:
        ever = self._ever.of(channel.scid)
        hours = hour - memory.changed_hour
        share = memory.active_looks / len(memory.was_active)
        if roi <= _PROFITABLE_ROI:
            share *= _success_ratio(self._day.of(channel.scid))
        sent_sat = (ever.sent_msat - memory.sent_at_change_msat) / MSAT_PER_SAT * share
        rate = income_sat_per_hour(sent_sat, policy.fee_ppm, hours)
        if memory.rate is None:
            memory.rate = rate
        memory.rate += _RATE_WEIGHT * (rate - memory.rate)
        memory.belief.learn(hour, policy.fee_ppm, memory.rate, hours, bucket_of(ratio))
        memory.aimd.learn(hour, has_forwarded=ever.sent > memory.sent)
        memory.sent = ever.sent

    def _wanted_ppm(
        self, standing: Standing, memory: Memory, feerate_sat_vb: float, forwards: int
    ) -> int:
        floor, ceiling = bounds_ppm(standing, feerate_sat_vb)
        if standing.idle_hours >= _ZOMBIE_HOURS:
            fee = floor
        else:
            fee = memory.belief.draw(bucket_of(standing.spendable_ratio), self._rng)
            fee *= profit_factor(standing.roi)
        fee, ceiling = cold_bounds(fee * memory.aimd.modifier, floor, ceiling, forwards)
        fee *= scarcity_factor(standing.spendable_ratio)
        return int(min(max(fee, floor), ceiling))

    def _idle_hours(self, scid: ShortChannelId, memory: Memory, hour: float) -> float:
        last_at = self._ever.last_sent_at(scid)
        if last_at is None or self._began_at is None:
            return hour - memory.first_hour
        return hour - (last_at - self._began_at) / _HOUR

    def _stock(
        self,
        channel: OwnChannel,
        policy: ChannelPolicy,
        memory: Memory,
        state: FlowState,
        hour: float,
    ) -> Stock:
        month = self._month.of(channel.scid)
        inbound_ppm = INBOUND_PPM
        if month.refilled_msat > 0:
            inbound_ppm = month.refill_cost_msat * PPM_ONE / month.refilled_msat
        return Stock(
            scid=channel.scid,
            peer_id=channel.peer_id,
            local_msat=channel.local_msat,
            capacity_msat=_size_msat(channel),
            fee_ppm=policy.fee_ppm,
            state=state,
            volume_msat=memory.out_msat + memory.in_msat,
            seen_days=(hour - memory.first_hour) / _HOURS_PER_DAY,
            inbound_ppm=inbound_ppm,
        )


def _success_ratio(day: Flow) -> float:
    tried = day.sent + day.failed_onward
    return day.sent / tried if tried else 1.0


def _size_msat(channel: OwnChannel) -> Msat:
    return Msat(channel.capacity_sat * MSAT_PER_SAT)
