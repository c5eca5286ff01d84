"""What the advisers propose, what they expect of it, and when they stay silent."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.builders import (
    DAY,
    MORNING,
    a_channel,
    a_failure,
    a_forward,
    a_policy,
    a_rebalance,
    a_scid,
    an_activity,
    an_observation,
)
from tests.status_builders import a_gain, a_price, a_public_channel, a_status, a_view, an_own_day

from daznode.decide.advice import advise
from daznode.decide.params import AdviceParams
from daznode.domain.ids import format_scid
from daznode.domain.report import Priority

PARAMS = AdviceParams(most_advice=100, most_per_rule=100, least_gain_msat=1)
YESTERDAY = MORNING - timedelta(hours=20)


def by_rule(status, params=PARAMS):
    return {advice.rule: advice for advice in advise(status, params)}


def own(channels, **activity):
    events = {"forwards": (), "failures": (), "rebalances": ()} | activity
    return an_own_day(an_observation(channels=tuple(channels)), an_activity(**events))


def drained(number=2, **given):
    return a_channel(number, local_msat=200_000_000, remote_msat=4_800_000_000, **given)


def full(number=2, **given):
    return a_channel(number, local_msat=4_800_000_000, remote_msat=200_000_000, **given)


def sales(count, number=2, amount_sat=100_000, fee_sat=25):
    return tuple(
        a_forward(
            at=YESTERDAY,
            scid_in=a_scid(1),
            scid_out=a_scid(number),
            amount_in_msat=(amount_sat + fee_sat) * 1000,
            amount_out_msat=amount_sat * 1000,
        )
        for _ in range(count)
    )


def refusals(count, number=2, amount_sat=100_000, fee_sat=25):
    return tuple(
        a_failure(
            at=YESTERDAY,
            scid_out=a_scid(number),
            amount_out_msat=amount_sat * 1000,
            missed_fee_msat=fee_sat * 1000,
        )
        for _ in range(count)
    )


def test_a_channel_that_sells_out_should_cost_more():
    status = a_status(own=own([a_channel(1), drained()], forwards=sales(10), failures=refusals(20)))
    advice = by_rule(status)["raise_fee"]
    # 250 ppm, at most half more, below the market's upper quartile of 400
    assert advice.figures["new_ppm"] == 375
    # 10 x 25 sat a week, times 30/7, times (375 - 250) / 250
    assert advice.gain_msat_month == 250_000 * 30 * 125 // (7 * 250)
    assert advice.channels == (format_scid(a_scid(2)),)
    assert {clue.label for clue in advice.clues} >= {
        "local_ratio",
        "refused_week_sats",
        "market_p50_ppm",
    }


def test_the_rise_is_bounded_by_demand():
    status = a_status(own=own([a_channel(1), drained()], forwards=sales(10), failures=refusals(3)))
    assert by_rule(status)["raise_fee"].figures["new_ppm"] == 325


def test_the_rise_is_bounded_by_the_market():
    channels = (a_public_channel(1), a_public_channel(2, price=a_price(p75_ppm=300)))
    status = a_status(
        now=a_view(channels=channels),
        own=own([a_channel(1), drained()], forwards=sales(10), failures=refusals(20)),
    )
    assert by_rule(status)["raise_fee"].figures["new_ppm"] == 300


@pytest.mark.parametrize("channel", [a_channel(2), full()])
def test_no_rise_while_there_is_balance(channel):
    status = a_status(own=own([a_channel(1), channel], forwards=sales(10), failures=refusals(20)))
    assert "raise_fee" not in by_rule(status)


def test_a_refill_must_pay_for_itself():
    cheap = a_rebalance(at=YESTERDAY, scid_in=a_scid(3), amount_msat=10**9, fee_msat=10_000)
    status = a_status(
        own=own([a_channel(1), drained()], failures=refusals(20), rebalances=(cheap,))
    )
    advice = by_rule(status)["refill"]
    # missed 20 x 25 sat; 2,000,000 sat at 10 ppm cost 20 sat; over a fortnight
    assert advice.gain_msat_month == (500_000 - 20_000) * 30 // 14
    dear = replace(cheap, fee_msat=400_000)
    status = a_status(own=own([a_channel(1), drained()], failures=refusals(20), rebalances=(dear,)))
    assert "refill" not in by_rule(status)


def test_no_refill_without_a_known_cost():
    assert "refill" not in by_rule(
        a_status(own=own([a_channel(1), drained()], failures=refusals(20)))
    )


def test_raising_and_refilling_one_channel_never_stand_together():
    cheap = a_rebalance(at=YESTERDAY, scid_in=a_scid(2), amount_msat=10**9, fee_msat=10_000)
    status = a_status(
        own=own(
            [a_channel(1), drained()],
            forwards=sales(10),
            failures=refusals(20),
            rebalances=(cheap,),
        )
    )
    rules = set(by_rule(status))
    assert len(rules & {"raise_fee", "refill", "raise_cheap_fee"}) == 1


def test_a_full_idle_dear_channel_should_cost_less():
    dear = full(local_policy=a_policy(fee_ppm=900))
    status = a_status(own=own([a_channel(1), dear, a_channel(3)], forwards=sales(10, number=3)))
    advice = by_rule(status)["cut_fee"]
    assert advice.figures["new_ppm"] == 450
    # the node's only selling channel turned over 1,000,000 of 5,000,000 sat in a fortnight
    assert advice.gain_msat_month == 1_000_000 * 30 // 14 * 450 // 1000
    assert advice.gain_basis == "median_turnover"


def test_no_cut_below_the_market_median_nor_for_a_young_channel():
    for channel in (
        full(local_policy=a_policy(fee_ppm=200)),
        full(local_policy=a_policy(fee_ppm=900), opened_at=MORNING - 5 * DAY),
        full(local_policy=a_policy(fee_ppm=900), is_active=False),
    ):
        assert "cut_fee" not in by_rule(a_status(own=own([a_channel(1), channel])))


def test_refills_that_lose_money_should_stop():
    dear = a_rebalance(at=YESTERDAY, scid_in=a_scid(2), amount_msat=10**9, fee_msat=800_000)
    status = a_status(own=own([a_channel(1), a_channel(2)], forwards=sales(4), rebalances=(dear,)))
    assert by_rule(status)["stop_refilling"].gain_msat_month == 700_000 * 30 // 7


def test_a_selling_channel_below_the_market_should_cost_more():
    cheap = a_channel(2, local_policy=a_policy(fee_ppm=50))
    status = a_status(own=own([a_channel(1), cheap], forwards=sales(10, fee_sat=5)))
    advice = by_rule(status)["raise_cheap_fee"]
    assert (advice.figures["new_ppm"], advice.gain_basis) == (75, "same_volume")


def test_an_offline_peer_counts_for_what_it_earned():
    status = a_status(own=own([a_channel(1), a_channel(2, is_active=False)], forwards=sales(14)))
    assert by_rule(status)["wake_peer"].gain_msat_month == 14 * 25_000 * 30 // 14
    silent = a_status(own=own([a_channel(1), a_channel(3, is_active=False)]))
    assert by_rule(silent)["wake_peer"].gain_msat_month is None


def test_dead_channels_free_capital_without_a_promise():
    status = a_status(own=own([a_channel(1), a_channel(2)], forwards=()))
    advice = by_rule(status)["free_capital"]
    assert (advice.gain_msat_month, advice.gain_basis) == (None, "capital_only")


def test_public_advice_promises_nothing():
    channels = (
        a_public_channel(1, local_policy=a_policy(fee_ppm=900)),
        a_public_channel(2, local_policy=a_policy(fee_ppm=10, htlc_maximum_msat=1_000_000)),
        a_public_channel(3, local_policy=a_policy(is_disabled=True)),
        a_public_channel(4, local_policy_at=MORNING - 20 * DAY),
    )
    advice = by_rule(a_status(now=a_view(channels=channels)))
    assert set(advice) == {
        "above_market",
        "below_market",
        "raise_htlc_maximum",
        "enable_channels",
        "refresh_policies",
        "open_channel",
    }
    assert all(one.gain_msat_month is None for one in advice.values())


@pytest.mark.parametrize("n_competitors", [1, 4])
def test_few_competitors_are_no_market(n_competitors):
    lonely = a_price(n_competitors=n_competitors)
    channels = (
        a_public_channel(1, local_policy=a_policy(fee_ppm=900), price=lonely),
        a_public_channel(2, local_policy=a_policy(fee_ppm=10), price=lonely),
    )
    status = a_status(now=a_view(channels=channels))
    assert not set(by_rule(status)) & {"above_market", "below_market"}
    dear = full(local_policy=a_policy(fee_ppm=900))
    assert "cut_fee" not in by_rule(replace(status, own=own([a_channel(1), dear])))


def test_a_new_peer_matters_more_to_a_node_with_few():
    few = by_rule(a_status(now=a_view(channels=(a_public_channel(1),))))["open_channel"]
    many = by_rule(a_status())["open_channel"]
    assert few.impact_score > many.impact_score
    nothing = a_view(gains=(a_gain(harmonic_gain=0.0),))
    assert "open_channel" not in by_rule(a_status(now=nothing))


def test_ranked_by_share_of_a_months_revenue_and_limited():
    channels = [a_channel(1), drained(2), drained(3), drained(4)]
    forwards = sales(40, number=2) + sales(10, number=3) + sales(5, number=4)
    failures = refusals(80, 2) + refusals(20, 3) + refusals(10, 4)
    status = a_status(own=own(channels, forwards=forwards, failures=failures))
    advice = advise(status, AdviceParams(most_per_rule=2, least_gain_msat=1))
    raises = [one.channels[0] for one in advice if one.rule == "raise_fee"]
    assert raises == [format_scid(a_scid(2)), format_scid(a_scid(3))]
    impacts = [one.impact_score for one in advice]
    assert impacts == sorted(impacts, reverse=True)
    # half more on 40 of 55 sales
    assert advice[0].impact_score == pytest.approx(10 * (0.5 * 40 / 55) ** 0.5, abs=0.05)
    assert advice[0].priority is Priority.HIGH


def test_same_day_same_advice():
    status = a_status(own=own([a_channel(1), drained()], forwards=sales(10), failures=refusals(20)))
    assert advise(status, PARAMS) == advise(status, PARAMS)


def test_the_default_of_lnd_can_leave_the_ground():
    idle = a_policy(fee_ppm=1, base_fee_msat=1_000)
    status = a_status(
        own=own(
            [a_channel(1), drained(local_policy=idle)],
            forwards=sales(10, fee_sat=1),
            failures=refusals(20),
        )
    )
    advice = by_rule(status)["raise_cheap_fee"]
    assert advice.figures["new_ppm"] == 26
    # 1,000,000 sat a week at 25 ppm more; the base fee stays and counts for nothing
    assert advice.gain_msat_month == 1_000_000_000 * 25 * 30 // (7 * 1_000_000)


def test_a_channel_that_loses_by_refills_is_not_refilled():
    cheap = a_rebalance(at=YESTERDAY, scid_in=a_scid(3), amount_msat=10**12, fee_msat=10_000)
    dear = a_rebalance(at=YESTERDAY, scid_in=a_scid(2), amount_msat=10**6, fee_msat=400_000)
    status = a_status(
        own=own([a_channel(1), drained()], failures=refusals(20), rebalances=(cheap, dear))
    )
    rules = set(by_rule(status))
    assert "stop_refilling" in rules
    assert "refill" not in rules
