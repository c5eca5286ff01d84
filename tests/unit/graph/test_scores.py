import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.builders import MORNING, a_snapshot

from daznode.domain.errors import InvalidParameter, InvariantBroken
from daznode.domain.gossip import GraphSnapshot
from daznode.domain.measures import HistoryMeasures, NodeMeasures, ScoreWeights
from daznode.graph.measures import MeasureParams, measure_network
from daznode.graph.policies import measure_policies
from daznode.graph.scores import ScoreCards, network_percentiles, score_card, score_nodes

NAN = float("nan")
DOCS = Path(__file__).parents[3] / "docs" / "scores.md"
DAY_SECONDS = 86_400
NAMES = ("Anna", "Ben", "Cleo", "Dan", "Eve")


def example_snapshot() -> GraphSnapshot:
    """The five nodes of docs/scores.md."""
    now = int(MORNING.timestamp())
    ages = np.array([[2, 4, 1, 20], [1, 1, 3, 30]])
    return a_snapshot(
        5,
        [(0, 1), (0, 2), (1, 2), (2, 3)],
        capacity_sat=[4_000_000, 3_000_000, 1_000_000, 3_000_000],
        nodes={"alias": NAMES},
        policies={
            "fee_ppm": [[100, 300, 100, 900], [200, 100, 50, 2**32 - 1]],
            "is_disabled": [[False] * 4, [False, False, True, False]],
            "base_fee_msat": 0,
            "cltv_delta": 40,
            "last_update": now - ages * DAY_SECONDS,
        },
    )


def example_measures(snapshot: GraphSnapshot, **columns: Any) -> NodeMeasures:
    """Measures of the example: the policies' by our code, the others by hand as in the docs."""
    policies = measure_policies(snapshot)
    root = 2.1700864866
    by_hand = {
        "peers": np.array([2, 2, 3, 1, 0]),
        "channels": np.array([2, 2, 3, 1, 0]),
        "capacity_sat": np.array([7_000_000, 5_000_000, 7_000_000, 3_000_000, 0]),
        "betweenness": np.array([0.0, 0.0, 2.0, 0.0, 0.0]),
        "fee_betweenness": np.array([1.0, 2.0, 2.0, 0.0, 0.0]),
        "closeness": np.array([3 / 4, 3 / 4, 1.0, 3 / 5, 0.0]),
        "harmonic": np.array([2.5, 2.5, 3.0, 2.0, 0.0]) / 4,
        "eigenvector": np.array([1 / (root - 1), 1 / (root - 1), 1.0, 1 / root, 0.0]),
        "fee_closeness": np.array([3 / 140.366, 3 / 130.244, 3 / 120.244, 0.0, 0.0]),
        "fee_reached": np.array([3, 3, 3, 0, 0]),
        "fair_capacity_sat": np.array([12_000_000, 14_000_000, 15_000_000, 0, 0]),
    }
    made = {
        "snapshot_id": snapshot.origin.snapshot_id,
        "params_hash": "a1b2c3d4",
        "amount_msat": 100_000_000,
        **{name: getattr(policies, name) for name in policies.__slots__},
        **by_hand,
    }
    return NodeMeasures(**(made | columns))


def some_history(n_nodes: int, **columns: Any) -> HistoryMeasures:
    made = {
        "span_days": 7.0,
        "n_snapshots": 8,
        "announced_ratio": np.linspace(0.5, 1.0, n_nodes),
        "policy_changes_per_channel_day": np.linspace(0.0, 3.0, n_nodes),
        "closes_per_year": np.linspace(0.0, 9.0, n_nodes),
    }
    return HistoryMeasures(**(made | columns))


def test_percentiles_place_ties_in_the_middle_and_leave_out_what_is_unknown():
    places = network_percentiles(np.array([5.0, NAN, 1.0, 5.0, 9.0, -np.inf]))
    np.testing.assert_array_equal(places, [62.5, NAN, 25.0, 62.5, 100.0, 0.0])


def test_one_known_value_has_no_place_among_others():
    assert np.isnan(network_percentiles(np.array([NAN, 3.0]))).all()


def test_the_worked_example_of_the_docs_is_what_the_code_computes():
    snapshot = example_snapshot()
    cards = ScoreCards(snapshot, example_measures(snapshot), None, ScoreWeights())
    text = DOCS.read_text(encoding="utf-8")
    table = text[text.index("### The five scores") :]
    rows = re.findall(r"^\| (\w+) \|(.+)\|$", table, flags=re.MULTILINE)
    documented = {name: cells.split("|") for name, cells in rows if name in NAMES}
    assert set(documented) == set(NAMES)
    for index, name in enumerate(NAMES):
        card = cards.of(index)
        computed = (card.centrality, card.reliability, card.performance, card.overall)
        shown = ["-" if score is None else f"{score:.2f}" for score in computed]
        assert [cell.strip() for cell in documented[name]] == [*shown, str(card.rank)]


def test_the_measures_made_by_hand_are_those_that_the_network_gives():
    snapshot = example_snapshot()
    by_hand = example_measures(snapshot)
    measured = measure_network(snapshot, MeasureParams(), threads=1)
    for name in ALL_MEASURES:
        np.testing.assert_allclose(
            getattr(by_hand, name), getattr(measured, name), rtol=1e-9, err_msg=name
        )


def test_measures_of_the_worked_example_are_those_of_the_docs():
    policies = measure_policies(example_snapshot())
    np.testing.assert_allclose(policies.fee_to_market, [3, 7 / 6, 1 / 2, NAN, NAN])
    np.testing.assert_allclose(policies.policy_balance, [1 / 2, 1 / 2, 1 / 3, NAN, NAN])
    np.testing.assert_allclose(policies.disabled_ratio, [0, 0, 1 / 3, 0, NAN])
    np.testing.assert_allclose(policies.policy_age_days, [3, 1, 3, 30, NAN])
    assert policies.age_blocks.tolist() == [30, 30, 20, 0, -1]
    assert policies.flow_beyond_peers_sat.tolist() == [4_000_000] * 3 + [3_000_000, 0]


def test_a_node_without_channels_has_centrality_only_and_says_why():
    snapshot = example_snapshot()
    card = ScoreCards(snapshot, example_measures(snapshot), some_history(5), ScoreWeights()).of(4)
    assert card.centrality == 0.0
    assert card.reliability is None
    assert card.performance is None
    assert card.overall == 0.0
    reasons = {row.reason for row in card.evidence if row.part != "centrality"}
    assert reasons == {"it has no channel"}
    assert all(row.weight == 0 for row in card.evidence if row.part != "centrality")


def test_unknown_measures_carry_no_weight_and_the_rest_is_scaled_up():
    snapshot = example_snapshot()
    card = ScoreCards(snapshot, example_measures(snapshot), None, ScoreWeights()).of(3)
    evidence = {row.name: row for row in card.evidence}
    assert evidence["fee_to_market"].value is None
    assert evidence["fee_to_market"].percentile is None
    assert evidence["fee_to_market"].weight == 0
    assert "price towards a peer" in str(evidence["fee_to_market"].reason)
    assert "one snapshot only" in str(evidence["announced_ratio"].reason)
    assert evidence["age_blocks"].weight == pytest.approx(0.25 / 0.70)
    assert evidence["fair_capacity_sat"].weight == pytest.approx(0.30 / 0.70)
    for part in ("centrality", "reliability", "performance"):
        assert sum(row.weight for row in card.evidence if row.part == part) == pytest.approx(1)


def test_unknown_is_not_the_middle_of_the_network():
    """Where the node's other measures are bad, an unknown one must not lift it as 50 would."""
    snapshot = example_snapshot()
    measures = example_measures(snapshot)
    unknown = score_nodes(measures, None, ScoreWeights())
    middle = replace(measures, fee_to_market=np.array([3.0, 7 / 6, 0.5, 2.0, NAN]))
    lifted = score_nodes(middle, None, ScoreWeights())
    assert unknown.performance[3] == 0.0
    card = ScoreCards(snapshot, middle, None, ScoreWeights()).of(3)
    assert 0 < next(row for row in card.evidence if row.name == "fee_to_market").percentile < 100
    assert unknown.params_hash == lifted.params_hash


def test_unknown_capacities_are_unknown_and_not_the_smallest():
    snapshot = example_snapshot()
    capacity_sat = np.array([0, 5_000_000, 7_000_000, 3_000_000, 0])
    measures = example_measures(snapshot, capacity_sat=capacity_sat)
    evidence = ScoreCards(snapshot, measures, None, ScoreWeights()).of(0).evidence
    by_name = {row.name: row for row in evidence}
    for name in ("capacity_sat", "flow_beyond_peers_sat"):
        assert by_name[name].percentile is None
        assert by_name[name].reason == "none of its channels states its capacity"


def test_history_counts_when_there_is_one():
    snapshot = example_snapshot()
    measures = example_measures(snapshot)
    without = score_nodes(measures, None, ScoreWeights())
    history = some_history(5, announced_ratio=np.array([0.1, 1.0, 1.0, 1.0, NAN]))
    with_history = score_nodes(measures, history, ScoreWeights())
    assert without.reliability[0] == without.reliability[1]
    assert with_history.reliability[0] < with_history.reliability[1]


def test_noise_of_the_last_digits_breaks_no_tie():
    snapshot = example_snapshot()
    harmonic = np.array([0.625, 0.625 * (1 + 1e-13), 0.75, 0.5, 0.0])
    measures = example_measures(snapshot, harmonic=harmonic)
    cards = ScoreCards(snapshot, measures, None, ScoreWeights())
    anna, ben = (
        next(row.percentile for row in cards.of(index).evidence if row.name == "harmonic")
        for index in (0, 1)
    )
    assert anna == ben == 62.5


def test_ties_share_the_better_place():
    snapshot = a_snapshot(4, [(0, 1), (1, 2), (2, 3), (0, 3)])
    equal = np.ones(4)
    columns = {
        row: equal.astype(np.int64) if row in INTEGERS else equal.copy() for row in ALL_MEASURES
    }
    best_first = np.array([0.0, 7.0, 7.0, 9.0])
    measures = NodeMeasures(
        snapshot.origin.snapshot_id, "x", 1, **(columns | {"betweenness": best_first})
    )
    scores = score_nodes(measures, None, ScoreWeights())
    assert scores.rank.tolist() == [4, 2, 2, 1]


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        (ScoreWeights(0.5, 0.5, 0.5), "sum to 1.5"),
        (ScoreWeights(1.2, -0.1, -0.1), "none below 0"),
        (ScoreWeights(NAN, 0.5, 0.5), "none below 0"),
    ],
)
def test_weights_that_do_not_sum_to_one_are_refused(weights: ScoreWeights, told: str):
    snapshot = example_snapshot()
    with pytest.raises(InvalidParameter, match=re.escape(told)):
        score_nodes(example_measures(snapshot), None, weights)


def test_a_part_of_weight_one_decides_alone():
    snapshot = example_snapshot()
    scores = score_nodes(example_measures(snapshot), None, ScoreWeights(1.0, 0.0, 0.0))
    np.testing.assert_array_equal(scores.overall, scores.centrality)


def test_a_node_of_which_nothing_counts_is_last_and_has_no_score():
    snapshot = example_snapshot()
    scores = score_nodes(example_measures(snapshot), None, ScoreWeights(0.0, 0.5, 0.5))
    assert np.isnan(scores.overall[4])
    assert scores.rank[4] == 5


def test_the_hash_follows_weights_and_measures():
    snapshot = example_snapshot()
    measures = example_measures(snapshot)
    hashes = {
        score_nodes(measures, None, ScoreWeights()).params_hash,
        score_nodes(measures, None, ScoreWeights(0.3, 0.4, 0.3)).params_hash,
        score_nodes(replace(measures, params_hash="ffff0000"), None, ScoreWeights()).params_hash,
    }
    assert len(hashes) == 3


def test_a_card_of_other_scores_is_refused():
    snapshot = example_snapshot()
    measures = example_measures(snapshot)
    other = score_nodes(measures, None, ScoreWeights(0.3, 0.4, 0.3))
    with pytest.raises(InvariantBroken):
        score_card(snapshot, measures, other, None, ScoreWeights(), 0)


def test_history_of_another_snapshot_is_refused():
    with pytest.raises(InvariantBroken, match="announced_ratio: 4 values for 5 nodes"):
        score_nodes(example_measures(example_snapshot()), some_history(4), ScoreWeights())


def test_a_card_holds_the_figures_of_the_node():
    snapshot = example_snapshot()
    measures = example_measures(snapshot)
    scores = score_nodes(measures, None, ScoreWeights())
    card = score_card(snapshot, measures, scores, None, ScoreWeights(), 2)
    assert (card.alias, card.node_id, card.n_nodes) == ("Cleo", snapshot.node_hex(2), 5)
    assert (card.overall, card.rank) == (scores.overall[2], scores.rank[2])
    values = {row.name: (row.value, row.unit) for row in card.evidence}
    assert values["capacity_sat"] == (7_000_000, "sat")
    assert values["age_blocks"] == (20, "blocks")
    assert values["fee_to_market"] == (0.5, "ratio")
    assert isinstance(values["capacity_sat"][0], int)


INTEGERS = {
    "peers",
    "channels",
    "capacity_sat",
    "fee_reached",
    "fair_capacity_sat",
    "flow_beyond_peers_sat",
    "age_blocks",
}
ALL_MEASURES = list(NodeMeasures.__slots__)[3:]


def test_one_offline_peer_among_forty_says_less_than_one_among_two():
    snapshot = example_snapshot()
    measures = example_measures(
        snapshot,
        channels=np.array([40, 2, 2, 40, 0]),
        disabled_ratio=np.array([1 / 40, 0.0, 1 / 2, 30 / 40, NAN]),
        policy_age_days=np.ones(5),
    )
    cards = ScoreCards(snapshot, measures, None, ScoreWeights())
    places = [
        next(item.percentile for item in cards.of(node).evidence if item.name == "disabled_ratio")
        for node in range(4)
    ]
    assert places == sorted(places, reverse=True)
    assert len(set(places)) == 4
