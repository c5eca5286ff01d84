"""Builds the DailyReport of one node and day from its status, the findings and the advice."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from daznode.domain.finding import Advice, Finding
from daznode.domain.node_view import DAY, DayStatus, NodeView
from daznode.domain.provenance import Reality, SourceReport, SourceStatus
from daznode.domain.report import (
    DailyReport,
    GenerationStatus,
    Health,
    Opportunity,
    ReportMetrics,
    ReportSummary,
    Scope,
    Severity,
)
from daznode.domain.units import Sat, btc_of, whole_sat
from daznode.report import figures
from daznode.report.wording import Wording

REPORT_VERSION: Final = "1.0"

_EXCELLENT: Final = 90.0
_GOOD: Final = 75.0
_AVERAGE: Final = 50.0
_MOST_OPPORTUNITIES: Final = 5


@dataclass(frozen=True, slots=True)
class ReportHeading:
    """Whose report, of which day, made when.

    Attributes:
        report_id: UUID.
        user_id: Whose report.
        tenant_id: Whose data.
        report_date: Midnight UTC of the day.
        generated_at: Moment of the making, UTC.
        language: `en` or `fr`.
    """

    report_id: str
    user_id: str
    tenant_id: str
    report_date: datetime
    generated_at: datetime
    language: str


def rating_of(overall_score: float | None) -> str | None:
    """The score in a word: excellent from 90, good from 75, average from 50, else poor."""
    if overall_score is None:
        return None
    if overall_score >= _EXCELLENT:
        return "excellent"
    if overall_score >= _GOOD:
        return "good"
    return "average" if overall_score >= _AVERAGE else "poor"


_NEEDS_NETWORK: Final = (
    "summary.overall_score",
    "summary.rating",
    "metrics.network",
    "metrics.fees",
    "channels.market_p50_ppm",
    "trends.score_evolution_7d",
    "opportunities",
)
_NEEDS_NETWORK_OR_NODE: Final = (
    "summary.capacity_btc",
    "summary.channels_count",
    "metrics.capacity",
    "metrics.channels",
    "trends.capacity_evolution_7d",
)
_NEEDS_HISTORY: Final = (
    "summary.score_delta_24h",
    "metrics.capacity.total_sats_delta_24h",
    "metrics.channels.count_delta_24h",
    "metrics.network.mean_hops_delta",
    "metrics.network.rank_delta",
    "metrics.network.peers_gained",
    "metrics.network.peers_lost",
)
_NOT_ANNOUNCED: Final = (
    "channels.capacity_sats",
    "channels.is_active",
    "channels.fee_ppm",
    "channels.base_fee_msat",
    "channels.inbound_fee_ppm",
    "channels.peer_fee_ppm",
)
_NEEDS_EVERY_DAY: Final = ("trends.score_evolution_7d", "trends.capacity_evolution_7d")
_NEEDS_NODE: Final = (
    "summary.forwarding_rate_24h",
    "summary.revenue_sats_24h",
    "metrics.capacity.local_balance",
    "metrics.capacity.remote_balance",
    "metrics.capacity.liquidity_ratio",
    "metrics.channels.pending",
    "metrics.forwarding",
    "channels.local_sats",
    "channels.local_ratio",
    "channels.forwards_out_7d",
    "channels.volume_in_7d_sats",
    "channels.volume_out_7d_sats",
    "channels.revenue_7d_msat",
    "channels.assisted_7d_msat",
    "channels.rebalance_cost_7d_msat",
    "channels.profit_7d_msat",
    "channels.failed_7d",
    "channels.missed_fees_7d_msat",
    "channels.balance_change_7d_msat",
    "channels.unexplained_7d_msat",
    "trends.revenue_evolution_7d",
    "trends.forward_rate_evolution_7d",
    "recommendations.estimated_gain_sats_month",
)
_NEEDS_WEEK_AGO: Final = ("channels.balance_change_7d_msat", "channels.unexplained_7d_msat")
_NEEDS_FAILURES: Final = (
    "summary.forwarding_rate_24h",
    "metrics.forwarding.success_rate_24h",
    "metrics.forwarding.failed_24h",
    "metrics.forwarding.missed_fees_7d_sats",
    "channels.failed_7d",
    "channels.missed_fees_7d_msat",
    "trends.forward_rate_evolution_7d",
)


def _missing_in(view: NodeView) -> tuple[str, ...]:
    """What a snapshot that knows the node does not say of it."""
    missing: tuple[str, ...] = ()
    if any(channel.price is None for channel in view.channels):
        missing += ("channels.market_p50_ppm",)
    if any(
        None in (one.local_policy, one.remote_policy, one.capacity_sat) for one in view.channels
    ):
        missing += _NOT_ANNOUNCED
    if not any(channel.is_enabled for channel in view.channels):
        missing += ("metrics.fees",)
    if not view.channels:
        missing += ("metrics.channels.avg_capacity_sats",)
    if view.mean_hops is None:
        missing += ("metrics.network.mean_hops",)
    return missing


def _network_source(status: DayStatus, wording: Wording) -> SourceReport:
    if status.now is None:
        missing: tuple[str, ...] = _NEEDS_NETWORK
        if status.own is None:
            missing += _NEEDS_NETWORK_OR_NODE
        return SourceReport(
            "network_snapshot",
            SourceStatus.UNAVAILABLE,
            Reality.REAL,
            "",
            None,
            None,
            wording.source("node_unknown" if status.has_network else "snapshot_none"),
            missing,
        )
    origin = status.now.origin
    age = status.until - origin.observed_at
    return SourceReport(
        name="network_snapshot",
        status=SourceStatus.STALE if status.is_stale else SourceStatus.OK,
        reality=origin.reality,
        detail=f"{origin.kind}: {origin.name} ({origin.snapshot_id})",
        observed_at=origin.observed_at,
        age_seconds=int(age.total_seconds()),
        error=wording.source("snapshot_old", age_days=age.days) if status.is_stale else None,
        missing=_missing_in(status.now),
    )


def _history_source(status: DayStatus, wording: Wording) -> SourceReport:
    n_days = sum(point is not None for point in status.points)
    missing = _NEEDS_EVERY_DAY if n_days < len(status.points) else ()
    detail = wording.source("history_days", known_count=n_days, of_count=len(status.points))
    before = status.before
    if before is None:
        return SourceReport(
            name="network_history",
            status=SourceStatus.UNAVAILABLE,
            reality=Reality.REAL,
            detail=detail,
            observed_at=None,
            age_seconds=None,
            error=wording.source("history_none"),
            missing=_NEEDS_HISTORY + missing,
        )
    return SourceReport(
        name="network_history",
        status=SourceStatus.OK,
        reality=before.origin.reality,
        detail=detail,
        observed_at=before.origin.observed_at,
        age_seconds=int((status.until - before.origin.observed_at).total_seconds()),
        error=None,
        missing=missing,
    )


def _node_source(status: DayStatus, wording: Wording) -> SourceReport:
    if status.own is None:
        return SourceReport(
            name="node",
            status=SourceStatus.UNAVAILABLE,
            reality=Reality.REAL,
            detail="",
            observed_at=None,
            age_seconds=None,
            error=status.node_error or wording.source("node_none"),
            missing=_NEEDS_NODE,
        )
    own = status.own
    identity = own.observation.identity
    age = status.until - min(own.until, own.observation.observed_at)
    error = status.node_error
    if error is None and age > DAY:
        error = wording.source("snapshot_old", age_days=age.days)
    detail = list(dict.fromkeys((identity.backend, identity.network)))
    missing: tuple[str, ...] = ()
    if None in own.capacity_by_day:
        missing += ("trends.capacity_evolution_7d",)
    if any(channel.scid not in own.books for channel in own.observation.channels):
        missing += _NEEDS_WEEK_AGO
    if not own.week.are_failures_known:
        missing += _NEEDS_FAILURES
        detail.append(wording.source("failures_unwatched"))
    return SourceReport(
        name="node",
        status=SourceStatus.OK if error is None else SourceStatus.STALE,
        reality=identity.reality,
        detail=", ".join(detail),
        observed_at=status.until - age,
        age_seconds=int(age.total_seconds()),
        error=error,
        missing=missing,
    )


def _health(findings: tuple[Finding, ...]) -> Health:
    severities = {finding.severity for finding in findings}
    if Severity.CRITICAL in severities:
        return Health.CRITICAL
    return Health.WARNING if Severity.WARNING in severities else Health.HEALTHY


def _score_delta(status: DayStatus) -> float | None:
    if status.now is None or status.before is None:
        return None
    now, before = status.now.card.overall, status.before.card.overall
    if now is None or before is None:
        return None
    return round(now - before, 1) + 0.0  # no minus zero


def _summary(
    status: DayStatus, findings: tuple[Finding, ...], advice: tuple[Advice, ...], wording: Wording
) -> ReportSummary:
    overall = figures.score(status.now.card.overall) if status.now is not None else None
    capacity_sat = figures.total_capacity_sat(status)
    own = status.own
    channels_count = None
    if own is not None:
        channels_count = len(own.observation.channels)
    elif status.now is not None:
        channels_count = len(status.now.channels)
    delta = _score_delta(status)
    return ReportSummary(
        overall_score=overall,
        score_delta_24h=delta,
        rating=rating_of(overall),
        status=_health(findings),
        critical_alerts=sum(one.severity is Severity.CRITICAL for one in findings),
        warnings=sum(one.severity is Severity.WARNING for one in findings),
        capacity_btc=btc_of(Sat(capacity_sat)) if capacity_sat is not None else None,
        channels_count=channels_count,
        forwarding_rate_24h=figures.rounded(own.day.success_ratio) if own else None,
        revenue_sats_24h=whole_sat(own.day.revenue_msat) if own else None,
        narrative=wording.narrative(status, findings, advice, overall, delta),
    )


def _opportunities(status: DayStatus, wording: Wording) -> tuple[Opportunity, ...]:
    if status.now is None:
        return ()
    return tuple(
        Opportunity(
            kind="open_channel",
            node_id=gain.node_id,
            alias=figures.peer_name(gain.alias, gain.node_id),
            capacity_sats=gain.median_channel_sat,
            roi_ratio=None,
            roi_basis=wording.roi_unknown,
            harmonic_gain_ratio=figures.rounded(status.now.relative_gain(gain)),
            peer_score=round(gain.score, 1),
            evidence=wording.gain_evidence(gain),
        )
        for gain in status.now.gains[:_MOST_OPPORTUNITIES]
    )


def build(
    heading: ReportHeading,
    status: DayStatus,
    findings: tuple[Finding, ...],
    advice: tuple[Advice, ...],
) -> DailyReport:
    """Build the report of a day.

    Args:
        heading: Whose, of which day, made when, in which language.
        status: What is known of the node.
        findings: What the rules found wrong, most severe first.
        advice: What to change, most valuable first.

    Returns:
        The report. The same arguments give the same report; what no source could give is None,
        with its reason under `sources`.
    """
    wording = Wording(heading.language)
    own, now = status.own, status.now
    node_alias = ""
    if own is not None:
        node_alias = own.observation.identity.alias
    elif now is not None:
        node_alias = now.card.alias
    detected_at = status.until
    if own is not None:
        detected_at = own.observation.observed_at
    elif now is not None:
        detected_at = now.origin.observed_at
    return DailyReport(
        report_id=heading.report_id,
        user_id=heading.user_id,
        tenant_id=heading.tenant_id,
        node_pubkey=status.node_id,
        node_alias=node_alias,
        report_date=heading.report_date.astimezone(UTC),
        generation_timestamp=heading.generated_at,
        report_version=REPORT_VERSION,
        language=heading.language,
        scope=Scope.NODE if own is not None else Scope.PUBLIC,
        generation_status=GenerationStatus.COMPLETED,
        error_message=None,
        retry_count=0,
        rag_asset_id=f"daily_report_{heading.user_id}_{heading.report_date:%Y%m%d}",
        rag_indexed=False,
        sources=(
            _network_source(status, wording),
            _history_source(status, wording),
            _node_source(status, wording),
        ),
        summary=_summary(status, findings, advice, wording),
        metrics=ReportMetrics(
            capacity=figures.capacity_metrics(status),
            channels=figures.channel_metrics(status),
            forwarding=figures.forwarding_metrics(own),
            fees=figures.fee_metrics(now),
            network=figures.network_metrics(status),
        ),
        channels=figures.channel_rows(status),
        recommendations=tuple(wording.recommendation(one) for one in advice),
        alerts=tuple(wording.alert(one, detected_at) for one in findings),
        trends=figures.trends(status),
        opportunities=_opportunities(status, wording),
    )
