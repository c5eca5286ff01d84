"""DailyReport: the figures and findings of one node and day; its fields are the stored JSON names."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from daznode.domain.provenance import SourceReport


class GenerationStatus(StrEnum):
    """Where the making of a report stands."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


class Health(StrEnum):
    """Overall state of the node, as the report's headline says it."""

    HEALTHY = "healthy"
    WARNING = "warning"
    CRITICAL = "critical"


class Severity(StrEnum):
    """How much an alert matters."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Priority(StrEnum):
    """How soon a recommendation is worth the operator's time."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Scope(StrEnum):
    """What the report could see."""

    PUBLIC = "public"
    NODE = "node"


@dataclass(frozen=True, slots=True)
class ReportSummary:
    """The headline.

    Attributes:
        overall_score: Node score, 0 to 100; None if the network snapshot does not know the node.
        score_delta_24h: Against the report of the day before; None without one.
        rating: `excellent` (90-100), `good` (75-89), `average` (50-74), `poor` (below 50), or None.
        status: Healthy, warning or critical, from the alerts.
        critical_alerts: Number of them.
        warnings: Number of them.
        capacity_btc: Sum of channel capacities, bitcoin.
        channels_count: Open channels.
        forwarding_rate_24h: Forwards settled over forwards asked of us, in [0, 1]; None if unknown.
        revenue_sats_24h: Forwarding fees earned, sat, before rebalance cost.
        narrative: Two to five sentences.
    """

    overall_score: float | None
    score_delta_24h: float | None
    rating: str | None
    status: Health
    critical_alerts: int
    warnings: int
    capacity_btc: Decimal | None
    channels_count: int | None
    forwarding_rate_24h: float | None
    revenue_sats_24h: int | None
    narrative: str


@dataclass(frozen=True, slots=True)
class CapacityMetrics:
    """Liquidity.

    Attributes:
        total_sats: Sum of channel capacities, sat.
        local_balance: Our side, sat; None on public data.
        remote_balance: Their side, sat; None on public data.
        liquidity_ratio: Local over local + remote, in [0, 1]; None on public data.
        total_sats_delta_24h: Change since the day before, sat; None without one.
    """

    total_sats: int | None
    local_balance: int | None
    remote_balance: int | None
    liquidity_ratio: float | None
    total_sats_delta_24h: int | None


@dataclass(frozen=True, slots=True)
class ChannelMetrics:
    """Channels by state.

    Attributes:
        active: Usable: peer online (own data), or a direction of ours enabled (public data).
        inactive: The others.
        pending: Opening or closing; None on public data.
        avg_capacity_sats: Mean capacity, sat, rounded down.
        count_delta_24h: Change since the day before; None without one.
    """

    active: int | None
    inactive: int | None
    pending: int | None
    avg_capacity_sats: int | None
    count_delta_24h: int | None


@dataclass(frozen=True, slots=True)
class ForwardingMetrics:
    """What was forwarded, earned and spent; every field None on public data.

    Attributes:
        forwards_24h: Settled forwards, the report's day.
        forwards_7d: The seven days that end with it.
        success_rate_24h: Settled over asked, in [0, 1]; None also when nothing was asked.
        revenue_24h: Fees earned, sat.
        revenue_7d: Fees earned, sat.
        rebalance_cost_24h: Fees paid for circular payments, sat, rounded up.
        rebalance_cost_7d: Fees paid for circular payments, sat, rounded up.
        net_24h: Revenue minus rebalance cost, both in whole sat as above.
        net_7d: The same over seven days; `net_7d_msat` is exact.
        revenue_24h_msat: Exact figure behind `revenue_24h`.
        revenue_7d_msat: Exact figure behind `revenue_7d`.
        net_7d_msat: Exact figure behind `net_7d`.
        volume_24h_sats: Amount forwarded, sat.
        volume_7d_sats: Amount forwarded, sat.
        failed_24h: Forwards asked and not settled.
        missed_fees_7d_sats: Fees of forwards that we had to refuse ourselves, sat.
        earned_ppm_7d: Revenue over volume, millionths.
        revenue_delta_24h: Revenue against the day before, sat.
    """

    forwards_24h: int | None
    forwards_7d: int | None
    success_rate_24h: float | None
    revenue_24h: int | None
    revenue_7d: int | None
    rebalance_cost_24h: int | None
    rebalance_cost_7d: int | None
    net_24h: int | None
    net_7d: int | None
    revenue_24h_msat: int | None
    revenue_7d_msat: int | None
    net_7d_msat: int | None
    volume_24h_sats: int | None
    volume_7d_sats: int | None
    failed_24h: int | None
    missed_fees_7d_sats: int | None
    earned_ppm_7d: int | None
    revenue_delta_24h: int | None


@dataclass(frozen=True, slots=True)
class MarketStanding:
    """Where one of our fees stands against what others charge towards the same peer.

    Attributes:
        scid: `814x12x1`.
        peer_alias: The peer.
        fee_ppm: What we charge.
        market_p25_ppm: Lower quartile of the others, by capacity.
        market_p50_ppm: Median of the others, by capacity.
        market_p75_ppm: Upper quartile of the others, by capacity.
        n_competitors: Enabled policies of others towards the peer.
        standing: Share of the others' capacity that charges less than we do, in [0, 1].
    """

    scid: str
    peer_alias: str
    fee_ppm: int
    market_p25_ppm: int
    market_p50_ppm: int
    market_p75_ppm: int
    n_competitors: int
    standing: float


@dataclass(frozen=True, slots=True)
class FeeMetrics:
    """What the node charges.

    Attributes:
        avg_fee_rate: Capacity-weighted mean of our enabled ppm, rounded; None without policies.
        min_fee_rate: Smallest, ppm.
        max_fee_rate: Largest, ppm.
        base_fee_avg: Mean base fee, msat, rounded.
        market: Standing of each channel that has competitors, in channel order.
        below_market: Channels below the lower quartile of their market.
        above_market: Channels above the upper quartile.
    """

    avg_fee_rate: int | None
    min_fee_rate: int | None
    max_fee_rate: int | None
    base_fee_avg: int | None
    market: tuple[MarketStanding, ...]
    below_market: int | None
    above_market: int | None


@dataclass(frozen=True, slots=True)
class NetworkMetrics:
    """Where the node stands in the network.

    Attributes:
        n_nodes: Nodes in the snapshot.
        rank: Place by overall score.
        percentile: Share of nodes with a lower overall score, 0 to 100.
        centrality_score: 0 to 100.
        reliability_score: 0 to 100.
        performance_score: 0 to 100.
        betweenness_rank: Place by unweighted betweenness.
        fee_betweenness_rank: Place by cheapest-route betweenness.
        closeness_rank: Place by harmonic closeness.
        capacity_rank: Place by capacity.
        degree_rank: Place by number of peers.
        mean_hops: Mean distance to the nodes that can be reached.
        mean_hops_delta: Against the snapshot of the day before.
        rank_delta: Places won (positive) since the snapshot of the day before.
        peers_gained: Keys of peers not there in the snapshot of the day before.
        peers_lost: Keys of peers there before and gone now.
    """

    n_nodes: int | None
    rank: int | None
    percentile: float | None
    centrality_score: float | None
    reliability_score: float | None
    performance_score: float | None
    betweenness_rank: int | None
    fee_betweenness_rank: int | None
    closeness_rank: int | None
    capacity_rank: int | None
    degree_rank: int | None
    mean_hops: float | None
    mean_hops_delta: float | None
    rank_delta: int | None
    peers_gained: tuple[str, ...] | None
    peers_lost: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class ReportMetrics:
    """All metrics, by theme."""

    capacity: CapacityMetrics
    channels: ChannelMetrics
    forwarding: ForwardingMetrics
    fees: FeeMetrics
    network: NetworkMetrics


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One line of the channel table; what only the own node knows is None on public data.

    Attributes:
        scid: `814x12x1`.
        peer_id: Key of the peer.
        peer_alias: Its name, or the start of its key.
        capacity_sats: Funding amount, sat; None if the dump does not say.
        local_sats: Our balance, sat.
        local_ratio: Our balance over both, in [0, 1].
        is_active: Usable.
        age_days: Days since the funding block; None if unknown.
        fee_ppm: What we charge; None if never announced.
        base_fee_msat: What we charge, msat.
        inbound_fee_ppm: Our inbound fee.
        peer_fee_ppm: What the peer charges towards us.
        market_p50_ppm: Median of what others charge towards the peer, by capacity.
        forwards_out_7d: Forwards that left by it.
        volume_in_7d_sats: Amount that came in by it, sat.
        volume_out_7d_sats: Amount that left by it, sat.
        revenue_7d_msat: Fees of forwards that left by it, msat.
        assisted_7d_msat: Fees of forwards that came in by it, msat (also counted where they left).
        rebalance_cost_7d_msat: Fees of circular payments that refilled it, msat.
        profit_7d_msat: Revenue minus rebalance cost, msat.
        failed_7d: Forwards that should have left by it and that we refused.
        missed_fees_7d_msat: Their fees, msat.
        balance_change_7d_msat: Our balance against seven days before, msat.
        unexplained_7d_msat: The part of it that no forward, rebalance, payment or receipt explains:
            commitment fees, HTLCs in flight, whole satoshi, splices.
    """

    scid: str
    peer_id: str
    peer_alias: str
    capacity_sats: int | None
    local_sats: int | None
    local_ratio: float | None
    is_active: bool | None
    age_days: int | None
    fee_ppm: int | None
    base_fee_msat: int | None
    inbound_fee_ppm: int | None
    peer_fee_ppm: int | None
    market_p50_ppm: int | None
    forwards_out_7d: int | None
    volume_in_7d_sats: int | None
    volume_out_7d_sats: int | None
    revenue_7d_msat: int | None
    assisted_7d_msat: int | None
    rebalance_cost_7d_msat: int | None
    profit_7d_msat: int | None
    failed_7d: int | None
    missed_fees_7d_msat: int | None
    balance_change_7d_msat: int | None = None
    unexplained_7d_msat: int | None = None


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """One figure that supports a piece of advice.

    Attributes:
        label: What it is, in the report's language.
        value: The figure with its unit, in the report's language.
        source: Name of the source it comes from (see `sources`).
    """

    label: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What to change, why, and what that would bring.

    Attributes:
        rule: Stable name of the rule that found it.
        priority: High, medium or low.
        category: `liquidity`, `fees`, `channels` or `performance`.
        title: One line.
        description: One to three sentences.
        impact_score: 0 to 10, for sorting.
        channels_affected: Short channel ids.
        suggested_action: What to do, exact enough to do it.
        estimated_gain_sats_month: Estimate, sat in 30 days; None where nothing supports one.
        gain_basis: How the gain was estimated, or why it is None.
        evidence: The figures behind it.
        decision_id: The decision it belongs to; None while decisions are not made.
    """

    rule: str
    priority: Priority
    category: str
    title: str
    description: str
    impact_score: float
    channels_affected: tuple[str, ...]
    suggested_action: str
    estimated_gain_sats_month: int | None
    gain_basis: str
    evidence: tuple[EvidenceItem, ...]
    decision_id: str | None = None


@dataclass(frozen=True, slots=True)
class ReportAlert:
    """Something wrong.

    Attributes:
        severity: Critical, warning or info.
        type: Stable name of the rule: `channel_inactive`, `low_liquidity`, ...
        title: One line.
        description: What, how much against which limit, and what to look at.
        detected_at: Moment the figures were observed, UTC.
        requires_action: Whether the operator has to do something.
        channels_affected: Short channel ids.
    """

    severity: Severity
    type: str
    title: str
    description: str
    detected_at: datetime
    requires_action: bool
    channels_affected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trends:
    """Seven values each, oldest first, the report's day last; None for a day without data.

    Attributes:
        score_evolution_7d: Overall score.
        revenue_evolution_7d: Fees earned, sat.
        forward_rate_evolution_7d: Settled over asked, in [0, 1].
        capacity_evolution_7d: Sum of capacities, sat.
    """

    score_evolution_7d: tuple[float | None, ...]
    revenue_evolution_7d: tuple[int | None, ...]
    forward_rate_evolution_7d: tuple[float | None, ...]
    capacity_evolution_7d: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Opportunity:
    """A proposal to open a channel.

    Attributes:
        kind: `open_channel`.
        node_id: The peer.
        alias: Its name.
        capacity_sats: Size proposed: the median of the peer's channels, sat.
        roi_ratio: Expected yearly net income over cost; None where no source supports it.
        roi_basis: How it was estimated, or why it is None.
        harmonic_gain_ratio: Rise of the node's harmonic closeness over its present value.
        peer_score: Overall score of the peer, 0 to 100.
        evidence: The figures behind it.
    """

    kind: str
    node_id: str
    alias: str
    capacity_sats: int
    roi_ratio: float | None
    roi_basis: str
    harmonic_gain_ratio: float | None
    peer_score: float
    evidence: tuple[EvidenceItem, ...]


@dataclass(frozen=True, slots=True)
class DailyReport:
    """One report for one user, node and day.

    Attributes:
        report_id: UUID, kept when the day is run again.
        user_id: Whose report.
        tenant_id: Whose data.
        node_pubkey: Key of the node.
        node_alias: Its announced name.
        report_date: Midnight UTC of the day.
        generation_timestamp: Moment it was made, UTC.
        report_version: Version of this shape.
        language: `en` or `fr`, of all texts in it.
        scope: Public data alone, or the node's own.
        generation_status: Completed, or why not.
        error_message: Set when failed.
        retry_count: Attempts before this one.
        rag_asset_id: `daily_report_{user_id}_{YYYYMMDD}`.
        rag_indexed: Whether retrieval knows it.
        sources: Every source, used or not.
        summary: The headline.
        metrics: Figures by theme.
        channels: The channel table, by profit then capacity.
        recommendations: Most valuable first.
        alerts: Most severe first.
        trends: Seven days.
        opportunities: The five best.
    """

    report_id: str
    user_id: str
    tenant_id: str
    node_pubkey: str
    node_alias: str
    report_date: datetime
    generation_timestamp: datetime
    report_version: str
    language: str
    scope: Scope
    generation_status: GenerationStatus
    error_message: str | None
    retry_count: int
    rag_asset_id: str
    rag_indexed: bool
    sources: tuple[SourceReport, ...]
    summary: ReportSummary
    metrics: ReportMetrics
    channels: tuple[ChannelRow, ...]
    recommendations: tuple[Recommendation, ...]
    alerts: tuple[ReportAlert, ...]
    trends: Trends
    opportunities: tuple[Opportunity, ...]
