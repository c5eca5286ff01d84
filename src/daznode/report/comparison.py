"""A comparison of fee policies laid out: standings, whether they hold, node by node, how to read it."""

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Final

from daznode.domain.experiment import (
    Comparison,
    Interval,
    PolicyStanding,
    RunOutcome,
    Tier,
)
from daznode.domain.ids import looks_like_node_id
from daznode.domain.page import (
    Align,
    Bar,
    Bars,
    Cell,
    Column,
    Page,
    PageWords,
    Paragraph,
    Section,
    Table,
    Tone,
    plain_text,
)
from daznode.domain.units import MSAT_PER_SAT, SAT_PER_BTC
from daznode.report import formats
from daznode.report.words.experiment_en import say

LANGUAGE: Final = "en"
DAYS_PER_YEAR: Final = 365.25

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


def lay_out_comparison(
    found: Comparison, readings: Mapping[str, Mapping[str, Interval]], bound: str = ""
) -> Page:
    """A comparison in words.

    Args:
        found: What an experiment found.
        readings: Per policy and reading the difference to the base, sat per BTC and year.
        bound: Name of what is no policy but shows what would be possible; it never comes first.

    Returns:
        A page that every face renders; the same comparison gives the same page.
    """
    plan = found.plan
    rivals = [standing for standing in found.standings if standing.policy != bound]
    best = rivals[0]
    is_base = best.policy == plan.base
    ahead = sum(standing.is_ahead for standing in rivals)
    behind = sum(standing.is_behind for standing in rivals)
    return Page(
        language=LANGUAGE,
        title=say("comparison.title"),
        subject=say(
            "comparison.subject",
            policies=_counted(len(plan.policies), "policy", "policies"),
            nodes=_counted(len(plan.nodes), "node"),
        ),
        subject_detail=say("comparison.detail", network=plan.network, set=plan.node_set.value),
        date_text=say(
            "comparison.date",
            days=_counted(plan.days, "simulated day"),
            burn_in=_counted(plan.burn_in_days, "day"),
        ),
        score_text=formats.DASH if is_base else f"{best.wins:.0%}",
        score_ratio=None if is_base else best.wins,
        score_caption=(
            say("comparison.score_none", base=plan.base)
            if is_base
            else say(
                "comparison.score_caption",
                best=best.policy,
                base=plan.base,
                wins=formats.percent_text(best.wins, LANGUAGE),
            )
        ),
        status_text=say("comparison.status", ahead=str(ahead), behind=str(behind), base=plan.base),
        status_tone=Tone.GOOD if ahead else Tone.NEUTRAL,
        banner=say("simulated") + (say("screened") if plan.tier is Tier.TWIN else ""),
        lead=_lead(found, best),
        sections=(
            _standings(found, bound),
            _does_it_hold(found.plan.base, rivals, readings),
            _nodes(found, rivals),
            _method(found),
        ),
        footer=say(
            "footer",
            engine=plan.engine,
            network=plan.network,
            moment=formats.moment(found.made_at, LANGUAGE),
        ),
        words=face_words(say("comparison.score")),
    )


def face_words(score: str) -> PageWords:
    """The words that a face itself needs.

    Args:
        score: Names the ring of the page.
    """
    return PageWords(
        action="", gain="", contents=say("contents"), score=score, page_of="", colon=say("colon")
    )


def shown_name(alias: str) -> str:
    """A node's alias made harmless; of a key, for it has no alias, enough to know it again."""
    return formats.short_key(alias) if looks_like_node_id(alias) else plain_text(alias)


def _lead(found: Comparison, best: PolicyStanding) -> str:
    plan = found.plan
    difference = best.against_base
    if best.policy == plan.base:
        against = say("comparison.base_first")
    else:
        key = "ahead" if best.is_ahead else "behind" if best.is_behind else "open"
        against = say(
            f"comparison.{key}",
            difference=_amount(difference.mean),
            base=plan.base,
            within=_interval(difference, _signed),
        )
    return say(
        "comparison.lead",
        best=best.policy,
        net=_amount(best.net.mean),
        unit=say("unit"),
        within=_interval(best.net, _amount),
        against=against,
        nodes=_counted(len(plan.nodes), "node"),
        seeds=_counted(len(plan.seeds), "run"),
        days=_counted(plan.days, "simulated day"),
        payments=formats.count(plan.payments_per_day, LANGUAGE),
        modernised=say("comparison.modernised") if plan.is_modernised else "",
    )


def _standings(found: Comparison, bound: str) -> Section:
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
        (score, _bars(found), _money(found), _conduct(found)),
    )


def _money(found: Comparison) -> Table:
    is_oracle = any(standing.share_of_oracle is not None for standing in found.standings)
    names = ("gross", "cost", "no_captive", "flat", *(("oracle",) if is_oracle else ()))

    def row(standing: PolicyStanding) -> tuple[Cell, ...]:
        readings = (standing.gross, standing.cost, standing.net_contested, standing.net_flat)
        share = Cell(formats.percent_text(standing.share_of_oracle, LANGUAGE))
        return (
            Cell(standing.policy),
            *(Cell(_amount(one.mean), sub=_interval(one, _amount)) for one in readings),
            *((share,) if is_oracle else ()),
        )

    return Table(
        caption=say("money.caption", unit=say("unit")),
        columns=(Column(say("col.policy")), *(_figures(name) for name in names)),
        rows=tuple(row(standing) for standing in found.standings),
        note=say("money.note"),
    )


def _conduct(found: Comparison) -> Table:
    names = ("success", "imbalance", "updates", "refills", "own")
    return Table(
        caption=say("conduct.caption"),
        columns=(Column(say("col.policy")), *(_figures(name) for name in names)),
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


def _figures(name: str, *, is_detail: bool = False) -> Column:
    return Column(say(f"col.{name}"), Align.RIGHT, is_detail=is_detail)


def _standing_row(standing: PolicyStanding, base: str, bound: str) -> tuple[Cell, ...]:
    if standing.policy == base:
        against = Cell(formats.DASH, sub=say("mark.base"))
    elif standing.policy == bound:
        against = Cell(_signed(standing.against_base.mean), sub=say("mark.bound"))
    else:
        mark = "ahead" if standing.is_ahead else "behind" if standing.is_behind else "open"
        tone = {"ahead": Tone.GOOD, "behind": Tone.BAD}.get(mark, Tone.NEUTRAL)
        within = _interval(standing.against_base, _signed)
        against = Cell(
            _signed(standing.against_base.mean), tone=tone, sub=f"{within} · {say(f'mark.{mark}')}"
        )
    return (
        Cell(standing.policy),
        Cell(_amount(standing.net.mean), sub=_interval(standing.net, _amount)),
        against,
        Cell(
            say(
                "interval",
                low=_amount(standing.net_low.mean),
                high=_amount(standing.net_high.mean),
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
                value=_amount(standing.net.mean),
                tone=Tone.BAD if standing.net.mean < 0 else Tone.GOOD,
            )
            for standing in found.standings
        ),
    )


def _does_it_hold(
    base: str,
    rivals: Sequence[PolicyStanding],
    readings: Mapping[str, Mapping[str, Interval]],
) -> Section:
    others = [one.policy for one in rivals if one.policy != base]
    held = [name for name in others if _keeps_its_sign([readings[name][one] for one in _SCORES])]
    said = say("readings.held", names=", ".join(held)) if held else say("readings.none")
    table = Table(
        caption=say("readings.caption", base=base, unit=say("unit")),
        columns=(
            Column(say("col.policy")),
            *(_figures(column, is_detail=reading not in _SCORES) for reading, column in _READINGS),
        ),
        rows=tuple(
            (Cell(name), *(_reading(readings[name][one]) for one, _ in _READINGS))
            for name in others
        ),
        note=say("readings.note", held=said),
    )
    blocks = (table,) if others else (Paragraph(say("readings.none")),)
    return Section("readings", say("section.readings"), blocks)


def _keeps_its_sign(intervals: Sequence[Interval]) -> bool:
    return all(one.low > 0 for one in intervals) or all(one.high < 0 for one in intervals)


def _reading(interval: Interval) -> Cell:
    return Cell(_signed(interval.mean), sub=_interval(interval, _signed))


def _nodes(found: Comparison, rivals: Sequence[PolicyStanding]) -> Section:
    policies = [standing.policy for standing in found.standings]
    by_node: dict[str, dict[str, list[RunOutcome]]] = {}
    for run in found.outcomes:
        by_node.setdefault(run.key.node_id, {}).setdefault(run.key.policy, []).append(run)
    nodes = [by_node[node] for node in found.plan.nodes]
    matrix = Table(
        caption=say(
            "nodes.caption", seeds=_counted(len(found.plan.seeds), "seed"), unit=say("unit")
        ),
        columns=(
            Column(say("col.node")),
            *(Column(policy, Align.RIGHT) for policy in policies),
        ),
        rows=tuple(_node_row(runs, policies) for runs in nodes),
        note=say("nodes.note"),
        is_folded=True,
    )
    folded = (_node_table(runs, policies) for runs in nodes)
    best = _best(found, nodes, [standing.policy for standing in rivals])
    return Section("nodes", say("section.nodes"), (best, matrix, *folded))


def _best(
    found: Comparison,
    nodes: Sequence[Mapping[str, Sequence[RunOutcome]]],
    policies: Sequence[str],
) -> Table:
    base = found.plan.base

    def row(runs: Mapping[str, Sequence[RunOutcome]]) -> tuple[Cell, ...]:
        nets = _nets(runs, policies)
        best = max(policies, key=lambda policy: nets[policy])
        return (
            _node_cell(runs[best][0]),
            Cell(best),
            Cell(_amount(nets[best])),
            Cell(_amount(nets[base])),
        )

    seeds = _counted(len(found.plan.seeds), "seed")
    return Table(
        caption=say("best.caption", seeds=seeds, unit=say("unit")),
        columns=(
            Column(say("col.node")),
            Column(say("col.best")),
            _figures("net"),
            Column(base, Align.RIGHT),
        ),
        rows=tuple(row(runs) for runs in nodes),
    )


def _node_row(
    runs: Mapping[str, Sequence[RunOutcome]], policies: Sequence[str]
) -> tuple[Cell, ...]:
    nets = _nets(runs, policies)
    most = max(nets.values())
    return (
        _node_cell(runs[policies[0]][0]),
        *(
            Cell(_amount(nets[policy]), tone=Tone.GOOD if nets[policy] == most else Tone.NEUTRAL)
            for policy in policies
        ),
    )


def _node_cell(run: RunOutcome) -> Cell:
    about = f"{say(f'kind.{run.kind.value}')} · {say(f'tilt.{run.tilt.value}')}"
    return Cell(shown_name(run.alias), sub=about)


def _nets(runs: Mapping[str, Sequence[RunOutcome]], policies: Sequence[str]) -> Mapping[str, float]:
    """Net of each policy on one node, mean over seeds."""
    return {policy: _mean([_per_btc_year(run) for run in runs[policy]]) for policy in policies}


def _node_table(runs: Mapping[str, Sequence[RunOutcome]], policies: Sequence[str]) -> Table:
    names = ("net", "net_low", "net_high", "gross", "cost", "captive", "forwards", "refused")
    more = ("run_updates", "run_refills", "imbalance")
    any_run = runs[policies[0]][0]
    return Table(
        caption=say(
            "node.caption",
            alias=shown_name(any_run.alias),
            kind=say(f"kind.{any_run.kind.value}"),
            tilt=say(f"tilt.{any_run.tilt.value}"),
            capacity=formats.sats(any_run.capacity_sat, LANGUAGE),
        ),
        columns=(
            Column(say("col.policy")),
            *(Column(say(f"col.{name}"), Align.RIGHT) for name in (*names, *more)),
        ),
        rows=tuple(_policy_row(policy, runs[policy]) for policy in policies),
        is_folded=True,
    )


def _policy_row(policy: str, runs: Sequence[RunOutcome]) -> tuple[Cell, ...]:
    sums_msat = (
        sum(run.net_msat for run in runs),
        sum(run.net_low_msat for run in runs),
        sum(run.net_high_msat for run in runs),
        sum(run.fees_msat for run in runs),
        sum(run.spent_msat for run in runs),
        sum(run.captive_msat for run in runs),
    )
    counts = (
        sum(run.forwards for run in runs),
        sum(run.refused for run in runs),
        sum(run.updates for run in runs),
        sum(run.refills for run in runs),
    )
    return (
        Cell(policy),
        *(Cell(formats.bare_msat(one // len(runs), LANGUAGE)) for one in sums_msat),
        *(Cell(formats.count(round(one / len(runs)), LANGUAGE)) for one in counts),
        Cell(formats.percent_text(_mean([run.imbalance for run in runs]), LANGUAGE)),
    )


def _method(found: Comparison) -> Section:
    plan = found.plan
    return Section(
        "method",
        say("section.method"),
        (
            Paragraph(say("method.net")),
            Paragraph(say("method.pairs")),
            Paragraph(say("method.sets", set=plan.node_set.value)),
            Paragraph(say("method.again", seed=str(plan.network_seed), engine=plan.engine)),
        ),
    )


def _per_btc_year(run: RunOutcome) -> float:
    """Net of a run in sat per bitcoin of capacity and year, as the standings count it."""
    per_day_sat = run.net_msat / MSAT_PER_SAT / run.days
    return per_day_sat * DAYS_PER_YEAR * SAT_PER_BTC / run.capacity_sat


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _amount(value: float) -> str:
    return formats.count(round(value) if isfinite(value) else None, LANGUAGE)


def _signed(value: float) -> str:
    return formats.signed_count(round(value) if isfinite(value) else None, LANGUAGE)


def _interval(interval: Interval, write: Callable[[float], str]) -> str:
    """An interval as text; a single run has none, its ends are infinite."""
    if not (isfinite(interval.low) and isfinite(interval.high)):
        return say("interval.unknown")
    return say("interval", low=write(interval.low), high=write(interval.high))


def _counted(number: int, one: str, many: str = "") -> str:
    return formats.counted(number, one, many or f"{one}s", LANGUAGE)
