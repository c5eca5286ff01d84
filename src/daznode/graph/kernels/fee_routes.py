"""Cheapest routes from sixteen sources at once: what they cost, whom they reach, through whom they pass."""

from typing import NamedTuple

import numpy as np
from numba import int32, int64, njit, uint16
from numpy.typing import NDArray

from daznode.graph.kernels.rows import (
    COST_LANES,
    aligned_rows,
    equal_row,
    lost_row,
    put_lanes,
    relax_row,
)

COST_LIMIT = (1 << 30) - 1
"""Cost of a node not reached. Two costs up to it, or it and the dearest edge, add up below 2^31."""

DEAREST_EDGE = 1 << 30
"""Edges that cost this or more are stored as this: they never lead below `COST_LIMIT`."""


class FeeCore(NamedTuple):
    """A directed graph in compressed rows, both ways, without the leaves folded away.

    Attributes:
        indptr: Row starts by sender, (n + 1,), uint32.
        indices: Receivers, uint32.
        cost: Costs, msat, >= 1, int64.
        lane_cost: The same, at most `DEAREST_EDGE`, int32.
        back_indptr: Row starts by receiver, (n + 1,), uint32.
        back_indices: Senders, uint32.
        back_cost: Costs in that order, int64.
        back_lane_cost: The same, at most `DEAREST_EDGE`, int32.
    """

    indptr: NDArray[np.uint32]
    indices: NDArray[np.uint32]
    cost: NDArray[np.int64]
    lane_cost: NDArray[np.int32]
    back_indptr: NDArray[np.uint32]
    back_indices: NDArray[np.uint32]
    back_cost: NDArray[np.int64]
    back_lane_cost: NDArray[np.int32]


class FeeWeights(NamedTuple):
    """What the core nodes stand for, and where payments start and end.

    Targets are all nodes that a core node can pay: core nodes at cost 0 from themselves and leaves
    that have an edge down, behind their root. Leaves that have an edge up start payments.

    Attributes:
        senders: Nodes that pay from behind each core node, itself included, (n,), float64.
        receivers: Nodes that are paid behind it, itself included, (n,), float64.
        target_root: Core node each target stands behind, ascending, (n_targets,), uint32.
        target_cost: Cost from there to the target, msat, (n_targets,), int64.
        target_capacity: Capacity of the target, sat, (n_targets,), int64.
        starts: Where the starting leaves of each core node begin, (n + 1,), int64.
        start_cost: Cost from each starting leaf up to its root, msat, int64.
        fair_price_msat: Most that a fair route costs, msat; an int64 in an array of one.
    """

    senders: NDArray[np.float64]
    receivers: NDArray[np.float64]
    target_root: NDArray[np.uint32]
    target_cost: NDArray[np.int64]
    target_capacity: NDArray[np.int64]
    starts: NDArray[np.int64]
    start_cost: NDArray[np.int64]
    fair_price_msat: NDArray[np.int64]


class FeeCosts(NamedTuple):
    """What is known of each source after its search; written once, by the chunk that has the source.

    A core node counts itself (cost 0, its own capacity); the caller takes it out again.

    Attributes:
        reached: Targets reached, (n,), int64.
        total_msat: Sum of the costs to them, (n,), float64: exact below 2^53.
        fair_capacity: Capacity of the targets within the fair price, sat, (n,), int64.
        start_fair_capacity: The same for each starting leaf, by way of its root, int64.
    """

    reached: NDArray[np.int64]
    total_msat: NDArray[np.float64]
    fair_capacity: NDArray[np.int64]
    start_fair_capacity: NDArray[np.int64]


class FeeSums(NamedTuple):
    """What some sources add to each node; zero at the start.

    Attributes:
        dependency: Ordered pairs whose routes pass a node, shared, (n,), float64.
        reached_by: Senders whose payments can get to a node, (n,), float64.
        reaches: Receivers that a node's payments can get to, itself left out, (n,), float64.
    """

    dependency: NDArray[np.float64]
    reached_by: NDArray[np.float64]
    reaches: NDArray[np.float64]


class FeeScratch(NamedTuple):
    """Working memory of one thread; `is_waiting`, `children` and `delta` are zero between passes.

    Attributes:
        costs: Cost from each lane's source to each node, (n * 16,), int32.
        parents: Node before it on a cheapest route, (n * 16,), int32.
        lane_costs: `costs` with a row for each lane, (16, n), int32.
        lane_parents: `parents` with a row for each lane, (16, n), int32.
        found: Mask of lanes with a parent, (n,), uint16.
        ties: Mask of lanes with several, (n,), uint16.
        waiting: Nodes whose edges are to be followed, (n,), uint32.
        next_waiting: Nodes for the next round, (n,), uint32.
        is_waiting: 1 for nodes in the next round, (n,), uint8.
        children: Successors not yet summed, (n,), uint32.
        order: Nodes, successors first, (n,), uint32.
        delta: Dependency of one lane, (n,), float64.
        paths: Cheapest routes of one lane, (n,), float64.
    """

    costs: NDArray[np.int32]
    parents: NDArray[np.int32]
    lane_costs: NDArray[np.int32]
    lane_parents: NDArray[np.int32]
    found: NDArray[np.uint16]
    ties: NDArray[np.uint16]
    waiting: NDArray[np.uint32]
    next_waiting: NDArray[np.uint32]
    is_waiting: NDArray[np.uint8]
    children: NDArray[np.uint32]
    order: NDArray[np.uint32]
    delta: NDArray[np.float64]
    paths: NDArray[np.float64]


def new_fee_scratch(n_nodes: int) -> FeeScratch:
    """Working memory for cores of `n_nodes` nodes."""
    return FeeScratch(
        costs=aligned_rows(n_nodes, COST_LANES, np.int32),
        parents=aligned_rows(n_nodes, COST_LANES, np.int32),
        lane_costs=np.zeros((COST_LANES, n_nodes), np.int32),
        lane_parents=np.zeros((COST_LANES, n_nodes), np.int32),
        found=np.zeros(n_nodes, np.uint16),
        ties=np.zeros(n_nodes, np.uint16),
        waiting=np.empty(n_nodes, np.uint32),
        next_waiting=np.empty(n_nodes, np.uint32),
        is_waiting=np.zeros(n_nodes, np.uint8),
        children=np.zeros(n_nodes, np.uint32),
        order=np.empty(n_nodes, np.uint32),
        delta=np.zeros(n_nodes),
        paths=np.zeros(n_nodes),
    )


def new_fee_sums(n_nodes: int) -> FeeSums:
    """Zeroed sums for cores of `n_nodes` nodes."""
    return FeeSums(np.zeros(n_nodes), np.zeros(n_nodes), np.zeros(n_nodes))


@njit(cache=True, nogil=True)
def fee_costs(core: FeeCore, sources: NDArray[np.uint32], scratch: FeeScratch) -> bool:
    """Costs from up to sixteen sources to all nodes, into `scratch.costs`.

    Label correcting: whoever becomes cheaper in any lane offers its neighbours a route again, in
    all lanes at once.

    Args:
        core: The graph.
        sources: Distinct nodes, at most 16, uint32.
        scratch: From `new_fee_scratch(n)`.

    Returns:
        Whether all costs are below `COST_LIMIT`. If not, they mean nothing: use `exact_fee_routes`.

    References:
        Many searches in the lanes of one vector: after Then et al., PVLDB 8(4), 2014; label
        correcting: Bellman, Quarterly of Applied Mathematics 16(1), 1958, DOI 10.1090/qam/102435.
    """
    n = core.indptr.size - 1
    indptr, indices, lane_cost = core.indptr, core.indices, core.lane_cost
    costs, is_waiting = scratch.costs, scratch.is_waiting
    waiting, following = scratch.waiting, scratch.next_waiting
    costs[:] = COST_LIMIT
    n_waiting = int64(0)
    for lane in range(sources.size):
        s = sources[lane]
        costs[int64(s) * COST_LANES + lane] = 0
        if is_waiting[s] == 0:
            is_waiting[s] = 1
            waiting[n_waiting] = s
            n_waiting += 1
    while n_waiting > 0:
        n_following = int64(0)
        for i in range(n_waiting):
            v = int64(waiting[i])
            is_waiting[v] = 0
            for e in range(int64(indptr[v]), int64(indptr[v + 1])):
                w = indices[e]
                improved = relax_row(costs, v * COST_LANES, int64(w) * COST_LANES, lane_cost[e])
                if improved != 0 and is_waiting[w] == 0:
                    is_waiting[w] = 1
                    following[n_following] = w
                    n_following += 1
        waiting, following = following, waiting
        n_waiting = n_following
    dearest = int32(0)
    for i in range(costs.size):
        if costs[i] < COST_LIMIT:
            dearest = max(dearest, costs[i])
    dearest_edge = int32(0)
    for e in range(lane_cost.size):
        dearest_edge = max(dearest_edge, lane_cost[e])
    if int64(dearest) + int64(dearest_edge) < COST_LIMIT:
        return True
    for v in range(n):
        for e in range(int64(indptr[v]), int64(indptr[v + 1])):
            w = int64(indices[e])
            if lost_row(costs, v * COST_LANES, w * COST_LANES, int32(COST_LIMIT)) != 0:
                return False
    return True


@njit(cache=True, nogil=True)
def fee_routes(
    core: FeeCore,
    weights: FeeWeights,
    sources: NDArray[np.uint32],
    wants_paths: bool,  # noqa: FBT001 - numba takes keywords only slowly
    scratch: FeeScratch,
    totals: FeeCosts,
    sums: FeeSums,
    is_exact: NDArray[np.uint8],
) -> None:
    """Costs from some sources to all nodes, and the dependencies of their payments.

    Args:
        core: The graph.
        weights: What its nodes stand for.
        sources: Distinct nodes, uint32.
        wants_paths: Whether `sums` is wanted; costs alone take about half the time.
        scratch: From `new_fee_scratch(n)`.
        totals: Costs; written at the sources and at the leaves that start behind them.
        sums: From `new_fee_sums(n)`; changed if `wants_paths`.
        is_exact: One flag for every sixteen sources, uint8; 1 where costs stayed below
            `COST_LIMIT`. Where it is 0 nothing was added, and `exact_fee_routes` must.

    References:
        Brandes, "A Faster Algorithm for Betweenness Centrality", Journal of Mathematical Sociology
        25(2), 2001, DOI 10.1080/0022250X.2001.9990249.
    """
    for k in range(0, sources.size, COST_LANES):
        lanes = min(COST_LANES, sources.size - k)
        group = sources[k : k + lanes]
        if not fee_costs(core, group, scratch):
            is_exact[k // COST_LANES] = 0
            continue
        is_exact[k // COST_LANES] = 1
        _sum_costs(weights, group, scratch, totals)
        if wants_paths:
            _find_parents(core, scratch)
            for lane in range(lanes):
                _sum_dependencies(core, weights, int64(group[lane]), lane, scratch, sums)


@njit(cache=True, nogil=True)
def _sum_costs(
    weights: FeeWeights, sources: NDArray[np.uint32], scratch: FeeScratch, totals: FeeCosts
) -> None:
    costs, lane_costs = scratch.costs, scratch.lane_costs
    n = lane_costs.shape[1]
    for v in range(n):
        for lane in range(COST_LANES):
            lane_costs[lane, v] = costs[v * COST_LANES + lane]
    roots, beyond, capacity = weights.target_root, weights.target_cost, weights.target_capacity
    fair_price = weights.fair_price_msat[0]
    starts, start_cost = weights.starts, weights.start_cost
    for lane in range(sources.size):
        s = int64(sources[lane])
        row = lane_costs[lane]
        reached, total, fair = int64(0), int64(0), int64(0)
        for j in range(roots.size):
            cost = int64(row[roots[j]])
            if cost < COST_LIMIT:
                cost += beyond[j]
                reached += 1
                total += cost
                fair += capacity[j] if cost <= fair_price else 0
        totals.reached[s] = reached
        totals.total_msat[s] = total
        totals.fair_capacity[s] = fair
        for i in range(starts[s], starts[s + 1]):
            left = fair_price - start_cost[i]
            fair = int64(0)
            if left >= 0:
                for j in range(roots.size):
                    cost = int64(row[roots[j]])
                    fair += capacity[j] if cost < COST_LIMIT and cost + beyond[j] <= left else 0
            totals.start_fair_capacity[i] = fair


@njit(cache=True, nogil=True)
def _find_parents(core: FeeCore, scratch: FeeScratch) -> None:
    costs, parents, lane_parents = scratch.costs, scratch.parents, scratch.lane_parents
    all_found, all_ties = scratch.found, scratch.ties
    indptr, indices, lane_cost = core.back_indptr, core.back_indices, core.back_lane_cost
    for v in range(indptr.size - 1):
        found, ties = int32(0), int32(0)
        for e in range(int64(indptr[v]), int64(indptr[v + 1])):
            u = int64(indices[e])
            equal = equal_row(costs, u * COST_LANES, v * COST_LANES, lane_cost[e])
            if equal != 0:
                ties |= found & equal
                found |= equal
                put_lanes(parents, v * COST_LANES, equal, int32(u))
        all_found[v] = found
        all_ties[v] = ties
        for lane in range(COST_LANES):
            lane_parents[lane, v] = parents[v * COST_LANES + lane]


@njit(cache=True, nogil=True)
def _sum_dependencies(
    core: FeeCore, weights: FeeWeights, s: int, lane: int, scratch: FeeScratch, sums: FeeSums
) -> None:
    """Strip the routes of one source from their ends: a node is summed after all its successors."""
    n = core.indptr.size - 1
    parent, cost = scratch.lane_parents[lane], scratch.lane_costs[lane]
    children, delta, paths, order = scratch.children, scratch.delta, scratch.paths, scratch.order
    found, ties, receivers = scratch.found, scratch.ties, weights.receivers
    dependency, reached_by = sums.dependency, sums.reached_by
    indptr, indices, edge_cost = core.back_indptr, core.back_indices, core.back_lane_cost
    bit = uint16(1 << lane)
    senders = weights.senders[s]
    has_ties = False
    for node in range(n):
        if found[node] & bit == 0:
            parent[node] = -1
        elif ties[node] & bit:
            has_ties = True
            for e in range(int64(indptr[node]), int64(indptr[node + 1])):
                if cost[indices[e]] + edge_cost[e] == cost[node]:
                    children[indices[e]] += 1
        else:
            children[parent[node]] += 1
    reaches = 0.0
    if not has_ties:
        for start in range(n):
            if children[start] == 0 and parent[start] >= 0:
                v = int64(start)
                while True:
                    u = int64(parent[v])
                    d = delta[v]
                    dependency[v] += senders * d
                    reached_by[v] += senders
                    reaches += receivers[v]
                    delta[u] += receivers[v] + d
                    delta[v] = 0.0
                    parent[v] = -1
                    children[u] -= 1
                    v = u
                    if children[u] != 0 or parent[u] < 0:
                        break
    else:
        top = int64(0)
        for node in range(n):
            if children[node] == 0 and parent[node] >= 0:
                order[top] = node
                top += 1
        done = int64(0)
        while done < top:
            v = int64(order[done])
            done += 1
            if ties[v] & bit:
                for e in range(int64(indptr[v]), int64(indptr[v + 1])):
                    u = int64(indices[e])
                    if cost[u] + edge_cost[e] == cost[v]:
                        children[u] -= 1
                        if children[u] == 0 and parent[u] >= 0:
                            order[top] = u
                            top += 1
            else:
                u = int64(parent[v])
                children[u] -= 1
                if children[u] == 0 and parent[u] >= 0:
                    order[top] = u
                    top += 1
        paths[s] = 1.0
        for i in range(top - 1, -1, -1):
            v = int64(order[i])
            if ties[v] & bit:
                count = 0.0
                for e in range(int64(indptr[v]), int64(indptr[v + 1])):
                    if cost[indices[e]] + edge_cost[e] == cost[v]:
                        count += paths[indices[e]]
                paths[v] = count
            else:
                paths[v] = paths[parent[v]]
        for i in range(top):
            v = int64(order[i])
            d = delta[v]
            delta[v] = 0.0
            dependency[v] += senders * d
            reached_by[v] += senders
            reaches += receivers[v]
            if ties[v] & bit:
                share = (receivers[v] + d) / paths[v]
                for e in range(int64(indptr[v]), int64(indptr[v + 1])):
                    u = indices[e]
                    if cost[u] + edge_cost[e] == cost[v]:
                        delta[u] += paths[u] * share
            else:
                delta[parent[v]] += receivers[v] + d
    sums.reaches[s] += reaches
    delta[s] = 0.0
