"""The referee sees nothing where there is nothing."""

import numpy as np
import pytest

from daznode.domain.errors import InvalidParameter
from daznode.simulate.referee.null_test import NullKind, size_of_test


def pilot(seed=0, n_nodes=200, n_seeds=4, shift=0.0):
    rng = np.random.default_rng(seed)
    return rng.normal(shift, 3.0, (n_nodes, 1)) + rng.normal(0.0, 2.0, (n_nodes, n_seeds))


@pytest.mark.parametrize("null", NullKind)
def test_the_test_keeps_its_size_at_twenty_nodes(null):
    found = size_of_test(pilot(), 800, np.random.default_rng(1), null=null, n_nodes=20)
    assert found.false_alarms.low <= 0.05 <= found.false_alarms.high
    assert found.coverage.low <= 0.95 <= found.coverage.high
    assert (found.n_nodes, found.n_seeds, found.n_simulations, found.null) == (20, 4, 800, null)


@pytest.mark.parametrize("null", NullKind)
def test_a_real_difference_of_the_pilot_is_taken_away(null):
    found = size_of_test(pilot(shift=50.0), 200, np.random.default_rng(2), null=null, n_nodes=20)
    assert found.false_alarms.mean < 0.12


def test_nodes_of_very_different_size_do_not_make_it_eager():
    differences = pilot(seed=3) * np.exp(np.random.default_rng(4).normal(0, 1, (200, 1)))
    found = size_of_test(differences, 400, np.random.default_rng(5), n_nodes=20)
    assert found.false_alarms.low <= 0.05
    assert found.coverage.high >= 0.95


def test_it_tells_where_lopsided_nodes_make_it_eager():
    lopsided = np.exp(2 * np.random.default_rng(6).normal(size=(200, 1)))
    found = size_of_test(lopsided, 200, np.random.default_rng(7), null=NullKind.CENTRED, n_nodes=12)
    assert found.false_alarms.low > 0.05


def test_equal_copies_never_differ():
    found = size_of_test(np.zeros((20, 3)), 50, np.random.default_rng(0))
    assert found.false_alarms.mean == 0.0
    assert found.coverage.mean == 1.0
    assert found.n_nodes == 20


def test_equal_chance_gives_equal_figures():
    first, second = (
        size_of_test(pilot(n_nodes=12), 30, np.random.default_rng(9)) for _ in range(2)
    )
    assert first == second


@pytest.mark.parametrize(("n_nodes", "drawn", "simulations"), [(1, None, 5), (5, 1, 5), (5, 5, 0)])
def test_too_little_is_refused(n_nodes, drawn, simulations):
    with pytest.raises(InvalidParameter, match="null test"):
        size_of_test(pilot(n_nodes=n_nodes), simulations, np.random.default_rng(0), n_nodes=drawn)
