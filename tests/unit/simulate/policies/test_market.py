"""The public network around a node, against the same worked out channel by channel."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import a_node_id, a_snapshot
from tests.random_snapshots import random_snapshots

from daznode.domain.ids import NodeId
from daznode.simulate.policies.market import market_from_edges, market_of


def by_hand(snapshot, own):
    """Peers and their markets, by loops."""
    channels, policies = snapshot.channels, snapshot.channels.policies
    size = [0] * snapshot.n_nodes
    ends = list(zip(channels.node1.tolist(), channels.node2.tolist(), strict=True))
    capacity = [max(sat, 0) for sat in channels.capacity_sat.tolist()]
    for row, pair in enumerate(ends):
        for node in pair:
            size[node] += capacity[row]
    peers = {other for pair in ends if own in pair for other in pair if other != own}
    found = {}
    for peer in peers:
        asked, rivals = [], set()
        for side in (0, 1):
            for row, pair in enumerate(ends):
                source, target = pair[side], pair[1 - side]
                if target == peer and source != own and policies.is_present[side, row]:
                    asked.append((policies.fee_ppm[side, row], capacity[row]))
                    rivals.add(source)
        found[NodeId(snapshot.node_hex(peer))] = (
            sorted(asked),
            [size[rival] for rival in sorted(rivals)],
        )
    return size[own], found


@given(snapshot=random_snapshots(min_nodes=2), data=st.data())
def test_the_market_equals_what_loops_find(snapshot, data):
    own = data.draw(st.integers(0, snapshot.n_nodes - 1))
    market = market_of(snapshot, NodeId(snapshot.node_hex(own)), 7.5)
    size, found = by_hand(snapshot, own)
    assert market.own_capacity_sat == size
    assert market.feerate_sat_vb == 7.5
    assert set(market.peers) == set(found)
    for peer, (asked, rivals) in found.items():
        seen = market.peers[peer]
        pairs = zip(seen.fee_ppm.tolist(), seen.capacity_sat.tolist(), strict=True)
        assert sorted(pairs) == asked
        assert seen.rival_capacity_sat.tolist() == rivals
        assert len(seen.base_fee_msat) == len(asked)


def test_a_node_that_gossip_does_not_know_has_no_market():
    market = market_of(a_snapshot(3), a_node_id(99), 2.0)
    assert market.own_capacity_sat == 0
    assert market.peers == {}


def test_disabled_directions_count_and_our_own_do_not():
    source, target = np.array([0, 1, 2, 1]), np.array([1, 0, 1, 2])
    market = market_from_edges(
        0,
        [a_node_id(n) for n in (1, 2, 3)],
        source,
        target,
        np.array([1, 2, 3, 4]),
        np.array([10, 20, 30, 40]),
        np.array([5, 5, 9, 9]),
        1.0,
    )
    (peer,) = market.peers
    assert peer == a_node_id(2)
    assert market.peers[peer].fee_ppm.tolist() == [30]
    assert market.peers[peer].base_fee_msat.tolist() == [3]
    assert market.peers[peer].rival_capacity_sat.tolist() == [9]
    assert market.own_capacity_sat == 5
