"""Ways through the network of a day that avoid one node."""

import networkx as nx
import numpy as np
import pytest
from tests.builders import a_policy, a_snapshot

from daznode.simulate.surroundings import HiddenBalances, Surroundings, hop_cost_msat

AMOUNT_MSAT = 100_000_000
HOP_MSAT = float(hop_cost_msat(np.array([AMOUNT_MSAT], dtype=np.float64))[0])
FREE = a_policy(base_fee_msat=0, fee_ppm=0, inbound_base_fee_msat=0, inbound_fee_ppm=0)


def half_full(snapshot):
    """Every balance in the middle, where both sides ask the same."""
    return HiddenBalances(snapshot.channels.scid, np.full(snapshot.n_channels, 0.5))


def a_network(pairs, ppm, **policies):
    given = {"fee_ppm": [ppm, ppm], "base_fee_msat": 0} | policies
    return a_snapshot(max(max(pair) for pair in pairs) + 1, pairs, policies=given)


def ways(snapshot, avoided):
    return Surroundings(snapshot, avoided, half_full(snapshot))


def test_a_hop_costs_what_lnd_makes_of_it():
    # (100 sat + 0.1 % of 100,000 sat) * (1 / 0.95 - 1)
    assert pytest.approx(200_000 * (1 / 0.95 - 1)) == HOP_MSAT


def test_the_cheapest_way_is_taken_and_the_node_itself_is_not():
    # From 0 to 3: through 1 (100 + 100 ppm), through 2 (900 + 900), or through 4, which is us.
    pairs = ((0, 1), (1, 3), (0, 2), (2, 3), (0, 4), (3, 4))
    snapshot = a_network(pairs, [100, 100, 900, 900, 1, 1])
    costs = ways(snapshot, avoided=4).costs_msat(np.array([0, 3]), AMOUNT_MSAT)
    assert costs[0, 1] == pytest.approx(2 * (AMOUNT_MSAT * 100 / 1e6 + HOP_MSAT))
    assert costs[1, 0] == pytest.approx(costs[0, 1])
    assert costs[0, 0] == 0.0


def test_where_there_is_no_way_the_cost_is_infinite():
    snapshot = a_network(((0, 1), (2, 3)), [1, 1])
    costs = ways(snapshot, avoided=3).costs_msat(np.array([0, 1, 2]), AMOUNT_MSAT)
    assert np.isinf(costs[0, 2])
    assert ways(snapshot, avoided=3).route(0, 2, AMOUNT_MSAT) == ()


def test_of_parallel_channels_the_cheapest_that_can_carry_the_amount_counts():
    pairs = ((0, 1), (0, 1), (0, 1), (1, 2))
    snapshot = a_snapshot(
        3,
        pairs,
        capacity_sat=[5_000_000, 5_000_000, 100_000, 5_000_000],
        policies={"fee_ppm": [[300, 200, 1, 1], [300, 200, 1, 1]], "base_fee_msat": 0},
    )
    costs = ways(snapshot, avoided=2).costs_msat(np.array([0, 1]), AMOUNT_MSAT)
    assert costs[0, 1] == pytest.approx(AMOUNT_MSAT * 200 / 1e6 + HOP_MSAT)


@pytest.mark.parametrize(
    "policies",
    [
        {"is_disabled": [[True, False], [False, False]]},
        {"is_present": [[False, True], [True, True]]},
        {"htlc_maximum_msat": [[AMOUNT_MSAT - 1, 10**12], [10**12, 10**12]]},
        {"htlc_minimum_msat": [[AMOUNT_MSAT + 1, 0], [0, 0]]},
    ],
)
def test_an_end_that_does_not_forward_the_amount_is_no_way(policies):
    snapshot = a_network(((0, 1), (1, 2)), [10, 10], **policies)
    surroundings = ways(snapshot, avoided=2)
    assert np.isinf(surroundings.costs_msat(np.array([0, 1]), AMOUNT_MSAT)[0, 1])
    assert np.isfinite(surroundings.costs_msat(np.array([1, 0]), AMOUNT_MSAT)[0, 1])


def test_an_unstated_maximum_is_the_balance():
    snapshot = a_network(((0, 1), (1, 2)), [10, 10], htlc_maximum_msat=-1)
    surroundings = ways(snapshot, avoided=2)
    # Half of 5,000,000 sat can be carried, and not a sat more.
    assert surroundings.route(0, 1, 2_500_000_000)
    assert not surroundings.route(0, 1, 2_500_001_000)


def test_costs_are_those_of_networkx():
    rng = np.random.default_rng(8)
    pairs = tuple(
        sorted({tuple(sorted(rng.choice(30, 2, replace=False).tolist())) for _ in range(90)})
    )
    ppm = rng.integers(0, 2_000, (2, len(pairs)))
    snapshot = a_snapshot(30, pairs, policies={"fee_ppm": ppm, "base_fee_msat": 1_000})
    graph = nx.DiGraph()
    graph.add_nodes_from(range(30))
    surroundings = ways(snapshot, avoided=0)
    usable = {}
    for edge in range(len(surroundings._source)):
        usable[(int(surroundings._source[edge]), int(surroundings._target[edge]))] = (
            surroundings._most_msat[edge] >= AMOUNT_MSAT
        )
    for column, (one, two) in enumerate(pairs):
        for side, (source, target) in enumerate(((one, two), (two, one))):
            if 0 not in (source, target) and usable[(source, target)]:
                fee = 1_000 + AMOUNT_MSAT * int(ppm[side, column]) / 1e6
                graph.add_edge(source, target, weight=fee + HOP_MSAT)
    nodes = np.arange(1, 30)
    costs = surroundings.costs_msat(nodes, AMOUNT_MSAT)
    for source in nodes:
        known = nx.single_source_dijkstra_path_length(graph, source)
        for target in nodes:
            expected = known.get(target, np.inf)
            assert costs[source - 1, target - 1] == pytest.approx(expected)


def test_the_fee_of_a_circle_is_exact():
    # Us (3) -> 0 -> 1 -> 2 -> us. Amounts grow from the end: 1,000,000 arrives.
    snapshot = a_network(((0, 1), (1, 2), (0, 3), (2, 3)), [150, 2_500, 7, 7])
    surroundings = ways(snapshot, avoided=3)
    route = surroundings.route(0, 2, 1_000_000)
    last = a_policy(base_fee_msat=1_000, fee_ppm=100, inbound_base_fee_msat=0, inbound_fee_ppm=0)
    # 2 asks 1,000 + 100; 1 asks 2,500 ppm of 1,001,100 = 2,502; 0 asks 150 ppm of 1,003,602 = 150.
    assert surroundings.circle_fee_msat(route, 1_000_000, FREE, last) == 1_100 + 2_502 + 150


def test_inbound_discounts_count_in_the_circle_but_never_below_zero():
    snapshot = a_network(
        ((0, 1), (1, 2), (0, 3), (2, 3)),
        [150, 2_500, 7, 7],
        # 1 grants 1,000 ppm on what comes by channel (0, 1), 2 more than it asks on (1, 2).
        inbound_fee_ppm=[[0, 0, 0, 0], [-1_000, -9_000, 0, 0]],
    )
    surroundings = ways(snapshot, avoided=3)
    route = surroundings.route(0, 2, 1_000_000)
    last = a_policy(base_fee_msat=0, fee_ppm=100, inbound_base_fee_msat=0, inbound_fee_ppm=0)
    # 2: 100 less 9,000 ppm, floored to 0; 1: 2,500 less 1,000 ppm of 1,002,500 = 1,002; 0: 150.
    fee_msat = surroundings.circle_fee_msat(route, 1_000_000, FREE, last)
    assert fee_msat == 0 + (2_500 - 1_002) + (1_001_498 * 150 // 1_000_000)
    entry = a_policy(inbound_base_fee_msat=-100, inbound_fee_ppm=0)
    assert surroundings.circle_fee_msat(route, 1_000_000, entry, last) == fee_msat - 100


def test_a_side_that_asks_less_has_less_left():
    pairs = tuple((0, node) for node in range(1, 20))
    snapshot = a_network(pairs, [100] * 19, fee_ppm=[[5] * 19, [2_000] * 19])
    surroundings = ways(snapshot, avoided=19)
    cheap = surroundings._most_msat[surroundings._ppm == 5]
    dear = surroundings._most_msat[surroundings._ppm == 2_000]
    assert cheap.max() < dear.min()


def test_most_balances_stay_for_a_day():
    scids = np.arange(1, 2_001, dtype=np.uint64)
    rng = np.random.default_rng(2)
    today = HiddenBalances.drawn(scids, rng)
    tomorrow = today.next_day(np.append(scids[10:], np.uint64(9_999)), rng)
    same = tomorrow.level[:-1] == today.level[10:]
    assert 0.7 < same.mean() < 0.8
    assert ((tomorrow.level > 0) & (tomorrow.level < 1)).all()
