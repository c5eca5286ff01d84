"""Who stands on the cheapest routes from sixteen sources, and how many payments pass there."""

import numpy as np
from numba import int32, int64, njit, uint16, uint64
from numpy.typing import NDArray

from daznode.graph.kernels.fee_types import FeeCore, FeeScratch, FeeSums, FeeWeights
from daznode.graph.kernels.rows import COST_LANES, choose_parents, mean_row, turn_rows

_DIGIT_BITS = 10
_DIGITS = 1 << _DIGIT_BITS
_ROUNDS = 3

_LATE_STEPS = 4
"""Steps for each node, in one lane, after which an order counts as wrong for it."""


@njit(cache=True, nogil=True)
def turn_all_rows(rows: NDArray[np.int32], lane_rows: NDArray[np.int32]) -> None:
    """Rows of nodes, (n * 16,), as rows of lanes, (16, n); n is a multiple of 16."""
    stride = lane_rows.shape[1]
    flat = lane_rows.reshape(-1)
    for v in range(0, stride, COST_LANES):
        turn_rows(rows, v * COST_LANES, flat, v, stride)


@njit(cache=True, nogil=True)
def find_parents(core: FeeCore, scratch: FeeScratch, sums: FeeSums) -> int:
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
    turn_all_rows(parents, lane_parents)
    return any_ties


@njit(cache=True, nogil=True)
def order_by_mean_cost(scratch: FeeScratch) -> None:
    """One order for all lanes: sources beside each other see the network in nearly the same one."""
    costs, keyed = scratch.costs, scratch.keyed
    for v in range(keyed.size):
        keyed[v] = (uint64(mean_row(costs, v * COST_LANES)) << uint64(32)) | uint64(v)
    _sort(scratch)


@njit(cache=True, nogil=True)
def order_by_lane_cost(scratch: FeeScratch, lane: int) -> None:
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
def pass_up(
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
def credit(weights: FeeWeights, s: int, scratch: FeeScratch, sums: FeeSums) -> None:
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
