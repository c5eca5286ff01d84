"""A week or a month of a node, summed up from its daily reports."""

from dataclasses import dataclass
from datetime import datetime

from daznode.domain.report import Health


@dataclass(frozen=True, slots=True)
class DigestAlert:
    """An alert of the period.

    Attributes:
        type: Stable name of the rule.
        severity: The most severe it was.
        title: As last seen.
        days: On how many days it was there.
        is_open: Whether the last day still shows it.
    """

    type: str
    severity: str
    title: str
    days: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class DigestAdvice:
    """A recommendation of the period's last report, and for how long it has stood.

    Attributes:
        rule: Stable name of the rule.
        title: As last given.
        days: In how many of the period's reports it stood.
        estimated_gain_sats_month: As last given, sat in 30 days; None where nothing supports one.
    """

    rule: str
    title: str
    days: int
    estimated_gain_sats_month: int | None


@dataclass(frozen=True, slots=True)
class Digest:
    """Seven or thirty days of one node; a figure that no day knows is None.

    Attributes:
        digest_id: UUID, kept when the period is run again.
        user_id: Whose.
        tenant_id: Whose data.
        node_pubkey: The node.
        node_alias: Its announced name.
        period_days: 7 or 30.
        first_date: Midnight UTC of the first day.
        last_date: Midnight UTC of the last day.
        generated_at: Moment it was made, UTC.
        language: `en` or `fr`.
        days_with_report: How many of the days have a report.
        status: Of the last day.
        score_first: Overall score of the first day with one.
        score_last: Of the last day with one.
        score_change: Last minus first.
        revenue_sats: Fees earned on the days that know it, sat.
        rebalance_cost_sats: Paid for circular payments on those days, sat.
        net_sats: Revenue minus rebalance cost, sat.
        forwards: Settled forwards on those days.
        days_with_revenue: How many days know their revenue.
        best_day: Midnight UTC of the day that earned most; None where none is known.
        capacity_first_sats: Sum of capacities, first day that knows it.
        capacity_last_sats: Last day that knows it.
        score_evolution: One value a day, oldest first; None for a day without.
        revenue_evolution_sats: The same for revenue.
        alerts: Of the period, the most severe first.
        advice: Of the last report, the most valuable first.
        narrative: Two to five sentences.
    """

    digest_id: str
    user_id: str
    tenant_id: str
    node_pubkey: str
    node_alias: str
    period_days: int
    first_date: datetime
    last_date: datetime
    generated_at: datetime
    language: str
    days_with_report: int
    status: Health
    score_first: float | None
    score_last: float | None
    score_change: float | None
    revenue_sats: int | None
    rebalance_cost_sats: int | None
    net_sats: int | None
    forwards: int | None
    days_with_revenue: int
    best_day: datetime | None
    capacity_first_sats: int | None
    capacity_last_sats: int | None
    score_evolution: tuple[float | None, ...]
    revenue_evolution_sats: tuple[int | None, ...]
    alerts: tuple[DigestAlert, ...]
    advice: tuple[DigestAdvice, ...]
    narrative: str
