"""Core Lightning's `gossip_store`: the graph as the node keeps it on disk.

Records are appended while the node runs; the file may end in one that is not whole yet, where
reading stops. Layout after Core Lightning's `common/gossip_store.h`, messages after BOLT 7.
"""

import struct
from dataclasses import dataclass, field
from typing import Final

import google_crc32c

from daznode.adapters.sources.addresses import kinds_of
from daznode.adapters.sources.binary import MAINNET_CHAIN, MOST_MSAT, Cursor
from daznode.adapters.sources.dump_rows import MAX_CHANNELS, MAX_NODES, DumpRows
from daznode.adapters.sources.rows import ChannelRow, Field, PolicyRow, RowCollector, clean_alias
from daznode.adapters.sources.streams import Document
from daznode.domain.ids import KEY_BYTES
from daznode.domain.progress import Progress

GOSSIP_STORE_KIND: Final = "cln-gossip-store"
"""`SnapshotOrigin.kind` of these files."""

_WHAT: Final = "gossip_store"
_HEADER: Final = struct.Struct(">HHII")
_COMPLETED_SINCE: Final = 15
_IS_DELETED, _IS_COMPLETED, _IS_ZOMBIE = 0x8000, 0x2000, 0x1000
_ANNOUNCEMENT, _NODE, _UPDATE = 256, 257, 258
_AMOUNT, _DELETED_CHANNEL, _ENDED = 4101, 4103, 4105

_SIGNATURE_BYTES: Final = 64
_ALIAS_BYTES: Final = 32
_DIRECTION, _IS_DISABLED_FLAG = 1, 2
_INBOUND_FEES: Final = 55_555
"""TLV in which LND announces its inbound fees: two signed 32-bit numbers."""
_PROGRESS_RECORDS: Final = 4_096
_INBOUND: Final = struct.Struct(">ii")


@dataclass(slots=True)
class _Channel:
    """A channel announced in the file, with its newest updates."""

    keys: tuple[int, int]
    capacity_sat: int = 0
    policies: list[PolicyRow | None] = field(default_factory=lambda: [None, None])


def read_gossip_store(document: Document, progress: Progress) -> DumpRows:
    """Read the rows of a file.

    Args:
        document: The file.
        progress: Told of bytes read.

    Returns:
        The rows, not judged yet.

    Raises:
        InvalidDump: It is of another chain, damaged (a checksum does not fit), or holds a message
            that BOLT 7 does not know.
    """
    return _Store(document, progress).read()


class _Store:
    """One pass over a file."""

    def __init__(self, document: Document, progress: Progress) -> None:
        self._document = document
        self._progress = progress
        self._collector = RowCollector()
        self._channels: dict[int, _Channel] = {}
        self._latest: _Channel | None = None
        self._n_nodes = 0
        self._n_channels = 0

    def read(self) -> DumpRows:
        document = self._document
        minor = document.data[0] & 0x1F
        at, number = 1, 0
        while at + _HEADER.size <= document.size:
            flags, length, crc, moment_s = _HEADER.unpack_from(document.data, at)
            start = at + _HEADER.size
            is_whole = start + length <= document.size
            if not is_whole or (minor >= _COMPLETED_SINCE and not flags & _IS_COMPLETED):
                break  # still being written
            if not flags & (_IS_DELETED | _IS_ZOMBIE):
                if (
                    google_crc32c.extend(moment_s, bytes(document.data[start : start + length]))
                    != crc
                ):
                    document.fail("a record whose checksum does not fit", at, "a whole file")
                if not self._take(start, length):
                    break
            at = start + length
            number += 1
            if number % _PROGRESS_RECORDS == 0:
                self._progress("parsing", at, document.size)
        self._collect()
        return DumpRows(
            kind=GOSSIP_STORE_KIND,
            rows=self._collector.rows(),
            n_node_records=self._n_nodes,
            n_channel_records=self._n_channels,
            is_generated=False,
            skipped=self._collector.skipped,
        )

    def _take(self, start: int, length: int) -> bool:
        """Take one message; False if it says that the file goes on elsewhere."""
        cursor = Cursor(self._document, _WHAT, start)
        kind = cursor.u16()
        if kind == _ANNOUNCEMENT:
            self._announce(cursor)
        elif kind == _AMOUNT:
            if self._latest is not None:
                self._latest.capacity_sat = min(cursor.u64(), MOST_MSAT)
        elif kind == _UPDATE:
            self._update(cursor, start + length)
        elif kind == _NODE:
            self._node(cursor)
        elif kind == _DELETED_CHANNEL:
            self._channels.pop(cursor.u64(), None)
        return kind != _ENDED

    def _check_chain(self, cursor: Cursor) -> None:
        at = cursor.at
        if bytes(cursor.take(len(MAINNET_CHAIN))) != MAINNET_CHAIN:
            self._document.fail("gossip of another chain", at, "Bitcoin's main network")

    def _announce(self, cursor: Cursor) -> None:
        cursor.take(4 * _SIGNATURE_BYTES)
        cursor.skip_short()
        self._check_chain(cursor)
        scid = cursor.u64()
        keys = (
            self._collector.key(cursor.take(KEY_BYTES).hex()),
            self._collector.key(cursor.take(KEY_BYTES).hex()),
        )
        self._latest = _Channel(keys)
        self._channels[scid] = self._latest
        self._n_channels += 1
        if len(self._channels) > MAX_CHANNELS or self._collector.n_keys > MAX_NODES:
            self._document.fail(
                "more nodes or channels than any network has",
                cursor.at,
                f"at most {MAX_NODES:,} nodes and {MAX_CHANNELS:,} channels",
            )

    def _update(self, cursor: Cursor, end: int) -> None:
        cursor.take(_SIGNATURE_BYTES)
        self._check_chain(cursor)
        scid = cursor.u64()
        values = [0] * len(Field)
        values[Field.LAST_UPDATE] = cursor.u32()
        cursor.u8()
        flags = cursor.u8()
        values[Field.CLTV_DELTA] = cursor.u16()
        values[Field.HTLC_MINIMUM_MSAT] = min(cursor.u64(), MOST_MSAT)
        values[Field.BASE_FEE_MSAT] = cursor.u32()
        values[Field.FEE_PPM] = cursor.u32()
        values[Field.HTLC_MAXIMUM_MSAT] = min(cursor.u64(), MOST_MSAT)
        inbound = self._inbound(cursor, end)
        values[Field.INBOUND_BASE_FEE_MSAT], values[Field.INBOUND_FEE_PPM] = inbound
        channel = self._channels.get(scid)
        if channel is None:
            self._collector.skipped["policy-of-unknown-channel"] += 1
            return
        side = flags & _DIRECTION
        former = channel.policies[side]
        if former is None or former.values[Field.LAST_UPDATE] <= values[Field.LAST_UPDATE]:
            channel.policies[side] = PolicyRow(bool(flags & _IS_DISABLED_FLAG), tuple(values))

    def _inbound(self, cursor: Cursor, end: int) -> tuple[int, int]:
        """Inbound fees from the TLVs behind an update; zero where there are none."""
        while cursor.at < end:
            kind, length = cursor.big_size(), cursor.big_size()
            value = cursor.take(length)
            if kind == _INBOUND_FEES and length == _INBOUND.size:
                base, ppm = _INBOUND.unpack(value)
                return int(base), int(ppm)
        return 0, 0

    def _node(self, cursor: Cursor) -> None:
        cursor.take(_SIGNATURE_BYTES)
        cursor.skip_short()
        moment_s = cursor.u32()
        key = self._collector.key(cursor.take(KEY_BYTES).hex())
        cursor.take(3)
        alias = bytes(cursor.take(_ALIAS_BYTES)).rstrip(b"\0").decode("utf-8", "replace")
        kinds = kinds_of(cursor.take(cursor.u16()))
        self._collector.add_node(key, clean_alias(alias), moment_s, kinds)
        self._n_nodes += 1

    def _collect(self) -> None:
        for scid, channel in self._channels.items():
            one, two = channel.policies
            self._collector.add_channel(
                ChannelRow(scid, channel.keys, channel.capacity_sat, 0, (one, two))
            )
