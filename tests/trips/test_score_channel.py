"""A channel's score, from a snapshot and the node's own fortnight."""

import asyncio
from datetime import timedelta

import pytest
from tests.fakes.history import FakeHistoryStore
from tests.fakes.store import FakeObservationStore
from tests.worlds import DAY, STARTS_AT, a_world

from daznode.adapters.lightning.simulated import SimulatedNode, WorldClock
from daznode.domain.errors import ChannelNotFound, InvalidParameter
from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.ledger import tally
from daznode.domain.measures import ScoreWeights
from daznode.domain.node_view import OwnDay
from daznode.graph.measures import MeasureParams, measure_network
from daznode.graph.parallel import Crew
from daznode.graph.view import NetworkIndex
from daznode.usecases import score_channel
from daznode.usecases.sync_node import SyncNode


@pytest.fixture(scope="module")
def node():
    made = SimulatedNode(a_world(seed=4))
    made.advance(STARTS_AT + DAY)
    return made


@pytest.fixture(scope="module")
def network(node):
    snapshot = node.graph_snapshot()
    return NetworkIndex(snapshot, measure_network(snapshot, MeasureParams()), None, ScoreWeights())


def crew():
    return Crew(1, lambda *_: None)


def own_day(node):
    async def trip():
        until = node.now()
        since = max(node.begins_at, until - timedelta(days=14))
        history = FakeHistoryStore()
        await SyncNode(WorldClock(node), history, FakeObservationStore()).run(node, "local")
        activity = await history.activity("local", (await node.identity()).node_id, since, until)
        sums = tally(activity, since, until)
        return OwnDay(await node.observe(), sums, sums, sums, (sums,) * 7, (None,) * 7)

    return asyncio.run(trip())


def test_every_own_channel_is_scored_by_all_eight(node, network):
    own = own_day(node)
    us = NodeId(own.observation.identity.node_id)
    announced = {one.scid for one in network.channels_of(network.snapshot.index_of(us))}
    channels = [one for one in own.observation.channels if one.scid in announced]
    assert channels
    for channel in channels[:8]:
        scored = score_channel.score(network, channel.scid, us, crew(), own)
        assert (scored.node_id, scored.peer_id) == (us, channel.peer_id)
        assert 0 <= scored.composite <= 1
        unknown = [one.name for one in scored.heuristics if one.score is None]
        assert unknown == []


def test_the_first_end_is_the_one_with_the_lower_key(network):
    scid = ShortChannelId(int(network.snapshot.channels.scid[0]))
    scored = score_channel.score(network, scid, None, crew())
    assert scored.node_id < scored.peer_id
    other = score_channel.score(network, scid, scored.peer_id, crew())
    assert (other.node_id, other.peer_id) == (scored.peer_id, scored.node_id)


def test_an_unknown_channel_and_a_stranger_are_refused(network):
    with pytest.raises(ChannelNotFound, match="1x1x1: not in snapshot"):
        score_channel.score(network, ShortChannelId((1 << 40) | (1 << 16) | 1), None, crew())
    scid = ShortChannelId(int(network.snapshot.channels.scid[0]))
    with pytest.raises(InvalidParameter, match="no end of channel"):
        score_channel.score(network, scid, NodeId(network.snapshot.node_hex(0)[:-2] + "00"), crew())
