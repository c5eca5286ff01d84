"""CLBoss: its three multipliers at the published figures, and its rebalancers' amounts and costs."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.builders import TODAY, a_forward, a_rebalance
from tests.sights import a_market, a_peer_market, a_sight, asking, balanced, rate_of

from daznode.domain.units import Msat
from daznode.simulate.policies.clboss.balance import BalanceBin, bin_multiplier, n_bins, next_bin
from daznode.simulate.policies.clboss.competition import size_multiplier, weighted_median
from daznode.simulate.policies.clboss.just_in_time import allowance_msat, htlc_msat, jit_orders
from daznode.simulate.policies.clboss.policy import Clboss, Refills, modified_fees
from daznode.simulate.policies.clboss.price_theory import (
    CARD_TICKS,
    PriceCards,
    level_multiplier,
)
from daznode.simulate.policies.clboss.refills import (
    budgeted,
    earnings_refills,
    golden_parts,
    initial_refills,
    stocks,
)
from daznode.simulate.policies.peers import by_peer
from daznode.simulate.policies.window import Flow, Window

HOUR = timedelta(hours=1)


def rng(seed=1):
    return np.random.default_rng(seed)


@pytest.mark.parametrize(
    ("worse", "better", "total", "multiplier"),
    [
        (0, 10, 10, 0.5),
        (3, 7, 10, 0.7794),
        (5, 5, 10, 1.0),
        (10, 0, 10, 13.6974),
        (90, 10, 100, 8.4129),
        (100, 0, 100, 11.3948),
        (0, 0, 0, 1.0),
        (0, 0, 4, 1.0),
    ],
)
def test_size_multiplier(worse, better, total, multiplier):
    assert size_multiplier(worse, better, total) == pytest.approx(multiplier, abs=5e-5)


@given(worse=st.integers(0, 500), better=st.integers(0, 500), equal=st.integers(0, 50))
def test_a_larger_node_is_never_cheaper(worse, better, equal):
    assume(better > 0)
    total = worse + better + equal
    here = size_multiplier(worse, better, total)
    assert 0.5 <= here <= max(2.0, 16 - np.log(total)) + 1e-9
    assert size_multiplier(worse + 1, better - 1, total) >= here - 1e-12


def test_bins_of_small_and_large_channels():
    assert [round(bin_multiplier(place, 4), 4) for place in range(4)] == [
        4.3362,
        1.6307,
        0.6132,
        0.2306,
    ]
    assert bin_multiplier(0, 50) == pytest.approx(6.7998, abs=5e-5)
    assert bin_multiplier(49, 50) == pytest.approx(0.1471, abs=5e-5)
    assert [n_bins(sat) for sat in (0, 500_000, 900_000, 5_000_000, 100_000_000)] == [
        4,
        4,
        5,
        25,
        50,
    ]


def test_a_bin_is_entered_the_likelier_the_deeper():
    chance = rng()
    down = [next_bin(5, 3.2, 10, chance) for _ in range(4_000)]
    assert set(down) == {3, 4}
    assert np.mean(np.array(down) == 3) == pytest.approx(0.8, abs=0.03)
    up = [next_bin(2, 6.9, 10, chance) for _ in range(4_000)]
    assert set(up) == {5, 6}
    assert np.mean(np.array(up) == 6) == pytest.approx(0.9, abs=0.03)
    assert next_bin(3, 3.99, 10, chance) == 3


def test_a_balance_that_stays_draws_nothing():
    kept = BalanceBin.starting(10_000_000, Msat(10_000_000_000))
    assert kept.place == 49
    chance = rng()
    before = chance.bit_generator.state
    assert kept.moved(Msat(10_000_000_000), chance) == bin_multiplier(49, 50)
    assert chance.bit_generator.state == before


def test_levels_of_price_theory():
    assert [round(level_multiplier(level), 4) for level in range(-5, 6)] == [
        0.3277,
        0.4096,
        0.512,
        0.64,
        0.8,
        1,
        1.2,
        1.44,
        1.728,
        2.0736,
        2.4883,
    ]


@pytest.mark.parametrize("seed", range(8))
def test_five_cards_are_tried_and_the_best_is_the_next_centre(seed):
    cards = PriceCards(rng(seed))
    tried = []
    for _ in range(5):
        tried.append(cards.level)
        cards.pass_time(CARD_TICKS - 1, 25 if cards.level == 2 else 10)
        assert cards.level == tried[-1]
        cards.pass_time(1, 0)
    assert sorted(tried) == [-2, -1, 0, 1, 2]
    for earned_msat in (0, 1):
        level_set = set()
        for _ in range(5):
            level_set.add(cards.level)
            cards.pass_time(CARD_TICKS, earned_msat)
        assert level_set == {0, 1, 2, 3, 4}, "a round that earned nothing moves nothing"


@given(
    values=st.lists(st.integers(0, 1_000), min_size=1, max_size=20),
    seed=st.integers(0, 10),
)
def test_weighted_median_halves_the_weight(values, seed):
    weights = rng(seed).integers(0, 5, len(values))
    found = weighted_median(np.array(values), weights)
    if weights.sum() == 0:
        assert found is None
        return
    values = np.array(values)
    assert 2 * weights[values <= found].sum() > weights.sum()
    assert 2 * weights[values < found].sum() <= weights.sum()


def test_both_fees_are_multiplied_and_a_free_rate_becomes_one():
    assert modified_fees(1_000, 200, 0.5) == (500, 100)
    assert modified_fees(0, 1, 0.2) == (0, 1)
    assert modified_fees(1, 5, 1.5) == (2, 8)


def test_the_first_look_is_the_product_of_all_three():
    channel = balanced(1, 0.9)
    policy = Clboss(rng())
    order = policy.look(a_sight(channel)).policies[0].policy
    # 200 ppm in the middle, one of two rivals that differ is smaller, bin 45 of 50, some card.
    balance = bin_multiplier(45, 50)
    possible = {round(200 * balance * level_multiplier(k)) for k in range(-2, 3)}
    assert order.fee_ppm in possible
    assert order.base_fee_msat in {
        round(1_000 * balance * level_multiplier(k)) for k in range(-2, 3)
    }


def test_parallel_channels_get_one_price_and_unknown_peers_none():
    first = balanced(1, 0.5)
    second = replace(balanced(2, 0.1), peer_id=first.peer_id)
    stranger = balanced(3, 0.5)
    sight = a_sight(first, second, stranger, market=a_market([first.peer_id]))
    orders = Clboss(rng()).look(sight).policies
    assert {order.scid for order in orders} == {first.scid, second.scid}
    assert len({order.policy.fee_ppm for order in orders}) == 1
    nobody = a_peer_market(base_fee_msat=[], fee_ppm=[], capacity_sat=[], rival_capacity_sat=[])
    empty = a_market(peers={first.peer_id: nobody})
    assert not Clboss(rng()).look(a_sight(first, market=empty)).policies


def test_a_larger_node_asks_more():
    def asked(own_sat):
        channel = balanced(1, 0.5)
        market = a_market([channel.peer_id], own_capacity_sat=own_sat)
        return rate_of(Clboss(rng()).look(a_sight(channel, market=market)))

    assert asked(5_000_000) < asked(20_000_000) < asked(500_000_000)


def test_the_market_is_read_again_when_it_is_another():
    channel, policy = balanced(1, 0.5), Clboss(rng())
    first = rate_of(policy.look(a_sight(channel)))
    channel = replace(channel, local_policy=asking(first, base_fee_msat=Msat(0)))
    dearer = a_market(peers={channel.peer_id: a_peer_market(fee_ppm=[1_000, 2_000, 3_000])})
    again = rate_of(policy.look(a_sight(channel, now=TODAY + HOUR, market=dearer)))
    assert again == pytest.approx(10 * first, rel=0.02)


def stock_of(*channels, forwards=(), rebalances=()):
    ever = Window(None)
    ever.take(a_sight(forwards=forwards, rebalances=rebalances).activity)
    return stocks(by_peer(channels), ever)


def earner(fee_sat, number=1, came=2):
    """A forward out by one channel, in by another, that earned some sat."""
    return a_forward(
        scid_out=balanced(number).scid,
        scid_in=balanced(came).scid,
        amount_in_msat=Msat(1_000_000_000 + fee_sat * 1_000),
        amount_out_msat=Msat(1_000_000_000),
    )


def test_earnings_pay_for_refills_and_never_more():
    empty, full = balanced(1, 0.1), balanced(2, 0.9)
    refills = earnings_refills(stock_of(empty, full, forwards=(earner(1_000),)))
    assert {refill.scid_in for refill in refills} == {empty.scid}
    assert {refill.scids_out for refill in refills} == {(full.scid,)}
    # 62.5 % of the source and 65 % of the destination could move: 6.25 million sat for 6,250 sat,
    # of which 1,000 sat were earned.
    assert sum(refill.most_fee_msat for refill in refills) <= 1_000_000
    assert sum(refill.amount_msat for refill in refills) == pytest.approx(1_000_000_000, rel=1e-6)
    rich = earnings_refills(stock_of(empty, full, forwards=(earner(9_000),)))
    assert sum(refill.amount_msat for refill in rich) == 6_250_000_000
    assert sum(refill.most_fee_msat for refill in rich) == pytest.approx(6_250_000, abs=4)


def test_a_destination_that_lost_money_is_not_refilled():
    empty, full = balanced(1, 0.1), balanced(2, 0.9)
    spent = a_rebalance(scid_in=empty.scid, scid_out=full.scid, fee_msat=Msat(2_000_000))
    assert not earnings_refills(stock_of(empty, full))
    both = stock_of(empty, full, forwards=(earner(1_000),), rebalances=(spent,))
    assert not earnings_refills(both)


@given(amount=st.integers(1, 10**13), net=st.integers(1, 10**10))
def test_a_budget_is_a_thousand_ppm_or_the_earnings(amount, net):
    asked, fee = budgeted(amount, net)
    assert 0 <= fee <= net
    assert fee <= amount // 1_000
    assert 0 <= asked <= amount


@given(st.integers(0, 10**13))
def test_golden_parts_lose_nothing(amount):
    parts = golden_parts(Msat(amount), splits=2)
    assert sum(parts) == amount
    assert len(parts) <= 4
    assert len(parts) == 1 or min(parts) >= 100_000


def test_full_channels_give_at_first_and_stop_when_it_has_cost_enough():
    full, empty, even = balanced(1, 1.0), balanced(2, 0.0), balanced(3, 0.77)
    refills = initial_refills(stock_of(full, empty, even), rng())
    assert {refill.scid_in for refill in refills} == {empty.scid}
    assert sum(refill.amount_msat for refill in refills) == 5_000_000_000
    assert sum(refill.most_fee_msat for refill in refills) <= 12_500_000
    spent = a_rebalance(scid_in=empty.scid, scid_out=full.scid, fee_msat=Msat(4_000_001))
    assert not initial_refills(stock_of(full, empty, rebalances=(spent,)), rng())


@pytest.mark.parametrize(
    ("earned_sat", "spent_sat", "left_sat"),
    [(0, 0, 10), (0, 10, 0), (0, 11, -1), (100, 0, 35), (100, 35, 0), (1_000, 400, -140)],
)
def test_refills_in_time_may_cost_ten_sat_and_a_quarter_of_earnings(
    earned_sat, spent_sat, left_sat
):
    flow = Flow(earned_msat=earned_sat * 1_000, refill_cost_msat=spent_sat * 1_000)
    assert allowance_msat(flow) == left_sat * 1_000


def test_another_htlc_costs_172_weight_units():
    assert [htlc_msat(feerate) for feerate in (1.0, 5.0, 2.5)] == [43_000, 215_000, 107_500]


def test_each_peer_that_has_not_cost_too_much_is_refilled_in_time():
    first, dear = balanced(1, 0.1), balanced(3, 0.5)
    second = replace(balanced(2, 0.9), peer_id=first.peer_id)
    ever = Window(None)
    spent = a_rebalance(scid_in=dear.scid, scid_out=first.scid, fee_msat=Msat(10_001))
    paid = a_rebalance(scid_in=second.scid, scid_out=dear.scid, fee_msat=Msat(20_000))
    ever.take(a_sight(forwards=(earner(100, 2, 3),), rebalances=(spent, paid)).activity)
    (order,) = jit_orders(by_peer((first, second, dear)), ever, 5.0)
    assert order.scids == (first.scid, second.scid)
    assert order.allowance_msat == 15_000
    assert (order.least_fee_msat, order.fee_ppm, order.margin_msat) == (5_000, 1_000, 215_000)


@pytest.mark.parametrize("refills", Refills)
def test_what_clboss_refills_depends_on_its_age(refills):
    full, empty = balanced(1, 1.0), balanced(2, 0.0)
    looks = [Clboss(rng(seed), refills).look(a_sight(full, empty)) for seed in range(8)]
    assert any(orders.refills for orders in looks) == (refills is Refills.ALL)
    for orders in looks:
        named = {scid for order in orders.just_in_time or () for scid in order.scids}
        assert named == (set() if refills is Refills.NONE else {full.scid, empty.scid})
    assert (looks[0].just_in_time is None) == (refills is Refills.NONE)
