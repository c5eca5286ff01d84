"""Texts that are no dump, are cut, or go on for ever: refused with the byte and the record."""

import pytest
from tests.builders import a_scid
from tests.dumps import (
    a_dump,
    as_bytes,
    read,
)

from daznode.domain.errors import InvalidDump


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "no text at all"),
        (b" \n\t ", "no text at all"),
        (b"[]", "a JSON list at byte 0"),
        (b"hello", "no JSON text at byte 0"),
        (b"\x7fELF\x02\x01\x01" + bytes(99), "binary data at byte 0"),
        ('{"nodes": []}'.encode("utf-16"), "UTF-16 text"),
        (b"{}", "neither nodes nor channels"),
        (b'{"nodes": []}', 'only "nodes"'),
        (b'{"nodes": [], "edges": []}', "no channel"),
        (b'{"edges": []}', '"edges" without "nodes"'),
        (b'{"nodes": [], "edges": {}}', '"edges" is no list'),
        (b'{"nodes": [], "edges": [], "channels": []}', 'both "edges" and "channels"'),
        (b'{"nodes": [], "nodes": []}', 'a second list "nodes"'),
        (b'{"nodes": []} {"nodes": []}', 'a second list "nodes"'),
        (b'{"nodes": [], "edges": []} x', "'x' out of place at byte 27"),
        (b'{"nodes": [,]}', "not JSON"),
        (b'{"nodes": [1,]}', "not JSON"),
        (b'{"nodes": [1 2]}', "'2' out of place at byte 13 \\(after node 1\\)"),
        (b'{"nodes" []}', "out of place at byte 9"),
        (b'{"nodes": [], }', "no name of a member"),
        (b"{nodes: []}", "no name of a member"),
        (b'{"nodes": [', "the text is cut"),
        (b'{"nodes": [{"alias": "a', "the text is cut at byte 21"),
        (b'{"other": [1, 2', "the text is cut"),
        (b'{"nodes": [{"a": NaN}]}', "the word NaN at byte 11"),
        (b'{"nodes": [' + b"[" * 2000 + b"]" * 2000 + b"]}", "nested too deep"),
        (b'{"other": ' + b"[" * 2000 + b"]" * 2000 + b"}", "nested deeper than 64"),
    ],
)
def test_unusable_text_is_refused_with_place_and_expectation(text: bytes, message: str) -> None:
    with pytest.raises(InvalidDump, match=message) as caught:
        read(text)
    line = str(caught.value)
    assert line.startswith("standard input: ")
    assert "; expected " in line
    assert "\n" not in line


def test_cut_dump_names_the_record_and_the_byte() -> None:
    text = as_bytes(a_dump(5))
    place = text.index(b"node2_policy", text.index(str(a_scid(3)).encode()))
    with pytest.raises(InvalidDump, match=f"edge 3, channel_id {a_scid(3)}") as caught:
        read(text[:place])
    assert f"byte {place - 1:,}" in caught.value.where
    assert caught.value.path == "standard input"


def test_word_that_is_no_json_is_found_by_its_byte() -> None:
    text = as_bytes(a_dump(3)).replace(b'"disabled": false', b'"disabled": nil', 1)
    place = text.index(b"nil")
    with pytest.raises(InvalidDump, match=f"byte {place:,} "):
        read(text)


def test_offset_counts_bytes_after_an_emoji() -> None:
    text = as_bytes(a_dump(3)).replace(b"node 1", "🚀🚀".encode()).replace(b'"color"', b"color", 1)
    with pytest.raises(InvalidDump, match=f"byte {text.index(b'color'):,} "):
        read(text)


def test_record_longer_than_any_announcement_is_refused() -> None:
    dump = a_dump(3)
    dump["nodes"][1]["custom_records"] = {"1": "a" * 2_000_000}
    with pytest.raises(InvalidDump, match="a record longer than 1,048,576 bytes"):
        read(dump)
