"""What networkx makes of a snapshot, by definitions written down a second time."""

from typing import Any

import networkx as nx
import numpy as np

from daznode.domain.gossip import GraphSnapshot
from daznode.graph.measures import MeasureParams


def announced_graph(snapshot: GraphSnapshot) -> nx.Graph:
    graph = nx.Graph()
    graph.add_nodes_from(range(snapshot.n_nodes))
    channels = snapshot.channels
    graph.add_edges_from(zip(channels.node1.tolist(), channels.node2.tolist(), strict=True))
    return graph


def payable_graph(snapshot: GraphSnapshot, amount_msat: int) -> nx.DiGraph:
    """Cheapest edge of each ordered pair, decided policy by policy in whole numbers."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(snapshot.n_nodes))
    channels = snapshot.channels
    for channel in range(snapshot.n_channels):
        ends = int(channels.node1[channel]), int(channels.node2[channel])
        for side, (sender, receiver) in enumerate((ends, ends[::-1])):
            cost_msat = edge_cost_msat(snapshot, side, channel, amount_msat)
            if cost_msat is None:
                continue
            known = graph.get_edge_data(sender, receiver)
            if known is None or cost_msat < known["cost"]:
                graph.add_edge(sender, receiver, cost=cost_msat)
    return graph


def edge_cost_msat(
    snapshot: GraphSnapshot, side: int, channel: int, amount_msat: int
) -> int | None:
    policies = snapshot.channels.policies

    def of(column: np.ndarray[Any, Any]) -> int:
        return int(column[side, channel])

    capacity_sat = int(snapshot.channels.capacity_sat[channel])
    htlc_maximum_msat = of(policies.htlc_maximum_msat)
    fee_msat = of(policies.base_fee_msat) + amount_msat * of(policies.fee_ppm) // 1_000_000
    is_usable = (
        bool(of(policies.is_present))
        and not of(policies.is_disabled)
        and of(policies.htlc_minimum_msat) <= amount_msat
        and (htlc_maximum_msat in {-1, 0} or htlc_maximum_msat >= amount_msat)
        and (capacity_sat == -1 or capacity_sat * 1000 >= amount_msat)
        and fee_msat <= amount_msat
    )
    if not is_usable:
        return None
    return fee_msat + amount_msat * of(policies.cltv_delta) * 15 // 1_000_000_000 + 1


def expected_measures(snapshot: GraphSnapshot, params: MeasureParams) -> dict[str, list[float]]:
    """Every measure that needs a search, for all nodes; the eigenvector is checked apart."""
    announced, n_nodes = announced_graph(snapshot), snapshot.n_nodes
    payable = payable_graph(snapshot, params.amount_msat)
    capacity_sat = [0] * n_nodes
    channels = snapshot.channels
    for ends in (channels.node1, channels.node2):
        for node, sat in zip(ends.tolist(), channels.capacity_sat.tolist(), strict=True):
            capacity_sat[node] += max(sat, 0)
    fair_msat = params.amount_msat * params.fair_price_ppm // 1_000_000
    expected: dict[str, dict[int, float]] = {
        "peers": dict(announced.degree()),
        "capacity_sat": dict(enumerate(capacity_sat)),
        "betweenness": nx.betweenness_centrality(announced, normalized=False),
        "fee_betweenness": nx.betweenness_centrality(payable, normalized=False, weight="cost"),
        "closeness": nx.closeness_centrality(announced, wf_improved=False),
        "harmonic": {
            node: total / max(n_nodes - 1, 1)
            for node, total in nx.harmonic_centrality(announced).items()
        },
        "fee_closeness": {},
        "fee_reached": {},
        "fair_capacity_sat": {},
    }
    for node in range(n_nodes):
        costs = nx.single_source_dijkstra_path_length(payable, node, weight="cost")
        del costs[node]
        expected["fee_reached"][node] = len(costs)
        expected["fee_closeness"][node] = len(costs) * 1000 / sum(costs.values()) if costs else 0.0
        expected["fair_capacity_sat"][node] = sum(
            capacity_sat[other] for other, cost in costs.items() if cost <= fair_msat
        )
    return {name: [values[node] for node in range(n_nodes)] for name, values in expected.items()}
