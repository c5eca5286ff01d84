"""What has been measured of every node of a snapshot, and the scores that follow."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class NodeMeasures:
    """Measures of all nodes of one snapshot, each of shape (n_nodes,), in the snapshot's order.

    NaN (or -1 in integer columns) means "not known", never a neutral value.

    Attributes:
        snapshot_id: The snapshot measured.
        params_hash: Hash of the parameters (reference amount, fair price) behind the figures.
        amount_msat: Reference payment of the fee-aware measures, msat.
        peers: Distinct peers, int64.
        channels: Channels, parallel ones counted each, int64.
        capacity_sat: Sum of known channel capacities, int64, sat.
        betweenness: Unweighted exact betweenness over the simple undirected graph, float64:
            number of unordered pairs of other nodes whose shortest paths pass here, paths shared.
        fee_betweenness: The same over cheapest directed routes for `amount_msat`, ordered pairs.
        closeness: Mean hop distance turned round: (r-1)/sum of distances, r nodes reached, float64;
            0 for a node that reaches nobody.
        harmonic: Sum of 1/distance over all other nodes divided by (n_nodes - 1), in [0, 1].
        eigenvector: Eigenvector centrality of the simple undirected graph, largest entry 1.
        fee_closeness: Nodes reached divided by the total cost in sat to reach them; 0 if none.
        fee_reached: Nodes reachable over usable directed edges, int64.
        fair_capacity_sat: Capacity of the nodes whom the reference payment reaches within the fair
            price, int64, sat (a node's capacity is the sum over its channels).
        flow_beyond_peers_sat: Largest flow for all peers together to pass on what the node can
            push to them: sum over peers of min(capacity to it, its capacity to others), sat.
        age_blocks: Newest block seen in the snapshot minus the block of the node's oldest channel;
            -1 for a node without channels.
        disabled_ratio: Share of the node's own announced policies that are disabled; NaN if none.
        policy_age_days: Median age of the node's own policies at the snapshot's moment; NaN if none.
        fee_to_market: Node's median outbound ppm towards each peer divided by the median of what
            others charge towards the same peer (at least 1 ppm; 1 where both are 0), median over
            the peers, all medians plain; NaN where nobody else has a price towards any of them.
        policy_balance: How alike the node's outbound and its peers' inbound capacity-weighted fees
            are: min/max of the two medians, in [0, 1]; NaN where one side is unknown.
    """

    snapshot_id: str
    params_hash: str
    amount_msat: int
    peers: NDArray[np.int64]
    channels: NDArray[np.int64]
    capacity_sat: NDArray[np.int64]
    betweenness: NDArray[np.float64]
    fee_betweenness: NDArray[np.float64]
    closeness: NDArray[np.float64]
    harmonic: NDArray[np.float64]
    eigenvector: NDArray[np.float64]
    fee_closeness: NDArray[np.float64]
    fee_reached: NDArray[np.int64]
    fair_capacity_sat: NDArray[np.int64]
    flow_beyond_peers_sat: NDArray[np.int64]
    age_blocks: NDArray[np.int64]
    disabled_ratio: NDArray[np.float64]
    policy_age_days: NDArray[np.float64]
    fee_to_market: NDArray[np.float64]
    policy_balance: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class HistoryMeasures:
    """What a series of snapshots shows of the nodes of the newest one; shape (n_nodes,), NaN unknown.

    Attributes:
        span_days: Days between the oldest and the newest snapshot of the series.
        n_snapshots: Snapshots in the series, the newest included.
        announced_ratio: Share of the snapshots since the node was first seen in which it stands.
        policy_changes_per_channel_day: Changes of own policies per channel and day.
        closes_per_year: Channels gone, scaled to a year.
    """

    span_days: float
    n_snapshots: int
    announced_ratio: NDArray[np.float64]
    policy_changes_per_channel_day: NDArray[np.float64]
    closes_per_year: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ScoreWeights:
    """Weights of the three parts of the node score; they must sum to 1.

    Attributes:
        centrality: Where the node stands in the network.
        reliability: How steadily it stands there.
        performance: What it offers to a payment, and at what price.
    """

    centrality: float = 0.4
    reliability: float = 0.3
    performance: float = 0.3


@dataclass(frozen=True, slots=True)
class NodeScores:
    """Scores of all nodes, 0 to 100, float64 of shape (n_nodes,); NaN where nothing is known.

    Attributes:
        snapshot_id: The snapshot scored.
        params_hash: Hash of measures' parameters and weights.
        overall: Weighted sum of the parts, as a network percentile.
        centrality: Part, as a network percentile.
        reliability: Part, as a network percentile.
        performance: Part, as a network percentile.
        rank: Place by `overall`, 1 is best, ties share the better place, int64.
    """

    snapshot_id: str
    params_hash: str
    overall: NDArray[np.float64]
    centrality: NDArray[np.float64]
    reliability: NDArray[np.float64]
    performance: NDArray[np.float64]
    rank: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MeasureEvidence:
    """One measure behind a score.

    Attributes:
        name: Stable name, the attribute of `NodeMeasures` or `HistoryMeasures`.
        part: `centrality`, `reliability` or `performance`.
        value: The figure; None if not known (then it carries no weight).
        unit: Unit of the figure, for people: "sat", "blocks", "ratio", "pairs", ...
        percentile: Place in the network, 0 to 100, higher is better; None if not known.
        weight: Share in its part after renormalisation, in [0, 1]; 0 if not known.
        reason: Why it is not known; None if it is.
    """

    name: str
    part: str
    value: float | int | None
    unit: str
    percentile: float | None
    weight: float
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class NodeScoreCard:
    """The score of one node with its evidence.

    Attributes:
        node_id: Key, 66 hex characters.
        alias: Announced name, possibly empty.
        snapshot_id: Snapshot it was computed from.
        n_nodes: Nodes in that snapshot.
        rank: Place by overall score, 1 is best.
        overall: 0 to 100; None if nothing is known.
        centrality: 0 to 100; None if nothing is known.
        reliability: 0 to 100; None if nothing is known.
        performance: 0 to 100; None if nothing is known.
        evidence: Every measure, in a fixed order.
    """

    node_id: str
    alias: str
    snapshot_id: str
    n_nodes: int
    rank: int
    overall: float | None
    centrality: float | None
    reliability: float | None
    performance: float | None
    evidence: tuple[MeasureEvidence, ...]


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Capacity-weighted quantiles of a fee component.

    Attributes:
        p10: 10 % of the capacity charges no more than this.
        p25: Lower quartile.
        p50: Median.
        p75: Upper quartile.
        p90: 90 % of the capacity charges no more than this.
    """

    p10: int
    p25: int
    p50: int
    p75: int
    p90: int


@dataclass(frozen=True, slots=True)
class MarketSide:
    """What is charged in one direction between a node and its peers.

    Attributes:
        n_policies: Enabled policies counted.
        capacity_sat: Capacity behind them, sat.
        fee_ppm: Quantiles of the proportional fee; None without policies.
        base_fee_msat: Quantiles of the base fee; None without policies.
        inbound_fee_ppm: Quantiles of the inbound fee that the receiving side of the channels sets
            (mostly 0 or negative); None without policies.
        n_disabled: Disabled policies, left out.
    """

    n_policies: int
    capacity_sat: int
    fee_ppm: Quantiles | None
    base_fee_msat: Quantiles | None
    inbound_fee_ppm: Quantiles | None
    n_disabled: int


@dataclass(frozen=True, slots=True)
class FeeMarket:
    """What the network charges towards and from a node.

    Attributes:
        node_id: The node.
        alias: Its announced name.
        snapshot_id: Snapshot it was read from.
        towards: What peers charge to send to the node.
        outward: What the node charges to send to its peers.
        network: The same over all enabled policies of the network, for comparison.
    """

    node_id: str
    alias: str
    snapshot_id: str
    towards: MarketSide
    outward: MarketSide
    network: MarketSide


@dataclass(frozen=True, slots=True)
class NetworkStats:
    """A snapshot in figures.

    Attributes:
        snapshot_id: The snapshot.
        n_nodes: Nodes.
        n_announced_nodes: Nodes that announced themselves.
        n_isolated_nodes: Nodes without a channel.
        n_channels: Channels, parallel ones counted each.
        n_pairs: Distinct pairs of nodes with a channel.
        capacity_sat: Sum of known capacities, sat.
        median_capacity_sat: Median channel, sat; None without channels.
        mean_capacity_sat: Mean channel, sat, rounded; None without channels.
        median_fee_ppm: Median of present, enabled policies; None without any.
        median_base_fee_msat: The same for the base fee.
        inbound_fee_policies: Policies with a non-zero inbound fee.
        missing_policies: Directions never announced.
        disabled_policies: Directions announced as disabled.
        median_degree: Median of channels per node that has one; None without channels.
        largest_degree: Most channels of one node.
        leaf_ratio: Share of connected nodes with a single peer.
        largest_component: Nodes in the largest connected component.
        tor_only_nodes: Announced nodes with Tor addresses only.
    """

    snapshot_id: str
    n_nodes: int
    n_announced_nodes: int
    n_isolated_nodes: int
    n_channels: int
    n_pairs: int
    capacity_sat: int
    median_capacity_sat: int | None
    mean_capacity_sat: int | None
    median_fee_ppm: int | None
    median_base_fee_msat: int | None
    inbound_fee_policies: int
    missing_policies: int
    disabled_policies: int
    median_degree: int | None
    largest_degree: int
    leaf_ratio: float
    largest_component: int
    tor_only_nodes: int


@dataclass(frozen=True, slots=True)
class NodeChange:
    """One node in the difference of two snapshots, with what it gained or lost.

    Attributes:
        node_id: Key.
        alias: Name in the newer snapshot that has it.
        capacity_change_sat: Newer minus older capacity, sat.
        channels_change: Newer minus older number of channels.
    """

    node_id: str
    alias: str
    capacity_change_sat: int
    channels_change: int


@dataclass(frozen=True, slots=True)
class SnapshotDiff:
    """What changed between two snapshots.

    Attributes:
        older_id: Snapshot compared from.
        newer_id: Snapshot compared to.
        nodes_gained: Nodes only in the newer one.
        nodes_lost: Nodes only in the older one.
        channels_opened: Channels only in the newer one.
        channels_closed: Channels only in the older one.
        capacity_opened_sat: Capacity of the opened ones, sat.
        capacity_closed_sat: Capacity of the closed ones, sat.
        capacity_change_sat: Newer minus older total capacity, sat.
        fee_changes: Directed policies in both whose base or ppm (outbound or inbound) differs.
        fee_raises: Of these, those whose ppm rose.
        fee_cuts: Of these, those whose ppm fell.
        newly_disabled: Directed policies enabled before and disabled now.
        newly_enabled: The reverse.
        movers: Nodes with the largest absolute change of capacity, at most ten each way.
    """

    older_id: str
    newer_id: str
    nodes_gained: int
    nodes_lost: int
    channels_opened: int
    channels_closed: int
    capacity_opened_sat: int
    capacity_closed_sat: int
    capacity_change_sat: int
    fee_changes: int
    fee_raises: int
    fee_cuts: int
    newly_disabled: int
    newly_enabled: int
    movers: tuple[NodeChange, ...]


@dataclass(frozen=True, slots=True)
class PeerGain:
    """What a hypothetical channel to a candidate peer would change.

    Attributes:
        node_id: Candidate.
        alias: Its name.
        score: Its overall score, 0 to 100.
        harmonic_gain: Rise of the node's harmonic closeness, same scale as the measure.
        hops_now: Distance to the candidate today; None if it cannot be reached.
        median_inbound_ppm: Capacity-weighted median of what others charge towards it.
        median_channel_sat: Median of its channel capacities, sat.
    """

    node_id: str
    alias: str
    score: float
    harmonic_gain: float
    hops_now: int | None
    median_inbound_ppm: int | None
    median_channel_sat: int
