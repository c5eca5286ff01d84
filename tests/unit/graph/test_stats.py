import numpy as np
import pytest
from hypothesis import given, settings
from networkx import MultiGraph, connected_components
from tests.builders import a_snapshot
from tests.random_snapshots import random_snapshots

from daznode.domain.gossip import AddressKind, GraphSnapshot
from daznode.graph.stats import network_stats, whole_median

TOR, IPV4 = AddressKind.TOR, AddressKind.IPV4


def test_the_figures_of_a_small_network():
    """Nodes 0-1-2 with a parallel channel and a leaf, 3-4 apart, 5 alone and never announced."""
    snapshot = a_snapshot(
        6,
        [(0, 1), (0, 1), (1, 2), (3, 4)],
        capacity_sat=[1_000_000, 2_000_001, 4_000_000, -1],
        nodes={
            "last_update": np.array([9, 9, 9, 9, 9, 0]),
            "address_kinds": np.array([TOR, TOR | IPV4, TOR, IPV4, 0, TOR], np.uint8),
        },
        policies={
            "is_present": [[True, True, True, True], [True, True, True, False]],
            "is_disabled": [[False, True, False, False], [False, False, False, False]],
            "fee_ppm": [[10, 7, 30, 40], [50, 60, 71, 0]],
            "base_fee_msat": [[0, 9, 0, 1], [1_000, 1_000, 1_000, 0]],
            "inbound_fee_ppm": [[0, -5, 0, 0], [0, 0, 3, 0]],
        },
    )
    stats = network_stats(snapshot)
    assert stats.snapshot_id == snapshot.origin.snapshot_id
    assert (stats.n_nodes, stats.n_announced_nodes, stats.n_isolated_nodes) == (6, 5, 1)
    assert (stats.n_channels, stats.n_pairs) == (4, 3)
    assert (stats.capacity_sat, stats.median_capacity_sat) == (7_000_001, 2_000_001)
    assert stats.mean_capacity_sat == 2_333_334
    assert (stats.median_fee_ppm, stats.median_base_fee_msat) == ((40 + 50) // 2, 500)
    assert stats.inbound_fee_policies == 2
    assert (stats.missing_policies, stats.disabled_policies) == (1, 1)
    assert (stats.median_degree, stats.largest_degree) == (1, 3)
    assert stats.leaf_ratio == 4 / 5
    assert stats.largest_component == 3
    assert stats.tor_only_nodes == 2


def test_a_network_without_channels_has_no_medians():
    stats = network_stats(a_snapshot(2, []))
    assert stats.median_capacity_sat is None
    assert stats.mean_capacity_sat is None
    assert stats.median_fee_ppm is None
    assert stats.median_base_fee_msat is None
    assert stats.median_degree is None
    assert (stats.leaf_ratio, stats.largest_degree, stats.largest_component) == (0.0, 0, 1)


def test_a_network_without_nodes_has_figures_too():
    assert network_stats(a_snapshot(0, [])).largest_component == 0


@settings(deadline=None, max_examples=60)
@given(snapshot=random_snapshots())
def test_components_pairs_and_degrees_are_those_of_networkx(snapshot: GraphSnapshot):
    graph = MultiGraph()
    graph.add_nodes_from(range(snapshot.n_nodes))
    channels = snapshot.channels
    graph.add_edges_from(zip(channels.node1.tolist(), channels.node2.tolist(), strict=True))
    stats = network_stats(snapshot)
    assert stats.largest_component == max(len(part) for part in connected_components(graph))
    assert stats.n_pairs == len({frozenset(edge) for edge in graph.edges()})
    assert stats.largest_degree == max(degree for _, degree in graph.degree())
    leaves = sum(len(set(graph[node])) == 1 for node in graph)
    linked = sum(degree > 0 for _, degree in graph.degree())
    assert stats.leaf_ratio == (leaves / linked if linked else 0.0)
    assert stats.n_isolated_nodes == snapshot.n_nodes - linked


@pytest.mark.parametrize(
    ("values", "expected"), [([], None), ([7], 7), ([1, 4], 2), ([9, 1, 5], 5), ([4, 1, 3, 2], 2)]
)
def test_the_median_of_whole_numbers_is_whole(values: list[int], expected: int | None):
    assert whole_median(np.array(values, np.int64)) == expected
