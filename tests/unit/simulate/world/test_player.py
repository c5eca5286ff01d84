"""The node's beginnings in a generated network."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from daznode.domain.errors import InvalidParameter
from daznode.domain.ids import is_curve_point
from daznode.simulate.generated.topology import NetworkParams, generate_network
from daznode.simulate.world.kinds import PEER_KINDS
from daznode.simulate.world.player import PLAYER_ALIAS, settle

AT = datetime(2025, 11, 20, 6, tzinfo=UTC)
BARE = generate_network(
    NetworkParams(800, 2_600), np.random.default_rng(1), observed_at=AT, imported_at=AT
)
NETWORK, NODE_ID, PEERS = settle(BARE, np.random.default_rng(2))
OLD = [peer for peer in PEERS if peer.kind.opens_on_day is None]


def rows():
    """The node's public channels: id to (column, side of the node)."""
    place = NETWORK.index_of(NODE_ID)
    channels = NETWORK.channels
    found = {}
    for side, ends in enumerate((channels.node1, channels.node2)):
        for column in np.flatnonzero(ends == place):
            found[int(channels.scid[column])] = (int(column), side)
    return found


def test_the_node_joins_the_network_and_nothing_else_changes():
    assert is_curve_point(bytes.fromhex(NODE_ID))
    assert NETWORK.n_nodes == BARE.n_nodes + 1
    assert NETWORK.nodes.alias[NETWORK.index_of(NODE_ID)] == PLAYER_ALIAS
    assert NETWORK.n_channels == BARE.n_channels + len(OLD)
    assert np.isin(BARE.channels.scid, NETWORK.channels.scid).all()


def test_every_peer_is_another_node_of_the_network():
    keys = [peer.node_id for peer in PEERS]
    assert len(set(keys)) == len(keys) == sum(kind.count for kind in PEER_KINDS)
    assert all(BARE.index_of(key) is not None for key in keys)


def test_the_public_channels_are_the_nodes_own():
    public = rows()
    assert set(public) == {peer.scid for peer in OLD}
    channels, policies = NETWORK.channels, NETWORK.channels.policies
    for peer in OLD:
        column, side = public[peer.scid]
        assert int(channels.capacity_sat[column]) == peer.capacity_sat
        for own_side, policy in ((side, peer.policy), (1 - side, peer.remote_policy)):
            for name in type(policy).__slots__:
                assert getattr(policies, name)[own_side, column] == getattr(policy, name)
        ends = (channels.node1[column], channels.node2[column])
        assert NETWORK.node_hex(int(ends[1 - side])) == peer.node_id


def test_channels_are_as_their_kind_says():
    for peer in PEERS:
        low, high = peer.kind.capacity_sats
        assert low <= peer.capacity_sat <= high
        low_ratio, high_ratio = peer.kind.local_ratio
        assert low_ratio - 1e-6 <= peer.local_msat / peer.capacity_sat / 1_000 <= high_ratio
        assert peer.policy.htlc_maximum_msat <= peer.capacity_sat * 1_000 * peer.kind.htlc_ratio
        if peer.kind.opens_on_day is None:
            assert timedelta(days=39) < AT - peer.opened_at < timedelta(days=901)
        else:
            opens_at = AT + timedelta(days=peer.kind.opens_on_day)
            assert timedelta(0) <= opens_at - peer.opened_at < timedelta(minutes=10)


def test_prices_follow_the_market_but_for_those_that_do_not():
    channels, policies = BARE.channels, BARE.channels.policies
    usable = policies.is_present & ~policies.is_disabled & (policies.fee_ppm < 1_000_000)
    for peer in PEERS:
        place = BARE.index_of(peer.node_id)
        towards = np.stack([channels.node2 == place, channels.node1 == place])
        market = float(np.median(policies.fee_ppm[towards & usable]))
        if peer.kind.their_ppm is not None:
            assert peer.remote_policy.fee_ppm == peer.kind.their_ppm
        if peer.kind.fee_ppm is not None:
            assert peer.policy.fee_ppm == peer.kind.fee_ppm
        else:
            wanted = max(15.0, market * peer.kind.price_ratio)
            assert 0.5 * wanted - 1 < peer.policy.fee_ppm < 2.0 * wanted + 1
    discounts = [peer for peer in PEERS if peer.policy.inbound_fee_ppm]
    assert {peer.kind.name for peer in discounts} == {"exchange"}
    assert all(-peer.policy.fee_ppm < peer.policy.inbound_fee_ppm < 0 for peer in discounts)


def test_hubs_are_larger_than_corners():
    degree = np.bincount(np.concatenate([BARE.channels.node1, BARE.channels.node2]))

    def smallest_and_largest(name):
        sizes = [degree[BARE.index_of(p.node_id)] for p in PEERS if p.kind.name == name]
        return min(sizes), max(sizes)

    assert smallest_and_largest("hub")[0] > smallest_and_largest("corner")[1]
    assert smallest_and_largest("hub")[0] >= 30


def test_one_seed_gives_one_beginning():
    again = settle(BARE, np.random.default_rng(2))
    assert again[0].origin.content_sha256 == NETWORK.origin.content_sha256
    assert again[1:] == (NODE_ID, PEERS)


def test_a_network_too_small_for_its_peers_is_refused():
    params = NetworkParams(99, 200)
    tiny = generate_network(params, np.random.default_rng(1), observed_at=AT, imported_at=AT)
    with pytest.raises(InvalidParameter, match="nodes: 99; a simulated node takes 100 or more"):
        settle(tiny, np.random.default_rng(1))


def test_a_network_without_usable_nodes_is_refused():
    star = generate_network(
        NetworkParams(100, 99, leaf_ratio=0.9),
        np.random.default_rng(5),
        observed_at=AT,
        imported_at=AT,
    )
    star.channels.policies.is_disabled[:] = True
    with pytest.raises(InvalidParameter, match="none is left for a peer of kind 'hub'"):
        settle(star, np.random.default_rng(1))
