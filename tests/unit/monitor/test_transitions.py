"""Transitions of alerts: opened, still open, resolved, and quiet about what flaps."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import DAY, MORNING, TODAY, a_report, a_source, an_alert

from daznode.domain.provenance import SourceStatus
from daznode.domain.report import Severity
from daznode.monitor.transitions import SOURCE_BY_TYPE, key_of, step
from daznode.report.words import findings_en

EMPTY = {"requires_action": False, "channels_affected": ()}


def a_day(number=0, *alerts, network=SourceStatus.OK, node=SourceStatus.OK, **given):
    """A report of a day with these alerts; a source that is unavailable saw nothing."""
    seen_at = MORNING + number * DAY
    sources = tuple(
        a_source(
            name=name,
            status=status,
            observed_at=None if status is SourceStatus.UNAVAILABLE else seen_at,
        )
        for name, status in (("node", node), ("network_snapshot", network))
    )
    return a_report(
        report_date=TODAY + number * DAY,
        generation_timestamp=seen_at,
        sources=sources,
        alerts=alerts,
        **given,
    )


def after(known, report):
    """What is known after a report."""
    changed = {one.alert_id: one for one in known} | {
        one.alert_id: one for one in step(report, known).changed
    }
    return list(changed.values())


def test_a_new_alert_opens_at_the_moment_of_its_figures():
    found = step(a_day(0, an_alert()), [])
    (alert,) = found.opened
    assert (alert.opened_at, alert.seen_at, alert.resolved_at) == (MORNING, MORNING, None)
    assert alert.key == "channel_inactive:800020x2x0"
    assert found.news == (alert,)
    assert found.still_open == found.resolved == ()


def test_the_same_report_again_gives_the_same_alert():
    first = step(a_day(0, an_alert()), [])
    assert step(a_day(0, an_alert()), []).opened == first.opened
    again = step(a_day(0, an_alert()), first.opened)
    assert again.still_open == first.opened
    assert again.news == ()


def test_seen_again_it_stays_open_and_is_no_news():
    (alert,) = step(a_day(0, an_alert()), []).opened
    found = step(a_day(1, an_alert(title="Now two hours")), [alert])
    (seen,) = found.still_open
    assert (seen.alert_id, seen.opened_at) == (alert.alert_id, MORNING)
    assert (seen.seen_at, seen.title) == (MORNING + DAY, "Now two hours")
    assert found.news == ()


def test_one_that_gets_worse_is_news_and_one_that_gets_better_is_not():
    (alert,) = step(a_day(0, an_alert()), []).opened
    worse = step(a_day(1, an_alert(severity=Severity.CRITICAL)), [alert])
    assert worse.news == worse.still_open
    better = step(a_day(2, an_alert(severity=Severity.INFO)), list(worse.still_open))
    assert better.news == ()
    assert better.still_open[0].severity is Severity.INFO


def test_no_longer_seen_it_is_resolved():
    (alert,) = step(a_day(0, an_alert()), []).opened
    found = step(a_day(1), [alert])
    (resolved,) = found.resolved
    assert resolved == replace(alert, resolved_at=MORNING + DAY)
    assert found.news == (resolved,)


@pytest.mark.parametrize(
    ("alert", "silent"),
    [
        (an_alert(type="low_liquidity", **EMPTY), {"node": SourceStatus.UNAVAILABLE}),
        (an_alert(type="low_liquidity", **EMPTY), {"node": SourceStatus.STALE}),
        (an_alert(type="poor_connectivity", **EMPTY), {"network": SourceStatus.UNAVAILABLE}),
        (an_alert(type="stale_channels"), {"network": SourceStatus.STALE}),
        (an_alert(type="peers_lost", **EMPTY), {}),
        (an_alert(type="a_rule_of_tomorrow", **EMPTY), {"node": SourceStatus.UNAVAILABLE}),
    ],
)
def test_a_source_that_is_silent_resolves_nothing(alert, silent):
    known = step(a_day(0, alert), []).opened
    found = step(a_day(1, **silent), list(known))
    assert found.resolved == ()
    assert found.opened == ()


def test_an_offline_peer_is_back_when_either_source_says_so():
    known = list(step(a_day(0, an_alert()), []).opened)
    assert step(a_day(1, node=SourceStatus.UNAVAILABLE), known).resolved
    assert step(a_day(1, network=SourceStatus.UNAVAILABLE), known).resolved
    both = {"node": SourceStatus.UNAVAILABLE, "network": SourceStatus.UNAVAILABLE}
    assert not step(a_day(1, **both), known).resolved


def test_one_that_flaps_keeps_its_record_and_is_no_news():
    known = after([], a_day(0, an_alert()))
    known = after(known, a_day(1))
    found = step(a_day(2, an_alert()), known)
    (back,) = found.still_open
    assert (back.alert_id, back.opened_at, back.resolved_at) == (known[0].alert_id, MORNING, None)
    assert found.news == found.opened == ()


def test_one_that_comes_back_after_long_is_new():
    known = after(after([], a_day(0, an_alert())), a_day(1))
    found = step(a_day(5, an_alert()), known)
    assert [one.opened_at for one in found.opened] == [MORNING + 5 * DAY]
    assert found.opened[0].alert_id != known[0].alert_id


def test_one_that_loses_channels_goes_on_and_one_that_gains_any_is_new():
    three = an_alert(channels_affected=("1x1x1", "2x2x2", "3x3x3"))
    known = list(step(a_day(0, three), []).opened)
    fewer = step(a_day(1, an_alert(channels_affected=("2x2x2",))), known)
    assert [one.alert_id for one in fewer.still_open] == [known[0].alert_id]
    assert fewer.still_open[0].key == "channel_inactive:2x2x2"
    assert fewer.news == ()
    other = step(a_day(1, an_alert(channels_affected=("2x2x2", "9x9x9"))), known)
    assert len(other.opened) == len(other.resolved) == 1


def test_two_alerts_of_one_key_are_one_the_more_severe():
    found = step(a_day(0, an_alert(severity=Severity.CRITICAL), an_alert()), [])
    assert [one.severity for one in found.opened] == [Severity.CRITICAL]


def test_a_report_of_an_earlier_day_changes_nothing():
    known = list(step(a_day(5, an_alert()), []).opened)
    assert step(a_day(2), known).changed == ()
    resolved = after(known, a_day(6))
    assert step(a_day(2, an_alert()), resolved).changed == ()


def test_without_any_source_the_moment_is_that_of_the_making():
    silent = {"node": SourceStatus.UNAVAILABLE, "network": SourceStatus.UNAVAILABLE}
    (alert,) = step(a_day(0, an_alert(**EMPTY), **silent), []).opened
    assert alert.opened_at == MORNING


def test_many_channels_make_a_short_key():
    many = [f"{number}x1x1" for number in range(900_000, 900_400)]
    assert len(key_of("stale_channels", many)) < 60
    assert key_of("stale_channels", many) == key_of("stale_channels", reversed(many))
    assert key_of("stale_channels", many) != key_of("stale_channels", many[:-1])


def test_every_rule_names_the_source_that_resolves_it():
    assert {key.partition(".")[0] for key in findings_en.ALERTS} == set(SOURCE_BY_TYPE)


def test_times_of_one_alert_are_in_order():
    known = after([], a_day(0, an_alert()))
    early = a_source(observed_at=MORNING - timedelta(hours=1))
    known = after(known, replace(a_day(0), sources=(early,)))
    assert known[0].opened_at <= known[0].seen_at <= known[0].resolved_at


DAYS_OF_ALERTS = st.lists(
    st.tuples(
        st.sets(st.tuples(st.sampled_from(sorted(SOURCE_BY_TYPE)), st.sampled_from("abc"))),
        st.sampled_from([SourceStatus.OK, SourceStatus.STALE, SourceStatus.UNAVAILABLE]),
        st.sampled_from([SourceStatus.OK, SourceStatus.STALE, SourceStatus.UNAVAILABLE]),
    ),
    max_size=12,
)


@given(DAYS_OF_ALERTS)
def test_whatever_happens_one_open_record_a_key_and_none_is_lost(days):
    known = {}
    for number, (found, node, network) in enumerate(days):
        alerts = [an_alert(type=kind, channels_affected=(channel,)) for kind, channel in found]
        changes = step(a_day(number, *alerts, node=node, network=network), list(known.values()))
        ids = [one.alert_id for one in changes.changed]
        assert len(ids) == len(set(ids))
        assert not {one.alert_id for one in changes.opened} & known.keys()
        known |= {one.alert_id: one for one in changes.changed}
        open_keys = [one.key for one in known.values() if one.resolved_at is None]
        assert len(open_keys) == len(set(open_keys))
        assert set(open_keys) >= {key_of(kind, [channel]) for kind, channel in found}
        assert all(one.opened_at <= one.seen_at for one in known.values())
        if node is network is SourceStatus.OK:
            judged = {key for key in open_keys if not key.startswith("peers_lost")}
            assert judged == {
                key_of(kind, [channel]) for kind, channel in found if kind != "peers_lost"
            }
