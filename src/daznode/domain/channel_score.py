"""A channel seen from one of its ends: what is known of it, and the scores that follow."""

from dataclasses import dataclass

from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.ledger import ChannelLedger
from daznode.domain.node_view import PublicChannel


@dataclass(frozen=True, slots=True)
class MarginalShares:
    """How much of a node's centrality hangs on one channel; each in [0, 1], None if not known.

    A share is what the node would lose without the channel, over what it has.

    Attributes:
        betweenness: Of its exact betweenness by hops.
        harmonic: Of its harmonic closeness.
        degree: Of its number of peers.
        eigenvector: Of its eigenvector centrality, to first order.
        peers: The node's peers, at least 1.
        hops_without: Hops to the peer without the channel; None if it could not be reached.
    """

    betweenness: float | None
    harmonic: float | None
    degree: float
    eigenvector: float | None
    peers: int
    hops_without: int | None


@dataclass(frozen=True, slots=True)
class PeerStanding:
    """What the network shows of the peer.

    Attributes:
        node_id: Its key.
        alias: Its announced name, possibly empty.
        overall_score: 0 to 100; None if nothing is known.
        degree_percentile: Share of nodes with fewer peers, 0 to 100.
        disabled_ratio: Share of its own policies that are disabled; None without policies.
        announced_ratio: Share of the snapshots since it was first seen in which it stands; None
            without a series of snapshots.
        policy_changes_per_channel_day: Changes of its policies; None without a series.
        closes_per_year: Channels gone, scaled to a year; None without a series.
    """

    node_id: NodeId
    alias: str
    overall_score: float | None
    degree_percentile: float
    disabled_ratio: float | None
    announced_ratio: float | None
    policy_changes_per_channel_day: float | None
    closes_per_year: float | None


@dataclass(frozen=True, slots=True)
class OwnFlow:
    """What the node itself knows of the channel.

    Attributes:
        local_ratio: Our share of the balances, in [0, 1]; None if both are zero.
        is_active: Peer online and channel usable.
        fortnight: Sums of fourteen days.
        week: Sums of the last seven of them.
        node_forwards: Forwards of the whole node in the fortnight.
        node_revenue_msat: Fees of the whole node in the fortnight, msat.
        node_channels: Channels of the node.
    """

    local_ratio: float | None
    is_active: bool
    fortnight: ChannelLedger
    week: ChannelLedger
    node_forwards: int
    node_revenue_msat: int
    node_channels: int


@dataclass(frozen=True, slots=True)
class ChannelFeatures:
    """All that the heuristics look at; what is not known is None.

    Attributes:
        node_id: The end from which the channel is seen.
        channel: The channel from there.
        shares: What hangs on it.
        peer: The other end.
        network_median_ppm: Capacity-weighted median of all enabled policies, ppm; None without any.
        policy_age_days: Days since the node's last update of its policy; None if never announced.
        own: What the node itself knows; None on public data.
    """

    node_id: NodeId
    channel: PublicChannel
    shares: MarginalShares
    peer: PeerStanding
    network_median_ppm: int | None
    policy_age_days: float | None
    own: OwnFlow | None


@dataclass(frozen=True, slots=True)
class HeuristicEvidence:
    """One figure behind a heuristic.

    Attributes:
        name: Stable name.
        value: The figure; None if not known.
        unit: `ratio`, `ppm`, `days`, `forwards`, `msat`, ...
    """

    name: str
    value: float | int | None
    unit: str


@dataclass(frozen=True, slots=True)
class HeuristicScore:
    """One of the eight.

    Attributes:
        name: `centrality`, `liquidity`, `activity`, `competitiveness`, `reliability`, `age`,
            `peer_quality` or `position`.
        score: In [0, 1], higher is better; None if nothing is known.
        confidence: Share of its inputs that were known, in [0, 1].
        weight: Its share in the composite after renormalisation, in [0, 1]; 0 if not known.
        evidence: The figures behind it.
        reason: Why it is not known; None if it is.
    """

    name: str
    score: float | None
    confidence: float
    weight: float
    evidence: tuple[HeuristicEvidence, ...]
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ChannelScore:
    """The scores of one channel from one of its ends.

    Attributes:
        scid: The channel.
        node_id: The end from which it is seen.
        peer_id: The other end.
        peer_alias: Its announced name.
        snapshot_id: Snapshot it was computed from.
        composite: Weighted sum of what is known, in [0, 1]; None if nothing is.
        confidence: Sum of weight times confidence over all eight, known or not, in [0, 1].
        heuristics: All eight, in the order of the table.
    """

    scid: ShortChannelId
    node_id: NodeId
    peer_id: NodeId
    peer_alias: str
    snapshot_id: str
    composite: float | None
    confidence: float
    heuristics: tuple[HeuristicScore, ...]
