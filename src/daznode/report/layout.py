"""Lays a daily report out as a page of words, in its own language; every figure is formatted here, once."""

from collections.abc import Mapping
from typing import Final

from daznode.domain.page import Page, PageWords, Tone, plain_text
from daznode.domain.provenance import Reality, SourceStatus
from daznode.domain.report import DailyReport, GenerationStatus, Health, Scope
from daznode.report import formats
from daznode.report.sections.channels import lay_out_channels
from daznode.report.sections.findings import (
    lay_out_advice,
    lay_out_alerts,
    lay_out_opportunities,
)
from daznode.report.sections.glance import lay_out_glance
from daznode.report.sections.money import lay_out_money
from daznode.report.sections.network import lay_out_fees, lay_out_network
from daznode.report.sections.sources import lay_out_sources
from daznode.report.sections.trends import lay_out_trends
from daznode.report.voice import Voice, short_name, voice_of

_STATUS_TONES: Final[Mapping[Health, Tone]] = {
    Health.HEALTHY: Tone.GOOD,
    Health.WARNING: Tone.WARN,
    Health.CRITICAL: Tone.BAD,
}

_SECTIONS: Final = (
    lay_out_glance,
    lay_out_alerts,
    lay_out_advice,
    lay_out_trends,
    lay_out_money,
    lay_out_channels,
    lay_out_network,
    lay_out_fees,
    lay_out_opportunities,
    lay_out_sources,
)
"""The order an operator reads in: how it went, what is wrong, what to do, then the figures."""

_FULL_SCORE: Final = 100.0


def _banner(report: DailyReport, voice: Voice) -> str:
    """What the reader must know before any figure: unfinished, public alone, or not real."""
    sentences = []
    if report.generation_status is GenerationStatus.FAILED:
        error = plain_text(report.error_message or formats.DASH)
        sentences.append(voice.say("banner.failed", error=error))
    elif report.generation_status is not GenerationStatus.COMPLETED:
        sentences.append(voice.say("banner.unfinished"))
    realities = {
        source.reality for source in report.sources if source.status is not SourceStatus.UNAVAILABLE
    }
    if Reality.GENERATED in realities:
        sentences.append(voice.say("banner.generated"))
    if Reality.SIMULATED in realities:
        sentences.append(voice.say("banner.simulated"))
    if report.scope is Scope.PUBLIC:
        sentences.append(voice.say("banner.public"))
    node = next((source for source in report.sources if source.name == "node"), None)
    if node is not None and node.status is SourceStatus.STALE and node.observed_at is not None:
        moment = formats.moment(node.observed_at, voice.language)
        sentences.append(voice.say("banner.offline", moment=moment))
    return " ".join(sentences)


def _score_caption(report: DailyReport, voice: Voice) -> str:
    network = report.metrics.network
    if report.summary.overall_score is None:
        return voice.say("score_unknown")
    parts = []
    if report.summary.rating is not None:
        parts.append(voice.term("rating", report.summary.rating))
    if network.rank is not None and network.n_nodes is not None:
        parts.append(
            voice.say(
                "rank_of",
                place=formats.place(network.rank, voice.language),
                nodes=formats.count(network.n_nodes, voice.language),
            )
        )
    return " · ".join(parts)


def _footer(report: DailyReport, voice: Voice) -> str:
    unusable = sum(source.status is SourceStatus.UNAVAILABLE for source in report.sources)
    sources = voice.counted(len(report.sources), "source")
    if unusable:
        count = formats.count(unusable, voice.language)
        sources = voice.say("footer_unusable", sources=sources, unusable=count)
    return voice.say(
        "footer",
        report_id=plain_text(report.report_id),
        version=plain_text(report.report_version),
        moment=formats.moment(report.generation_timestamp, voice.language),
        sources=sources,
    )


def _words(voice: Voice) -> PageWords:
    return PageWords(
        action=voice.say("face.action"),
        gain=voice.say("face.gain"),
        contents=voice.say("face.contents"),
        score=voice.say("face.score"),
        page_of=voice.say("face.page_of"),
        colon=voice.say("face.colon"),
    )


def lay_out(report: DailyReport) -> Page:
    """The report in words.

    Args:
        report: Figures and findings; its own texts are already in `report.language`.

    Returns:
        A page that every face renders. The same report gives the same page; a figure that is
        None is a dash, or its block is replaced by one sentence that says why.

    Raises:
        InvalidParameter: The report's language is neither `en` nor `fr`.
    """
    voice = voice_of(report.language)
    summary = report.summary
    sections = tuple(section(report, voice) for section in _SECTIONS)
    ratio = None
    if summary.overall_score is not None:
        ratio = min(max(summary.overall_score / _FULL_SCORE, 0.0), 1.0)
    return Page(
        language=report.language,
        title=voice.say("title"),
        subject=short_name(report.node_alias, report.node_pubkey),
        subject_detail=plain_text(report.node_pubkey),
        date_text=formats.day_long(report.report_date, voice.language),
        score_text=formats.score(summary.overall_score, voice.language),
        score_ratio=ratio,
        score_caption=_score_caption(report, voice),
        status_text=voice.term("status", summary.status),
        status_tone=_STATUS_TONES[summary.status],
        banner=_banner(report, voice),
        lead=voice.prose(summary.narrative),
        sections=tuple(one for one in sections if one.blocks),
        footer=_footer(report, voice),
        words=_words(voice),
    )
