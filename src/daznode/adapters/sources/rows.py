"""What a dump states, row by row: keys interned, types checked, nothing judged yet."""

import re
import unicodedata
from array import array
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daznode.adapters.sources.documents import REPEATED_FIELDS
from daznode.domain.gossip import AddressKind
from daznode.domain.ids import KEY_BYTES

ALIAS_MAX_CHARACTERS: Final = 32
"""Characters kept of an alias: BOLT 7 gives it 32 bytes, so a true one is never cut."""

_INT64_MAX: Final = 2**63 - 1
_INTEGER_TEXT: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,19})")
_HEX_KEY_CHARACTERS: Final = 2 * KEY_BYTES
_IPV4_HOST: Final = re.compile(r"[0-9]*(?:\.[0-9]*){3}")

# Format characters that emoji and scripts need: joiners, and the tags of regional flags.
_KEPT_FORMAT_CHARACTERS: Final = frozenset("\u200c\u200d") | frozenset(
    chr(code) for code in range(0xE0020, 0xE0080)
)
_DROPPED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class Field(IntEnum):
    """Position of a policy's integer in `GraphRows.policy_values`."""

    BASE_FEE_MSAT = 0
    FEE_PPM = 1
    INBOUND_BASE_FEE_MSAT = 2
    INBOUND_FEE_PPM = 3
    CLTV_DELTA = 4
    HTLC_MINIMUM_MSAT = 5
    HTLC_MAXIMUM_MSAT = 6
    LAST_UPDATE = 7


class BadField(Exception):
    """A field of one record has a type or shape that the format does not know."""


@dataclass(frozen=True, slots=True)
class GraphRows:
    """A dump as stated, in the order of the dump.

    Integers beyond 64 bits are clamped, so that a range check still refuses them.

    Attributes:
        keys: Distinct keys met, shape (n_keys, 33), uint8; not checked against the curve.
        node_key: Key of each node record, shape (n_nodes,), int64 index into `keys`.
        alias: Alias of each node record, cleaned.
        node_update: Stated moments, shape (n_nodes,), int64, Unix seconds; 0 if none.
        address_kinds: `AddressKind` flags, shape (n_nodes,), uint8.
        scid: Shape (n_channels,), uint64.
        channel_keys: The first and second node of each, shape (n_channels, 2), int64 into `keys`.
        capacity_sat: Shape (n_channels,), int64; 0 if not stated.
        channel_update: Moment stated for the whole channel, shape (n_channels,), int64; 0 if none.
        has_policy: Whether the side stated a policy, shape (n_channels, 2), bool.
        is_disabled: Shape (n_channels, 2), bool.
        policy_values: Integers by `Field`, shape (n_channels, 2, 8), int64; 0 where not stated.
    """

    keys: NDArray[np.uint8]
    node_key: NDArray[np.int64]
    alias: list[str]
    node_update: NDArray[np.int64]
    address_kinds: NDArray[np.uint8]
    scid: NDArray[np.uint64]
    channel_keys: NDArray[np.int64]
    capacity_sat: NDArray[np.int64]
    channel_update: NDArray[np.int64]
    has_policy: NDArray[np.bool_]
    is_disabled: NDArray[np.bool_]
    policy_values: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """One side's policy as stated.

    Attributes:
        is_disabled: Whether the side says it does not forward.
        values: Integers in the order of `Field`, within 64 bits.
    """

    is_disabled: bool
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One channel as stated.

    Attributes:
        scid: 0 to 2^64-1.
        keys: Positions of its two keys.
        capacity_sat: 0 if not stated.
        last_update: Moment stated for the whole channel, Unix seconds; 0 if none.
        policies: Of the first and the second node; None if not stated or dropped.
    """

    scid: int
    keys: tuple[int, int]
    capacity_sat: int
    last_update: int
    policies: tuple[PolicyRow | None, PolicyRow | None]


class RowCollector:
    """Gathers rows one by one into columns.

    Attributes:
        skipped: Records and policies left out so far, by reason.
    """

    def __init__(self) -> None:
        self.skipped: Counter[str] = Counter()
        self._positions: dict[str, int] = {}
        self._keys = bytearray()
        self._node_key = array("q")
        self._alias: list[str] = []
        self._node_update = array("q")
        self._address_kinds = bytearray()
        self._scid = array("Q")
        self._channel_keys = array("q")
        self._capacity_sat = array("q")
        self._channel_update = array("q")
        self._flags = bytearray()
        self._values = array("q")

    @property
    def n_keys(self) -> int:
        """Distinct keys so far."""
        return len(self._positions)

    @property
    def n_channels(self) -> int:
        """Channels so far."""
        return len(self._scid)

    def key(self, text: object) -> int:
        """Position of a key by its 66 hex characters, either case.

        Raises:
            BadField: It is not a text of that shape.
        """
        if not isinstance(text, str):
            raise BadField
        lowered = text.lower()
        position = self._positions.get(lowered)
        if position is None:
            if len(lowered) != _HEX_KEY_CHARACTERS:
                raise BadField
            try:
                key = bytes.fromhex(lowered)
            except ValueError as exc:
                raise BadField from exc
            if len(key) != KEY_BYTES:
                raise BadField
            position = len(self._positions)
            self._positions[lowered] = position
            self._keys += key
        return position

    def add_node(self, key: int, alias: str, last_update: int, address_kinds: AddressKind) -> None:
        """Add a node record."""
        self._node_key.append(key)
        self._alias.append(alias)
        self._node_update.append(last_update)
        self._address_kinds.append(address_kinds)

    def add_channel(self, row: ChannelRow) -> None:
        """Add a channel."""
        self._scid.append(row.scid)
        self._channel_keys.extend(row.keys)
        self._capacity_sat.append(row.capacity_sat)
        self._channel_update.append(row.last_update)
        for policy in row.policies:
            if policy is None:
                self._flags += b"\0\0"
                self._values.extend(_NO_VALUES)
            else:
                self._flags += b"\1\1" if policy.is_disabled else b"\1\0"
                self._values.extend(policy.values)

    def rows(self) -> GraphRows:
        """All rows as arrays."""
        flags = np.frombuffer(bytes(self._flags), np.bool_).reshape(-1, 2, 2)
        return GraphRows(
            keys=np.frombuffer(bytes(self._keys), np.uint8).reshape(-1, KEY_BYTES),
            node_key=np.array(self._node_key, np.int64),
            alias=self._alias,
            node_update=np.array(self._node_update, np.int64),
            address_kinds=np.frombuffer(bytes(self._address_kinds), np.uint8),
            scid=np.array(self._scid, np.uint64),
            channel_keys=np.array(self._channel_keys, np.int64).reshape(-1, 2),
            capacity_sat=np.array(self._capacity_sat, np.int64),
            channel_update=np.array(self._channel_update, np.int64),
            has_policy=flags[:, :, 0],
            is_disabled=flags[:, :, 1],
            policy_values=np.array(self._values, np.int64).reshape(-1, 2, len(Field)),
        )


_NO_VALUES: Final = (0,) * len(Field)


def clamped(value: int) -> int:
    """An integer brought into 64 signed bits."""
    return max(-_INT64_MAX - 1, min(_INT64_MAX, value))


def integer(record: Mapping[str, object], name: str) -> int:
    """An integer field, as a number or in quotes, clamped to 64 bits; 0 if missing or null.

    LND's REST faces print 64-bit fields in quotes and old ones left zero values out.

    Raises:
        BadField: It is something else.
    """
    value = record.get(name)
    if value is None:
        return 0
    if type(value) is str and _INTEGER_TEXT.fullmatch(value):
        value = int(value)
    if type(value) is not int:
        raise BadField(name)
    return value if -_INT64_MAX <= value <= _INT64_MAX else clamped(value)


def flag(record: Mapping[str, object], name: str) -> bool:
    """A true-or-false field; False if it is missing or null.

    Raises:
        BadField: It is something else.
    """
    value = record.get(name)
    if value is None:
        return False
    if type(value) is bool:
        return value
    raise BadField(name)


def alias_of(record: Mapping[str, object]) -> str:
    """The cleaned alias of a node record; empty if it is missing or null.

    Raises:
        BadField: It is no text.
    """
    value = record.get("alias")
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadField
    return clean_alias(value)


def has_repeated(record: Mapping[str, object], known: frozenset[str]) -> bool:
    """Whether one of the fields that are read stands twice in a record."""
    repeated = record.get(REPEATED_FIELDS)
    return isinstance(repeated, frozenset) and not known.isdisjoint(repeated)


def clean_alias(text: str) -> str:
    """An alias fit for a terminal and a page.

    Control characters, direction overrides and other invisible format characters go (joiners and
    flag tags of emoji stay), so do surrogates, line separators and blanks at the ends; the rest
    is cut to `ALIAS_MAX_CHARACTERS`.
    """
    if text.isascii() and text.isprintable():
        return text.strip()[:ALIAS_MAX_CHARACTERS].rstrip()
    kept = "".join(
        character
        for character in text
        if character in _KEPT_FORMAT_CHARACTERS
        or unicodedata.category(character) not in _DROPPED_CATEGORIES
    )
    return kept.strip()[:ALIAS_MAX_CHARACTERS].rstrip()


def address_kind(address: str) -> AddressKind:
    """Kind of an address as LND prints it (`host:port`, IPv6 in brackets).

    What looks like none of the known kinds (opaque addresses, unix sockets) has no kind.
    """
    if address.startswith("[") or address.count(":") > 1:
        return AddressKind.IPV6
    host = address.partition(":")[0]
    if _IPV4_HOST.fullmatch(host):
        return AddressKind.IPV4
    if host.lower().endswith(".onion"):
        return AddressKind.TOR
    return AddressKind.DNS if "." in host else AddressKind.NONE


@dataclass(frozen=True, slots=True)
class NodeShape:
    """How one program spells an announced node.

    Attributes:
        fields: Fields that are read; a record that states one twice is left out.
        key: Field of the public key.
        moment: Field of the moment of the announcement.
        kinds_of: Kinds of the value of `addresses`; raises BadField on what is none.
    """

    fields: frozenset[str]
    key: str
    moment: str
    kinds_of: Callable[[object], AddressKind]


def add_node_record(record: object, shape: NodeShape, collector: RowCollector) -> None:
    """Add one node as a dump states it, or count why not."""
    if not isinstance(record, dict):
        collector.skipped["node-wrong-type"] += 1
        return
    if has_repeated(record, shape.fields):
        collector.skipped["node-repeated-field"] += 1
        return
    try:
        alias = alias_of(record)
        last_update = integer(record, shape.moment)
        kinds = shape.kinds_of(record.get("addresses"))
    except BadField:
        collector.skipped["node-wrong-type"] += 1
        return
    try:
        key = collector.key(record.get(shape.key))
    except BadField:
        collector.skipped["node-key-invalid"] += 1
        return
    collector.add_node(key, alias, last_update, kinds)
