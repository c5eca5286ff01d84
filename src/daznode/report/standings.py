"""The standings of a comparison as tables, and whether they hold under every reading of the score."""

from collections.abc import Mapping, Sequence
from typing import Final

from daznode.domain.experiment import Comparison, ExperimentPlan, Interval, PolicyStanding
from daznode.domain.page import Align, Bar, Bars, Cell, Column, Paragraph, Section, Table, Tone
from daznode.report import formats
from daznode.report.experiment_text import (
    LANGUAGE,
    amount_text,
    counted,
    figure_column,
    interval_text,
    signed_text,
)
from daznode.report.words.experiment_en import say

_READINGS: Final = (
    ("net", "net"),
    ("net_low", "net_low"),
    ("net_high", "net_high"),
    ("net_flat", "flat"),
    ("net_contested", "no_captive"),
    ("gross", "gross"),
    ("cost", "cost"),
)
"""Readings of the score and the columns that show them."""

_SCORES: Final = ("net", "net_low", "net_high", "net_flat", "net_contested")
"""Readings that a claim must keep its sign in."""


def standings_section(found: Comparison, bound: str, fewest: int) -> Section:
    """Who came first, how sure that is, where it comes from, and what each policy did.

    Args:
        found: What an experiment found.
        bound: Name of what is no policy but shows what would be possible.
        fewest: Nodes, or seeds of a single one, that it takes to tell any policy apart.
    """
    base, unit = found.plan.base, say("unit")
    score = Table(
        caption=say("standings.caption", unit=unit),
        columns=(
            Column(say("col.policy")),
            *(
                Column(say(f"col.{name}", base=base), Align.RIGHT)
                for name in ("net", "against", "band", "wins", "rank")
            ),
        ),
        rows=tuple(_standing_row(standing, base, bound) for standing in found.standings),
        note=say("standings.note"),
    )
    return Section(
        "standings",
        say("section.standings"),
        (*_too_few(found.plan, fewest), score, _bars(found), _money(found), _conduct(found)),
    )


def _too_few(plan: ExperimentPlan, fewest: int) -> tuple[Paragraph, ...]:
    """Said where the test could not call any difference, however large."""
    thing = "node" if len(plan.nodes) > 1 else "seed"
    units = len(plan.nodes) if len(plan.nodes) > 1 else len(plan.seeds)
    rivals = len(plan.policies) - 1
    if not rivals or units >= fewest:
        return ()
    text = say(
        "standings.too_few",
        units=counted(units, thing),
        fewest=counted(fewest, thing),
        rivals=counted(rivals, "policy", "policies"),
        base=plan.base,
    )
    return (Paragraph(text, Tone.WARN),)


def _money(found: Comparison) -> Table:
    is_oracle = any(standing.share_of_oracle is not None for standing in found.standings)
    names = ("gross", "cost", "no_captive", "flat", *(("oracle",) if is_oracle else ()))

    def row(standing: PolicyStanding) -> tuple[Cell, ...]:
        readings = (standing.gross, standing.cost, standing.net_contested, standing.net_flat)
        share = Cell(formats.percent_text(standing.share_of_oracle, LANGUAGE))
        return (
            Cell(standing.policy),
            *(Cell(amount_text(one.mean), sub=interval_text(one, amount_text)) for one in readings),
            *((share,) if is_oracle else ()),
        )

    return Table(
        caption=say("money.caption", unit=say("unit")),
        columns=(Column(say("col.policy")), *(figure_column(name) for name in names)),
        rows=tuple(row(standing) for standing in found.standings),
        note=say("money.note"),
    )


def _conduct(found: Comparison) -> Table:
    names = ("success", "imbalance", "updates", "refills", "own")
    return Table(
        caption=say("conduct.caption"),
        columns=(Column(say("col.policy")), *(figure_column(name) for name in names)),
        rows=tuple(
            (
                Cell(standing.policy),
                Cell(formats.percent_text(standing.success_ratio, LANGUAGE)),
                Cell(formats.percent_text(standing.imbalance, LANGUAGE)),
                Cell(formats.decimal(standing.updates_per_channel_day, 2, LANGUAGE)),
                Cell(formats.decimal(standing.refills_per_day, 2, LANGUAGE)),
                Cell(formats.decimal(standing.own_btc, 2, LANGUAGE)),
            )
            for standing in found.standings
        ),
        note=say("conduct.note"),
    )


def _standing_row(standing: PolicyStanding, base: str, bound: str) -> tuple[Cell, ...]:
    if standing.policy == base:
        against = Cell(formats.DASH, sub=say("mark.base"))
    elif standing.policy == bound:
        against = Cell(signed_text(standing.against_base.mean), sub=say("mark.bound"))
    else:
        mark = "ahead" if standing.is_ahead else "behind" if standing.is_behind else "open"
        tone = {"ahead": Tone.GOOD, "behind": Tone.BAD}.get(mark, Tone.NEUTRAL)
        within = interval_text(standing.against_base, signed_text)
        against = Cell(
            signed_text(standing.against_base.mean),
            tone=tone,
            sub=f"{within} · {say(f'mark.{mark}')}",
        )
    return (
        Cell(standing.policy),
        Cell(amount_text(standing.net.mean), sub=interval_text(standing.net, amount_text)),
        against,
        Cell(
            say(
                "interval",
                low=amount_text(standing.net_low.mean),
                high=amount_text(standing.net_high.mean),
            )
        ),
        Cell(
            formats.DASH
            if standing.policy == base
            else formats.percent_text(standing.wins, LANGUAGE)
        ),
        Cell(formats.decimal(standing.mean_rank, 1, LANGUAGE)),
    )


def _bars(found: Comparison) -> Bars:
    most = max(abs(standing.net.mean) for standing in found.standings) or 1.0
    return Bars(
        caption=say("bars.caption", unit=say("unit")),
        bars=tuple(
            Bar(
                label=standing.policy,
                ratio=abs(standing.net.mean) / most,
                value=amount_text(standing.net.mean),
                tone=Tone.BAD if standing.net.mean < 0 else Tone.GOOD,
            )
            for standing in found.standings
        ),
    )


def readings_section(
    base: str,
    rivals: Sequence[PolicyStanding],
    readings: Mapping[str, Mapping[str, Interval]],
) -> Section:
    """The differences to the base under every reading of the score.

    Args:
        base: Name of the base policy.
        rivals: Standings of all that is a policy.
        readings: Per policy and reading the difference to the base, sat per BTC and year.
    """
    others = [one.policy for one in rivals if one.policy != base]
    apart = [one.policy for one in rivals if one.is_ahead or one.is_behind]
    held = [name for name in apart if _keeps_its_sign([readings[name][one] for one in _SCORES])]
    said = say("readings.held", names=", ".join(held)) if held else say("readings.none")
    table = Table(
        caption=say("readings.caption", base=base, unit=say("unit")),
        columns=(
            Column(say("col.policy")),
            *(
                figure_column(column, is_detail=reading not in _SCORES)
                for reading, column in _READINGS
            ),
        ),
        rows=tuple(
            (Cell(name), *(_reading(readings[name][one], one) for one, _ in _READINGS))
            for name in others
        ),
        note=say("readings.note", held=said),
    )
    blocks = (table,) if others else (Paragraph(say("readings.none")),)
    return Section("readings", say("section.readings"), blocks)


def _keeps_its_sign(intervals: Sequence[Interval]) -> bool:
    return all(one.low > 0 for one in intervals) or all(one.high < 0 for one in intervals)


def _reading(interval: Interval, reading: str) -> Cell:
    """A difference, coloured where it is sure; dearer is no gain."""
    is_more, is_less = interval.low > 0, interval.high < 0
    if reading == "cost":
        is_more, is_less = is_less, is_more
    tone = Tone.GOOD if is_more else Tone.BAD if is_less else Tone.NEUTRAL
    return Cell(signed_text(interval.mean), tone=tone, sub=interval_text(interval, signed_text))
