from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from tests.builders import a_snapshot, some_measures
from tests.random_snapshots import random_snapshots

from daznode.domain.errors import InvariantBroken
from daznode.domain.gossip import GraphSnapshot
from daznode.domain.measures import NodeMeasures, NodeScores
from daznode.graph.gain import UNREACHABLE, Adjacency, CandidateIndex, best_new_peers

LINE = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]


def some_scores(snapshot: GraphSnapshot, overall: Any = None) -> NodeScores:
    n_nodes = snapshot.n_nodes
    overall = np.linspace(10, 90, n_nodes) if overall is None else np.array(overall, float)
    return NodeScores(
        snapshot.origin.snapshot_id,
        "a1b2c3d4",
        overall,
        overall,
        overall,
        overall,
        np.arange(n_nodes) + 1,
    )


def indexed(
    snapshot: GraphSnapshot, overall: Any = None, limit: int = 200, **measures: Any
) -> tuple[CandidateIndex, GraphSnapshot, NodeMeasures, NodeScores]:
    made = some_measures(snapshot, **({"disabled_ratio": np.zeros(snapshot.n_nodes)} | measures))
    scores = some_scores(snapshot, overall)
    return CandidateIndex(snapshot, made, scores, limit=limit), snapshot, made, scores


def graph_of(snapshot: GraphSnapshot) -> nx.Graph:
    graph = nx.Graph()
    graph.add_nodes_from(range(snapshot.n_nodes))
    channels = snapshot.channels
    graph.add_edges_from(zip(channels.node1.tolist(), channels.node2.tolist(), strict=True))
    return graph


def harmonic(graph: nx.Graph, node: int) -> float:
    return nx.harmonic_centrality(graph, [node])[node] / max(len(graph) - 1, 1)


@settings(deadline=None, max_examples=120)
@given(snapshot=random_snapshots(max_nodes=8))
def test_the_gain_is_what_networkx_finds_after_the_channel_is_opened(snapshot: GraphSnapshot):
    graph = graph_of(snapshot)
    index, *rest = indexed(snapshot)
    for node in range(snapshot.n_nodes):
        answers = best_new_peers(index, *rest, node, limit=100)
        expected = {}
        for candidate in index.candidate.tolist():
            if candidate == node or graph.has_edge(node, candidate):
                continue
            with_channel = graph.copy()
            with_channel.add_edge(node, candidate)
            gain = harmonic(with_channel, node) - harmonic(graph, node)
            expected[snapshot.node_hex(candidate)] = gain
        assert {answer.node_id for answer in answers} == expected.keys()
        for answer in answers:
            assert answer.harmonic_gain == pytest.approx(expected[answer.node_id], rel=1e-12)
        gains = [answer.harmonic_gain for answer in answers]
        assert gains == sorted(gains, reverse=True)


@settings(deadline=None, max_examples=60)
@given(snapshot=random_snapshots(max_nodes=8))
def test_hops_are_those_of_networkx(snapshot: GraphSnapshot):
    graph = graph_of(snapshot)
    adjacency = Adjacency(snapshot)
    sources = np.arange(snapshot.n_nodes)
    expected = np.full((snapshot.n_nodes, snapshot.n_nodes), UNREACHABLE)
    for source, lengths in nx.all_pairs_shortest_path_length(graph):
        for target, hops in lengths.items():
            expected[source, target] = hops
    np.testing.assert_array_equal(adjacency.hops_from_all(sources), expected)
    for source in sources.tolist():
        np.testing.assert_array_equal(adjacency.hops_from(source), expected[source])


def test_more_candidates_than_one_word_has_bits():
    """A ring of 150: every source has its own bit beyond the first and second word."""
    snapshot = a_snapshot(150, [(i, (i + 1) % 150) for i in range(150)])
    hops = Adjacency(snapshot).hops_from_all(np.arange(150))
    for source in (0, 63, 64, 149):
        apart = np.abs(np.arange(150) - source)
        np.testing.assert_array_equal(hops[source], np.minimum(apart, 150 - apart))


def test_what_lies_beyond_254_hops_counts_as_unreachable():
    snapshot = a_snapshot(300, [(i, i + 1) for i in range(299)])
    adjacency = Adjacency(snapshot)
    for hops in (adjacency.hops_from(0), adjacency.hops_from_all(np.array([0]))[0]):
        assert hops[254] == 254
        assert (hops[255:] == UNREACHABLE).all()


def test_the_far_end_of_a_line_is_the_best_peer_of_its_start():
    """From node 0 of six in a line, a channel to node 4 brings 3, 4 and 5 nearer."""
    index, *rest = indexed(a_snapshot(6, LINE))
    first, *others = best_new_peers(index, *rest, 0, limit=2)
    assert first.node_id == rest[0].node_hex(4)
    before = 1 + 1 / 2 + 1 / 3 + 1 / 4 + 1 / 5
    after = 1 + 1 / 2 + 1 / 2 + 1 + 1 / 2
    assert first.harmonic_gain == pytest.approx((after - before) / 5)
    assert first.hops_now == 4
    assert len(others) == 1


def test_the_answer_holds_market_and_usual_channel_of_the_candidate():
    snapshot = a_snapshot(
        4,
        [(0, 1), (1, 2), (2, 3), (2, 3)],
        capacity_sat=[1_000, 1_000, 8_000, 5_000],
        policies={"fee_ppm": [[1, 10, 20, 30], [2, 40, 50, 60]]},
    )
    index, *rest = indexed(snapshot, overall=[1, 2, 3.5, 4])
    (answer,) = [
        one for one in best_new_peers(index, *rest, 0) if one.node_id == snapshot.node_hex(2)
    ]
    assert (answer.alias, answer.score, answer.hops_now) == ("node 2", 3.5, 2)
    assert (answer.median_inbound_ppm, answer.median_channel_sat) == (50, 5_000)


def test_a_node_in_another_piece_can_be_proposed_and_has_no_distance():
    index, *rest = indexed(a_snapshot(4, [(0, 1), (2, 3)]))
    answers = best_new_peers(index, *rest, 0)
    assert {answer.hops_now for answer in answers} == {None}
    assert answers[0].harmonic_gain == pytest.approx((1 + 1 / 2) / 3)


def test_a_node_without_channels_gets_proposals_too():
    index, *rest = indexed(a_snapshot(3, [(0, 1)]))
    assert [answer.harmonic_gain for answer in best_new_peers(index, *rest, 2)] == [0.75, 0.75]


def test_equal_gains_stand_in_the_order_of_the_scores():
    index, *rest = indexed(a_snapshot(3, [(0, 1)]), overall=[70, 80, 5])
    names = [answer.alias for answer in best_new_peers(index, *rest, 2)]
    assert names == ["node 1", "node 0"]


def test_candidates_are_the_best_by_score_then_capacity():
    snapshot = a_snapshot(4, [(0, 1), (2, 3)])
    capacity_sat = np.array([1, 2, 3, 4])
    index, *_ = indexed(snapshot, overall=[50, 50, 90, 10], limit=3, capacity_sat=capacity_sat)
    assert index.candidate.tolist() == [2, 1, 0]


def test_nodes_that_cannot_be_opened_to_are_no_candidates():
    """Never announced, without an address, mostly disabled, no known capacity, no score."""
    pairs = [(0, 1), (1, 2), (2, 3), (3, 4), (0, 3), (0, 5)]
    snapshot = a_snapshot(
        7,
        pairs,
        capacity_sat=[1_000, 1_000, 1_000, 1_000, 1_000, -1],
        nodes={
            "last_update": np.array([9, 0, 9, 9, 9, 9, 9]),
            "address_kinds": np.array([1, 1, 0, 1, 1, 1, 1], np.uint8),
        },
    )
    index, *_ = indexed(
        snapshot,
        overall=[50, 50, 50, 50, np.nan, 50, 50],
        disabled_ratio=np.array([0.5, 0, 0, 0.51, 0, 0, np.nan]),
    )
    assert index.candidate.tolist() == [0]


def test_a_dump_without_any_address_does_not_empty_the_list():
    snapshot = a_snapshot(3, [(0, 1)], nodes={"address_kinds": np.zeros(3, np.uint8)})
    assert len(indexed(snapshot)[0].candidate) == 2


def test_no_candidates_mean_no_proposals():
    index, *rest = indexed(a_snapshot(2, []))
    assert best_new_peers(index, *rest, 0) == ()


def test_figures_of_another_snapshot_are_refused():
    index, snapshot, measures, scores = indexed(a_snapshot(3, [(0, 1)]))
    other = a_snapshot(3, [(1, 2)])
    with pytest.raises(InvariantBroken):
        best_new_peers(index, other, measures, scores, 0)
    with pytest.raises(InvariantBroken):
        best_new_peers(index, snapshot, measures, some_scores(other), 0)
