"""A strict scanner of describegraph JSON, from bytes to rows of integers, compiled by numba.

It takes only what it fully understands: valid JSON (RFC 8259) in UTF-8 (RFC 3629), LND's names,
integers as numbers or in quotes. On anything else it gives up with the offset, and the exact
reader decides. It never reads past the buffer: the text is followed by `PADDING_BYTES` zero bytes,
more than any look-ahead, and no loop steps over a zero byte.

Kernels return the offset after what they read, or `~offset` (negative) where they gave up.
"""

from typing import Final

import numba
import numpy as np
from numpy.typing import NDArray

from daznode.adapters.sources.describegraph import POLICY_INTEGERS
from daznode.adapters.sources.documents import MAX_RECORD_BYTES
from daznode.adapters.sources.scanner_json import (
    COLON,
    COMMA,
    DOT,
    FOUR,
    LIST,
    LIST_END,
    LOWER_F,
    LOWER_I,
    LOWER_N,
    LOWER_O,
    LOWER_T,
    NIBBLES,
    NINE,
    NONE,
    NOT_HEX,
    ONE,
    OPTIONS,
    QUOTE,
    ZERO,
    Bytes,
    after_name,
    byte_at,
    enter_object,
    find_name,
    inner,
    name_table,
    next_member,
    read_integer,
    read_number,
    skip_blanks,
    skip_plain,
    skip_scalar,
    skip_string_rest,
    skip_value,
)
from daznode.adapters.sources.streams import PADDING_BYTES
from daznode.domain.gossip import AddressKind

Row = NDArray[np.int64]

MORE: Final = 0
"""A batch ended before the list did."""

ENDED: Final = 1
"""The list ended."""

GAVE_UP: Final = -1
"""Something the scanner does not know; the offset says where."""

NODE_WIDTH: Final = 6
"""Integers of a node's row: key position, Unix seconds, offsets where the alias begins and ends
(0 and 0 without one), whether it is ASCII without escapes, `AddressKind` flags."""

EDGE_WIDTH: Final = 22
"""Integers of an edge's row: short channel id (its bits), positions of both keys, capacity in sat,
Unix seconds, flags (1 and 2: policy stated by node 1 and 2; 4 and 8: disabled), then eight policy
integers of node 1 and of node 2 in the order of `rows.Field`."""

KEY_WIDTH: Final = 5
"""Words of a key in the table: four of 8 bytes, big-endian, and the parity byte before them."""

_NODE_KEY, _NODE_UPDATE, _NODE_ALIAS, _NODE_ALIAS_END, _NODE_PLAIN, _NODE_KINDS = range(NODE_WIDTH)
_EDGE_SCID, _EDGE_KEYS, _EDGE_CAPACITY, _EDGE_UPDATE, _EDGE_FLAGS, _EDGE_VALUES = 0, 1, 3, 4, 5, 6
_SIDE_VALUES: Final = len(POLICY_INTEGERS)

_MAX_PROBES: Final = 256
_MAX_RECORD: Final = MAX_RECORD_BYTES - 64
_KEY_CHARACTERS: Final = 66
_IPV4_DOTS: Final = 3

_IPV4, _IPV6 = int(AddressKind.IPV4), int(AddressKind.IPV6)
_TOR, _DNS = int(AddressKind.TOR), int(AddressKind.DNS)

_HALF = np.uint64(32)
_MIX_FIRST, _MIX_LAST = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)
# In the order LND prints them, so that the next name is nearly always the one after the last.
_NODE_NAMES = name_table(("last_update", "pub_key", "alias", "addresses"))
_UPDATE_NAME, _KEY_NAME, _ALIAS_NAME, _ADDRESSES_NAME = range(4)
_ADDRESS_NAMES = name_table(("network", "addr"))
_ADDR_NAME: Final = 1
_EDGE_PRINTED = [
    "channel_id",
    "last_update",
    "node1_pub",
    "node2_pub",
    "capacity",
    "node1_policy",
    "node2_policy",
]
_EDGE_NAMES = name_table(_EDGE_PRINTED)
_SCID_NAME, _EDGE_UPDATE_NAME, _NODE1_NAME, _NODE2_NAME, _CAPACITY_NAME, _POLICY1_NAME = range(6)
_EDGE_REQUIRED: Final = 1 << _SCID_NAME | 1 << _NODE1_NAME | 1 << _NODE2_NAME
_POLICY_PRINTED = [
    "time_lock_delta",
    "min_htlc",
    "fee_base_msat",
    "fee_rate_milli_msat",
    "disabled",
    "max_htlc_msat",
    "last_update",
    "inbound_fee_base_msat",
    "inbound_fee_rate_milli_msat",
]
_POLICY_NAMES = name_table(_POLICY_PRINTED)
_DISABLED_NAME = _POLICY_PRINTED.index("disabled")
# LOWER_A policy that states none of time_lock_delta, fee_base_msat, fee_rate_milli_msat says nothing.
_POLICY_TELLING: Final = 0b1101
_POLICY_COLUMNS = np.array(
    [POLICY_INTEGERS.index(name) if name in POLICY_INTEGERS else -1 for name in _POLICY_PRINTED]
)


@inner
def _slot(words: NDArray[np.uint64], at: int) -> np.uint64:
    """Where the search for the key at an offset of the table begins, before it is cut."""
    mixed = (words[at] ^ words[at + 1] * _MIX_FIRST ^ words[at + 2]) + words[at + 3] + words[at + 4]
    mixed = (mixed ^ mixed >> _HALF) * _MIX_LAST
    return mixed ^ mixed >> _HALF


@inner
def _key(
    b: Bytes, i: int, slots: NDArray[np.int32], words: NDArray[np.uint64], in_use: Row
) -> tuple[int, int | np.int64]:
    """A node key in quotes and its position in the table, where it is put if it is new."""
    if byte_at(b, i) != QUOTE or byte_at(b, i + 1 + _KEY_CHARACTERS) != QUOTE:
        return ~i, -1
    new = in_use[0]
    at = KEY_WIDTH * new
    at_text = i + 3
    worst = NIBBLES[byte_at(b, i + 1)] | NIBBLES[byte_at(b, i + 2)]
    words[at + 4] = np.uint64(NIBBLES[byte_at(b, i + 1)]) << FOUR | np.uint64(
        NIBBLES[byte_at(b, i + 2)]
    )
    for k in range(4):
        word = NONE
        for j in range(16):
            nibble = NIBBLES[byte_at(b, at_text + j)]
            worst |= nibble
            word = word << FOUR | np.uint64(nibble)
        words[at + k] = word
        at_text += 16
    if worst == NOT_HEX:
        return ~i, -1
    last = np.uint64(slots.size - 1)
    slot = _slot(words, at) & last
    for _ in range(_MAX_PROBES):
        found = np.int64(slots[slot])
        if found < 0:
            slots[slot] = new
            in_use[0] = new + 1
            return at_text + 1, new
        k = 0
        while k < KEY_WIDTH and words[KEY_WIDTH * found + k] == words[at + k]:
            k += 1
        if k == KEY_WIDTH:
            return at_text + 1, found
        slot = (slot + ONE) & last
    # So many keys of one hash are made on purpose; the exact reader's table withstands them.
    return ~i, -1


@inner
def _host_kind(b: Bytes, start: int, end: int) -> int:
    """Kind of the address between two offsets, as `rows.address_kind` has it."""
    n_colons, n_dots = 0, 0
    host_end = end
    is_numeric = True
    for k in range(start, end):
        c = byte_at(b, k)
        if c == COLON:
            n_colons += 1
            host_end = min(host_end, k)
        elif n_colons == 0:
            n_dots += c == DOT
            is_numeric = is_numeric and (c == DOT or ZERO <= c <= NINE)
    if byte_at(b, start) == LIST or n_colons > 1:
        return _IPV6
    if is_numeric and n_dots == _IPV4_DOTS:
        return _IPV4
    k = host_end - 6
    # Bit 32 makes an ASCII letter small.
    if (
        k >= start
        and byte_at(b, k) == DOT
        and byte_at(b, k + 1) | 32 == LOWER_O
        and byte_at(b, k + 2) | 32 == LOWER_N
        and byte_at(b, k + 3) | 32 == LOWER_I
        and byte_at(b, k + 4) | 32 == LOWER_O
        and byte_at(b, k + 5) | 32 == LOWER_N
    ):
        return _TOR
    return _DNS if n_dots > 0 else 0


@inner
def _addresses(b: Bytes, i: int) -> tuple[int, int | np.int64]:
    """The list `addresses`, or null, and the kinds in it."""
    if byte_at(b, i) == LOWER_N:
        return skip_scalar(b, i), 0
    if byte_at(b, i) != LIST:
        return ~i, 0
    kinds = 0
    i = skip_blanks(b, i + 1)
    is_first = True
    while byte_at(b, i) != LIST_END or not is_first:
        is_first = False
        n_texts = 0
        i = enter_object(b, i)
        while i >= 0 and byte_at(b, i) == QUOTE:
            row = find_name(b, i, _ADDRESS_NAMES, n_texts)
            i = after_name(b, i, _ADDRESS_NAMES, row)
            if i >= 0 and row == _ADDR_NAME:
                start = i + 1
                end = skip_plain(b, start)
                if byte_at(b, i) != QUOTE or byte_at(b, end) != QUOTE:
                    return ~i, 0
                n_texts += 1
                kinds |= _host_kind(b, start, end)
                i = end + 1
            elif i >= 0:
                i = skip_value(b, i)
            i = next_member(b, i)
        if i < 0 or n_texts != 1:
            return (i if i < 0 else ~i), 0
        i = skip_blanks(b, i + 1)
        if byte_at(b, i) == LIST_END:
            break
        if byte_at(b, i) != COMMA:
            return ~i, 0
        i = skip_blanks(b, i + 1)
    return i + 1, kinds


@inner
def _node(
    b: Bytes,
    i: int,
    slots: NDArray[np.int32],
    words: NDArray[np.uint64],
    in_use: Row,
    out: Row,
    at: int,
) -> int:
    """One element of `nodes` into the row that begins at `at`."""
    seen, row = 0, -1
    i = enter_object(b, i)
    while i >= 0 and byte_at(b, i) == QUOTE:
        row = find_name(b, i, _NODE_NAMES, row + 1)
        i = after_name(b, i, _NODE_NAMES, row)
        if i < 0 or (row >= 0 and seen >> row & 1):
            return i if i < 0 else ~i
        if row < 0:
            i = skip_value(b, i)
        else:
            seen |= 1 << row
            if row == _KEY_NAME:
                i, out[at + _NODE_KEY] = _key(b, i, slots, words, in_use)
            elif row == _UPDATE_NAME:
                i, out[at + _NODE_UPDATE] = read_integer(b, i)
            elif row == _ADDRESSES_NAME:
                i, out[at + _NODE_KINDS] = _addresses(b, i)
            elif byte_at(b, i) == QUOTE:
                out[at + _NODE_ALIAS] = i + 1
                end = skip_plain(b, i + 1)
                out[at + _NODE_PLAIN] = byte_at(b, end) == QUOTE
                i = skip_string_rest(b, end)
                out[at + _NODE_ALIAS_END] = i - 1
            else:
                i = skip_scalar(b, i) if byte_at(b, i) == LOWER_N else ~i
        i = next_member(b, i)
    if i < 0:
        return i
    return i + 1 if seen >> _KEY_NAME & 1 else ~i


@inner
def _policy(b: Bytes, i: int, out: Row, at: int, side: int) -> int:
    """One side's policy, or null, into the row that begins at `at`."""
    if byte_at(b, i) == LOWER_N:
        return skip_scalar(b, i)
    values = at + _EDGE_VALUES + side * _SIDE_VALUES
    seen, told, guess = 0, 0, 0
    i = enter_object(b, i)
    while i >= 0 and byte_at(b, i) == QUOTE:
        row = find_name(b, i, _POLICY_NAMES, guess)
        i = after_name(b, i, _POLICY_NAMES, row)
        if i < 0 or (row >= 0 and seen >> row & 1):
            return i if i < 0 else ~i
        if row < 0:
            i = skip_value(b, i)
        else:
            guess = row + 1
            seen |= 1 << row
            if byte_at(b, i) != LOWER_N:
                told |= 1 << row
            if row == _DISABLED_NAME:
                if byte_at(b, i) == LOWER_T:
                    out[at + _EDGE_FLAGS] |= 4 << side
                elif byte_at(b, i) != LOWER_F and byte_at(b, i) != LOWER_N:
                    return ~i
                i = skip_scalar(b, i)
            else:
                i, out[values + _POLICY_COLUMNS[row]] = read_integer(b, i)
        i = next_member(b, i)
    if i < 0:
        return i
    out[at + _EDGE_FLAGS] |= 1 << side
    return i + 1 if told & _POLICY_TELLING else ~i


@inner
def _edge(
    b: Bytes,
    i: int,
    slots: NDArray[np.int32],
    words: NDArray[np.uint64],
    in_use: Row,
    out: Row,
    at: int,
) -> int:
    """One element of `edges` into the row that begins at `at`."""
    seen, guess = 0, 0
    i = enter_object(b, i)
    while i >= 0 and byte_at(b, i) == QUOTE:
        row = find_name(b, i, _EDGE_NAMES, guess)
        i = after_name(b, i, _EDGE_NAMES, row)
        if i < 0 or (row >= 0 and seen >> row & 1):
            return i if i < 0 else ~i
        if row < 0:
            i = skip_value(b, i)
        else:
            guess = row + 1
            seen |= 1 << row
            if row >= _POLICY1_NAME:
                i = _policy(b, i, out, at, row - _POLICY1_NAME)
            elif row == _NODE1_NAME or row == _NODE2_NAME:
                side = row - _NODE1_NAME
                i, out[at + _EDGE_KEYS + side] = _key(b, i, slots, words, in_use)
            elif row == _SCID_NAME:
                i, size, sign = read_number(b, i)
                out[at + _EDGE_SCID] = np.int64(size)
                if sign != 1 and i >= 0:
                    i = ~i
            elif row == _EDGE_UPDATE_NAME:
                i, out[at + _EDGE_UPDATE] = read_integer(b, i)
            else:
                i, out[at + _EDGE_CAPACITY] = read_integer(b, i)
        i = next_member(b, i)
    if i < 0:
        return i
    return i + 1 if seen & _EDGE_REQUIRED == _EDGE_REQUIRED else ~i


@numba.njit(**OPTIONS)
def scan_records(
    b: Bytes,
    start: int,
    slots: NDArray[np.int32],
    words: NDArray[np.uint64],
    in_use: Row,
    out: Row,
    is_edges: bool,  # noqa: FBT001 - numba knows no keyword-only arguments
) -> tuple[int, int, int]:
    """Scan a batch of `nodes` or `edges`.

    Args:
        b: The text and its padding of zero bytes.
        start: Offset of a record.
        slots: Position of a key by its hash, -1 if free, shape (a power of two,), int32.
        words: The keys met, `KEY_WIDTH` words each, uint64; room for two new keys a row and one.
        in_use: Number of keys in the table, shape (1,), int64.
        out: Rows of `NODE_WIDTH` or `EDGE_WIDTH` integers end to end, zeroed.
        is_edges: Whether the records are edges.

    Returns:
        Rows filled; the offset of the next record, after the list's end, or of what was not
        understood; and `MORE`, `ENDED` or `GAVE_UP`.
    """
    width = EDGE_WIDTH if is_edges else NODE_WIDTH
    n_rows = out.size // width
    i = start
    for r in range(n_rows):
        first = i
        if is_edges:
            i = _edge(b, i, slots, words, in_use, out, r * width)
        else:
            i = _node(b, i, slots, words, in_use, out, r * width)
        if i < 0 or i - first > _MAX_RECORD:
            return r, ~i if i < 0 else i, GAVE_UP
        i = skip_blanks(b, i)
        if byte_at(b, i) == LIST_END:
            return r + 1, i + 1, ENDED
        if byte_at(b, i) != COMMA:
            return r + 1, i, GAVE_UP
        i = skip_blanks(b, i + 1)
    return n_rows, i, MORE


@numba.njit(**OPTIONS)
def hash_keys(slots: NDArray[np.int32], words: NDArray[np.uint64], n_keys: int) -> None:
    """Enter keys that are in a table's words into its slots, all free before."""
    last = np.uint64(slots.size - 1)
    for position in range(n_keys):
        slot = _slot(words, KEY_WIDTH * position) & last
        while slots[slot] >= 0:
            slot = (slot + ONE) & last
        slots[slot] = position


def compile_scanner() -> None:
    """Compile the kernels, or load them from numba's cache, before they are needed."""
    text = np.frombuffer(bytearray(b"{}]" + bytes(PADDING_BYTES)), np.uint8)
    is_edges = False
    slots, words = np.full(4, -1, np.int32), np.zeros(3 * KEY_WIDTH, np.uint64)
    scan_records(
        text, 0, slots, words, np.zeros(1, np.int64), np.zeros(NODE_WIDTH, np.int64), is_edges
    )
    hash_keys(slots, words, 0)
