"""A plan of opens and closes beside another policy: when it orders what, and that it disturbs nothing."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builders import TODAY, a_channel, a_failure, a_node_id, a_policy
from tests.sights import a_sight, asking, balanced

from daznode.domain.channel_plan import ChannelPlan, PlannedClose, PlannedOpen
from daznode.domain.units import Msat, Ppm, Sat
from daznode.simulate.policies.planned import PlannedChannels
from daznode.simulate.policies.sight import Orders, PendingOpen, PolicyOrder, Sight, Wallet

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PEER, OTHER = a_node_id(40), a_node_id(41)
MILLION = Sat(1_000_000)
OWN = (balanced(1), balanced(2), balanced(3))


class _Inner:
    """A policy that keeps what it saw."""

    def __init__(self, every: timedelta = DAY, orders: Orders | None = None) -> None:
        self.every = every
        self.seen: list[Sight] = []
        self._orders = orders or Orders()

    def look(self, sight: Sight) -> Orders:
        self.seen.append(sight)
        return self._orders


def looks(planned, hours, channels=OWN, pending=()):
    """Orders at looks so many hours after the first possible one."""
    return [
        planned.look(
            replace(
                a_sight(*channels, now=TODAY + hour * HOUR),
                wallet=Wallet(opening=pending),
            )
        )
        for hour in hours
    ]


def test_opens_and_closes_wait_for_their_day():
    plan = ChannelPlan((PlannedOpen(PEER, MILLION, 2),), (PlannedClose(OWN[1].scid, 3),))
    first, eve, second, third = looks(PlannedChannels(_Inner(), plan), (0, 23, 24, 48))

    assert first.opens == eve.opens == ()
    assert [(one.peer, one.capacity_sat) for one in second.opens] == [(PEER, MILLION)]
    assert second.closes == ()
    assert third.closes == (OWN[1].scid,)


def test_an_open_is_ordered_until_it_is_seen_to_be_made_and_never_again():
    plan = ChannelPlan((PlannedOpen(PEER, MILLION), PlannedOpen(PEER, MILLION)))
    planned = PlannedChannels(_Inner(), plan)
    made = [balanced(number, peer_id=PEER, capacity_sat=MILLION) for number in (7, 8)]
    wanted = [len(orders.opens) for orders in looks(planned, (0, 1))]
    one_pending = (PendingOpen(PEER, MILLION),)
    wanted += [len(orders.opens) for orders in looks(planned, (2,), pending=one_pending)]
    wanted += [len(one.opens) for one in looks(planned, (3,), (*OWN, made[0]), one_pending)]
    wanted += [len(one.opens) for one in looks(planned, (4,), (*OWN, *made))]
    wanted += [len(one.opens) for one in looks(planned, (5, 6))]

    assert wanted == [2, 2, 1, 0, 0, 0, 0]


def test_a_channel_that_was_there_before_is_not_taken_for_the_new_one():
    old = balanced(9, peer_id=PEER, capacity_sat=MILLION)
    plan = ChannelPlan((PlannedOpen(PEER, MILLION, 2),), (PlannedClose(old.scid, 1),))
    planned = PlannedChannels(_Inner(), plan)
    new = balanced(10, peer_id=PEER, capacity_sat=MILLION)
    before, gone, asked = looks(planned, (0, 1, 24), (*OWN, old))
    (there,) = looks(planned, (25,), (*OWN, new))
    (later,) = looks(planned, (26,))

    assert before.closes == gone.closes == asked.closes == (old.scid,)
    assert len(asked.opens) == 1
    assert there.closes == there.opens == later.opens == ()


def test_a_new_channel_asks_the_median_of_what_the_others_ask_from_now_on():
    channels = [
        a_channel(number, local_policy=asking(ppm, cltv_delta=delta, base_fee_msat=Msat(base)))
        for number, (ppm, delta, base) in enumerate(
            ((10, 40, 0), (200, 80, 1_000), (900, 144, 2_000)), 1
        )
    ]
    raised = PolicyOrder(channels[0].scid, a_policy(fee_ppm=Ppm(500), base_fee_msat=Msat(1_500)))
    plan = ChannelPlan((PlannedOpen(PEER, MILLION),))
    (kept,) = looks(PlannedChannels(_Inner(), plan), (0,), channels)
    (changed,) = looks(
        PlannedChannels(_Inner(orders=Orders(policies=(raised,))), plan), (0,), channels
    )

    policy = kept.opens[0].policy
    assert (policy.fee_ppm, policy.base_fee_msat, policy.cltv_delta) == (200, 1_000, 80)
    assert policy.htlc_maximum_msat == MILLION * 1_000
    assert changed.opens[0].policy.fee_ppm == 500
    assert changed.policies == (raised,)


def test_a_node_that_asks_nothing_yet_begins_as_lnd_does():
    plan = ChannelPlan((PlannedOpen(PEER, MILLION),))
    (orders,) = looks(PlannedChannels(_Inner(), plan), (0,), ())
    policy = orders.opens[0].policy
    assert (policy.base_fee_msat, policy.fee_ppm, policy.cltv_delta) == (1_000, 1, 80)


@settings(deadline=None)
@given(st.integers(1, 7 * 144), st.integers(1, 40))
def test_the_other_policy_looks_when_it_would_alone_and_sees_each_event_once(tenths, n_looks):
    every = tenths * timedelta(minutes=10)
    inner = _Inner(every)
    planned = PlannedChannels(inner, ChannelPlan((PlannedOpen(OTHER, MILLION, 300),)))
    assert HOUR % planned.every == every % planned.every == timedelta(0)
    now, ends = TODAY, TODAY + min(n_looks * every, 2 * DAY)
    told = 0
    while now <= ends:
        failure = a_failure(at=now - timedelta(minutes=1))
        planned.look(a_sight(*OWN, now=now, since=planned.every, failures=(failure,)))
        told += 1
        now += planned.every

    assert [sight.now for sight in inner.seen] == [
        TODAY + turn * every for turn in range(len(inner.seen))
    ]
    assert inner.seen[-1].now + every > ends
    for before, after in zip(inner.seen, inner.seen[1:], strict=False):
        assert after.activity.since == before.activity.until
    seen = sum(len(sight.activity.failures) for sight in inner.seen)
    waiting = (now - planned.every - inner.seen[-1].now) // planned.every
    assert seen + waiting == told
