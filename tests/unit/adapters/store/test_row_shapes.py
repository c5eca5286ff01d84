"""Values as rows: read back as they were, or refused."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import MORNING, a_node_alert

from daznode.adapters.store.row_shapes import RowShape
from daznode.domain.alert import NodeAlert
from daznode.domain.errors import InvalidParameter, InvariantBroken, StoreCorrupt
from daznode.domain.report import Severity

SHAPE = RowShape(NodeAlert, "alerts", frozenset({"channels_affected"}))


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    value: float


@pytest.fixture
def connection():
    made = sqlite3.connect(":memory:")
    made.execute(f"CREATE TABLE alerts ({', '.join(SHAPE.columns)}, PRIMARY KEY (alert_id))")
    yield made
    made.close()


@given(
    alert=st.builds(
        a_node_alert,
        title=st.text(st.characters(exclude_categories=["Cs"])),
        channels_affected=st.lists(st.text(max_size=5)).map(tuple),
        severity=st.sampled_from(Severity),
        requires_action=st.booleans(),
        resolved_at=st.none() | st.datetimes(timezones=st.just(MORNING.tzinfo)),
    )
)
def test_a_value_is_read_back_as_it_was(alert):
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE TABLE alerts ({', '.join(SHAPE.columns)})")
    SHAPE.insert(connection, (alert,))
    assert SHAPE.select(connection, "") == (alert,)
    connection.close()


def test_moments_sort_as_text_whatever_their_zone():
    east = timezone(timedelta(hours=9))
    moments = [
        MORNING + timedelta(microseconds=1),
        MORNING,
        (MORNING + timedelta(seconds=1)).astimezone(east),
    ]
    rows = [SHAPE.row(a_node_alert(seen_at=moment))["seen_at"] for moment in moments]
    assert sorted(rows) == [rows[1], rows[0], rows[2]]


def test_a_row_is_replaced_by_its_key_and_otherwise_in_the_way(connection):
    SHAPE.insert(connection, (a_node_alert(),))
    with pytest.raises(sqlite3.IntegrityError):
        SHAPE.insert(connection, (a_node_alert(title="new"),))
    SHAPE.insert(connection, (a_node_alert(title="new"),), key=("alert_id",))
    assert [one.title for one in SHAPE.select(connection, "")] == ["new"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("severity", "dreadful"),
        ("opened_at", "yesterday"),
        ("channels_affected", "[1"),
        ("channels_affected", "3"),
        ("title", None),
    ],
)
def test_a_row_that_is_no_such_value_is_named_in_one_line(connection, column, value):
    SHAPE.insert(connection, (a_node_alert(alert_id="the one"),))
    connection.execute(f"UPDATE alerts SET {column} = ?", (value,))
    with pytest.raises(StoreCorrupt, match="alerts, alert_id 'the one': cannot be read") as told:
        SHAPE.select(connection, "")
    assert "\n" not in str(told.value)


def test_what_cannot_be_kept_is_refused():
    with pytest.raises(InvariantBroken, match="cannot be stored"):
        RowShape(Figure, "figures").row(Figure("x", "no number"))
    with pytest.raises(InvalidParameter, match="half a character"):
        SHAPE.row(a_node_alert(title="\ud83d"))
    with pytest.raises(InvalidParameter, match="has no zone"):
        SHAPE.row(a_node_alert(seen_at=datetime(2025, 1, 1)))  # noqa: DTZ001 - that is the fault
