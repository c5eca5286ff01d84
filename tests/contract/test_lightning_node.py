"""What every LightningNode promises."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.worlds import DAY, STARTS_AT, a_world

from daznode.adapters.lightning.simulated import SimulatedNode
from daznode.domain.ids import is_curve_point


@dataclass
class Bench:
    """A node under test, and what the test may do around it."""

    node: Any
    since: datetime
    until: datetime

    def pass_time(self, span: timedelta) -> None:
        """Let time pass at the node."""
        self.until += span
        self.node.advance(self.until)


def simulated() -> Bench:
    node = SimulatedNode(a_world(seed=4))
    node.advance(STARTS_AT + DAY)
    return Bench(node, node.begins_at, STARTS_AT + DAY)


@pytest.fixture(params=[simulated], ids=lambda make: make.__name__)
def bench(request):
    return request.param()


def ask(question):
    return asyncio.run(question)


def test_it_stays_who_it_is(bench):
    before = ask(bench.node.identity())
    bench.pass_time(timedelta(hours=3))
    after = ask(bench.node.identity())
    assert is_curve_point(bytes.fromhex(before.node_id))
    for name in ("node_id", "alias", "backend", "network", "reality"):
        assert getattr(before, name) == getattr(after, name)
    assert after.block_height >= before.block_height > 0
    assert ask(bench.node.observe()).identity == after


def test_an_observation_is_of_now_and_time_goes_on(bench):
    moments = []
    for _ in range(3):
        moments.append(ask(bench.node.observe()).observed_at)
        bench.pass_time(timedelta(hours=5))
    assert moments == sorted(set(moments))
    assert all(moment.utcoffset() == timedelta(0) for moment in moments)


def test_channels_are_in_order_and_their_balances_fit(bench):
    observation = ask(bench.node.observe())
    scids = [channel.scid for channel in observation.channels]
    assert scids == sorted(set(scids))
    assert len(scids) > 0
    assert observation.pending_channels >= 0
    for channel in observation.channels:
        assert is_curve_point(bytes.fromhex(channel.peer_id))
        assert channel.peer_id != observation.identity.node_id
        assert channel.local_msat >= 0
        assert channel.remote_msat >= 0
        # A real node's commitment fee and anchors come off the sum.
        assert 0.98 < (channel.local_msat + channel.remote_msat) / channel.capacity_sat / 1_000 <= 1
        assert channel.opened_at is None or channel.opened_at <= observation.observed_at


def test_events_lie_in_their_window_in_order(bench):
    activity = ask(bench.node.activity(bench.since, bench.until))
    assert (activity.since, activity.until) == (bench.since, bench.until)
    for events in (activity.forwards, activity.failures, activity.rebalances):
        moments = [event.at for event in events]
        assert moments == sorted(moments)
        assert all(bench.since <= moment < bench.until for moment in moments)
    assert activity.forwards


def test_adjacent_windows_add_up(bench):
    whole = ask(bench.node.activity(bench.since, bench.until))
    middle = whole.forwards[len(whole.forwards) // 2].at
    first = ask(bench.node.activity(bench.since, middle))
    second = ask(bench.node.activity(middle, bench.until))
    for name in ("forwards", "failures", "rebalances"):
        assert getattr(first, name) + getattr(second, name) == getattr(whole, name)
    assert all(event.at < middle for event in first.forwards)
    assert second.forwards[0].at == middle


def test_an_empty_window_is_empty(bench):
    activity = ask(bench.node.activity(bench.until, bench.until))
    assert (activity.forwards, activity.failures, activity.rebalances) == ((), (), ())


def test_the_past_does_not_change(bench):
    before = ask(bench.node.activity(bench.since, bench.until))
    since, until = bench.since, bench.until
    bench.pass_time(timedelta(hours=9))
    assert ask(bench.node.activity(since, until)) == before


def test_every_event_is_of_a_known_channel_and_makes_sense(bench):
    known = {channel.scid for channel in ask(bench.node.observe()).channels}
    activity = ask(bench.node.activity(bench.since, bench.until))
    for forward in activity.forwards:
        assert {forward.scid_in, forward.scid_out} <= known
        assert forward.amount_in_msat >= forward.amount_out_msat > 0
    for failure in activity.failures:
        assert failure.scid_in in known
        assert failure.scid_out is None or failure.scid_out in known
        assert failure.missed_fee_msat >= 0
        assert failure.reason
    for rebalance in activity.rebalances:
        assert rebalance.scid_in in known
        assert rebalance.scid_out in known
        assert rebalance.scid_in != rebalance.scid_out
        assert rebalance.amount_msat > 0
        assert rebalance.fee_msat >= 0
