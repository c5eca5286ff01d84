"""Bytes read one field after another, each checked against the end: what binary graph formats need."""

import struct
from typing import Final

from daznode.adapters.sources.streams import Document

MAINNET_CHAIN: Final = bytes.fromhex(
    "6fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000"
)
"""`chain_hash` of Bitcoin's main network (BOLT 0, "chain_hash")."""

MOST_MSAT: Final = 2**62
"""Larger amounts are cut to this: there is not that much, and columns are signed."""

_WIDTHS: Final = {0xFD: struct.Struct(">H"), 0xFE: struct.Struct(">I"), 0xFF: struct.Struct(">Q")}
_U16: Final = struct.Struct(">H")
_U32: Final = struct.Struct(">I")
_U64: Final = struct.Struct(">Q")
_LONG: Final = 0xFFFF


class Cursor:
    """A place in a document that only moves forward.

    Args:
        document: What is read.
        what: What it claims to be, for messages.
        at: Where to begin, bytes.
    """

    def __init__(self, document: Document, what: str, at: int = 0) -> None:
        """Begin at a place."""
        self._document = document
        self._data = document.data
        self._what = what
        self.at = at

    def take(self, n_bytes: int) -> memoryview:
        """The next bytes.

        Raises:
            InvalidDump: Fewer are left.
        """
        start = self.at
        if n_bytes > self._document.size - start:
            self._document.fail(
                f"the {self._what} ends within a record", start, f"{n_bytes:,} more bytes"
            )
        self.at = start + n_bytes
        return self._data[start : self.at]

    def u8(self) -> int:
        """One byte."""
        return self.take(1)[0]

    def u16(self) -> int:
        """Two bytes, big-endian."""
        return int(_U16.unpack(self.take(2))[0])

    def u32(self) -> int:
        """Four bytes, big-endian."""
        return int(_U32.unpack(self.take(4))[0])

    def u64(self) -> int:
        """Eight bytes, big-endian."""
        return int(_U64.unpack(self.take(8))[0])

    def big_size(self) -> int:
        """A number of one to nine bytes (BOLT 1, "BigSize")."""
        first = self.u8()
        width = _WIDTHS.get(first)
        return first if width is None else int(width.unpack(self.take(width.size))[0])

    def skip_short(self) -> None:
        """Pass over bytes after their two-byte length."""
        self.take(self.u16())

    def vector(self) -> memoryview:
        """Bytes after their length, which is a `u16`, or `0xffff` and a `u64` to be added to it."""
        length = self.u16()
        if length == _LONG:
            length += self.u64()
        return self.take(length)
