"""Core Lightning's history: both orders of the forwards, and the moves of versions old and new."""

import asyncio

import pytest
from tests.standins import backends

from daznode.adapters.lightning.cln.history import ClnHistory
from daznode.domain.circular import activity_of
from daznode.domain.errors import BackendTimeout, InvalidParameter


@pytest.fixture(params=["v24.11.1", "v26.06.6"])
def bench(request):
    with backends.cln(version=request.param) as made:
        yield made


@pytest.fixture
def one():
    with backends.cln() as made:
        yield made


def read(bench, strand, cursor=None, **sizes):
    async def trip():
        node = bench.make()
        try:
            history = ClnHistory(node.connection, **sizes)
            return [page async for page in history.pages(strand, cursor, bench.until)]
        finally:
            await backends.close_connection(node)

    return asyncio.run(trip())


def keys(pages):
    return [key for page in pages for key in page.keys]


@pytest.mark.parametrize("size", [13, 100, 10_000])
def test_every_size_of_page_gives_the_same_forwards(one, size):
    pages = read(one, "forwards", per_page=size)
    truth = one.world.activity(one.since, one.until)
    assert keys(pages) == list(range(1, len(truth.forwards) + len(truth.failures) + 1))
    calls = [o.json() for o in one.stand_in._server.asked if o.path == "/v1/listforwards"]
    created = [call["start"] for call in calls if call["index"] == "created"]
    assert created == [1 + size * n for n in range(len(created))]


def test_what_was_under_way_comes_once_when_it_is_decided(one):
    one.stand_in.offered = {3, 5}
    first = read(one, "forwards", per_page=50)
    assert not {3, 5} & set(keys(first))
    one.stand_in.offered, one.stand_in.decided = {5}, [3]
    second = read(one, "forwards", first[-1].cursor, per_page=50)
    assert keys(second) == [3]
    one.stand_in.offered, one.stand_in.decided = set(), [3, 5]
    third = read(one, "forwards", second[-1].cursor, per_page=50)
    assert keys(third) == [5]
    assert keys(read(one, "forwards", third[-1].cursor)) == []


def test_what_is_decided_while_reading_is_not_lost(one):
    """A row read as under way, and decided before the end of the first visit."""
    one.stand_in.offered = {2}

    def decide(asked):
        if asked.path == "/v1/listforwards" and asked.json().get("start", 0) > 1:
            one.stand_in.offered, one.stand_in.decided = set(), [2]

    one.stand_in.misdeed = decide
    assert sorted(keys(read(one, "forwards", per_page=50))).count(2) == 1


def test_a_local_refusal_says_why(one):
    refused = [
        event
        for page in read(one, "forwards")
        for event in page.events
        if getattr(event, "is_local", False)
    ]
    assert {event.reason for event in refused} == {"temporary_channel_failure"}


def test_moves_pair_to_the_rebalances_of_the_world(bench):
    pages = read(bench, "moves", per_page=7)
    events = [event for page in pages for event in page.events]
    found = activity_of(events, bench.since, bench.until, are_failures_known=True)
    truth = bench.world.activity(bench.since, bench.until).rebalances
    # The world refills several channels in one moment; within it the order means nothing.
    assert sorted((o.amount_msat, o.fee_msat) for o in found.rebalances) == sorted(
        (o.amount_msat, o.fee_msat) for o in truth
    )
    moments = [o.at for o in found.rebalances]
    assert moments == sorted(moments)
    assert keys(read(bench, "moves", pages[-1].cursor)) == []


def test_waiting_ends_with_a_change_or_in_time(one):
    async def trip():
        node = one.make()
        history = ClnHistory(node.connection)
        try:
            newest = await history.newest()
            assert await history.change_after(newest - 1, timeout_seconds=5) == newest
            with pytest.raises(BackendTimeout):
                await history.change_after(newest, timeout_seconds=0.1)
        finally:
            await backends.close_connection(node)

    asyncio.run(trip())


def test_an_unknown_strand_is_refused(one):
    with pytest.raises(InvalidParameter, match="takes forwards, moves"):
        read(one, "payments")
