"""Cheapest routes from sixteen sources at once: what they cost, whom they reach, through whom they pass."""

import numpy as np
from numba import int32, int64, njit
from numpy.typing import NDArray

from daznode.graph.kernels.fee_dependencies import (
    credit,
    find_parents,
    order_by_lane_cost,
    order_by_mean_cost,
    pass_up,
    turn_all_rows,
)
from daznode.graph.kernels.fee_types import (
    COST_LIMIT,
    FeeCore,
    FeeCosts,
    FeeScratch,
    FeeSums,
    FeeWeights,
)
from daznode.graph.kernels.rows import COST_LANES, lost_row, relax_row


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
        is_exact: One flag for every sixteen sources, uint8; 1 where costs and the fair price
            stayed below `COST_LIMIT`. Where it is 0 nothing was added, and `exact_fee_routes` must.

    References:
        Brandes, "A Faster Algorithm for Betweenness Centrality", Journal of Mathematical Sociology
        25(2), 2001, DOI 10.1080/0022250X.2001.9990249.
    """
    for k in range(0, sources.size, COST_LANES):
        lanes = min(COST_LANES, sources.size - k)
        group = sources[k : k + lanes]
        if weights.fair_price_msat[0] >= COST_LIMIT or not fee_costs(core, group, scratch):
            is_exact[k // COST_LANES] = 0
            continue
        is_exact[k // COST_LANES] = 1
        _sum_costs(weights, group, scratch, totals)
        if wants_paths:
            senders = scratch.senders
            senders[:] = 0
            for lane in range(lanes):
                senders[lane] = weights.senders[group[lane]]
            ties = find_parents(core, scratch, sums)
            order_by_mean_cost(scratch)
            is_common_order = True
            for lane in range(lanes):
                has_ties = (ties >> lane) & 1 != 0
                if not is_common_order:
                    order_by_mean_cost(scratch)
                s = int64(group[lane])
                is_common_order = pass_up(core, weights, s, lane, has_ties, scratch)
                if not is_common_order:
                    order_by_lane_cost(scratch, lane)
                    pass_up(core, weights, s, lane, has_ties, scratch)
                credit(weights, s, scratch, sums)


@njit(cache=True, nogil=True)
def _sum_costs(
    weights: FeeWeights, sources: NDArray[np.uint32], scratch: FeeScratch, totals: FeeCosts
) -> None:
    lane_costs, leaf_costs = scratch.lane_costs, scratch.leaf_costs
    receivers, receivers_cost = weights.receivers, weights.receivers_cost
    leaf_root, leaf_lane_cost = weights.leaf_root, weights.leaf_lane_cost
    capacity, leaf_capacity = weights.capacity, weights.leaf_capacity
    starts, start_cost = weights.starts, weights.start_cost
    fair_price = weights.fair_price_msat[0]
    turn_all_rows(scratch.costs, lane_costs)
    for lane in range(sources.size):
        s = int64(sources[lane])
        row = lane_costs[lane, : receivers.size]
        reached, total = int64(0), int64(0)
        for v in range(row.size):
            if row[v] < COST_LIMIT:
                reached += receivers[v]
                total += receivers[v] * row[v] + receivers_cost[v]
        totals.reached[s] = reached
        totals.total_msat[s] = total
        for j in range(leaf_root.size):
            leaf_costs[j] = row[leaf_root[j]] + leaf_lane_cost[j]
        totals.fair_capacity[s] = _capacity_within(row, capacity, fair_price) + _capacity_within(
            leaf_costs, leaf_capacity, fair_price
        )
        for i in range(starts[s], starts[s + 1]):
            left = fair_price - start_cost[i]
            totals.start_fair_capacity[i] = _capacity_within(
                row, capacity, left
            ) + _capacity_within(leaf_costs, leaf_capacity, left)


@njit(cache=True, nogil=True)
def _capacity_within(costs: NDArray[np.int32], capacity: NDArray[np.int64], limit_msat: int) -> int:
    total = 0
    if limit_msat >= 0:
        limit = int32(limit_msat)
        for j in range(costs.size):
            total += capacity[j] if costs[j] <= limit else 0
    return total
