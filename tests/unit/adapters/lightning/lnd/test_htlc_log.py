"""HTLC events are joined by their key."""

from hypothesis import given
from hypothesis import strategies as st

from daznode.adapters.lightning.lnd.htlc_log import HtlcLog
from daznode.adapters.lightning.lnd.stream_shapes import (
    ForwardEvent,
    HtlcEvent,
    HtlcInfo,
    LinkFailEvent,
    Nothing,
)
from daznode.domain.history import Happening

INFO = HtlcInfo(incoming_amt_msat=1_010, outgoing_amt_msat=1_000)
AT_NS = 1_700_000_000_000_000_123


def an_event(number=1, kind="FORWARD", **what):
    return HtlcEvent(
        incoming_channel_id=5,
        outgoing_channel_id=6,
        incoming_htlc_id=number,
        outgoing_htlc_id=number,
        timestamp_ns=AT_NS + number,
        event_type=kind,
        **what,
    )


def test_an_offer_that_fails_further_on_has_the_amounts_of_the_offer():
    log = HtlcLog({5: 50, 6: 60})
    assert log.take(an_event(forward_event=ForwardEvent(INFO))) is None
    told = log.take(an_event(forward_fail_event=Nothing()))
    assert told.what is Happening.FAILURE
    assert (told.failure.amount_out_msat, told.failure.missed_fee_msat) == (1_000, 10)
    assert (told.failure.is_local, told.failure.reason) == (False, "downstream")
    assert (told.failure.scid_in, told.failure.scid_out) == (50, 60)
    assert told.key == AT_NS + 1


def test_an_offer_made_before_anybody_listened_fails_without_amounts():
    told = HtlcLog({}).take(an_event(forward_fail_event=Nothing()))
    assert (told.failure.amount_out_msat, told.failure.missed_fee_msat) == (0, 0)


def test_our_own_refusal_says_why():
    for detail, wire, word in (
        ("INSUFFICIENT_BALANCE", "TEMPORARY_CHANNEL_FAILURE", "insufficient_balance"),
        ("NO_DETAIL", "FEE_INSUFFICIENT", "fee_insufficient"),
        ("", "", "unknown"),
    ):
        told = HtlcLog({}).take(an_event(link_fail_event=LinkFailEvent(INFO, wire, detail)))
        assert (told.failure.is_local, told.failure.reason) == (True, word)


def test_what_is_settled_can_be_fetched_and_payments_of_ours_are_no_failures():
    log = HtlcLog({})
    for kind in ("FORWARD", "SEND", "RECEIVE"):
        assert log.take(an_event(kind=kind, settle_event=Nothing())).what is Happening.FORWARDS
    assert log.take(an_event(kind="SEND", link_fail_event=LinkFailEvent(INFO))) is None
    assert log.take(an_event()) is None


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans())))
def test_each_end_is_told_once_however_often_offers_come(steps):
    log, told = HtlcLog({}), 0
    for number, is_end in steps:
        what = (
            {"forward_fail_event": Nothing()} if is_end else {"forward_event": ForwardEvent(INFO)}
        )
        told += log.take(an_event(number, **what)) is not None
    assert told == sum(is_end for _, is_end in steps)
