"""What every HistoryStore promises."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.builders import (
    DAY,
    MORNING,
    a_channel,
    a_failure,
    a_forward,
    a_node_id,
    a_policy,
    a_rebalance,
    a_scid,
    an_observation,
)
from tests.fakes.history import FakeHistoryStore

from daznode.adapters.store.history import SqliteHistory
from daznode.domain.history import HistoryPage
from daznode.domain.node_state import OwnPayment, OwnReceipt
from daznode.domain.vitals import ChannelBackup, PeerState

US, THEM = a_node_id(1), a_node_id(2)
TOP = (1 << 64) - 1
EARLY, LATE = MORNING - 30 * DAY, MORNING + 30 * DAY
HOUR = timedelta(hours=1)


@pytest.fixture(params=["sqlite", "fake"])
def store(request, tmp_path):
    if request.param == "fake":
        yield FakeHistoryStore()
        return
    made = SqliteHistory(tmp_path)
    yield made
    made.close()


def a_page(*keyed, strand="forwards", cursor="c1"):
    return HistoryPage(strand, tuple(k for k, _ in keyed), tuple(e for _, e in keyed), cursor)


def ask(question):
    return asyncio.run(question)


def everything(store, node=US, tenant="t"):
    return ask(store.activity(tenant, node, EARLY, LATE))


EVENTS = (
    (1, a_forward(scid_in=TOP)),
    (2, a_failure()),
    (3, replace(a_failure(), scid_out=None, is_local=False)),
    (4, a_rebalance()),
    (5, OwnPayment(MORNING, TOP, 10_005, 5, 77)),
    (6, OwnReceipt(MORNING, a_scid(2), 999, 78)),
)


def test_events_of_every_kind_are_read_back_as_they_were(store):
    assert ask(store.put_page("t", US, a_page(*EVENTS))) == len(EVENTS)
    read = everything(store)
    assert [
        *read.forwards,
        *read.failures,
        *read.rebalances,
        *read.payments,
        *read.receipts,
    ] == [event for _, event in EVENTS]


def test_an_event_that_comes_again_is_kept_once(store):
    assert ask(store.put_page("t", US, a_page(*EVENTS[:3]))) == 3
    assert ask(store.put_page("t", US, a_page(*EVENTS))) == 3
    assert len(everything(store).forwards) == 1


def test_equal_events_of_different_keys_are_two(store):
    twin = a_forward()
    ask(store.put_page("t", US, a_page((1, twin), (2, twin))))
    assert everything(store).forwards == (twin, twin)


def test_each_strand_has_its_own_cursor_and_the_last_one_holds(store):
    for strand, cursor in (("forwards", "a"), ("payments", "b"), ("forwards", "c")):
        ask(store.put_page("t", US, a_page(strand=strand, cursor=cursor)))
    assert ask(store.cursors("t", US)) == {"forwards": "c", "payments": "b"}


def test_nodes_and_tenants_are_kept_apart(store):
    ask(store.put_page("t", US, a_page(*EVENTS)))
    ask(store.put_state("t", an_observation(), ()))
    ask(store.put_synced("t", US, MORNING))
    for tenant, node in (("u", US), ("t", THEM)):
        assert everything(store, node, tenant).forwards == ()
        assert ask(store.cursors(tenant, node)) == {}
        assert ask(store.synced_until(tenant, node)) is None
        assert ask(store.balances_at(tenant, node, LATE)) == {}
        assert ask(store.backup(tenant, node)) is None


def test_a_window_begins_with_since_and_ends_before_until(store):
    moments = [MORNING + number * HOUR for number in range(4)]
    ask(store.put_page("t", US, a_page(*((i, a_forward(at=at)) for i, at in enumerate(moments)))))
    within = ask(store.activity("t", US, moments[1], moments[3]))
    assert [event.at for event in within.forwards] == moments[1:3]


def test_circular_payments_are_recognised(store):
    left = OwnPayment(MORNING, a_scid(1), 100_200, 200, 5)
    came = OwnReceipt(MORNING, a_scid(2), 100_000, 5)
    ask(store.put_page("t", US, a_page((1, left), (2, came), strand="moves")))
    (found,) = everything(store).rebalances
    assert (found.scid_out, found.scid_in, found.fee_msat) == (a_scid(1), a_scid(2), 200)
    assert everything(store).payments == everything(store).receipts == ()


def test_how_far_the_history_is_complete_never_goes_back(store):
    assert ask(store.synced_until("t", US)) is None
    for at in (MORNING, MORNING + DAY, MORNING - DAY):
        ask(store.put_synced("t", US, at))
    assert ask(store.synced_until("t", US)) == MORNING + DAY


def test_failures_are_known_where_somebody_watched_without_a_gap(store):
    def known(since, until):
        return ask(store.activity("t", US, since, until)).are_failures_known

    ask(store.put_watched("t", US, MORNING, MORNING + HOUR))
    ask(store.put_watched("t", US, MORNING + 2 * HOUR, MORNING + 3 * HOUR))
    assert known(MORNING, MORNING + HOUR)
    assert not known(MORNING, MORNING + 3 * HOUR)
    ask(store.put_watched("t", US, MORNING + HOUR, MORNING + 2 * HOUR))
    assert known(MORNING, MORNING + 3 * HOUR)
    assert not known(MORNING - HOUR, MORNING + HOUR)


def test_a_channel_is_kept_when_it_changed(store):
    channel = a_channel(1)
    sold = replace(channel, local_msat=channel.local_msat - 5)
    dearer = replace(sold, remote_policy=a_policy(fee_ppm=999))
    for hours, seen in enumerate((channel, channel, sold, sold, dearer)):
        at = MORNING + hours * HOUR
        ask(store.put_state("t", an_observation(observed_at=at, channels=(seen,)), ()))
    kept = ask(store.channel_moments("t", US, EARLY, LATE))
    assert [one.at for one in kept] == [MORNING + hours * HOUR for hours in (0, 2, 4)]
    assert kept[2].remote_policy == dearer.remote_policy
    balances = ask(store.balances_at("t", US, MORNING + HOUR))
    assert balances == {channel.scid: channel.local_msat}
    assert ask(store.balances_at("t", US, LATE)) == {channel.scid: sold.local_msat}
    assert ask(store.balances_at("t", US, EARLY)) == {}


def test_it_is_known_when_a_state_was_put_even_if_nothing_had_changed(store):
    for hours in (0, 3):
        at = MORNING + hours * HOUR
        ask(store.put_state("t", an_observation(observed_at=at), ()))
    asked = [MORNING - HOUR, MORNING, MORNING + HOUR, LATE]
    found = [ask(store.state_before("t", US, at)) for at in asked]
    assert found == [None, MORNING, MORNING, MORNING + 3 * HOUR]
    assert ask(store.state_before("t", THEM, LATE)) is None


def test_a_peer_is_kept_when_it_changed(store):
    seen = (True, 0), (True, 0), (False, 0), (True, 1)
    for hours, (is_online, flaps) in enumerate(seen):
        at = MORNING + hours * HOUR
        peer = PeerState(THEM, is_online=is_online, flaps=flaps)
        ask(store.put_state("t", an_observation(observed_at=at, channels=()), (peer,)))
    kept = ask(store.peer_moments("t", US, EARLY, LATE))
    assert [(one.at, one.is_online) for one in kept] == [
        (MORNING, True),
        (MORNING + 2 * HOUR, False),
        (MORNING + 3 * HOUR, True),
    ]


def test_the_newest_backup_is_kept_and_never_shown(store):
    def a_backup(hours, content):
        return ChannelBackup(
            MORNING + hours * HOUR,
            frozenset({"a:0"}),
            is_encrypted=True,
            is_verified=None,
            content=content,
        )

    for hours, content in ((0, b"old"), (2, b"canary"), (1, b"late")):
        ask(store.put_backup("t", US, a_backup(hours, content)))
    kept = ask(store.backup("t", US))
    assert kept == a_backup(2, b"canary")
    assert "canary" not in repr(kept)
