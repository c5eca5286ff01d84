"""`daznode network`: import, fetch, list, describe, compare and generate network snapshots."""

import click

from daznode.domain.gossip import SnapshotOrigin, SnapshotSummary
from daznode.domain.measures import NetworkStats, SnapshotDiff
from daznode.edges.cli import session, tables
from daznode.wiring import Services


@click.group()
def network() -> None:
    """Network snapshots: import, fetch, list, stats, diff, generate."""


@network.command(
    "import",
    epilog="Example: lncli describegraph | daznode network import -",
)
@click.argument("file", metavar="FILE")
@click.option("--nodes", "nodes_file", metavar="FILE", help="Core Lightning's listnodes dump.")
@click.option("--observed-at", metavar="TIME", help="Moment the dump describes (ISO 8601, UTC).")
@session.json_option
def import_network(
    file: str, nodes_file: str | None, observed_at: str | None, *, as_json: bool
) -> None:
    """Store the network snapshot in FILE (- for standard input).

    FILE is a dump of LND's describegraph or of Core Lightning's listchannels, plain or compressed
    with gzip, zip or zstd. Records that cannot be used are left out and counted.
    """
    moment = session.parse_moment(observed_at)

    async def trip(services: Services) -> tuple[SnapshotSummary, bool]:
        return await services.import_file(file, nodes_file, observed_at=moment)

    summary, is_new = session.run(trip)
    if as_json:
        session.print_json(tables.described(summary) | {"is_new": is_new})
    else:
        tables.print_imported(summary, is_new=is_new)


@network.command(epilog="Example: daznode network fetch")
@session.json_option
def fetch(*, as_json: bool) -> None:
    """Store the network as the connected node knows it."""

    async def trip(services: Services) -> tuple[SnapshotSummary, bool]:
        return await services.import_from_node()

    summary, is_new = session.run(trip)
    if as_json:
        session.print_json(tables.described(summary) | {"is_new": is_new})
    else:
        tables.print_imported(summary, is_new=is_new)


@network.command("list", epilog="Example: daznode network list")
@session.json_option
def list_networks(*, as_json: bool) -> None:
    """The stored snapshots, oldest first."""

    async def trip(services: Services) -> tuple[SnapshotSummary, ...]:
        return await services.compare_networks.summaries()

    summaries = session.run(trip)
    if as_json:
        session.print_json([tables.described(one) for one in summaries])
    else:
        tables.print_snapshots(summaries)


@network.command(epilog="Example: daznode network stats")
@click.argument("snapshot", required=False, metavar="[SNAPSHOT]")
@session.json_option
def stats(snapshot: str | None, *, as_json: bool) -> None:
    """Figures of SNAPSHOT: an id (or its start) or a file; the newest by default."""

    async def trip(services: Services) -> tuple[NetworkStats, SnapshotOrigin]:
        which = None if snapshot is None else services.snapshot_or_file(snapshot)
        return await services.compare_networks.stats(which)

    figures, origin = session.run(trip)
    if as_json:
        session.print_json({"stats": figures, "origin": origin})
    else:
        tables.print_stats(figures, origin)


@network.command(epilog="Example: daznode network diff 20261120 20261121")
@click.argument("older", metavar="A")
@click.argument("newer", metavar="B")
@session.json_option
def diff(older: str, newer: str, *, as_json: bool) -> None:
    """What changed from A to B, each a stored id (or its start) or a file."""

    async def trip(services: Services) -> SnapshotDiff:
        return await services.compare_networks.diff(
            services.snapshot_or_file(older), services.snapshot_or_file(newer)
        )

    change = session.run(trip)
    if as_json:
        session.print_json(change)
    else:
        tables.print_diff(change)


@network.command(epilog="Example: daznode network generate --nodes 2000 --out network.json.gz")
@click.option("--nodes", type=click.IntRange(2, 200_000), default=16_000, show_default=True)
@click.option("--channels", type=click.IntRange(1, 1_000_000), default=None)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True)
@click.option("--out", metavar="FILE", help="Write a describegraph dump (.json, .json.gz, .zst).")
@session.json_option
def generate(
    nodes: int, channels: int | None, seed: int, out: str | None, *, as_json: bool
) -> None:
    """Make a network that looks like today's; store it, or write it to FILE."""

    async def trip(services: Services) -> SnapshotSummary:
        return await services.generate_network(nodes, channels, seed, out)

    summary = session.run(trip)
    if as_json:
        session.print_json(tables.described(summary))
    elif out is None:
        tables.print_imported(summary, is_new=True)
    else:
        click.echo(f"{out}: {summary.n_nodes:,} nodes, {summary.n_channels:,} channels")
