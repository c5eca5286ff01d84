"""CLBoss's rebalancers that run from looks: by earnings, and at first."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.node_state import OwnChannel
from daznode.domain.units import MSAT_PER_SAT, PPM_ONE, Msat
from daznode.simulate.policies.peers import capacity_sat, local_msat
from daznode.simulate.policies.sight import RefillOrder
from daznode.simulate.policies.window import Flow, Window

_EMPTY_RATIO: Final = 0.25
_SOURCE_RATIO: Final = 0.275
_FILLED_RATIO: Final = 0.75
_PAIRS_RATIO: Final = 0.2
_MOST_FEE_PPM: Final = 1_000
_FULL_RATIO: Final = 0.80
_INITIAL_FEE_PPM: Final = 2_500
_INITIAL_LEAST_FEE_MSAT: Final = 3 * MSAT_PER_SAT
_INITIAL_SPENT_PPM: Final = 400
_GOLDEN: Final = (math.sqrt(5) - 1) / 2
_SPLITS: Final = 1
_SMALLEST_MSAT: Final = 100 * MSAT_PER_SAT


@dataclass(frozen=True, slots=True)
class PeerStock:
    """One peer as the rebalancers see it.

    Attributes:
        channels: Active channels with it.
        local_msat: What we could spend in them.
        total_msat: Their size.
        ratio: Share that we could spend.
        flow: All that passed by it since the policy began.
    """

    channels: tuple[OwnChannel, ...]
    local_msat: Msat
    total_msat: Msat
    ratio: float
    flow: Flow

    @property
    def out_net_msat(self) -> int:
        """What forwards earned that left by it, less what refilling it cost."""
        return self.flow.earned_msat - self.flow.refill_cost_msat

    @property
    def in_net_msat(self) -> int:
        """What forwards earned that came in by it, less what was paid to drain it."""
        return self.flow.assisted_msat - self.flow.drain_cost_msat


def stocks(peers: Mapping[NodeId, Sequence[OwnChannel]], ever: Window) -> tuple[PeerStock, ...]:
    """The connected peers' stocks; channels without a size are left out."""
    found = []
    for channels in peers.values():
        usable = tuple(channel for channel in channels if channel.is_active)
        total_msat = Msat(capacity_sat(usable) * MSAT_PER_SAT)
        if total_msat > 0:
            flow = ever.over([channel.scid for channel in usable])
            ours_msat = local_msat(usable)
            ratio = ours_msat / total_msat
            found.append(PeerStock(usable, ours_msat, total_msat, ratio, flow))
    return tuple(found)


def golden_parts(amount_msat: Msat, splits: int = _SPLITS) -> tuple[Msat, ...]:
    """An amount in parts, each cut by the golden ratio as often as said; none below 100 sat."""
    larger_msat = int(amount_msat * _GOLDEN)
    if splits == 0 or amount_msat - larger_msat < _SMALLEST_MSAT:
        return (amount_msat,)
    smaller_msat = Msat(amount_msat - larger_msat)
    return golden_parts(Msat(larger_msat), splits - 1) + golden_parts(smaller_msat, splits - 1)


def budgeted(amount_msat: int, net_msat: int) -> tuple[Msat, Msat]:
    """Amount and most fee of a refill by earnings.

    Args:
        amount_msat: What is wanted.
        net_msat: What the destination has earned net, > 0.

    Returns:
        The amount at 1,000 ppm; both smaller in proportion where the earnings do not cover it.
    """
    fee_msat = amount_msat * _MOST_FEE_PPM // PPM_ONE
    if fee_msat > net_msat:
        return Msat(amount_msat * net_msat // fee_msat), Msat(net_msat)
    return Msat(amount_msat), Msat(fee_msat)


def earnings_refills(peers: Sequence[PeerStock]) -> tuple[RefillOrder, ...]:
    """Refills of `EarningsRebalancer`: best earners that are empty, from those that let most come in.

    References:
        ZmnSCPxj/clboss 90eaf44, `Boss/Mod/EarningsRebalancer`.
    """
    destinations = [peer for peer in peers if peer.ratio < _EMPTY_RATIO]
    sources = [peer for peer in peers if peer.ratio >= _SOURCE_RATIO]
    if not destinations or not sources:
        return ()
    destinations.sort(key=lambda peer: peer.out_net_msat, reverse=True)
    sources.sort(key=lambda peer: peer.in_net_msat, reverse=True)
    pairs = max(1, int(_PAIRS_RATIO * min(len(sources), len(destinations))))
    orders: list[RefillOrder] = []
    for destination, source in list(zip(destinations, sources, strict=False))[:pairs]:
        if destination.out_net_msat <= 0:
            break
        room_msat = int(_FILLED_RATIO * destination.total_msat) - destination.local_msat
        spare_msat = source.local_msat - int(_SOURCE_RATIO * source.total_msat)
        amount_msat, fee_msat = budgeted(min(room_msat, spare_msat), destination.out_net_msat)
        orders += moved(source, destination, amount_msat, fee_msat)
    return tuple(orders)


def initial_refills(
    peers: Sequence[PeerStock], rng: np.random.Generator
) -> tuple[RefillOrder, ...]:
    """Refills of `InitialRebalancer`: peers of 80 % and more give half of it to some peer below 75 %.

    References:
        ZmnSCPxj/clboss 90eaf44, `Boss/Mod/InitialRebalancer`.
    """
    destinations = [peer for peer in peers if peer.ratio < _FILLED_RATIO]
    if not destinations:
        return ()
    room = np.cumsum([1 - peer.ratio for peer in destinations])
    orders: list[RefillOrder] = []
    for source in peers:
        spent_limit_msat = source.total_msat * _INITIAL_SPENT_PPM // PPM_ONE
        if source.ratio < _FULL_RATIO or source.flow.drain_cost_msat > spent_limit_msat:
            continue
        destination = destinations[int(np.searchsorted(room, rng.random() * room[-1], "right"))]
        room_msat = int(_FILLED_RATIO * destination.total_msat) - destination.local_msat
        amount_msat = Msat(min(source.local_msat // 2, room_msat))
        fee_msat = max(_INITIAL_LEAST_FEE_MSAT, amount_msat * _INITIAL_FEE_PPM // PPM_ONE)
        orders += moved(source, destination, amount_msat, Msat(fee_msat))
    return tuple(orders)


def moved(
    source: PeerStock, destination: PeerStock, amount_msat: Msat, fee_msat: Msat
) -> list[RefillOrder]:
    """Orders that move an amount from one peer to another, for a fee at most, in golden parts.

    `FundsMover` halves what fails, thirty times at most; a refill that is ordered from a look is
    tried once, so that the amount is cut beforehand and each part has its share of the fee.
    """
    if amount_msat < _SMALLEST_MSAT:
        return []
    into = max(destination.channels, key=lambda channel: channel.remote_msat)
    by = tuple(ShortChannelId(channel.scid) for channel in source.channels)
    return [
        RefillOrder(into.scid, by, part, Msat(fee_msat * part // amount_msat))
        for part in golden_parts(amount_msat)
    ]
