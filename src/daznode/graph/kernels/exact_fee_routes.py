"""Cheapest routes from one source at a time, for costs too large for the sixteen lanes."""

import numpy as np
from numba import float64, int64, njit
from numpy.typing import NDArray

from daznode.graph.kernels.fee_types import FeeCore, FeeCosts, FeeSums, FeeWeights

NOT_REACHED = 1 << 62
"""Cost of a node not reached, msat: above every sum of costs that can be told in int64."""


@njit(cache=True, nogil=True)
def exact_fee_routes(
    core: FeeCore,
    weights: FeeWeights,
    sources: NDArray[np.uint32],
    wants_paths: bool,  # noqa: FBT001 - numba takes keywords only slowly
    totals: FeeCosts,
    sums: FeeSums,
) -> None:
    """What `fee_routes` does, by Dijkstra's algorithm with 64-bit costs, several times slower.

    Args:
        core: The graph; the full costs are read.
        weights: What its nodes stand for.
        sources: Distinct nodes, uint32.
        wants_paths: Whether `sums` is wanted.
        totals: Costs; written at the sources and at the leaves that start behind them.
        sums: Changed if `wants_paths`.

    References:
        Dijkstra, Numerische Mathematik 1, 1959, DOI 10.1007/BF01386390; Brandes 2001,
        DOI 10.1080/0022250X.2001.9990249.
    """
    n = core.indptr.size - 1
    cost = np.full(n, NOT_REACHED, np.int64)
    is_settled = np.zeros(n, np.uint8)
    order = np.empty(n, np.uint32)
    heap_cost = np.empty(core.indices.size + 1, np.int64)
    heap_node = np.empty(core.indices.size + 1, np.uint32)
    paths, delta = np.zeros(n), np.zeros(n)
    for s in sources:
        n_settled = _settle(core, s, cost, is_settled, order, heap_cost, heap_node)
        _sum_exact_costs(weights, s, cost, totals)
        if wants_paths:
            _sum_exact_dependencies(core, weights, order[:n_settled], cost, paths, delta, sums)
        for i in range(n_settled):
            cost[order[i]] = NOT_REACHED
            is_settled[order[i]] = 0


@njit(cache=True, nogil=True)
def _settle(
    core: FeeCore,
    s: int,
    cost: NDArray[np.int64],
    is_settled: NDArray[np.uint8],
    order: NDArray[np.uint32],
    heap_cost: NDArray[np.int64],
    heap_node: NDArray[np.uint32],
) -> int:
    """Settle all nodes that a source reaches, nearest first; how many they are."""
    indptr, indices, edge_cost = core.indptr, core.indices, core.cost
    cost[s] = 0
    heap_cost[0] = 0
    heap_node[0] = s
    size, n_settled = 1, 0
    while size > 0:
        v = int64(heap_node[0])
        size -= 1
        last_cost, last_node = heap_cost[size], heap_node[size]
        place = 0
        while 2 * place + 1 < size:
            child = 2 * place + 1
            if child + 1 < size and heap_cost[child + 1] < heap_cost[child]:
                child += 1
            if heap_cost[child] >= last_cost:
                break
            heap_cost[place], heap_node[place] = heap_cost[child], heap_node[child]
            place = child
        heap_cost[place], heap_node[place] = last_cost, last_node
        if is_settled[v]:
            continue
        is_settled[v] = 1
        order[n_settled] = v
        n_settled += 1
        for e in range(int64(indptr[v]), int64(indptr[v + 1])):
            w = indices[e]
            offered = cost[v] + edge_cost[e]
            if offered < cost[w]:
                cost[w] = offered
                place = size
                size += 1
                while place > 0 and heap_cost[(place - 1) // 2] > offered:
                    above = (place - 1) // 2
                    heap_cost[place], heap_node[place] = heap_cost[above], heap_node[above]
                    place = above
                heap_cost[place], heap_node[place] = offered, w
    return n_settled


@njit(cache=True, nogil=True)
def _sum_exact_costs(
    weights: FeeWeights, s: int, cost: NDArray[np.int64], totals: FeeCosts
) -> None:
    receivers, receivers_cost = weights.receivers, weights.receivers_cost
    starts, start_cost = weights.starts, weights.start_cost
    fair_price = weights.fair_price_msat[0]
    reached, total = int64(0), 0.0
    for v in range(cost.size):
        if cost[v] < NOT_REACHED:
            reached += receivers[v]
            total += float64(receivers[v]) * cost[v] + receivers_cost[v]
    totals.reached[s] = reached
    totals.total_msat[s] = total
    totals.fair_capacity[s] = _exact_capacity_within(weights, cost, fair_price)
    for i in range(starts[s], starts[s + 1]):
        totals.start_fair_capacity[i] = _exact_capacity_within(
            weights, cost, fair_price - start_cost[i]
        )


@njit(cache=True, nogil=True)
def _exact_capacity_within(weights: FeeWeights, cost: NDArray[np.int64], limit_msat: int) -> int:
    capacity, leaf_capacity = weights.capacity, weights.leaf_capacity
    leaf_root, leaf_cost = weights.leaf_root, weights.leaf_cost
    total = 0
    for v in range(cost.size):
        if cost[v] <= limit_msat:
            total += capacity[v]
    for j in range(leaf_root.size):
        if cost[leaf_root[j]] <= limit_msat - leaf_cost[j]:
            total += leaf_capacity[j]
    return total


@njit(cache=True, nogil=True)
def _sum_exact_dependencies(
    core: FeeCore,
    weights: FeeWeights,
    order: NDArray[np.uint32],
    cost: NDArray[np.int64],
    paths: NDArray[np.float64],
    delta: NDArray[np.float64],
    sums: FeeSums,
) -> None:
    s = int64(order[0])
    indptr, indices, edge_cost = core.back_indptr, core.back_indices, core.back_cost
    receivers, senders = weights.receivers, weights.senders[s]
    dependency, reached_by = sums.dependency, sums.reached_by
    paths[s] = 1.0
    for i in range(1, order.size):
        v = int64(order[i])
        count = 0.0
        for e in range(int64(indptr[v]), int64(indptr[v + 1])):
            if cost[indices[e]] + edge_cost[e] == cost[v]:
                count += paths[indices[e]]
        paths[v] = count
    for i in range(order.size - 1, 0, -1):
        v = int64(order[i])
        d = delta[v]
        delta[v] = 0.0
        dependency[v] += senders * d
        reached_by[v] += senders
        share = (receivers[v] + d) / paths[v]
        for e in range(int64(indptr[v]), int64(indptr[v + 1])):
            u = indices[e]
            if cost[u] + edge_cost[e] == cost[v]:
                delta[u] += paths[u] * share
    delta[s] = 0.0
