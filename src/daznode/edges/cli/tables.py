"""Tables of the command line: snapshots, figures, scores, markets, policies, experiments."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from daznode.domain.experiment import ExperimentPlan, Interval
from daznode.domain.gossip import SnapshotOrigin, SnapshotSummary
from daznode.domain.kept_experiment import KeptExperiment
from daznode.domain.measures import (
    FeeMarket,
    MarketSide,
    MeasureEvidence,
    NetworkStats,
    NodeScoreCard,
    Quantiles,
    SnapshotDiff,
)
from daznode.domain.provenance import Reality
from daznode.usecases.trial_ground import PolicyLine

if TYPE_CHECKING:
    from daznode.usecases.judge_referee import Judgement

_DASH: Final = "-"
_ALIAS_WIDTH: Final = 28
_KEY_WIDTH: Final = 16
_SNAPSHOT_WIDTH: Final = 16
"""Start of a snapshot's id: its moment, enough to name it by."""

_EXPERIMENT_WIDTH: Final = 8
"""Enough of an experiment's id to tell it apart, and to name it by."""


def described(summary: SnapshotSummary) -> dict[str, Any]:
    """A stored snapshot as a JSON object, its id first."""
    return {"snapshot_id": summary.origin.snapshot_id, **msgspec.to_builtins(summary)}


def _console() -> Console:
    return Console(highlight=False)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for number, column in enumerate(columns):
        is_first = number == 0
        table.add_column(column, justify="left" if is_first else "right", no_wrap=True)
    return table


def _print(table: Table, *, elastic: int = 0) -> None:
    """Print a table of which only one column gives way where the terminal is narrow."""
    for number, column in enumerate(table.columns):
        if number == elastic:
            column.no_wrap = False
        else:
            texts = [str(column.header), *(str(cell) for cell in column.cells)]
            column.min_width = max(cell_len(text) for text in texts)
    _console().print(table)


def _title(text: str) -> None:
    _console().print(f"[bold]{escape(text)}[/bold]")


def _grid(title: str, rows: list[tuple[str, str]]) -> None:
    _title(title)
    table = _table("", "")
    table.show_header = False
    table.columns[1].justify = "left" if any(" " in value for _, value in rows) else "right"
    for name, value in rows:
        table.add_row(name, value)
    _print(table, elastic=1)


def _count(value: int | None) -> str:
    return _DASH if value is None else f"{value:,}"


def _signed(value: int) -> str:
    return f"{value:+,}"


def _score(value: float | None) -> str:
    return _DASH if value is None else f"{value:.1f}"


def _named(alias: str, node_id: str) -> str:
    return escape(alias[:_ALIAS_WIDTH]) or f"{node_id[:_KEY_WIDTH]}..."


def _moment(origin: SnapshotOrigin) -> str:
    return f"{origin.observed_at:%Y-%m-%d %H:%M} UTC"


def print_imported(summary: SnapshotSummary, *, is_new: bool) -> None:
    """What an import stored, and what it left out."""
    origin = summary.origin
    verb = "stored" if is_new else "already stored"
    rows = [
        ("snapshot", f"{origin.snapshot_id} ({verb})"),
        ("source", escape(f"{origin.kind}: {origin.name}")),
        ("observed", f"{_moment(origin)} ({origin.observed_at_basis})"),
        ("nodes", _count(summary.n_nodes)),
        ("channels", _count(summary.n_channels)),
    ]
    if origin.reality is not Reality.REAL:
        rows.append(("note", f"{origin.reality.value}, not the real network"))
    rows.extend((f"left out: {reason}", _count(count)) for reason, count in origin.skipped)
    _grid("Network snapshot", rows)


def print_snapshots(summaries: tuple[SnapshotSummary, ...]) -> None:
    """The stored snapshots."""
    if not summaries:
        _console().print("No snapshot is stored. Import one: daznode network import FILE")
        return
    table = _table("snapshot", "observed, UTC", "nodes", "channels", "kB", "source")
    table.columns[5].justify = "left"
    for one in summaries:
        table.add_row(
            one.origin.snapshot_id,
            f"{one.origin.observed_at:%Y-%m-%d %H:%M}",
            _count(one.n_nodes),
            _count(one.n_channels),
            _count(one.stored_bytes // 1000),
            escape(one.origin.name),
        )
    _print(table, elastic=5)


def print_stats(stats: NetworkStats, origin: SnapshotOrigin) -> None:
    """A snapshot in figures."""
    _grid(
        f"Network on {_moment(origin)} ({origin.kind}: {origin.name})",
        [
            ("nodes", _count(stats.n_nodes)),
            ("  that announced themselves", _count(stats.n_announced_nodes)),
            ("  without a channel", _count(stats.n_isolated_nodes)),
            ("  with Tor addresses only", _count(stats.tor_only_nodes)),
            ("  in the largest component", _count(stats.largest_component)),
            ("channels", _count(stats.n_channels)),
            ("  between distinct pairs", _count(stats.n_pairs)),
            ("capacity, sat", _count(stats.capacity_sat)),
            ("  median channel, sat", _count(stats.median_capacity_sat)),
            ("  mean channel, sat", _count(stats.mean_capacity_sat)),
            ("median fee, ppm", _count(stats.median_fee_ppm)),
            ("median base fee, msat", _count(stats.median_base_fee_msat)),
            ("policies with an inbound fee", _count(stats.inbound_fee_policies)),
            ("policies disabled", _count(stats.disabled_policies)),
            ("policies never announced", _count(stats.missing_policies)),
            ("median channels per node", _count(stats.median_degree)),
            ("most channels of a node", _count(stats.largest_degree)),
            ("nodes with a single peer", f"{stats.leaf_ratio:.1%}"),
        ],
    )


def print_diff(diff: SnapshotDiff) -> None:
    """What changed between two snapshots."""
    _grid(
        f"From {diff.older_id} to {diff.newer_id}",
        [
            ("nodes gained / lost", f"{diff.nodes_gained:,} / {diff.nodes_lost:,}"),
            ("channels opened / closed", f"{diff.channels_opened:,} / {diff.channels_closed:,}"),
            ("capacity opened, sat", _count(diff.capacity_opened_sat)),
            ("capacity closed, sat", _count(diff.capacity_closed_sat)),
            ("capacity change, sat", _signed(diff.capacity_change_sat)),
            ("fee policies changed", _count(diff.fee_changes)),
            ("  raised / cut", f"{diff.fee_raises:,} / {diff.fee_cuts:,}"),
            ("newly disabled / enabled", f"{diff.newly_disabled:,} / {diff.newly_enabled:,}"),
        ],
    )
    if diff.movers:
        table = _table("capacity moved most", "sat", "channels")
        for change in diff.movers:
            table.add_row(
                _named(change.alias, change.node_id),
                _signed(change.capacity_change_sat),
                _signed(change.channels_change),
            )
        _console().print()
        _print(table)


def print_card(card: NodeScoreCard) -> None:
    """The score of one node with its evidence."""
    console = _console()
    console.print(f"[bold]{_named(card.alias, card.node_id)}[/bold]  {card.node_id}")
    console.print(
        f"overall [bold]{_score(card.overall)}[/bold], number {card.rank:,} of {card.n_nodes:,} nodes; "
        f"centrality {_score(card.centrality)}, reliability {_score(card.reliability)}, "
        f"performance {_score(card.performance)}; snapshot {card.snapshot_id}\n"
    )
    table = _table("measure", "value", "percentile", "weight")
    for part in dict.fromkeys(item.part for item in card.evidence):
        table.add_row(f"[bold]{part}[/bold]")
        for item in card.evidence:
            if item.part == part:
                table.add_row(*_evidence_cells(item))
    _print(table)
    reasons: dict[str, list[str]] = {}
    for item in card.evidence:
        if item.value is None:
            reasons.setdefault(item.reason or "not known", []).append(item.name)
    for reason, names in reasons.items():
        console.print(escape(f"\nNot known: {', '.join(names)} ({reason})."))


def _evidence_cells(item: MeasureEvidence) -> tuple[str, str, str, str]:
    if item.value is None:
        return f"  {item.name}", _DASH, _DASH, _DASH
    value = f"{_figure(item.value)} {item.unit}"
    return f"  {item.name}", value, _score(item.percentile), f"{item.weight:.2f}"


def _figure(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"


def print_rankings(cards: tuple[NodeScoreCard, ...], metric: str) -> None:
    """The best nodes by a metric."""
    parts = ("overall", "centrality", "reliability", "performance")
    shown = parts if metric in parts else (metric, *parts)
    table = _table("node", *shown)
    for card in cards:
        measured = {item.name: item.value for item in card.evidence}
        table.add_row(
            _named(card.alias, card.node_id),
            *(
                _score(getattr(card, name)) if name in parts else _figure(measured[name] or 0)
                for name in shown
            ),
        )
    _print(table)


def _quantile_row(table: Table, name: str, quantiles: Quantiles | None) -> None:
    if quantiles is None:
        table.add_row(name, *[_DASH] * 5)
        return
    table.add_row(
        name,
        *(
            _count(value)
            for value in (quantiles.p10, quantiles.p25, quantiles.p50, quantiles.p75, quantiles.p90)
        ),
    )


def _print_side(title: str, side: MarketSide) -> None:
    _title(title)
    table = _table("", "p10", "p25", "median", "p75", "p90")
    _quantile_row(table, "fee, ppm", side.fee_ppm)
    _quantile_row(table, "base fee, msat", side.base_fee_msat)
    _quantile_row(table, "inbound fee, ppm", side.inbound_fee_ppm)
    _print(table)
    _console().print(
        f"{side.n_policies:,} policies over {side.capacity_sat:,} sat; "
        f"{side.n_disabled:,} disabled ones left out\n"
    )


def print_market(market: FeeMarket) -> None:
    """What is charged towards and from a node."""
    console = _console()
    console.print(f"[bold]{_named(market.alias, market.node_id)}[/bold]  {market.node_id}\n")
    _print_side("Towards the node: what its peers charge", market.towards)
    _print_side("From the node: what it charges", market.outward)
    _print_side("The whole network, for comparison", market.network)


def print_policies(lines: Sequence[PolicyLine]) -> None:
    """The table of fee policies."""
    table = _table("policy", "what it does", "rebuilt from")
    table.columns[0].min_width = max((len(line.name) for line in lines), default=0)
    for column in table.columns[1:]:
        column.justify, column.no_wrap, column.overflow = "left", False, "fold"
    for line in lines:
        table.add_row(escape(line.name), escape(line.summary), escape(line.source))
    _console().print(table)


def print_judgements(plan: ExperimentPlan, judgements: "Sequence[Judgement]") -> None:
    """What a comparison's statistics are worth: null tests, then what it takes to see 5 %."""
    _console().print(
        f"All simulated. {len(plan.nodes):,} nodes, {len(plan.seeds):,} seeds, {plan.days:,} days, "
        f"against {plan.base}. False alarms at 5 %, of 1,000 made-up experiments without a "
        "difference, with signs at random (mirrored) and with the mean taken off (centred)."
    )
    errs = _table("policy", "mirrored", "centred", "coverage")
    for one in judgements:
        errs.add_row(
            one.policy,
            _share_of(one.mirrored.false_alarms),
            _share_of(one.centred.false_alarms),
            _share_of(one.centred.coverage),
        )
    _print(errs)
    _console().print(
        f"\nWhat it takes to see 5 % of what {plan.base} earned, in sat per bitcoin of capacity and "
        "year, with a power of 80 %:"
    )
    needs = _table("policy", "5 % of base", "to see it")
    for one in judgements:
        effect = "not known" if one.effect is None else f"{one.effect:,.0f}"
        needs.add_row(one.policy, effect, _need(one))
    _print(needs)


def _share_of(interval: Interval) -> str:
    """A share with its interval, short enough for three beside a name in 80 columns."""
    low, high = 100 * interval.low, 100 * interval.high
    return f"{interval.mean:.1%} ({low:.1f}\N{EN DASH}{high:.1f})"


def _need(one: "Judgement") -> str:
    """The cheapest of the rows that is enough, or how many nodes it takes."""
    enough = [(row.nodes * row.seeds * row.days, row) for row in one.needs if row.seeds]
    if enough:
        best = min(enough, key=lambda found: found[0])[1]
        return f"{best.nodes:,} nodes, {best.seeds:,} seeds, {best.days:,} days"
    if one.needs:
        return f"{one.needs[0].fewest_nodes:,} nodes or more"
    return "not told by these runs"


def print_experiments(kept: Sequence[KeptExperiment]) -> None:
    """The experiments that were begun."""
    if not kept:
        _console().print("No experiment is kept. Begin one: daznode backtest")
        return
    table = _table(
        "experiment", "runs", "nodes", "policies", "days", "seed", "tier", "set", "network"
    )
    for column in table.columns[6:]:
        column.justify = "left"
    for one in kept:
        plan = one.plan
        table.add_row(
            one.experiment_id[:_EXPERIMENT_WIDTH],
            f"{one.finished_runs:,} of {len(plan.keys):,}",
            _count(len(plan.nodes)),
            _count(len(plan.policies)),
            _count(plan.days),
            str(plan.network_seed),
            plan.tier.value,
            plan.node_set.value,
            plan.network[:_SNAPSHOT_WIDTH],
        )
    _print(table, elastic=len(table.columns) - 1)
