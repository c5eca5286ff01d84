"""LNDg: the moves of its defaults, its grid, its day of rest, and its rebalancer."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import TODAY, a_failure, a_forward, a_rebalance
from tests.sights import a_sight, asking, balanced, only

from daznode.domain.units import Msat, Ppm
from daznode.simulate.policies.lndg.fees import (
    Features,
    Settings,
    inbound_step_ppm,
    next_inbound_ppm,
    next_outbound_ppm,
    on_grid_ppm,
    outbound_step_ppm,
)
from daznode.simulate.policies.lndg.policy import Lndg
from daznode.simulate.policies.lndg.refills import (
    PeerBalance,
    autopilot_says,
    next_amount_msat,
    refill_rate_ppm,
)

DAY = timedelta(days=1)
HALF_HOUR = timedelta(minutes=30)
DEFAULTS = Settings()


def features(out_percent=50.0, **given):
    made = Features(
        out_percent=out_percent,
        inflow_1d_msat=0,
        inflow_7d_msat=1,
        outflow_7d_msat=1,
        capacity_msat=1_000,
        earned_7d_msat=0,
        assisted_7d_msat=0,
        failures=0,
    )
    return replace(made, **given)


IDLE = {"inflow_7d_msat": 0, "outflow_7d_msat": 0}


@pytest.mark.parametrize(
    ("seen", "outbound", "inbound"),
    [
        (features(15.0, failures=26), 25, -60),
        (features(15.0, failures=25), 0, 0),
        (features(15.0, failures=26, inflow_1d_msat=1), 0, 0),
        (features(15.01, failures=99), 0, 0),
        (features(50.0, **IDLE), -15, 35),
        (features(50.0, outflow_7d_msat=1_001, inflow_7d_msat=1), 0, 0),
        (features(50.0, outflow_7d_msat=2_001, inflow_7d_msat=1), 30, -75),
        (features(94.9, outflow_7d_msat=3_001, inflow_7d_msat=1), 40, -100),
        (features(95.0, **IDLE), -25, 60),
        (features(95.0, inflow_7d_msat=2, assisted_7d_msat=11, earned_7d_msat=1), -25, 60),
        (features(95.0, inflow_7d_msat=2, assisted_7d_msat=10, earned_7d_msat=1), 0, 0),
        (features(95.0, assisted_7d_msat=11, earned_7d_msat=1), 0, 0),
    ],
)
def test_moves_of_the_defaults(seen, outbound, inbound):
    assert outbound_step_ppm(seen, DEFAULTS) == pytest.approx(outbound)
    assert inbound_step_ppm(seen, DEFAULTS) == pytest.approx(inbound)


def test_moves_below_half_the_grid_vanish_and_halves_go_to_even():
    assert on_grid_ppm(100, 2.4, 5, 0, 2_500) == 100
    assert on_grid_ppm(100, 2.5, 5, 0, 2_500) == 100
    assert on_grid_ppm(105, 2.5, 5, 0, 2_500) == 110
    assert on_grid_ppm(101, 0, 5, 0, 2_500) == 100


@given(rate=st.integers(0, 10_000), step=st.floats(-200, 200))
def test_rates_stay_within_bounds(rate, step):
    moved = next_outbound_ppm(Ppm(rate), step, DEFAULTS)
    assert 0 <= moved <= 2_500
    assert moved % 5 == 0
    discount = next_inbound_ppm(Ppm(-rate // 3), step, Ppm(rate), DEFAULTS)
    assert -0.65 * rate <= discount <= 0


def test_the_first_move_comes_after_a_day_and_then_every_day():
    policy = Lndg()
    channel = balanced(1, 0.5, local_policy=asking(200))
    rates = []
    for step in range(4 * 48):
        orders = policy.look(a_sight(channel, now=TODAY + step * HALF_HOUR, since=HALF_HOUR))
        if orders.policies:
            rates.append((step, only(orders).policy.fee_ppm))
            channel = replace(channel, local_policy=only(orders).policy)
    assert rates == [(49, 185), (98, 170), (147, 155)]


def test_a_manual_change_restarts_the_day():
    policy = Lndg()
    channel = balanced(1, 0.5, local_policy=asking(200))
    policy.look(a_sight(channel))
    by_hand = replace(channel, local_policy=asking(300))
    assert not policy.look(a_sight(by_hand, now=TODAY + DAY + HALF_HOUR)).policies
    late = policy.look(a_sight(by_hand, now=TODAY + 2 * DAY + 2 * HALF_HOUR))
    assert only(late).policy.fee_ppm == 285


def test_failures_raise_an_empty_peer_and_parallel_channels_are_one():
    policy = Lndg()
    empty = balanced(1, 0.1, local_policy=asking(100))
    other = replace(balanced(2, 0.15, local_policy=asking(400)), peer_id=empty.peer_id)
    policy.look(a_sight(empty, other))
    at = TODAY + DAY
    failures = tuple(a_failure(at=at, scid_out=empty.scid) for _ in range(26))
    orders = policy.look(
        a_sight(empty, other, now=at + HALF_HOUR, since=2 * HALF_HOUR, failures=failures)
    )
    assert {order.scid: order.policy.fee_ppm for order in orders.policies} == {
        empty.scid: 125,
        other.scid: 425,
    }


def test_forwards_below_a_thousand_sat_do_not_count():
    def moved(amount_sat):
        policy = Lndg()
        channel = balanced(1, 0.5, local_policy=asking(200))
        policy.look(a_sight(channel))
        trickle = a_forward(
            at=TODAY + DAY,
            scid_out=channel.scid,
            scid_in=channel.scid,
            amount_in_msat=Msat(amount_sat * 1_000),
            amount_out_msat=Msat(amount_sat * 1_000),
        )
        later = a_sight(
            channel, now=TODAY + DAY + HALF_HOUR, since=2 * HALF_HOUR, forwards=(trickle,)
        )
        return policy.look(later).policies

    assert moved(999)
    assert not moved(1_000)


def test_a_move_of_the_unset_inbound_rate_restarts_the_day_in_silence():
    policy = Lndg()
    starved = balanced(1, 0.1, local_policy=asking(2_500))
    policy.look(a_sight(starved))
    at = TODAY + DAY + HALF_HOUR
    failures = tuple(a_failure(at=at - HALF_HOUR, scid_out=starved.scid) for _ in range(30))
    late = a_sight(starved, now=at, since=HALF_HOUR, failures=failures)
    assert not policy.look(late).policies, "at its top, and inbound fees are off"
    idle = balanced(1, 0.5, local_policy=asking(2_500))
    assert not policy.look(a_sight(idle, now=at + DAY)).policies
    assert policy.look(a_sight(idle, now=at + DAY + HALF_HOUR)).policies


def test_inbound_discounts_mirror_the_base_fee():
    policy = Lndg(Settings(sets_inbound=True))
    starved = balanced(1, 0.1, local_policy=asking(100))
    policy.look(a_sight(starved))
    at = TODAY + DAY
    failures = tuple(a_failure(at=at, scid_out=starved.scid) for _ in range(30))
    late = a_sight(starved, now=at + HALF_HOUR, since=2 * HALF_HOUR, failures=failures)
    asked = only(policy.look(late)).policy
    assert (asked.fee_ppm, asked.inbound_fee_ppm) == (125, -60)
    assert asked.inbound_base_fee_msat == -asked.base_fee_msat


def test_private_and_inactive_channels_are_left_alone():
    policy = Lndg()
    channels = (balanced(1, 0.5, is_private=True), balanced(2, 0.5, is_active=False))
    policy.look(a_sight(*channels))
    assert not policy.look(a_sight(*channels, now=TODAY + 3 * DAY)).policies


@pytest.mark.parametrize(
    ("own", "peer", "rate"),
    [(1_000, 0, 500), (200, 0, 130), (200, 129, 130), (200, 130, None), (1, 0, None)],
)
def test_a_refill_costs_at_most_65_percent_and_500_ppm(own, peer, rate):
    assert refill_rate_ppm(Ppm(own), Ppm(peer)) == rate


def test_autopilot_switches():
    drained = PeerBalance(outflow_msat=111, inflow_msat=100, local_percent=20, remote_percent=76)
    assert autopilot_says(drained, is_on=False)
    assert not autopilot_says(replace(drained, outflow_msat=110), is_on=False)
    assert not autopilot_says(replace(drained, remote_percent=75), is_on=False)
    full = PeerBalance(outflow_msat=109, inflow_msat=100, local_percent=76, remote_percent=20)
    assert not autopilot_says(full, is_on=True)
    assert autopilot_says(replace(full, local_percent=75), is_on=True)


def test_rapid_fire_grows_and_halves():
    assert next_amount_msat(Msat(1_000), succeeded=True, first_msat=Msat(7)) == 1_210
    assert next_amount_msat(Msat(80_000_000), succeeded=False, first_msat=Msat(7)) == 40_000_000
    assert next_amount_msat(Msat(69_420_000), succeeded=False, first_msat=Msat(7)) == 7


def test_a_drained_peer_is_refilled_from_full_ones_and_amounts_follow_success():
    policy = Lndg()
    dear = asking(1_000)
    drained, full = balanced(1, 0.05, local_policy=dear), balanced(2, 0.9, local_policy=dear)
    out = a_forward(at=TODAY - HALF_HOUR, scid_out=drained.scid, scid_in=full.scid)

    def tried(step, **activity):
        now = TODAY + step * HALF_HOUR
        orders = policy.look(a_sight(drained, full, now=now, since=HALF_HOUR, **activity))
        (refill,) = orders.refills
        assert refill.scid_in == drained.scid
        assert refill.scids_out == (full.scid,)
        assert refill.most_fee_msat == refill.amount_msat * 500 // 1_000_000
        return refill.amount_msat

    assert tried(0, forwards=(out,)) == 300_000_000
    done = a_rebalance(at=TODAY, scid_in=drained.scid, scid_out=full.scid)
    assert tried(1, rebalances=(done,)) == 363_000_000
    assert tried(2) == 181_500_000


def test_no_refill_without_sources_or_below_the_peers_own_price():
    out = a_forward(at=TODAY - HALF_HOUR, scid_out=balanced(1).scid, scid_in=balanced(2).scid)
    lone = balanced(1, 0.05, local_policy=asking(1_000))
    assert not Lndg().look(a_sight(lone, balanced(2, 0.7), forwards=(out,))).refills
    dear = replace(lone, remote_policy=asking(500))
    assert not Lndg().look(a_sight(dear, balanced(2, 0.9), forwards=(out,))).refills
    assert Lndg().look(a_sight(lone, balanced(2, 0.9), forwards=(out,))).refills
