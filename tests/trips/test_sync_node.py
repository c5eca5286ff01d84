"""Sync: what is kept, in which order it is resumed, and what a failure costs."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builders import DAY, a_channel, a_node_id, an_observation
from tests.fakes.clock import FakeClock
from tests.fakes.history import FakeHistoryStore
from tests.fakes.node import FakeNode
from tests.fakes.store import FakeObservationStore
from tests.standins import backends
from tests.standins.lnd import failed
from tests.standins.server import json_reply
from tests.worlds import STARTS_AT

from daznode.adapters.lightning.lnd.history import LndHistory
from daznode.adapters.lightning.lnd.node import LndNode
from daznode.domain.books import balance_books
from daznode.domain.errors import BackendError
from daznode.domain.vitals import BackupState
from daznode.usecases.sync_node import BACKUP_EVERY, SyncNode, backup_state

EVER = (STARTS_AT - 30 * DAY, STARTS_AT + 300 * DAY)


class Desk:
    """One operator's stores."""

    def __init__(self, moment=None):
        self.clock = FakeClock(moment) if moment else FakeClock()
        self.history, self.observations = FakeHistoryStore(), FakeObservationStore()
        self.told = []
        self.sync = SyncNode(
            self.clock, self.history, self.observations, lambda *one: self.told.append(one)
        )

    def run(self, bench):
        self.clock.moment = bench.until
        return bench.ask(lambda node: self.sync.run(node, "t"))

    def activity(self, node_id):
        return asyncio.run(self.history.activity("t", node_id, *EVER))


@pytest.fixture(params=[backends.simulated, backends.lnd, backends.cln], ids=lambda m: m.__name__)
def bench(request):
    with request.param() as made:
        yield made


def test_three_syncs_keep_what_the_world_lived_through(bench):
    desk = Desk()
    for _ in range(3):
        done = desk.run(bench)
        bench.pass_time(timedelta(hours=11))
    kept = desk.activity(done.identity.node_id)
    truth = bench.world.activity(bench.since, done.until)
    assert kept.forwards == truth.forwards
    assert len(kept.rebalances) == len(truth.rebalances)
    assert asyncio.run(desk.history.synced_until("t", done.identity.node_id)) == done.until
    assert {strand for strand, _ in desk.told} == set(done.new_events)


def test_books_reconcile_to_the_msat(bench):
    """Opening balance, flows, closing balance: nothing is left unexplained but whole satoshi."""
    desk = Desk()
    first = desk.run(bench)
    bench.pass_time(timedelta(hours=17))
    last = desk.run(bench)
    node_id = last.identity.node_id
    opening = asyncio.run(desk.history.balances_at("t", node_id, first.until))
    closing = asyncio.run(desk.history.balances_at("t", node_id, last.until))
    moved = asyncio.run(desk.history.activity("t", node_id, first.until, last.until))
    books = balance_books(opening, closing, moved)
    assert len(books) == len(first.observation.channels)
    assert any(book.opening_msat != book.closing_msat for book in books.values())
    exact_to_msat = 1 if last.identity.backend != "lnd" else 1_000
    for book in books.values():
        assert abs(book.unexplained_msat) < exact_to_msat


def test_a_stopped_sync_goes_on_where_it_was_stopped():
    """Whatever call fails, the next run brings the rest, and everything is kept once."""
    with backends.lnd() as bench:
        desk = Desk(bench.until)

        def a_node():
            node = bench.make()
            small = LndHistory(node.connection, forwards_per_page=15, own_per_page=3)
            made = LndNode(node.connection, desk.clock, small)
            made.connection = node.connection
            return made

        async def visit():
            node = a_node()
            try:
                await desk.sync.run(node, "t")
            finally:
                await backends.close_connection(node)

        for fails_after in (5, 8, 9, 12, 15):
            calls = iter(range(fails_after))
            bench.stand_in.misdeed = lambda _, left=calls: (
                None if next(left, None) is not None else failed("boom")
            )
            with pytest.raises(BackendError):
                asyncio.run(visit())
        bench.stand_in.misdeed = None
        asyncio.run(visit())
        asked = [o.json() for o in bench.stand_in._server.asked if o.path == "/v1/switch"]
        node_id = bench.world.observation().identity.node_id
        truth = bench.world.activity(bench.since, bench.until)
        assert desk.activity(node_id).forwards == truth.forwards
        assert len(asked) < 2 * (len(truth.forwards) // 15 + 1) + 6


def test_a_node_that_is_offline_keeps_what_there_was():
    desk = Desk()
    asyncio.run(desk.sync.run(FakeNode(), "t"))
    with pytest.raises(BackendError):
        asyncio.run(desk.sync.run(FakeNode(error="gone"), "t"))
    assert len(desk.activity(a_node_id(1)).forwards) == 1


def test_a_backup_is_kept_and_made_anew_when_it_is_due():
    with backends.lnd() as bench:
        desk = Desk()

        def exports():
            asked = bench.stand_in._server.asked
            return sum(one.path == "/v1/channels/backup" for one in asked)

        first = desk.run(bench)
        assert first.backup == BackupState(bench.until, is_verified=True, uncovered=())
        bench.pass_time(timedelta(hours=1))
        desk.run(bench)
        assert exports() == 1
        bench.pass_time(BACKUP_EVERY)
        desk.run(bench)
        assert exports() == 2


def test_a_backend_that_exports_no_backup_has_no_state_of_one():
    for made, options in ((backends.cln, {"version": "v25.02"}), (backends.simulated, {})):
        with made(**options) as bench:
            done = Desk().run(bench)
            assert (done.backup, done.backup_error) == (None, None)


def test_channels_are_listed_once_a_sync():
    with backends.lnd() as bench:
        Desk().run(bench)
        paths = [one.path for one in bench.stand_in._server.asked]
    assert paths.count("/v1/channels") == 1
    assert paths.count("/v1/getinfo") == 1


def test_a_channel_that_the_backup_misses_is_named():
    with backends.lnd() as bench:
        missed = bench.world.observation().channels[0].scid
        bench.stand_in.backup_skips = {missed}
        assert Desk().run(bench).backup.uncovered == (missed,)


def test_a_backup_that_is_refused_costs_only_itself():
    with backends.lnd() as bench:
        bench.stand_in.misdeed = lambda asked: (
            failed("permission denied") if asked.path == "/v1/channels/backup" else None
        )
        done = Desk().run(bench)
        assert "does not allow" in done.backup_error
        assert len(done.backup.uncovered) == len(done.observation.channels)
        assert done.new_events["forwards"] > 0


def test_without_a_backup_every_open_channel_is_uncovered():
    with backends.lnd() as bench:
        _, vitals = bench.ask(lambda node: node.examine())
    state = backup_state(None, vitals)
    assert (state.exported_at, len(state.uncovered)) == (None, len(vitals.open_points))


def test_a_second_node_is_kept_apart():
    desk = Desk()
    asyncio.run(desk.sync.run(FakeNode(), "t"))
    other = an_observation(channels=(a_channel(5),))
    other = replace(other, identity=replace(other.identity, node_id=a_node_id(2)))
    asyncio.run(desk.sync.run(FakeNode(other), "t"))
    assert len(desk.activity(a_node_id(1)).forwards) == 1
    assert asyncio.run(desk.history.balances_at("t", a_node_id(2), EVER[1])).keys() == {
        a_channel(5).scid
    }


def test_another_answer_in_the_middle_is_an_error_and_nothing_is_invented():
    with backends.lnd() as bench:
        desk = Desk()
        bench.stand_in.misdeed = lambda asked: (
            json_reply({"forwarding_events": []}) if asked.path == "/v1/switch" else None
        )
        with pytest.raises(BackendError):
            desk.run(bench)
        node_id = bench.world.observation().identity.node_id
        assert asyncio.run(desk.history.synced_until("t", node_id)) is None


@given(st.integers(0, 40), st.integers(1, 60))
@settings(max_examples=15, deadline=None)
def test_books_of_any_window_of_a_world_reconcile(from_hours, hours):
    """The property: opening + flows = closing, for windows of any length, to the msat."""
    from tests.worlds import a_world

    world = a_world(seed=11)
    world.advance(STARTS_AT + timedelta(hours=from_hours))
    before, since = world.observation(), world.now
    world.advance(since + timedelta(hours=hours))
    books = balance_books(
        {one.scid: one.local_msat for one in before.channels},
        {one.scid: one.local_msat for one in world.observation().channels},
        world.activity(since, world.now),
    )
    assert books
    for book in books.values():
        assert book.unexplained_msat == 0
        assert book.closing_msat == (
            book.opening_msat
            + book.forwarded_in_msat
            + book.forwarded_out_msat
            + book.rebalanced_in_msat
            + book.rebalanced_out_msat
            + book.received_msat
            + book.paid_msat
            + book.unexplained_msat
        )
