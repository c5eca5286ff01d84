"""Sums of a window: half-open, exact, and the channels add up to the node."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.builders import TODAY, a_failure, a_forward, a_rebalance, a_scid, an_activity

from daznode.domain.ledger import tally

HOURS = st.integers(0, 47)
SCIDS = st.integers(1, 4).map(a_scid)
FORWARDS = st.builds(
    lambda hour, scid_in, scid_out, amount_msat, fee_msat: a_forward(
        at=TODAY + timedelta(hours=hour),
        scid_in=scid_in,
        scid_out=scid_out,
        amount_in_msat=amount_msat + fee_msat,
        amount_out_msat=amount_msat,
    ),
    HOURS,
    SCIDS,
    SCIDS,
    st.integers(1, 10**12),
    st.integers(-1000, 10**9),
)
FAILURES = st.builds(
    lambda hour, scid, fee_msat, is_local: a_failure(
        at=TODAY + timedelta(hours=hour), scid_out=scid, missed_fee_msat=fee_msat, is_local=is_local
    ),
    HOURS,
    st.one_of(st.none(), SCIDS),
    st.integers(0, 10**9),
    st.booleans(),
)
REBALANCES = st.builds(
    lambda hour, scid, fee_msat: a_rebalance(
        at=TODAY + timedelta(hours=hour), scid_in=scid, fee_msat=fee_msat
    ),
    HOURS,
    SCIDS,
    st.integers(0, 10**9),
)
ACTIVITIES = st.builds(
    lambda f, x, r: an_activity(forwards=tuple(f), failures=tuple(x), rebalances=tuple(r)),
    st.lists(FORWARDS, max_size=20),
    st.lists(FAILURES, max_size=20),
    st.lists(REBALANCES, max_size=20),
)
SPLIT = TODAY + timedelta(hours=20)
END = TODAY + timedelta(hours=48)


@given(ACTIVITIES)
def test_channels_add_up_to_the_node(activity):
    ledger = tally(activity, TODAY, END)
    rows = ledger.channels.values()
    assert sum(row.revenue_msat for row in rows) == ledger.revenue_msat
    assert sum(row.assisted_msat for row in rows) == ledger.revenue_msat
    assert sum(row.profit_msat for row in rows) == ledger.net_msat
    assert sum(row.volume_out_msat for row in rows) == ledger.volume_msat
    assert sum(row.forwards_in for row in rows) == ledger.forwards
    assert sum(row.rebalanced_in_msat for row in rows) == ledger.rebalanced_msat
    named = [one for one in activity.failures if one.is_local and one.scid_out is not None]
    assert sum(row.missed_fees_msat for row in rows) == sum(one.missed_fee_msat for one in named)


@given(ACTIVITIES)
def test_adjacent_windows_share_nothing_and_lose_nothing(activity):
    first, second = tally(activity, TODAY, SPLIT), tally(activity, SPLIT, END)
    whole = tally(activity, TODAY, END)
    for name in ("forwards", "failures", "revenue_msat", "rebalance_cost_msat", "missed_fees_msat"):
        assert getattr(first, name) + getattr(second, name) == getattr(whole, name)


def test_the_window_is_half_open():
    activity = an_activity(forwards=(a_forward(at=TODAY), a_forward(at=SPLIT)))
    assert tally(activity, TODAY, SPLIT).forwards == 1


def test_an_untouched_channel_is_idle():
    ledger = tally(an_activity(), TODAY - timedelta(days=2), END)
    assert ledger.of(a_scid(9)).is_idle
    assert not ledger.of(a_scid(2)).is_idle


def test_success_of_nothing_is_unknown():
    assert tally(an_activity(), SPLIT, END).success_ratio is None
