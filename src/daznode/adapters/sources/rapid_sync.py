"""LDK's rapid gossip sync: the whole graph in one blob, without a node; versions 1 and 2.

The blob is not signed: whoever serves it is trusted. It holds no aliases, and capacities only in
version 2. Layout after LDK's `lightning-rapid-gossip-sync` and the server that writes it.
"""

from dataclasses import dataclass
from typing import Final

from daznode.adapters.sources.addresses import kinds_of
from daznode.adapters.sources.binary import MAINNET_CHAIN, MOST_MSAT, Cursor
from daznode.adapters.sources.dump_rows import MAX_CHANNELS, MAX_NODES, DumpRows
from daznode.adapters.sources.rows import ChannelRow, Field, PolicyRow, RowCollector
from daznode.adapters.sources.streams import Document
from daznode.domain.gossip import AddressKind
from daznode.domain.ids import KEY_BYTES
from daznode.domain.progress import Progress

RAPID_SYNC_KIND: Final = "ldk-rapid-gossip-sync"
"""`SnapshotOrigin.kind` of these blobs."""

MAGIC: Final = b"LDK"
_WHAT: Final = "rapid gossip sync blob"
_BACKDATED_SECONDS: Final = 7 * 86_400
"""LDK takes every update to be a week older than the blob, whose exact moments it does not hold."""

_PARITY: Final = 0x03
_HAS_ADDRESSES, _IS_REMINDER, _HAS_EXTRA = 0x04, 0x40, 0x80
_FEATURE_SHIFT, _FEATURE_MASK, _OWN_FEATURES = 3, 0x07, 7
_HAS_FUNDING: Final = 1 << 63

_DIRECTION, _DISABLED, _INCREMENTAL = 0x01, 0x02, 0x80
_FIELDS: Final = (
    (0x40, Field.CLTV_DELTA, Cursor.u16),
    (0x20, Field.HTLC_MINIMUM_MSAT, Cursor.u64),
    (0x10, Field.BASE_FEE_MSAT, Cursor.u32),
    (0x08, Field.FEE_PPM, Cursor.u32),
    (0x04, Field.HTLC_MAXIMUM_MSAT, Cursor.u64),
)
"""Fields of an update in the order in which they stand, each with the flag that says it does."""

_PROGRESS_RECORDS: Final = 4_096


@dataclass(slots=True)
class _Channel:
    """A channel announced in the blob, with what its updates have said so far."""

    keys: tuple[int, int]
    capacity_sat: int
    values: tuple[list[int] | None, list[int] | None]
    is_disabled: tuple[bool, bool]


def read_rapid_sync(document: Document, progress: Progress) -> DumpRows:
    """Read the rows of a blob.

    Args:
        document: The blob.
        progress: Told of bytes read.

    Returns:
        The rows, not judged yet; the moment is the blob's own.

    Raises:
        InvalidDump: It is of another chain, ends early, or states what cannot be.
    """
    return _Blob(document, progress).read()


class _Blob:
    """One pass over a blob."""

    def __init__(self, document: Document, progress: Progress) -> None:
        self._document = document
        self._progress = progress
        self._cursor = Cursor(document, _WHAT, len(MAGIC))
        self._collector = RowCollector()
        self._channels: dict[int, _Channel] = {}
        self._seen_s = 0

    def read(self) -> DumpRows:
        cursor = self._cursor
        version = cursor.u8()
        chain = bytes(cursor.take(len(MAINNET_CHAIN)))
        if chain != MAINNET_CHAIN:
            self._document.fail("the graph of another chain", 4, "Bitcoin's main network")
        self._seen_s = cursor.u32()
        if version > 1:
            for _ in range(cursor.u8()):
                cursor.skip_short()
        n_nodes = self._read_nodes(version)
        n_channels = self._read_channels(n_nodes, version)
        self._read_updates(version)
        self._collect()
        return DumpRows(
            kind=RAPID_SYNC_KIND,
            rows=self._collector.rows(),
            n_node_records=n_nodes,
            n_channel_records=n_channels,
            is_generated=False,
            skipped=self._collector.skipped,
            observed_at_s=self._seen_s,
        )

    def _count(self, most: int, what: str) -> int:
        at = self._cursor.at
        count = self._cursor.u32()
        if count > most:
            self._document.fail(f"{count:,} {what}", at, f"at most {most:,}")
        return count

    def _tell(self, at_record: int) -> None:
        if at_record % _PROGRESS_RECORDS == 0:
            self._progress("parsing", self._cursor.at, self._document.size)

    def _read_nodes(self, version: int) -> int:
        count = self._count(MAX_NODES, "nodes")
        for number in range(count):
            self._tell(number)
            key = bytearray(self._cursor.take(KEY_BYTES))
            flags = key[0]
            kinds = AddressKind.NONE
            if version > 1:
                key[0] = flags & _PARITY
                kinds = self._read_node_extras(flags)
            place = self._collector.key(key.hex())
            if place != number:
                self._document.fail("a node twice", self._cursor.at, "each node once")
            if kinds is not AddressKind.NONE:
                self._collector.add_node(place, "", self._seen_s, kinds)
        return count

    def _read_node_extras(self, flags: int) -> AddressKind:
        cursor = self._cursor
        kinds = AddressKind.NONE
        if flags & _IS_REMINDER:
            return kinds
        if flags & _HAS_ADDRESSES:
            for _ in range(cursor.u8()):
                kinds |= kinds_of(cursor.take(cursor.u8()))
        if (flags >> _FEATURE_SHIFT) & _FEATURE_MASK == _OWN_FEATURES:
            cursor.skip_short()
        if flags & _HAS_EXTRA:
            cursor.vector()
        return kinds

    def _read_channels(self, n_nodes: int, version: int) -> int:
        cursor = self._cursor
        count = self._count(MAX_CHANNELS, "channels")
        scid = 0
        for number in range(count):
            self._tell(number)
            cursor.skip_short()
            scid = (scid + cursor.big_size()) & (2**64 - 1)
            first, second = cursor.big_size(), cursor.big_size()
            capacity_sat = 0
            if version > 1 and second & _HAS_FUNDING:
                second &= ~_HAS_FUNDING
                capacity_sat = self._funding_sat()
            if first >= n_nodes or second >= n_nodes:
                self._document.fail(
                    "a channel of a node that is not there", cursor.at, f"below {n_nodes:,}"
                )
            self._channels[scid] = _Channel(
                (first, second), capacity_sat, (None, None), (False,) * 2
            )
        return count

    def _funding_sat(self) -> int:
        extra = self._cursor.vector()
        start = self._cursor.at - len(extra)
        return min(Cursor(self._document, _WHAT, start).big_size(), MOST_MSAT)

    def _read_updates(self, version: int) -> None:
        cursor = self._cursor
        count = self._count(2 * MAX_CHANNELS, "updates")
        if count == 0:
            return
        defaults = [0] * len(Field)
        for field, read in (
            (Field.CLTV_DELTA, Cursor.u16),
            (Field.HTLC_MINIMUM_MSAT, Cursor.u64),
            (Field.BASE_FEE_MSAT, Cursor.u32),
            (Field.FEE_PPM, Cursor.u32),
            (Field.HTLC_MAXIMUM_MSAT, Cursor.u64),
        ):
            defaults[field] = min(read(cursor), MOST_MSAT)
        scid, former = 0, None
        for number in range(count):
            self._tell(number)
            delta = cursor.big_size()
            scid = (scid + delta) & (2**64 - 1)
            flags = cursor.u8()
            is_same = delta == 0 and former is not None and former == flags & _DIRECTION
            if version > 1 and is_same:
                cursor.vector()
                continue
            former = flags & _DIRECTION
            self._update(scid, flags, defaults)

    def _update(self, scid: int, flags: int, defaults: list[int]) -> None:
        side = flags & _DIRECTION
        channel = self._channels.get(scid)
        earlier = channel.values[side] if channel is not None else None
        values = list(earlier if flags & _INCREMENTAL and earlier is not None else defaults)
        for flag, field, read in _FIELDS:
            if flags & flag:
                values[field] = min(read(self._cursor), MOST_MSAT)
        if channel is None:
            self._collector.skipped["policy-of-unknown-channel"] += 1
            return
        if flags & _INCREMENTAL and earlier is None:
            self._collector.skipped["policy-without-its-base"] += 1
            return
        values[Field.LAST_UPDATE] = max(self._seen_s - _BACKDATED_SECONDS, 0)
        is_disabled = bool(flags & _DISABLED)
        sides, disabled = list(channel.values), list(channel.is_disabled)
        sides[side], disabled[side] = values, is_disabled
        channel.values = (sides[0], sides[1])
        channel.is_disabled = (disabled[0], disabled[1])

    def _collect(self) -> None:
        for scid, channel in self._channels.items():
            one, two = (
                None if values is None else PolicyRow(is_disabled, tuple(values))
                for values, is_disabled in zip(channel.values, channel.is_disabled, strict=True)
            )
            self._collector.add_channel(
                ChannelRow(scid, channel.keys, channel.capacity_sat, 0, (one, two))
            )
