"""A comparison node by node: the best policy of each, all of them, and each run in sat."""

from collections.abc import Mapping, Sequence
from typing import Final

from daznode.domain.experiment import Comparison, PolicyStanding, RunOutcome
from daznode.domain.page import Align, Cell, Column, Section, Table, Tone
from daznode.domain.units import MSAT_PER_SAT, SAT_PER_BTC
from daznode.report import formats
from daznode.report.experiment_text import LANGUAGE, amount_text, counted, figure_column, shown_name
from daznode.report.words.experiment_en import say

DAYS_PER_YEAR: Final = 365.25


def nodes_section(found: Comparison, rivals: Sequence[PolicyStanding]) -> Section:
    """The best policy of each node, then folded the scores of all, and every node's own table.

    Args:
        found: What an experiment found.
        rivals: Standings of all that is a policy.
    """
    policies = [standing.policy for standing in found.standings]
    by_node: dict[str, dict[str, list[RunOutcome]]] = {}
    for run in found.outcomes:
        by_node.setdefault(run.key.node_id, {}).setdefault(run.key.policy, []).append(run)
    nodes = [by_node[node] for node in found.plan.nodes]
    matrix = Table(
        caption=say(
            "nodes.caption", seeds=counted(len(found.plan.seeds), "seed"), unit=say("unit")
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
            Cell(amount_text(nets[best])),
            Cell(amount_text(nets[base])),
        )

    seeds = counted(len(found.plan.seeds), "seed")
    return Table(
        caption=say("best.caption", seeds=seeds, unit=say("unit")),
        columns=(
            Column(say("col.node")),
            Column(say("col.best")),
            figure_column("net"),
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
            Cell(
                amount_text(nets[policy]), tone=Tone.GOOD if nets[policy] == most else Tone.NEUTRAL
            )
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


def _per_btc_year(run: RunOutcome) -> float:
    """Net of a run in sat per bitcoin of capacity and year, as the standings count it."""
    per_day_sat = run.net_msat / MSAT_PER_SAT / run.days
    return per_day_sat * DAYS_PER_YEAR * SAT_PER_BTC / run.capacity_sat


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
