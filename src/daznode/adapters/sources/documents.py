"""The outline of a JSON text: its lists and where each record begins and ends, exactly."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Final, NoReturn

from daznode.adapters.sources.streams import Document
from daznode.domain.errors import InvalidDump

MAX_DEPTH: Final = 64
"""Nesting accepted of top-level values that are stepped over."""

MAX_RECORD_BYTES: Final = 1024**2
"""Length accepted of one record; a node announcement has at most 64 KiB on the wire (BOLT 1)."""

MAX_INTEGER_DIGITS: Final = 20
"""Digits of the largest 64-bit integer; longer ones become `HUGE_INTEGER`."""

HUGE_INTEGER: Final = 10**30
"""What an integer of more than `MAX_INTEGER_DIGITS` digits is read as: out of every range."""

REPEATED_FIELDS: Final = "\0repeated"
"""Key under which `decode` lists the names that stood twice in an object."""

NOT_UTF8: Final = object()
"""Stands for a record whose bytes are no UTF-8."""

END: Final = object()
"""Stands after the last record of a list."""

_WINDOW_BYTES: Final = 256 * 1024
_LONGEST_CHARACTER: Final = 4
_CONTINUATION: Final = 0x80
_ESCAPED_BYTE: Final = re.compile("[\udc80-\udcff]")
_BLANKS: Final = re.compile(rb"[ \t\n\r]*+")
_STRING: Final = re.compile(rb'"[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+"', re.DOTALL)
_SCALAR: Final = re.compile(rb"-?[0-9][0-9eE+.\-]*+|true|false|null")
# Group 1 opens, group 2 closes, no group is a whole string, group 3 a string that never ends:
# without it a text full of escaped quotes would be searched again from each of them.
_STRUCTURE: Final = re.compile(rb'([{\[])|([}\]])|"[^"\\]*+(?:\\.[^"\\]*+)*+"|(")', re.DOTALL)
_OPENS: Final = 1
_CLOSES: Final = 2
_UNENDED: Final = 3

_NAME_BYTES: Final = 400
_SINGULAR: Final = {"nodes": "node", "edges": "edge", "channels": "channel row"}
_RECORD_NAME: Final = re.compile(
    rb'"(channel_id|short_channel_id|pub_key|nodeid)"\s*:\s*"?([0-9a-fA-Fx:]{1,66})\b'
)


def walk(
    document: Document,
    lists: tuple[str, ...],
    on_list: Callable[[str, int], int],
) -> dict[str, tuple[int, int]]:
    """Walk the top level of a text of one or several JSON objects.

    Values under other names are stepped over by their brackets and not otherwise looked at.

    Args:
        document: The text.
        lists: Names whose value is a list of records.
        on_list: Called with the name and the offset of the list's `[`; returns the offset after
            its `]`.

    Returns:
        Where the other top-level values begin and end, by name.

    Raises:
        InvalidDump: The text is no sequence of JSON objects, is cut, or has a list twice.
    """
    others: dict[str, tuple[int, int]] = {}
    seen: set[str] = set()
    at = skip_blanks(document, 0)
    while True:
        at = _expect(document, at, b"{", "an object")
        is_open = not _is_next(document, at, b"}")
        while is_open:
            name, at = _member_name(document, at)
            if name in lists and _is_next(document, at, b"["):
                if name in seen:
                    document.fail(f'a second list "{name}"', at, "each list once")
                seen.add(name)
                at = on_list(name, at)
            else:
                end = value_end(document, at)
                others[name] = (at, end)
                at = end
            at = skip_blanks(document, at)
            is_open = not _is_next(document, at, b"}")
            if is_open:
                at = _expect(document, at, b",", '"," or "}"')
        at = skip_blanks(document, at + 1)
        if at >= document.size:
            return others


def records(document: Document, start: int, name: str) -> Iterator[tuple[int, object]]:
    """Each element of a list with its offset; the last pair is `END` after the `]`.

    The text is decoded through a window, so that only one record at a time is in memory as
    values. Integers of more than `MAX_INTEGER_DIGITS` digits become `HUGE_INTEGER`; an object in
    which a name stands twice holds those names under `REPEATED_FIELDS`; a record that is no UTF-8
    comes as `NOT_UTF8`.

    Args:
        document: The text.
        start: Offset of the list's `[`.
        name: Name of the list, for messages.

    Raises:
        InvalidDump: The list is malformed, cut, or holds a record past a limit.
    """
    at = _expect(document, start, b"[", "a list")
    number = 0
    if not _is_next(document, at, b"]"):
        window = _Window(document, at)
        while True:
            number += 1
            value, end = window.value(at, (name, number))
            yield at, value
            end = skip_blanks(document, end)
            if _is_next(document, end, b"]"):
                at = end
                break
            at = _expect(document, end, b",", '"," or "]"', (name, number))
    yield at + 1, END


class _Window:
    """A stretch of the text decoded to characters, moved along as records are read."""

    def __init__(self, document: Document, start: int) -> None:
        self._document = document
        self._load(start, _WINDOW_BYTES)

    def _load(self, start: int, n_bytes: int) -> None:
        document = self._document
        self._start = start
        self._end = min(start + n_bytes, document.size)
        if self._end < document.size:
            # A character must not be cut: step back to where one begins.
            while self._end > start and document.data[self._end] & 0xC0 == _CONTINUATION:
                self._end -= 1
        self._text = str(document.data[start : self._end], "utf-8", "surrogateescape")
        self._is_ascii = self._text.isascii()
        self._at = start
        self._index = 0

    def value(self, at: int, label: tuple[str, int]) -> tuple[object, int]:
        """The value at an offset at or after the last one, and the offset after it."""
        while True:
            if at >= self._end:
                self._load(at, _WINDOW_BYTES)
            # Between two values stand blanks and a comma: as many bytes as characters.
            index = self._index + at - self._at
            try:
                value, stop = _DECODER.raw_decode(self._text, index)
            except (json.JSONDecodeError, RecursionError, _NotANumber) as exc:
                if not self._grow(at):
                    raise self._fault(exc, at, index, label) from exc
                continue
            if stop == len(self._text) and self._grow(at):
                continue
            read = self._text[index:stop]
            self._index = stop
            self._at = at + self._n_bytes(read)
            if not self._is_ascii and _ESCAPED_BYTE.search(read):
                value = NOT_UTF8
            return value, self._at

    def _grow(self, at: int) -> bool:
        """Let more of the record into the window; False if it already has what it may have."""
        if self._end == self._document.size:
            return False
        if at > self._start:
            self._load(at, _WINDOW_BYTES)
            return True
        if self._end - self._start >= MAX_RECORD_BYTES - _LONGEST_CHARACTER:
            return False
        self._load(at, MAX_RECORD_BYTES)
        return True

    def _n_bytes(self, text: str) -> int:
        return len(text) if self._is_ascii else len(text.encode("utf-8", "surrogateescape"))

    def _fault(self, exc: Exception, at: int, index: int, label: tuple[str, int]) -> InvalidDump:
        """What the JSON reader met in the record at an offset, as an error for people."""
        document = self._document
        record = describe(document, at, label)
        if isinstance(exc, _NotANumber):
            return document.fault(f"the word {exc.args[0]}", at, "JSON, which has none", record)
        if not isinstance(exc, json.JSONDecodeError):
            return document.fault("nested too deep", at, "a dump, nested 5 deep", record)
        is_unended = exc.pos >= len(self._text) or exc.msg.startswith("Unterminated")
        if is_unended and self._end < document.size:
            what = f"a record longer than {MAX_RECORD_BYTES:,} bytes"
            return document.fault(what, at, "shorter records", record)
        offset = at + self._n_bytes(self._text[index : exc.pos])
        if is_unended:
            return document.fault("the text is cut", offset, "the rest of the record", record)
        return document.fault(f"not JSON ({exc.msg})", offset, "JSON", record)


def value_end(document: Document, start: int) -> int:
    """Offset after the JSON value at an offset, found by its brackets and quotes only.

    Raises:
        InvalidDump: The value is cut, too deep, or none.
    """
    data, size = document.data, document.size
    first = bytes(data[start : start + 1]) if start < size else b""
    if first in (b"{", b"["):
        depth = 0
        for match in _STRUCTURE.finditer(data, start, size):
            if match.lastindex == _UNENDED:
                break
            if match.lastindex == _CLOSES:
                depth -= 1
            elif match.lastindex == _OPENS:
                depth += 1
            if depth == 0:
                return match.end()
            if depth > MAX_DEPTH:
                document.fail(f"nested deeper than {MAX_DEPTH}", match.start(), "a dump")
    else:
        simple = (_STRING if first == b'"' else _SCALAR).match(data, start, size)
        if simple is not None:
            return simple.end()
        if first not in (b'"', b""):
            document.fail(f"{shown(first)} out of place", start, "a JSON value")
    what = "the text is cut: a value begins and never ends"
    raise document.fault(what, start, "its end")


def describe(document: Document, start: int, label: tuple[str, int] | None) -> str:
    """A record for people: `edge 17 (channel_id 123)`; empty without a label."""
    if label is None:
        return ""
    name, number = label
    text = f"{_SINGULAR.get(name, name)} {number:,}"
    match = _RECORD_NAME.search(document.data, start, min(start + _NAME_BYTES, document.size))
    if match is None:
        return text
    return f"{text}, {match[1].decode()} {match[2].decode()}"


def shown(text: bytes) -> str:
    """A byte as a message shows it."""
    return repr(text.decode("ascii", "backslashreplace"))


def skip_blanks(document: Document, at: int) -> int:
    """Offset of the next byte that is no JSON blank."""
    match = _BLANKS.match(document.data, at, document.size)
    return match.end() if match is not None else at


def _is_next(document: Document, at: int, wanted: bytes) -> bool:
    return document.data[at : at + 1] == wanted


def _expect(
    document: Document, at: int, wanted: bytes, expected: str, label: tuple[str, int] | None = None
) -> int:
    """Step over one byte and the blanks after it."""
    if not _is_next(document, at, wanted):
        record = describe(document, at, label) if label is None else f"after {_plain(label)}"
        if at >= document.size:
            document.fail("the text is cut", at, expected, record)
        found = bytes(document.data[at : at + 1])
        document.fail(f"{shown(found)} out of place", at, expected, record)
    return skip_blanks(document, at + 1)


def _plain(label: tuple[str, int]) -> str:
    return f"{_SINGULAR.get(label[0], label[0])} {label[1]:,}"


def _member_name(document: Document, at: int) -> tuple[str, int]:
    """Name of an object's member and the offset of its value."""
    match = _STRING.match(document.data, at, document.size)
    if match is None:
        what = "the text is cut" if at >= document.size else "no name of a member"
        document.fail(what, at, "a name in quotes")
    try:
        name = _DECODER.decode(bytes(match[0]).decode())
    except (UnicodeDecodeError, json.JSONDecodeError) as exc:
        what = "a name that is no text"
        raise document.fault(what, at, "a name in quotes") from exc
    return str(name), _expect(document, skip_blanks(document, match.end()), b":", '":"')


class _NotANumber(Exception):
    """NaN or Infinity, which JSON does not have."""


def _refuse_constant(word: str) -> NoReturn:
    raise _NotANumber(word)


def _integer(digits: str) -> int:
    if len(digits) > MAX_INTEGER_DIGITS + 1:
        return -HUGE_INTEGER if digits[0] == "-" else HUGE_INTEGER
    return int(digits)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) != len(pairs):
        names = [name for name, _ in pairs]
        values[REPEATED_FIELDS] = frozenset(name for name in values if names.count(name) > 1)
    return values


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_constant=_refuse_constant
)
