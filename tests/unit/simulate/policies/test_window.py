"""Sums over a moving window, against sums taken afresh."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.builders import TODAY, a_failure, a_forward, a_rebalance, a_scid
from tests.sights import quiet

from daznode.domain.units import Msat
from daznode.simulate.policies.window import Window

HOUR = timedelta(hours=1)
SCIDS = st.sampled_from([a_scid(1), a_scid(2), a_scid(3)])


@given(
    events=st.lists(
        st.tuples(st.floats(0, 100), SCIDS, SCIDS, st.integers(1, 10**6), st.integers(0, 10**4)),
        max_size=30,
    ),
    looks=st.integers(1, 20),
    span=st.integers(1, 60),
)
def test_sums_equal_those_taken_afresh(events, looks, span):
    events.sort(key=lambda event: event[0])
    forwards = [
        a_forward(
            at=TODAY + hour * HOUR,
            scid_in=came,
            scid_out=left,
            amount_in_msat=Msat(amount + fee),
            amount_out_msat=Msat(amount),
        )
        for hour, came, left, amount, fee in events
    ]
    window, ever = Window(span * HOUR), Window(None)
    edges = [TODAY + 101 * HOUR * look / looks for look in range(looks + 1)]
    for since, until in pairwise(edges):
        activity = quiet(since, until, forwards=tuple(f for f in forwards if since <= f.at < until))
        window.take(activity)
        ever.take(activity)
    within = [f for f in forwards if f.at >= edges[-1] - span * HOUR]
    for sums, counted in ((window, within), (ever, forwards)):
        for scid in (a_scid(1), a_scid(2), a_scid(3)):
            left = [f for f in counted if f.scid_out == scid]
            came = [f for f in counted if f.scid_in == scid]
            flow = sums.of(scid)
            assert flow.sent == len(left)
            assert flow.sent_msat == sum(f.amount_out_msat for f in left)
            assert flow.earned_msat == sum(f.fee_msat for f in left)
            assert flow.received == len(came)
            assert flow.received_msat == sum(f.amount_in_msat for f in came)
            assert flow.onward_msat == sum(f.amount_out_msat for f in came)
            assert flow.assisted_msat == sum(f.fee_msat for f in came)
    both = window.over([a_scid(1), a_scid(2)])
    assert both.sent == window.of(a_scid(1)).sent + window.of(a_scid(2)).sent


def test_failures_and_refills_are_counted_by_kind_and_forgotten():
    window = Window(2 * HOUR)
    window.take(
        quiet(
            TODAY,
            TODAY + HOUR,
            failures=(
                a_failure(at=TODAY, scid_out=a_scid(1)),
                a_failure(at=TODAY, scid_out=a_scid(1), reason="fee_insufficient"),
                a_failure(at=TODAY, scid_out=a_scid(1), is_local=False, reason="downstream"),
                a_failure(at=TODAY, scid_out=None),
            ),
            rebalances=(a_rebalance(at=TODAY, scid_out=a_scid(2), scid_in=a_scid(1)),),
        )
    )
    filled, drained = window.of(a_scid(1)), window.of(a_scid(2))
    assert (filled.refused, filled.failed_onward) == (1, 1)
    assert (filled.refills, filled.refilled_msat, filled.refill_cost_msat) == (
        1,
        500_000_000,
        75_000,
    )
    assert (drained.drained_msat, drained.drain_cost_msat) == (500_000_000, 75_000)
    window.take(quiet(TODAY + HOUR, TODAY + 3 * HOUR))
    filled, drained = window.of(a_scid(1)), window.of(a_scid(2))
    assert (filled.refused, filled.failed_onward, filled.refills) == (0, 0, 0)
    assert drained.drain_cost_msat == 0


def test_small_forwards_can_be_left_out_and_the_last_one_is_remembered():
    window = Window(HOUR, least_msat=Msat(1_000_000))
    small = a_forward(at=TODAY, amount_in_msat=Msat(999_999), amount_out_msat=Msat(999_999))
    large = a_forward(at=TODAY + HOUR / 2, amount_out_msat=Msat(1_000_000))
    window.take(quiet(TODAY, TODAY + HOUR, forwards=(small, large)))
    assert window.of(a_scid(2)).sent == 1
    window.take(quiet(TODAY + HOUR, TODAY + 9 * HOUR))
    assert window.of(a_scid(2)).sent == 0
    assert window.last_sent_at(a_scid(2)) == TODAY + HOUR / 2
    assert window.last_sent_at(a_scid(1)) is None


def test_a_window_reaches_back_to_its_very_edge():
    window = Window(HOUR)
    first, second = a_forward(at=TODAY), a_forward(at=TODAY + HOUR / 2)
    window.take(quiet(TODAY, TODAY + HOUR, forwards=(first, second)))
    assert window.of(a_scid(2)).sent == 2
    window.take(quiet(TODAY + HOUR, TODAY + HOUR + timedelta(microseconds=1)))
    assert window.of(a_scid(2)).sent == 1
