"""Values as documents: what BSON cannot keep is cut, refused, or said."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import MORNING, a_profile, a_report

from daznode.adapters.store.mongodb.documents import (
    from_document,
    stored_ceiling,
    stored_moment,
    to_document,
)
from daznode.domain.accounts import UserProfile
from daznode.domain.errors import InvalidParameter, InvariantBroken, StoreCorrupt
from daznode.domain.report import DailyReport


@dataclass(frozen=True, slots=True)
class Figure:
    value: float


def test_a_report_is_a_document_of_its_fields_and_reads_back():
    report = a_report()
    document = to_document(report)
    assert document["report_date"] == report.report_date
    assert document["summary"]["status"] == "warning"
    assert document["summary"]["capacity_btc"] == str(report.summary.capacity_btc)
    read = from_document({**document, "_id": "x", "revision": 3}, DailyReport, "here")
    assert read == report
    assert isinstance(read.summary.capacity_btc, Decimal)


def test_a_moment_is_cut_to_milliseconds_in_utc():
    east = timezone(timedelta(hours=2))
    moment = datetime(2025, 11, 20, 8, 0, 0, 123_999, tzinfo=east)
    assert stored_moment(moment) == datetime(2025, 11, 20, 6, 0, 0, 123_000, tzinfo=UTC)
    assert to_document(a_profile(updated_at=moment))["updated_at"] == stored_moment(moment)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_ceiling_is_the_first_stored_moment_that_is_not_before(moment):
    ceiling = stored_ceiling(moment)
    if moment < datetime.max.replace(tzinfo=UTC, microsecond=999_000):
        assert ceiling - timedelta(milliseconds=1) < moment <= ceiling
    assert stored_ceiling(stored_moment(moment)) == stored_moment(moment)


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(InvalidParameter, match="has no zone"):
        to_document(a_profile(created_at=MORNING.replace(tzinfo=None)))


def test_half_a_character_is_refused():
    with pytest.raises(InvalidParameter, match="half a character"):
        to_document(a_profile(alias="\ud83d"))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_figure_that_is_none_is_a_bug(value):
    with pytest.raises(InvariantBroken, match="not a number"):
        to_document(Figure(value))


def test_a_document_that_is_no_such_value_is_named():
    document = to_document(a_profile())
    document["report_hour"] = "six"
    with pytest.raises(StoreCorrupt, match=r"here, 'alice': cannot be read.*report_hour") as told:
        from_document({**document, "_id": "alice"}, UserProfile, "here")
    assert "\n" not in str(told.value)
