"""`daznode score`, `rankings` and `fee-market`: what the network says of its nodes."""

import click

from daznode.domain.measures import FeeMarket, NodeScoreCard
from daznode.edges.cli import session, tables
from daznode.wiring import Services

graph_option = click.option(
    "--graph", metavar="FILE", help="Read this dump instead of the stored snapshots."
)
snapshot_option = click.option(
    "--snapshot", metavar="ID", help="A stored snapshot (or the start of its id); default newest."
)


@click.command(
    short_help="The score of a node, with evidence.",
    epilog="Example: daznode score ACINQ --graph describegraph.json.gz",
)
@click.argument("node", metavar="NODE")
@graph_option
@snapshot_option
@session.json_option
def score(node: str, graph: str | None, snapshot: str | None, *, as_json: bool) -> None:
    """The score of NODE (a key or an alias) with the measures behind it."""

    async def trip(services: Services) -> NodeScoreCard:
        return services.score(await services.open_network(graph, snapshot), node)

    card = session.run(trip)
    if as_json:
        session.print_json(card)
    else:
        tables.print_card(card)


@click.command(epilog="Example: daznode rankings --metric fee_betweenness --limit 10")
@click.option("--metric", default="overall", show_default=True, help="Score part or measure.")
@click.option("--limit", type=int, default=20, show_default=True, help="How many, 1 to 1,000.")
@graph_option
@snapshot_option
@session.json_option
def rankings(
    metric: str, limit: int, graph: str | None, snapshot: str | None, *, as_json: bool
) -> None:
    """The best nodes of the network."""

    async def trip(services: Services) -> tuple[NodeScoreCard, ...]:
        return services.rankings(await services.open_network(graph, snapshot), metric, limit)

    cards = session.run(trip)
    if as_json:
        session.print_json(cards)
    else:
        tables.print_rankings(cards, metric)


@click.command(
    "fee-market",
    short_help="Fees towards and from a node.",
    epilog="Example: daznode fee-market ACINQ",
)
@click.argument("node", metavar="NODE")
@graph_option
@snapshot_option
@session.json_option
def fee_market(node: str, graph: str | None, snapshot: str | None, *, as_json: bool) -> None:
    """What is charged towards and from NODE (a key or an alias), weighted by capacity."""

    async def trip(services: Services) -> FeeMarket:
        return await services.fee_market(graph, snapshot, node)

    market = session.run(trip)
    if as_json:
        session.print_json(market)
    else:
        tables.print_market(market)
