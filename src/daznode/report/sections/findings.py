"""Alerts, recommendations and opportunities as cards."""

from collections.abc import Mapping
from typing import Final

from daznode.domain.page import Card, Cards, Fact, Paragraph, Section, Tone, plain_text
from daznode.domain.report import (
    DailyReport,
    EvidenceItem,
    Opportunity,
    Priority,
    Recommendation,
    ReportAlert,
    Severity,
)
from daznode.report import formats
from daznode.report.voice import Voice, short_name

_SEVERITY_TONES: Final[Mapping[Severity, Tone]] = {
    Severity.CRITICAL: Tone.BAD,
    Severity.WARNING: Tone.WARN,
    Severity.INFO: Tone.INFO,
}

_PRIORITY_TONES: Final[Mapping[Priority, Tone]] = {
    Priority.HIGH: Tone.BAD,
    Priority.MEDIUM: Tone.WARN,
    Priority.LOW: Tone.INFO,
}


def _evidence(items: tuple[EvidenceItem, ...], voice: Voice) -> tuple[Fact, ...]:
    return tuple(
        Fact(voice.prose(item.label), plain_text(item.value), voice.term("source", item.source))
        for item in items
    )


def _channels(scids: tuple[str, ...], voice: Voice) -> tuple[Fact, ...]:
    if not scids:
        return ()
    return (Fact(voice.say("channels_affected"), voice.listed(tuple(map(plain_text, scids)))),)


def _alert_card(alert: ReportAlert, voice: Voice) -> Card:
    badge = voice.term("severity", alert.severity)
    if alert.requires_action:
        badge = voice.say("badge.act", severity=badge)
    facts = (
        Fact(voice.say("alert.observed"), formats.moment(alert.detected_at, voice.language)),
        *_channels(alert.channels_affected, voice),
    )
    return Card(
        badge=badge,
        title=voice.prose(alert.title),
        body=voice.prose(alert.description),
        action="",
        gain="",
        facts=facts,
        tone=_SEVERITY_TONES[alert.severity],
    )


def lay_out_alerts(report: DailyReport, voice: Voice) -> Section:
    """The section `alerts`: a card each, or one sentence if there is nothing."""
    title = voice.say("section.alerts")
    if not report.alerts:
        quiet = Paragraph(voice.say("alerts.none"), Tone.GOOD)
        return Section("alerts", title, (quiet,))
    counts = voice.say(
        "alerts.counts",
        critical=formats.count(report.summary.critical_alerts, voice.language),
        warnings=formats.count(report.summary.warnings, voice.language),
    )
    cards = Cards(tuple(_alert_card(alert, voice) for alert in report.alerts))
    return Section("alerts", title, (Paragraph(counts), cards))


def _advice_card(advice: Recommendation, voice: Voice) -> Card:
    gain = ""
    if advice.estimated_gain_sats_month is not None:
        amount = formats.signed_sats(advice.estimated_gain_sats_month, voice.language)
        gain = voice.say("gain_month", sats=amount)
    impact = formats.score(advice.impact_score, voice.language)
    facts = (
        *_evidence(advice.evidence, voice),
        Fact(voice.say("impact"), voice.say("impact_of_ten", impact=impact)),
        *_channels(advice.channels_affected, voice),
    )
    if advice.decision_id is not None:
        facts = (*facts, Fact(voice.say("decision"), plain_text(advice.decision_id)))
    return Card(
        badge=voice.say(
            "badge",
            priority=voice.term("priority", advice.priority),
            category=voice.term("category", advice.category),
        ),
        title=voice.prose(advice.title),
        body=voice.prose(advice.description),
        action=voice.prose(advice.suggested_action),
        gain=gain,
        facts=facts,
        tone=_PRIORITY_TONES[advice.priority],
        gain_note=voice.prose(advice.gain_basis),
    )


def lay_out_advice(report: DailyReport, voice: Voice) -> Section:
    """The section `advice`: a card each, or one sentence if there is nothing."""
    title = voice.say("section.advice")
    if not report.recommendations:
        return Section("advice", title, (Paragraph(voice.say("advice.none")),))
    cards = Cards(tuple(_advice_card(one, voice) for one in report.recommendations))
    return Section("advice", title, (cards,))


def _opportunity_card(one: Opportunity, voice: Voice) -> Card:
    gain = ""
    if one.roi_ratio is not None:
        ratio = formats.signed_percent_text(one.roi_ratio, voice.language)
        gain = voice.say("opportunity.roi", ratio=ratio)
    facts = [
        Fact(voice.say("opportunity.peer_score"), formats.score(one.peer_score, voice.language)),
        *_evidence(one.evidence, voice),
        Fact(voice.say("opportunity.key"), plain_text(one.node_id)),
    ]
    if one.harmonic_gain_ratio is not None:
        text = formats.signed_percent_text(one.harmonic_gain_ratio, voice.language)
        facts.insert(1, Fact(voice.say("opportunity.closeness"), text))
    return Card(
        badge=voice.term("opportunity", one.kind),
        title=short_name(one.alias, one.node_id),
        body=voice.say("opportunity.body", size=formats.sats(one.capacity_sats, voice.language)),
        action="",
        gain=gain,
        facts=tuple(facts),
        tone=Tone.INFO,
        gain_note=voice.prose(one.roi_basis),
    )


def lay_out_opportunities(report: DailyReport, voice: Voice) -> Section:
    """The section `opportunities`: a card each, or one sentence if there is nothing."""
    title = voice.say("section.opportunities")
    if not report.opportunities:
        return Section("opportunities", title, (Paragraph(voice.say("opportunity.none")),))
    cards = Cards(tuple(_opportunity_card(one, voice) for one in report.opportunities))
    return Section("opportunities", title, (cards,))
