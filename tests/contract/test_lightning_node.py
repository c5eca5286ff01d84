"""What every node backend promises: simulated, LND and Core Lightning."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from tests.standins import backends

from daznode.domain.capability import Capability
from daznode.domain.ids import is_curve_point

BACKENDS = [backends.simulated, backends.lnd, backends.cln]


@pytest.fixture(params=BACKENDS, ids=lambda make: make.__name__)
def bench(request):
    with request.param() as made:
        yield made


def test_it_stays_who_it_is(bench):
    before = bench.ask(lambda node: node.identity())
    bench.pass_time(timedelta(hours=3))
    after = bench.ask(lambda node: node.identity())
    assert is_curve_point(bytes.fromhex(before.node_id))
    for name in ("node_id", "alias", "backend", "network", "reality"):
        assert getattr(before, name) == getattr(after, name)
    assert after.block_height >= before.block_height > 0
    assert bench.ask(lambda node: node.observe()).identity == after


def test_an_observation_is_of_now_and_time_goes_on(bench):
    moments = []
    for _ in range(3):
        moments.append(bench.ask(lambda node: node.observe()).observed_at)
        bench.pass_time(timedelta(hours=5))
    assert moments == sorted(set(moments))
    assert all(moment.utcoffset() == timedelta(0) for moment in moments)


def test_channels_are_in_order_and_their_balances_fit(bench):
    observation = bench.ask(lambda node: node.observe())
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


def test_an_examination_is_an_observation_and_more(bench):
    observation, vitals = bench.ask(lambda node: node.examine())
    assert observation == bench.ask(lambda node: node.observe())
    assert vitals.observed_at == observation.observed_at
    assert vitals.block_height == observation.identity.block_height
    online = {peer.peer_id: peer.is_online for peer in vitals.peers}
    assert list(online) == sorted(online)
    for channel in observation.channels:
        assert online[channel.peer_id] or not channel.is_active
    expiries = [htlc.expiry_height for htlc in vitals.htlcs]
    assert expiries == sorted(expiries)


def test_it_says_what_it_can_do(bench):
    capabilities = bench.ask(lambda node: node.capabilities())
    identity = bench.ask(lambda node: node.identity())
    assert capabilities.backend == identity.backend
    assert Capability.FORWARDS in capabilities.can
    assert not capabilities.sets & capabilities.disturbs


def test_events_lie_in_their_window_in_order(bench):
    activity = bench.activity()
    for events in (activity.forwards, activity.failures, activity.rebalances):
        moments = [event.at for event in events]
        assert moments == sorted(moments)
        assert all(bench.since <= moment < bench.until for moment in moments)
    assert activity.forwards


def test_nothing_from_until_on_is_told(bench):
    middle = bench.activity().forwards[5].at
    early = bench.activity(until=middle)
    assert len(early.forwards) == 5
    assert all(event.at < middle for event in early.rebalances)


def test_the_past_does_not_change(bench):
    before = bench.activity()
    since, until = bench.since, bench.until
    bench.pass_time(timedelta(hours=9))
    assert bench.activity(since, until) == before


def test_a_history_goes_on_where_it_was_left_and_tells_nothing_twice(bench):
    """Read in three visits, each strand gives what one visit gives, each event once."""

    async def visit(node, cursors, until):
        found = {}
        for strand in node.strands:
            found[strand] = []
            async for page in node.pages(strand, cursors.get(strand), until):
                found[strand] += zip(page.keys, page.events, strict=True)
                cursors[strand] = page.cursor
        return found

    cursors, told = {}, {}
    for _ in range(3):
        until = bench.until
        for strand, events in bench.ask(partial(visit, cursors=cursors, until=until)).items():
            told.setdefault(strand, []).extend(events)
        bench.pass_time(timedelta(hours=7))
    again = bench.ask(partial(visit, cursors={}, until=until))
    for strand, events in told.items():
        key = [(type(event).__name__, number, event.at) for number, event in events]
        assert len(key) == len(set(key))
        if bench.stand_in is not None:
            anew = [pair for pair in again[strand] if pair[1].at < until]
            assert sorted(events, key=repr) == sorted(anew, key=repr)
    assert sum(len(events) for events in told.values()) > 0


def test_every_event_is_of_a_known_channel_and_makes_sense(bench):
    known = {channel.scid for channel in bench.ask(lambda node: node.observe()).channels}
    activity = bench.activity()
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


def as_known(policy, capabilities):
    """A policy as a backend without inbound fees can know it."""
    if capabilities.backend != "cln":
        return policy
    return replace(policy, inbound_base_fee_msat=0, inbound_fee_ppm=0)


def test_what_it_tells_is_what_happened(bench):
    """Against the world itself, to the msat."""
    told = bench.activity()
    truth = bench.world.activity(bench.since, bench.until)
    assert told.forwards == truth.forwards
    # Several happen at one moment, and nobody promises in which order they are then told.
    assert [o.at for o in told.rebalances] == sorted(o.at for o in told.rebalances)
    paid = sorted((o.scid_out, o.scid_in, o.amount_msat, o.fee_msat) for o in told.rebalances)
    assert paid == sorted(
        (o.scid_out, o.scid_in, o.amount_msat, o.fee_msat) for o in truth.rebalances
    )
    assert truth.rebalances
    assert (told.payments, told.receipts) == ((), ())
    capabilities = bench.ask(lambda node: node.capabilities())
    if Capability.FAILURES_IN_HISTORY in capabilities.can:
        assert len(told.failures) == len(truth.failures)
    seen = bench.ask(lambda node: node.observe()).channels
    for ours, theirs in zip(seen, bench.world.observation().channels, strict=True):
        assert ours.local_policy == as_known(theirs.local_policy, capabilities)
        assert ours.remote_policy == as_known(theirs.remote_policy, capabilities)
        assert ours.local_msat // 1000 == theirs.local_msat // 1000
