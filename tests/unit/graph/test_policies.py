from datetime import timedelta
from statistics import median

import numpy as np
import pytest
from hypothesis import given, settings
from tests.builders import MORNING, a_snapshot
from tests.random_snapshots import random_snapshots

from daznode.domain.gossip import GraphSnapshot
from daznode.graph.policies import (
    group_median,
    measure_policies,
    stable_order,
    weighted_group_median,
)

NAN = float("nan")


def as_rows(snapshot: GraphSnapshot) -> list[dict]:
    """Directed policies as plain dictionaries, for reference code without numpy."""
    channels, policies = snapshot.channels, snapshot.channels.policies
    ends = channels.node1.tolist(), channels.node2.tolist()
    return [
        {
            "source": ends[side][k],
            "target": ends[1 - side][k],
            "capacity": max(int(channels.capacity_sat[k]), 0),
            "ppm": int(policies.fee_ppm[side, k]),
            "present": bool(policies.is_present[side, k]),
            "disabled": bool(policies.is_disabled[side, k]),
            "updated": int(policies.last_update[side, k]),
            "height": int(channels.scid[k]) >> 40,
        }
        for k in range(snapshot.n_channels)
        for side in (0, 1)
    ]


def is_priced(row: dict) -> bool:
    return row["present"] and not row["disabled"] and row["ppm"] < 1_000_000


def fee_to_market(rows: list[dict], node: int) -> float:
    ratios = []
    for peer in {row["target"] for row in rows if row["source"] == node}:
        towards = [row for row in rows if row["target"] == peer and is_priced(row)]
        mine = [row["ppm"] for row in towards if row["source"] == node]
        others = [row["ppm"] for row in towards if row["source"] != node]
        if mine and others:
            free = median(mine) == median(others) == 0
            ratios.append(1.0 if free else median(mine) / max(median(others), 1))
    return median(ratios) if ratios else NAN


def weighted_median(values: list[tuple[int, int]]) -> float:
    total = sum(weight for _, weight in values)
    passed = 0
    for value, weight in sorted(values):
        passed += weight
        if total and 2 * passed >= total:
            return value
    return NAN


def policy_balance(rows: list[dict], node: int) -> float:
    sides = [
        weighted_median(
            [(row["ppm"], row["capacity"]) for row in rows if row[end] == node and is_priced(row)]
        )
        for end in ("source", "target")
    ]
    if any(np.isnan(sides)):
        return NAN
    return 1.0 if max(sides) == 0 else min(sides) / max(sides)


def flow_beyond_peers(rows: list[dict], node: int) -> int:
    flow = 0
    for peer in {row["target"] for row in rows if row["source"] == node}:
        to_peer = sum(r["capacity"] for r in rows if (r["source"], r["target"]) == (node, peer))
        onward = sum(r["capacity"] for r in rows if r["source"] == peer and r["target"] != node)
        flow += min(to_peer, onward)
    return flow


def disabled_ratio(rows: list[dict], node: int) -> float:
    own = [row for row in rows if row["source"] == node and row["present"]]
    return sum(row["disabled"] for row in own) / len(own) if own else NAN


def policy_age_days(rows: list[dict], node: int) -> float:
    own = [row for row in rows if row["source"] == node and row["present"]]
    ages = [max(int(MORNING.timestamp()) - row["updated"], 0) / 86_400 for row in own]
    return median(ages) if ages else NAN


def age_blocks(rows: list[dict], node: int) -> int:
    own = [row["height"] for row in rows if row["source"] == node]
    return max(row["height"] for row in rows) - min(own) if own else -1


@settings(deadline=None, max_examples=200)
@given(snapshot=random_snapshots())
def test_every_measure_equals_its_definition_in_plain_python(snapshot: GraphSnapshot):
    measured = measure_policies(snapshot)
    rows = as_rows(snapshot)
    for definition, column in (
        (age_blocks, measured.age_blocks),
        (disabled_ratio, measured.disabled_ratio),
        (policy_age_days, measured.policy_age_days),
        (fee_to_market, measured.fee_to_market),
        (policy_balance, measured.policy_balance),
        (flow_beyond_peers, measured.flow_beyond_peers_sat),
    ):
        expected = [definition(rows, node) for node in range(snapshot.n_nodes)]
        np.testing.assert_allclose(
            column, expected, rtol=1e-15, atol=0, err_msg=definition.__name__
        )


def test_a_node_without_channels_has_no_policy_measures():
    measured = measure_policies(a_snapshot(3, [(0, 1)]))
    assert measured.age_blocks[2] == -1
    assert np.isnan(measured.disabled_ratio[2])
    assert np.isnan(measured.policy_age_days[2])
    assert np.isnan(measured.fee_to_market[2])
    assert np.isnan(measured.policy_balance[2])
    assert measured.flow_beyond_peers_sat[2] == 0


def test_a_network_without_channels_is_measured_too():
    measured = measure_policies(a_snapshot(2, []))
    assert measured.age_blocks.tolist() == [-1, -1]
    assert np.isnan(measured.fee_to_market).all()
    assert measured.flow_beyond_peers_sat.tolist() == [0, 0]


def test_the_market_leaves_out_sentinel_and_disabled_policies():
    """Node 0 asks 300 of peer 1, where node 2 asks 100, node 3 "do not route", node 4 is off."""
    snapshot = a_snapshot(
        5,
        [(0, 1), (1, 2), (1, 3), (1, 4)],
        policies={
            "fee_ppm": [[300, 7, 7, 7], [7, 100, 2**32 - 1, 50]],
            "is_disabled": [[False] * 4, [False, False, False, True]],
        },
    )
    measured = measure_policies(snapshot)
    assert measured.fee_to_market[0] == 3.0
    assert np.isnan(measured.fee_to_market[3])
    assert np.isnan(measured.policy_balance[3])


def test_own_parallel_channels_are_not_the_competition():
    snapshot = a_snapshot(
        3,
        [(0, 1), (0, 1), (0, 1), (1, 2)],
        policies={"fee_ppm": [[10, 20, 90, 5], [5, 5, 5, 40]]},
    )
    assert measure_policies(snapshot).fee_to_market[0] == 20 / 40


def test_half_of_the_capacity_decides_the_balance_not_half_of_the_channels():
    snapshot = a_snapshot(
        4,
        [(0, 1), (0, 2), (0, 3)],
        capacity_sat=[9_000_000, 1_000_000, 1_000_000],
        policies={"fee_ppm": [[500, 10, 10], [100, 9_999, 9_999]]},
    )
    assert measure_policies(snapshot).policy_balance[0] == 100 / 500


def test_a_policy_dated_after_the_snapshot_is_fresh_not_negative():
    later = int((MORNING + timedelta(hours=3)).timestamp())
    snapshot = a_snapshot(2, [(0, 1)], policies={"last_update": later})
    assert measure_policies(snapshot).policy_age_days.tolist() == [0.0, 0.0]


def test_a_policy_without_a_date_has_no_age():
    snapshot = a_snapshot(2, [(0, 1)], policies={"last_update": [[0], [1]]})
    age_days = measure_policies(snapshot).policy_age_days
    assert np.isnan(age_days[0])
    assert age_days[1] > 10_000


@pytest.mark.parametrize("largest", [3, 2**61])
def test_stable_order_keeps_equal_keys_in_their_order(largest: int):
    key = np.array([largest, 1, 0, 1, 0, largest])
    assert stable_order(key).tolist() == [2, 4, 1, 3, 0, 5]


def test_group_medians_of_empty_groups_are_unknown():
    plain = group_median(np.array([0, 0, 2]), np.array([1.0, 4.0, 7.0]), 4)
    np.testing.assert_array_equal(plain, [2.5, NAN, 7.0, NAN])
    weighted = weighted_group_median(
        np.array([0, 0, 1]), np.array([9, 2, 5]), np.array([3, 1, 0]), 3
    )
    np.testing.assert_array_equal(weighted, [9.0, NAN, NAN])
