"""What the network knows of the node from day to day."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from daznode.domain.errors import InvariantBroken
from daznode.simulate.generated.topology import NetworkParams, generate_network
from daznode.simulate.world.player import settle
from daznode.simulate.world.publicity import next_day, place_of, remote_policies

AT = datetime(2025, 11, 20, 6, tzinfo=UTC)
DAY = timedelta(days=1)
BARE = generate_network(
    NetworkParams(400, 1_300), np.random.default_rng(1), observed_at=AT, imported_at=AT
)
NETWORK, NODE_ID, PEERS = settle(BARE, np.random.default_rng(2))
OLD = [peer for peer in PEERS if peer.kind.opens_on_day is None]
YOUNG = next(peer for peer in PEERS if peer.kind.opens_on_day is not None)


def tomorrow(opened=OLD, disabled=(), seed=3, network=NETWORK, **asked):
    policies = {
        peer.scid: replace(peer.policy, is_disabled=peer.scid in disabled) for peer in PEERS
    }
    return next_day(
        network,
        NODE_ID,
        opened=opened,
        asked=policies | asked.get("asked", {}),
        moment=network.origin.observed_at + DAY,
        rng=np.random.default_rng(seed),
    )


def own_ends(network, column):
    """Both sides' values of a policy column, by channel: ours, theirs."""
    place = network.index_of(NODE_ID)
    channels = network.channels
    found = {}
    for side, ends in enumerate((channels.node1, channels.node2)):
        for row in np.flatnonzero(ends == place):
            values = getattr(channels.policies, column)
            found[int(channels.scid[row])] = (values[side, row], values[1 - side, row])
    return found


def test_the_nodes_channels_outlive_the_days():
    network = NETWORK
    for day in range(6):
        network = tomorrow(seed=day, network=network)
    assert set(own_ends(network, "fee_ppm")) == {peer.scid for peer in OLD}
    assert network.origin.observed_at == AT + 6 * DAY
    ours = {scid: int(values[0]) for scid, values in own_ends(network, "fee_ppm").items()}
    assert ours == {peer.scid: peer.policy.fee_ppm for peer in OLD}


def test_a_channel_opened_since_is_announced_once():
    network = tomorrow(opened=[*OLD, YOUNG])
    assert YOUNG.scid in own_ends(network, "fee_ppm")
    again = tomorrow(opened=[*OLD, YOUNG], network=network)
    assert len(own_ends(again, "fee_ppm")) == len(OLD) + 1


def test_away_peers_are_told_to_the_network_and_back_again():
    away = OLD[3].scid
    network = tomorrow(disabled={away})
    disabled = {scid for scid, values in own_ends(network, "is_disabled").items() if values[0]}
    assert disabled == {away}
    seconds = int((AT + DAY).timestamp())
    assert own_ends(network, "last_update")[away][0] == seconds
    back = tomorrow(network=network)
    assert not own_ends(back, "is_disabled")[away][0]
    assert own_ends(back, "last_update")[away][0] == seconds + 86_400


def test_a_fee_set_since_is_told_with_the_rest():
    peer = OLD[5]
    network = tomorrow(asked={peer.scid: replace(peer.policy, fee_ppm=4_321, base_fee_msat=7)})
    assert own_ends(network, "fee_ppm")[peer.scid][0] == 4_321
    assert own_ends(network, "base_fee_msat")[peer.scid][0] == 7
    assert own_ends(network, "last_update")[peer.scid][0] == int((AT + DAY).timestamp())


def test_the_node_announces_itself_every_day():
    network = tomorrow()
    place = network.index_of(NODE_ID)
    assert network.nodes.last_update[place] == int((AT + DAY).timestamp())


def test_policies_are_announced_anew_within_six_days():
    network = NETWORK
    for day in range(7):
        network = tomorrow(seed=day, network=network)
    now = int(network.origin.observed_at.timestamp())
    oldest = min(values[0] for values in own_ends(network, "last_update").values())
    assert now - oldest < 6 * 86_400


def test_what_the_peers_ask_is_read_from_the_network():
    asked = remote_policies(NETWORK, NODE_ID)
    assert asked == {peer.scid: peer.remote_policy for peer in OLD}


def test_a_node_that_is_not_there_is_a_bug():
    with pytest.raises(InvariantBroken, match="not in the generated network"):
        place_of(BARE, NODE_ID)
