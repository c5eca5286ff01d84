"""What the cheapest way to a node costs from the nearest of some others."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from daznode.simulate.payments.kernels.heap import drop_first, first_node, first_place, place, push


@njit(cache=True, nogil=True)
def fees_around(
    start: NDArray[np.int64],
    source: NDArray[np.uint32],
    fee: NDArray[np.float64],
    avoided: int,
    peers: NDArray[np.int64],
    costs: NDArray[np.float64],
) -> None:
    """Least fees from any other peer to each peer of a node, past the node itself.

    Args:
        start: Where the edges towards each node begin, (n + 1,).
        source: Who sends over them, (n_edges,).
        fee: What each asks for the amount, infinite where it cannot pass, (n_edges,).
        avoided: The node.
        peers: Its peers, distinct.
        costs: Written, of the shape of `peers`; infinite where there is no way.

    References:
        Dijkstra, Numerische Mathematik 1, 1959, DOI 10.1007/BF01386390.
    """
    n = len(start) - 1
    is_peer = np.zeros(n, np.uint8)
    for peer in peers:
        is_peer[peer] = 1
    label = np.empty(n, np.float64)
    heap = np.empty(len(source) + n, np.int64)
    for at in range(len(peers)):
        goal = int(peers[at])
        label[:] = np.inf
        label[goal] = 0.0
        size = push(heap, 0, 0.0, goal)
        costs[at] = np.inf
        while size > 0:
            key, node = first_place(heap), first_node(heap)
            size = drop_first(heap, size)
            reached_node = label[node]
            if key > place(reached_node):
                continue
            if is_peer[node] and node != goal:
                costs[at] = reached_node
                break
            for edge in range(start[node], start[node + 1]):
                other = int(source[edge])
                if other == avoided:
                    continue
                reached = reached_node + fee[edge]
                if reached < label[other]:
                    label[other] = reached
                    size = push(heap, size, reached, other)
