"""Measures over cheapest routes on networks small enough to do by hand."""

import numpy as np
import pytest
from tests.builders import a_snapshot

from daznode.domain.gossip import GraphSnapshot
from daznode.graph.arrays import cheapest_directed, in_snapshot_order
from daznode.graph.parallel import Crew
from daznode.graph.routes import FairPrice, RouteMeasures, route_measures

ALONE = Crew(1)
AMOUNT_MSAT = 1_000_000
CAPACITY_SAT = [1, 20, 300, 4_000, 50_000]


def a_line(base_fee_msat: list[list[int]]) -> GraphSnapshot:
    """0 - 1 - 2 - 3 - 4, each hop costing its base fee and 1 msat."""
    pairs = [(0, 1), (1, 2), (2, 3), (3, 4)]
    policies = {"base_fee_msat": base_fee_msat, "fee_ppm": 0, "cltv_delta": 0}
    return a_snapshot(5, pairs, policies=policies)


def measured(snapshot: GraphSnapshot, fee_ppm: int, **given: bool) -> RouteMeasures:
    network = cheapest_directed(snapshot, AMOUNT_MSAT)
    capacity_sat = np.array(CAPACITY_SAT[: snapshot.n_nodes])[network.snapshot_index]
    told = route_measures(network, FairPrice(fee_ppm, capacity_sat), ALONE, **given)
    back = network.snapshot_index
    return RouteMeasures(
        in_snapshot_order(told.betweenness, back),
        in_snapshot_order(told.closeness, back),
        in_snapshot_order(told.reached, back),
        in_snapshot_order(told.fair_capacity_sat, back),
    )


def test_both_directions_of_a_line() -> None:
    """Ordered pairs: 2 lies between two on the left and two on the right, both ways."""
    told = measured(a_line([[9] * 4, [9] * 4]), 1_000)
    assert told.betweenness.tolist() == [0.0, 6.0, 8.0, 6.0, 0.0]
    assert told.reached.tolist() == [4] * 5
    assert told.closeness[0] == pytest.approx(4 * 1000 / (10 + 20 + 30 + 40))


def test_fair_capacity_ends_at_the_price() -> None:
    """20 msat are two hops exactly: the price itself is fair."""
    told = measured(a_line([[9] * 4, [9] * 4]), 20)
    assert told.fair_capacity_sat.tolist() == [320, 4_301, 54_021, 50_320, 4_300]


def test_the_own_capacity_never_counts() -> None:
    """Also where a leaf could pay its way up and down again within the price."""
    told = measured(a_line([[0] * 4, [0] * 4]), 1_000_000)
    assert told.fair_capacity_sat.tolist() == [sum(CAPACITY_SAT) - own for own in CAPACITY_SAT]


def test_one_way_leaves_send_or_receive_only() -> None:
    """0 can only send, 4 can only receive."""
    line = a_line([[9] * 4, [9] * 4])
    line.channels.policies.is_present[1, 0] = False
    line.channels.policies.is_present[1, 3] = False
    told = measured(line, 1_000)
    assert told.reached.tolist() == [4, 3, 3, 3, 0]
    assert told.closeness[4] == 0.0
    assert told.fair_capacity_sat[4] == 0
    assert told.betweenness.tolist() == [0.0, 3.0, 5.0, 3.0, 0.0]


def test_cheaper_detours_beat_fewer_hops() -> None:
    """A direct channel of 100 msat against two of 9."""
    pairs = [(0, 2), (0, 1), (1, 2)]
    policies = {"base_fee_msat": [[100, 9, 9]] * 2, "fee_ppm": 0, "cltv_delta": 0}
    assert measured(a_snapshot(3, pairs, policies=policies), 0).betweenness.tolist() == [0, 2, 0]


def test_without_betweenness_the_rest_is_the_same() -> None:
    """And betweenness is unknown, not zero."""
    line = a_line([[9, 5, 3, 1], [2, 4, 6, 8]])
    whole, part = measured(line, 15), measured(line, 15, wants_betweenness=False)
    assert np.isnan(part.betweenness).all()
    assert part.closeness.tobytes() == whole.closeness.tobytes()
    assert part.reached.tolist() == whole.reached.tolist()
    assert part.fair_capacity_sat.tolist() == whole.fair_capacity_sat.tolist()
