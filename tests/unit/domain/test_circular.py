"""Circular payments are recognised, whichever way a backend tells them."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.builders import MORNING, a_rebalance, an_activity

from daznode.domain.circular import activity_of, recognised
from daznode.domain.node_state import OwnPayment, OwnReceipt

QUIET = an_activity(forwards=(), failures=(), rebalances=())


def paid(scid, amount, ref=7):
    return OwnPayment(MORNING, scid, amount, 0, ref)


def came(scid, amount, ref=7):
    return OwnReceipt(MORNING, scid, amount, ref)


def test_both_ends_of_one_hash_are_a_rebalance_of_the_refilled_channel():
    seen = recognised(replace(QUIET, payments=(paid(1, 1_010),), receipts=(came(2, 1_000),)))
    (circle,) = seen.rebalances
    assert (circle.scid_out, circle.scid_in) == (1, 2)
    assert (circle.amount_msat, circle.fee_msat) == (1_000, 10)
    assert (seen.payments, seen.receipts) == ((), ())


def test_parts_are_matched_by_size_and_the_rest_stays():
    seen = recognised(
        replace(
            QUIET,
            payments=(paid(1, 500), paid(1, 2_002), paid(3, 900)),
            receipts=(came(2, 2_000), came(2, 890)),
        )
    )
    assert sorted(one.fee_msat for one in seen.rebalances) == [2, 10]
    assert seen.payments == (paid(1, 500),)


def test_a_rebalance_that_was_told_as_one_takes_its_receipts_with_it():
    circle = replace(a_rebalance(), payment_ref=7)
    seen = recognised(replace(QUIET, rebalances=(circle,), receipts=(came(2, 5), came(2, 5, 8))))
    assert seen.rebalances == (circle,)
    assert seen.receipts == (came(2, 5, 8),)


def test_payments_of_others_and_without_a_hash_stay():
    events = replace(
        QUIET,
        payments=(paid(1, 100, 1), paid(1, 100, 0)),
        receipts=(came(2, 90, 2), came(2, 90, 0)),
    )
    assert recognised(events) == events


flows = st.lists(
    st.builds(paid, st.integers(1, 3), st.integers(1, 1_000), st.integers(0, 3))
    | st.builds(came, st.integers(1, 3), st.integers(1, 1_000), st.integers(0, 3)),
    max_size=12,
)


@given(flows)
def test_recognising_moves_no_msat(events):
    """What each channel gained or lost in all is the same before and after."""

    def net(activity):
        sums = dict.fromkeys(range(1, 4), 0)
        for one in activity.payments:
            sums[one.scid] -= one.amount_msat
        for one in activity.receipts:
            sums[one.scid] += one.amount_msat
        for one in activity.rebalances:
            sums[one.scid_out] -= one.amount_msat + one.fee_msat
            sums[one.scid_in] += one.amount_msat
        return sums

    raw = replace(
        QUIET,
        payments=tuple(one for one in events if isinstance(one, OwnPayment)),
        receipts=tuple(one for one in events if isinstance(one, OwnReceipt)),
    )
    found = activity_of(events, raw.since, MORNING.replace(year=2100), are_failures_known=True)
    assert net(found) == net(raw)
    assert all(one.fee_msat >= 0 for one in found.rebalances)
