"""The node at work: payments passed on or refused, channels refilled."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from tests.builders import a_node_id, a_policy, a_scid, a_snapshot

from daznode.simulate.channel import SimChannel
from daznode.simulate.kinds import PeerKind
from daznode.simulate.node import Line, Node, RefillParams
from daznode.simulate.player import Peer
from daznode.simulate.surroundings import HiddenBalances, Surroundings
from daznode.simulate.traffic import Offers

AT = datetime(2025, 11, 20, 6, tzinfo=UTC)
AMOUNT_MSAT = 100_000_000
KIND = PeerKind(name="router", count=1, size=(0, 1), ends_here_ratio=1.0)
POLICY = a_policy(
    base_fee_msat=1_000,
    fee_ppm=250,
    inbound_base_fee_msat=0,
    inbound_fee_ppm=0,
    htlc_maximum_msat=10**10,
)


def a_line(number, local_ratio=0.5, kind=KIND, **given):
    scid, capacity_sat = a_scid(number), 1_000_000
    local_msat = int(local_ratio * capacity_sat) * 1_000
    peer = Peer(
        kind=kind,
        node_id=a_node_id(number),
        scid=scid,
        capacity_sat=capacity_sat,
        local_msat=local_msat,
        policy=POLICY,
        opened_at=AT - timedelta(days=100),
        leaves_at=None,
        onward_sat=10_000_000,
        remote_policy=POLICY,
    )
    fields = {"channel": SimChannel(scid, capacity_sat, local_msat), "place": number - 1} | given
    return Line(peer, POLICY, POLICY, **fields)


def an_offer(amount_msat=AMOUNT_MSAT, luck=0.0, recall=0.5, *, remembers=False):
    return Offers(
        second=np.array([0.0]),
        entry=np.array([0]),
        leaving=np.array([1]),
        amount_msat=np.array([amount_msat]),
        limit_msat=np.array([10**9]),
        detour_ratio=np.array([1.0]),
        remembers=np.array([remembers]),
        luck=np.array([luck]),
        recall=np.array([recall]),
    )


def a_node(entry=None, leaving=None):
    lines = (entry or a_line(1), leaving or a_line(2))
    return Node(AT, lines, RefillParams())


def seen(node):
    history = node.history
    return len(history.forwards), [failure.reason for failure in history.failures]


def test_a_payment_is_passed_on_and_the_fee_kept():
    node = a_node()
    node.take(an_offer(), 0, 61.25)
    (forward,) = node.history.forwards
    assert forward.at == AT + timedelta(seconds=61.25)
    assert (forward.scid_in, forward.scid_out) == (a_scid(1), a_scid(2))
    assert forward.amount_out_msat == AMOUNT_MSAT
    assert forward.fee_msat == 1_000 + 25_000
    entry, leaving = node.lines
    assert entry.channel.local_msat == 500_000_000 + AMOUNT_MSAT + 26_000
    assert leaving.channel.local_msat == 500_000_000 - AMOUNT_MSAT


def test_without_balance_it_is_refused_and_nothing_moves():
    node = a_node(leaving=a_line(2, local_ratio=0.109))
    node.take(an_offer(), 0, 5.0)
    (failure,) = node.history.failures
    assert (failure.is_local, failure.reason) == (True, "insufficient_balance")
    assert (failure.scid_in, failure.scid_out) == (a_scid(1), a_scid(2))
    assert (failure.amount_out_msat, failure.missed_fee_msat) == (AMOUNT_MSAT, 26_000)
    assert [line.channel.local_msat for line in node.lines] == [500_000_000, 109_000_000]


def test_the_last_msat_above_the_reserve_can_be_sent():
    node = a_node(leaving=a_line(2, local_ratio=0.11))
    node.take(an_offer(), 0, 5.0)
    assert seen(node) == (1, [])


def test_what_fails_further_on_is_seen_and_moves_nothing():
    node = a_node()
    node.take(an_offer(luck=0.98), 0, 5.0)
    (failure,) = node.history.failures
    assert (failure.is_local, failure.reason) == (False, "downstream")
    assert node.lines[0].channel.local_msat == 500_000_000


def test_large_payments_fail_further_on_more_often():
    through = replace(KIND, ends_here_ratio=0.0)
    for amount_msat, outcome in ((1_000_000, (1, [])), (400_000_000, (0, ["downstream"]))):
        leaving = a_line(2, local_ratio=0.9, kind=through)
        leaving.peer = replace(leaving.peer, onward_sat=300_000)
        node = a_node(leaving=leaving)
        node.take(an_offer(amount_msat, luck=0.6), 0, 5.0)
        assert seen(node) == outcome


@pytest.mark.parametrize(
    ("entry", "leaving"),
    [
        ({"local_ratio": 0.9}, {}),  # the peer before us has nothing left
        ({"outages": [(0.0, 10.0)]}, {}),
        ({"channel": None}, {}),
        ({}, {"channel": None}),
        ({}, {"outages": [(-3_600.0, 10.0)]}),  # away for long: known to be disabled
    ],
)
def test_what_never_reaches_us_leaves_no_trace(entry, leaving):
    node = a_node(a_line(1, **entry), a_line(2, **leaving))
    node.take(an_offer(), 0, 5.0)
    assert seen(node) == (0, [])


def test_a_peer_that_has_just_left_makes_payments_fail_until_gossip_tells():
    node = a_node(leaving=a_line(2, outages=[(0.0, 10_000.0)]))
    for second in (100.0, 1_799.0, 1_801.0, 10_001.0):
        node.take(an_offer(), 0, second)
    assert seen(node) == (1, ["peer_offline", "peer_offline"])
    assert all(failure.is_local for failure in node.history.failures)


def test_senders_remember_a_refusal_for_about_an_hour():
    for second, recall, comes in (
        (10.0, 0.9, False),
        (3_605.0, 0.49, False),
        (3_605.0, 0.51, True),
        (36_000.0, 0.01, True),
    ):
        node = a_node(leaving=a_line(2, local_ratio=0.05))
        node.take(an_offer(), 0, 5.0)
        node.take(an_offer(recall=recall, remembers=True), 0, second)
        assert len(node.history.failures) == 1 + comes
    node = a_node(leaving=a_line(2, local_ratio=0.05))
    node.take(an_offer(), 0, 5.0)
    node.take(an_offer(20_000_000, recall=0.0, remembers=True), 0, 6.0)
    assert seen(node) == (1, ["insufficient_balance"])


def test_outages_are_drawn_for_the_day_and_forgotten_after_it():
    line = a_line(1, kind=replace(KIND, outages_per_day=4.0))
    rng = np.random.default_rng(1)
    for day in range(50):
        line.draw_outages(day * 86_400.0, -1.0, rng)
        assert all(end > day * 86_400 for _, end in line.outages)
    assert 0 < len(line.outages) < 30
    line.draw_outages(0.0, 3_600.0, rng)
    assert line.is_offline(10.0**9)


# --- refilling --------------------------------------------------------------------------------


def a_refilled_node(middle_ppm, low=0.02, full=0.9, **habit):
    """Peer 1 is full, peer 2 low; the way between them goes through node 3, who asks `middle_ppm`."""
    pairs = ((0, 2), (1, 2), (0, 3), (1, 3))
    snapshot = a_snapshot(
        4,
        pairs,
        capacity_sat=50_000_000,
        policies={"fee_ppm": [[0, middle_ppm, 0, 0], [0, middle_ppm, 0, 0]], "base_fee_msat": 0},
    )
    hidden = HiddenBalances(snapshot.channels.scid, np.full(snapshot.n_channels, 0.5))
    free = replace(POLICY, base_fee_msat=0, fee_ppm=0)
    lines = (a_line(1, full), a_line(2, low))
    for line in lines:
        line.remote_policy = free
    node = Node(AT, lines, RefillParams(least_sats=100_000, **habit))
    return node, Surroundings(snapshot, 3, hidden)


def test_a_low_channel_is_refilled_from_a_full_one_at_the_price_of_the_way():
    node, surroundings = a_refilled_node(300)
    node.refill(7_200.0, surroundings)
    (rebalance,) = node.history.rebalances
    # From 2 % to 40 % of 1,000,000 sat.
    assert rebalance.amount_msat == 380_000_000
    assert rebalance.fee_msat == 380_000_000 * 300 // 1_000_000
    assert (rebalance.scid_out, rebalance.scid_in) == (a_scid(1), a_scid(2))
    assert rebalance.at == AT + timedelta(hours=2)
    source, target = node.lines
    assert source.channel.local_msat == 900_000_000 - rebalance.amount_msat - rebalance.fee_msat
    assert target.channel.local_msat == 20_000_000 + rebalance.amount_msat


@pytest.mark.parametrize(
    "given",
    [
        {"middle_ppm": 500},
        {"middle_ppm": 300, "low": 0.2},
        {"middle_ppm": 300, "full": 0.55},
        {"middle_ppm": 300, "day_limit_sats": 20},
        {"middle_ppm": 300, "most_sats": 50_000},
    ],
)
def test_what_the_habit_does_not_allow_is_not_done(given):
    node, surroundings = a_refilled_node(**given)
    node.refill(7_200.0, surroundings)
    assert node.history.rebalances == []
    assert sum(line.channel.local_msat for line in node.lines) == sum(
        line.peer.local_msat for line in node.lines
    )


def test_the_days_limit_is_for_a_day():
    node, surroundings = a_refilled_node(300, day_limit_sats=130, per_look=1)
    low = node.lines[1]
    for second in (3_600.0, 18_000.0, 90_000.0):
        low.channel.send(max(0, low.channel.sendable_msat - 10_000_000))
        node.lines[0].channel.receive(max(0, 880_000_000 - node.lines[0].channel.local_msat))
        node.refill(second, surroundings)
    moments = [rebalance.at - AT for rebalance in node.history.rebalances]
    assert moments == [timedelta(hours=1), timedelta(hours=25)]


def test_neither_an_offline_peer_nor_one_that_sends_us_nothing_is_used():
    node, surroundings = a_refilled_node(300)
    target = node.lines[1]
    target.remote_policy = replace(target.remote_policy, is_disabled=True)
    node.refill(7_200.0, surroundings)
    assert node.history.rebalances == []
    target.remote_policy = replace(target.remote_policy, is_disabled=False)
    node.lines[0].outages.append((0.0, 10_000.0))
    node.refill(7_200.0, surroundings)
    assert node.history.rebalances == []
    node.refill(10_800.0, surroundings)
    assert len(node.history.rebalances) == 1
