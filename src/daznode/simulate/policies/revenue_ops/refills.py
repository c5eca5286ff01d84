"""cl_revenue_ops's rebalancer: refills that their destination's price should pay for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.units import MSAT_PER_SAT, PPM_ONE, Msat
from daznode.simulate.policies.revenue_ops.bounds import FlowState
from daznode.simulate.policies.sight import RefillOrder

LOW_RATIO: Final = 0.20
HIGH_RATIO: Final = 0.80
"""Below the one a channel is refilled, above the other it gives."""

_DAYS_OF_VOLUME: Final = 3
_CHUNK_MSAT: Final = 500_000 * MSAT_PER_SAT
_SMALLEST_MSAT: Final = 50_000 * MSAT_PER_SAT
_LEAST_PROFIT_MSAT: Final = 10 * MSAT_PER_SAT
_SLOW_TURNOVER: Final = 0.01
_SLOW_AFTER_DAYS: Final = 7
_SLOW_TARGET: Final = 0.15
_TARGETS: Final = {FlowState.SOURCE: 0.85, FlowState.SINK: 0.15, FlowState.BALANCED: 0.5}
_SOURCE_WEIGHTS: Final = {FlowState.SOURCE: 1.5, FlowState.SINK: 0.3, FlowState.BALANCED: 1.0}
_QUIET_TURNOVER: Final = 0.10
_WEEK: Final = 7
_USE_RANGE: Final = (0.05, 1.0)
_MOST_FAILURES: Final = 10
_COOLDOWN: Final = timedelta(hours=24)

INBOUND_PPM: Final = 500.0
"""`inbound_fee_estimate_ppm`: what a way back is taken to cost until a channel's refills tell.

This, the waits and the daily budget are the defaults of `modules/config.py` with which the 20 and
80 % of this version go together; later versions have others."""

_DAILY_MSAT: Final = 5_000 * MSAT_PER_SAT
_DAILY_REVENUE_RATIO: Final = 0.30


@dataclass(frozen=True, slots=True)
class Stock:
    """One channel as the rebalancer sees it.

    Attributes:
        scid: Which one.
        peer_id: Its peer.
        local_msat: Our balance.
        capacity_msat: Its size, > 0.
        fee_ppm: Rate that it asks.
        state: Which way it leans.
        volume_msat: What passes in a day, both ways, smoothed.
        seen_days: How long it has been watched.
        inbound_ppm: What a way back to it is taken to cost.
    """

    scid: ShortChannelId
    peer_id: NodeId
    local_msat: Msat
    capacity_msat: Msat
    fee_ppm: int
    state: FlowState
    volume_msat: float
    seen_days: float
    inbound_ppm: float

    @property
    def ratio(self) -> float:
        """Share that we could spend."""
        return self.local_msat / self.capacity_msat

    @property
    def turnover(self) -> float:
        """Volume of a day in capacities."""
        return self.volume_msat / self.capacity_msat


def daily_budget_msat(earned_24h_msat: int) -> Msat:
    """Most that refills may cost in a day: 5,000 sat, or 30 % of the day's income if that is more."""
    return Msat(max(_DAILY_MSAT, int(_DAILY_REVENUE_RATIO * earned_24h_msat)))


def target_msat(stock: Stock) -> Msat:
    """Balance that a channel is refilled to: three days of volume, within a share of its size."""
    if stock.turnover < _SLOW_TURNOVER and stock.seen_days >= _SLOW_AFTER_DAYS:
        return Msat(int(_SLOW_TARGET * stock.capacity_msat))
    share_msat = _TARGETS[stock.state] * stock.capacity_msat
    return Msat(int(min(_DAYS_OF_VOLUME * stock.volume_msat, share_msat)))


def source_weight(stock: Stock) -> float:
    """How much of its own rate a source is taken to lose by what is drawn from it."""
    turnover = stock.turnover
    used = turnover if turnover < _QUIET_TURNOVER else min(1.0, _WEEK * turnover)
    return used * _SOURCE_WEIGHTS[stock.state]


def spread_ppm(destination: Stock, source: Stock) -> float:
    """What is left of the destination's rate after the way back and the source's loss, ppm."""
    lost_ppm = source.fee_ppm * source_weight(source)
    return destination.fee_ppm - destination.inbound_ppm - lost_ppm


def profit_msat(destination: Stock, source: Stock, amount_msat: int, budget_msat: int) -> float:
    """What a refill should bring if all of its budget is spent, msat."""
    use = min(max(destination.turnover, _USE_RANGE[0]), _USE_RANGE[1])
    sold_msat = amount_msat * use
    lost_ppm = source.fee_ppm * min(1.0, _WEEK * source.turnover)
    return sold_msat * (destination.fee_ppm - lost_ppm) / PPM_ONE - budget_msat


class Rebalancer:
    """Chunks of 500,000 sat, one a channel and day, within a daily budget; Kelly's rule is off.

    Sources are the channels above 80 %, the tool's `high_liquidity_threshold`. After ten failures in
    a row a channel is left alone. Waits and limits are kept here, from what looks show.
    """

    def __init__(self) -> None:
        """Begin with no refill tried."""
        self._failures: dict[ShortChannelId, int] = {}
        self._filled_at: dict[ShortChannelId, datetime] = {}

    def settle(
        self,
        filled: Iterable[ShortChannelId],
        failed: Iterable[ShortChannelId],
        now: datetime,
    ) -> None:
        """Learn what became of the last look's refills."""
        for scid in filled:
            self._failures[scid], self._filled_at[scid] = 0, now
        for scid in failed:
            self._failures[scid] = self._failures.get(scid, 0) + 1

    def refills(
        self, stocks: Sequence[Stock], budget_msat: int, now: datetime
    ) -> tuple[RefillOrder, ...]:
        """Refills worth their cost, the most profitable first, none beyond the budget (msat)."""
        sources = [stock for stock in stocks if stock.ratio > HIGH_RATIO]
        planned = []
        for stock in stocks:
            if stock.ratio < LOW_RATIO and self._may_try(stock.scid, now):
                best = _best(stock, sources)
                if best:
                    planned.append(best)
        planned.sort(key=lambda plan: plan[0], reverse=True)
        orders = []
        for _, order in planned:
            if order.most_fee_msat <= budget_msat:
                budget_msat -= order.most_fee_msat
                orders.append(order)
        return tuple(orders)

    def _may_try(self, scid: ShortChannelId, now: datetime) -> bool:
        filled_at = self._filled_at.get(scid)
        is_rested = filled_at is None or now - filled_at >= _COOLDOWN
        return is_rested and self._failures.get(scid, 0) < _MOST_FAILURES


def _best(destination: Stock, sources: Sequence[Stock]) -> tuple[float, RefillOrder] | None:
    """The most profitable refill of a channel, with its profit in msat."""
    needed_msat = target_msat(destination) - destination.local_msat
    amount_msat = min(needed_msat, _CHUNK_MSAT)
    if amount_msat < _SMALLEST_MSAT:
        return None
    best: tuple[float, RefillOrder] | None = None
    if destination.fee_ppm <= destination.inbound_ppm:
        return None
    for source in sources:
        spread = spread_ppm(destination, source)
        if source.peer_id == destination.peer_id:
            continue
        if spread * needed_msat < _LEAST_PROFIT_MSAT * PPM_ONE:
            continue
        budget_msat = int(spread * amount_msat / PPM_ONE)
        profit = profit_msat(destination, source, amount_msat, budget_msat)
        if profit >= _LEAST_PROFIT_MSAT and (best is None or profit > best[0]):
            order = RefillOrder(
                destination.scid, (source.scid,), Msat(amount_msat), Msat(budget_msat)
            )
            best = (profit, order)
    return best
