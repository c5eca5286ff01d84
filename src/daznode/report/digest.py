"""Builds the digest of a week or a month from the daily reports of its days."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import ModuleType
from typing import Final, TypeVar

from daznode.domain.digest import Digest, DigestAdvice, DigestAlert
from daznode.domain.errors import InvalidParameter
from daznode.domain.finding import Figure
from daznode.domain.node_view import DAY
from daznode.domain.report import DailyReport, ReportAlert, Severity
from daznode.domain.units import Msat, whole_sat
from daznode.report import formats
from daznode.report.wording import fill
from daznode.report.words import digest_en, digest_fr

WEEK_DAYS: Final = 7
MONTH_DAYS: Final = 30

_WORDS: Final[dict[str, ModuleType]] = {"en": digest_en, "fr": digest_fr}
_SEVERITIES: Final = (Severity.CRITICAL, Severity.WARNING, Severity.INFO)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DigestHeading:
    """Whose digest of which period, made when.

    Attributes:
        digest_id: UUID.
        period_days: 7 or 30.
        last_date: Midnight UTC of the period's last day.
        generated_at: Moment of the making, UTC.
        language: `en` or `fr`.
    """

    digest_id: str
    period_days: int
    last_date: datetime
    generated_at: datetime
    language: str

    @property
    def first_date(self) -> datetime:
        """Midnight UTC of the period's first day."""
        return self.last_date - (self.period_days - 1) * DAY


def build_digest(heading: DigestHeading, reports: Sequence[DailyReport]) -> Digest:
    """Sum up the daily reports of a period.

    A sum is of the days that know the figure; how many these are stands beside it. A figure that no
    day knows is None. Each daily report speaks of the 24 hours before it was made.

    Args:
        heading: Which period.
        reports: Of one user and node, one a day, at least one of a day of the period; those of
            other days are left out.

    Raises:
        InvalidParameter: No words exist for the language.
    """
    if heading.language not in _WORDS:
        message = f"language {heading.language!r}: not spoken here; expected {' or '.join(_WORDS)}"
        raise InvalidParameter(message)
    days = [heading.first_date + number * DAY for number in range(heading.period_days)]
    by_day = {one.report_date: one for one in reports if one.report_date in set(days)}
    kept = [by_day[day] for day in days if day in by_day]
    last = kept[-1]
    revenues_msat = {
        one.report_date: one.metrics.forwarding.revenue_24h_msat
        for one in kept
        if one.metrics.forwarding.revenue_24h_msat is not None
    }
    revenue_sats = whole_sat(Msat(sum(revenues_msat.values()))) if revenues_msat else None
    costs_sats = _known(kept, lambda one: one.metrics.forwarding.rebalance_cost_24h)
    cost_sats = sum(costs_sats) if costs_sats else None
    forwards = _known(kept, lambda one: one.metrics.forwarding.forwards_24h)
    scores = _known(kept, lambda one: one.summary.overall_score)
    capacities_sats = _known(kept, lambda one: one.metrics.capacity.total_sats)
    best_msat = max(revenues_msat.values(), default=0)
    digest = Digest(
        digest_id=heading.digest_id,
        user_id=last.user_id,
        tenant_id=last.tenant_id,
        node_pubkey=last.node_pubkey,
        node_alias=last.node_alias,
        period_days=heading.period_days,
        first_date=heading.first_date,
        last_date=heading.last_date,
        generated_at=heading.generated_at,
        language=heading.language,
        days_with_report=len(kept),
        status=last.summary.status,
        score_first=scores[0] if scores else None,
        score_last=scores[-1] if scores else None,
        score_change=round(scores[-1] - scores[0], 1) + 0.0 if len(scores) > 1 else None,
        revenue_sats=revenue_sats,
        rebalance_cost_sats=cost_sats,
        net_sats=None if revenue_sats is None else revenue_sats - (cost_sats or 0),
        forwards=sum(forwards) if forwards else None,
        days_with_revenue=len(revenues_msat),
        best_day=next((day for day, one in revenues_msat.items() if 0 < one == best_msat), None),
        capacity_first_sats=capacities_sats[0] if capacities_sats else None,
        capacity_last_sats=capacities_sats[-1] if capacities_sats else None,
        score_evolution=tuple(
            by_day[day].summary.overall_score if day in by_day else None for day in days
        ),
        revenue_evolution_sats=tuple(
            whole_sat(Msat(revenues_msat[day])) if day in revenues_msat else None for day in days
        ),
        alerts=_alerts(kept),
        advice=_advice(kept),
        narrative="",
    )
    return replace(digest, narrative=_narrative(digest, whole_sat(Msat(best_msat))))


def _known(reports: Sequence[DailyReport], figure: Callable[[DailyReport], T | None]) -> list[T]:
    """A figure of the days that know it, oldest first."""
    return [value for value in map(figure, reports) if value is not None]


def _alerts(reports: Sequence[DailyReport]) -> tuple[DigestAlert, ...]:
    """Alerts of the period by type, the most severe first, then the longest."""
    seen: dict[str, list[ReportAlert]] = {}
    days: Counter[str] = Counter()
    for report in reports:
        days.update({one.type for one in report.alerts})
        for one in reversed(report.alerts):
            seen.setdefault(one.type, []).append(one)
    open_types = {one.type for one in reports[-1].alerts}
    alerts = [
        DigestAlert(
            type=kind,
            severity=min((one.severity for one in found), key=_SEVERITIES.index),
            title=found[-1].title,
            days=days[kind],
            is_open=kind in open_types,
        )
        for kind, found in seen.items()
    ]
    order = [str(one) for one in _SEVERITIES]
    return tuple(sorted(alerts, key=lambda one: (order.index(one.severity), -one.days, one.type)))


def _advice(reports: Sequence[DailyReport]) -> tuple[DigestAdvice, ...]:
    """Advice of the last report, in its order."""
    days: Counter[str] = Counter()
    for report in reports:
        days.update({one.rule for one in report.recommendations})
    return tuple(
        DigestAdvice(one.rule, one.title, days[one.rule], one.estimated_gain_sats_month)
        for one in reports[-1].recommendations
    )


def _narrative(digest: Digest, best_sats: int) -> str:
    """The period in two to five sentences."""
    language = digest.language
    last_day = formats.day_long(digest.last_date, language)
    parts: list[tuple[str, dict[str, Figure]]] = []
    period: dict[str, Figure] = {"period_days": digest.period_days, "last_day": last_day}
    if digest.revenue_sats is not None and digest.net_sats is not None:
        earned: dict[str, Figure] = {
            "forwards_count": digest.forwards or 0,
            "revenue_sats": digest.revenue_sats,
        }
        parts.append(("earned", period | earned))
        net: dict[str, Figure] = {
            "cost_sats": digest.rebalance_cost_sats or 0,
            "net_signed_sats": digest.net_sats,
        }
        parts.append(("net", net))
        known: dict[str, Figure] = {
            "known_count": digest.days_with_revenue,
            "of_count": digest.period_days,
        }
        if digest.days_with_revenue < digest.period_days:
            parts.append(("known", known))
        elif digest.best_day is not None:
            best_day = formats.day_long(digest.best_day, language)
            parts.append(("best", {"best_day": best_day, "best_sats": best_sats}))
    else:
        parts.append(("public", period))
        there: dict[str, Figure] = {
            "reports_count": digest.days_with_report,
            "of_count": digest.period_days,
        }
        parts.append(("reports", there))
    parts.extend(_standing(digest))
    words = _WORDS[language].NARRATIVE
    return " ".join(fill(words[key], figures, language) for key, figures in parts)


def _standing(digest: Digest) -> list[tuple[str, dict[str, Figure]]]:
    """Where the node stands at the end: its score, and what needs attention."""
    parts: list[tuple[str, dict[str, Figure]]] = []
    if digest.score_last is not None and digest.score_change is not None:
        change_score = digest.score_change
        name = "score_up" if change_score > 0 else "score_down" if change_score else "score_same"
        parts.append(
            (name, {"change_score": abs(change_score), "overall_score": digest.score_last})
        )
    is_open = [one for one in digest.alerts if one.is_open and one.severity != Severity.INFO]
    name = "alerts_some" if is_open else "alerts_none"
    return [*parts, (name, {"alerts_count": len(is_open)})]
