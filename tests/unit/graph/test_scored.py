from dataclasses import fields

import numpy as np
import pytest
from tests.builders import a_snapshot, some_measures

from daznode.domain.measures import HistoryMeasures, NodeMeasures
from daznode.graph.scored import PARTS, SCORED, ScoredMeasure

BY_NAME = {row.name: row for row in SCORED}


def goodness(row: ScoredMeasure, *values: float) -> list[float]:
    snapshot = a_snapshot(len(values), [])
    measures = some_measures(snapshot, channels=np.array([10, 1_000, 0][: len(values)]))
    return row.goodness(np.array(values), measures).tolist()


def test_the_weights_of_each_part_sum_to_one():
    for part in PARTS:
        assert sum(row.weight for row in SCORED if row.part == part) == pytest.approx(1.0)
    assert {row.part for row in SCORED} == set(PARTS)


def test_every_measure_of_the_domain_is_in_the_table_once():
    meta = {"snapshot_id", "params_hash", "amount_msat", "span_days", "n_snapshots"}
    historic = {field.name for field in fields(HistoryMeasures)} - meta
    present = {field.name for field in fields(NodeMeasures)} - meta
    assert {row.name for row in SCORED} == historic | present
    assert {row.name for row in SCORED if row.is_historic} == historic
    assert len(SCORED) == len(BY_NAME)


def test_a_settled_policy_is_best_and_a_stale_one_worse_than_a_fresh_one():
    new, settled, renewed = goodness(BY_NAME["policy_age_days"], 0.0, 1 / 24, 14.0)
    assert new < settled == renewed
    just_stale, staler = goodness(BY_NAME["policy_age_days"], 14.1, 60.0)
    assert staler < just_stale < new


def test_half_and_double_the_market_are_as_far_from_it():
    half, market, double = goodness(BY_NAME["fee_to_market"], 0.5, 1.0, 2.0)
    assert half == double < market
    (free,) = goodness(BY_NAME["fee_to_market"], 0.0)
    assert free == -np.inf


def test_closes_are_judged_against_the_number_of_channels():
    small, large, none = goodness(BY_NAME["closes_per_year"], 10.0, 100.0, 0.0)
    assert small == -1.0
    assert large == -0.1
    assert none == 0.0


@pytest.mark.parametrize(
    "name", ["disabled_ratio", "policy_changes_per_channel_day", "closes_per_year"]
)
def test_less_is_better_of_what_disturbs(name: str):
    calm, restless = goodness(BY_NAME[name], 0.1, 20.0)
    assert restless < calm


def test_a_node_that_renews_nothing_ranks_as_if_all_were_disabled():
    measures = some_measures(a_snapshot(3, []), policy_age_days=np.array([14.0, 14.1, np.nan]))
    judged = BY_NAME["disabled_ratio"].goodness(np.array([0.0, 0.0, 0.5]), measures)
    assert judged[1] == -1.0
    assert judged[1] < judged[2] < judged[0] < 0.0


def test_the_last_thousandths_of_reach_and_the_own_capacity_decide_nothing():
    """Of 1,000,000 sat the first node holds half and reaches the other half, as good as the rest."""
    measures = some_measures(a_snapshot(3, []), capacity_sat=np.array([500_000, 300_000, 200_000]))
    reached = np.array([500_000.0, 699_999.0, 799_000.0])
    judged = BY_NAME["fair_capacity_sat"].goodness(reached, measures)
    assert judged.tolist() == [100.0, 99.0, 99.0]
