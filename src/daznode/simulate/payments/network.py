"""The network that payments run through: both directions of every usable channel, by receiver."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from daznode.domain.errors import InvalidParameter
from daznode.domain.gossip import GraphSnapshot
from daznode.domain.units import MSAT_PER_SAT, PPM_ONE

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_UNKNOWN_CAPACITY: Final = "channels of unknown capacity are left out"

MEDIAN_PPM: Final = 98
"""Median of 41,423 channels in May 2026 (a published study of routing nodes' fees)."""
_NODE_SPREAD: Final = 0.85
_CHANNEL_SPREAD: Final = 1.2
_SINK_SPREAD: Final = 0.7
"""Log spreads that give the published mean of some 500 to 800 ppm: between nodes, between the
channels of a node, and towards those who receive more than they send."""
_FREE_BASE_RATIO: Final = 0.4
"""Share of nodes without a base fee (the same study)."""
_MOST_PPM: Final = 10_000
_MOST_INBOUND_MSAT: Final = 1_000_000_000
"""Ten thousand times what anybody asks; beyond it sums of a route would not fit 64 bits."""
CAPACITY_FACTOR: Final = 3
"""By which the channels of 2019 grow: the median channel of 2024 had 1.07 million sat."""


@dataclass(frozen=True, slots=True)
class PaymentNetwork:
    """Directed edges sorted by the node they lead to; every array has shape (n_edges,) but the first.

    An edge is one direction of a channel, with the policy of the node that sends over it.

    Attributes:
        start: Where the edges towards each node begin, shape (n_nodes + 1,), int64.
        snapshot_node: Position of each node in the snapshot, shape (n_nodes,), int64.
        source: Node that sends over the edge, int64.
        target: Node that it leads to, int64.
        reverse: The other direction of the same channel, int64.
        scid: Short channel id, int64.
        capacity_msat: Of the channel, int64.
        base_fee_msat: int64.
        fee_ppm: int64, at most one million.
        inbound_base_msat: Charged by the *target* for what comes in by this edge, int64, mostly 0.
        inbound_ppm: The same, proportional, int64.
        cltv_delta: Blocks, int64.
        htlc_minimum_msat: int64.
        htlc_maximum_msat: int64, never above the capacity.
        is_disabled: Whether the sender says that it does not forward here, bool.
    """

    start: IntArray
    snapshot_node: IntArray
    source: IntArray
    target: IntArray
    reverse: IntArray
    scid: IntArray
    capacity_msat: IntArray
    base_fee_msat: IntArray
    fee_ppm: IntArray
    inbound_base_msat: IntArray
    inbound_ppm: IntArray
    cltv_delta: IntArray
    htlc_minimum_msat: IntArray
    htlc_maximum_msat: IntArray
    is_disabled: BoolArray

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.snapshot_node)

    @property
    def n_edges(self) -> int:
        """Number of directed edges, two a channel."""
        return len(self.source)

    def edges_from(self, node: int) -> IntArray:
        """Edges over which a node sends, by short channel id."""
        found = np.flatnonzero(self.source == node)
        return found[np.argsort(self.scid[found], kind="stable")]

    def node_capacity_msat(self) -> IntArray:
        """Sum of each node's channels, shape (n_nodes,), int64, msat."""
        total = np.zeros(self.n_nodes, np.int64)
        np.add.at(total, self.source, self.capacity_msat)
        return total


def payment_network(snapshot: GraphSnapshot) -> PaymentNetwork:
    """The largest connected piece of a snapshot over channels that both sides have announced.

    Channels of unknown capacity, and those that both sides have disabled, carry nothing and are left
    out.

    Args:
        snapshot: The public network.

    Raises:
        InvalidParameter: No channel is left.
    """
    channels, policies = snapshot.channels, snapshot.channels.policies
    is_usable = (
        policies.is_present.all(axis=0)
        & ~policies.is_disabled.all(axis=0)
        & (channels.capacity_sat > 0)
    )
    rows = np.flatnonzero(is_usable)
    rows = rows[_in_largest_piece(snapshot, rows)]
    if len(rows) == 0:
        message = (
            f"snapshot {snapshot.origin.snapshot_id}: no channel that payments could use; expected "
            f"channels with both policies ({_UNKNOWN_CAPACITY})"
        )
        raise InvalidParameter(message)
    one, two = channels.node1[rows].astype(np.int64), channels.node2[rows].astype(np.int64)
    nodes, place = np.unique(np.concatenate((one, two)), return_inverse=True)
    first, second = place[: len(rows)], place[len(rows) :]

    def both(column: NDArray[np.int64] | BoolArray) -> NDArray[np.int64]:
        return np.concatenate((column[0, rows], column[1, rows])).astype(np.int64)

    def of_receiver(column: NDArray[np.int64]) -> IntArray:
        return np.concatenate((column[1, rows], column[0, rows]))

    capacity_msat = np.tile(channels.capacity_sat[rows] * MSAT_PER_SAT, 2)
    maximum_msat = both(policies.htlc_maximum_msat)
    laid_out, _ = sorted_by_target(
        PaymentNetwork(
            start=np.zeros(len(nodes) + 1, np.int64),
            snapshot_node=nodes,
            source=np.concatenate((first, second)),
            target=np.concatenate((second, first)),
            reverse=np.concatenate((np.arange(len(rows)) + len(rows), np.arange(len(rows)))),
            scid=np.tile(channels.scid[rows].astype(np.int64), 2),
            capacity_msat=capacity_msat,
            base_fee_msat=both(policies.base_fee_msat),
            fee_ppm=np.minimum(both(policies.fee_ppm), PPM_ONE),
            inbound_base_msat=np.clip(
                of_receiver(policies.inbound_base_fee_msat), -_MOST_INBOUND_MSAT, _MOST_INBOUND_MSAT
            ),
            inbound_ppm=np.clip(of_receiver(policies.inbound_fee_ppm), -PPM_ONE, PPM_ONE),
            cltv_delta=both(policies.cltv_delta),
            htlc_minimum_msat=both(policies.htlc_minimum_msat),
            htlc_maximum_msat=np.where(
                maximum_msat > 0, np.minimum(maximum_msat, capacity_msat), capacity_msat
            ),
            is_disabled=both(policies.is_disabled).astype(np.bool_),
        )
    )
    return laid_out


def modernised(
    network: PaymentNetwork, tilt: FloatArray, rng: np.random.Generator
) -> PaymentNetwork:
    """The same channels with the fees and about the sizes of today; nothing is disabled.

    For old snapshots, whose prices nobody asks any more: in March 2019 the median fee was 1 ppm, and
    the network held 736 bitcoin where it held some 5,600 at the end of 2025.

    Args:
        network: The network.
        tilt: How much more each node receives than it sends, in standard deviations of a log,
            shape (n_nodes,); the way to those who receive is dearer.
        rng: Source of chance.
    """
    of_node = rng.normal(0, _NODE_SPREAD, network.n_nodes)
    of_edge = rng.normal(0, _CHANNEL_SPREAD, network.n_edges)
    log_ppm = of_node[network.source] + of_edge + _SINK_SPREAD * tilt[network.target]
    ppm = np.clip(np.round(MEDIAN_PPM * np.exp(log_ppm)), 0, _MOST_PPM).astype(np.int64)
    is_free = rng.random(network.n_nodes) < _FREE_BASE_RATIO
    deltas = rng.choice([80, 40, 144], network.n_nodes, p=[0.6, 0.2, 0.2])
    zeros = np.zeros(network.n_edges, np.int64)
    capacity_msat = network.capacity_msat * CAPACITY_FACTOR
    return replace(
        network,
        capacity_msat=capacity_msat,
        fee_ppm=ppm,
        base_fee_msat=np.where(is_free, 0, 1_000)[network.source].astype(np.int64),
        inbound_base_msat=zeros,
        inbound_ppm=zeros.copy(),
        cltv_delta=deltas[network.source].astype(np.int64),
        htlc_minimum_msat=np.minimum(network.htlc_minimum_msat, 1_000),
        htlc_maximum_msat=capacity_msat.copy(),
        is_disabled=np.zeros(network.n_edges, np.bool_),
    )


def _in_largest_piece(snapshot: GraphSnapshot, rows: IntArray) -> BoolArray:
    if len(rows) == 0:
        return np.zeros(0, np.bool_)
    one, two = snapshot.channels.node1[rows], snapshot.channels.node2[rows]
    shape = (snapshot.n_nodes, snapshot.n_nodes)
    links = coo_array((np.ones(len(rows), np.int8), (one, two)), shape=shape)
    _, piece = connected_components(links, directed=False)
    of_channel = piece[one]
    return np.asarray(of_channel == np.bincount(of_channel).argmax(), dtype=np.bool_)


def sorted_by_target(network: PaymentNetwork) -> tuple[PaymentNetwork, IntArray]:
    """The same edges in the order that searches need, and where each of them was, (n_edges,)."""
    order = np.lexsort((network.scid, network.source, network.target))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    start = np.zeros(network.n_nodes + 1, np.int64)
    np.cumsum(np.bincount(network.target, minlength=network.n_nodes), out=start[1:])
    ordered = replace(
        network,
        start=start,
        source=network.source[order],
        target=network.target[order],
        reverse=place[network.reverse[order]],
        scid=network.scid[order],
        capacity_msat=network.capacity_msat[order],
        base_fee_msat=network.base_fee_msat[order],
        fee_ppm=network.fee_ppm[order],
        inbound_base_msat=network.inbound_base_msat[order],
        inbound_ppm=network.inbound_ppm[order],
        cltv_delta=network.cltv_delta[order],
        htlc_minimum_msat=network.htlc_minimum_msat[order],
        htlc_maximum_msat=network.htlc_maximum_msat[order],
        is_disabled=network.is_disabled[order],
    )
    return ordered, order
