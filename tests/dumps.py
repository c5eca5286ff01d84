"""Dumps for tests: records as LND and Core Lightning print them, every field overridable."""

import io
import json
from datetime import UTC, datetime
from typing import Any

from tests.builders import MORNING, a_node_id, a_scid

from daznode.adapters.sources.documents import Document
from daznode.adapters.sources.graph_file import GraphFile
from daznode.adapters.sources.streams import PADDING_BYTES
from daznode.domain.gossip import GraphSnapshot
from daznode.domain.ids import format_scid

IMPORTED = datetime(2025, 11, 20, 7, tzinfo=UTC)
"""When the dumps of tests are imported: an hour after `MORNING`."""

SECONDS = int(MORNING.timestamp())

FEATURES = {"9": {"name": "tlv-onion", "is_required": False, "is_known": True}}


def a_node(number: int = 1, **fields: Any) -> dict[str, Any]:
    """An element of LND's `nodes`."""
    return {
        "last_update": SECONDS - 100,
        "pub_key": a_node_id(number),
        "alias": f"node {number}",
        "addresses": [{"network": "tcp", "addr": f"203.0.113.{number}:9735"}],
        "color": "#3399ff",
        "features": FEATURES,
        "custom_records": {},
    } | fields


def a_policy(**fields: Any) -> dict[str, Any]:
    """A policy as today's LND prints it."""
    return {
        "time_lock_delta": 80,
        "min_htlc": "1000",
        "fee_base_msat": "1000",
        "fee_rate_milli_msat": "250",
        "disabled": False,
        "max_htlc_msat": "990000000",
        "last_update": SECONDS - 50,
        "custom_records": {},
        "inbound_fee_base_msat": 0,
        "inbound_fee_rate_milli_msat": -30,
    } | fields


def an_edge(number: int = 1, first: int = 1, second: int = 2, **fields: Any) -> dict[str, Any]:
    """An element of LND's `edges`, the lower key first."""
    keys = sorted((a_node_id(first), a_node_id(second)))
    return {
        "channel_id": str(a_scid(number)),
        "chan_point": f"{number:064x}:0",
        "last_update": SECONDS - 50,
        "node1_pub": keys[0],
        "node2_pub": keys[1],
        "capacity": "1000000",
        "node1_policy": a_policy(),
        "node2_policy": a_policy(fee_rate_milli_msat="7"),
        "custom_records": {},
    } | fields


def a_dump(n_nodes: int = 4, *edges: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A dump of LND: some nodes and the edges given, or a chain through the nodes."""
    chain = [an_edge(number, number, number + 1) for number in range(1, n_nodes)]
    return {
        "nodes": [a_node(number) for number in range(1, n_nodes + 1)],
        "edges": list(edges) or chain,
    } | fields


def a_row(number: int = 1, source: int = 1, destination: int = 2, **fields: Any) -> dict[str, Any]:
    """An element of Core Lightning's `listchannels`."""
    ends = (a_node_id(source), a_node_id(destination))
    direction = int(ends[0] > ends[1])
    return {
        "source": ends[0],
        "destination": ends[1],
        "short_channel_id": format_scid(a_scid(number)),
        "direction": direction,
        "public": True,
        "amount_msat": 1_000_000_000,
        "message_flags": 1,
        "channel_flags": direction,
        "active": True,
        "last_update": SECONDS - 50,
        "base_fee_millisatoshi": 1,
        "fee_per_millionth": 10 * source,
        "delay": 34,
        "htlc_minimum_msat": 1000,
        "htlc_maximum_msat": 990_000_000,
        "features": "",
    } | fields


def as_bytes(dump: object, **options: Any) -> bytes:
    """JSON text as LND's REST face prints it."""
    return json.dumps(dump, ensure_ascii=False, **options).encode()


def read(dump: object, **options: Any) -> GraphSnapshot:
    """A dump (values, or bytes) through the public reader, by standard input."""
    text = dump if isinstance(dump, bytes) else as_bytes(dump)
    observed_at = options.pop("observed_at", None)
    source = GraphFile("-", stdin=io.BytesIO(text), **options)
    return source.read(imported_at=IMPORTED, observed_at=observed_at)


def a_document(text: bytes) -> Document:
    """A text in memory with its padding."""
    return Document("test.json", memoryview(bytearray(text + bytes(PADDING_BYTES))), len(text))
