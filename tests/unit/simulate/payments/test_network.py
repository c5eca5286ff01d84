"""A payment network keeps a snapshot's usable channels, both directions, nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from tests.payment_worlds import ground, snapshot

from daznode.domain.errors import InvalidParameter
from daznode.simulate.payments.network import CAPACITY_FACTOR, modernised, payment_network


def test_every_channel_is_there_in_both_directions() -> None:
    network = payment_network(snapshot())
    back = network.reverse

    assert (back[back] == np.arange(network.n_edges)).all()
    assert (network.source[back] == network.target).all()
    assert (network.scid[back] == network.scid).all()
    assert (network.capacity_msat[back] == network.capacity_msat).all()
    assert len(np.unique(network.scid)) == network.n_edges // 2


def test_edges_stand_by_the_node_they_lead_to() -> None:
    network = payment_network(snapshot())

    for node in range(network.n_nodes):
        rows = slice(network.start[node], network.start[node + 1])
        assert (network.target[rows] == node).all()


def test_policies_are_those_of_the_sender_and_inbound_fees_those_of_the_receiver() -> None:
    gossip = snapshot()
    network = payment_network(gossip)
    channels, policies = gossip.channels, gossip.channels.policies
    rng = np.random.default_rng(1)

    for edge in rng.choice(network.n_edges, 200, replace=False).tolist():
        row = gossip.channel_index(int(network.scid[edge]))
        source, target = (
            int(network.snapshot_node[place])
            for place in (network.source[edge], network.target[edge])
        )
        side = 0 if int(channels.node1[row]) == source else 1
        assert gossip.channel_ends(row)[1 - side] == target
        assert network.fee_ppm[edge] == min(policies.fee_ppm[side, row], 1_000_000)
        assert network.base_fee_msat[edge] == policies.base_fee_msat[side, row]
        assert network.inbound_ppm[edge] == policies.inbound_fee_ppm[1 - side, row]
        assert network.is_disabled[edge] == policies.is_disabled[side, row]
        assert network.htlc_maximum_msat[edge] <= network.capacity_msat[edge]


def test_a_snapshot_without_usable_channels_is_refused() -> None:
    gossip = snapshot()
    policies = replace(
        gossip.channels.policies,
        is_present=np.zeros_like(gossip.channels.policies.is_present),
    )
    empty = replace(gossip, channels=replace(gossip.channels, policies=policies))

    with pytest.raises(InvalidParameter, match="no channel that payments could use"):
        payment_network(empty)


def test_modernised_fees_are_about_those_of_today() -> None:
    network = ground().network
    modern = modernised(network, ground().roles.tilt, np.random.default_rng(2))

    assert 60 < np.median(modern.fee_ppm) < 160
    assert 250 < modern.fee_ppm.mean() < 1_200
    assert 0.2 < (modern.base_fee_msat == 0).mean() < 0.7
    assert (modern.capacity_msat == CAPACITY_FACTOR * network.capacity_msat).all()
    assert not modern.is_disabled.any()
