"""Binary graphs as Core Lightning and LDK write them, made from plain values for the tests."""

import struct
from dataclasses import dataclass, field

import google_crc32c

MAINNET = bytes.fromhex("6fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000")
SEEN_S = 1_763_600_400


@dataclass
class Update:
    """One direction of one channel as it is announced."""

    scid: int
    side: int
    base_fee_msat: int = 1_000
    fee_ppm: int = 100
    cltv_delta: int = 80
    htlc_minimum_msat: int = 1_000
    htlc_maximum_msat: int = 990_000_000
    is_disabled: bool = False
    moment_s: int = SEEN_S
    inbound: tuple[int, int] | None = None


@dataclass
class Graph:
    """A public network: keys in hex, channels as (scid, first, second, capacity in sat)."""

    keys: list[str]
    channels: list[tuple[int, int, int, int]]
    updates: list[Update] = field(default_factory=list)


def big_size(value: int) -> bytes:
    if value < 0xFD:
        return bytes([value])
    for limit, mark, form in ((2**16, 0xFD, ">H"), (2**32, 0xFE, ">I"), (2**64, 0xFF, ">Q")):
        if value < limit:
            return bytes([mark]) + struct.pack(form, value)
    raise AssertionError


def rapid_sync(
    graph: Graph, version: int = 1, seen_s: int = SEEN_S, chain: bytes = MAINNET
) -> bytes:
    out = b"LDK" + bytes([version]) + chain + struct.pack(">I", seen_s)
    if version == 2:
        out += bytes([1]) + struct.pack(">H", 2) + b"\1\2"
    out += struct.pack(">I", len(graph.keys))
    for number, key in enumerate(graph.keys):
        raw = bytearray.fromhex(key)
        extra = b""
        if version == 2 and number == 0:  # an IPv4 address, own features, and data nobody knows
            raw[0] |= 0x04 | 7 << 3 | 0x80
            extra = bytes([1, 7, 1, 203, 0, 113, 5]) + struct.pack(">H", 9735)
            extra += struct.pack(">H", 1) + b"\x80" + struct.pack(">H", 3) + b"new"
        out += bytes(raw) + extra
    out += struct.pack(">I", len(graph.channels))
    before = 0
    for scid, first, second, capacity_sat in sorted(graph.channels):
        out += struct.pack(">H", 0) + big_size(scid - before) + big_size(first)
        before = scid
        if version == 2:
            funding = big_size(capacity_sat) + b"later"
            out += big_size(second | 1 << 63) + struct.pack(">H", len(funding)) + funding
        else:
            out += big_size(second)
    out += struct.pack(">I", len(graph.updates))
    if not graph.updates:
        return out
    out += struct.pack(">HQIIQ", 80, 1_000, 1_000, 100, 990_000_000)
    before = 0
    for one in sorted(graph.updates, key=lambda item: (item.scid, item.side)):
        flags, fields = one.side | (2 if one.is_disabled else 0), b""
        for flag, form, value, default in (
            (0x40, ">H", one.cltv_delta, 80),
            (0x20, ">Q", one.htlc_minimum_msat, 1_000),
            (0x10, ">I", one.base_fee_msat, 1_000),
            (0x08, ">I", one.fee_ppm, 100),
            (0x04, ">Q", one.htlc_maximum_msat, 990_000_000),
        ):
            if value != default:
                flags |= flag
                fields += struct.pack(form, value)
        out += big_size(one.scid - before) + bytes([flags]) + fields
        before = one.scid
    return out


def record(message: bytes, moment_s: int = SEEN_S, flags: int = 0x2000) -> bytes:
    crc = google_crc32c.extend(moment_s, message)
    return struct.pack(">HHII", flags, len(message), crc, moment_s) + message


def announcement(graph: Graph, scid: int, first: int, second: int, chain: bytes = MAINNET) -> bytes:
    keys = bytes.fromhex(graph.keys[first]) + bytes.fromhex(graph.keys[second])
    return (
        struct.pack(">H", 256) + bytes(256) + struct.pack(">H", 0) + chain
        + struct.pack(">Q", scid) + keys + bytes(66)
    )  # fmt: skip


def update(one: Update) -> bytes:
    message = (
        struct.pack(">H", 258) + bytes(64) + MAINNET + struct.pack(">QI", one.scid, one.moment_s)
    )
    message += bytes([1, one.side | (2 if one.is_disabled else 0)])
    message += struct.pack(
        ">HQIIQ",
        one.cltv_delta,
        one.htlc_minimum_msat,
        one.base_fee_msat,
        one.fee_ppm,
        one.htlc_maximum_msat,
    )
    if one.inbound is not None:
        message += big_size(55_555) + big_size(8) + struct.pack(">ii", *one.inbound)
    return message


def node(key: str, alias: bytes, moment_s: int = SEEN_S) -> bytes:
    address = bytes([4]) + bytes(35) + struct.pack(">H", 9735)
    return (
        struct.pack(">H", 257) + bytes(64) + struct.pack(">H", 0) + struct.pack(">I", moment_s)
        + bytes.fromhex(key) + b"\1\2\3" + alias.ljust(32, b"\0")
        + struct.pack(">H", len(address)) + address
    )  # fmt: skip


def gossip_store(graph: Graph, *more: bytes, version: int = 16) -> bytes:
    out = bytes([version]) + record(struct.pack(">H", 4107) + bytes(32), 0)
    for scid, first, second, capacity_sat in graph.channels:
        out += record(announcement(graph, scid, first, second))
        out += record(struct.pack(">HQ", 4101, capacity_sat), 0)
    out += b"".join(record(update(one)) for one in graph.updates)
    return out + b"".join(more)
