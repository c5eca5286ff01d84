from datetime import timedelta

import numpy as np
import pytest
from tests.builders import MORNING, a_snapshot

from daznode.domain.errors import InvalidParameter
from daznode.graph.history import measure_history

NAN = float("nan")
DAY = timedelta(days=1)


def on_day(number: int, n_nodes: int = 3, pairs=((0, 1), (1, 2)), **policies):
    return a_snapshot(n_nodes, pairs, policies=policies, observed_at=MORNING + number * DAY)


def without_node(number: int, missing: int, n_nodes: int = 3):
    """A day on which one of the nodes has neither announcement nor channel."""
    full = a_snapshot(n_nodes, [])
    keys = np.delete(full.nodes.node_id, missing, axis=0)
    return a_snapshot(n_nodes - 1, [], nodes={"node_id": keys}, observed_at=MORNING + number * DAY)


def test_one_snapshot_shows_no_history():
    history = measure_history([on_day(0)])
    assert (history.n_snapshots, history.span_days) == (1, 0.0)
    for column in (
        history.announced_ratio,
        history.policy_changes_per_channel_day,
        history.closes_per_year,
    ):
        np.testing.assert_array_equal(column, [NAN] * 3)


def test_presence_counts_from_the_first_sight():
    """Node 1 is away on one of four days; node 2 comes on the third; node 0 is always there."""
    series = [without_node(0, 2), without_node(1, 1), on_day(2), on_day(3)]
    series[1] = a_snapshot(
        1, [], nodes={"node_id": series[0].nodes.node_id[:1]}, observed_at=MORNING + DAY
    )
    history = measure_history(series)
    np.testing.assert_array_equal(history.announced_ratio, [1.0, 3 / 4, 1.0])
    assert (history.n_snapshots, history.span_days) == (4, 3.0)


def test_a_node_of_the_newest_snapshot_only_has_no_history():
    history = measure_history([without_node(0, 2), on_day(1)])
    np.testing.assert_array_equal(history.announced_ratio, [1.0, 1.0, NAN])
    np.testing.assert_array_equal(history.closes_per_year, [0.0, 0.0, NAN])


def test_changes_are_counted_for_each_channel_and_day():
    """Node 0 changes its price twice in four days on its one channel; node 1 once on one of two."""
    prices = [[[10, 30], [20, 40]], [[11, 30], [20, 40]], [[12, 35], [20, 40]]]
    series = [on_day(day, fee_ppm=price) for day, price in zip((0, 1, 4), prices, strict=True)]
    changes = measure_history(series).policy_changes_per_channel_day
    np.testing.assert_allclose(changes, [2 / 4, 1 / 8, 0.0])


def test_changes_belong_to_the_node_whatever_its_place_in_each_snapshot():
    """The newest snapshot has one more node, whose key stands before the others."""
    keys = a_snapshot(3, []).nodes.node_id
    series = [
        a_snapshot(
            2,
            [(0, 1)],
            nodes={"node_id": keys[1:]},
            policies={"fee_ppm": [[price], [9]]},
            observed_at=MORNING + day * DAY,
        )
        for day, price in ((0, 10), (1, 11))
    ]
    series.append(on_day(2, pairs=((1, 2),), fee_ppm=[[11], [9]]))
    changes = measure_history(series).policy_changes_per_channel_day
    np.testing.assert_array_equal(changes, [NAN, 1 / 2, 0.0])


@pytest.mark.parametrize(
    "change",
    [
        {"base_fee_msat": 7},
        {"inbound_fee_ppm": -7},
        {"inbound_base_fee_msat": -7},
        {"cltv_delta": 7},
        {"htlc_minimum_msat": 7},
        {"htlc_maximum_msat": 7},
        {"is_disabled": True},
    ],
)
def test_every_field_that_a_sender_must_know_counts_as_a_change(change):
    history = measure_history([on_day(0), on_day(1, **change)])
    np.testing.assert_allclose(history.policy_changes_per_channel_day, 1.0)


def test_a_renewal_without_a_change_is_none():
    history = measure_history([on_day(0, last_update=1), on_day(1, last_update=2)])
    np.testing.assert_array_equal(history.policy_changes_per_channel_day, 0.0)


def test_a_policy_seen_once_is_not_watched():
    missing = [[False, True], [True, True]]
    history = measure_history([on_day(0, is_present=missing), on_day(1)])
    np.testing.assert_array_equal(history.policy_changes_per_channel_day, [NAN, 0.0, 0.0])


def test_channels_gone_are_scaled_to_a_year():
    """Node 1 loses one of three channels within ten days: 36.525 a year; so does node 2."""
    before = on_day(0, pairs=((0, 1), (1, 2), (1, 2)))
    after = on_day(10, pairs=((0, 1), (1, 2)))
    np.testing.assert_allclose(
        measure_history([before, after]).closes_per_year, [0, 36.525, 36.525]
    )


def test_a_channel_that_came_back_is_not_closed_and_one_gone_for_days_is_closed_once():
    both, one = ((0, 1), (1, 2)), ((0, 1),)
    returned = measure_history([on_day(0, pairs=both), on_day(1, pairs=one), on_day(2, pairs=both)])
    np.testing.assert_array_equal(returned.closes_per_year, 0.0)
    gone = measure_history([on_day(0, pairs=both), on_day(1, pairs=both), on_day(2, pairs=one)])
    np.testing.assert_allclose(gone.closes_per_year, [0.0, 365.25 / 2, 365.25 / 2])


def test_two_snapshots_of_one_moment_give_no_rates():
    history = measure_history([on_day(0), on_day(0, pairs=((0, 1),))])
    np.testing.assert_array_equal(history.closes_per_year, [NAN] * 3)
    np.testing.assert_array_equal(history.policy_changes_per_channel_day, [NAN] * 3)
    np.testing.assert_array_equal(history.announced_ratio, [1.0] * 3)


def test_a_series_in_the_wrong_order_is_refused():
    with pytest.raises(InvalidParameter, match="expected oldest first"):
        measure_history([on_day(1), on_day(0)])
    with pytest.raises(InvalidParameter, match="at least one"):
        measure_history([])
