"""What hangs on a channel, against networkx measuring the network twice."""

from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from tests.builders import a_snapshot
from tests.property.oracles import announced_graph
from tests.random_snapshots import random_snapshots

from daznode.domain.gossip import GraphSnapshot
from daznode.domain.measures import ScoreWeights
from daznode.graph.arrays import simple_undirected
from daznode.graph.marginal import hops_from, marginal_shares, without_edge
from daznode.graph.measures import MeasureParams, measure_network
from daznode.graph.parallel import Crew
from daznode.graph.view import NetworkIndex

LINE = [(0, 1), (1, 2), (2, 3)]


def opened(snapshot: GraphSnapshot) -> NetworkIndex:
    return NetworkIndex(snapshot, measure_network(snapshot, MeasureParams()), None, ScoreWeights())


def crew() -> Crew:
    return Crew(1, lambda *_: None)


def relative_loss(before: float, after: float) -> float:
    return min(1.0, max(0.0, (before - after) / before)) if before > 0 else 0.0


def harmonic(graph: nx.Graph, node: int) -> float:
    return nx.harmonic_centrality(graph, [node])[node]


@settings(deadline=None, max_examples=60)
@given(snapshot=random_snapshots(min_nodes=2, max_nodes=7))
def test_shares_are_what_networkx_loses_with_the_channel(snapshot: GraphSnapshot):
    network = opened(snapshot)
    for row in range(snapshot.n_channels):
        ends = int(snapshot.channels.node1[row]), int(snapshot.channels.node2[row])
        graph = announced_graph(snapshot)
        fewer: Any = graph.copy()
        n_parallel = np.count_nonzero(
            (snapshot.channels.node1 == ends[0]) & (snapshot.channels.node2 == ends[1])
        )
        if n_parallel == 1:
            fewer.remove_edge(*ends)
        for node, peer in (ends, ends[::-1]):
            shares = marginal_shares(network, row, node, crew())
            before = nx.betweenness_centrality(graph, normalized=False)[node]
            after = nx.betweenness_centrality(fewer, normalized=False)[node]
            assert shares.betweenness == pytest.approx(relative_loss(before, after), abs=1e-9)
            lost = relative_loss(harmonic(graph, node), harmonic(fewer, node))
            assert shares.harmonic == pytest.approx(lost, abs=1e-9)
            assert shares.peers == graph.degree(node)
            assert shares.degree == (1 / shares.peers if n_parallel == 1 else 0.0)
            around = nx.has_path(fewer, node, peer)
            expected = nx.shortest_path_length(fewer, node, peer) if around else None
            assert shares.hops_without == expected


def test_the_only_way_out_carries_everything():
    shares = marginal_shares(opened(a_snapshot(4, LINE)), 0, 0, crew())
    assert (shares.harmonic, shares.degree, shares.eigenvector) == (1.0, 1.0, pytest.approx(1.0))
    assert shares.hops_without is None
    assert shares.betweenness == 0.0  # an end of the line stands between nobody


def test_eigenvector_shares_of_a_node_sum_to_one():
    network = opened(a_snapshot(6))
    rows = [
        row
        for row in range(network.snapshot.n_channels)
        if 3 in (network.snapshot.channels.node1[row], network.snapshot.channels.node2[row])
    ]
    shares = [marginal_shares(network, row, 3, crew()).eigenvector for row in rows]
    assert sum(shares) == pytest.approx(1.0)


def test_without_an_edge_the_nodes_and_the_other_edges_stay():
    network = simple_undirected(a_snapshot(4, LINE))
    number = {int(place): at for at, place in enumerate(network.snapshot_index)}
    fewer = without_edge(network, number[1], number[2])
    assert fewer.n_nodes == 4
    assert len(fewer.indices) == len(network.indices) - 2
    assert hops_from(fewer, number[0])[[number[1], number[2]]].tolist() == [1, -1]
