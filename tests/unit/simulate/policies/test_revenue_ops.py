"""cl_revenue_ops: floors at the published figures, its draws and factors, and what its refills cost."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import TODAY, a_forward, a_node_id, a_scid
from tests.sights import a_sight, asking, balanced

from daznode.domain.units import MSAT_PER_SAT, Msat, Ppm, Sat
from daznode.simulate.policies.revenue_ops.adjusting import (
    Aimd,
    cold_bounds,
    is_worth_writing,
    profit_factor,
    scarcity_factor,
)
from daznode.simulate.policies.revenue_ops.bounds import (
    FlowState,
    Standing,
    balance_floor_ppm,
    bounds_ppm,
    chain_floor_ppm,
    idle_full_floor_ppm,
    refill_floor_ppm,
    state_of,
    stock_factor,
)
from daznode.simulate.policies.revenue_ops.policy import (
    RevenueOps,
    income_sat_per_hour,
    return_on,
    smoothed_flow,
)
from daznode.simulate.policies.revenue_ops.refills import (
    Rebalancer,
    Stock,
    daily_budget_msat,
    profit_msat,
    source_weight,
    spread_ppm,
    target_msat,
)
from daznode.simulate.policies.revenue_ops.thompson import Belief, bucket_of, observation_weight

HALF_HOUR = timedelta(minutes=30)


# --- bounds ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("feerate", "ppm"), [(1, 21), (7, 21), (10, 30), (30, 90), (100, 300)])
def test_chain_floor(feerate, ppm):
    assert chain_floor_ppm(feerate) == pytest.approx(ppm)


def test_chain_costs_are_capped():
    assert chain_floor_ppm(1e6) == pytest.approx(3e6)
    assert chain_floor_ppm(0) == 21


def test_floors_by_stock():
    assert [balance_floor_ppm(ratio) for ratio in (0, 0.099, 0.1, 0.249, 0.25, 1)] == [
        500,
        500,
        200,
        200,
        0,
        0,
    ]
    ratios = (0.05, 0.2, 0.3, 0.5, 0.7, 0.8, 0.95, 1.0)
    assert [stock_factor(ratio) for ratio in ratios] == [3, 2, 1.25, 1, 0.85, 0.7, 0.5, 0.5]


def test_floor_of_a_full_and_quiet_channel():
    assert idle_full_floor_ppm(0.79, Sat(10_000_000), 0, 0) == 0
    assert idle_full_floor_ppm(0.8, Sat(10_000_000), 0, 0) == 50
    assert idle_full_floor_ppm(0.8, Sat(1_000_000), 0, 0) == 15
    assert idle_full_floor_ppm(0.8, Sat(10_000_000), 0, 24) == 62.5
    assert idle_full_floor_ppm(0.8, Sat(10_000_000), 0, 72) == 75
    assert idle_full_floor_ppm(0.8, Sat(10_000_000), 10, 0) == 37.5
    assert idle_full_floor_ppm(0.8, Sat(10_000_000), 20, 0) == 25
    assert idle_full_floor_ppm(0.8, Sat(10_000_000), 50, 99) == 0


def test_refills_set_a_floor_for_sources_only():
    paid = {"cost_msat": 300_000, "refilled_msat": 1_000_000_000}
    assert refill_floor_ppm(FlowState.SOURCE, refills=3, **paid) == pytest.approx(360)
    assert refill_floor_ppm(FlowState.SOURCE, refills=2, **paid) == 0
    assert refill_floor_ppm(FlowState.BALANCED, refills=3, **paid) == 0


def test_states():
    assert [state_of(net) for net in (0.51, 0.5, 0, -0.5, -0.51)] == [
        FlowState.SOURCE,
        FlowState.BALANCED,
        FlowState.BALANCED,
        FlowState.BALANCED,
        FlowState.SINK,
    ]


def standing(**given_):
    made = Standing(
        fee_ppm=Ppm(200),
        state=FlowState.BALANCED,
        spendable_ratio=0.5,
        capacity_sat=Sat(10_000_000),
        forwards_24h=0,
        idle_hours=0.0,
        refill_floor_ppm=0.0,
        roi=0.0,
    )
    return replace(made, **given_)


def test_bounds_of_ordinary_channels():
    assert bounds_ppm(standing(), 1.0) == (21, 5_000)
    assert bounds_ppm(standing(state=FlowState.SOURCE), 1.0) == (26.25, 5_000)
    assert bounds_ppm(standing(state=FlowState.SINK), 1.0)[0] == pytest.approx(16.8)
    assert bounds_ppm(standing(spendable_ratio=0.05), 1.0) == (1_500, 5_000)
    dear = standing(fee_ppm=Ppm(500), idle_hours=72.0)
    assert bounds_ppm(dear, 1.0) == (21, 3_750)
    assert bounds_ppm(replace(dear, idle_hours=168.0), 1.0) == (21, 2_500)
    assert bounds_ppm(replace(dear, fee_ppm=Ppm(499)), 1.0) == (21, 5_000)
    assert bounds_ppm(standing(refill_floor_ppm=6_000.0), 1.0) == (6_000, 6_100)
    held = standing(refill_floor_ppm=6_000.0, spendable_ratio=0.05)
    assert bounds_ppm(held, 1.0) == (18_000, 18_010), "protected, the ceiling gives way"
    assert bounds_ppm(standing(), 2_000.0) == (4_990, 5_000), "else the floor does"
    assert bounds_ppm(standing(roi=-0.6), 1.0)[1] == pytest.approx(5_000 / 1.15)
    assert bounds_ppm(standing(roi=-0.3), 1.0)[1] == pytest.approx(5_000 / 1.10)
    assert bounds_ppm(standing(roi=-0.1), 1.0)[1] == pytest.approx(5_000 / 1.05)


STANDINGS = st.builds(
    standing,
    fee_ppm=st.integers(0, 10_000),
    state=st.sampled_from(FlowState),
    spendable_ratio=st.floats(0, 1),
    idle_hours=st.floats(0, 1_000),
    refill_floor_ppm=st.floats(0, 20_000),
    roi=st.floats(-1, 5),
)


@given(where=STANDINGS, feerate=st.floats(0, 5_000))
def test_the_floor_is_below_the_ceiling(where, feerate):
    floor, ceiling = bounds_ppm(where, feerate)
    assert floor < ceiling


# --- draws -------------------------------------------------------------------------------------


def test_weights_of_observations():
    assert observation_weight(6, 99) == 1
    assert observation_weight(3, 99) == 0.5
    assert observation_weight(1, 0) == 0.01
    assert observation_weight(60, 1_000) == 1


def posterior_afresh(observations, now):
    """The formulas over a list, without running sums."""
    kept = observations[-200:]
    weights = np.array(
        [
            observation_weight(hours, rate) * min(2.0, (rate + 10) / 50) * 0.5 ** ((now - at) / 168)
            for at, _, rate, hours in kept
        ]
    )
    fees = np.array([fee for _, fee, _, _ in kept], dtype=float)
    if weights.sum() <= 0.1:
        return 200.0, 100.0
    mean = np.average(fees, weights=weights)
    sd = np.sqrt(np.average((fees - mean) ** 2, weights=weights))
    prior = max(0.1, 1 / (1 + len(kept) / 10))
    return (1 - prior) * mean + prior * 200, max(10, (1 - prior) * sd + prior * 100)


@given(seed=st.integers(0, 50), n=st.integers(1, 300))
def test_running_sums_equal_the_formulas(seed, n):
    chance, belief, seen, at = np.random.default_rng(seed), Belief(), [], 0.0
    for number in range(n):
        at += float(chance.exponential(2.0))
        # Two incomes by turns: neither is ever out of proportion.
        fee, rate = int(chance.integers(1, 2_000)), 30.0 + 30 * (number % 2)
        hours = float(chance.uniform(1, 8))
        belief.learn(at, fee, rate, hours, 2)
        seen.append((at, fee, rate, hours))
    assert belief.posterior() == pytest.approx(posterior_afresh(seen, at), rel=1e-6)


def test_first_draws_come_from_the_prior_and_later_ones_from_what_earned():
    chance, belief = np.random.default_rng(1), Belief()
    first = [belief.draw(2, chance) for _ in range(4_000)]
    assert np.mean(first) == pytest.approx(200, abs=10)
    assert np.std(first) == pytest.approx(150 * 1.275, rel=0.05)
    for hour in range(300):
        belief.learn(hour, 700 + hour % 3, 100 + hour % 2, 6.0, 2)
    later = [belief.draw(2, chance) for _ in range(4_000)]
    assert np.mean(later) == pytest.approx(700, abs=5)
    assert np.std(later) == pytest.approx(12.75, rel=0.05)


def test_a_bucket_that_earns_nothing_grows_sure_of_its_start():
    belief = Belief()
    for hour in range(60):
        belief.learn(hour, 1_000, 0.0, 1.0, 0)
    context = belief.contexts[0]
    assert (context.mean, context.sd) == (200, 10)


def test_an_income_out_of_proportion_resets():
    belief = Belief()
    for hour in range(20):
        belief.learn(hour, 100, 10.0 + hour % 2, 1.0, 1)
    belief.learn(21, 100, 500.0, 1.0, 1)
    assert len(belief.observations) == 1
    assert belief.contexts[1].seen == 1


def test_buckets():
    ratios = (0, 0.15, 0.349, 0.35, 0.65, 0.85, 1)
    assert [bucket_of(ratio) for ratio in ratios] == [0, 1, 1, 2, 3, 4, 4]


# --- after the draw ----------------------------------------------------------------------------


@pytest.mark.parametrize(("ratio", "factor"), [(0, 3), (0.1, 2.43), (0.175, 2), (0.3, 1.29)])
def test_scarcity(ratio, factor):
    assert scarcity_factor(ratio) == pytest.approx(factor, abs=5e-3)


def test_scarcity_ends_at_35_percent_and_profit_counts():
    assert scarcity_factor(0.35) == scarcity_factor(0.9) == 1
    assert [profit_factor(roi) for roi in (0.21, 0.2, 0, -0.2, -0.21)] == [1.1, 1, 1, 1, 0.85]


def test_modifier_cuts_fast_and_rises_slowly():
    aimd = Aimd()
    for hour in range(2):
        aimd.learn(hour, has_forwarded=False)
    assert aimd.modifier == 1
    aimd.learn(2, has_forwarded=False)
    assert aimd.modifier == 0.85
    for hour in range(3, 13):
        aimd.learn(hour, has_forwarded=True)
    assert aimd.modifier == pytest.approx(0.87)
    for hour in range(13, 100):
        aimd.learn(hour, has_forwarded=False)
    assert aimd.modifier == 0.5


def test_channels_with_few_forwards_stay_near_the_floor():
    assert cold_bounds(400, 21, 5_000, 4) == (71, 100)
    assert cold_bounds(400, 21, 5_000, 5) == (400, 5_000)
    assert cold_bounds(30, 200, 5_000, 0) == (30, 250)


@pytest.mark.parametrize(
    ("new", "present", "is_written"),
    [(106, 100, True), (105, 100, False), (22, 20, True), (21, 20, False), (1, 0, True)],
)
def test_small_changes_are_not_written(new, present, is_written):
    assert is_worth_writing(new, present) is is_written
    assert not is_worth_writing(present, present)


def test_income_is_the_list_price_in_whole_sat():
    assert income_sat_per_hour(1_000_000, 150, 2.0) == 75
    assert income_sat_per_hour(9_999, 100, 1.0) == 0


def test_smoothed_flow_keeps_a_fifth_less_each_day():
    assert smoothed_flow(100.0, 0.0, 1.0) == pytest.approx(80)
    steady = 0.0
    for _ in range(48 * 40):
        steady = smoothed_flow(steady, 50.0 / 48, 1 / 48)
    assert steady == pytest.approx(50, rel=1e-3)


def test_return():
    assert return_on(150, 100) == 0.5
    assert return_on(0, 100) == -1
    assert (return_on(5, 0), return_on(0, 0)) == (1, 0)


# --- refills -----------------------------------------------------------------------------------


def stock(number, ratio, fee_ppm, *, turnover=0.5, state=FlowState.BALANCED, **given_):
    capacity = 10_000_000 * MSAT_PER_SAT
    made = Stock(
        scid=a_scid(number),
        peer_id=a_node_id(number + 1),
        local_msat=Msat(int(ratio * capacity)),
        capacity_msat=Msat(capacity),
        fee_ppm=fee_ppm,
        state=state,
        volume_msat=turnover * capacity,
        seen_days=10.0,
        inbound_ppm=500.0,
    )
    return replace(made, **given_)


def test_targets():
    assert target_msat(stock(1, 0, 1)) == 5_000_000_000
    assert target_msat(stock(1, 0, 1, turnover=0.1)) == 3_000_000_000
    assert target_msat(stock(1, 0, 1, state=FlowState.SOURCE)) == 8_500_000_000
    assert target_msat(stock(1, 0, 1, state=FlowState.SINK)) == 1_500_000_000
    assert target_msat(stock(1, 0, 1, turnover=0.009)) == 1_500_000_000
    assert target_msat(stock(1, 0, 1, turnover=0.009, seen_days=6.0)) == 270_000_000


def test_source_weights_and_spread():
    assert source_weight(stock(1, 1, 100, turnover=0.05)) == pytest.approx(0.05)
    assert source_weight(stock(1, 1, 100, turnover=0.11)) == pytest.approx(0.77)
    assert source_weight(stock(1, 1, 100, turnover=0.5)) == 1
    assert source_weight(stock(1, 1, 100, state=FlowState.SOURCE)) == 1.5
    assert source_weight(stock(1, 1, 100, state=FlowState.SINK)) == pytest.approx(0.3)
    assert spread_ppm(stock(1, 0, 900), stock(2, 1, 100)) == 300


def test_profit_is_what_sells_within_a_day_less_the_whole_budget():
    fast = stock(1, 0, 900, turnover=1.0)
    idle = stock(2, 1, 100, turnover=0.0)
    assert profit_msat(fast, idle, 10**9, 400_000) == pytest.approx(500_000)
    slow = replace(fast, volume_msat=0.0)
    assert profit_msat(slow, idle, 10**9, 0) == pytest.approx(45_000)


def test_a_refill_is_a_chunk_within_its_spread_and_rests_a_day():
    empty, full = stock(1, 0.05, 1_500, turnover=1.0), stock(2, 0.9, 100, turnover=0.0)
    rebalancer = Rebalancer()
    (order,) = rebalancer.refills([empty, full], 10**9, TODAY)
    assert (order.scid_in, order.scids_out) == (empty.scid, (full.scid,))
    assert order.amount_msat == 500_000_000
    assert order.most_fee_msat == 500_000
    assert rebalancer.refills([empty, full], 499_999, TODAY) == ()
    rebalancer.settle([empty.scid], [], TODAY)
    almost = TODAY + timedelta(hours=23)
    assert rebalancer.refills([empty, full], 10**9, almost) == ()
    assert rebalancer.refills([empty, full], 10**9, TODAY + timedelta(hours=24))


def test_ten_failures_end_it():
    empty, full = stock(1, 0.05, 1_500, turnover=1.0), stock(2, 0.9, 100, turnover=0.0)
    rebalancer = Rebalancer()
    for tried in range(10):
        assert rebalancer.refills([empty, full], 10**9, TODAY), tried
        rebalancer.settle([], [empty.scid], TODAY)
    assert rebalancer.refills([empty, full], 10**9, TODAY) == ()


def test_a_budget_is_shared_by_the_refills_of_a_look():
    full = stock(9, 0.9, 100, turnover=0.0)
    empty = [stock(number, 0.05, 1_500, turnover=1.0) for number in range(1, 6)]
    orders = Rebalancer().refills([*empty, full], 1_200_000, TODAY)
    assert len(orders) == 2
    assert daily_budget_msat(0) == 5_000_000
    assert daily_budget_msat(100_000_000) == 30_000_000


def test_parallel_channels_do_not_refill_each_other():
    empty, full = stock(1, 0.05, 1_500, turnover=1.0), stock(2, 0.9, 100, turnover=0.0)
    same = replace(full, peer_id=empty.peer_id)
    assert Rebalancer().refills([empty, same], 10**9, TODAY) == ()


# --- the policy --------------------------------------------------------------------------------


def test_nothing_is_set_in_the_first_hour_and_quiet_channels_go_to_the_floor():
    policy = RevenueOps(np.random.default_rng(1))
    channel = balanced(1, 0.5, local_policy=asking(1_000))
    rates = []
    for step in range(12):
        orders = policy.look(a_sight(channel, now=TODAY + step * HALF_HOUR, since=HALF_HOUR))
        rates.append(orders.policies[0].policy.fee_ppm if orders.policies else None)
    assert rates[:2] == [None, None]
    # 21 ppm at 5 sat/vB; a channel without five forwards stays within 50 above it, 100 at most.
    assert all(rate is None or 21 <= rate <= 100 for rate in rates)
    assert any(rates)


def test_an_empty_channel_is_protected():
    policy = RevenueOps(np.random.default_rng(1))
    channel = balanced(1, 0.05, local_policy=asking(100))
    policy.look(a_sight(channel))
    orders = policy.look(a_sight(channel, now=TODAY + 2 * HALF_HOUR))
    assert orders.policies[0].policy.fee_ppm >= 1_500


def test_a_silent_and_idle_channel_is_nudged_by_one_ppm():
    moved = []
    for seed in range(40):
        policy = RevenueOps(np.random.default_rng(seed))
        channel = balanced(1, 0.05, local_policy=asking(1_550))
        policy.look(a_sight(channel))
        orders = policy.look(a_sight(channel, now=TODAY + timedelta(hours=25)))
        moved += [order.policy.fee_ppm - 1_550 for order in orders.policies]
    assert moved
    assert all(change in (-1, 1) or abs(change) > 77 for change in moved)
    assert any(abs(change) == 1 for change in moved)


def test_a_channel_that_stops_selling_grows_sure_and_is_cut():
    policy = RevenueOps(np.random.default_rng(1))
    channel = balanced(1, 0.5, local_policy=asking(200))
    sold = tuple(a_forward(at=TODAY - HALF_HOUR, scid_out=channel.scid) for _ in range(5))
    rates = []
    for step in range(6 * 48):
        given_ = {"forwards": sold} if step == 0 else {}
        now = TODAY + step * HALF_HOUR
        for order in policy.look(a_sight(channel, now=now, since=HALF_HOUR, **given_)).policies:
            channel = replace(channel, local_policy=order.policy)
            rates.append(order.policy.fee_ppm)
    # The belief ends at 200 +- 10 ppm, times 1.10 for profit and 0.5 for lack of forwards.
    late = rates[-40:]
    assert np.mean(late) == pytest.approx(110, abs=8)
    assert np.std(late) < 15
