"""CLBoss as a fee policy: the competitors' median, times its three modifiers."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

import numpy as np

from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.node_state import OwnChannel
from daznode.domain.units import Msat, Ppm
from daznode.simulate.policies.clboss.balance import BalanceBin
from daznode.simulate.policies.clboss.competition import median_fees, size_among
from daznode.simulate.policies.clboss.just_in_time import jit_orders
from daznode.simulate.policies.clboss.price_theory import PriceCards
from daznode.simulate.policies.clboss.refills import earnings_refills, initial_refills, stocks
from daznode.simulate.policies.peers import by_peer
from daznode.simulate.policies.pricing import repriced
from daznode.simulate.policies.sight import (
    Orders,
    PolicyOrder,
    PublicMarket,
    RefillOrder,
    Sight,
)
from daznode.simulate.policies.window import Window

_TICK: Final = timedelta(minutes=10)
_EARNINGS_CHANCE: Final = 0.5


def modified_fees(base_fee_msat: int, fee_ppm: int, multiplier: float) -> tuple[Msat, Ppm]:
    """Base fee (msat) and rate after all modifiers, both multiplied and rounded; a rate of 0 is 1.

    References:
        ZmnSCPxj/clboss 90eaf44, `Boss/Mod/ChannelFeeManager`. It knows no least and no most.
    """
    base = math.floor(base_fee_msat * multiplier + 0.5)
    return Msat(base), Ppm(max(math.floor(fee_ppm * multiplier + 0.5), 1))


class Refills(Enum):
    """Which of CLBoss's rebalancers run: all three, all but the first balancing, or none."""

    ALL = "all"
    SETTLED = "settled"
    NONE = "none"


class Clboss:
    """Three fee modifiers and three rebalancers, all at their defaults.

    CLBoss sets fees every 30 to 90 minutes, drawn evenly; a look every hour is the same on average,
    and a card of two days hardly feels it. `InitialRebalancer` runs every ten minutes there, so that
    here it moves less in its first hours. `EarningsRebalancer` runs in half of the hours.

    `JitRebalancer` holds an incoming payment and refills before passing it on. Nothing that looks
    once an hour can do that: it is a standing order, renewed at each look, so that what a peer has
    earned since counts for its allowance within the hour and not at once.
    """

    every: timedelta = timedelta(hours=1)

    def __init__(self, rng: np.random.Generator, refills: Refills = Refills.ALL) -> None:
        """Take the source of chance.

        Args:
            rng: Draws prices, bins and pairs of channels.
            refills: On a node where CLBoss has run for long, the first balancing is over: SETTLED.
        """
        self._rng, self._refills = rng, refills
        self._ever = Window(None)
        self._seen_at: datetime | None = None
        self._market: PublicMarket | None = None
        self._asked: dict[NodeId, tuple[int, int, float] | None] = {}
        self._bins: dict[ShortChannelId, BalanceBin] = {}
        self._cards: dict[NodeId, PriceCards] = {}
        self._booked_msat: dict[NodeId, int] = {}

    def look(self, sight: Sight) -> Orders:
        """Set every peer's fees and refill what the rebalancers choose."""
        self._ever.take(sight.activity)
        if sight.market is not self._market:
            self._market, self._asked = sight.market, {}
        ticks = 0 if self._seen_at is None else round((sight.now - self._seen_at) / _TICK)
        self._seen_at = sight.now
        peers = by_peer(sight.observation.channels)
        orders: list[PolicyOrder] = []
        for peer_id, channels in peers.items():
            orders += self._priced(peer_id, channels, ticks)
        stock = stocks(peers, self._ever)
        refills: tuple[RefillOrder, ...] = ()
        if self._refills is Refills.ALL:
            refills = initial_refills(stock, self._rng)
        if self._rng.random() < _EARNINGS_CHANCE and self._refills is not Refills.NONE:
            refills += earnings_refills(stock)
        just_in_time = None
        if self._refills is not Refills.NONE:
            just_in_time = jit_orders(peers, self._ever, sight.market.feerate_sat_vb)
        return Orders(policies=tuple(orders), refills=refills, just_in_time=just_in_time)

    def _priced(
        self, peer_id: NodeId, channels: Sequence[OwnChannel], ticks: int
    ) -> list[PolicyOrder]:
        by_price = self._by_price(peer_id, channels, ticks)
        by_balance = self._by_balance(channels[0])
        asked = self._competition(peer_id)
        if asked is None:
            return []
        base_msat, fee_ppm, by_size = asked
        base, ppm = modified_fees(base_msat, fee_ppm, by_size * by_balance * by_price)
        orders = (repriced(channel, fee_ppm=ppm, base_fee_msat=base) for channel in channels)
        return [order for order in orders if order]

    def _competition(self, peer_id: NodeId) -> tuple[int, int, float] | None:
        if peer_id not in self._asked:
            peer = self._market.peers.get(peer_id) if self._market else None
            fees = median_fees(peer) if peer else None
            self._asked[peer_id] = None
            if peer and fees and self._market:
                self._asked[peer_id] = (*fees, size_among(self._market.own_capacity_sat, peer))
        return self._asked[peer_id]

    def _by_balance(self, channel: OwnChannel) -> float:
        kept = self._bins.get(channel.scid)
        if kept is None or kept.capacity_sat != channel.capacity_sat:
            kept = BalanceBin.starting(channel.capacity_sat, channel.local_msat)
            self._bins[channel.scid] = kept
        return kept.moved(channel.local_msat, self._rng)

    def _by_price(self, peer_id: NodeId, channels: Sequence[OwnChannel], ticks: int) -> float:
        earned_msat = self._ever.over([channel.scid for channel in channels]).earned_msat
        cards = self._cards.get(peer_id)
        if cards is None:
            cards = self._cards[peer_id] = PriceCards(self._rng)
        else:
            is_connected = any(channel.is_active for channel in channels)
            # A channel that has closed takes its earnings out of the sum; no card earned less than 0.
            new_msat = max(earned_msat - self._booked_msat[peer_id], 0)
            cards.pass_time(ticks if is_connected else 0, new_msat)
        self._booked_msat[peer_id] = earned_msat
        return cards.multiplier
