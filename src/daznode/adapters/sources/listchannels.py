"""Core Lightning: the records of `listchannels` and `listnodes`, two rows to a channel."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from daznode.adapters.sources.describegraph import scid_of
from daznode.adapters.sources.rows import (
    BadField,
    ChannelRow,
    Field,
    NodeShape,
    PolicyRow,
    RowCollector,
    add_node_record,
    clamped,
    flag,
    has_repeated,
    integer,
)
from daznode.domain.errors import InvalidScid
from daznode.domain.gossip import AddressKind

_MSAT_PER_SAT: Final = 1000
_MSAT_TEXT: Final = re.compile(r"(0|[1-9][0-9]{0,19})msat")
_CHANNEL_DISABLED: Final = 2
"""Bit of `channel_flags` that switches a direction off (BOLT 7, `channel_update`)."""

_NODE_FIELDS: Final = frozenset({"nodeid", "alias", "last_timestamp", "addresses"})
_ROW_FIELDS: Final = frozenset(
    {
        "source",
        "destination",
        "short_channel_id",
        "public",
        "satoshis",
        "amount_msat",
        "channel_flags",
        "active",
        "last_update",
        "base_fee_millisatoshi",
        "fee_per_millionth",
        "delay",
        "htlc_minimum_msat",
        "htlc_maximum_msat",
    }
)
_ADDRESS_KINDS: Final = {
    "ipv4": AddressKind.IPV4,
    "ipv6": AddressKind.IPV6,
    "torv2": AddressKind.TOR,
    "torv3": AddressKind.TOR,
    "dns": AddressKind.DNS,
}


@dataclass(frozen=True, slots=True)
class _Direction:
    """One row: what the source charges towards the destination."""

    ends: tuple[str, str]
    keys: tuple[int, int]
    capacity_sat: int
    policy: PolicyRow


class ChannelPairs:
    """Brings the two rows of each channel together."""

    def __init__(self, collector: RowCollector) -> None:
        self._collector = collector
        self._directions: dict[int, list[_Direction]] = {}

    def __len__(self) -> int:
        """Channels met so far."""
        return len(self._directions)

    def add(self, record: object) -> None:
        """Add one element of `channels`, or count why not."""
        skipped = self._collector.skipped
        if not isinstance(record, dict):
            skipped["channel-wrong-type"] += 1
            return
        if has_repeated(record, _ROW_FIELDS):
            skipped["channel-repeated-field"] += 1
            return
        if record.get("public") is False:
            skipped["channel-unannounced"] += 1
            return
        try:
            scid = scid_of(record.get("short_channel_id"))
            direction = self._direction(record)
        except InvalidScid:
            skipped["channel-scid-invalid"] += 1
        except _BadKey:
            skipped["channel-key-invalid"] += 1
        except BadField:
            skipped["channel-wrong-type"] += 1
        else:
            self._directions.setdefault(scid, []).append(direction)

    def finish(self) -> None:
        """Hand the channels over, each with one or both of its policies.

        Of several rows of one direction the newest counts; a row whose ends are not those of the
        newest row of its channel is left out. Equal moments are settled by the content, so that
        the order of the rows does not matter.
        """
        for scid, rows in self._directions.items():
            rows.sort(key=_newest_first)
            first = rows[0]
            policies: dict[tuple[int, int], PolicyRow] = {}
            for row in rows:
                if sorted(row.keys) != sorted(first.keys):
                    self._collector.skipped["channel-conflicting-row"] += 1
                elif row.keys in policies:
                    self._collector.skipped["channel-duplicate"] += 1
                else:
                    policies[row.keys] = row.policy
            source, destination = first.keys
            both = (first.policy, policies.get((destination, source)))
            if source == destination:
                both = (first.policy, None)
            self._collector.add_channel(ChannelRow(scid, first.keys, first.capacity_sat, 0, both))

    def _direction(self, record: Mapping[str, object]) -> _Direction:
        """The typed row.

        Raises:
            BadField: A field has a type that the format does not know; `_BadKey` if it is a key.
        """
        values = (
            integer(record, "base_fee_millisatoshi"),
            integer(record, "fee_per_millionth"),
            0,
            0,
            integer(record, "delay"),
            _amount_msat(record, "htlc_minimum_msat"),
            _amount_msat(record, "htlc_maximum_msat"),
            integer(record, "last_update"),
        )
        capacity_msat = _amount_msat(record, "amount_msat")
        capacity_sat = capacity_msat // _MSAT_PER_SAT or integer(record, "satoshis")
        policy = PolicyRow(_is_disabled(record), values)
        ends = (str(record.get("source")).lower(), str(record.get("destination")).lower())
        try:
            keys = (self._collector.key(ends[0]), self._collector.key(ends[1]))
        except BadField as exc:
            raise _BadKey from exc
        return _Direction(ends, keys, capacity_sat, policy)


class _BadKey(BadField):
    """An end of a row that is no key."""


def _newest_first(row: _Direction) -> tuple[object, ...]:
    return (
        -row.policy.values[Field.LAST_UPDATE],
        -row.capacity_sat,
        row.policy.values,
        row.policy.is_disabled,
        row.ends,
    )


def _is_disabled(record: Mapping[str, object]) -> bool:
    """What the channel update says; `active` adds the node's own view and stands in for it."""
    if record.get("channel_flags") is not None:
        return bool(integer(record, "channel_flags") & _CHANNEL_DISABLED)
    return record.get("active") is not None and not flag(record, "active")


def _amount_msat(record: Mapping[str, object], name: str) -> int:
    """An amount as a number, or as `123msat` (before v23.05); 0 if it is not stated.

    Raises:
        BadField: It is something else.
    """
    value = record.get(name)
    if isinstance(value, str):
        match = _MSAT_TEXT.fullmatch(value)
        if match is not None:
            return clamped(int(match[1]))
    return integer(record, name)


def add_node(record: object, collector: RowCollector) -> None:
    """Add one element of `listnodes`, or count why not.

    Nodes that never announced themselves have a key only.
    """
    add_node_record(record, _NODE_SHAPE, collector)


def _address_kinds(addresses: object) -> AddressKind:
    """All kinds among the announced addresses.

    Raises:
        BadField: Not a list of objects with a text `type`.
    """
    if addresses is None:
        return AddressKind.NONE
    if not isinstance(addresses, list):
        raise BadField
    kinds = AddressKind.NONE
    for address in addresses:
        kind = address.get("type") if isinstance(address, dict) else None
        if not isinstance(kind, str):
            raise BadField
        kinds |= _ADDRESS_KINDS.get(kind, AddressKind.NONE)
    return kinds


_NODE_SHAPE: Final = NodeShape(_NODE_FIELDS, "nodeid", "last_timestamp", _address_kinds)
