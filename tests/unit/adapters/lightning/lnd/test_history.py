"""LND's history: paging as LND pages, over every size of page."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.standins import backends
from tests.standins.server import Reply

from daznode.adapters.lightning.lnd.history import LndHistory
from daznode.domain.errors import BackendUnavailable, InvalidParameter


@pytest.fixture
def bench():
    with backends.lnd() as made:
        yield made


def read(bench, strand, cursor=None, *, until=None, stop_after=None, **sizes):
    """Pages of a strand."""

    async def trip():
        node = bench.make()
        pages = []
        try:
            history = LndHistory(node.connection, **sizes)
            async for page in history.pages(strand, cursor, until or bench.until):
                pages.append(page)
                if len(pages) == stop_after:
                    break
        finally:
            await backends.close_connection(node)
        return pages

    return asyncio.run(trip())


def events(pages):
    return [event for page in pages for event in page.events]


def switch_calls(bench):
    return [one.json() for one in bench.stand_in._server.asked if one.path == "/v1/switch"]


@pytest.mark.parametrize("size", [1, 7, 50, 10_000])
def test_every_size_of_page_gives_the_same_forwards(bench, size):
    if size == 1:
        bench.until = bench.since + timedelta(hours=3)
    truth = bench.world.activity(bench.since, bench.until).forwards
    assert tuple(events(read(bench, "forwards", forwards_per_page=size))) == truth


def test_the_window_stays_fixed_while_paging_and_nothing_is_fetched_twice(bench):
    pages = read(bench, "forwards", forwards_per_page=50)
    calls = switch_calls(bench)
    assert len({(one["start_time"], one["end_time"]) for one in calls}) == 1
    assert [one["index_offset"] for one in calls] == [50 * n for n in range(len(calls))]
    assert len(calls) == len(pages) == len(events(pages)) // 50 + 1


def test_paging_ends_although_forwards_keep_coming(bench):
    """Each page finds more to come; what lies beyond `until` is not asked for."""
    until = bench.until

    def live_on(asked):
        if asked.path == "/v1/switch":
            bench.world.advance(bench.world.now + timedelta(minutes=30))

    bench.stand_in.misdeed = live_on
    found = events(read(bench, "forwards", until=until, forwards_per_page=20))
    assert tuple(found) == bench.world.activity(bench.since, until).forwards


def test_a_history_that_was_pruned_in_between_loses_nothing_new(bench):
    first = read(bench, "forwards", forwards_per_page=100)
    bench.pass_time(timedelta(hours=5))
    kept = bench.world._history._forwards
    newer = [one for one in kept if one.at >= bench.until - timedelta(hours=5)]
    del kept[: len(kept) - len(newer)]
    assert events(read(bench, "forwards", first[-1].cursor)) == newer


def test_a_break_between_pages_is_resumed_from_the_last_page(bench):
    whole = events(read(bench, "forwards"))
    some = read(bench, "forwards", forwards_per_page=40, stop_after=2)
    rest = read(bench, "forwards", some[-1].cursor, forwards_per_page=40)
    assert events(some) + events(rest) == whole


def test_a_page_that_breaks_is_an_error_after_whole_pages(bench):
    broken = Reply(body=b'{"forwarding_events": [', headers={"content-length": "99"}, cut_after=9)
    bench.stand_in.misdeed = lambda asked: (
        broken if asked.path == "/v1/switch" and asked.json()["index_offset"] == 80 else None
    )
    pages = []

    async def trip():
        node = bench.make()
        try:
            history = LndHistory(node.connection, forwards_per_page=40)
            async for page in history.pages("forwards", None, bench.until):
                pages.append(page)  # noqa: PERF401 - what came before the break counts
        finally:
            await backends.close_connection(node)

    with pytest.raises(BackendUnavailable):
        asyncio.run(trip())
    assert [len(page.events) for page in pages] == [40, 40]


def a_payment(bench, index, status, *, hours):
    stand_in = bench.stand_in
    scid_out, scid_in = (one.scid for one in bench.world.observation().channels[:2])
    at = bench.since + timedelta(hours=hours)
    circle = bench.world.activity(bench.since, bench.until).rebalances[0]
    made = stand_in.circular(replace(circle, at=at, scid_out=scid_out, scid_in=scid_in), index)
    made["htlcs"][0]["route"]["hops"][-1]["pub_key"] = bench.world.observation().channels[1].peer_id
    made["status"] = status
    if status != "SUCCEEDED":
        made["htlcs"][0]["status"] = status
    return made


@pytest.mark.parametrize("size", [1, 2, 100])
def test_a_payment_under_way_is_told_once_it_is_settled(bench, size):
    statuses = ["SUCCEEDED", "IN_FLIGHT", "FAILED", "IN_FLIGHT", "SUCCEEDED"]
    bench.stand_in.extra_payments = [
        a_payment(bench, place + 1, status, hours=place) for place, status in enumerate(statuses)
    ]
    first = read(bench, "payments", own_per_page=size)
    paid = {key for page in first for key in page.keys}
    assert {1001, 1005} <= paid
    assert not {1002, 1003, 1004} & paid
    bench.stand_in.extra_payments[1] = a_payment(bench, 2, "SUCCEEDED", hours=1)
    second = read(bench, "payments", first[-1].cursor, own_per_page=size)
    assert [key for page in second for key in page.keys] == [1002]
    bench.stand_in.extra_payments[3] = a_payment(bench, 4, "FAILED", hours=3)
    third = read(bench, "payments", second[-1].cursor, own_per_page=size)
    assert events(third) == []
    assert '"undecided":[]' in third[-1].cursor


def test_no_preimage_is_in_what_is_told(bench):
    shown = repr(read(bench, "payments")) + repr(read(bench, "invoices"))
    assert "canary" not in shown
    assert "ca" * 32 not in shown


def test_an_unknown_strand_is_refused(bench):
    with pytest.raises(InvalidParameter, match="takes forwards, payments, invoices"):
        read(bench, "moves")
