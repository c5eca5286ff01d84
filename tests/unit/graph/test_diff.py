from datetime import timedelta

import numpy as np
from tests.builders import MORNING, a_node_id, a_snapshot

from daznode.graph.diff import channel_places, diff_snapshots, node_places

SENTINEL = 2**32 - 1


def with_keys(keys, pairs, capacity_sat=5_000_000, aliases=None, **origin):
    """A snapshot of the nodes of some secret numbers; pairs are given by these numbers."""
    ordered = sorted(keys, key=a_node_id)
    place = {key: index for index, key in enumerate(ordered)}
    node_id = np.array([list(bytes.fromhex(a_node_id(key))) for key in ordered], np.uint8)
    alias = tuple((aliases or {}).get(key, f"number {key}") for key in ordered)
    return a_snapshot(
        len(keys),
        [(place[one], place[other]) for one, other in pairs],
        capacity_sat=capacity_sat,
        nodes={"node_id": node_id.reshape(-1, 33), "alias": alias},
        **origin,
    )


def test_nothing_changed_between_a_snapshot_and_itself():
    diff = diff_snapshots(a_snapshot(), a_snapshot())
    assert diff.older_id == diff.newer_id == a_snapshot().origin.snapshot_id
    counts = (
        diff.nodes_gained,
        diff.nodes_lost,
        diff.channels_opened,
        diff.channels_closed,
        diff.capacity_opened_sat,
        diff.capacity_closed_sat,
        diff.capacity_change_sat,
        diff.fee_changes,
        diff.newly_disabled,
        diff.newly_enabled,
    )
    assert counts == (0,) * 10
    assert diff.movers == ()


def test_nodes_and_channels_gained_and_lost():
    older = with_keys([1, 2, 3], [(1, 2), (2, 3)], [1_000, 2_000])
    newer = with_keys(
        [1, 2, 4, 5],
        [(1, 2), (2, 4), (2, 4)],
        [1_000, 40_000, 500_000],
        aliases={2: "Ben"},
        observed_at=MORNING + timedelta(days=1),
    )
    diff = diff_snapshots(older, newer)
    assert (diff.nodes_gained, diff.nodes_lost) == (2, 1)
    assert (diff.channels_opened, diff.channels_closed) == (2, 1)
    assert (diff.capacity_opened_sat, diff.capacity_closed_sat) == (540_000, 2_000)
    assert diff.capacity_change_sat == 538_000
    moved = [(row.node_id, row.capacity_change_sat, row.channels_change) for row in diff.movers]
    assert moved == [
        (a_node_id(4), 540_000, 2),
        (a_node_id(2), 538_000, 1),
        (a_node_id(3), -2_000, -1),
    ]
    assert [row.alias for row in diff.movers] == ["number 4", "Ben", "number 3"]


def test_a_scid_given_to_other_nodes_is_a_closed_and_an_opened_channel():
    older = with_keys([1, 2, 3], [(1, 2)])
    newer = with_keys([1, 2, 3], [(1, 3)])
    diff = diff_snapshots(older, newer)
    assert (diff.channels_opened, diff.channels_closed) == (1, 1)
    assert channel_places(older, newer).tolist() == [-1]


def test_fees_raised_cut_and_changed():
    """Channel 0: raise and cut; channel 1: base and inbound only; channel 2: nothing."""
    pairs = [(0, 1), (1, 2), (0, 2)]
    older = a_snapshot(3, pairs, policies={"fee_ppm": 100, "base_fee_msat": 0})
    newer = a_snapshot(
        3,
        pairs,
        policies={
            "fee_ppm": [[101, 100, 100], [99, 100, 100]],
            "base_fee_msat": [[0, 1, 0], [0, 0, 0]],
            "inbound_fee_ppm": [[0, 0, 0], [0, -5, 0]],
        },
    )
    diff = diff_snapshots(older, newer)
    assert (diff.fee_changes, diff.fee_raises, diff.fee_cuts) == (4, 1, 1)


def test_a_new_htlc_limit_is_no_change_of_fees():
    diff = diff_snapshots(a_snapshot(), a_snapshot(policies={"htlc_minimum_msat": 5}))
    assert diff.fee_changes == 0


def test_a_policy_that_was_missing_is_not_compared():
    older = a_snapshot(2, [(0, 1)], policies={"is_present": [[True], [False]], "fee_ppm": 7})
    newer = a_snapshot(2, [(0, 1)], policies={"fee_ppm": 9, "is_disabled": True})
    diff = diff_snapshots(older, newer)
    assert (diff.fee_changes, diff.newly_disabled) == (1, 1)


def test_policies_switched_off_and_on():
    pairs = [(0, 1), (1, 2)]
    older = a_snapshot(3, pairs, policies={"is_disabled": [[True, False], [False, False]]})
    newer = a_snapshot(3, pairs, policies={"is_disabled": [[False, True], [False, True]]})
    diff = diff_snapshots(older, newer)
    assert (diff.newly_disabled, diff.newly_enabled) == (2, 1)


def test_at_most_ten_movers_each_way_the_largest_first():
    keys = list(range(1, 31))
    gains = [(1, key) for key in range(2, 15)]
    losses = [(1, key) for key in range(15, 28)]
    older = with_keys(keys, losses, [key * 1_000 for _, key in losses])
    newer = with_keys(keys, gains, [key * 1_000 for _, key in gains])
    changes = [row.capacity_change_sat for row in diff_snapshots(older, newer).movers]
    hub_change = sum(key for _, key in gains) * 1_000 - sum(key for _, key in losses) * 1_000
    assert changes[:10] == [key * 1_000 for key in range(14, 4, -1)]
    assert changes[10:] == [hub_change, *(-key * 1_000 for key in range(27, 18, -1))]


def test_equal_movers_stand_in_the_order_of_their_keys():
    older = with_keys([1, 2, 3, 4], [])
    newer = with_keys([1, 2, 3, 4], [(1, 2), (3, 4)])
    named = [row.node_id for row in diff_snapshots(older, newer).movers]
    assert named == sorted(a_node_id(key) for key in (1, 2, 3, 4))


def test_unknown_capacities_count_nothing():
    older = with_keys([1, 2], [(1, 2)], [-1])
    newer = with_keys([1, 2], [(1, 2), (1, 2)], [-1, -1])
    diff = diff_snapshots(older, newer)
    assert (diff.capacity_opened_sat, diff.capacity_change_sat) == (0, 0)
    assert diff.movers == ()


def test_keys_that_end_in_zero_bytes_are_told_apart():
    """Numpy's byte strings drop trailing zeros; keys that differ only there must not meet."""
    node_id = np.zeros((3, 33), np.uint8)
    node_id[:, 0] = 2
    node_id[1, 31] = 1
    node_id[2, 32] = 0
    node_id[2, 1] = 1
    snapshot = a_snapshot(3, [], nodes={"node_id": node_id})
    without_middle = a_snapshot(2, [], nodes={"node_id": node_id[[0, 2]]})
    assert node_places(snapshot, without_middle).tolist() == [0, -1, 1]
    assert node_places(without_middle, snapshot).tolist() == [0, 2]


def test_empty_snapshots_are_compared_too():
    nothing = a_snapshot(0, [])
    diff = diff_snapshots(nothing, a_snapshot())
    assert (diff.nodes_gained, diff.channels_opened) == (6, a_snapshot().n_channels)
    gone = diff_snapshots(a_snapshot(), nothing)
    assert (gone.nodes_lost, gone.channels_closed) == (6, a_snapshot().n_channels)


def test_a_sentinel_set_counts_as_a_raise():
    older = a_snapshot(2, [(0, 1)], policies={"fee_ppm": [[10], [10]]})
    newer = a_snapshot(2, [(0, 1)], policies={"fee_ppm": [[SENTINEL], [10]]})
    assert diff_snapshots(older, newer).fee_raises == 1
