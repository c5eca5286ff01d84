"""What the kernels of cheapest routes work on: the core, what its nodes stand for, sums and memory."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daznode.graph.kernels.rows import COST_LANES, aligned_rows

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
