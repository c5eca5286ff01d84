"""What hangs on one channel: a node's centrality with it and without it."""

import numpy as np

from daznode.domain.channel_score import MarginalShares
from daznode.domain.measures import NodeMeasures
from daznode.graph.arrays import IntArray, UintArray, UndirectedNetwork, degrees, simple_undirected
from daznode.graph.centrality import betweenness
from daznode.graph.parallel import Crew
from daznode.graph.view import NetworkIndex

_FAR = -1


def marginal_shares(network: NetworkIndex, row: int, node: int, crew: Crew) -> MarginalShares:
    """How much of a node's centrality hangs on one of its channels.

    Exact: the network is measured again without the channel. A channel beside a parallel one carries
    no path of its own, so nothing hangs on it. Betweenness takes as long as for all nodes at once
    (about a second on today's network), unless the node has none.

    Args:
        network: A measured snapshot.
        row: Position of the channel in the snapshot.
        node: Position of the node in the snapshot, one of the channel's ends.
        crew: Threads that compute.

    Returns:
        The shares.
    """
    channels, measures = network.snapshot.channels, network.measures
    one, two = network.snapshot.channel_ends(row)
    peer = two if one == node else one
    whole = simple_undirected(network.snapshot)
    peers = int(measures.peers[node])
    if _n_parallel(channels.node1, channels.node2, one, two) > 1:
        return MarginalShares(0.0, 0.0, 0.0, 0.0, peers, 1)
    number = np.empty(whole.n_nodes, np.int64)
    number[whole.snapshot_index] = np.arange(whole.n_nodes)
    without = without_edge(whole, int(number[node]), int(number[peer]))
    hops = hops_from(without, int(number[node]))
    distance = int(hops[number[peer]])
    return MarginalShares(
        betweenness=_betweenness_share(measures, without, node, int(number[node]), crew),
        harmonic=_harmonic_share(float(measures.harmonic[node]), hops),
        degree=1 / peers,
        eigenvector=_eigenvector_share(measures, whole, int(number[node]), peer),
        peers=peers,
        hops_without=None if distance == _FAR else distance,
    )


def without_edge(network: UndirectedNetwork, one: int, two: int) -> UndirectedNetwork:
    """The same network, node for node, without the edge between two of its nodes.

    Args:
        network: Where the edge is.
        one: Number of one end in the network.
        two: Number of the other end.
    """
    tail = np.repeat(np.arange(network.n_nodes), degrees(network.indptr))
    head = network.indices
    is_kept = ~(((tail == one) & (head == two)) | ((tail == two) & (head == one)))
    indptr = np.zeros(network.n_nodes + 1, np.uint32)
    np.cumsum(
        np.bincount(tail[is_kept], minlength=network.n_nodes), out=indptr[1:], dtype=np.uint32
    )
    return UndirectedNetwork(indptr, head[is_kept], network.snapshot_index)


def hops_from(network: UndirectedNetwork, source: int) -> IntArray:
    """Hops from one node to all, shape (n_nodes,), int64; -1 where there is no way."""
    hops = np.full(network.n_nodes, _FAR, np.int64)
    hops[source] = 0
    frontier: UintArray = np.array([source], np.uint32)
    distance = 0
    while len(frontier):
        distance += 1
        reached = np.concatenate(
            [network.indices[network.indptr[at] : network.indptr[at + 1]] for at in frontier]
        )
        frontier = np.unique(reached[hops[reached] == _FAR])
        hops[frontier] = distance
    return hops


def _n_parallel(node1: np.ndarray, node2: np.ndarray, one: int, two: int) -> int:
    return int(np.count_nonzero((node1 == one) & (node2 == two)))


def _betweenness_share(
    measures: NodeMeasures, without: UndirectedNetwork, node: int, number: int, crew: Crew
) -> float:
    present = float(measures.betweenness[node])
    if present <= 0:
        return 0.0
    return _share(present, float(betweenness(without, crew)[number]))


def _harmonic_share(present: float, hops: IntArray) -> float:
    if present <= 0:
        return 0.0
    others = hops[hops > 0]
    left = float(np.sum(1.0 / others)) / (len(hops) - 1)
    return _share(present, left)


def _eigenvector_share(
    measures: NodeMeasures, network: UndirectedNetwork, number: int, peer: int
) -> float | None:
    """What a peer contributes to `x = sum of the peers' x / eigenvalue`."""
    row = network.indices[network.indptr[number] : network.indptr[number + 1]]
    around = measures.eigenvector[network.snapshot_index[row]]
    total = float(np.sum(around))
    share = float(measures.eigenvector[peer]) / total if total > 0 else np.nan
    return None if np.isnan(share) else share


def _share(present: float, left: float) -> float:
    """What is lost over what is there; a node that gains by the loss loses nothing."""
    return min(1.0, max(0.0, (present - left) / present))
