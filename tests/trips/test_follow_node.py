"""Following a node while its connection breaks at random: nothing is lost, nothing comes twice."""

import asyncio
import random
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.builders import DAY, MORNING
from tests.fakes.clock import FakeClock
from tests.fakes.history import FakeHistoryStore
from tests.fakes.node import FakeNode
from tests.fakes.store import FakeObservationStore
from tests.standins import backends
from tests.standins.lnd import failed
from tests.worlds import STARTS_AT

from daznode.adapters.lightning.cln.events import ClnEvents
from daznode.adapters.lightning.lnd.events import LndEvents
from daznode.adapters.lightning.simulated import SimulatedNode, WorldClock
from daznode.adapters.store.history import SqliteHistory
from daznode.domain.capability import Capability
from daznode.domain.errors import BackendError, BackendRefused, BackendUnavailable
from daznode.domain.history import Happening, NodeEvent
from daznode.usecases.follow_node import FollowNode, FollowPace
from daznode.usecases.sync_node import Synced, SyncNode

EVER = (STARTS_AT - 30 * DAY, STARTS_AT + 300 * DAY)
PACE = FollowPace(
    settle_seconds=0.02,
    resync_seconds=0.5,
    bridge_seconds=0.0,
    first_pause_seconds=0.01,
    longest_pause_seconds=0.02,
)
PATIENCE_SECONDS = 20


class Follower:
    """A follower of a stand-in, and what a test does to it meanwhile; all in one event loop."""

    def __init__(self, bench, folder):
        self.bench, self.stand_in = bench, bench.stand_in
        self.history = SqliteHistory(folder)
        self.clock = WorldClock(SimulatedNode(bench.world))
        self.syncs, self.breaks = 0, []
        self.node_id = bench.world.observation().identity.node_id

    def told(self, what):
        if isinstance(what, Synced):
            self.syncs += 1
        else:
            assert isinstance(what, BackendError)
            self.breaks.append(what)

    def trip(self):
        sync = SyncNode(self.clock, self.history, FakeObservationStore())
        return FollowNode(sync, self.told, PACE)

    async def during(self, work):
        """Follow while some work is done."""
        node = self.bench.make()
        kind = LndEvents if type(node).__name__ == "LndNode" else ClnEvents
        options = {} if kind is LndEvents else {"wait_seconds": 0.3}
        events = kind(node.connection, self.clock, **options)
        following = asyncio.create_task(self.trip().run(node, events, "t"))
        try:
            await self.until(lambda: self.syncs > 0, following)
            await work(following)
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError, BackendError):
                await following
            await backends.close_connection(node)

    async def until(self, is_so, following=None):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not is_so():
                if following is not None and following.done():
                    following.result()
                await asyncio.sleep(0.005)

    async def until_kept(self, name, count):
        """Wait until so many events of a kind are kept."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(getattr(await self.kept(), name)) < count:  # noqa: ASYNC110 - in a database
                await asyncio.sleep(0.01)

    async def live_on(self, span):
        """Time passes at the node, in the server's own thread."""
        done = asyncio.Event()
        loop = asyncio.get_running_loop()

        def advance():
            self.bench.world.advance(self.bench.world.now + span)
            loop.call_soon_threadsafe(done.set)

        self.stand_in._server.call(advance)
        await done.wait()

    async def kept(self):
        return await self.history.activity("t", self.node_id, *EVER)


def a_link_fail(bench, number):
    scids = [int(one.scid) for one in bench.world.observation().channels]
    return {
        "incoming_channel_id": str(scids[0]),
        "outgoing_channel_id": str(scids[1]),
        "incoming_htlc_id": str(number),
        "outgoing_htlc_id": "0",
        "timestamp_ns": str(int(bench.world.now.timestamp()) * 10**9 + number),
        "event_type": "FORWARD",
        "link_fail_event": {
            "info": {"incoming_amt_msat": "1010", "outgoing_amt_msat": "1000"},
            "wire_failure": "TEMPORARY_CHANNEL_FAILURE",
            "failure_detail": "INSUFFICIENT_BALANCE",
            "failure_string": "",
        },
    }


def a_settle():
    return {"event_type": "FORWARD", "timestamp_ns": "1700000000000000000", "settle_event": {}}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_lnd_cut_at_random_loses_nothing_and_doubles_nothing(seed, tmp_path):
    chance = random.Random(seed)
    with backends.lnd() as bench:
        follower = Follower(bench, tmp_path)

        async def rough_day(following):
            for number in range(1, 40):
                match chance.choice(["live", "live", "tell", "tell", "cut", "break"]):
                    case "live":
                        await follower.live_on(timedelta(minutes=chance.randint(1, 40)))
                        bench.stand_in.tell("htlcs", a_settle())
                    case "tell":
                        bench.stand_in.tell("htlcs", a_link_fail(bench, number))
                    case "cut":
                        bench.stand_in.cut()
                    case "break":
                        bench.stand_in.listeners.clear()
                        bench.stand_in._server.cut_all()
                await asyncio.sleep(chance.random() * 0.03)
            truth = bench.world.activity(bench.since, bench.world.now)
            await follower.until_kept("forwards", len(truth.forwards))
            await follower.until_kept("rebalances", len(truth.rebalances))

        asyncio.run(follower.during(rough_day))
        kept = asyncio.run(follower.kept())
        truth = bench.world.activity(bench.since, bench.world.now)
        assert kept.forwards == truth.forwards
        assert len(kept.rebalances) == len(truth.rebalances)
        states = asyncio.run(follower.history.balances_at("t", follower.node_id, EVER[1]))
        assert len(states) == len(bench.world.observation().channels)
        assert not kept.are_failures_known
        follower.history.close()


def test_every_failure_that_was_told_before_a_cut_is_kept_once(tmp_path):
    with backends.lnd() as bench:
        follower = Follower(bench, tmp_path)

        async def tell_and_cut(following):
            number = 0
            for _ in range(6):
                await follower.until(
                    lambda: any(kind == "htlcs" for kind, _ in bench.stand_in.listeners), following
                )
                for _ in range(5):
                    number += 1
                    assert bench.stand_in.tell("htlcs", a_link_fail(bench, number)) == 1
                # Another stream's break may come first and end them all: each has its own socket.
                bench.stand_in.cut("htlcs")
            await follower.until_kept("failures", number)

        asyncio.run(follower.during(tell_and_cut))
        kept = asyncio.run(follower.kept())
        assert len(kept.failures) == 30
        assert {one.reason for one in kept.failures} == {"insufficient_balance"}
        assert len(follower.breaks) >= 5
        follower.history.close()


def test_a_change_of_a_channel_or_of_its_gossip_is_looked_at(tmp_path):
    with backends.lnd() as bench:
        follower = Follower(bench, tmp_path)

        async def change(following):
            for kind, value in (
                ("channels", {"type": "INACTIVE_CHANNEL", "inactive_channel": {}}),
                ("graph", {"channel_updates": [{"advertising_node": follower.node_id}]}),
            ):
                before = follower.syncs
                assert bench.stand_in.tell(kind, value) == 1
                await follower.until(lambda seen=before: follower.syncs > seen, following)
            before = follower.syncs
            bench.stand_in.tell("graph", {"channel_updates": [{"advertising_node": "02ab"}]})
            await asyncio.sleep(0.15)
            assert follower.syncs == before

        asyncio.run(follower.during(change))
        follower.history.close()


class ScriptedEvents:
    """Sessions that begin at given moments, and break after a minute each; then it hangs."""

    def __init__(self, clock, moments):
        self.clock, self.moments = clock, list(moments)
        self.is_done = asyncio.Event()

    @asynccontextmanager
    async def listen(self):
        yield self.told()

    async def told(self):
        if not self.moments:
            self.is_done.set()
            await asyncio.sleep(PATIENCE_SECONDS)
        at = self.moments.pop(0)
        self.clock.moment = at + timedelta(minutes=1)
        yield NodeEvent(Happening.LISTENING, at)
        message = "cut"
        raise BackendUnavailable(message)


@pytest.mark.parametrize(("gap_seconds", "is_known"), [(59, True), (61, False)])
def test_failures_are_known_while_somebody_listens_and_over_short_breaks(gap_seconds, is_known):
    history, clock, breaks = FakeHistoryStore(), FakeClock(), []
    again = MORNING + timedelta(minutes=1, seconds=gap_seconds)

    async def trip():
        events = ScriptedEvents(clock, [MORNING, again])
        sync = SyncNode(clock, history, FakeObservationStore())
        pace = replace(PACE, bridge_seconds=60)
        node = FakeNode(can=frozenset({Capability.FAILURES_IN_EVENTS}))
        following = asyncio.create_task(
            FollowNode(sync, breaks.append, pace).run(node, events, "t")
        )
        await events.is_done.wait()
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        node_id = node.observation.identity.node_id
        end = again + timedelta(minutes=1)
        return [
            (await history.activity("t", node_id, since, until)).are_failures_known
            for since, until in (
                (MORNING, MORNING + timedelta(minutes=1)),
                (MORNING, end),
                (MORNING - DAY, end),
            )
        ]

    assert asyncio.run(trip()) == [True, is_known, False]


def test_core_lightning_is_followed_by_index(tmp_path):
    chance = random.Random(5)
    with backends.cln() as bench:
        follower = Follower(bench, tmp_path)

        async def rough_day(following):
            for _ in range(12):
                if chance.random() < 0.7:
                    await follower.live_on(timedelta(minutes=chance.randint(1, 60)))
                else:
                    bench.stand_in._server.cut_all()
                await asyncio.sleep(chance.random() * 0.05)
            truth = bench.world.activity(bench.since, bench.world.now)
            await follower.until_kept("failures", len(truth.failures))
            await follower.until_kept("forwards", len(truth.forwards))

        asyncio.run(follower.during(rough_day))
        kept = asyncio.run(follower.kept())
        truth = bench.world.activity(bench.since, bench.world.now)
        assert kept.forwards == truth.forwards
        assert len(kept.failures) == len(truth.failures)
        follower.history.close()


def test_a_credential_that_is_refused_ends_it(tmp_path):
    with backends.lnd() as bench:
        follower = Follower(bench, tmp_path)
        bench.stand_in.misdeed = lambda asked: (
            failed("permission denied") if asked.path == "/v2/router/htlcevents" else None
        )

        async def trip():
            node = bench.make()
            try:
                await follower.trip().run(node, LndEvents(node.connection, follower.clock), "t")
            finally:
                await backends.close_connection(node)

        with pytest.raises(BackendRefused):
            asyncio.run(trip())
        follower.history.close()
