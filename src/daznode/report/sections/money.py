"""Forwarding, what it earned and cost, and where the liquidity lies."""

from daznode.domain.page import (
    Align,
    Bar,
    Bars,
    Block,
    Cell,
    Column,
    Paragraph,
    Section,
    Table,
    Tone,
)
from daznode.domain.report import DailyReport, Scope
from daznode.report import formats
from daznode.report.sections.glance import tone_of
from daznode.report.voice import Voice


def _forwarding(report: DailyReport, voice: Voice) -> Table:
    figures, language = report.metrics.forwarding, voice.language
    dash = formats.DASH
    rows = (
        (
            "money.forwards",
            formats.count(figures.forwards_24h, language),
            formats.count(figures.forwards_7d, language),
        ),
        ("money.failed", formats.count(figures.failed_24h, language), dash),
        ("money.success", formats.percent_text(figures.success_rate_24h, language), dash),
        (
            "money.volume",
            formats.sats(figures.volume_24h_sats, language),
            formats.sats(figures.volume_7d_sats, language),
        ),
        (
            "money.revenue",
            formats.msat_as_sats(figures.revenue_24h_msat, language),
            formats.msat_as_sats(figures.revenue_7d_msat, language),
        ),
        (
            "money.cost",
            formats.sats(figures.rebalance_cost_24h, language),
            formats.sats(figures.rebalance_cost_7d, language),
        ),
        (
            "money.net",
            formats.signed_sats(figures.net_24h, language),
            formats.signed_msat_as_sats(figures.net_7d_msat, language),
        ),
        ("money.earned_ppm", dash, formats.ppm(figures.earned_ppm_7d, language)),
        ("money.missed", dash, formats.sats(figures.missed_fees_7d_sats, language)),
    )
    tones = {"money.net": (tone_of(figures.net_24h), tone_of(figures.net_7d_msat))}
    cells = []
    for key, day, week in rows:
        day_tone, week_tone = tones.get(key, (Tone.NEUTRAL, Tone.NEUTRAL))
        # A figure that the report has for one span only leaves a blank, not a dash: it is not missing.
        blank_day = "" if key in {"money.earned_ppm", "money.missed"} else day
        blank_week = "" if key in {"money.failed", "money.success"} else week
        cells.append(
            (
                Cell(voice.say(key)),
                Cell(blank_day, tone=day_tone),
                Cell(blank_week, tone=week_tone),
            )
        )
    return Table(
        caption=voice.say("money.caption"),
        columns=(
            Column(voice.say("money.figure")),
            Column(voice.say("money.24h"), Align.RIGHT),
            Column(voice.say("money.7d"), Align.RIGHT),
        ),
        rows=tuple(cells),
    )


def _balances(report: DailyReport, voice: Voice) -> Bars:
    capacity, language = report.metrics.capacity, voice.language
    ratio = capacity.liquidity_ratio
    rest = None if ratio is None else 1.0 - ratio
    return Bars(
        caption=voice.say("liquidity.caption"),
        bars=(
            Bar(
                voice.say("liquidity.local"),
                ratio,
                _with_share(formats.sats(capacity.local_balance, language), ratio, language),
                Tone.INFO,
            ),
            Bar(
                voice.say("liquidity.remote"),
                rest,
                _with_share(formats.sats(capacity.remote_balance, language), rest, language),
                Tone.NEUTRAL,
            ),
        ),
    )


def _with_share(amount: str, ratio: float | None, language: str) -> str:
    return amount if ratio is None else f"{amount} ({formats.percent_text(ratio, language)})"


def _channels(report: DailyReport, voice: Voice) -> tuple[Table, ...]:
    """What is known of capacity and channels; without the changes on a first day."""
    capacity, channels = report.metrics.capacity, report.metrics.channels
    language = voice.language
    rows = [
        (
            "liquidity.total",
            formats.sats(capacity.total_sats, language),
            formats.signed_sats(capacity.total_sats_delta_24h, language),
        ),
        (
            "liquidity.count",
            formats.count(report.summary.channels_count, language),
            formats.signed_count(channels.count_delta_24h, language),
        ),
        ("liquidity.mean", formats.sats(channels.avg_capacity_sats, language), ""),
        ("liquidity.active", formats.count(channels.active, language), ""),
        ("liquidity.inactive", formats.count(channels.inactive, language), ""),
    ]
    rows.append(("liquidity.pending", formats.count(channels.pending, language), ""))
    known = [row for row in rows if row[1] != formats.DASH]
    if not known:
        return ()
    has_changes = any(change not in {"", formats.DASH} for _, _, change in known)
    n_columns = 3 if has_changes else 2
    columns = (
        Column(voice.say("money.figure")),
        Column(voice.say("liquidity.value"), Align.RIGHT),
        Column(voice.say("liquidity.change"), Align.RIGHT),
    )
    return (
        Table(
            caption=voice.say("liquidity.table"),
            columns=columns[:n_columns],
            rows=tuple(
                (Cell(voice.say(key)), Cell(value), Cell(change))[:n_columns]
                for key, value, change in known
            ),
        ),
    )


def lay_out_money(report: DailyReport, voice: Voice) -> Section:
    """The section `money`.

    Args:
        report: The report.
        voice: Its language.

    Returns:
        Balances, forwarding and channels of an own node; on public data one sentence and what
        gossip tells of the channels.
    """
    blocks: tuple[Block, ...]
    if report.scope is Scope.NODE:
        blocks = (_forwarding(report, voice), _balances(report, voice), *_channels(report, voice))
    else:
        blocks = (Paragraph(voice.say("money.public")), *_channels(report, voice))
    return Section("money", voice.say("section.money"), blocks)
