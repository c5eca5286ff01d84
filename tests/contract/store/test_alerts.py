"""What every AlertStore promises."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.builders import DAY, MORNING, a_node_alert, a_node_id

from daznode.domain.report import Severity

HOUR = timedelta(hours=1)


@pytest.fixture
def store(stores):
    return stores.alerts


def test_an_alert_is_read_back_as_it_was_stored(store, run):
    async def trip():
        alert = a_node_alert(channels_affected=("814x12x1", "815x1x0"))
        await store.put_alerts((alert,))
        assert await store.open_alerts("alice", a_node_id(1)) == (alert,)
        assert await store.alerts("alice", since=MORNING, is_open=None, limit=10) == (alert,)
        await store.put_alerts(())

    run(trip())


def test_open_alerts_are_of_one_user_and_node_in_the_order_of_their_keys(store, run):
    async def trip():
        given = (
            a_node_alert(alert_id="1", key="b"),
            a_node_alert(alert_id="2", key="a"),
            a_node_alert(alert_id="3", key="c", resolved_at=MORNING),
            a_node_alert(alert_id="4", key="a", user_id="bob"),
            a_node_alert(alert_id="5", key="a", node_pubkey=a_node_id(2)),
        )
        await store.put_alerts(given)
        assert await store.open_alerts("alice", a_node_id(1)) == (given[1], given[0])
        assert await store.open_alerts("alice", a_node_id(3)) == ()

    run(trip())


def test_an_alert_is_changed_resolved_and_may_open_again(store, run):
    async def trip():
        first = a_node_alert()
        await store.put_alerts((first,))
        worse = replace(first, severity=Severity.CRITICAL, seen_at=MORNING + DAY)
        await store.put_alerts((worse,))
        assert await store.open_alerts("alice", a_node_id(1)) == (worse,)
        over = replace(worse, resolved_at=MORNING + 2 * DAY)
        await store.put_alerts((over,))
        assert await store.open_alerts("alice", a_node_id(1)) == ()
        second = a_node_alert(
            alert_id="second", opened_at=MORNING + 3 * DAY, seen_at=MORNING + 3 * DAY
        )
        await store.put_alerts((second,))
        await store.put_alerts((replace(second, resolved_at=MORNING + 4 * DAY),))
        await store.put_alerts((replace(second, alert_id="third"),))
        assert [one.alert_id for one in await store.open_alerts("alice", a_node_id(1))] == ["third"]
        found = await store.alerts("alice", since=MORNING, is_open=None, limit=10)
        assert {one.alert_id for one in found} == {first.alert_id, "second", "third"}

    run(trip())


def test_a_second_open_alert_of_the_same_key_changes_the_open_one(store, run):
    async def trip():
        first = a_node_alert()
        await store.put_alerts((first,))
        later = replace(
            first, alert_id="other", opened_at=MORNING + HOUR, seen_at=MORNING + HOUR, title="now"
        )
        await store.put_alerts((later,))
        (kept,) = await store.alerts("alice", since=MORNING, is_open=None, limit=10)
        assert kept == replace(later, alert_id=first.alert_id, opened_at=first.opened_at)

    run(trip())


def test_alerts_are_open_or_were_seen_since_and_come_newest_first(store, run):
    async def trip():
        given = (
            a_node_alert(alert_id="old", key="a", seen_at=MORNING),
            a_node_alert(alert_id="gone", key="b", seen_at=MORNING, resolved_at=MORNING + HOUR),
            a_node_alert(
                alert_id="new",
                key="c",
                opened_at=MORNING + DAY,
                seen_at=MORNING + DAY,
                resolved_at=MORNING + DAY,
            ),
            a_node_alert(alert_id="newest", key="d", opened_at=MORNING + 2 * DAY),
            a_node_alert(alert_id="theirs", key="d", user_id="bob"),
        )
        await store.put_alerts(given)

        async def ids(is_open=None, since=MORNING + HOUR, limit=10):
            found = await store.alerts("alice", since=since, is_open=is_open, limit=limit)
            return [one.alert_id for one in found]

        assert await ids() == ["newest", "new", "old"]
        assert await ids(is_open=True) == ["newest", "old"]
        assert await ids(is_open=False) == ["new"]
        assert await ids(is_open=False, since=MORNING) == ["new", "gone"]
        assert await ids(limit=2) == ["newest", "new"]

    run(trip())


def test_open_alerts_of_everybody_are_counted_by_severity(store, run):
    async def trip():
        assert await store.count_open() == {}
        await store.put_alerts(
            (
                a_node_alert(alert_id="1", key="a", severity=Severity.CRITICAL),
                a_node_alert(alert_id="2", key="b", user_id="bob", severity=Severity.CRITICAL),
                a_node_alert(alert_id="3", key="c"),
                a_node_alert(alert_id="4", key="d", resolved_at=MORNING),
            )
        )
        assert await store.count_open() == {"critical": 2, "warning": 1}

    run(trip())


def test_alerts_that_were_resolved_long_ago_are_forgotten_and_open_ones_never(store, run):
    async def trip():
        still_open = a_node_alert(alert_id="1", key="a")
        long_ago = a_node_alert(alert_id="2", key="b", resolved_at=MORNING)
        lately = a_node_alert(alert_id="3", key="c", resolved_at=MORNING + HOUR)
        await store.put_alerts((still_open, long_ago, lately))
        assert await store.purge_alerts(MORNING + HOUR) == 1
        assert await store.purge_alerts(MORNING + HOUR) == 0
        found = await store.alerts("alice", since=MORNING - DAY, is_open=None, limit=10)
        assert set(found) == {still_open, lately}

    run(trip())
