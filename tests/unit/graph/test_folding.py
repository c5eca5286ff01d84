"""Leaves and cores."""

import numpy as np
from tests.builders import a_snapshot

from daznode.graph.arrays import cheapest_directed, degrees, simple_undirected
from daznode.graph.folding import NO_EDGE, fold_directed, fold_undirected


def test_a_star_folds_into_its_centre() -> None:
    """The core is one node without edges."""
    folded = fold_undirected(simple_undirected(a_snapshot(5, [(0, 1), (0, 2), (0, 3), (0, 4)])))
    assert folded.leaves.tolist() == [4]
    assert len(folded.indices) == 0


def test_of_two_nodes_with_only_each_other_one_stays() -> None:
    """Somebody has to be the root."""
    folded = fold_undirected(simple_undirected(a_snapshot(4, [(0, 1), (2, 3)])))
    assert sorted(folded.leaves.tolist()) == [1, 1]
    assert len(folded.leaf) == 2


def test_isolated_nodes_stay_in_the_core() -> None:
    """They have nobody to hang on."""
    folded = fold_undirected(simple_undirected(a_snapshot(3, [])))
    assert folded.leaves.tolist() == [0, 0, 0]


def test_a_caterpillar_loses_its_legs_only() -> None:
    """One round: the spine is a path, whose ends are leaves too if they have no legs."""
    spine = [(0, 1), (1, 2), (2, 3)]
    legs = [(0, 4), (1, 5), (2, 6), (3, 7)]
    folded = fold_undirected(simple_undirected(a_snapshot(8, spine + legs)))
    assert sorted(folded.leaves.tolist()) == [1, 1, 1, 1]
    assert sorted(degrees(folded.indptr).tolist()) == [1, 1, 2, 2]


def test_a_one_way_leaf_keeps_its_one_direction() -> None:
    """The missing one is marked, the other priced."""
    snapshot = a_snapshot(
        4,
        [(0, 1), (1, 2), (0, 2), (0, 3)],
        policies={
            "is_present": [[True] * 4, [True, True, True, False]],
            "base_fee_msat": 7,
            "fee_ppm": 0,
            "cltv_delta": 0,
        },
    )
    network = cheapest_directed(snapshot, 1_000_000)
    folded = fold_directed(network)
    assert network.snapshot_index[folded.leaf].tolist() == [3]
    assert network.snapshot_index[folded.core[folded.root]].tolist() == [0]
    assert folded.up_msat.tolist() == [NO_EDGE]
    assert folded.down_msat.tolist() == [8]
    assert [counts.tolist()[int(folded.root[0])] for counts in folded.leaf_counts()] == [0, 1, 0]


def test_core_rows_agree_in_both_orders() -> None:
    """By sender and by receiver the same edges at the same costs."""
    folded = fold_directed(cheapest_directed(a_snapshot(9), 1_000_000))
    tail = np.repeat(np.arange(len(folded.core)), degrees(folded.indptr))
    head = np.repeat(np.arange(len(folded.core)), degrees(folded.back_indptr))
    ahead = set(zip(tail, folded.indices, folded.cost_msat, strict=True))
    back = set(zip(folded.back_indices, head, folded.back_cost_msat, strict=True))
    assert ahead == back
    assert len(ahead) > 0
