"""Stored shapes: what is encoded is read back, and what cannot be read is refused in one line."""

import dataclasses
import json
import types
import typing
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builders import (
    TODAY,
    a_channel,
    a_report,
    a_source,
    a_summary,
    an_alert,
    an_observation,
    some_metrics,
    some_outside,
)

from daznode.adapters.store.codec import (
    decode_manifest,
    decode_observation,
    decode_report,
    encode_observation,
    encode_report,
    file_face,
    moment_text,
    pack_report,
)
from daznode.domain.errors import InvariantBroken, MigrationNeeded, StorageError, StoreCorrupt
from daznode.domain.node_state import NodeObservation
from daznode.domain.report import DailyReport

ZONELESS = TODAY.replace(tzinfo=None)
moments = st.datetimes(timezones=st.just(UTC))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
numbers = st.integers(min_value=-(2**53), max_value=2**53)
floats = st.floats(allow_nan=False, allow_infinity=False)
bitcoin = st.integers(0, 21_000_000 * 10**8).map(lambda sat: Decimal(sat).scaleb(-8))


def values_of(hint) -> st.SearchStrategy:
    """Any value that a field of that type can hold."""
    simple = {
        int: numbers,
        float: floats,
        str: texts,
        bool: st.booleans(),
        datetime: moments,
        Decimal: bitcoin,
        type(None): st.none(),
    }
    if hint in simple:
        return simple[hint]
    if isinstance(hint, typing.NewType):
        is_scid = hint.__name__ == "ShortChannelId"
        return st.integers(0, 2**64 - 1) if is_scid else values_of(hint.__supertype__)
    if isinstance(hint, types.UnionType):
        return st.one_of(*(values_of(part) for part in typing.get_args(hint)))
    if typing.get_origin(hint) is tuple:
        item, *rest = typing.get_args(hint)
        assert rest == [Ellipsis], hint
        return st.lists(values_of(item), max_size=2).map(tuple)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    assert dataclasses.is_dataclass(hint), hint
    return made(hint)


def made(kind, **known) -> st.SearchStrategy:
    hints = typing.get_type_hints(kind)
    return st.builds(
        kind,
        **({name: values_of(hint) for name, hint in hints.items() if name not in known} | known),
    )


reports = made(DailyReport, report_version=st.sampled_from(["1", "1.0", "1.7"]))
observations = made(NodeObservation)


@settings(max_examples=60)
@given(reports)
def test_any_report_is_read_back_from_both_faces(report):
    packed, face = pack_report(report), encode_report(report)
    assert decode_report(packed) == report
    assert decode_report(face) == report
    assert file_face(packed) == face
    assert pack_report(decode_report(packed)) == packed
    assert b"\n" not in packed
    assert face.endswith(b"}\n")


@settings(max_examples=100)
@given(observations)
def test_any_observation_is_read_back(observation):
    data = encode_observation(observation)
    assert decode_observation(data) == observation
    assert encode_observation(decode_observation(data)) == data


def read_or_refused(decode, data):
    """What is decoded; the error, if it is refused."""
    try:
        return decode(data, "row 7")
    except StorageError as error:
        return error


@settings(max_examples=200)
@given(st.data())
@pytest.mark.parametrize(
    ("decode", "kind", "good"),
    [
        (decode_report, DailyReport, pack_report(a_report())),
        (decode_observation, NodeObservation, encode_observation(an_observation())),
    ],
)
def test_what_is_damaged_is_another_value_or_refused_in_one_line(decode, kind, good, data):
    place = data.draw(st.integers(0, len(good) - 1))
    junk, lost = data.draw(st.binary(max_size=4)), data.draw(st.integers(0, 4))
    found = read_or_refused(decode, good[:place] + junk + good[place + lost :])
    if not isinstance(found, kind):
        assert str(found).startswith("row 7: ")
        assert "\n" not in str(found)


@given(st.one_of(st.binary(max_size=40), texts.map(str.encode)))
@pytest.mark.parametrize("decode", [decode_report, decode_observation, decode_manifest])
def test_anything_else_is_refused(decode, data):
    with pytest.raises(StoreCorrupt):
        decode(data)


@pytest.mark.parametrize("decode", [decode_report, decode_observation, decode_manifest])
@pytest.mark.parametrize(
    "data",
    [b"", b"null", b"[]", b"{}", b"[" * 100_000, b'{"channels":5}', b'{"a":' * 5_000, b"1e999"],
)
def test_what_is_no_such_thing_is_refused(decode, data):
    with pytest.raises(StoreCorrupt):
        decode(data)


def test_a_report_reads_as_people_expect():
    report = a_report(
        summary=a_summary(capacity_btc=Decimal("0.15000000")),
        report_date=TODAY,
        generation_timestamp=TODAY + timedelta(hours=6, seconds=2),
    )
    text = encode_report(report).decode()
    read = json.loads(text)
    assert list(read) == [field.name for field in dataclasses.fields(DailyReport)]
    assert read["report_date"] == "2025-11-20T00:00:00Z"
    assert read["generation_timestamp"] == "2025-11-20T06:00:02Z"
    assert '\n    "capacity_btc": 0.15000000,\n' in text
    assert read["summary"]["status"] == "warning"
    assert read["metrics"]["network"]["rank_delta"] is None
    assert read["node_alias"] == "our node ⚡"
    assert '\n  "user_id": "alice",\n' in text


def test_short_channel_ids_of_an_observation_are_text():
    data = encode_observation(an_observation(channels=(a_channel(scid=2**64 - 1),)))
    read = json.loads(data)
    assert next(iter(read.items())) == ("shape_version", 1)
    assert read["channels"][0]["scid"] == "16777215x16777215x65535"


@pytest.mark.parametrize(
    "report",
    [
        a_report(summary=a_summary(overall_score=float("nan"))),
        a_report(summary=a_summary(overall_score=float("inf"))),
        a_report(summary=a_summary(capacity_btc=Decimal("NaN"))),
        a_report(generation_timestamp=ZONELESS),
        a_report(generation_timestamp=TODAY.astimezone(timezone(timedelta(hours=2)))),
        a_report(report_date=ZONELESS),
        a_report(sources=(a_source(observed_at=ZONELESS),)),
        a_report(alerts=(an_alert(detected_at=ZONELESS),)),
        a_report(outside=some_outside(onchain=ZONELESS)),
        a_report(outside=some_outside(entry=ZONELESS)),
        a_report(node_alias="half a pair \ud83e"),
        a_report(node_alias=5),
        a_report(metrics=some_metrics(capacity=None)),
        a_report(report_version="two"),
        a_report(report_version="0.9"),
        a_report(report_version="2.0"),
    ],
)
def test_a_report_that_could_not_be_read_back_is_not_encoded(report):
    with pytest.raises(InvariantBroken, match="cannot be stored") as told:
        pack_report(report)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "observation",
    [
        an_observation(observed_at=ZONELESS),
        an_observation(channels=(a_channel(opened_at=ZONELESS),)),
        an_observation(channels=(a_channel(scid=2**64),)),
        an_observation(pending_channels="one"),
    ],
)
def test_an_observation_that_could_not_be_read_back_is_not_encoded(observation):
    with pytest.raises(InvariantBroken, match="cannot be stored"):
        encode_observation(observation)


def test_every_moment_of_a_report_and_an_observation_is_checked():
    """The codec names the moments it checks; this finds one that was added and not named."""

    def places(kind) -> set[str]:
        found = set()
        for name, hint in typing.get_type_hints(kind).items():
            parts = {hint, *typing.get_args(hint)}
            if datetime in parts:
                found.add(f"{kind.__name__}.{name}")
            for part in parts:
                if dataclasses.is_dataclass(part):
                    found |= places(part)
        return found

    assert places(DailyReport) == {
        "DailyReport.report_date",
        "DailyReport.generation_timestamp",
        "SourceReport.observed_at",
        "ReportAlert.detected_at",
        "OnchainFigures.observed_at",
        "OutsideEntry.observed_at",
        "OutsideEntry.first_seen_at",
    }
    assert places(NodeObservation) == {"NodeObservation.observed_at", "OwnChannel.opened_at"}


def test_shapes_of_the_future_ask_for_an_update():
    report = json.loads(pack_report(a_report()))
    for newer in (report | {"report_version": "2.0"}, {"report_version": "12.1", "other": 1}):
        with pytest.raises(MigrationNeeded, match="update daznode"):
            decode_report(json.dumps(newer).encode())
    observation = json.loads(encode_observation(an_observation())) | {"shape_version": 2}
    with pytest.raises(MigrationNeeded, match="update daznode"):
        decode_observation(json.dumps(observation).encode())


@given(
    st.lists(
        st.one_of(moments, moments.map(lambda moment: moment.replace(microsecond=0))), max_size=8
    )
)
def test_moments_sort_as_their_texts(some):
    assert sorted(some) == [
        datetime.fromisoformat(text) for text in sorted(moment_text(moment) for moment in some)
    ]
