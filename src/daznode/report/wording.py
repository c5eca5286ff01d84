"""Puts findings, advice and the day's story into the words of a language."""

import re
from collections.abc import Callable
from datetime import datetime
from functools import partial
from types import ModuleType
from typing import Final

from daznode.domain.errors import InvalidParameter, InvariantBroken
from daznode.domain.finding import Advice, Figure, Finding
from daznode.domain.ids import looks_like_node_id
from daznode.domain.measures import PeerGain
from daznode.domain.node_view import DayStatus
from daznode.domain.report import EvidenceItem, Recommendation, ReportAlert, Severity
from daznode.domain.units import Msat, charged_sat, whole_sat
from daznode.report import formats
from daznode.report.figures import RATIO_DECIMALS, net_sat, peer_name
from daznode.report.words import findings_en, findings_fr

LANGUAGES: Final[dict[str, ModuleType]] = {"en": findings_en, "fr": findings_fr}

_FIELD: Final = re.compile(r"\{(\w+)(?::([^|{}]*)\|([^|{}]*))?\}")

_WHOLE_WRITERS: Final[tuple[tuple[str, Callable[[int, str], str]], ...]] = (
    ("_signed_sats", formats.signed_sats),
    ("_msat", formats.msat_as_sats),
    ("_sats", formats.sats),
    ("_ppm", formats.ppm),
    ("_days", formats.days),
    ("_count", formats.count),
    ("_place", formats.place),
    ("_height", formats.count),
)
"""How a whole figure is written, by the end of its name; the first that fits."""

_FRACTION_WRITERS: Final[tuple[tuple[str, Callable[[float, str], str]], ...]] = (
    ("_ratio", formats.percent_text),
    ("_score", formats.score),
)
"""How a fraction or score is written, by the end of its name."""


def figure_text(name: str, value: Figure, language: str) -> str:
    """A figure in words, with the unit that its name ends in.

    Args:
        name: Name of the figure, for example `fee_ppm`.
        value: The figure; texts pass unchanged, but for the key of a peer without an alias.
        language: `en` or `fr`.

    Returns:
        Text without markup.

    Raises:
        InvariantBroken: The name ends in no known unit: a rule and its wording disagree.
    """
    if isinstance(value, str):
        return peer_name("", value) if name == "peer" and looks_like_node_id(value) else value
    for suffix, write in _FRACTION_WRITERS:
        if name.endswith(suffix):
            # Rounded as the report keeps it, so that text and tables show the same.
            return write(round(value, RATIO_DECIMALS if suffix == "_ratio" else 1), language)
    for suffix, write_whole in _WHOLE_WRITERS:
        if name.endswith(suffix) and isinstance(value, int):
            return write_whole(value, language)
    message = f"figure {name} of type {type(value).__name__}: no unit in its name"
    raise InvariantBroken(message)


def fill(template: str, figures: dict[str, Figure], language: str) -> str:
    """A template with its figures written in; `{name:one|many}` counts a noun."""

    def write(match: re.Match[str]) -> str:
        name, one, many = match.groups()
        value = figures[name]
        text = figure_text(name, value, language)
        if one is None:
            return text
        is_one = isinstance(value, int) and formats.is_singular(value, language)
        return f"{text} {one if is_one else many}"

    return _FIELD.sub(write, template)


class Wording:
    """The words of one language."""

    def __init__(self, language: str) -> None:
        """Choose the language.

        Raises:
            InvalidParameter: No words exist for it.
        """
        if language not in LANGUAGES:
            message = f"language {language!r}: not spoken here; expected {' or '.join(LANGUAGES)}"
            raise InvalidParameter(message)
        self._language = language
        self._words = LANGUAGES[language]
        self._fill = partial(fill, language=language)
        self.roi_unknown: str = self._words.ROI_UNKNOWN

    def source(self, key: str, **figures: Figure) -> str:
        """Why a source is stale or missing."""
        return self._fill(self._words.SOURCES[key], figures)

    def alert(self, finding: Finding, detected_at: datetime) -> ReportAlert:
        """A finding in words."""
        key = f"{finding.rule}.{finding.variant}" if finding.variant else finding.rule
        title, description = self._words.ALERTS[key]
        return ReportAlert(
            severity=finding.severity,
            type=finding.rule,
            title=self._fill(title, finding.figures),
            description=self._fill(description, finding.figures),
            detected_at=detected_at,
            requires_action=finding.requires_action,
            channels_affected=finding.channels,
        )

    def recommendation(self, advice: Advice) -> Recommendation:
        """A piece of advice in words."""
        title, description, action = self._words.ADVICE[advice.rule]
        gain_msat = advice.gain_msat_month
        return Recommendation(
            rule=advice.rule,
            priority=advice.priority,
            category=advice.category,
            title=self._fill(title, advice.figures),
            description=self._fill(description, advice.figures),
            impact_score=advice.impact_score,
            channels_affected=advice.channels,
            suggested_action=self._fill(action, advice.figures),
            estimated_gain_sats_month=None if gain_msat is None else whole_sat(Msat(gain_msat)),
            gain_basis=self._words.BASIS[advice.gain_basis],
            evidence=tuple(
                self._evidence(clue.label, clue.value, clue.source) for clue in advice.clues
            ),
        )

    def gain_evidence(self, gain: PeerGain) -> tuple[EvidenceItem, ...]:
        """The figures behind a proposed peer."""
        figures: list[tuple[str, Figure]] = []
        if gain.hops_now is not None:
            figures.append(("hops_now_count", gain.hops_now))
        if gain.median_inbound_ppm is not None:
            figures.append(("inbound_ppm", gain.median_inbound_ppm))
        return tuple(self._evidence(label, value, "network_snapshot") for label, value in figures)

    def _evidence(self, label: str, value: Figure, source: str) -> EvidenceItem:
        return EvidenceItem(
            self._words.CLUES[label], figure_text(label, value, self._language), source
        )

    def narrative(
        self,
        status: DayStatus,
        findings: tuple[Finding, ...],
        advice: tuple[Advice, ...],
        overall: float | None,
        delta: float | None,
    ) -> str:
        """The day in two to six sentences."""
        parts: list[tuple[str, dict[str, Figure]]] = []
        own, now = status.own, status.now
        if own is not None:
            day, week = own.day, own.week
            parts.append(
                (
                    "own" if day.forwards else "own_idle",
                    {
                        "until_moment": formats.moment(own.until, self._language),
                        "forwards_count": day.forwards,
                        "revenue_sats": whole_sat(day.revenue_msat),
                    },
                )
            )
            if day.success_ratio is not None:
                parts.append(("success", {"success_ratio": day.success_ratio}))
            parts.append(
                (
                    "net",
                    {
                        "revenue_sats": whole_sat(week.revenue_msat),
                        "cost_sats": charged_sat(week.rebalance_cost_msat),
                        "net_signed_sats": net_sat(week),
                    },
                )
            )
        elif now is not None:
            channels_count = len(now.channels)
            parts.append(
                ("public", {"channels_count": channels_count, "capacity_sats": now.capacity_sat})
            )
        if now is not None and overall is not None:
            place: dict[str, Figure] = {
                "rank_place": now.card.rank,
                "nodes_count": now.card.n_nodes,
                "overall_score": overall,
            }
            parts.append(("score", place))
            if delta:
                name = "score_up" if delta > 0 else "score_down"
                parts.append((name, {"delta_score": abs(delta)}))
        alerts_count = sum(one.severity is not Severity.INFO for one in findings)
        parts.append(
            ("alerts_some" if alerts_count else "alerts_none", {"alerts_count": alerts_count})
        )
        if advice:
            parts.append(self._next_step(advice[0]))
        return " ".join(self._fill(self._words.NARRATIVE[name], values) for name, values in parts)

    def _next_step(self, advice: Advice) -> tuple[str, dict[str, Figure]]:
        title = self._fill(self._words.ADVICE[advice.rule][0], advice.figures)
        if advice.gain_msat_month is None:
            return "advice", {"title": title}
        gain_sats = whole_sat(Msat(advice.gain_msat_month))
        return "advice_gain", {"title": title, "gain_sats": gain_sats}
