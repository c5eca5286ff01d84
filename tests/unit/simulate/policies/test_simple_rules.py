"""Flat fees, charge-lnd, feeadjuster, lndmanage and hill climbing: their formulas and when they write."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import TODAY, a_forward
from tests.sights import a_sight, asking, balanced, only, rate_of

from daznode.domain.units import Msat, Ppm
from daznode.simulate.policies.charge_lnd import MatchPeer, Proportional, proportional_ppm
from daznode.simulate.policies.feeadjuster import FeeAdjuster, adjusted_ppm
from daznode.simulate.policies.hill_climb import HillClimb, stepped_ppm
from daznode.simulate.policies.lndmanage import LndManage, base_factor, rate_factor
from daznode.simulate.policies.pricing import repriced
from daznode.simulate.policies.static import Keep, StaticFee
from daznode.simulate.policies.tries import Tries

DAY = timedelta(days=1)


# --- orders ------------------------------------------------------------------------------------


def test_an_order_changes_fees_and_nothing_else():
    channel = balanced(1, local_policy=asking(100, cltv_delta=144))
    order = repriced(channel, fee_ppm=250)
    assert order.policy == replace(channel.local_policy, fee_ppm=Ppm(250))
    assert repriced(channel, fee_ppm=100, base_fee_msat=1_000) is None
    assert repriced(replace(channel, local_policy=None), fee_ppm=1) is None
    assert repriced(channel, fee_ppm=2**40).policy.fee_ppm == 2**32 - 1
    assert repriced(channel, fee_ppm=-5).policy.fee_ppm == 0


def test_a_refill_that_does_not_show_up_has_failed():
    tries = Tries()
    assert tries.settle(a_sight().activity) == (frozenset(), frozenset())


# --- flat --------------------------------------------------------------------------------------


def test_a_flat_fee_is_set_once_in_every_channel():
    policy = StaticFee(Ppm(100))
    channel = balanced(1, is_private=True, local_policy=asking(250, inbound_fee_ppm=Ppm(-9)))
    asked = only(policy.look(a_sight(channel))).policy
    assert (asked.fee_ppm, asked.base_fee_msat, asked.inbound_fee_ppm) == (100, 0, 0)
    assert not policy.look(a_sight(replace(channel, local_policy=asked), now=TODAY + DAY)).policies
    assert not Keep().look(a_sight(channel)).policies


# --- charge-lnd --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ratio", "ppm"), [(1.0, 100), (0.0, 300), (0.5, 200), (0.251, 249), (0.999, 100)]
)
def test_proportional_rate(ratio, ppm):
    assert proportional_ppm(ratio, Ppm(100), Ppm(300)) == ppm


@given(ratio=st.floats(0, 1), least=st.integers(0, 5_000), most=st.integers(0, 5_000))
def test_a_proportional_rate_lies_between_its_ends(ratio, least, most):
    assert min(least, most) <= proportional_ppm(ratio, least, most) <= max(least, most)


def test_proportional_writes_moves_of_ten_ppm_and_any_base_fee():
    def asked(fee_ppm, base_msat):
        ours = asking(fee_ppm, base_fee_msat=Msat(base_msat))
        orders = Proportional().look(a_sight(balanced(1, 0.5, local_policy=ours)))
        return [(order.policy.fee_ppm, order.policy.base_fee_msat) for order in orders.policies]

    assert asked(190, 1_000) == [(200, 1_000)]
    assert asked(191, 1_000) == []
    assert asked(191, 0) == [(191, 1_000)]


def test_match_peer_copies_all_fees_but_no_positive_inbound_one():
    theirs = asking(
        77,
        base_fee_msat=Msat(3),
        inbound_fee_ppm=Ppm(-20),
        inbound_base_fee_msat=Msat(5),
    )
    policy = MatchPeer()
    asked = only(policy.look(a_sight(balanced(1, remote_policy=theirs)))).policy
    assert (asked.fee_ppm, asked.base_fee_msat) == (77, 3)
    assert (asked.inbound_fee_ppm, asked.inbound_base_fee_msat) == (-20, 0)
    assert not policy.look(a_sight(balanced(1, remote_policy=None))).policies


# --- feeadjuster -------------------------------------------------------------------------------


def test_adjusted_rate():
    assert adjusted_ppm(Ppm(10), 0.5) == 10
    assert adjusted_ppm(Ppm(10), 0.0) == 70
    assert adjusted_ppm(Ppm(10), 1.0) == 1
    assert adjusted_ppm(Ppm(1_000), 0.25) == 2_659


def test_feeadjuster_waits_for_a_forward_that_moved_the_balance():
    policy = FeeAdjuster(np.random.default_rng(1))
    start = balanced(1, 0.5, capacity_sat=1_000_000)
    assert rate_of(policy.look(a_sight(start))) == 10
    passed = a_forward(at=TODAY, scid_out=start.scid)

    def writes(ratio, *forwards):
        moved = balanced(1, ratio, capacity_sat=1_000_000)
        return len(policy.look(a_sight(moved, forwards=forwards)).policies)

    assert writes(0.4) == 0, "no forward passed it"
    assert writes(0.47, passed) == 0, "below 3.5 %"
    assert writes(0.4, passed) == 1
    assert writes(0.4, passed) == 0


def test_feeadjuster_moves_at_a_milli_bitcoin_in_a_large_channel():
    policy = FeeAdjuster(np.random.default_rng(1))
    policy.look(a_sight(balanced(1, 0.5)))
    passed = a_forward(at=TODAY, scid_out=balanced(1).scid)
    assert not policy.look(a_sight(balanced(1, 0.49), forwards=(passed,))).policies
    assert policy.look(a_sight(balanced(1, 0.4899), forwards=(passed,))).policies


# --- lndmanage ---------------------------------------------------------------------------------


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


# --- hill climbing -----------------------------------------------------------------------------


def test_hill_climb_turns_when_it_earned_less():
    policy = HillClimb(np.random.default_rng(1))
    channel = balanced(1, local_policy=asking(100))
    earned_sat = [50, 60, 40, 41, 41, 7]
    rates = [100, rate_of(policy.look(a_sight(channel)))]
    for day, sat in enumerate(earned_sat, 1):
        channel = replace(channel, local_policy=asking(rates[-1]))
        at = TODAY + day * DAY
        earned = a_forward(
            at=at - DAY / 2,
            scid_out=channel.scid,
            amount_in_msat=Msat(10**9 + sat * 1_000),
            amount_out_msat=Msat(10**9),
        )
        rates.append(rate_of(policy.look(a_sight(channel, now=at, since=DAY, forwards=(earned,)))))
    ups = [later > before for before, later in pairwise(rates)]
    first = ups[0]
    assert ups == [first, first, first, not first, not first, not first, first]


@given(price=st.floats(1, 2_500), is_up=st.booleans())
def test_a_step_is_a_quarter_and_stays_within_bounds(price, is_up):
    moved = stepped_ppm(price, is_up=is_up)
    assert 1 <= moved <= 2_500
    assert moved in (1, 2_500) or moved / price == pytest.approx(1.25 if is_up else 0.8)
