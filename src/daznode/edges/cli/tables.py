"""Tables of the command line: snapshots, figures, scores, markets."""

from typing import Any, Final

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from daznode.domain.gossip import SnapshotOrigin, SnapshotSummary
from daznode.domain.measures import (
    FeeMarket,
    MarketSide,
    NetworkStats,
    NodeScoreCard,
    Quantiles,
    SnapshotDiff,
)
from daznode.domain.provenance import Reality

_DASH: Final = "-"
_ALIAS_WIDTH: Final = 28
_KEY_WIDTH: Final = 16


def described(summary: SnapshotSummary) -> dict[str, Any]:
    """A stored snapshot as a JSON object, its id first."""
    return {"snapshot_id": summary.origin.snapshot_id, **msgspec.to_builtins(summary)}


def _console() -> Console:
    return Console(highlight=False)


def _table(*columns: str, title: str = "") -> Table:
    table = Table(title=escape(title) or None, title_justify="left", box=None, pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right")
    return table


def _grid(title: str, rows: list[tuple[str, str]]) -> None:
    table = _table("", "", title=title)
    table.show_header = False
    for name, value in rows:
        table.add_row(name, value)
    _console().print(table)


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
    table = _table("snapshot", "observed", "nodes", "channels", "kB", "source")
    for one in summaries:
        table.add_row(
            one.origin.snapshot_id,
            _moment(one.origin),
            _count(one.n_nodes),
            _count(one.n_channels),
            _count(one.stored_bytes // 1000),
            escape(one.origin.name),
        )
    _console().print(table)


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
        _console().print(table)


def print_card(card: NodeScoreCard) -> None:
    """The score of one node with its evidence."""
    console = _console()
    console.print(f"[bold]{_named(card.alias, card.node_id)}[/bold]  {card.node_id}")
    console.print(
        f"overall [bold]{_score(card.overall)}[/bold], number {card.rank:,} of {card.n_nodes:,} nodes; "
        f"centrality {_score(card.centrality)}, reliability {_score(card.reliability)}, "
        f"performance {_score(card.performance)}   (snapshot {card.snapshot_id})\n"
    )
    table = _table("measure", "part", "value", "unit", "percentile", "weight")
    table.columns[1].justify = table.columns[3].justify = "left"
    for item in card.evidence:
        if item.value is None:
            table.add_row(item.name, item.part, _DASH, escape(item.reason or ""), _DASH, _DASH)
            continue
        value = f"{item.value:,}" if isinstance(item.value, int) else f"{item.value:,.6g}"
        table.add_row(
            item.name, item.part, value, item.unit, _score(item.percentile), f"{item.weight:.2f}"
        )
    console.print(table)


def print_rankings(cards: tuple[NodeScoreCard, ...], metric: str) -> None:
    """The best nodes by a metric."""
    table = _table("node", metric, "overall", "centrality", "reliability", "performance", "key")
    for card in cards:
        value = next((item.value for item in card.evidence if item.name == metric), None)
        if value is None:
            shown = _score(getattr(card, metric, None))
        else:
            shown = f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"
        table.add_row(
            _named(card.alias, card.node_id),
            shown,
            _score(card.overall),
            _score(card.centrality),
            _score(card.reliability),
            _score(card.performance),
            f"{card.node_id[:_KEY_WIDTH]}...",
        )
    _console().print(table)


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
    table = _table("", "p10", "p25", "median", "p75", "p90", title=title)
    _quantile_row(table, "fee, ppm", side.fee_ppm)
    _quantile_row(table, "base fee, msat", side.base_fee_msat)
    _quantile_row(table, "inbound fee, ppm", side.inbound_fee_ppm)
    console = _console()
    console.print(table)
    console.print(
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
