"""The fee market around a node: capacity-weighted quantiles of what others charge."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daznode.domain.gossip import GraphSnapshot
from daznode.domain.measures import FeeMarket, MarketSide, Quantiles
from daznode.graph.policies import SENTINEL_PPM, stable_order

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

QUANTILE_TWENTIETHS: Final = (2, 5, 10, 15, 18)
"""p10, p25, p50, p75 and p90 in twentieths, so that thresholds are exact whole numbers."""

_TWENTY: Final = 20


@dataclass(frozen=True, slots=True)
class PeerMarket:
    """What others than one node charge towards one peer.

    Attributes:
        fee_ppm: Capacity-weighted quantiles of their proportional fees.
        n_competitors: Their enabled policies with a price, over channels of known capacity.
        capacity_sat: Capacity behind them, sat.
        ppm: Their fees, ascending, shape (n_competitors,), int64.
        below_sat: Capacity of all policies before each, and of all at the end, shape
            (n_competitors + 1,), int64.
    """

    fee_ppm: Quantiles
    n_competitors: int
    capacity_sat: int
    ppm: IntArray
    below_sat: IntArray

    def standing(self, fee_ppm: int) -> float:
        """Share of the others' capacity that charges less than a fee, in [0, 1]."""
        place = int(np.searchsorted(self.ppm, fee_ppm, side="left"))
        return int(self.below_sat[place]) / self.capacity_sat


@dataclass(frozen=True, slots=True)
class ChannelMarkets:
    """Markets of all channels of one node, one row a channel, in the order of the snapshot.

    Attributes:
        channel: Place of the channel in the snapshot, shape (k,), int64.
        peer: Place of the peer, int64.
        n_competitors: Policies of others towards the peer, int64.
        p25_ppm: Lower quartile of the others, by capacity, int64; -1 without competitors.
        p50_ppm: Median of the others, by capacity, int64; -1 without competitors.
        p75_ppm: Upper quartile of the others, by capacity, int64; -1 without competitors.
        fee_ppm: What the node itself announces on the channel, int64; -1 if that is no price.
        standing: Share of the others' capacity that charges less than `fee_ppm`, float64; NaN
            without competitors or without a price of our own.
    """

    channel: IntArray
    peer: IntArray
    n_competitors: IntArray
    p25_ppm: IntArray
    p50_ppm: IntArray
    p75_ppm: IntArray
    fee_ppm: IntArray
    standing: FloatArray


class MarketIndex:
    """Every priced policy of a snapshot by the node it leads to, cheapest first; built once.

    A policy counts if it is present, enabled, asks less than the amount itself, and the capacity
    of its channel is known. Directed rows: row k is what `node1` of channel k announces, row
    n_channels + k what `node2` does.
    """

    def __init__(self, snapshot: GraphSnapshot) -> None:
        """Sort the policies of a snapshot."""
        channels, policies = snapshot.channels, snapshot.channels.policies
        node1, node2 = channels.node1.astype(np.int64), channels.node2.astype(np.int64)
        nodes = np.arange(snapshot.n_nodes + 1)
        self._snapshot = snapshot
        self._source = np.concatenate((node1, node2))
        self._target = np.concatenate((node2, node1))
        self._capacity_sat = np.concatenate((channels.capacity_sat, channels.capacity_sat))
        self._is_open = (
            policies.is_present & ~policies.is_disabled & (policies.fee_ppm < SENTINEL_PPM)
        ).reshape(-1)
        fee_ppm = policies.fee_ppm.reshape(-1)

        rows = np.flatnonzero(self._is_open & (self._capacity_sat > 0))
        list_key = self._target[rows] * SENTINEL_PPM + fee_ppm[rows]
        in_list_order = stable_order(list_key)
        rows = rows[in_list_order]
        self._list_key = list_key[in_list_order]
        self._ppm = fee_ppm[rows]
        self._setter = self._source[rows]
        self._list_start = np.searchsorted(self._target[rows], nodes)
        self._below_sat = np.r_[0, np.cumsum(self._capacity_sat[rows])]

        self._entries = stable_order(self._setter)
        self._entries_start = np.searchsorted(self._setter[self._entries], nodes)
        channel = np.tile(np.arange(snapshot.n_channels), 2)
        self._own_rows = stable_order(self._source * max(snapshot.n_channels, 1) + channel)
        self._own_start = np.searchsorted(self._source[self._own_rows], nodes)
        self._network = self._side(np.arange(len(self._source)))

    def fee_market(self, node_index: int) -> FeeMarket:
        """What the network charges towards and from the node at a place of the snapshot."""
        outward = self._rows_of(node_index)
        return FeeMarket(
            node_id=self._snapshot.node_hex(node_index),
            alias=self._snapshot.nodes.alias[node_index],
            snapshot_id=self._snapshot.origin.snapshot_id,
            towards=self._side(self._opposite(outward)),
            outward=self._side(outward),
            network=self._network,
        )

    @property
    def network_median_ppm(self) -> int | None:
        """Capacity-weighted median over all enabled policies of the network; None without any."""
        fee_ppm = self._network.fee_ppm
        return None if fee_ppm is None else fee_ppm.p50

    def peer_market(self, node_index: int, peer_index: int) -> PeerMarket | None:
        """What others than a node charge towards a peer; None if nobody else has a price there."""
        of_peer = slice(self._list_start[peer_index], self._list_start[peer_index + 1])
        is_other = self._setter[of_peer] != node_index
        if not is_other.any():
            return None
        capacity_sat = np.diff(self._below_sat)[of_peer][is_other]
        ppm = self._ppm[of_peer][is_other]
        below_sat = np.r_[0, np.cumsum(capacity_sat)]
        return PeerMarket(
            fee_ppm=_sorted_quantiles(ppm, below_sat[1:]),
            n_competitors=len(ppm),
            capacity_sat=int(below_sat[-1]),
            ppm=ppm,
            below_sat=below_sat,
        )

    def median_ppm(self, peer_index: int) -> int | None:
        """Capacity-weighted median of what all together charge towards a node; None if nobody."""
        start, end = self._list_start[peer_index], self._list_start[peer_index + 1]
        if start == end:
            return None
        below_sat = self._below_sat
        half = (below_sat[end] - below_sat[start] + 1) // 2
        place = np.searchsorted(below_sat[1:], below_sat[start] + half, side="left")
        return int(self._ppm[place])

    def channel_markets(self, node_index: int) -> ChannelMarkets:
        """The market of every channel of a node, without a look at any list as a whole.

        With the node's own entries taken out, capacity sums over the sorted lists differ from the
        stored ones by the own entries passed so far; so each quantile is one binary search.
        """
        rows = self._rows_of(node_index)
        peer = self._target[rows]
        start, end = self._list_start[peer], self._list_start[peer + 1]
        own = self._entries[self._entries_start[node_index] : self._entries_start[node_index + 1]]
        own_sat = np.r_[0, np.cumsum(self._below_sat[own + 1] - self._below_sat[own])]

        def others_below(place: IntArray) -> IntArray:
            passed = np.searchsorted(own, place, side="left")
            return np.asarray(self._below_sat[place] - own_sat[passed], np.int64)

        floor_sat = others_below(start)
        total_sat = others_below(end) - floor_sat
        before_own = others_below(own)

        def quantile(twentieths: int) -> IntArray:
            wanted = floor_sat + (total_sat * twentieths + _TWENTY - 1) // _TWENTY
            passed = np.searchsorted(before_own, wanted, side="left")
            place = np.searchsorted(self._below_sat[1:], wanted + own_sat[passed], side="left")
            return np.asarray(self._ppm[np.minimum(place, len(self._ppm) - 1)], np.int64)

        fee_ppm = np.where(
            self._is_open[rows], self._snapshot.channels.policies.fee_ppm.reshape(-1)[rows], -1
        )
        cheaper = np.searchsorted(self._list_key, peer * SENTINEL_PPM + fee_ppm, side="left")
        standing = np.full(len(rows), np.nan)
        is_contested = total_sat > 0
        np.divide(
            others_below(cheaper) - floor_sat,
            total_sat,
            out=standing,
            where=is_contested & (fee_ppm >= 0),
        )
        own_count = np.searchsorted(own, end) - np.searchsorted(own, start)
        has_list = len(self._ppm) > 0
        p25, p50, p75 = (
            np.where(is_contested, quantile(share), -1) if has_list else np.full(len(rows), -1)
            for share in (5, 10, 15)
        )
        return ChannelMarkets(
            channel=rows % max(self._snapshot.n_channels, 1),
            peer=peer,
            n_competitors=end - start - own_count,
            p25_ppm=p25,
            p50_ppm=p50,
            p75_ppm=p75,
            fee_ppm=fee_ppm,
            standing=standing,
        )

    def _rows_of(self, node_index: int) -> IntArray:
        """Directed rows that a node sets, by channel."""
        return self._own_rows[self._own_start[node_index] : self._own_start[node_index + 1]]

    def _opposite(self, rows: IntArray) -> IntArray:
        """The same channels in the other direction."""
        n_channels = self._snapshot.n_channels
        return np.where(rows < n_channels, rows + n_channels, rows - n_channels)

    def _side(self, rows: IntArray) -> MarketSide:
        policies = self._snapshot.channels.policies
        is_off = policies.is_present & policies.is_disabled
        counted = rows[self._is_open[rows] & (self._capacity_sat[rows] > 0)]
        receiving = self._opposite(counted)
        is_told = policies.is_present.reshape(-1)[receiving]
        weight = self._capacity_sat[counted]
        return MarketSide(
            n_policies=len(counted),
            capacity_sat=int(weight.sum()),
            fee_ppm=_quantiles(policies.fee_ppm.reshape(-1)[counted], weight),
            base_fee_msat=_quantiles(policies.base_fee_msat.reshape(-1)[counted], weight),
            inbound_fee_ppm=_quantiles(
                policies.inbound_fee_ppm.reshape(-1)[receiving[is_told]], weight[is_told]
            ),
            n_disabled=int(np.count_nonzero(is_off.reshape(-1)[rows])),
        )


def fee_market(snapshot: GraphSnapshot, index: int) -> FeeMarket:
    """What the network charges towards and from one node; for many build a `MarketIndex` once."""
    return MarketIndex(snapshot).fee_market(index)


def peer_market(snapshot: GraphSnapshot, node_index: int, peer_index: int) -> PeerMarket | None:
    """What others charge towards one peer of a node; for many build a `MarketIndex` once."""
    return MarketIndex(snapshot).peer_market(node_index, peer_index)


def _quantiles(values: IntArray, weights: IntArray) -> Quantiles | None:
    if len(values) == 0:
        return None
    order = np.argsort(values)
    return _sorted_quantiles(values[order], np.cumsum(weights[order]))


def _sorted_quantiles(values: IntArray, weight_up_to: IntArray) -> Quantiles:
    """Smallest values up to which 2, 5, 10, 15 and 18 twentieths of the weight lie."""
    total = int(weight_up_to[-1])
    wanted = [(total * share + _TWENTY - 1) // _TWENTY for share in QUANTILE_TWENTIETHS]
    places = np.searchsorted(weight_up_to, wanted, side="left")
    return Quantiles(*(int(value) for value in values[places]))
