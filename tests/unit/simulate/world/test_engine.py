"""The simulated world: one seed, one history; balances that add up; a story that follows."""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from tests.worlds import DAY, SMALL, STARTS_AT, a_lived_world, a_world

from daznode.domain.errors import InvalidParameter
from daznode.domain.provenance import Reality
from daznode.simulate.generated.chain import height_at
from daznode.simulate.world.engine import CHANNELS_PER_NODE, World, made_network


def fingerprint(world):
    """Hash of everything a world shows."""
    activity = world.activity(world.begins_at, world.now)
    text = repr((activity, world.observation(), world.snapshot.origin))
    return hashlib.sha256(text.encode()).hexdigest()


def test_one_seed_gives_one_history():
    worlds = [a_world(seed) for seed in (7, 7, 8)]
    for world in worlds:
        world.advance(STARTS_AT + 2 * DAY)
    one, again, other = (fingerprint(world) for world in worlds)
    assert one == again
    assert one != other


def test_the_steps_do_not_matter():
    whole, stepped = a_world(3), a_world(3)
    whole.advance(STARTS_AT + 2 * DAY)
    rng = np.random.default_rng(1)
    moment = STARTS_AT
    while moment < STARTS_AT + 2 * DAY:
        stepped.advance(moment)
        stepped.advance(moment)
        moment += timedelta(seconds=float(rng.uniform(1, 30_000)))
    stepped.advance(STARTS_AT + 2 * DAY)
    assert fingerprint(whole) == fingerprint(stepped)


def test_it_is_handed_over_at_the_start_with_some_days_behind_it():
    world = a_world()
    assert world.now == STARTS_AT
    assert world.begins_at == STARTS_AT - 2 * DAY
    assert world.activity(world.begins_at, STARTS_AT).forwards
    assert world.snapshot.origin.observed_at == STARTS_AT


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_money_is_neither_made_nor_lost(seed):
    world = a_world(seed)
    before = {channel.scid: channel for channel in world.observation().channels}
    world.advance(STARTS_AT + 3 * DAY + timedelta(hours=5))
    after = {channel.scid: channel for channel in world.observation().channels}
    activity = world.activity(STARTS_AT, world.now)
    moved = dict.fromkeys(before, 0)
    for forward in activity.forwards:
        moved[forward.scid_in] += forward.amount_in_msat
        moved[forward.scid_out] -= forward.amount_out_msat
    for rebalance in activity.rebalances:
        moved[rebalance.scid_in] += rebalance.amount_msat
        moved[rebalance.scid_out] -= rebalance.amount_msat + rebalance.fee_msat
    assert any(moved.values())
    for scid, channel in after.items():
        assert channel.local_msat == before[scid].local_msat + moved[scid]
        assert channel.local_msat + channel.remote_msat == channel.capacity_sat * 1_000
        reserve_msat = channel.capacity_sat * 10
        assert min(channel.local_msat, channel.remote_msat) >= reserve_msat


def test_forwards_follow_the_nodes_policies():
    world = a_lived_world()
    channels = {channel.scid: channel for channel in world.observation().channels}
    forwards = world.activity(world.begins_at, world.now).forwards
    discounted = 0
    for forward in forwards:
        policy = channels[forward.scid_out].local_policy
        entry = channels[forward.scid_in].local_policy
        outbound = policy.base_fee_msat + forward.amount_out_msat * policy.fee_ppm // 1_000_000
        discounted += entry.inbound_fee_ppm < 0
        if entry.inbound_fee_ppm == 0:
            assert forward.fee_msat == outbound
        else:
            assert 0 <= forward.fee_msat <= outbound
        assert policy.htlc_minimum_msat <= forward.amount_out_msat <= policy.htlc_maximum_msat
        assert forward.amount_in_msat >= forward.amount_out_msat
    assert discounted > 0


def test_failures_are_the_ones_that_an_operator_knows():
    world = a_lived_world()
    failures = world.activity(world.begins_at, world.now).failures
    assert {failure.reason for failure in failures} >= {"insufficient_balance", "downstream"}
    assert all(failure.is_local == (failure.reason != "downstream") for failure in failures)


def test_events_are_in_order_and_in_the_past():
    world = a_lived_world()
    activity = world.activity(world.begins_at, world.now)
    for events in (activity.forwards, activity.failures, activity.rebalances):
        assert events
        moments = [event.at for event in events]
        assert moments == sorted(moments)
        assert world.begins_at <= moments[0]
        assert moments[-1] < world.now


def test_the_story_follows_from_the_kinds():
    world = a_lived_world()
    kinds = {line.peer.scid: line.peer.kind.name for line in world._lines}
    channels = {}
    for channel in world.observation().channels:
        channels.setdefault(kinds[channel.scid], channel)
    assert not channels["leaver"].is_active
    assert channels["leaver"].local_policy.is_disabled
    young = channels["newcomer"]
    opened = world.begins_at + timedelta(days=15.4)
    assert opened - timedelta(minutes=10) < young.opened_at <= opened
    history = world.activity(world.begins_at, world.now)
    used = [f for f in history.forwards if young.scid in (f.scid_in, f.scid_out)]
    assert all(forward.at >= young.opened_at + timedelta(hours=1) for forward in used)
    dead = channels["dead end"].scid
    assert not [f for f in history.forwards if dead in (f.scid_in, f.scid_out)]
    leaver = channels["leaver"].scid
    left_at = world.begins_at + timedelta(days=17.3)
    assert not [f for f in history.forwards if leaver in (f.scid_in, f.scid_out) and f.at > left_at]


def test_a_channel_is_pending_until_it_is_confirmed():
    world = a_world()
    young = next(line.peer for line in world._lines if line.peer.kind.opens_on_day is not None)
    counts = []
    for minutes in (-1, 1, 59, 60):
        world.advance(young.opened_at + timedelta(minutes=minutes))
        seen = world.observation()
        counts.append((seen.pending_channels, len(seen.channels)))
    assert counts == [(0, 35), (1, 35), (1, 35), (0, 36)]
    fresh = next(c for c in world.observation().channels if c.scid == young.scid)
    assert fresh.is_private
    world.advance(world.begins_at + 16 * DAY)
    fresh = next(c for c in world.observation().channels if c.scid == young.scid)
    assert not fresh.is_private


def test_a_channel_carries_nothing_before_the_network_has_heard_of_it():
    world = a_lived_world()
    young = next(line.peer for line in world._lines if line.peer.kind.opens_on_day is not None)
    announced_at = world.begins_at + 16 * DAY
    history = world.activity(world.begins_at, world.now)
    used = [f for f in history.forwards if young.scid in (f.scid_in, f.scid_out)]
    assert used
    assert all(forward.at >= announced_at for forward in used)


def test_a_fee_that_was_set_holds_and_is_known_on_the_next_day():
    world = a_world()
    forwards = world.activity(world.begins_at, STARTS_AT).forwards
    busiest = max(
        world.observation().channels,
        key=lambda one: sum(forward.scid_out == one.scid for forward in forwards),
    )
    asked = replace(busiest.local_policy, fee_ppm=busiest.local_policy.fee_ppm + 40)
    world.set_policy(busiest.scid, asked)
    world.advance(STARTS_AT + 2 * DAY)
    (channel,) = [one for one in world.observation().channels if one.scid == busiest.scid]
    assert channel.local_policy == replace(asked, is_disabled=channel.local_policy.is_disabled)
    snapshot = world.snapshot
    row = int(np.flatnonzero(snapshot.channels.scid == busiest.scid)[0])
    side = 0 if snapshot.node_hex(int(snapshot.channels.node2[row])) == busiest.peer_id else 1
    assert int(snapshot.channels.policies.fee_ppm[side, row]) == asked.fee_ppm
    # Senders hear of it within the hour; until then the former fee is taken for ten minutes.
    later = world.activity(STARTS_AT + timedelta(hours=1), world.now).forwards
    sold = [forward for forward in later if forward.scid_out == busiest.scid]
    assert sold
    entries = {one.scid: one.local_policy for one in world.observation().channels}
    for forward in sold:
        if entries[forward.scid_in].inbound_fee_ppm == 0:
            amount_msat = forward.amount_out_msat
            assert forward.fee_msat >= (
                asked.base_fee_msat + amount_msat * asked.fee_ppm // 1_000_000
            )


def test_no_balance_of_the_whole_network_is_made_or_lost():
    world = a_world(5)
    for hours in (5, 24, 49):
        world.advance(STARTS_AT + timedelta(hours=hours))
        assert world._stage.loop.is_sound()


def test_a_channel_that_nobody_can_use_for_a_while_keeps_its_balance():
    """Both sides disabled, it is not in the payment network; its balance waits for it."""
    world = a_world(2)
    line = world._lines[0]
    line.outages.append((2 * 86_400_000, 5 * 86_400_000))
    policies = world.snapshot.channels.policies
    row = int(np.flatnonzero(world.snapshot.channels.scid == line.peer.scid)[0])
    policies.is_disabled[:, row] = True
    policies.last_update[:, row] = int(STARTS_AT.timestamp())
    world.advance(STARTS_AT + DAY)
    seen = [one for one in world.observation().channels if one.scid == line.peer.scid]
    assert not world._stage.has(line.peer.scid)
    assert not seen[0].is_active
    before_msat = seen[0].local_msat
    world.advance(STARTS_AT + DAY + timedelta(hours=3))
    (after,) = [one for one in world.observation().channels if one.scid == line.peer.scid]
    assert after.local_msat == before_msat


def test_the_public_network_knows_the_nodes_channels():
    world = a_lived_world()
    snapshot = world.snapshot
    assert snapshot.origin.reality is Reality.GENERATED
    public = {int(scid): row for row, scid in enumerate(snapshot.channels.scid)}
    for channel in world.observation().channels:
        row = public[channel.scid]
        assert int(snapshot.channels.capacity_sat[row]) == channel.capacity_sat
        ours = snapshot.node_hex(int(snapshot.channels.node1[row])) != channel.peer_id
        side = 0 if ours else 1
        policies = snapshot.channels.policies
        assert int(policies.fee_ppm[side, row]) == channel.local_policy.fee_ppm
        assert int(policies.fee_ppm[1 - side, row]) == channel.remote_policy.fee_ppm
        assert snapshot.nodes.alias[snapshot.index_of(channel.peer_id)] == channel.peer_alias


def test_the_network_moves_on_every_day():
    world = a_world()
    hashes = set()
    for day in range(4):
        world.advance(STARTS_AT + day * DAY)
        assert world.snapshot.origin.observed_at == STARTS_AT + day * DAY
        hashes.add(world.snapshot.origin.content_sha256)
    assert len(hashes) == 4


def test_the_node_says_who_it_is():
    world = a_lived_world()
    identity = world.identity()
    assert (identity.backend, identity.network) == ("simulated", "simulated")
    assert identity.reality is Reality.SIMULATED
    assert identity.block_height == height_at(world.now)


def test_time_does_not_go_back():
    world = a_world()
    with pytest.raises(InvalidParameter, match="lies before the world's"):
        world.advance(STARTS_AT - timedelta(microseconds=1))
    world.advance(STARTS_AT)


def test_a_window_into_the_future_or_reversed_is_refused():
    world = a_world()
    for since, until in (
        (STARTS_AT, STARTS_AT + timedelta(microseconds=1)),
        (STARTS_AT, STARTS_AT - DAY),
    ):
        with pytest.raises(InvalidParameter, match="takes one that ends neither before"):
            world.activity(since, until)


def test_a_moment_without_a_zone_is_refused():
    naive = datetime(2025, 11, 3)  # noqa: DTZ001
    with pytest.raises(InvalidParameter, match="no time zone"):
        World(SMALL, np.random.default_rng(1), starts_at=naive)


def test_a_network_alone_has_as_many_channels_as_todays():
    def channels_of(nodes, channels):
        rng = np.random.default_rng(1)
        return made_network(
            nodes, channels, rng, observed_at=STARTS_AT, imported_at=STARTS_AT
        ).n_channels

    assert channels_of(80, None) == round(80 * CHANNELS_PER_NODE)
    assert channels_of(2, None) == 6
    assert channels_of(80, 90) == 90
