"""How many nodes, seeds and days it takes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daznode.domain.errors import InvalidParameter
from daznode.simulate.referee.inference import sign_flip_p_value
from daznode.simulate.referee.power import Aim, Spread, aim_at, needed, power_of, spread

PILOT = Spread(mean=1.0, between_nodes=1.0, within_nodes=4.0, days=10)
POSITIVE = st.floats(0.01, 100)


def test_components_are_found_again():
    rng = np.random.default_rng(2)
    nodes = rng.normal(5.0, 3.0, (4_000, 1))
    found = spread(nodes + rng.normal(0.0, 2.0, (4_000, 4)), 12)
    assert found.mean == pytest.approx(5.0, abs=0.2)
    assert found.between_nodes == pytest.approx(9.0, rel=0.1)
    assert found.within_nodes == pytest.approx(4.0, rel=0.1)
    assert found.days == 12


def test_nodes_that_are_alike_have_no_spread_between_them():
    found = spread(np.array([[1.0, 3.0], [3.0, 1.0]]), 1)
    assert (found.between_nodes, found.within_nodes) == (0.0, 2.0)


@pytest.mark.parametrize(("shape", "days"), [((1, 5), 1), ((5, 1), 1), ((2, 2), 0)])
def test_a_pilot_without_spread_is_refused(shape, days):
    with pytest.raises(InvalidParameter, match="a pilot needs"):
        spread(np.zeros(shape), days)


@given(POSITIVE, POSITIVE, POSITIVE, st.integers(6, 60), st.integers(1, 20), st.integers(1, 60))
def test_more_of_anything_never_shows_less(between, within, effect, nodes, seeds, days):
    pilot, aim = Spread(0.0, between, within, 10), Aim(effect)
    least = power_of(pilot, aim, nodes=nodes, seeds=seeds, days=days)
    assert 0.0 <= least <= 1.0
    for more in ((nodes + 1, seeds, days), (nodes, seeds + 1, days), (nodes, seeds, days + 1)):
        now = power_of(pilot, aim, nodes=more[0], seeds=more[1], days=more[2])
        assert now >= least - 1e-6


def test_power_is_what_the_referees_own_test_shows():
    rng = np.random.default_rng(8)
    pilot, aim = Spread(0.0, 1.0, 4.0, 10), Aim(1.0)
    seen = 0
    for _ in range(600):
        nodes = rng.normal(1.0, 1.0, (20, 1))
        seen += sign_flip_p_value(nodes + rng.normal(0.0, 2.0, (20, 4)), rng) <= 0.05
    expected = power_of(pilot, aim, nodes=20, seeds=4, days=10)
    assert 0.7 < expected < 0.95
    assert seen / 600 == pytest.approx(expected, abs=0.05)


def test_the_fewest_seeds_are_enough_and_one_fewer_is_not():
    aim = Aim(0.7)
    (row,) = needed(PILOT, aim, nodes=(24,), days=(10,))
    assert row.seeds is not None
    assert row.seeds > 1
    assert power_of(PILOT, aim, nodes=24, seeds=row.seeds, days=10) >= 0.8
    assert power_of(PILOT, aim, nodes=24, seeds=row.seeds - 1, days=10) < 0.8


def test_longer_runs_need_fewer_seeds():
    aim = Aim(0.7)
    short, long = needed(PILOT, aim, nodes=(24,), days=(10, 40))
    assert short.seeds > 3 * long.seeds > 0


def test_what_seeds_cannot_do_nodes_must():
    aim = Aim(0.5)
    few, enough = needed(PILOT, aim, nodes=(10, 60), days=(10,))
    assert few.seeds is None
    assert enough.seeds is not None
    assert 10 < few.fewest_nodes == enough.fewest_nodes <= 60
    below, at = needed(PILOT, aim, nodes=(few.fewest_nodes - 1, few.fewest_nodes), days=(10,))
    assert below.seeds is None
    assert at.seeds is not None


def test_too_few_nodes_for_signs_never_show_anything():
    huge = Aim(1e6)
    assert power_of(PILOT, huge, nodes=5, seeds=100, days=10) == 0.0
    assert power_of(PILOT, huge, nodes=6, seeds=100, days=10) == pytest.approx(1.0)
    many = Aim(1e6, comparisons=10)
    assert power_of(PILOT, many, nodes=8, seeds=100, days=10) == 0.0
    assert power_of(PILOT, many, nodes=9, seeds=100, days=10) == pytest.approx(1.0)


def test_more_comparisons_need_more_nodes():
    one, ten = (needed(PILOT, Aim(0.5, comparisons=k), nodes=(60,), days=(10,))[0] for k in (1, 10))
    assert ten.fewest_nodes > one.fewest_nodes


def test_an_aim_is_a_share_of_the_base():
    assert aim_at(np.array([[-100.0, -300.0]]), 0.05).effect == pytest.approx(10.0)
    assert aim_at(np.array([[100.0]])).effect == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("scores", "ratio", "power", "comparisons"),
    [
        ([[1.0, -1.0]], 0.05, 0.8, 1),
        ([[1.0]], 0.0, 0.8, 1),
        ([[1.0]], 0.05, 1.0, 1),
        ([[1.0]], 0.05, 0.05, 1),
        ([[1.0]], 0.05, 0.8, 0),
    ],
)
def test_an_aim_that_cannot_be(scores, ratio, power, comparisons):
    with pytest.raises(InvalidParameter, match="an aim needs"):
        aim_at(np.array(scores), ratio, power, comparisons)


def test_numbers_below_one_and_invisible_effects_are_refused():
    with pytest.raises(InvalidParameter, match="at least 1"):
        needed(PILOT, Aim(1.0), nodes=(0,), days=(1,))
    with pytest.raises(InvalidParameter, match="not even"):
        needed(PILOT, Aim(1e-6), nodes=(10,), days=(1,))
