"""Every measure of every node against networkx, on any network that Hypothesis can think of."""

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.builders import a_snapshot
from tests.property.oracles import announced_graph, expected_measures

from daznode.domain.gossip import GraphSnapshot
from daznode.graph.measures import MeasureParams, measure_network

RELATIVE = 1e-9


@st.composite
def pairs_of(draw: st.DrawFn, n_nodes: int) -> list[tuple[int, int]]:
    """Channels: trees, forests, dense patches, parallel ones, or none at all."""
    if n_nodes < 2:
        return []
    numbers = st.integers(0, n_nodes - 1)
    anything = st.tuples(numbers, numbers).filter(lambda pair: pair[0] != pair[1])
    tree = st.integers(1, n_nodes - 1).flatmap(
        lambda node: st.tuples(st.integers(0, node - 1), st.just(node))
    )
    few = st.integers(0, min(3, n_nodes - 2)).flatmap(
        lambda hub: st.tuples(st.just(hub), st.integers(hub + 1, n_nodes - 1))
    )
    kind = draw(st.sampled_from([anything, tree, few, st.one_of(anything, tree)]))
    return draw(st.lists(kind, max_size=3 * n_nodes))


@st.composite
def snapshots(draw: st.DrawFn) -> GraphSnapshot:
    """Networks whose policies tie, are missing, disabled, too small, or ask for too much."""
    n_nodes = draw(st.integers(1, 22))
    pairs = draw(pairs_of(n_nodes))
    n_channels = len(pairs)

    def columns(*values: int) -> np.ndarray:
        one = st.sampled_from(values)
        drawn = draw(st.lists(one, min_size=2 * n_channels, max_size=2 * n_channels))
        return np.array(drawn).reshape(2, n_channels)

    capacities = st.sampled_from([-1, 50_000, 100_000, 2_000_000, 10**9])
    capacity_sat = draw(st.lists(capacities, min_size=n_channels, max_size=n_channels))
    dear = draw(st.booleans())
    return a_snapshot(
        n_nodes,
        pairs,
        capacity_sat=np.array(capacity_sat, np.int64).reshape(n_channels),
        policies={
            "is_present": columns(1, 1, 1, 1, 0),
            "is_disabled": columns(0, 0, 0, 0, 1),
            "base_fee_msat": columns(0, 0, 1000),
            # 2^32-1 is "do not route"; 99 % leads costs beyond 32 bits for a large payment.
            "fee_ppm": columns(0, 990_000, 1_000_000) if dear else columns(0, 1, 500, 2**32 - 1),
            "cltv_delta": columns(0, 40, 40, 144),
            "htlc_minimum_msat": columns(0, 1000, 1000, 10**9),
            "htlc_maximum_msat": columns(-1, 0, 10**8, 10**13, 1000),
        },
    )


def check(snapshot: GraphSnapshot, params: MeasureParams) -> None:
    measures = measure_network(snapshot, params, threads=1)
    for name, values in expected_measures(snapshot, params).items():
        np.testing.assert_allclose(
            getattr(measures, name).astype(np.float64),
            np.array(values, np.float64),
            rtol=RELATIVE,
            atol=1e-12,
            err_msg=name,
        )


@settings(
    deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(
    snapshot=snapshots(),
    amount_msat=st.sampled_from([1, 1_000, 100_000_000, 1_000_000_000, 10**12]),
    fair_price_ppm=st.sampled_from([0, 1, 1_000, 20_000, 1_000_000]),
)
@example(a_snapshot(1, []), 100_000_000, 1_000)
@example(a_snapshot(2, [(0, 1), (0, 1)]), 100_000_000, 1_000)
@example(a_snapshot(7, [(0, 1), (2, 3), (3, 4)]), 100_000_000, 1_000_000)
def test_measures_equal_networkx(
    snapshot: GraphSnapshot, amount_msat: int, fair_price_ppm: int
) -> None:
    """Searches, folding, ties and fallbacks give what the plain definitions give."""
    check(snapshot, MeasureParams(amount_msat, fair_price_ppm))


@settings(deadline=None, max_examples=60, derandomize=True)
@given(snapshot=snapshots())
def test_eigenvector_solves_its_equation_in_the_largest_component(snapshot: GraphSnapshot) -> None:
    """Against a dense eigensolver: positive, largest entry 1, zero elsewhere."""
    eigen = measure_network(snapshot, MeasureParams(), threads=1).eigenvector
    matrix = np.zeros((snapshot.n_nodes, snapshot.n_nodes))
    for first, second in announced_graph(snapshot).edges:
        matrix[first, second] = matrix[second, first] = 1.0
    if not matrix.any():
        assert not eigen.any()
        return
    members = np.flatnonzero(eigen)
    reachable = np.linalg.matrix_power(np.eye(len(matrix)) + matrix, len(matrix)) > 0
    sizes = reachable.sum(axis=1)
    assert sizes[members[0]] == sizes.max()
    assert set(members) == set(np.flatnonzero(reachable[members[0]]))
    values, vectors = np.linalg.eigh(matrix[np.ix_(members, members)])
    expected = np.abs(vectors[:, np.argmax(values)])
    np.testing.assert_allclose(eigen[members], expected / expected.max(), rtol=RELATIVE, atol=1e-10)


@pytest.mark.parametrize("threads", [2, 3, 5])
def test_threads_change_no_bit(threads: int) -> None:
    """Sums are made in one order, whoever makes them."""
    rng = np.random.default_rng(5)
    n_nodes, n_channels = 900, 2_600
    ends = np.sort(rng.integers(0, n_nodes, (n_channels, 2)) ** 2 // n_nodes, axis=1)
    pairs = [tuple(pair) for pair in ends.tolist() if pair[0] != pair[1]]
    shape = (2, len(pairs))
    snapshot = a_snapshot(
        n_nodes, pairs, policies={"fee_ppm": rng.integers(0, 40, shape), "base_fee_msat": 0}
    )
    alone = measure_network(snapshot, MeasureParams(), threads=1)
    together = measure_network(snapshot, MeasureParams(), threads=threads)
    for name in ("betweenness", "fee_betweenness", "closeness", "harmonic", "eigenvector"):
        assert getattr(alone, name).tobytes() == getattr(together, name).tobytes(), name
    assert alone.fee_closeness.tobytes() == together.fee_closeness.tobytes()
    assert alone.fair_capacity_sat.tobytes() == together.fair_capacity_sat.tobytes()
