from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from daznode.domain.measures import HistoryMeasures, NodeMeasures, ScoreWeights
from daznode.graph.scored import SCORED, ScoredMeasure
from daznode.graph.scores import network_percentiles, score_nodes

WHOLE = {
    "peers",
    "channels",
    "capacity_sat",
    "fee_reached",
    "fair_capacity_sat",
    "flow_beyond_peers_sat",
    "age_blocks",
}
RATIOS = {"disabled_ratio", "policy_balance", "announced_ratio", "harmonic", "eigenvector"}
# A thousandth apart at least: what is nearer than a billionth counts as equal, which is tested apart.
VALUES = st.one_of(
    st.integers(1, 6).map(float), st.integers(1, 1_000_000).map(lambda value: value / 1_000)
)
Network = tuple[NodeMeasures, HistoryMeasures]


@st.composite
def some_networks(draw: Any) -> Network:
    """Measures of a few nodes, with unknown ones where a measure can be unknown."""
    n_nodes = draw(st.integers(2, 7))
    columns = {}
    for row in SCORED:
        can_be_unknown = row.part != "centrality" and row.name not in WHOLE
        values = VALUES.map(lambda value: min(value, 1.0)) if row.name in RATIOS else VALUES
        drawn = st.one_of(values, st.just(np.nan)) if can_be_unknown else values
        column = np.array(draw(st.lists(drawn, min_size=n_nodes, max_size=n_nodes)))
        columns[row.name] = column.astype(np.int64) if row.name in WHOLE else column
    columns["channels"] = np.clip(columns["channels"], 1, 50)
    columns["capacity_sat"] = np.maximum(columns["capacity_sat"], 1)
    historic = {row.name: columns.pop(row.name) for row in SCORED if row.is_historic}
    return NodeMeasures("s", "m", 1, **columns), HistoryMeasures(7.0, 8, **historic)


def raised(network: Network, row: ScoredMeasure, node: int, factor: float) -> Network:
    """The network with one measure of one node made better, if it is known."""
    measures, history = network
    owner = history if row.is_historic else measures
    column = getattr(owner, row.name).copy()
    value = column[node]
    better = {
        "disabled_ratio": value / factor,
        "policy_changes_per_channel_day": value / factor,
        "closes_per_year": value / factor,
        "fee_to_market": value ** (1 / factor),
        "policy_age_days": 7.0 if not np.isnan(value) else value,
    }
    column[node] = better.get(row.name, value * factor)
    changed = replace(owner, **{row.name: column})
    return (measures, changed) if row.is_historic else (changed, history)


@settings(deadline=None, max_examples=80)
@given(
    network=some_networks(),
    row=st.sampled_from([row for row in SCORED if row.weight > 0]),
    node=st.integers(0, 6),
    factor=st.floats(1.0, 100.0),
)
def test_a_better_measure_never_lowers_its_part(
    network: Network, row: ScoredMeasure, node: int, factor: float
):
    node %= len(network[0].channels)
    before = score_nodes(*network, ScoreWeights())
    after = score_nodes(*raised(network, row, node, factor), ScoreWeights())
    one, other = getattr(before, row.part)[node], getattr(after, row.part)[node]
    assert np.isnan(one) == np.isnan(other)
    if not np.isnan(one):
        assert other >= one


@settings(deadline=None, max_examples=60)
@given(network=some_networks(), order=st.randoms(use_true_random=False))
def test_the_order_of_the_nodes_changes_no_score(network: Network, order: Any):
    measures, history = network
    permutation = np.arange(len(measures.channels))
    order.shuffle(permutation)

    def shuffled(owner: Any) -> Any:
        columns = {
            name: getattr(owner, name)[permutation]
            for name in owner.__slots__
            if isinstance(getattr(owner, name), np.ndarray)
        }
        return replace(owner, **columns)

    plain = score_nodes(measures, history, ScoreWeights())
    mixed = score_nodes(shuffled(measures), shuffled(history), ScoreWeights())
    for name in ("overall", "centrality", "reliability", "performance", "rank"):
        np.testing.assert_array_equal(getattr(plain, name)[permutation], getattr(mixed, name))


@settings(deadline=None, max_examples=60)
@given(network=some_networks())
def test_unknown_measures_are_as_if_they_did_not_exist(network: Network):
    """Each part equals a plain recomputation that never looks at an unknown figure."""
    measures, history = network
    scores = score_nodes(measures, history, ScoreWeights())
    n_nodes = len(measures.channels)
    for part in ("centrality", "reliability", "performance"):
        means = []
        places = {}
        for row in (row for row in SCORED if row.part == part):
            owner = history if row.is_historic else measures
            goodness = row.goodness(getattr(owner, row.name).astype(float), measures)
            places[row.name] = plain_percentiles([float(f"{value:.9g}") for value in goodness])
        for node in range(n_nodes):
            terms = [
                (row.weight, places[row.name][node])
                for row in SCORED
                if row.part == part and places[row.name][node] is not None and row.weight > 0
            ]
            weight = sum(share for share, _ in terms)
            means.append(sum(share * place for share, place in terms) / weight if terms else None)
        expected = plain_percentiles([np.nan if mean is None else round(mean, 7) for mean in means])
        got = [None if np.isnan(value) else value for value in getattr(scores, part)]
        assert got == expected


def plain_percentiles(values: list[float]) -> list[float | None]:
    """Percentiles by counting, in plain Python."""
    known = [value for value in values if not np.isnan(value)]
    if len(known) < 2:
        return [None] * len(values)
    return [
        None
        if np.isnan(value)
        else 100.0
        * (sum(other < value for other in known) + (sum(o == value for o in known) - 1) / 2)
        / (len(known) - 1)
        for value in values
    ]


@settings(deadline=None, max_examples=80)
@given(
    values=st.lists(
        st.one_of(st.integers(0, 3).map(float), st.just(np.nan), st.just(-np.inf)), max_size=12
    )
)
def test_percentiles_equal_counting(values: list[float]):
    got = [None if np.isnan(place) else place for place in network_percentiles(np.array(values))]
    assert got == plain_percentiles(values)
