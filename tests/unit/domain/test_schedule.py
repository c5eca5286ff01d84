"""The schedule: each user's hour, the next report, and the slots that are due."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import a_node_id

from daznode.domain.accounts import UserProfile
from daznode.domain.ids import parse_node_id
from daznode.domain.runs import RunKind
from daznode.domain.schedule import Slot, cron_line, due_slots, next_report_at, slot_named

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)  # a Friday
HOUR = timedelta(hours=1)
ALICE = UserProfile(
    "alice",
    "t",
    NOON,
    NOON,
    lightning_pubkey=parse_node_id(a_node_id(1)),
    daily_report_enabled=True,
)


def names(hours, now, minute=0):
    return [slot.run_id for slot in due_slots(hours, minute, now)]


def test_the_cron_line_is_the_services_or_the_users():
    assert cron_line(None, 6, 0) == "0 6 * * *"
    assert cron_line(ALICE, 6, 5) == "5 6 * * *"
    assert cron_line(replace(ALICE, report_hour=0), 6, 5) == "5 0 * * *"


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (NOON, NOON + 18 * HOUR),
        (NOON - 7 * HOUR, NOON - 6 * HOUR),
        (NOON - 6 * HOUR, NOON + 18 * HOUR),
    ],
)
def test_the_next_report_is_later_than_now(now, expected):
    assert next_report_at(ALICE, 6, 0, now) == expected


def test_the_next_report_at_the_users_own_hour():
    assert next_report_at(replace(ALICE, report_hour=0), 6, 30, NOON) == NOON + 12.5 * HOUR


@pytest.mark.parametrize("change", [{"daily_report_enabled": False}, {"lightning_pubkey": None}])
def test_no_next_report(change):
    assert next_report_at(replace(ALICE, **change), 6, 0, NOON) is None


def test_slots_of_the_last_day_are_due_the_oldest_first():
    assert names({6, 13, 12}, NOON) == [
        "daily-20261126-13",
        "daily-20261127-06",
        "daily-20261127-12",
    ]


def test_a_slot_is_due_from_its_minute_on():
    assert names({12}, NOON + timedelta(minutes=29, seconds=59), 30) == ["daily-20261126-12"]
    assert names({12}, NOON + timedelta(minutes=30), 30) == ["daily-20261127-12"]


def test_a_digest_follows_the_daily_report():
    monday = datetime(2026, 11, 30, 6, tzinfo=UTC)
    assert names({6}, monday) == ["daily-20261130-06", "weekly-20261130-06"]
    assert names({6}, monday + timedelta(days=1)) == ["daily-20261201-06", "monthly-20261201-06"]
    assert [slot.kind for slot in due_slots({6}, 0, datetime(2027, 3, 1, 6, tzinfo=UTC))] == [
        "daily",
        "weekly",
        "monthly",
    ]


def test_a_slot_is_found_by_its_name():
    slot = Slot(RunKind.WEEKLY, NOON)
    assert slot_named(slot.run_id) == slot


@pytest.mark.parametrize(
    "name", ["", "daily", "daily-20261327-06", "recalculate-20261127-06", "f3b1-20261127-06"]
)
def test_a_name_that_the_clock_did_not_give(name):
    assert slot_named(name) is None


def test_a_slot_knows_its_day():
    assert Slot("daily", NOON).report_date == NOON - 12 * HOUR


@given(
    st.integers(0, 23),
    st.integers(0, 59),
    st.integers(0, 20 * 366 * 86_400).map(lambda seconds: NOON + timedelta(seconds=seconds)),
)
def test_a_user_has_exactly_one_slot_in_any_24_hours_and_the_next_one_is_within_a_day(
    hour, minute, now
):
    daily = [slot for slot in due_slots({hour}, minute, now) if slot.kind == "daily"]
    assert len(daily) == 1
    following = next_report_at(ALICE, hour, minute, now)
    assert following - daily[0].at == timedelta(days=1)
    assert timedelta(0) < following - now <= timedelta(days=1)
