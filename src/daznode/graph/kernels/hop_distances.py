"""Hop distances between all pairs, 512 searches at once, one bit each."""

from typing import NamedTuple

import numpy as np
from numba import int64, njit, uint64
from numpy.typing import NDArray

from daznode.graph.kernels.rows import (
    BIT_WORDS,
    absorb_bits,
    aligned_rows,
    clear_bits,
    count_bits,
    pull_bits,
)

SOURCES_PER_PASS = 64 * BIT_WORDS

_PUSH_GAIN = 4
"""Looking around the front instead of at every open node pays when it touches 4 times fewer edges."""


class HopScratch(NamedTuple):
    """Working memory of one thread; `front` is zero between passes.

    Attributes:
        seen: Sources that have reached each node, (n * 8,), uint64.
        front: Sources that reached it in the last step, same shape.
        fresh: Sources that reach it in this step, same shape.
        planes: Binary digits of the leaves of the pass's sources, (64 * 8,), uint64.
        open_nodes: Nodes that some source has not reached, (n,), uint32.
        near: Nodes beside the front, (n,), uint32.
        front_nodes: Nodes of the front, (n,), uint32.
        next_nodes: Nodes of the next front, (n,), uint32.
        is_done: 1 where every source has been, (n,), uint8.
        is_near: 1 for nodes in `near`, (n,), uint8; zero between steps.
    """

    seen: NDArray[np.uint64]
    front: NDArray[np.uint64]
    fresh: NDArray[np.uint64]
    planes: NDArray[np.uint64]
    open_nodes: NDArray[np.uint32]
    near: NDArray[np.uint32]
    front_nodes: NDArray[np.uint32]
    next_nodes: NDArray[np.uint32]
    is_done: NDArray[np.uint8]
    is_near: NDArray[np.uint8]


class HopSums(NamedTuple):
    """What one pass adds to each node; zero at the start.

    Attributes:
        distance: Sum of hops to the pass's sources and their leaves, (n,), int64.
        inverse: Sum of 1/hops to them, (n,), float64.
        inverse_beyond: Sum of 1/(hops + 1) to them, (n,), float64: what a leaf of the node sees.
    """

    distance: NDArray[np.int64]
    inverse: NDArray[np.float64]
    inverse_beyond: NDArray[np.float64]


def new_hop_scratch(n_nodes: int) -> HopScratch:
    """Working memory for networks of `n_nodes` nodes."""
    return HopScratch(
        seen=aligned_rows(n_nodes, BIT_WORDS, np.uint64),
        front=aligned_rows(n_nodes, BIT_WORDS, np.uint64),
        fresh=aligned_rows(n_nodes, BIT_WORDS, np.uint64),
        planes=aligned_rows(64, BIT_WORDS, np.uint64),
        open_nodes=np.empty(n_nodes, np.uint32),
        near=np.empty(n_nodes, np.uint32),
        front_nodes=np.empty(n_nodes, np.uint32),
        next_nodes=np.empty(n_nodes, np.uint32),
        is_done=np.zeros(n_nodes, np.uint8),
        is_near=np.zeros(n_nodes, np.uint8),
    )


def new_hop_sums(n_nodes: int) -> HopSums:
    """Zeroed sums for networks of `n_nodes` nodes."""
    return HopSums(np.zeros(n_nodes, np.int64), np.zeros(n_nodes), np.zeros(n_nodes))


@njit(cache=True, nogil=True)
def hop_distances(
    indptr: NDArray[np.uint32],
    indices: NDArray[np.uint32],
    sources: NDArray[np.uint32],
    leaves: NDArray[np.int64],
    scratch: HopScratch,
    sums: HopSums,
) -> None:
    """Add the hops from every node to some sources and to the leaves that hang on them.

    All sources advance together: a node's row of 512 bits says which of them have reached it, and
    a step is the union of its neighbours' rows. Distances being symmetric, each node sums its own
    distances to the sources. The leaves of a source lie one hop beyond it; they are weighed by
    counting bits against the binary digits of the number of leaves.

    Args:
        indptr: Row starts of a simple undirected graph, (n + 1,), uint32.
        indices: Neighbours, uint32, each < n.
        sources: Distinct nodes, at most `SOURCES_PER_PASS`, uint32.
        leaves: Leaves of each node, (n,), int64, >= 0.
        scratch: From `new_hop_scratch(n)`.
        sums: From `new_hop_sums(n)`; changed.

    Note:
        Exact for any graph and any distance; the sums of inverses round once per step.

    References:
        Then et al., "The More the Merrier: Efficient Multi-Source Graph Traversal", PVLDB 8(4),
        2014, DOI 10.14778/2735496.2735507.
    """
    n = indptr.size - 1
    seen, front, fresh, planes = scratch.seen, scratch.front, scratch.fresh, scratch.planes
    open_nodes, near, is_done, is_near = (
        scratch.open_nodes,
        scratch.near,
        scratch.is_done,
        scratch.is_near,
    )
    front_nodes, next_nodes = scratch.front_nodes, scratch.next_nodes
    distance, inverse, inverse_beyond = sums.distance, sums.inverse, sums.inverse_beyond
    full = np.zeros(BIT_WORDS, np.uint64)
    seen[:] = uint64(0)
    planes[:] = uint64(0)
    is_done[:] = 0
    n_planes = int64(0)
    n_front = int64(0)
    front_edges = int64(0)
    for j in range(sources.size):
        s = int64(sources[j])
        word, bit = j >> 6, uint64(1) << uint64(j & 63)
        seen[s * BIT_WORDS + word] |= bit
        front[s * BIT_WORDS + word] |= bit
        full[word] |= bit
        front_nodes[n_front] = sources[j]
        n_front += 1
        front_edges += int64(indptr[s + 1]) - int64(indptr[s])
        digits = int64(0)
        rest = leaves[s]
        while rest > 0:
            if rest & 1:
                planes[digits * BIT_WORDS + word] |= bit
            rest >>= 1
            digits += 1
        n_planes = max(n_planes, digits)
    n_open = int64(n)
    open_edges = int64(indices.size)
    for v in range(n):
        open_nodes[v] = v
    hops = int64(0)
    while n_front > 0:
        hops += 1
        if front_edges * _PUSH_GAIN < open_edges:
            n_near = int64(0)
            for i in range(n_front):
                v = int64(front_nodes[i])
                for e in range(int64(indptr[v]), int64(indptr[v + 1])):
                    w = indices[e]
                    if is_near[w] == 0 and is_done[w] == 0:
                        is_near[w] = 1
                        near[n_near] = w
                        n_near += 1
            for i in range(n_near):
                is_near[near[i]] = 0
        else:
            kept = int64(0)
            open_edges = int64(0)
            for i in range(n_open):
                v = int64(open_nodes[i])
                if is_done[v] == 0:
                    open_nodes[kept] = v
                    near[kept] = v
                    kept += 1
                    open_edges += int64(indptr[v + 1]) - int64(indptr[v])
            n_open = kept
            n_near = kept
        n_next = int64(0)
        for i in range(n_near):
            v = int64(near[i])
            count = pull_bits(
                front,
                indices,
                int64(indptr[v]),
                int64(indptr[v + 1]),
                seen,
                fresh,
                v * BIT_WORDS,
            )
            if count == 0:
                continue
            next_nodes[n_next] = v
            n_next += 1
            hanging = int64(0)
            for k in range(n_planes):
                hanging += count_bits(fresh, v * BIT_WORDS, planes, k * BIT_WORDS) << k
            distance[v] += count * hops + hanging * (hops + 1)
            inverse[v] += count / hops + hanging / (hops + 1)
            inverse_beyond[v] += count / (hops + 1) + hanging / (hops + 2)
        for i in range(n_front):
            clear_bits(front, int64(front_nodes[i]) * BIT_WORDS)
        front_edges = int64(0)
        for i in range(n_next):
            v = int64(next_nodes[i])
            front_nodes[i] = v
            front_edges += int64(indptr[v + 1]) - int64(indptr[v])
            if absorb_bits(seen, front, fresh, v * BIT_WORDS, full) == 0:
                is_done[v] = 1
        n_front = n_next
