"""Answer about nodes of a network: score card, rankings, fee market."""

from typing import Final

from daznode.domain.errors import InvalidParameter
from daznode.domain.gossip import GraphSnapshot
from daznode.domain.ids import NodeId, looks_like_node_id, parse_node_id
from daznode.domain.measures import FeeMarket, NodeScoreCard
from daznode.graph.fees import fee_market
from daznode.graph.lookup import resolve_node
from daznode.graph.view import RANKED, NetworkIndex
from daznode.usecases.find_snapshot import stored
from daznode.usecases.open_network import OpenNetwork

RANKING_METRICS: Final = (
    "overall",
    "centrality",
    "reliability",
    "performance",
    *RANKED,
)

MOST_RANKED: Final = 1_000


def score(network: NetworkIndex, node: str) -> NodeScoreCard:
    """The score of one node with its evidence.

    Args:
        network: Where to look.
        node: Key of 66 hex characters, or alias.

    Raises:
        InvalidNodeId: It looks like a key and is none.
        NodeNotFound: No node has that key or alias.
        AmbiguousNode: Several nodes have that alias.
    """
    return network.card(resolve_node(network.snapshot, node))


async def node_id_of(fixed: NetworkIndex | None, networks: OpenNetwork, node: str) -> NodeId:
    """The key of a node given by key or alias.

    A key needs no network: a report can say that the network does not know it.

    Args:
        fixed: The network to look in; None for the newest stored one.
        networks: Where to find that.
        node: Key of 66 hex characters, or alias.

    Raises:
        InvalidNodeId: It looks like a key and is none.
        NoSnapshot: It is an alias, and nothing is stored to look it up in.
        NodeNotFound: No node has that alias.
        AmbiguousNode: Several nodes have that alias.
    """
    if looks_like_node_id(node):
        return parse_node_id(node)
    snapshot = fixed.snapshot if fixed is not None else await stored(networks.snapshots)
    return NodeId(snapshot.node_hex(resolve_node(snapshot, node)))


def market(snapshot: GraphSnapshot, node: str) -> FeeMarket:
    """What is charged towards and from one node; raises as `score` does."""
    return fee_market(snapshot, resolve_node(snapshot, node))


def rankings(network: NetworkIndex, metric: str, limit: int) -> tuple[NodeScoreCard, ...]:
    """The best nodes by a metric, best first, ties in key order.

    Args:
        network: Where to look.
        metric: One of `RANKING_METRICS`.
        limit: How many, 1 to 1,000.

    Raises:
        InvalidParameter: Unknown metric, or limit out of range.
    """
    if metric not in RANKING_METRICS:
        message = f"metric {metric!r}: not known; expected one of {', '.join(RANKING_METRICS)}"
        raise InvalidParameter(message)
    if not 1 <= limit <= MOST_RANKED:
        message = f"limit {limit}: out of range; expected 1 to {MOST_RANKED:,}"
        raise InvalidParameter(message)
    return tuple(network.card(int(index)) for index in network.order(metric)[:limit])
