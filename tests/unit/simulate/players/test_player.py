"""The player shows what a node's operator would see, and does what is ordered as far as it can."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.payment_worlds import BEGINS_AT, ground, names, season

from daznode.domain.errors import InvalidParameter, NodeNotFound
from daznode.domain.experiment import FlowTilt, NodeKind, RunKey
from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.units import Msat, Ppm
from daznode.simulate.payments.demand import DAY_MS
from daznode.simulate.payments.state import REFILLED
from daznode.simulate.players.player import CLOSE_VBYTES
from daznode.simulate.policies.sight import JitOrder, Orders, PolicyOrder, RefillOrder, Sight


class _Watching:
    """A policy that keeps what it saw and does what it is told once."""

    def __init__(self, *orders: Orders, every: timedelta = timedelta(hours=1)) -> None:
        self.every = every
        self.seen: list[Sight] = []
        self._orders = list(orders)

    def look(self, sight: Sight) -> Orders:
        self.seen.append(sight)
        return self._orders.pop(0) if self._orders else Orders()


def test_it_shows_its_channels_and_what_both_sides_ask() -> None:
    made = season()
    network, course = ground().network, made.course
    observation = made.player.observation()

    assert observation.observed_at == BEGINS_AT
    assert len(observation.channels) == len(made.player.edges)
    for channel, edge in zip(observation.channels, made.player.edges.tolist(), strict=True):
        back = int(network.reverse[edge])
        assert channel.scid == network.scid[edge]
        assert channel.local_msat == course.book.balance[edge]
        assert channel.local_msat + channel.remote_msat == channel.capacity_sat * 1_000
        assert channel.local_policy is not None
        assert channel.remote_policy is not None
        assert channel.local_policy.fee_ppm == network.fee_ppm[edge]
        assert channel.local_policy.inbound_fee_ppm == network.inbound_ppm[back]
        assert channel.remote_policy.fee_ppm == network.fee_ppm[back]
        assert channel.peer_id == names().node_ids[int(network.target[edge])]


def test_a_policy_sees_each_forward_once_in_the_window_of_its_look() -> None:
    made, watching = season(), _Watching()
    made.steer(watching, 2)
    forwards = [one for sight in watching.seen for one in sight.activity.forwards]
    outcome_forwards = sum(len(sight.activity.forwards) for sight in watching.seen)

    assert len(watching.seen) == 48
    assert outcome_forwards == len(forwards) > 0
    for sight in watching.seen:
        for one in (*sight.activity.forwards, *sight.activity.failures):
            assert sight.activity.since <= one.at < sight.activity.until
    assert all(
        later.activity.since == sight.now
        for sight, later in zip(watching.seen, watching.seen[1:], strict=False)
    )
    assert all(one.fee_msat >= 0 for one in forwards)


def test_a_policy_that_is_set_is_shown_and_counted_once() -> None:
    made = season()
    scid = made.player.scids[0]
    held = made.player.observation().channels[0].local_policy
    assert held is not None
    asked = replace(held, fee_ppm=Ppm(1_234), inbound_fee_ppm=Ppm(-50), base_fee_msat=Msat(0))

    made.player.carry_out(Orders(policies=(PolicyOrder(scid, asked),)), 5.0)
    made.player.carry_out(Orders(policies=(PolicyOrder(scid, asked),)), 5.0)

    assert made.player.observation().channels[0].local_policy == asked
    assert made.player.ledger.updates == {scid: 1}


def test_a_refill_is_told_at_the_next_look_with_its_cost() -> None:
    made = season()
    network = ground().network
    course = made.course
    own = made.player.edges
    poorest = int(course.book.balance[network.reverse[own]].argmax())
    order = RefillOrder(made.player.scids[poorest], (), Msat(50_000_000), Msat(50_000_000))
    watching = _Watching(Orders(refills=(order,)))

    made.steer(watching, 1)

    told = [one for sight in watching.seen for one in sight.activity.rebalances]
    assert told == made.player.ledger.refills
    assert len(told) == 1
    assert told[0].scid_in == made.player.scids[poorest]
    assert 0 < told[0].fee_msat <= 50_000_000
    assert watching.seen[1].activity.rebalances


def _in_time(scids: tuple[ShortChannelId, ...]) -> tuple[JitOrder, ...]:
    rule = (Msat(100_000_000), Msat(5_000), Ppm(5_000), Msat(215_000))
    return tuple(JitOrder((scid,), *rule) for scid in scids)


def test_refills_in_time_are_booked_and_told_at_the_next_look() -> None:
    made = season(days=3)
    watching = _Watching(Orders(just_in_time=_in_time(made.player.scids)))
    made.steer(watching, 2)
    key = RunKey(made.player.node_id, 1, "x")
    outcome = made.outcome(key, NodeKind.MID, FlowTilt.EVEN)

    done = made.player.ledger.refills
    told = [one for sight in watching.seen for one in sight.activity.rebalances]
    assert len(done) > 3
    assert told == [one for one in done if one.at < watching.seen[-1].now]
    for sight in watching.seen:
        for one in sight.activity.rebalances:
            assert sight.activity.since <= one.at < sight.activity.until
    assert outcome.refills == len(done)
    assert outcome.refill_cost_msat == sum(one.fee_msat for one in done) > 0
    assert outcome.offered >= outcome.forwards + outcome.refused
    moved = sum(one.end_local_msat - one.start_local_msat for one in outcome.channels)
    assert moved == outcome.fees_msat - outcome.refill_cost_msat
    events = sum(len(s.activity.forwards) + len(s.activity.failures) for s in watching.seen)
    assert outcome.offered == pytest.approx(events, abs=20)
    assert made.course.copy().run_until(3 * DAY_MS)[:, 1].max() == REFILLED


def test_standing_orders_end_when_they_are_ended_or_another_policy_comes() -> None:
    ended, another, same = season(), season(days=4), season(days=4)
    stands = Orders(just_in_time=_in_time(ended.player.scids))
    ended.steer(_Watching(stands, Orders(just_in_time=())), 2)
    another.steer(_Watching(stands), 2)
    same.steer(_Watching(stands), 2)
    before = len(another.player.ledger.refills)
    another.steer(_Watching(), 2)
    same.steer(_Watching(stands), 2)

    assert len(ended.player.ledger.refills) == 0
    assert len(another.player.ledger.refills) == before > 0
    assert len(same.player.ledger.refills) > before


def test_a_closed_or_unknown_channel_gets_no_standing_order() -> None:
    made = season()
    first, second = made.player.scids[:2]
    asked: list[tuple[int, ...]] = []
    made.course.stand = lambda refills: asked.extend(one.edges for one in refills)  # type: ignore[method-assign]

    made.player.carry_out(
        Orders(closes=(first,), just_in_time=_in_time((first, second, ShortChannelId(1)))), 5.0
    )

    assert asked == [(), (made.player.edges[1],), ()]


def test_a_close_costs_the_feerate_and_ends_the_channel() -> None:
    made = season()
    scid = made.player.scids[0]

    made.player.carry_out(Orders(closes=(scid,)), 10.0)
    made.player.carry_out(Orders(closes=(scid,)), 10.0)

    assert made.player.ledger.onchain_msat == CLOSE_VBYTES * 10 * 1_000
    assert scid not in {one.scid for one in made.player.observation().channels}


def test_a_closed_channel_stays_closed_in_a_copy_and_is_not_refilled() -> None:
    made = season()
    network, course = ground().network, made.course
    own = made.player.edges
    scid = made.player.scids[int(course.book.balance[network.reverse[own]].argmax())]
    made.player.carry_out(Orders(closes=(scid,)), 10.0)
    twin = made.copy()
    order = RefillOrder(scid, (), Msat(1_000_000), Msat(1_000_000))
    asked: list[int] = []
    twin.course.refill = lambda edge_in, *_: asked.append(edge_in)  # type: ignore[method-assign]

    twin.player.carry_out(Orders(refills=(order,)), 10.0)

    assert asked == []
    assert scid not in {one.scid for one in twin.player.observation().channels}


def test_orders_for_channels_that_are_not_there_are_passed_over() -> None:
    made = season()
    held = made.player.observation().channels[0].local_policy
    assert held is not None
    nowhere = ShortChannelId(1)

    done = made.player.carry_out(
        Orders(
            policies=(PolicyOrder(nowhere, held),),
            refills=(RefillOrder(nowhere, (), Msat(1_000), Msat(1_000)),),
            closes=(nowhere,),
        ),
        5.0,
    )

    assert done == []
    assert made.player.ledger.updates == {}
    assert made.player.ledger.onchain_msat == 0


def test_looks_are_at_whole_ten_minutes() -> None:
    with pytest.raises(InvalidParameter, match="whole number of ten minutes"):
        season().steer(_Watching(every=timedelta(minutes=7)), 1)


def test_a_season_counts_only_what_happens_after_it_begins() -> None:
    made = season()
    made.steer(_Watching(), 1)
    made.begin()
    made.steer(_Watching(), 1)

    assert made.course.now_ms == 2 * DAY_MS
    assert len(made._days.local) == 1


def test_names_are_those_of_the_snapshot() -> None:
    assert names().place_of(names().node_ids[7]) == 7
    assert names().called(7) in {names().aliases[7], names().node_ids[7]}
    with pytest.raises(NodeNotFound):
        names().place_of(NodeId("03" * 33))
