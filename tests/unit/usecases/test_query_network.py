"""Answers about the network that no route shows: what is missing beside it, and what is kept."""

import asyncio
from datetime import timedelta

import pytest
from tests.builders import MORNING, a_node_id, a_snapshot
from tests.fakes.batch import FakeJournal
from tests.fakes.clock import FakeClock
from tests.fakes.store import FakeSnapshotStore

from daznode.adapters.compute import ThreadCompute
from daznode.adapters.wire_json import encode
from daznode.domain.errors import InvalidParameter, NodeNotFound, StoreCorrupt
from daznode.domain.measures import ScoreWeights
from daznode.graph.measures import MeasureParams
from daznode.usecases.cached_answers import CachedAnswers
from daznode.usecases.current_network import CurrentNetwork
from daznode.usecases.open_network import OpenNetwork
from daznode.usecases.query_network import QueryNetwork

PAIRS = ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (0, 3))


class CountingCache:
    """A cache that keeps everything, and counts what was made."""

    def __init__(self):
        self.kept, self.made = {}, []

    async def get_or_make(self, key, ttl_seconds, make):
        del ttl_seconds
        if key not in self.kept:
            self.made.append(key)
            self.kept[key] = await make()
        return self.kept[key]


class Quiet:
    def network_is(self, nodes, channels, capacity_sat):
        pass


class Forgetful(FakeSnapshotStore):
    """Snapshots that can be read once."""

    is_broken = False

    async def get(self, snapshot_id):
        if self.is_broken:
            message = "cannot be read"
            raise StoreCorrupt(message)
        return await super().get(snapshot_id)


def asked(scenario, *days):
    async def run():
        store, compute, cache = Forgetful(), ThreadCompute(), CountingCache()
        for day in days:
            pairs = PAIRS if day == 0 else PAIRS[:5]
            await store.put(a_snapshot(6, pairs, observed_at=MORNING - timedelta(days=day)))
        networks = OpenNetwork(
            store, store, compute, FakeClock(), MeasureParams(), ScoreWeights(), threads=1
        )
        current = CurrentNetwork(networks, compute, FakeJournal(), Quiet())
        query = QueryNetwork(
            current, store, CachedAnswers(cache), compute, encode, ScoreWeights(), profiles=None
        )
        try:
            await current.refresh()
            return await scenario(query, store, cache)
        finally:
            compute.close()

    return asyncio.run(run())


def test_an_answer_is_made_once_and_its_tag_tells_it_apart():
    async def scenario(query, store, cache):
        first = await query.score(a_node_id(1))
        again = await query.score(a_node_id(1))
        other = await query.score(a_node_id(2))
        assert first == again
        assert (len(first.tag), first.tag != other.tag) == (32, True)
        assert [key.partition(":")[0] for key in cache.made] == ["score", "score"]

    asked(scenario, 0)


def test_what_cannot_be_answered_is_not_kept():
    async def scenario(query, store, cache):
        for _ in range(2):
            with pytest.raises(NodeNotFound):
                await query.score(a_node_id(50))
        assert cache.kept == {}
        with pytest.raises(InvalidParameter):
            await query.scores([])

    asked(scenario, 0)


def test_warming_makes_what_everybody_asks_for():
    async def scenario(query, store, cache):
        await query.warm(query.current.network())
        n_made = len(cache.made)
        await query.rankings()
        await query.stats()
        assert (n_made, len(cache.made)) == (5, 5)

    asked(scenario, 0)


def test_changes_are_those_since_the_day_before():
    async def scenario(query, store, cache):
        return (await query.stats()).body

    assert b'"changes":null' in asked(scenario, 0)
    assert b'"channels_opened":1' in asked(scenario, 1, 0)
    assert b'"changes":null' in asked(scenario, 3, 0)


def test_a_day_before_that_cannot_be_read_is_missing():
    async def scenario(query, store, cache):
        store.is_broken = True
        return (await query.stats()).body

    assert b'"changes":null' in asked(scenario, 1, 0)
