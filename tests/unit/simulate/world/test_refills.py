"""The habit of refilling: which channels, from which, how much, and at what price at most."""

from dataclasses import replace

import pytest
from tests.builders import TODAY, a_channel, a_policy, a_scid

from daznode.domain.node_state import Rebalance
from daznode.simulate.world.refills import RefillHabit, RefillParams

OUT, IN = a_scid(1), a_scid(2)
HABIT = RefillParams(least_sats=100_000)


def channel(scid, ratio, **given):
    capacity_sat = 1_000_000
    local_msat = int(ratio * capacity_sat) * 1_000
    return a_channel(
        **{
            "scid": scid,
            "capacity_sat": capacity_sat,
            "local_msat": local_msat,
            "remote_msat": capacity_sat * 1_000 - local_msat,
            "is_active": True,
            "remote_policy": a_policy(is_disabled=False),
        }
        | given
    )


class Ways:
    """Circular payments that cost a price; no more than an amount goes through."""

    def __init__(self, ppm=300, most_sats=10**9):
        self.ppm, self.most_sats, self.orders = ppm, most_sats, []

    def __call__(self, order):
        self.orders.append(order)
        fee_msat = order.amount_msat * self.ppm // 1_000_000
        if fee_msat > order.most_fee_msat or order.amount_msat > self.most_sats * 1_000:
            return []
        (out,) = order.scids_out
        return [Rebalance(TODAY, out, order.scid_in, order.amount_msat, fee_msat)]


def refilled(ways, low=0.02, full=0.9, habit=HABIT, day=0, **of_target):
    channels = [channel(OUT, full), channel(IN, low, **of_target)]
    return RefillHabit(habit).look(day, channels, ways)


def test_a_low_channel_is_refilled_from_a_full_one():
    ways = Ways()
    (made,) = refilled(ways)
    # From 2 % to 40 % of 1,000,000 sat.
    assert (made.scid_out, made.scid_in, made.amount_msat) == (OUT, IN, 380_000_000)
    assert [order.most_fee_msat for order in ways.orders] == [380_000_000 * 400 // 1_000_000]


def test_half_of_it_is_tried_where_the_whole_finds_no_way():
    ways = Ways(most_sats=200_000)
    (made,) = refilled(ways)
    assert made.amount_msat == 190_000_000
    assert len(ways.orders) == 2


@pytest.mark.parametrize(
    "given",
    [
        {"ways": Ways(401)},
        {"low": 0.16},
        {"full": 0.6},
        {"habit": replace(HABIT, day_limit_sats=20)},
        {"habit": replace(HABIT, most_sats=50_000)},
        {"habit": replace(HABIT, per_look=0)},
        {"is_active": False},
        {"remote_policy": a_policy(is_disabled=True)},
        {"remote_policy": None},
    ],
)
def test_what_the_habit_does_not_allow_is_not_done(given):
    assert refilled(**({"ways": Ways()} | given)) == []


def test_an_offline_channel_is_not_drained():
    channels = [channel(OUT, 0.9, is_active=False), channel(IN, 0.02)]
    assert RefillHabit(HABIT).look(0, channels, Ways()) == []


def test_what_was_moved_counts_at_once():
    """The full channel is drained to 40 % by the first refill: nothing is left for a second."""
    channels = [channel(OUT, 0.9), channel(IN, 0.02), channel(a_scid(3), 0.03)]
    (made,) = RefillHabit(HABIT).look(0, channels, Ways())
    assert made.scid_in == IN


def test_the_days_limit_is_for_a_day():
    habit, ways = RefillHabit(replace(HABIT, day_limit_sats=130)), Ways()
    channels = [channel(OUT, 0.9), channel(IN, 0.02)]
    days = [bool(habit.look(day, channels, ways)) for day in (0, 0, 1, 1)]
    assert days == [True, False, True, False]
