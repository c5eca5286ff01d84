"""The public network around one node, worked out from directed edges in one pass."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daznode.domain.gossip import GraphSnapshot
from daznode.domain.ids import NodeId
from daznode.domain.units import Sat
from daznode.simulate.policies.sight import PeerMarket, PublicMarket

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_UNKNOWN_TO_GOSSIP: Final = -1


def market_of(snapshot: GraphSnapshot, node_id: NodeId, feerate_sat_vb: float) -> PublicMarket:
    """The public network around a node of a snapshot.

    Args:
        snapshot: State of the network.
        node_id: Whose surroundings; a node that gossip does not know has none.
        feerate_sat_vb: What a transaction pays to be confirmed soon, sat per vByte.
    """
    own = snapshot.index_of(node_id)
    if own is None:
        return PublicMarket(Sat(0), {}, feerate_sat_vb)
    channels, policies = snapshot.channels, snapshot.channels.policies
    return market_from_edges(
        own,
        [NodeId(snapshot.node_hex(index)) for index in range(snapshot.n_nodes)],
        np.concatenate([channels.node1, channels.node2]),
        np.concatenate([channels.node2, channels.node1]),
        policies.base_fee_msat.ravel(),
        policies.fee_ppm.ravel(),
        np.tile(channels.capacity_sat, 2),
        feerate_sat_vb,
        is_announced=policies.is_present.ravel(),
    )


def market_from_edges(  # noqa: PLR0913, PLR0917 - one argument a column
    own: int,
    node_ids: Sequence[NodeId],
    source: NDArray[np.integer],
    target: NDArray[np.integer],
    base_fee_msat: IntArray,
    fee_ppm: IntArray,
    capacity_sat: IntArray,
    feerate_sat_vb: float,
    *,
    is_announced: BoolArray | None = None,
) -> PublicMarket:
    """The public network around a node, from directed edges.

    Args:
        own: Place of the node.
        node_ids: Keys by place.
        source: Where each edge begins, shape (n_edges,); every channel has one edge each way.
        target: Where it ends.
        base_fee_msat: What its beginning asks, msat.
        fee_ppm: The same, millionths.
        capacity_sat: Of its channel; a negative one (not stated) counts as nothing.
        feerate_sat_vb: What a transaction pays to be confirmed soon, sat per vByte.
        is_announced: Whether the edge's policy was ever announced; all if not given. An edge without
            one counts for the sizes of nodes and for nothing else.
    """
    n_nodes = len(node_ids)
    weight_sat = np.maximum(capacity_sat, 0)
    # A node's channels each leave it once; below 2^53 sat the float sums are exact.
    size_sat = np.bincount(source, weights=weight_sat, minlength=n_nodes).astype(np.int64)
    peers = np.unique(target[source == own])
    place_of_peer = np.full(n_nodes, _UNKNOWN_TO_GOSSIP, dtype=np.int64)
    place_of_peer[peers] = np.arange(len(peers))
    leads_to_peer = (place_of_peer[target] != _UNKNOWN_TO_GOSSIP) & (source != own)
    if is_announced is not None:
        leads_to_peer &= is_announced
    edges = np.flatnonzero(leads_to_peer)
    edges = edges[np.argsort(place_of_peer[target[edges]], kind="stable")]
    of_peer = place_of_peer[target[edges]]
    bounds = np.searchsorted(of_peer, np.arange(len(peers) + 1)).tolist()
    pairs = np.unique(of_peer * n_nodes + source[edges])
    rival_sat = size_sat[pairs % n_nodes]
    rival_bounds = np.searchsorted(pairs // n_nodes, np.arange(len(peers) + 1)).tolist()
    base, ppm, weight = base_fee_msat[edges], fee_ppm[edges], weight_sat[edges]
    markets = {}
    for place, peer in enumerate(peers.tolist()):
        begin, end = bounds[place], bounds[place + 1]
        markets[node_ids[peer]] = PeerMarket(
            base_fee_msat=base[begin:end],
            fee_ppm=ppm[begin:end],
            capacity_sat=weight[begin:end],
            rival_capacity_sat=rival_sat[rival_bounds[place] : rival_bounds[place + 1]],
        )
    return PublicMarket(Sat(int(size_sat[own])), markets, feerate_sat_vb)
