"""Cheapest routes from sixteen sources at once: what they cost, whom they reach, through whom they pass."""

from typing import NamedTuple

import numpy as np
from numba import int32, int64, njit, uint16, uint64
from numpy.typing import NDArray

from daznode.graph.kernels.rows import (
    COST_LANES,
    aligned_rows,
    choose_parents,
    lost_row,
    mean_row,
    relax_row,
    turn_rows,
)

COST_LIMIT = (1 << 30) - 1
"""Cost of a node not reached. Two costs up to it, or it and the dearest edge, add up below 2^31."""

DEAREST_EDGE = 1 << 30
"""Edges that cost this or more are stored as this: they never lead below `COST_LIMIT`."""


_DIGIT_BITS = 10
_DIGITS = 1 << _DIGIT_BITS
_ROUNDS = 3

_LATE_STEPS = 4
"""Steps for each node, in one lane, after which an order counts as wrong for it."""


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

    Leaves that have an edge down from their root receive, leaves that have an edge up send; roots
    do both for themselves.

    Attributes:
        senders: Nodes that pay from behind each core node, itself included, (n,), int64.
        receivers: Nodes that are paid behind it, itself included, (n,), int64.
        receivers_cost: Sum of the costs from it to them, msat, (n,), int64.
        capacity: Its capacity, sat, (n,), int64.
        leaf_root: Core node each receiving leaf hangs on, ascending, uint32.
        leaf_cost: Cost from there to the leaf, msat, int64.
        leaf_lane_cost: The same, at most `DEAREST_EDGE`, int32.
        leaf_capacity: Capacity of each receiving leaf, sat, int64.
        starts: Where the sending leaves of each core node begin, (n + 1,), int64.
        start_cost: Cost from each sending leaf up to its root, msat, int64.
        fair_price_msat: Most that a fair route costs, msat; an int64 in an array of one.
    """

    senders: NDArray[np.int64]
    receivers: NDArray[np.int64]
    receivers_cost: NDArray[np.int64]
    capacity: NDArray[np.int64]
    leaf_root: NDArray[np.uint32]
    leaf_cost: NDArray[np.int64]
    leaf_lane_cost: NDArray[np.int32]
    leaf_capacity: NDArray[np.int64]
    starts: NDArray[np.int64]
    start_cost: NDArray[np.int64]
    fair_price_msat: NDArray[np.int64]


class FeeCosts(NamedTuple):
    """What is known of each source after its search; written once, by the chunk that has the source.

    A core node counts itself (cost 0, its own capacity); the caller takes it out again.

    Attributes:
        reached: Nodes reached, (n,), int64.
        total_msat: Sum of the costs to them, (n,), float64: exact below 2^53.
        fair_capacity: Capacity of those of them within the fair price, sat, (n,), int64.
        start_fair_capacity: The same for each sending leaf, by way of its root, int64.
    """

    reached: NDArray[np.int64]
    total_msat: NDArray[np.float64]
    fair_capacity: NDArray[np.int64]
    start_fair_capacity: NDArray[np.int64]


class FeeSums(NamedTuple):
    """What some sources add to each node; zero at the start.

    Attributes:
        dependency: Ordered pairs whose routes pass a node, shared, (n,), float64.
        reached_by: Senders elsewhere whose payments can get to a node, (n,), int64.
    """

    dependency: NDArray[np.float64]
    reached_by: NDArray[np.int64]


class FeeScratch(NamedTuple):
    """Working memory of one thread; `is_waiting` and `paths` are zero between passes.

    Attributes:
        costs: Cost from each lane's source to each node, (n rounded up to 16 * 16,), int32.
        parents: Node before it on a cheapest route, n where there is none, same shape.
        lane_costs: `costs` with a row for each lane, (16, n rounded up to 16), int32.
        lane_parents: `parents` with a row for each lane, same shape.
        leaf_costs: Cost from one lane's source to each receiving leaf, int32.
        senders: Senders behind each lane's source, (16,), int32.
        ties: Mask of lanes in which a node has several parents, (n,), uint16.
        tied: Nodes with several parents in some lane, (n,), uint32.
        n_tied: How many they are, (1,), int64.
        waiting: Nodes whose edges are to be followed, (n,), uint32.
        next_waiting: Nodes for the next round, (n,), uint32.
        is_waiting: 1 for nodes in the next round, (n,), uint8.
        keyed: What nodes are sorted by, below 2^30, and in the low half the node, (n,), uint64.
        spare: Room for sorting, (n,), uint64.
        order: Nodes by rising key, (n,), uint32.
        places: Place of each node in `order`, (n + 1,), int32; -1 for nobody, the last.
        pending: Nodes that have something to give, (n + n_edges + 1,), uint32.
        amounts: How much, same shape, float64.
        total: Receivers at and behind each node in one lane, (n + 1,), float64.
        paths: Cheapest routes of one lane, (n + 1,), float64; 0 if not counted.
        counted: Nodes whose routes are counted, (n,), uint32.
    """

    costs: NDArray[np.int32]
    parents: NDArray[np.int32]
    lane_costs: NDArray[np.int32]
    lane_parents: NDArray[np.int32]
    leaf_costs: NDArray[np.int32]
    senders: NDArray[np.int32]
    ties: NDArray[np.uint16]
    tied: NDArray[np.uint32]
    n_tied: NDArray[np.int64]
    waiting: NDArray[np.uint32]
    next_waiting: NDArray[np.uint32]
    is_waiting: NDArray[np.uint8]
    keyed: NDArray[np.uint64]
    spare: NDArray[np.uint64]
    order: NDArray[np.uint32]
    places: NDArray[np.int32]
    pending: NDArray[np.uint32]
    amounts: NDArray[np.float64]
    total: NDArray[np.float64]
    paths: NDArray[np.float64]
    counted: NDArray[np.uint32]


def new_fee_scratch(core: FeeCore, weights: FeeWeights) -> FeeScratch:
    """Working memory for a core and its leaves."""
    n_nodes = len(core.indptr) - 1
    n_rows = -(-n_nodes // COST_LANES) * COST_LANES
    return FeeScratch(
        costs=aligned_rows(n_rows, COST_LANES, np.int32),
        parents=aligned_rows(n_rows, COST_LANES, np.int32),
        lane_costs=aligned_rows(COST_LANES, n_rows, np.int32).reshape(COST_LANES, n_rows),
        lane_parents=aligned_rows(COST_LANES, n_rows, np.int32).reshape(COST_LANES, n_rows),
        leaf_costs=np.empty(len(weights.leaf_root), np.int32),
        senders=aligned_rows(1, COST_LANES, np.int32),
        ties=np.zeros(n_nodes, np.uint16),
        tied=np.empty(n_nodes, np.uint32),
        n_tied=np.zeros(1, np.int64),
        counted=np.empty(n_nodes, np.uint32),
        waiting=np.empty(n_nodes, np.uint32),
        next_waiting=np.empty(n_nodes, np.uint32),
        is_waiting=np.zeros(n_nodes, np.uint8),
        keyed=np.empty(n_nodes, np.uint64),
        spare=np.empty(n_nodes, np.uint64),
        order=np.empty(n_nodes, np.uint32),
        places=np.empty(n_nodes + 1, np.int32),
        pending=np.empty(n_nodes + len(core.indices) + 1, np.uint32),
        amounts=np.empty(n_nodes + len(core.indices) + 1),
        total=np.zeros(n_nodes + 1),
        paths=np.zeros(n_nodes + 1),
    )


def new_fee_sums(n_nodes: int) -> FeeSums:
    """Zeroed sums for cores of `n_nodes` nodes."""
    return FeeSums(np.zeros(n_nodes), np.zeros(n_nodes, np.int64))


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
            ties = _find_parents(core, scratch, sums)
            _order_by_mean_cost(scratch)
            is_common_order = True
            for lane in range(lanes):
                has_ties = (ties >> lane) & 1 != 0
                if not is_common_order:
                    _order_by_mean_cost(scratch)
                s = int64(group[lane])
                is_common_order = _pass_up(core, weights, s, lane, has_ties, scratch)
                if not is_common_order:
                    _order_by_lane_cost(scratch, lane)
                    _pass_up(core, weights, s, lane, has_ties, scratch)
                _credit(weights, s, scratch, sums)


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
    _turn_rows(scratch.costs, lane_costs)
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


@njit(cache=True, nogil=True)
def _turn_rows(rows: NDArray[np.int32], lane_rows: NDArray[np.int32]) -> None:
    stride = lane_rows.shape[1]
    flat = lane_rows.reshape(-1)
    for v in range(0, stride, COST_LANES):
        turn_rows(rows, v * COST_LANES, flat, v, stride)


@njit(cache=True, nogil=True)
def _find_parents(core: FeeCore, scratch: FeeScratch, sums: FeeSums) -> int:
    """Parents of all nodes in all lanes, a row for each lane; the mask of lanes with ties."""
    n = core.indptr.size - 1
    costs, parents, lane_parents = scratch.costs, scratch.parents, scratch.lane_parents
    ties, tied, senders = scratch.ties, scratch.tied, scratch.senders
    reached_by = sums.reached_by
    indptr, indices, lane_cost = core.back_indptr, core.back_indices, core.back_lane_cost
    any_ties, n_tied = 0, 0
    for v in range(n):
        packed = choose_parents(
            costs,
            indices,
            int64(indptr[v]),
            int64(indptr[v + 1]),
            lane_cost,
            v * COST_LANES,
            parents,
            int32(n),
            senders,
        )
        mask = packed & 0xFFFF
        ties[v] = mask
        if mask != 0:
            any_ties |= mask
            tied[n_tied] = v
            n_tied += 1
        reached_by[v] += packed >> 16
    scratch.n_tied[0] = n_tied
    _turn_rows(parents, lane_parents)
    return any_ties


@njit(cache=True, nogil=True)
def _order_by_mean_cost(scratch: FeeScratch) -> None:
    """One order for all lanes: sources beside each other see the network in nearly the same one."""
    costs, keyed = scratch.costs, scratch.keyed
    for v in range(keyed.size):
        keyed[v] = (uint64(mean_row(costs, v * COST_LANES)) << uint64(32)) | uint64(v)
    _sort(scratch)


@njit(cache=True, nogil=True)
def _order_by_lane_cost(scratch: FeeScratch, lane: int) -> None:
    """The order of one lane: whoever stands before another on a route is cheaper."""
    row, keyed = scratch.lane_costs[lane], scratch.keyed
    for v in range(keyed.size):
        keyed[v] = (uint64(row[v]) << uint64(32)) | uint64(v)
    _sort(scratch)


@njit(cache=True, nogil=True)
def _sort(scratch: FeeScratch) -> None:
    """Nodes by rising key into `order`, their places into `places`; radix sort of 30-bit keys."""
    keyed, spare, order, places = scratch.keyed, scratch.spare, scratch.order, scratch.places
    n = keyed.size
    starts = np.zeros((_ROUNDS, _DIGITS), np.int64)
    for i in range(n):
        for turn in range(_ROUNDS):
            digit = (keyed[i] >> uint64(32 + turn * _DIGIT_BITS)) & uint64(_DIGITS - 1)
            starts[turn, digit] += 1
    for turn in range(_ROUNDS):
        total = int64(0)
        for place in range(_DIGITS):
            count = starts[turn, place]
            starts[turn, place] = total
            total += count
        shift = uint64(32 + turn * _DIGIT_BITS)
        for i in range(n):
            item = keyed[i]
            digit = (item >> shift) & uint64(_DIGITS - 1)
            spare[starts[turn, digit]] = item
            starts[turn, digit] += 1
        keyed, spare = spare, keyed
    for i in range(n):
        v = keyed[i] & uint64(0xFFFFFFFF)
        order[i] = v
        places[v] = i
    places[n] = -1


@njit(cache=True, nogil=True)
def _pass_up(
    core: FeeCore,
    weights: FeeWeights,
    s: int,
    lane: int,
    has_ties: bool,  # noqa: FBT001 - numba takes keywords only slowly
    scratch: FeeScratch,
) -> bool:
    """Sum receivers from the ends of one source's routes towards it, into `total`.

    Nodes are taken last to first in the order of `order`; each gives its sum to its parents. Where
    the order is wrong for this lane (a parent had its turn before its child), what the child gives
    is passed on towards the source at once.

    Returns:
        Whether it is done; False if the order was wrong so often that another one must be taken.
    """
    n = core.indptr.size - 1
    parent, cost = scratch.lane_parents[lane], scratch.lane_costs[lane]
    order, places, ties = scratch.order, scratch.places, scratch.ties
    total, paths, pending, amounts = scratch.total, scratch.paths, scratch.pending, scratch.amounts
    receivers = weights.receivers
    indptr, indices, edge_cost = core.back_indptr, core.back_indices, core.back_lane_cost
    tie_bit = uint16(1 << lane) if has_ties else uint16(0)
    for v in range(n):
        total[v] = receivers[v]
    total[n] = 0.0
    n_counted = 0
    if has_ties:
        counted, tied = scratch.counted, scratch.tied
        n_tied = scratch.n_tied[0]
        paths[s] = 1.0
        counted[0] = s
        n_counted += 1
        for j in range(n_tied):
            if ties[tied[j]] & tie_bit:
                n_counted = _count_paths(
                    indptr,
                    indices,
                    edge_cost,
                    int64(tied[j]),
                    cost,
                    parent,
                    ties,
                    tie_bit,
                    paths,
                    pending,
                    counted,
                    n_counted,
                )
    steps_left = _LATE_STEPS * n
    for i in range(n - 1, -1, -1):
        v = int64(order[i])
        u = int64(parent[v])
        if ties[v] & tie_bit == 0 and places[u] < i:
            total[u] += total[v]
            continue
        pending[0] = v
        amounts[0] = total[v]
        size = int64(1)
        while size > 0:
            size -= 1
            v = int64(pending[size])
            amount = amounts[size]
            if ties[v] & tie_bit:
                share = amount / paths[v]
                for e in range(int64(indptr[v]), int64(indptr[v + 1])):
                    u = int64(indices[e])
                    if cost[u] + edge_cost[e] == cost[v]:
                        total[u] += paths[u] * share
                        steps_left -= 1
                        if places[u] > i:
                            if size == pending.size:
                                steps_left = -1
                                break
                            pending[size] = u
                            amounts[size] = paths[u] * share
                            size += 1
            else:
                u = int64(parent[v])
                total[u] += amount
                steps_left -= 1
                if places[u] > i:
                    pending[size] = u
                    amounts[size] = amount
                    size += 1
            if steps_left < 0:
                break
        if steps_left < 0:
            break
    counted_nodes = scratch.counted
    for j in range(n_counted):
        paths[counted_nodes[j]] = 0.0
    return steps_left >= 0


@njit(cache=True, nogil=True)
def _credit(weights: FeeWeights, s: int, scratch: FeeScratch, sums: FeeSums) -> None:
    """What passes a node is what lies behind it, without its own receivers."""
    total, receivers, dependency = scratch.total, weights.receivers, sums.dependency
    senders = weights.senders[s]
    total[s] = receivers[s]
    for v in range(receivers.size):
        dependency[v] += senders * (total[v] - receivers[v])


@njit(cache=True, nogil=True)
def _count_paths(
    indptr: NDArray[np.uint32],
    indices: NDArray[np.uint32],
    edge_cost: NDArray[np.int32],
    node: int,
    cost: NDArray[np.int32],
    parent: NDArray[np.int32],
    ties: NDArray[np.uint16],
    tie_bit: np.uint16,
    paths: NDArray[np.float64],
    pending: NDArray[np.uint32],
    counted: NDArray[np.uint32],
    n_counted: int,
) -> int:
    """Cheapest routes to a node and to those before it, where not counted yet; how many are now."""
    pending[0] = node
    size = int64(1)
    while size > 0:
        v = int64(pending[size - 1])
        if paths[v] > 0.0:
            size -= 1
        elif ties[v] & tie_bit:
            count = 0.0
            is_complete = True
            for e in range(int64(indptr[v]), int64(indptr[v + 1])):
                u = int64(indices[e])
                if cost[u] + edge_cost[e] == cost[v]:
                    if paths[u] > 0.0:
                        count += paths[u]
                    else:
                        is_complete = False
                        pending[size] = u
                        size += 1
            if is_complete:
                paths[v] = count
                counted[n_counted] = v
                n_counted += 1
        else:
            u = int64(parent[v])
            if paths[u] > 0.0:
                paths[v] = paths[u]
                counted[n_counted] = v
                n_counted += 1
            else:
                pending[size] = u
                size += 1
    return n_counted
