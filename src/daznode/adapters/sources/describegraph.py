"""LND: the records of `describegraph` of every age, one by one and exactly."""

from typing import Final

from daznode.adapters.sources.rows import (
    BadField,
    ChannelRow,
    NodeShape,
    PolicyRow,
    RowCollector,
    add_node_record,
    address_kind,
    flag,
    has_repeated,
    integer,
)
from daznode.domain.errors import InvalidScid
from daznode.domain.gossip import AddressKind
from daznode.domain.ids import parse_scid

NODE_FIELDS: Final = frozenset({"pub_key", "alias", "last_update", "addresses"})
"""Fields read of a node."""

EDGE_FIELDS: Final = frozenset(
    {
        "channel_id",
        "node1_pub",
        "node2_pub",
        "capacity",
        "last_update",
        "node1_policy",
        "node2_policy",
    }
)
"""Fields read of an edge."""

POLICY_INTEGERS: Final = (
    "fee_base_msat",
    "fee_rate_milli_msat",
    "inbound_fee_base_msat",
    "inbound_fee_rate_milli_msat",
    "time_lock_delta",
    "min_htlc",
    "max_htlc_msat",
    "last_update",
)
"""Integer fields of a policy in the order of `rows.Field`; `min_htlc` is msat in spite of its name."""

POLICY_FIELDS: Final = frozenset({*POLICY_INTEGERS, "disabled"})
"""Fields read of a policy."""

# A policy that states none of these says nothing: LND leaves out zeros at most, never all three.
_TELLING_FIELDS: Final = ("time_lock_delta", "fee_base_msat", "fee_rate_milli_msat")


def add_node(record: object, collector: RowCollector) -> None:
    """Add one element of `nodes`, or count why not."""
    add_node_record(record, _NODE_SHAPE, collector)


def add_edge(record: object, collector: RowCollector) -> None:
    """Add one element of `edges`, or count why not."""
    if not isinstance(record, dict):
        collector.skipped["channel-wrong-type"] += 1
        return
    if has_repeated(record, EDGE_FIELDS):
        collector.skipped["channel-repeated-field"] += 1
        return
    try:
        scid = scid_of(record.get("channel_id"))
    except InvalidScid:
        collector.skipped["channel-scid-invalid"] += 1
        return
    try:
        capacity_sat = integer(record, "capacity")
        last_update = integer(record, "last_update")
    except BadField:
        collector.skipped["channel-wrong-type"] += 1
        return
    try:
        keys = (collector.key(record.get("node1_pub")), collector.key(record.get("node2_pub")))
    except BadField:
        collector.skipped["channel-key-invalid"] += 1
        return
    policies = (
        _policy(record.get("node1_policy"), collector),
        _policy(record.get("node2_policy"), collector),
    )
    collector.add_channel(ChannelRow(scid, keys, capacity_sat, last_update, policies))


def scid_of(value: object) -> int:
    """A short channel id as a number, its digits in quotes, or `814x12x1`.

    Raises:
        InvalidScid: None of these.
    """
    if type(value) is int or isinstance(value, str):
        return parse_scid(str(value))
    message = f"short channel id of type {type(value).__name__}: expected a number or a text"
    raise InvalidScid(message)


def _policy(record: object, collector: RowCollector) -> PolicyRow | None:
    """One side's policy; None if there is none, or if it is unusable (counted)."""
    if record is None:
        return None
    if not isinstance(record, dict):
        collector.skipped["policy-wrong-type"] += 1
        return None
    if has_repeated(record, POLICY_FIELDS):
        collector.skipped["policy-repeated-field"] += 1
        return None
    if all(record.get(name) is None for name in _TELLING_FIELDS):
        collector.skipped["policy-empty"] += 1
        return None
    try:
        values = tuple(integer(record, name) for name in POLICY_INTEGERS)
        return PolicyRow(flag(record, "disabled"), values)
    except BadField:
        collector.skipped["policy-wrong-type"] += 1
        return None


def _address_kinds(addresses: object) -> AddressKind:
    """All kinds among the announced addresses.

    Raises:
        BadField: Not a list of objects that hold a text `addr`.
    """
    if addresses is None:
        return AddressKind.NONE
    if not isinstance(addresses, list):
        raise BadField
    kinds = AddressKind.NONE
    for address in addresses:
        text = address.get("addr") if isinstance(address, dict) else None
        if not isinstance(text, str):
            raise BadField
        kinds |= address_kind(text)
    return kinds


_NODE_SHAPE: Final = NodeShape(NODE_FIELDS, "pub_key", "last_update", _address_kinds)
