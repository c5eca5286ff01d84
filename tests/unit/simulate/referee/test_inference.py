"""Intervals, tests and corrections for few nodes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from daznode.simulate.referee.inference import (
    SIGNIFICANCE,
    fewest_units,
    holm,
    mean_intervals,
    sign_flip_p_value,
    wilson,
)

SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=12).map(np.array)
DIFFERENCES = arrays(
    np.float64,
    st.tuples(st.integers(1, 9), st.integers(1, 4)),
    elements=st.floats(-1e6, 1e6, allow_subnormal=False),
)


def interval(values, seed=1, resamples=1_000):
    (found,) = mean_intervals(
        np.asarray(values, dtype=np.float64)[np.newaxis], np.random.default_rng(seed), resamples
    )
    return found


def p_value(values, seed=1):
    return sign_flip_p_value(np.asarray(values, dtype=np.float64), np.random.default_rng(seed))


@given(DIFFERENCES)
def test_an_interval_holds_its_estimate(values):
    found = interval(values, resamples=50)
    assert found.low <= found.mean <= found.high
    assert found.mean == pytest.approx(values.mean(), abs=1e-6)


@given(st.integers(2, 30), st.integers(1, 4), st.floats(-1e4, 1e4), st.floats(0.1, 10))
def test_an_interval_moves_and_stretches_with_its_values(n_nodes, n_seeds, shift, factor):
    values = np.random.default_rng(n_nodes).normal(size=(n_nodes, n_seeds))
    plain, moved = interval(values, resamples=50), interval(values * factor + shift, resamples=50)
    for end in ("mean", "low", "high"):
        assert getattr(moved, end) == pytest.approx(getattr(plain, end) * factor + shift)


def test_an_interval_shrinks_with_more_nodes():
    rng = np.random.default_rng(5)
    widths = [
        found.high - found.low
        for found in (interval(rng.normal(size=(n, 3))) for n in (8, 32, 128))
    ]
    assert widths[0] > 1.5 * widths[1] > 2.25 * widths[2]


def test_few_nodes_take_students_quantile():
    values = np.array([[1.0], [2.0], [3.0]])
    reach = 4.302653 * 1.0 / np.sqrt(3)
    assert interval(values).low == pytest.approx(2.0 - reach, rel=1e-6)
    assert interval(values).high == pytest.approx(2.0 + reach, rel=1e-6)


def test_one_node_is_judged_by_its_seeds_and_one_run_by_nothing():
    assert interval([[1.0, 2.0, 3.0]]) == interval([[1.0], [2.0], [3.0]])
    assert interval([[7.0]]).low == -np.inf
    assert interval([[7.0]]).high == np.inf
    assert p_value([[7.0]]) == 1.0


def test_equal_values_leave_no_doubt():
    found = interval(np.full((20, 3), 0.1))
    assert found.low == found.high == pytest.approx(0.1)


def test_nodes_without_a_difference_do_not_make_an_interval_endless():
    values = np.zeros((20, 2))
    values[3] = 5.0
    found = interval(values)
    assert found.mean - found.low == pytest.approx(2 * 2.093024 * 0.25)


def test_signs_are_counted_out_for_few_nodes():
    assert p_value([[1.0], [2.0], [3.0]]) == 2 / 8
    assert p_value([[1.0], [2.0], [-3.0]]) == 1.0
    assert p_value(np.ones((14, 1))) == 2 / 2**14


def test_drawn_signs_never_give_zero_and_come_close_to_all_of_them():
    assert p_value(np.ones((40, 1))) == 1 / 10_001
    values = np.random.default_rng(9).normal(0.5, 1.0, (14, 2))
    with_nothing_added = np.vstack([values, np.zeros((1, 2))])
    assert p_value(with_nothing_added) == pytest.approx(p_value(values), abs=0.02)


@given(DIFFERENCES)
def test_the_sign_of_all_differences_does_not_matter_to_the_test(values):
    assert p_value(values) == p_value(-values)
    assert 0 < p_value(values) <= 1


@given(DIFFERENCES, st.randoms(use_true_random=False))
def test_the_order_of_nodes_does_not_matter_to_a_test_that_counts_all(values, shuffler):
    order = list(range(len(values)))
    shuffler.shuffle(order)
    assert p_value(values[order]) == p_value(values)


@given(st.integers(1, 40))
def test_the_fewest_units_are_the_fewest_that_can_make_a_claim(comparisons):
    def best(n_units):
        """The corrected p-value of a policy that wins everywhere beside others that do nothing."""
        won = p_value(np.full((n_units, 1), 5.0))
        return holm(np.array([won, *[1.0] * (comparisons - 1)]))[0]

    fewest = fewest_units(comparisons)
    assert best(fewest) <= SIGNIFICANCE
    assert best(fewest - 1) > SIGNIFICANCE


@given(SHARES)
def test_holm_keeps_the_order_and_only_raises(p_values):
    corrected = holm(p_values)
    order = np.argsort(p_values, kind="stable")
    assert (np.diff(corrected[order]) >= 0).all()
    assert (corrected >= p_values).all()
    assert corrected.max() <= 1
    assert corrected.min() == pytest.approx(min(1.0, p_values.min() * len(p_values)))


@given(SHARES, st.data())
def test_holm_never_falls_when_a_p_value_rises(p_values, data):
    place = data.draw(st.integers(0, len(p_values) - 1))
    raised = p_values.copy()
    raised[place] = data.draw(st.floats(p_values[place], 1))
    assert (holm(raised) >= holm(p_values) - 1e-12).all()


def test_holm_against_a_worked_example():
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_wilson_against_a_worked_example():
    found = wilson(10, 100)
    assert (found.mean, found.low, found.high) == pytest.approx((0.1, 0.0552, 0.1744), abs=1e-4)
    assert wilson(0, 50).low == 0.0
    assert wilson(50, 50).high == 1.0
    assert wilson(0, 50).high == pytest.approx(0.0713, abs=1e-4)
