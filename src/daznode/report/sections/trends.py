"""Seven days as charts, and the same in figures."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from daznode.domain.page import Align, Cell, Charts, Column, Paragraph, Section, Series, Table
from daznode.domain.report import DailyReport
from daznode.report import formats
from daznode.report.voice import Voice

_LEAST_POINTS = 2


@dataclass(frozen=True, slots=True)
class _Trend:
    """One of the report's evolutions, and how its values are written."""

    label: str
    values: tuple[float | int | None, ...]
    kind: str
    write: Callable[[float | int | None, str], str]


def _amount(value: float | None, language: str) -> str:
    return formats.sats(None if value is None else int(value), language)


def _trends(report: DailyReport) -> tuple[_Trend, ...]:
    trends = report.trends
    return (
        _Trend("trend.revenue", trends.revenue_evolution_7d, "columns", _amount),
        _Trend("trend.score", trends.score_evolution_7d, "line", formats.score),
        _Trend("trend.success", trends.forward_rate_evolution_7d, "line", formats.percent_text),
        _Trend("trend.capacity", trends.capacity_evolution_7d, "line", _amount),
    )


def _summary(trend: _Trend, days: tuple[str, ...], voice: Voice) -> str:
    known = [
        (value, day) for value, day in zip(trend.values, days, strict=True) if value is not None
    ]
    figures = [value for value, _ in known]
    return voice.say(
        "trend.summary",
        title=voice.say(trend.label),
        first=trend.write(known[0][0], voice.language),
        first_day=known[0][1],
        last=trend.write(known[-1][0], voice.language),
        last_day=known[-1][1],
        low=trend.write(min(figures), voice.language),
        high=trend.write(max(figures), voice.language),
    )


def _series(trend: _Trend, days: tuple[str, ...], voice: Voice) -> Series:
    return Series(
        title=voice.say(trend.label),
        labels=days,
        values=tuple(None if value is None else float(value) for value in trend.values),
        value_texts=tuple(trend.write(value, voice.language) for value in trend.values),
        kind=trend.kind,
        summary=_summary(trend, days, voice),
    )


def lay_out_trends(report: DailyReport, voice: Voice) -> Section:
    """The section `trends`: a chart for each evolution with two known days or more.

    Args:
        report: The report; its evolutions have seven values, the report's day last.
        voice: Its language.

    Returns:
        Charts and a table of every value shown in them, or one sentence if there is no chart.
    """
    title = voice.say("section.trends")
    drawn = tuple(
        trend
        for trend in _trends(report)
        if sum(value is not None for value in trend.values) >= _LEAST_POINTS
    )
    if not drawn:
        return Section("trends", title, (Paragraph(voice.say("trend.none")),))
    n_days = len(drawn[0].values)
    days = tuple(
        formats.day_short(report.report_date - timedelta(days=back), voice.language)
        for back in range(n_days - 1, -1, -1)
    )
    series = tuple(_series(trend, days, voice) for trend in drawn)
    table = Table(
        caption=voice.say("trend.table"),
        columns=(
            Column(voice.say("trend.day")),
            *(Column(one.title, Align.RIGHT) for one in series),
        ),
        rows=tuple(
            (Cell(day), *(Cell(one.value_texts[index]) for one in series))
            for index, day in enumerate(days)
        ),
        is_folded=True,
    )
    return Section("trends", title, (Charts(series), table))
