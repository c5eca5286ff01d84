"""The player shows what a node's operator would see, and does what is ordered as far as it can."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from tests.payment_worlds import BEGINS_AT, ground, names, season

from daznode.domain.errors import InvalidParameter, NodeNotFound
from daznode.domain.experiment import FlowTilt, NodeKind, RunKey
from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.units import Msat, Ppm, Sat
from daznode.simulate.payments.demand import DAY_MS
from daznode.simulate.payments.opening import CONFIRM_MS
from daznode.simulate.payments.state import REFILLED
from daznode.simulate.players.player import CLOSE_VBYTES, OPEN_VBYTES
from daznode.simulate.policies.sight import (
    JitOrder,
    OpenOrder,
    Orders,
    PendingOpen,
    PolicyOrder,
    RefillOrder,
    Sight,
)

PEER = names().node_ids[int(np.argmax(np.bincount(ground().network.source)))]
FIVE_MILLION = Sat(5_000_000)


def opening(made, peer=PEER, capacity_sat=FIVE_MILLION):
    """An order for a channel at what the node asks for its first one."""
    held = made.player.observation().channels[0].local_policy
    assert held is not None
    asked = replace(held, fee_ppm=Ppm(77), htlc_maximum_msat=Msat(1 << 60))
    return Orders(opens=(OpenOrder(peer, capacity_sat, asked),))


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


def test_standing_orders_stay_with_their_channels_when_another_is_opened() -> None:
    every, alone, beside = season(days=3), season(days=3), season(days=3)
    every.steer(_Watching(Orders(just_in_time=_in_time(every.player.scids))), 3)
    refilled = [one.scid_in for one in every.player.ledger.refills]
    most = max(refilled, key=refilled.count)
    beside.fund(Sat(1_000_000))
    stands = Orders(just_in_time=_in_time((most,)))
    last = PEER if alone.player.node_id != PEER else names().node_ids[0]
    alone.steer(_Watching(stands), 3)
    beside.steer(_Watching(stands, opening(beside, last, Sat(20_000))), 3)

    for made in (alone, beside):
        refills = made.player.ledger.refills
        assert refills
        assert {one.scid_in for one in refills} == {most}
    assert beside.player.ledger.opened_ms


def test_a_closed_or_unknown_channel_gets_no_standing_order() -> None:
    made = season()
    first, second = made.player.scids[:2]
    asked: list[tuple[int, ...]] = []
    made.course.stand = lambda refills: asked.extend(one.edges for one in refills)  # type: ignore[method-assign]

    made.player.carry_out(
        Orders(closes=(first,), just_in_time=_in_time((first, second, ShortChannelId(1)))), 5.0
    )

    assert asked == [(), (made.player.edges[1],), ()]


def test_a_node_that_closes_everything_has_books_all_the_same() -> None:
    made = season(days=2)
    made.steer(_Watching(Orders(closes=made.player.scids)), 2)
    outcome = made.outcome(RunKey(made.player.node_id, 1, "x"), NodeKind.MID, FlowTilt.EVEN)

    assert outcome.imbalance == 0.0
    assert outcome.own_msat_days == outcome.forwards == 0
    assert all(channel.closed_on == 0 for channel in outcome.channels)
    assert outcome.onchain_cost_msat > 0


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


def test_an_open_is_paid_on_chain_waits_an_hour_and_is_then_a_channel_like_others() -> None:
    made = season()
    made.fund(Sat(6_000_000))
    before = {one.scid for one in made.player.observation().channels}

    made.player.carry_out(opening(made), 10.0)

    waiting = made.player.observation()
    assert {one.scid for one in waiting.channels} == before
    assert waiting.pending_channels == 1
    assert made.player.wallet().spendable_sat == 1_000_000 - OPEN_VBYTES * 10
    assert made.player.wallet().opening == (PendingOpen(PEER, FIVE_MILLION),)
    assert made.player.ledger.onchain_msat == OPEN_VBYTES * 10 * 1_000
    made.course.run_until(CONFIRM_MS)
    usable = made.player.observation()
    (new,) = (one for one in usable.channels if one.scid not in before)
    assert usable.pending_channels == 0
    assert made.player.wallet().opening == ()
    assert (new.peer_id, new.capacity_sat, new.opened_at) == (PEER, FIVE_MILLION, BEGINS_AT)
    assert (new.local_msat, new.remote_msat) == (5_000_000_000, 0)
    assert new.local_policy is not None
    assert new.remote_policy is not None
    assert (new.local_policy.fee_ppm, new.local_policy.is_disabled) == (77, False)
    assert new.local_policy.htlc_maximum_msat == 5_000_000_000
    assert not new.remote_policy.is_disabled
    asked = replace(new.local_policy, fee_ppm=Ppm(5))
    made.player.carry_out(Orders(policies=(PolicyOrder(new.scid, asked),)), 10.0)
    assert made.player.observation().channels[-1].local_policy == asked


def test_opens_that_cannot_be_are_passed_over() -> None:
    made = season()
    made.fund(Sat(5_000_000 + OPEN_VBYTES * 10 - 1))
    away = season()
    away.fund(Sat(1_000_000_000))
    away.course.book.is_offline[names().place_of(PEER)] = 1

    made.player.carry_out(opening(made), 10.0)
    made.player.carry_out(opening(made, made.player.node_id, Sat(100_000)), 10.0)
    made.player.carry_out(opening(made, NodeId("03" * 33), Sat(100_000)), 10.0)
    made.player.carry_out(opening(made, capacity_sat=Sat(19_999)), 10.0)
    away.player.carry_out(opening(away), 10.0)

    for one in (made, away):
        assert one.player.ledger.onchain_msat == 0
        assert one.player.wallet().opening == ()
        assert one.course.ground is ground()


def test_what_a_close_gives_back_pays_for_an_open_an_hour_later() -> None:
    made = season()
    richest = max(made.player.observation().channels, key=lambda one: one.local_msat)
    order = opening(made, capacity_sat=Sat(richest.local_msat // 1_000 - 20_000))

    made.player.carry_out(Orders(closes=(richest.scid,)), 10.0)
    back_sat = richest.local_msat // 1_000 - CLOSE_VBYTES * 10
    assert (made.player.wallet().spendable_sat, made.player.wallet().awaited_sat) == (0, back_sat)
    made.player.carry_out(order, 10.0)
    assert made.player.wallet().opening == ()
    made.course.run_until(CONFIRM_MS)
    made.player.carry_out(order, 10.0)
    assert len(made.player.wallet().opening) == 1
    assert made.course.is_sound()  # type: ignore[attr-defined]


def test_a_copy_keeps_money_and_channels_on_their_way() -> None:
    made = season()
    made.fund(Sat(6_000_000))
    made.player.carry_out(opening(made), 10.0)
    twin = made.copy()

    assert twin.player.wallet() == made.player.wallet()
    assert twin.player.scids == made.player.scids
    twin.course.run_until(CONFIRM_MS)
    assert twin.player.observation().pending_channels == 0
    assert made.player.observation().pending_channels == 1


def test_a_market_knows_neither_what_is_not_announced_nor_what_is_closed() -> None:
    made = season()
    made.fund(Sat(6_000_000))
    before = made._market()
    closed = made.player.observation().channels[0]
    made.player.carry_out(replace(opening(made), closes=(closed.scid,)), 10.0)

    after = made._market()
    assert after.own_capacity_sat == before.own_capacity_sat - closed.capacity_sat
    made.course.run_until(CONFIRM_MS)
    assert made._market().own_capacity_sat == after.own_capacity_sat + FIVE_MILLION


@pytest.mark.parametrize("hours", [0, 13, 30])
def test_the_books_of_a_channel_begin_with_its_open(hours) -> None:
    made = season(days=3)
    made.fund(Sat(6_000_000))
    first = max(made.player.observation().channels, key=lambda one: one.local_msat)
    close_at_end = Orders(closes=(first.scid,))
    orders = [Orders()] * 40
    orders[hours], orders[36] = opening(made), close_at_end
    made.steer(_Watching(*orders), 3)
    outcome = made.outcome(RunKey(PEER, 1, "x"), NodeKind.HUB, FlowTilt.EVEN)

    new = outcome.channels[-1]
    assert [one.opened_on for one in outcome.channels[:-1]] == [None] * (len(outcome.channels) - 1)
    assert new.opened_on == hours // 24
    assert new.start_local_msat == 5_000_000_000
    assert new.end_local_msat == new.days[-1].local_msat
    assert [day.local_msat > 0 for day in new.days] == [day >= hours // 24 for day in range(3)]
    assert new.earned_msat == sum(day.earned_msat for day in new.days)
    (closed,) = (one for one in outcome.channels if one.closed_on is not None)
    assert (closed.scid, closed.closed_on) == (first.scid, 1)
    assert [day.local_msat > 0 for day in closed.days] == [True, False, False]
    assert closed.end_local_msat > 0
    assert outcome.fees_msat == sum(one.earned_msat for one in outcome.channels) > 0
    moved = sum(one.end_local_msat - one.start_local_msat for one in outcome.channels)
    assert moved == outcome.fees_msat - outcome.refill_cost_msat
    held = sum(day.local_msat for one in outcome.channels for day in one.days)
    assert outcome.own_msat_days == held
    days_of = {new.scid: 3 - hours // 24, first.scid: 1}
    sat_days = sum(one.capacity_sat * days_of.get(one.scid, 3) for one in outcome.channels)
    assert outcome.capacity_sat == sat_days // 3
    assert outcome.onchain_cost_msat == made.player.ledger.onchain_msat > 0
    assert outcome.net_high_msat == outcome.fees_msat - outcome.onchain_cost_msat
    assert made.course.is_sound()  # type: ignore[attr-defined]


def test_events_before_an_open_late_in_a_day_stay_with_their_channels() -> None:
    """Edges are numbered anew by an open; the day's books are not."""
    quiet, busy = season(), season()
    busy.fund(Sat(6_000_000))
    before_it = [Orders()] * 23
    for one, last in ((quiet, Orders()), (busy, opening(busy))):
        one.steer(_Watching(*before_it, last), 1)
    alone, wider = (
        one.outcome(RunKey(PEER, 1, "x"), NodeKind.HUB, FlowTilt.EVEN) for one in (quiet, busy)
    )

    # Opened at the last look of the day: it could be used for no moment of it.
    for before, after in zip(alone.channels, wider.channels, strict=False):
        assert before == after
    assert alone.forwards == wider.forwards > 0
