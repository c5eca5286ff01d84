"""Betweenness over shortest paths by hops, eight sources at once."""

from typing import NamedTuple

import numpy as np
from numba import int32, int64, njit
from numpy.typing import NDArray

from daznode.graph.kernels.rows import (
    PATH_LANES,
    aligned_rows,
    clear_paths,
    keep_lanes,
    pull_dependency,
    pull_paths,
    push_paths,
    settle_paths,
    share_paths,
)

_PUSH_PRICE = 2
"""An edge followed from the front (read, add, write) costs about two edges looked back upon."""


class PathScratch(NamedTuple):
    """Working memory of one thread; `front`, `gathered` and `is_marked` are zero between passes.

    Attributes:
        front: Path counts of the last level, later dependencies of the level below; (n * 8,), float64.
        gathered: What a level is being given, same shape.
        paths: Shortest paths from each lane's source, same shape.
        shares: Node weight divided by `paths`, same shape.
        weights: Source weight of each lane, (8,), float64.
        seen: Mask of the lanes that have reached a node, (n,), uint8.
        is_marked: 1 for nodes beside a level, (n,), uint8.
        marked: Those nodes, (n,), uint32.
        open_nodes: Nodes that some lane has not reached, (n,), uint32.
        level_nodes: Nodes level after level; a node stands in at most eight, (n * 8,), uint32.
        level_masks: In which lanes, same shape, uint8.
        level_starts: Where each level begins, (n + 2,), int64.
        level_edges: Edges at the nodes of each level, (n + 2,), int64.
    """

    front: NDArray[np.float64]
    gathered: NDArray[np.float64]
    paths: NDArray[np.float64]
    shares: NDArray[np.float64]
    weights: NDArray[np.float64]
    seen: NDArray[np.uint8]
    is_marked: NDArray[np.uint8]
    marked: NDArray[np.uint32]
    open_nodes: NDArray[np.uint32]
    level_nodes: NDArray[np.uint32]
    level_masks: NDArray[np.uint8]
    level_starts: NDArray[np.int64]
    level_edges: NDArray[np.int64]


def new_path_scratch(n_nodes: int) -> PathScratch:
    """Working memory for networks of `n_nodes` nodes."""
    return PathScratch(
        front=aligned_rows(n_nodes, PATH_LANES, np.float64),
        gathered=aligned_rows(n_nodes, PATH_LANES, np.float64),
        paths=aligned_rows(n_nodes, PATH_LANES, np.float64),
        shares=aligned_rows(n_nodes, PATH_LANES, np.float64),
        weights=aligned_rows(1, PATH_LANES, np.float64),
        seen=np.zeros(n_nodes, np.uint8),
        is_marked=np.zeros(n_nodes, np.uint8),
        marked=np.empty(n_nodes, np.uint32),
        open_nodes=np.empty(n_nodes, np.uint32),
        level_nodes=np.empty(n_nodes * PATH_LANES, np.uint32),
        level_masks=np.empty(n_nodes * PATH_LANES, np.uint8),
        level_starts=np.empty(n_nodes + 3, np.int64),
        level_edges=np.empty(n_nodes + 3, np.int64),
    )


@njit(cache=True, nogil=True)
def hop_betweenness(
    indptr: NDArray[np.uint32],
    indices: NDArray[np.uint32],
    sources: NDArray[np.uint32],
    weight: NDArray[np.float64],
    scratch: PathScratch,
    out: NDArray[np.float64],
) -> None:
    """Add the dependencies of some sources to every node.

    `out[v] += sum over s of weight[s] * sum over t of weight[t] * paths(s, t through v) /
    paths(s, t)`, with s, t and v distinct. Level by level for eight sources together: forward the
    counts of paths, each level looked back upon or pushed ahead, whichever touches fewer edges;
    backward the dependencies in the form `share(v) = weight(v) / paths(v) + sum of share(w)` over
    v's successors w, of which `paths(v) * sum` is v's credit. Masks instead of distances say in
    which lanes a node stands on a level, so no distance is too long.

    Args:
        indptr: Row starts of a simple undirected graph, (n + 1,), uint32.
        indices: Neighbours, uint32, each < n.
        sources: Distinct nodes, uint32; fastest if neighbours in the list are so in the graph.
        weight: Nodes each node stands for (itself and folded leaves), (n,), float64.
        scratch: From `new_path_scratch(n)`.
        out: Ordered-pair betweenness, (n,), float64; changed.

    Note:
        Counts of paths are float64: exact to 2^53, then rounded; above 1.8e308 paths between one
        pair (a chain of a thousand diamonds) the result is NaN.

    References:
        Brandes, "A Faster Algorithm for Betweenness Centrality", Journal of Mathematical Sociology
        25(2), 2001, DOI 10.1080/0022250X.2001.9990249; levels that change direction: Beamer,
        Asanovic, Patterson, SC 2012, DOI 10.1109/SC.2012.50.
    """
    n = indptr.size - 1
    front, gathered, paths, shares = scratch.front, scratch.gathered, scratch.paths, scratch.shares
    seen, is_marked, marked, open_nodes = (
        scratch.seen,
        scratch.is_marked,
        scratch.marked,
        scratch.open_nodes,
    )
    nodes, masks = scratch.level_nodes, scratch.level_masks
    lane_weights = scratch.weights
    starts, edges = scratch.level_starts, scratch.level_edges
    for k in range(0, sources.size, PATH_LANES):
        lanes = min(PATH_LANES, sources.size - k)
        full = int32((1 << lanes) - 1)
        seen[:] = 0
        top = int64(0)
        level_edges = int64(0)
        open_edges = int64(indices.size)
        for lane in range(lanes):
            s = int64(sources[k + lane])
            lane_weights[lane] = weight[s]
            paths[s * PATH_LANES + lane] = 1.0
            front[s * PATH_LANES + lane] = 1.0
            seen[s] |= 1 << lane
            nodes[top] = s
            masks[top] = 1 << lane
            top += 1
            level_edges += int64(indptr[s + 1]) - int64(indptr[s])
        starts[0] = 0
        starts[1] = top
        edges[0] = level_edges
        level = int64(0)
        n_open = int64(-1)
        while starts[level + 1] > starts[level]:
            begin, end = starts[level], starts[level + 1]
            level_edges = int64(0)
            if edges[level] * _PUSH_PRICE > open_edges:
                if n_open < 0:
                    n_open = int64(0)
                    for v in range(n):
                        open_nodes[n_open] = v
                        n_open += 1
                kept = int64(0)
                open_edges = int64(0)
                for i in range(n_open):
                    v = int64(open_nodes[i])
                    if seen[v] == full:
                        continue
                    degree = int64(indptr[v + 1]) - int64(indptr[v])
                    mask = pull_paths(
                        front,
                        indices,
                        int64(indptr[v]),
                        int64(indptr[v + 1]),
                        paths,
                        v * PATH_LANES,
                        int32(seen[v]),
                    )
                    if mask != 0:
                        nodes[top] = v
                        masks[top] = mask
                        top += 1
                        level_edges += degree
                        seen[v] |= mask
                    if seen[v] != full:
                        open_nodes[kept] = v
                        kept += 1
                        open_edges += degree
                n_open = kept
            else:
                n_marked = int64(0)
                for i in range(begin, end):
                    v = int64(nodes[i])
                    for e in range(int64(indptr[v]), int64(indptr[v + 1])):
                        w = int64(indices[e])
                        if seen[w] != full:
                            push_paths(gathered, w * PATH_LANES, front, v * PATH_LANES)
                            if is_marked[w] == 0:
                                is_marked[w] = 1
                                marked[n_marked] = w
                                n_marked += 1
                for i in range(n_marked):
                    w = int64(marked[i])
                    is_marked[w] = 0
                    mask = settle_paths(gathered, paths, w * PATH_LANES, int32(seen[w]))
                    if mask != 0:
                        nodes[top] = w
                        masks[top] = mask
                        top += 1
                        degree = int64(indptr[w + 1]) - int64(indptr[w])
                        level_edges += degree
                        seen[w] |= mask
                        if seen[w] == full:
                            open_edges -= degree
            for i in range(begin, end):
                clear_paths(front, int64(nodes[i]) * PATH_LANES)
            for i in range(end, top):
                keep_lanes(front, paths, int64(nodes[i]) * PATH_LANES, int32(masks[i]))
            level += 1
            starts[level + 1] = top
            edges[level] = level_edges
        last = level - 1
        for v in range(n):
            if seen[v] != 0:
                share_paths(shares, paths, v * PATH_LANES, weight[v])
        if last >= 1:
            for i in range(starts[last], starts[last + 1]):
                keep_lanes(front, shares, int64(nodes[i]) * PATH_LANES, int32(masks[i]))
        for below in range(last - 1, 0, -1):
            begin, end, stop = starts[below], starts[below + 1], starts[below + 2]
            n_marked = int64(0)
            is_sparse = edges[below + 1] * _PUSH_PRICE < edges[below]
            if is_sparse:
                for i in range(end, stop):
                    v = int64(nodes[i])
                    for e in range(int64(indptr[v]), int64(indptr[v + 1])):
                        w = indices[e]
                        if is_marked[w] == 0:
                            is_marked[w] = 1
                            marked[n_marked] = w
                            n_marked += 1
            for i in range(begin, end):
                v = int64(nodes[i])
                if is_sparse and is_marked[v] == 0:
                    keep_lanes(gathered, shares, v * PATH_LANES, int32(masks[i]))
                else:
                    out[v] += pull_dependency(
                        front,
                        indices,
                        int64(indptr[v]),
                        int64(indptr[v + 1]),
                        paths,
                        shares,
                        gathered,
                        lane_weights,
                        v * PATH_LANES,
                        int32(masks[i]),
                    )
            for i in range(n_marked):
                is_marked[marked[i]] = 0
            for i in range(end, stop):
                clear_paths(front, int64(nodes[i]) * PATH_LANES)
            for i in range(begin, end):
                v = int64(nodes[i])
                keep_lanes(front, gathered, v * PATH_LANES, int32(0xFF))
                clear_paths(gathered, v * PATH_LANES)
        if last >= 1:
            for i in range(starts[1], starts[2]):
                clear_paths(front, int64(nodes[i]) * PATH_LANES)
