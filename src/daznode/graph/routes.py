"""What it costs every node to pay every other, whom it reaches, and through whom payments pass."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daznode.graph.arrays import DirectedNetwork, FloatArray, IntArray, UintArray
from daznode.graph.centrality import cut, neighbours_together
from daznode.graph.folding import FoldedDirected, fold_directed
from daznode.graph.kernels.exact_fee_routes import exact_fee_routes
from daznode.graph.kernels.fee_routes import fee_routes
from daznode.graph.kernels.fee_types import (
    DEAREST_EDGE,
    FeeCore,
    FeeCosts,
    FeeScratch,
    FeeSums,
    FeeWeights,
    new_fee_scratch,
    new_fee_sums,
)
from daznode.graph.kernels.rows import COST_LANES
from daznode.graph.parallel import Crew, Job, run_chunks

_CHUNK = 8 * COST_LANES
"""Sources for one chunk: some twenty milliseconds on today's network, so that a stop is prompt."""

_MSAT_PER_SAT = 1000.0
_ONE_MILLION = 1_000_000


class FairPrice(NamedTuple):
    """What a route may cost to count as fair, and what is to be had behind it.

    Attributes:
        fee_ppm: Most that the route may cost, millionths of the reference payment.
        capacity_sat: Capacity of each node, shape (n_nodes,), int64, sat, in the network's order.
    """

    fee_ppm: int
    capacity_sat: IntArray


@dataclass(frozen=True, slots=True)
class RouteMeasures:
    """Measures over cheapest directed routes, each of shape (n_nodes,), in the network's order.

    Attributes:
        betweenness: Ordered pairs of other nodes whose cheapest routes pass a node, shared among
            equally cheap ones, float64; NaN if it was not asked for.
        closeness: Nodes reached divided by the total cost to reach them in sat, float64; 0 if none.
        reached: Other nodes that can be paid, int64.
        fair_capacity_sat: Capacity of those of them within the fair price, int64, sat.
    """

    betweenness: FloatArray
    closeness: FloatArray
    reached: IntArray
    fair_capacity_sat: IntArray


def route_measures(
    network: DirectedNetwork, fair: FairPrice, crew: Crew, *, wants_betweenness: bool = True
) -> RouteMeasures:
    """Betweenness, closeness, reach and fair capacity over cheapest routes, exact, in one search.

    Sixteen searches advance together in 32-bit costs; where a cost does not fit they are repeated
    one by one in 64 bits. Leaves are folded into their only neighbour and unfolded in closed form.

    Args:
        network: Any network.
        fair: The fair price and the nodes' capacities.
        crew: Threads and progress.
        wants_betweenness: Whether to compute it; the rest alone takes about half the time.

    Returns:
        Measures in the network's order.

    Raises:
        Interrupted: The progress asked to stop.
    """
    folded = fold_directed(network)
    core, weights = _core(folded), _weights(network, folded, fair)
    n_core = len(folded.core)
    totals = FeeCosts(
        np.zeros(n_core, np.int64),
        np.zeros(n_core),
        np.zeros(n_core, np.int64),
        np.zeros(len(weights.start_cost), np.int64),
    )
    sums = new_fee_sums(n_core)

    def work(scratch: FeeScratch, sources: UintArray) -> FeeSums:
        part = new_fee_sums(n_core)
        is_exact = np.zeros(-(-len(sources) // COST_LANES), np.uint8)
        fee_routes(core, weights, sources, wants_betweenness, scratch, totals, part, is_exact)
        if not is_exact.all():
            rest = sources[np.repeat(is_exact == 0, COST_LANES)[: len(sources)]]
            exact_fee_routes(core, weights, rest, wants_betweenness, totals, part)
        return part

    def commit(part: FeeSums) -> None:
        for total, addend in zip(sums, part, strict=True):
            np.add(total, addend, out=total)

    job = Job(
        stage="fee routes",
        chunks=cut(_sources(folded), _CHUNK),
        new_scratch=lambda: new_fee_scratch(core, weights),
        work=work,
        commit=commit,
    )
    run_chunks(job, crew)
    reached, closeness, fair_capacity_sat = _unfold_costs(folded, weights, totals, fair)
    result = np.full(network.n_nodes, np.nan)
    if wants_betweenness:
        result[:] = 0.0
        result[folded.core] = _unfold_betweenness(folded, weights, totals, sums)
    return RouteMeasures(result, closeness, reached, fair_capacity_sat)


def _core(folded: FoldedDirected) -> FeeCore:
    return FeeCore(
        indptr=folded.indptr,
        indices=folded.indices,
        cost=folded.cost_msat,
        lane_cost=_lane_cost(folded.cost_msat),
        back_indptr=folded.back_indptr,
        back_indices=folded.back_indices,
        back_cost=folded.back_cost_msat,
        back_lane_cost=_lane_cost(folded.back_cost_msat),
    )


def _weights(network: DirectedNetwork, folded: FoldedDirected, fair: FairPrice) -> FeeWeights:
    n_core = len(folded.core)
    up, down, _ = folded.leaf_counts()
    is_start, is_target = folded.up_msat >= 0, folded.down_msat >= 0
    receivers_cost, starts = np.zeros(n_core, np.int64), np.zeros(n_core + 1, np.int64)
    np.add.at(receivers_cost, folded.root[is_target], folded.down_msat[is_target])
    np.cumsum(np.bincount(folded.root[is_start], minlength=n_core), out=starts[1:])
    return FeeWeights(
        senders=up + 1,
        receivers=down + 1,
        receivers_cost=receivers_cost,
        capacity=fair.capacity_sat[folded.core],
        leaf_root=folded.root[is_target].astype(np.uint32),
        leaf_cost=folded.down_msat[is_target],
        leaf_lane_cost=_lane_cost(folded.down_msat[is_target]),
        leaf_capacity=fair.capacity_sat[folded.leaf[is_target]],
        starts=starts,
        start_cost=folded.up_msat[is_start],
        fair_price_msat=np.array([_fair_price_msat(network.amount_msat, fair)], np.int64),
    )


def _lane_cost(cost_msat: IntArray) -> NDArray[np.int32]:
    return np.minimum(cost_msat, DEAREST_EDGE).astype(np.int32)


def _fair_price_msat(amount_msat: int, fair: FairPrice) -> int:
    return amount_msat * fair.fee_ppm // _ONE_MILLION


def _sources(folded: FoldedDirected) -> UintArray:
    """All core nodes, those that send to the same hubs together; the others, who pay only leaves."""
    connected = neighbours_together(folded.indptr, folded.indices)
    is_connected = np.zeros(len(folded.core), np.bool_)
    is_connected[connected] = True
    return np.concatenate((connected, np.flatnonzero(~is_connected).astype(np.uint32)))


def _unfold_costs(
    folded: FoldedDirected, weights: FeeWeights, totals: FeeCosts, fair: FairPrice
) -> tuple[IntArray, FloatArray, IntArray]:
    """Reach, closeness and fair capacity of all nodes from those of the core.

    A leaf that can pay its root at a cost of `up` reaches the root and whom the root reaches but
    the leaf itself, each `up` dearer.
    """
    n_nodes = len(folded.core) + len(folded.leaf)
    reached, fair_capacity = np.zeros((2, n_nodes), np.int64)
    total_msat = np.zeros(n_nodes)
    reached[folded.core] = totals.reached - 1
    total_msat[folded.core] = totals.total_msat
    fair_capacity[folded.core] = totals.fair_capacity - fair.capacity_sat[folded.core]
    is_start = folded.up_msat >= 0
    leaf, root = folded.leaf[is_start], folded.root[is_start]
    up_msat, down_msat = folded.up_msat[is_start], folded.down_msat[is_start]
    is_own_target = down_msat >= 0
    reached[leaf] = totals.reached[root] - is_own_target
    own_msat = np.where(is_own_target, down_msat, 0)
    # Through floats: reach times a cost near 2^63 would wrap around.
    total_msat[leaf] = (
        totals.total_msat[root] - own_msat + up_msat.astype(np.float64) * reached[leaf]
    )
    is_own_fair = is_own_target & (own_msat <= weights.fair_price_msat[0] - up_msat)
    own_sat = np.where(is_own_fair, fair.capacity_sat[leaf], 0)
    fair_capacity[leaf] = totals.start_fair_capacity - own_sat
    closeness = np.zeros(n_nodes)
    np.divide(reached * _MSAT_PER_SAT, total_msat, out=closeness, where=reached > 0)
    return reached, closeness, fair_capacity


def _unfold_betweenness(
    folded: FoldedDirected, weights: FeeWeights, totals: FeeCosts, sums: FeeSums
) -> FloatArray:
    """Betweenness of core nodes: between others in the core, from and to own leaves, among these."""
    up, down, both = folded.leaf_counts()
    reaches = totals.reached - weights.receivers
    of_leaves: IntArray = up * reaches + sums.reached_by * down + up * down - both
    return sums.dependency + of_leaves.astype(np.float64)
