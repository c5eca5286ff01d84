"""Bounds of routes brought up to a channel that has come into the network, without counting anew."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from daznode.simulate.payments.bounds import PPM_OF_LEVEL
from daznode.simulate.payments.network import FloatArray, IntArray, PaymentNetwork
from daznode.simulate.payments.state import Bounds


def widened_bounds(
    bounds: Bounds, network: PaymentNetwork, floor_ppm: IntArray, opener: int, peer: int
) -> Bounds:
    """The bounds of a network with one channel more; those given, which runs share, stay as they are.

    A shortest way passes the new channel at most once. So hops are exact: the fewer of those there
    were and those over the channel in either direction. Fees are at most those there were and those
    of the way to one end, its hop, and the way on from the other end, where everybody charges (two
    searches); sums are rounded down to a level. Memory is two bytes for every pair of nodes, as
    long as the run lasts.

    Args:
        bounds: Of the network without the channel.
        network: With it.
        floor_ppm: What each of its edges costs at the least, (n_edges,); none below what it was.
        opener: One end of the channel.
        peer: The other.
    """
    hops, least = bounds.hops.copy(), bounds.least.copy()
    beyond = _fees_from(network, floor_ppm, np.array([opener, peer]))
    for place, (here, there) in enumerate(((opener, peer), (peer, opener))):
        over = (network.source == here) & (network.target == there)
        hop_ppm = float(floor_ppm[over].min())
        further = 1 + bounds.hops[there].astype(np.int64)
        for count in np.unique(bounds.hops[:, here]).tolist():
            rows = np.flatnonzero(bounds.hops[:, here] == count)
            by_channel = np.minimum(count + further, 255).astype(np.uint8)
            hops[rows] = np.minimum(hops[rows], by_channel)
        onward_ppm = beyond[1 - place]
        for level in np.unique(bounds.least[:, here]).tolist():
            rows = np.flatnonzero(bounds.least[:, here] == level)
            rows = rows[rows != here]
            by_channel = _level(PPM_OF_LEVEL[level] + hop_ppm + onward_ppm)
            least[rows] = np.minimum(least[rows], by_channel)
        least[here] = np.minimum(least[here], _level(onward_ppm))  # own hop is free
    return bounds._replace(hops=hops, least=least)


def _level(ppm: FloatArray) -> NDArray[np.uint8]:
    """The level of a fee or the next lower one."""
    return (np.searchsorted(PPM_OF_LEVEL, ppm, side="right") - 1).astype(np.uint8)


def _fees_from(network: PaymentNetwork, floor_ppm: IntArray, nodes: IntArray) -> FloatArray:
    """Fees from some nodes to all, at the least, in ppm; their own hop is not free."""
    n = network.n_nodes
    order = np.lexsort((floor_ppm, network.target, network.source))
    source, target = network.source[order], network.target[order]
    is_cheapest = np.ones(len(order), np.bool_)
    is_cheapest[1:] = (source[1:] != source[:-1]) | (target[1:] != target[:-1])
    chosen = order[is_cheapest]
    fees = floor_ppm[chosen].astype(np.float64)  # one of 0 is an edge too: scipy keeps it
    links = csr_array((fees, (network.source[chosen], network.target[chosen])), shape=(n, n))
    return np.asarray(dijkstra(links, indices=nodes), dtype=np.float64)
