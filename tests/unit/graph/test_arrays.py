"""Snapshots as compressed rows: what counts as an edge, and what it costs."""

import numpy as np
import pytest
from tests.builders import a_snapshot

from daznode.domain.errors import InvalidAmount
from daznode.domain.gossip import GraphSnapshot
from daznode.graph.arrays import (
    MAX_AMOUNT_MSAT,
    DirectedNetwork,
    UndirectedNetwork,
    cheapest_directed,
    degrees,
    in_snapshot_order,
    simple_undirected,
)

AMOUNT_MSAT = 100_000_000


def undirected_edges(network: UndirectedNetwork) -> set[tuple[int, int]]:
    back = network.snapshot_index
    tail = np.repeat(np.arange(network.n_nodes), degrees(network.indptr))
    return {(int(back[a]), int(back[b])) for a, b in zip(tail, network.indices, strict=True)}


def costs(network: DirectedNetwork) -> dict[tuple[int, int], int]:
    back = network.snapshot_index
    tail = np.repeat(np.arange(network.n_nodes), degrees(network.indptr))
    return {
        (int(back[a]), int(back[b])): int(cost)
        for a, b, cost in zip(tail, network.indices, network.cost_msat, strict=True)
    }


def one_channel(capacity_sat: int = 1_000_000, **policies: object) -> GraphSnapshot:
    given = {"base_fee_msat": 1_000, "fee_ppm": 100, "cltv_delta": 40} | policies
    return a_snapshot(2, [(0, 1)], capacity_sat=capacity_sat, policies=given)


def test_parallel_and_disabled_channels_are_one_edge() -> None:
    """The announced network is simple and blind to policies."""
    snapshot = a_snapshot(
        4, [(0, 1), (0, 1), (1, 2)], policies={"is_disabled": True, "is_present": True}
    )
    network = simple_undirected(snapshot)
    assert undirected_edges(network) == {(0, 1), (1, 0), (1, 2), (2, 1)}
    assert network.indptr.dtype == np.uint32
    assert network.indices.dtype == np.uint32


def test_hubs_come_first_and_rows_ascend() -> None:
    """Internal numbers fall with the degree; the way back is kept."""
    network = simple_undirected(a_snapshot(6, [(0, 5), (1, 5), (2, 5), (2, 3)]))
    falling = degrees(network.indptr)
    assert falling.tolist() == sorted(falling.tolist(), reverse=True)
    assert network.snapshot_index[0] == 5
    for start, stop in zip(network.indptr[:-1], network.indptr[1:], strict=True):
        row = network.indices[start:stop].tolist()
        assert row == sorted(row)


def test_networks_without_nodes_or_channels() -> None:
    """Nothing is a network too."""
    for n_nodes in (0, 1, 3):
        snapshot = a_snapshot(n_nodes, [])
        assert simple_undirected(snapshot).indptr.tolist() == [0] * (n_nodes + 1)
        assert cheapest_directed(snapshot, AMOUNT_MSAT).indptr.tolist() == [0] * (n_nodes + 1)


def test_cost_is_fee_and_time_lock_risk_and_one() -> None:
    """1,000 msat + 100 ppm of 10^8 msat + 10^8 * 40 * 15 / 10^9 msat + 1 msat."""
    assert costs(cheapest_directed(one_channel(), AMOUNT_MSAT)) == {
        (0, 1): 1_000 + 10_000 + 60 + 1,
        (1, 0): 1_000 + 10_000 + 60 + 1,
    }


def test_costs_floor_as_the_protocol_does() -> None:
    """999,999 msat at 1 ppm is no fee, 40 blocks of it no risk."""
    snapshot = one_channel(base_fee_msat=0, fee_ppm=1, cltv_delta=40)
    assert set(costs(cheapest_directed(snapshot, 999_999)).values()) == {1}
    assert set(costs(cheapest_directed(snapshot, 1_000_000)).values()) == {2}


def test_large_amounts_and_delays_do_not_wrap_around() -> None:
    """Checked against Python's whole numbers where plain int64 products overflow."""
    amount_msat, delta = MAX_AMOUNT_MSAT, 2**32 - 1
    snapshot = one_channel(capacity_sat=-1, fee_ppm=999_999, cltv_delta=delta, htlc_maximum_msat=-1)
    fee_msat = 1_000 + amount_msat * 999_999 // 10**6
    expected = fee_msat + amount_msat * delta * 15 // 10**9 + 1
    assert costs(cheapest_directed(snapshot, amount_msat))[0, 1] == expected


@pytest.mark.parametrize(
    "policies",
    [
        {"is_present": False},
        {"is_disabled": True},
        {"htlc_minimum_msat": AMOUNT_MSAT + 1},
        {"htlc_maximum_msat": AMOUNT_MSAT - 1},
        {"fee_ppm": 2**32 - 1},
        {"base_fee_msat": AMOUNT_MSAT, "fee_ppm": 1},
        {"capacity_sat": AMOUNT_MSAT // 1000 - 1},
    ],
)
def test_unusable_directions_are_left_out(policies: dict[str, object]) -> None:
    """Missing, disabled, too small, too large, or dearer than what is sent."""
    assert costs(cheapest_directed(one_channel(**policies), AMOUNT_MSAT)) == {}


@pytest.mark.parametrize(
    "policies",
    [
        {"htlc_minimum_msat": AMOUNT_MSAT},
        {"htlc_maximum_msat": AMOUNT_MSAT},
        {"htlc_maximum_msat": 0},
        {"htlc_maximum_msat": -1},
        {"capacity_sat": -1},
        {"capacity_sat": AMOUNT_MSAT // 1000},
        {"base_fee_msat": AMOUNT_MSAT, "fee_ppm": 0},
    ],
)
def test_limits_that_are_unknown_or_just_met_do_not_exclude(policies: dict[str, object]) -> None:
    """A limit excludes what is beyond it, and only where it is stated."""
    assert len(costs(cheapest_directed(one_channel(**policies), AMOUNT_MSAT))) == 2


def test_the_cheapest_of_parallel_channels_counts_in_each_direction() -> None:
    """One direction may be cheap in one channel and the other in another."""
    snapshot = a_snapshot(
        2,
        [(0, 1), (0, 1)],
        policies={"base_fee_msat": [[5, 9], [9, 5]], "fee_ppm": 0, "cltv_delta": 0},
    )
    assert costs(cheapest_directed(snapshot, AMOUNT_MSAT)) == {(0, 1): 6, (1, 0): 6}


@pytest.mark.parametrize("amount_msat", [0, -1, MAX_AMOUNT_MSAT + 1])
def test_amounts_out_of_range_are_refused(amount_msat: int) -> None:
    """The message names the amount and what it takes."""
    with pytest.raises(InvalidAmount, match=f"{amount_msat}; a reference payment takes 1 to"):
        cheapest_directed(one_channel(), amount_msat)


def test_values_go_back_to_the_order_of_the_snapshot() -> None:
    """Node i of the network is node snapshot_index[i] of the snapshot."""
    values = in_snapshot_order(np.array([1.0, 2.0, 3.0]), np.array([2, 0, 1]))
    assert values.tolist() == [2.0, 3.0, 1.0]
