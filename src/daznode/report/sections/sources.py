"""Where the figures come from, how old they are, and what is missing because of which source."""

from collections.abc import Mapping
from typing import Final

from daznode.domain.page import Cell, Column, Section, Table, Tone
from daznode.domain.provenance import SourceReport, SourceStatus
from daznode.domain.report import DailyReport
from daznode.report import formats
from daznode.report.voice import Voice

_TONES: Final[Mapping[SourceStatus, Tone]] = {
    SourceStatus.OK: Tone.GOOD,
    SourceStatus.STALE: Tone.WARN,
    SourceStatus.UNAVAILABLE: Tone.BAD,
}


def _row(source: SourceReport, voice: Voice) -> tuple[Cell, ...]:
    language = voice.language
    is_there = source.status is not SourceStatus.UNAVAILABLE
    why = "" if source.error is None else voice.prose(source.error)
    missing = ""
    if source.missing:
        fields = ", ".join(dict.fromkeys(voice.term("field", field) for field in source.missing))
        missing = voice.say("sources.missing", fields=fields)
    if not why:
        why, missing = missing, ""
    return (
        Cell(voice.term("source", source.name), sub=voice.prose(source.detail)),
        Cell(
            voice.term("state", source.status),
            tone=_TONES[source.status],
            sub="" if source.age_seconds is None else formats.age(source.age_seconds, language),
        ),
        Cell(voice.term("reality", source.reality) if is_there else formats.DASH),
        Cell(formats.moment(source.observed_at, language)),
        Cell(why, sub=missing),
    )


def lay_out_sources(report: DailyReport, voice: Voice) -> Section:
    """The section `sources`: a line each, used or not."""
    table = Table(
        caption=voice.say("sources.caption"),
        columns=(
            Column(voice.say("sources.name")),
            Column(voice.say("sources.state")),
            Column(voice.say("sources.reality"), is_detail=True),
            Column(voice.say("sources.observed"), is_detail=True),
            Column(voice.say("sources.why")),
        ),
        rows=tuple(_row(source, voice) for source in report.sources),
    )
    return Section("sources", voice.say("section.sources"), (table,))
