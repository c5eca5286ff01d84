"""Policies in order, each against the base."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.made_up_runs import (
    MADE_AT,
    outcome_of,
    outcomes_of,
    plan_of,
    random_fees,
    standings_of,
)

from daznode.domain.errors import InvalidParameter
from daznode.simulate.referee.standings import against_base, compare, net_scores, sat_per_btc_year

POLICIES = ("static", "market", "ladder")
SLOW = settings(max_examples=10, deadline=None)


def msat_for(sat_per_btc_and_year):
    """Fees of half a bitcoin and 30 days that come to this much."""
    return sat_per_btc_and_year * 1_000 * 0.5 * 30 / 365.25


def test_amounts_are_per_bitcoin_and_year():
    run = outcome_of(plan_of(POLICIES, 1, 1).keys[0], 0)
    assert sat_per_btc_year(1_000_000, run) == pytest.approx(1_000 * 2 * 365.25 / 30)


@SLOW
@given(st.integers(0, 2**32), st.randoms(use_true_random=False))
def test_the_order_of_nodes_seeds_policies_and_runs_changes_nothing(seed, shuffler):
    plan = plan_of(POLICIES, 7, 3)
    outcomes = outcomes_of(plan, random_fees(POLICIES, 7, 3, seed))
    lists = [list(plan.nodes), list(plan.seeds), list(plan.policies), list(outcomes)]
    for one in lists:
        shuffler.shuffle(one)
    shuffled = replace(plan, nodes=tuple(lists[0]), seeds=tuple(lists[1]), policies=tuple(lists[2]))
    plain, other = compare(plan, outcomes, MADE_AT), compare(shuffled, lists[3], MADE_AT)
    assert plain.standings == other.standings
    assert plain.outcomes == other.outcomes


@SLOW
@given(st.integers(0, 2**32), st.integers(-50_000, 50_000))
def test_what_is_added_to_a_policy_is_added_to_its_mean(seed, added):
    plan, fees = plan_of(POLICIES, 6, 2), random_fees(POLICIES, 6, 2, seed)
    plain = standings_of(plan, fees)
    raised = standings_of(plan, {**fees, "market": fees["market"] + round(msat_for(added))})
    for reading in ("net", "gross", "net_flat", "against_base"):
        before, after = getattr(plain["market"], reading), getattr(raised["market"], reading)
        assert after.mean - before.mean == pytest.approx(added, abs=0.1)
        assert after.high - after.low == pytest.approx(before.high - before.low)
    assert raised["ladder"].against_base == plain["ladder"].against_base


@SLOW
@given(st.integers(0, 2**32), st.integers(1, 20), st.integers(1, 3))
def test_copies_of_the_base_do_not_differ_at_all(seed, n_nodes, n_seeds):
    fees = random_fees(("static",), n_nodes, n_seeds, seed)["static"]
    copy = standings_of(
        plan_of(("static", "copy"), n_nodes, n_seeds), {"static": fees, "copy": fees}
    )["copy"]
    if n_nodes * n_seeds > 1:
        assert (copy.against_base.low, copy.against_base.high) == (0.0, 0.0)
    assert copy.against_base.mean == 0.0
    assert copy.p_value == 1.0
    assert not copy.is_ahead
    assert not copy.is_behind
    assert copy.wins == 0.0
    assert copy.mean_rank == 1.5


def test_a_known_effect_is_found_on_top_of_much_larger_spread():
    rng = np.random.default_rng(11)
    base = msat_for(rng.uniform(5_000, 100_000, (20, 5)))
    effect = rng.normal(3_000, 2_000, (20, 5))
    fees = {
        "static": base,
        "better": base + msat_for(effect),
        "worse": base - msat_for(effect),
        "same": base + msat_for(rng.normal(0, 2_000, (20, 5))),
    }
    found = standings_of(plan_of(fees, 20, 5), fees)
    assert found["better"].is_ahead
    assert found["worse"].is_behind
    assert not found["same"].is_ahead
    assert not found["same"].is_behind
    assert found["better"].against_base.low < 3_000 < found["better"].against_base.high
    assert found["better"].wins == 1.0
    assert (found["static"].p_value, found["static"].against_base.high) == (1.0, 0.0)


def test_with_more_comparisons_it_takes_more():
    rng = np.random.default_rng(1)
    base = msat_for(rng.uniform(5_000, 100_000, (20, 2)))
    fees = {"static": base, "better": base + msat_for(rng.normal(450, 1_100, (20, 2)))}
    alone = standings_of(plan_of(fees, 20, 2), fees)["better"]
    crowd = {f"other{k}": base + msat_for(rng.normal(0, 900, (20, 2))) for k in range(15)}
    among = standings_of(plan_of({**fees, **crowd}, 20, 2), {**fees, **crowd})["better"]
    assert (alone.p_value, alone.against_base) == (among.p_value, among.against_base)
    assert alone.is_ahead
    assert not among.is_ahead


def test_best_first_and_equals_by_name():
    fees = {"b": np.full((3, 1), 5), "a": np.full((3, 1), 5), "static": np.full((3, 1), 9)}
    plan = plan_of(fees, 3, 1)
    comparison = compare(plan, outcomes_of(plan, fees), MADE_AT)
    assert [standing.policy for standing in comparison.standings] == ["static", "a", "b"]
    assert [standing.mean_rank for standing in comparison.standings] == [1.0, 2.5, 2.5]
    assert comparison.made_at == MADE_AT


def test_each_node_counts_once_in_the_rank():
    fees = {"static": np.array([[1], [1], [1]]), "market": np.array([[2], [2], [0]])}
    found = standings_of(plan_of(fees, 3, 1), fees)
    assert found["market"].mean_rank == pytest.approx(4 / 3)
    assert found["market"].wins == pytest.approx(2 / 3)


def test_every_reading_is_its_own():
    plan = plan_of(("static",), 2, 2)
    outcomes = [
        outcome_of(
            key,
            msat_for(10_000),
            captive_msat=round(msat_for(1_000)),
            refill_cost_msat=round(msat_for(300)),
            onchain_cost_msat=round(msat_for(200)),
            restore_msat=round(msat_for(4_000)),
            restore_flat_msat=round(msat_for(700)),
        )
        for key in plan.keys
    ]
    (found,) = compare(plan, outcomes, MADE_AT).standings
    means = {
        name: round(getattr(found, name).mean)
        for name in ("net", "net_low", "net_high", "net_flat", "net_contested", "gross", "cost")
    }
    assert means == {
        "net": 7_500,
        "net_low": 5_500,
        "net_high": 9_500,
        "net_flat": 8_800,
        "net_contested": 6_500,
        "gross": 10_000,
        "cost": 500,
    }
    assert found.success_ratio == 0.75
    assert found.imbalance == 0.25
    assert found.own_btc == pytest.approx(0.25)
    assert found.refills_per_day == pytest.approx(0.1)
    assert found.updates_per_channel_day == 0.0


def test_shares_are_of_the_oracle_if_there_is_one():
    fees = {"static": np.full((3, 2), 4_000), "oracle": np.full((3, 2), 16_000)}
    found = standings_of(plan_of(fees, 3, 2), fees)
    assert found["static"].share_of_oracle == pytest.approx(0.25)
    assert found["oracle"].share_of_oracle == 1.0
    poor = {**fees, "oracle": np.zeros((3, 2))}
    assert standings_of(plan_of(poor, 3, 2), poor)["static"].share_of_oracle is None
    assert standings_of(plan_of(("static",), 3, 2), fees)["static"].share_of_oracle is None


def test_a_missing_run_is_named():
    plan = plan_of(POLICIES, 2, 2)
    outcomes = outcomes_of(plan, random_fees(POLICIES, 2, 2))
    gone = outcomes.pop(7)
    with pytest.raises(InvalidParameter) as raised:
        compare(plan, outcomes, MADE_AT)
    for part in (gone.key.node_id, f"seed {gone.key.seed}", gone.key.policy):
        assert part in str(raised.value)


def test_a_run_may_not_stand_there_twice_nor_have_no_days():
    plan = plan_of(POLICIES, 2, 2)
    outcomes = outcomes_of(plan, random_fees(POLICIES, 2, 2))
    with pytest.raises(InvalidParameter, match="two outcomes"):
        compare(plan, [*outcomes, outcomes[0]], MADE_AT)
    with pytest.raises(InvalidParameter, match="without capacity or days"):
        compare(plan, [replace(outcomes[0], days=0), *outcomes[1:]], MADE_AT)


@pytest.mark.parametrize("changes", [{"nodes": ()}, {"seeds": ()}, {"base": "unknown"}])
def test_a_plan_without_content_is_refused(changes):
    with pytest.raises(InvalidParameter):
        compare(replace(plan_of(POLICIES, 2, 2), **changes), [], MADE_AT)


def test_runs_of_other_plans_are_left_out():
    plan = plan_of(POLICIES, 2, 2)
    fees = random_fees(POLICIES, 2, 2)
    stranger = outcome_of(replace(plan.keys[0], seed=99), 1)
    comparison = compare(plan, [*outcomes_of(plan, fees), stranger], MADE_AT)
    assert [run.key for run in comparison.outcomes] == sorted(plan.keys)


def test_scores_are_in_order_of_nodes_and_seeds():
    plan = plan_of(POLICIES, 2, 3)
    fees = random_fees(POLICIES, 2, 3)
    scores = net_scores(plan, outcomes_of(plan, fees)[::-1])
    for policy in POLICIES:
        assert scores[policy] == pytest.approx(fees[policy] / msat_for(1))


def test_a_lead_that_rests_on_what_is_not_restored_shows_in_the_band():
    plan = plan_of(("static", "drainer"), 8, 2)
    noise = np.random.default_rng(3).uniform(10_000, 12_000, len(plan.keys))
    outcomes = [
        outcome_of(
            key,
            msat_for(noise[place] + 10_000 * (key.policy == "drainer")),
            restore_msat=round(msat_for(16_000)) * (key.policy == "drainer"),
        )
        for place, key in enumerate(plan.keys)
    ]
    found = against_base(plan, outcomes)
    drainer = found["drainer"]
    assert drainer["net_high"].low > 0
    assert drainer["net_low"].high < 0
    assert drainer["net"].mean == pytest.approx(drainer["gross"].mean - 8_000, abs=0.1)
    (first, *_) = compare(plan, outcomes, MADE_AT).standings
    assert first.against_base == drainer["net"]
    assert {interval.mean for interval in found["static"].values()} == {0.0}
    turned = against_base(replace(plan, base="drainer"), outcomes)["static"]["net"]
    assert turned.mean == pytest.approx(-drainer["net"].mean)


def test_the_oracle_is_no_candidate_that_asks_more_of_others():
    rng = np.random.default_rng(1)
    base = msat_for(rng.uniform(5_000, 100_000, (20, 2)))
    fees = {"static": base, "better": base + msat_for(rng.normal(380, 1_100, (20, 2)))}
    noise = base + msat_for(rng.normal(0, 900, (20, 2)))
    found = {
        name: standings_of(plan_of({**fees, name: noise}, 20, 2), {**fees, name: noise})["better"]
        for name in ("oracle", "other")
    }
    assert 0.025 < found["oracle"].p_value < 0.05
    assert found["oracle"].is_ahead
    assert not found["other"].is_ahead
