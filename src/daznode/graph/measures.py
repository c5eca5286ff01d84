"""All measures of all nodes of one snapshot, from its columns and two parameters."""

import hashlib
from dataclasses import dataclass

import numpy as np

from daznode.domain.errors import InvalidAmount, InvalidParameter
from daznode.domain.gossip import GraphSnapshot
from daznode.domain.measures import NodeMeasures
from daznode.domain.progress import Progress, silent
from daznode.graph.arrays import (
    MAX_AMOUNT_MSAT,
    IntArray,
    cheapest_directed,
    degrees,
    in_snapshot_order,
    simple_undirected,
)
from daznode.graph.centrality import betweenness, eigenvector, hop_measures
from daznode.graph.parallel import Crew
from daznode.graph.policies import measure_policies
from daznode.graph.routes import FairPrice, route_measures

_DEFINITIONS = "measures-1"
"""Changes whenever a measure is defined or computed differently, so that stored ones are redone."""

_ONE_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class MeasureParams:
    """What the fee-aware measures take as given.

    Attributes:
        amount_msat: Reference payment, msat, 1 to 10^13; 100,000 sat, some tens of dollars: large
            enough that HTLC limits and small channels matter, small enough that most channels pass
            it. A larger one measures the backbone only.
        fair_price_ppm: Most that a route may cost to count as fair, millionths of the amount, time
            lock included, 0 to 10^6; 1,000 is 0.1 %, a fifth of the 0.5 % that Core Lightning's
            `pay` allows by default (`maxfeepercent`), so that what lies within is cheap and not
            merely payable.
    """

    amount_msat: int = 100_000_000
    fair_price_ppm: int = 1_000

    def __post_init__(self) -> None:
        """Refuse what cannot be measured."""
        if not 1 <= self.amount_msat <= MAX_AMOUNT_MSAT:
            message = f"amount_msat is {self.amount_msat}; it takes 1 to {MAX_AMOUNT_MSAT} msat"
            raise InvalidAmount(message)
        if not 0 <= self.fair_price_ppm <= _ONE_MILLION:
            message = f"fair_price_ppm is {self.fair_price_ppm}; it takes 0 to {_ONE_MILLION} ppm"
            raise InvalidParameter(message)

    @property
    def params_hash(self) -> str:
        """Hash of the parameters and of the definitions: equal hash, comparable measures."""
        text = f"{_DEFINITIONS} amount_msat={self.amount_msat} fair_price_ppm={self.fair_price_ppm}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def measure_network(
    snapshot: GraphSnapshot,
    params: MeasureParams,
    *,
    threads: int = 2,
    progress: Progress = silent,
) -> NodeMeasures:
    """Measure every node of a snapshot, exactly.

    The same snapshot and parameters give the same bytes with any number of threads and on any
    processor: sums are made in a fixed order, and no operation is fused or reordered.

    Args:
        snapshot: Any snapshot, also an empty one.
        params: Reference payment and fair price.
        threads: Threads that compute, >= 1.
        progress: Told in the calling thread between chunks; what it raises stops the work.

    Returns:
        Measures in the snapshot's order.

    Raises:
        InvalidParameter: `threads` is below 1.
        Interrupted: The progress asked to stop; no thread is left behind.
    """
    crew = Crew(threads, progress)
    network = simple_undirected(snapshot)
    hops = hop_measures(network, crew)
    between = betweenness(network, crew)
    eigen = eigenvector(network, crew)
    channels, capacity_sat = _own_channels(snapshot)
    directed = cheapest_directed(snapshot, params.amount_msat)
    routes = route_measures(
        directed, FairPrice(params.fair_price_ppm, capacity_sat[directed.snapshot_index]), crew
    )
    progress("policies", 0, 1)
    policies = measure_policies(snapshot)
    progress("policies", 1, 1)
    back, back_directed = network.snapshot_index, directed.snapshot_index
    return NodeMeasures(
        snapshot_id=snapshot.origin.snapshot_id,
        params_hash=params.params_hash,
        amount_msat=params.amount_msat,
        peers=in_snapshot_order(degrees(network.indptr), back),
        channels=channels,
        capacity_sat=capacity_sat,
        betweenness=in_snapshot_order(between, back),
        fee_betweenness=in_snapshot_order(routes.betweenness, back_directed),
        closeness=in_snapshot_order(hops.closeness, back),
        harmonic=in_snapshot_order(hops.harmonic, back),
        eigenvector=in_snapshot_order(eigen, back),
        fee_closeness=in_snapshot_order(routes.closeness, back_directed),
        fee_reached=in_snapshot_order(routes.reached, back_directed),
        fair_capacity_sat=in_snapshot_order(routes.fair_capacity_sat, back_directed),
        flow_beyond_peers_sat=policies.flow_beyond_peers_sat,
        age_blocks=policies.age_blocks,
        disabled_ratio=policies.disabled_ratio,
        policy_age_days=policies.policy_age_days,
        fee_to_market=policies.fee_to_market,
        policy_balance=policies.policy_balance,
    )


def _own_channels(snapshot: GraphSnapshot) -> tuple[IntArray, IntArray]:
    """Number of channels and sum of known capacities, in sat, of every node."""
    channels = snapshot.channels
    ends = np.concatenate((channels.node1, channels.node2))
    count = np.bincount(ends, minlength=snapshot.n_nodes).astype(np.int64)
    capacity_sat = np.zeros(snapshot.n_nodes, np.int64)
    np.add.at(capacity_sat, ends, np.tile(np.maximum(channels.capacity_sat, 0), 2))
    return count, capacity_sat
