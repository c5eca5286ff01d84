"""Measures by hops on networks small enough to do by hand."""

import numpy as np
import pytest
from tests.builders import a_snapshot

from daznode.domain.gossip import GraphSnapshot
from daznode.graph.arrays import simple_undirected
from daznode.graph.centrality import (
    betweenness,
    components,
    eigenvector,
    hop_measures,
    neighbours_together,
)
from daznode.graph.parallel import Crew

ALONE = Crew(1)
A_KITE = a_snapshot(5, [(0, 1), (1, 2), (2, 0), (2, 3), (3, 4)])


def by_snapshot(snapshot: GraphSnapshot, values: np.ndarray) -> list[float]:
    back = simple_undirected(snapshot).snapshot_index
    return [float(values[list(back).index(node)]) for node in range(snapshot.n_nodes)]


def test_betweenness_of_a_kite() -> None:
    """A triangle on a string: 2 lies between {0, 1} and {3, 4}, 3 between 4 and the rest."""
    values = betweenness(simple_undirected(A_KITE), ALONE)
    assert by_snapshot(A_KITE, values) == [0.0, 0.0, 4.0, 3.0, 0.0]


def test_two_shortest_paths_share_a_pair() -> None:
    """A square: each corner has half of the one pair opposite."""
    square = a_snapshot(4, [(0, 1), (1, 2), (2, 3), (0, 3)])
    assert by_snapshot(square, betweenness(simple_undirected(square), ALONE)) == [0.5] * 4


def test_closeness_of_a_kite() -> None:
    """Node 4 has hops 1, 2, 3 and 3."""
    measures = hop_measures(simple_undirected(A_KITE), ALONE)
    assert by_snapshot(A_KITE, measures.closeness)[4] == pytest.approx(4 / 9)
    assert by_snapshot(A_KITE, measures.harmonic)[4] == pytest.approx((1 + 1 / 2 + 2 / 3) / 4)


def test_closeness_stays_within_a_component_and_harmonic_does_not() -> None:
    """A pair apart from a triangle."""
    apart = a_snapshot(5, [(0, 1), (2, 3), (3, 4), (2, 4)])
    measures = hop_measures(simple_undirected(apart), ALONE)
    assert by_snapshot(apart, measures.closeness) == [1.0] * 5
    assert by_snapshot(apart, measures.harmonic) == pytest.approx([0.25, 0.25, 0.5, 0.5, 0.5])


def test_components_are_numbered() -> None:
    """Equal numbers, equal component."""
    apart = a_snapshot(5, [(0, 1), (2, 3)])
    labels = by_snapshot(apart, components(simple_undirected(apart)))
    assert labels[0] == labels[1]
    assert labels[2] == labels[3]
    assert len(set(labels)) == 3


def test_eigenvector_of_a_star_is_bipartite_and_known() -> None:
    """Four leaves have half of the centre: 1/sqrt(4)."""
    star = a_snapshot(7, [(0, 1), (0, 2), (0, 3), (0, 4), (5, 6)])
    values = by_snapshot(star, eigenvector(simple_undirected(star), ALONE))
    assert values == pytest.approx([1.0, 0.5, 0.5, 0.5, 0.5, 0.0, 0.0])


def test_of_equal_components_the_first_node_decides() -> None:
    """So that the answer does not hang on internal numbers."""
    twins = a_snapshot(4, [(1, 3), (0, 2)])
    values = by_snapshot(twins, eigenvector(simple_undirected(twins), ALONE))
    assert values == pytest.approx([1.0, 0.0, 1.0, 0.0])


def test_a_long_chain_on_a_dense_core_is_told() -> None:
    """Entries fall beyond what float64 can hold at the far end; the core is known all the same."""
    core = [(i, j) for i in range(12) for j in range(i)]
    chain = [(0, 12)] + [(i, i + 1) for i in range(12, 400)]
    snapshot = a_snapshot(401, core + chain)
    values = by_snapshot(snapshot, eigenvector(simple_undirected(snapshot), ALONE))
    assert np.isfinite(values).all()
    assert values[0] == 1.0
    assert values[13] / values[12] == pytest.approx(values[14] / values[13], rel=1e-6)


def test_a_path_too_long_to_tell_is_not_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the iteration runs out of work, the component is unknown, not guessed."""
    monkeypatch.setattr("daznode.graph.centrality._EIGENVECTOR_EDGE_VISITS", 5_000)
    path = a_snapshot(200, [(i, i + 1) for i in range(198)])
    values = by_snapshot(path, eigenvector(simple_undirected(path), ALONE))
    assert np.isnan(values[:199]).all()
    assert values[199] == 0.0


def test_neighbours_of_the_same_hub_stand_together() -> None:
    """Sources in the order of their largest hubs; nodes without edges are no sources."""
    two_stars = a_snapshot(9, [(0, 2), (1, 3), (0, 4), (1, 5), (0, 6), (1, 7), (0, 1)])
    network = simple_undirected(two_stars)
    order = [int(network.snapshot_index[node]) for node in neighbours_together(*rows(network))]
    assert sorted(order) == list(range(8))
    hubs = [0 if node % 2 == 0 else 1 for node in order if node > 1]
    assert hubs == sorted(hubs) or hubs == sorted(hubs, reverse=True)


def rows(network: object) -> tuple[np.ndarray, np.ndarray]:
    return network.indptr, network.indices  # type: ignore[attr-defined]
