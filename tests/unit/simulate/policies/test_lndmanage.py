"""lndmanage: its factors at the published figures, and its week."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import TODAY
from tests.sights import a_sight, asking, balanced, only, rate_of

from daznode.simulate.policies.lndmanage import LndManage, base_factor, rate_factor

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("sat_per_day", "local_sat", "factor"),
    [
        (10 * 100_000 / 7, 1_000_000, 1.5),
        (3 * 100_000 / 7, 1_000_000, 1.5),
        (100_000 / 7, 1_000_000, 1.0),
        (0, 20_000, 1.048),
        (0, 0, 1.05),
        (0, 500_000, 1.0),
        (0, 5_000_000, 0.5),
    ],
)
def test_rate_factor(sat_per_day, local_sat, factor):
    assert rate_factor(sat_per_day, local_sat, 5_000_000) == pytest.approx(factor)


def test_the_floor_of_the_rate_factor_in_between():
    local_sat = 500_000 + 0.586 * 4_500_000
    assert rate_factor(0, local_sat, 5_000_000) == pytest.approx(0.707)


@given(sat_per_day=st.floats(0, 1e7), share=st.floats(0, 1), capacity=st.integers(1, 10**9))
def test_rate_factor_stays_within_half_and_one_and_a_half(sat_per_day, share, capacity):
    assert 0.5 - 1e-9 <= rate_factor(sat_per_day, share * capacity, capacity) <= 1.5


def test_base_factor():
    assert base_factor(0) == 0.75
    assert base_factor(4 / 7) == pytest.approx(1.0)
    assert base_factor(100) == 1.5


def test_lndmanage_runs_once_a_week_and_not_before_it_has_seen_one():
    policy = LndManage()
    channel = balanced(1, 1.0, local_policy=asking(1_000))
    rates = {}
    for day in range(16):
        orders = policy.look(a_sight(channel, now=TODAY + day * DAY, since=DAY))
        if orders.policies:
            rates[day] = rate_of(orders)
            channel = replace(channel, local_policy=only(orders).policy)
    assert rates == {7: 500, 14: 250}


def test_lndmanage_never_goes_below_five_ppm():
    policy = LndManage()
    channel = balanced(1, 1.0, local_policy=asking(6))
    policy.look(a_sight(channel))
    assert rate_of(policy.look(a_sight(channel, now=TODAY + 7 * DAY))) == 5
