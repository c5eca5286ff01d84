"""Bytes in: a plain, gzip, zip or zstd file or standard input, under explicit limits."""

import errno
import io
import os
import re
import stat
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import BinaryIO, Final, NoReturn

import numpy as np
import zstandard

from daznode.domain.errors import InvalidDump
from daznode.domain.progress import Progress

DEFAULT_MAX_BYTES: Final = 2 * 1024**3
"""Decompressed bytes accepted by default: some 18 times a 16,000-node dump of today's LND."""

MAX_EXPANSION: Final = 100
"""Decompressed bytes per compressed byte accepted once `EXPANSION_GRACE_BYTES` are out.

Real dumps shrink 8 to 15 times: their keys are random. A thousand times is a bomb of blanks.
"""

EXPANSION_GRACE_BYTES: Final = 64 * 1024**2
"""Decompressed bytes below which the expansion is not looked at."""

PADDING_BYTES: Final = 128
"""Zero bytes after the text: a scanner that looks ahead stops on them, inside the buffer."""

STANDARD_INPUT: Final = "-"
"""Path that means standard input."""

_CHUNK_BYTES: Final = 1024**2
_READ_BYTES: Final = 4 * 1024**2
_COMPRESSED_CHUNK_BYTES: Final = 16 * 1024
# One zstd block of 4 bytes can stand for 128 KiB: 1 KiB in gives at most 32 MiB out.
_ZSTD_CHUNK_BYTES: Final = 1024
_ZSTD_MAX_WINDOW_BYTES: Final = 2**27
_ZIP_MAX_DIRECTORY_BYTES: Final = 1024**2
_ZIP_MAX_DOCUMENTS: Final = 2
_ZIP_TAIL_BYTES: Final = 22 + 65535 + 20

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPABLE: Final = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_FOREIGN: Final = {b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"7z\xbc\xaf": "7-Zip", b"Rar!": "RAR"}
_RAPID_SYNC: Final = re.compile(rb"LDK[\x01\x02]")
_GOSSIP_STORE: Final = re.compile(rb"[\x09-\x1f](?s:.{12})(?:\x01[\x00-\x02]|\x10[\x05-\x0b])")
_BLANKS: Final = b" \t\n\r"
_UTF8_MARK: Final = b"\xef\xbb\xbf"
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_ZIP_FAULTS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
)

ACCEPTED: Final = (
    "JSON of `describegraph` or `listchannels`, a `gossip_store` or a rapid gossip sync blob, "
    "plain or packed by gzip, zip or zstd"
)
"""What a dump may be, for messages."""


@dataclass(frozen=True, slots=True)
class Document:
    """One JSON text in memory.

    Attributes:
        name: The file as the caller named it, with the member's name for an archive of several.
        data: The text, UTF-8 by claim, followed by `PADDING_BYTES` zero bytes.
        size: Length of the text without the padding, bytes.
    """

    name: str
    data: memoryview
    size: int

    def fault(self, what: str, offset: int, expected: str, record: str = "") -> InvalidDump:
        """The error that refuses the dump and names the place.

        Args:
            what: What is wrong.
            offset: Where, in bytes of the decompressed text.
            expected: What should have stood there.
            record: The record it lies in, for people; empty if none.
        """
        where = f"byte {offset:,} ({record})" if record else f"byte {offset:,}"
        return InvalidDump(self.name, what, where=where, expected=expected)

    def fail(self, what: str, offset: int, expected: str, record: str = "") -> NoReturn:
        """Refuse the dump with `fault`.

        Raises:
            InvalidDump: Always.
        """
        raise self.fault(what, offset, expected, record)


class _Sink:
    """Collects decompressed bytes and stops as soon as a limit is passed."""

    def __init__(self, name: str, max_bytes: int, progress: Progress) -> None:
        self.name = name
        self.data = bytearray()
        self._max_bytes = max_bytes
        self._progress = progress
        self._is_judged = False

    def fault(self, what: str, expected: str) -> InvalidDump:
        where = f"byte {len(self.data):,} of the decompressed text"
        return InvalidDump(self.name, what, where=where, expected=expected)

    def fail(self, what: str, expected: str) -> NoReturn:
        raise self.fault(what, expected)

    def take(self, chunk: bytes, taken_bytes: int | None = None) -> None:
        """Add a piece; `taken_bytes` is what has been read of the packed file so far."""
        self.check_limit(len(self.data) + len(chunk))
        self.data += chunk
        if not self._is_judged:
            self._judge_start()
        size = len(self.data)
        if (
            taken_bytes is not None
            and size > EXPANSION_GRACE_BYTES
            and size > MAX_EXPANSION * taken_bytes
        ):
            self.fail(
                f"expands more than {MAX_EXPANSION} times",
                f"a dump, which shrinks 8 to 15 times (limit {MAX_EXPANSION} times)",
            )
        self.tell(size)

    def check_limit(self, size: int) -> None:
        """Refuse a text that is, or grows, too large."""
        if size > self._max_bytes:
            self.fail(
                f"more than {self._max_bytes:,} bytes after decompression",
                f"at most {self._max_bytes:,} bytes (the limit `max_bytes`)",
            )

    def tell(self, size: int) -> None:
        """Tell how much has been read."""
        self._progress("reading", size, self._max_bytes)

    def _judge_start(self) -> None:
        """Look at the first bytes as soon as one of them is no blank."""
        head = bytes(self.data[: 2 * _CHUNK_BYTES])
        self._is_judged = _is_dump_start(self.name, head)
        if head.startswith(_UTF8_MARK):
            del self.data[: len(_UTF8_MARK)]

    def document(self) -> Document:
        """The text with its padding."""
        if not self._is_judged:
            raise _fault_at_start(self.name, "no text at all", ACCEPTED)
        size = len(self.data)
        self.data += bytes(PADDING_BYTES)
        return Document(self.name, memoryview(self.data), size)


def is_binary_graph(head: bytes) -> bool:
    """Whether bytes begin like one of the binary formats: a rapid gossip sync blob, a gossip_store.

    A gossip_store begins with its version, below the letters of any text, and a record's header whose
    message is of a known type (`adapters/sources/gossip_store.py`).
    """
    return _RAPID_SYNC.match(head) is not None or _GOSSIP_STORE.match(head) is not None


def _is_dump_start(name: str, head: bytes) -> bool:
    """Whether a text begins like a JSON object; False while there are blanks only.

    Raises:
        InvalidDump: It begins like something else.
    """
    if is_binary_graph(head):
        return True
    if head.startswith(_UTF16_MARKS):
        raise _fault_at_start(name, "UTF-16 text", "UTF-8 text; save it again as UTF-8")
    first = head.removeprefix(_UTF8_MARK).lstrip(_BLANKS)[:1]
    if not first:
        return False
    if head.startswith((_GZIP, _ZSTD, *_ZIP)):
        raise _fault_at_start(name, "packed twice", "a dump packed once")
    if first == b"[":
        raise _fault_at_start(name, "a JSON list", f"an object: {ACCEPTED}")
    if first != b"{":
        is_text = first.isascii() and first.decode().isprintable()
        raise _fault_at_start(name, "no JSON text" if is_text else "binary data", ACCEPTED)
    return True


def _fault_at_start(name: str, what: str, expected: str) -> InvalidDump:
    return InvalidDump(name, what, where="byte 0", expected=expected)


def read_documents(
    path: str,
    *,
    max_bytes: int,
    stdin: BinaryIO | None,
    progress: Progress,
) -> list[Document]:
    """All JSON texts that a path holds: one, or two for an archive of two.

    Compression is recognised by the first bytes, never by the name.

    Args:
        path: File, or `-` for standard input.
        max_bytes: Decompressed bytes accepted in all.
        stdin: What `-` reads; None is the process's own standard input.
        progress: Told of decompressed bytes read, of at most `max_bytes`.

    Returns:
        The texts, padded; at least one.

    Raises:
        InvalidDump: It cannot be opened or unpacked, is cut, passes a limit, or starts like
            something else than a JSON object.
    """
    if path == STANDARD_INPUT:
        source = stdin if stdin is not None else sys.stdin.buffer
        return _unpack(source, "standard input", max_bytes, progress)
    try:
        with Path(path).open("rb") as source:
            return _unpack(source, path, max_bytes, progress)
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
        if isinstance(exc, OSError) and exc.errno == errno.EISDIR:
            reason = "it is a folder"
        raise InvalidDump(
            path, f"cannot be read ({reason})", where="byte 0", expected="a readable file"
        ) from exc


def _unpack(source: BinaryIO, name: str, max_bytes: int, progress: Progress) -> list[Document]:
    """Choose by the first bytes how to read the rest."""
    head = source.read(_COMPRESSED_CHUNK_BYTES)
    for magic, packer in _FOREIGN.items():
        if head.startswith(magic):
            raise _fault_at_start(name, f"packed by {packer}", ACCEPTED)
    if head.startswith(_ZIP):
        return _read_zip(source, head, name, max_bytes, progress)
    sink = _Sink(name, max_bytes, progress)
    size = _regular_size(source)
    if head[:1] == b"{" and isinstance(source, io.BufferedReader) and size > _CHUNK_BYTES:
        return [_read_regular(source, head, size, sink)]
    if head.startswith(_GZIP):
        _read_gzip(source, head, sink)
    elif head.startswith(_ZSTD) or _ZSTD_SKIPPABLE.match(head):
        _read_zstd(source, head, sink)
    else:
        _read_plain(source, head, sink)
    return [sink.document()]


def _read_plain(source: BinaryIO, head: bytes, sink: _Sink) -> None:
    chunk = head
    while chunk:
        sink.take(chunk)
        chunk = source.read(_CHUNK_BYTES)


def _regular_size(source: BinaryIO) -> int:
    """Size of a regular file; 0 for anything else."""
    try:
        status = os.fstat(source.fileno())
    except (OSError, AttributeError):
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def _read_regular(source: io.BufferedReader, head: bytes, size: int, sink: _Sink) -> Document:
    """A plain file of known size, read once into place.

    numpy's memory comes in large pages where the system has them: half the time of a bytearray.
    """
    sink.check_limit(size)
    room = np.empty(size + PADDING_BYTES, np.uint8).data
    room[: len(head)] = head
    at = len(head)
    while at < size:
        n_read = source.readinto(room[at : min(at + _READ_BYTES, size)])
        if n_read == 0:
            break
        at += n_read
        sink.tell(at)
    room[at : at + PADDING_BYTES] = bytes(PADDING_BYTES)
    return Document(sink.name, room, at)


def _packed_chunks(
    source: BinaryIO, head: bytes, step: int, sink: _Sink
) -> Iterator[tuple[bytes, int]]:
    """Pieces of a packed stream with the bytes read so far; refuses endless ones."""
    taken = 0
    chunk = head
    while chunk:
        for start in range(0, len(chunk), step):
            piece = chunk[start : start + step]
            taken += len(piece)
            yield piece, taken
        if taken > DEFAULT_MAX_BYTES:
            sink.fail(
                f"more than {DEFAULT_MAX_BYTES:,} packed bytes", "a dump packed by gzip or zstd"
            )
        chunk = source.read(_COMPRESSED_CHUNK_BYTES)


def _read_gzip(source: BinaryIO, head: bytes, sink: _Sink) -> None:
    """All members of a gzip stream, each checked against its CRC and length by zlib."""
    member = zlib.decompressobj(wbits=31)
    try:
        for piece, taken in _packed_chunks(source, head, _COMPRESSED_CHUNK_BYTES, sink):
            rest = piece
            while rest:
                if member.eof:
                    # Tapes and disks pad with zeros between and after members.
                    rest = rest.lstrip(b"\0")
                    if not rest:
                        break
                    member = zlib.decompressobj(wbits=31)
                rest = _inflate(member, rest, taken, sink)
    except zlib.error as exc:
        raise _damaged(sink, "gzip", exc) from exc
    if not member.eof:
        sink.fail("the gzip stream is cut", "its end with a checksum")


def _inflate(member: "zlib._Decompress", packed: bytes, taken: int, sink: _Sink) -> bytes:
    """Unpack one piece in bounded steps; what follows the member's end is handed back."""
    rest = packed
    while True:
        out = member.decompress(rest, _CHUNK_BYTES)
        sink.take(out, taken)
        if member.eof:
            return member.unused_data
        rest = member.unconsumed_tail
        if not rest and len(out) < _CHUNK_BYTES:
            return b""


def _read_zstd(source: BinaryIO, head: bytes, sink: _Sink) -> None:
    """All frames of a zstd stream."""
    unpacker = zstandard.ZstdDecompressor(max_window_size=_ZSTD_MAX_WINDOW_BYTES)
    frame = unpacker.decompressobj()
    try:
        for piece, taken in _packed_chunks(source, head, _ZSTD_CHUNK_BYTES, sink):
            rest = piece
            while rest:
                if frame.eof:
                    frame = unpacker.decompressobj()
                sink.take(frame.decompress(rest), taken)
                rest = frame.unused_data if frame.eof else b""
    except zstandard.ZstdError as exc:
        raise _damaged(sink, "zstd", exc) from exc
    if not frame.eof:
        sink.fail("the zstd stream is cut", "its last frame whole")


def _damaged(sink: _Sink, packer: str, exc: Exception) -> InvalidDump:
    detail = " ".join(str(exc).split())
    return sink.fault(f"damaged {packer} data ({detail})", f"whole {packer} data")


def _read_zip(
    source: BinaryIO, head: bytes, name: str, max_bytes: int, progress: Progress
) -> list[Document]:
    """The JSON members of an archive: the only one, or two (channels and nodes)."""
    archive = _seekable(source, head, name, max_bytes)
    _check_zip_directory(archive, name)
    documents: list[Document] = []
    left = max_bytes
    try:
        with zipfile.ZipFile(archive) as unpacked:
            members = _json_members(unpacked, name)
            for member in members:
                shown = f"{name} ({member.filename})" if len(members) > 1 else name
                sink = _Sink(shown, left, progress)
                _read_member(unpacked, member, sink)
                left -= len(sink.data)
                documents.append(sink.document())
    except _ZIP_FAULTS as exc:
        detail = " ".join(str(exc).split()) or type(exc).__name__
        raise InvalidDump(
            name, f"damaged zip archive ({detail})", where="unpacking", expected="a whole archive"
        ) from exc
    return documents


def _seekable(source: BinaryIO, head: bytes, name: str, max_bytes: int) -> BinaryIO:
    """The archive where it can be read backwards; a pipe is taken into memory first."""
    if source.seekable():
        source.seek(0)
        return source
    whole = bytearray(head)
    while chunk := source.read(_CHUNK_BYTES):
        whole += chunk
        if len(whole) > max_bytes:
            raise InvalidDump(
                name,
                f"more than {max_bytes:,} packed bytes",
                where=f"byte {len(whole):,}",
                expected=f"at most {max_bytes:,} bytes (the limit `max_bytes`)",
            )
    return io.BytesIO(whole)


def _check_zip_directory(archive: BinaryIO, name: str) -> None:
    """Refuse an archive whose directory would not fit a dump, before anything reads it whole."""
    size = archive.seek(0, os.SEEK_END)
    archive.seek(max(0, size - _ZIP_TAIL_BYTES))
    tail = archive.read(_ZIP_TAIL_BYTES)
    archive.seek(0)
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) - end < 22:  # noqa: PLR2004 - the record's fixed length
        raise InvalidDump(
            name, "the zip archive is cut", where=f"byte {size:,}", expected="its directory"
        )
    (directory_bytes,) = struct.unpack_from("<I", tail, end + 12)
    if directory_bytes > _ZIP_MAX_DIRECTORY_BYTES or b"PK\x06\x07" in tail[:end][-20:]:
        raise InvalidDump(
            name,
            "a zip archive with a directory too large for a dump",
            where=f"byte {size - len(tail) + end:,}",
            expected="one or two JSON members",
        )


def _json_members(unpacked: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    members = [
        member
        for member in unpacked.infolist()
        if not member.is_dir()
        and not member.filename.startswith("__MACOSX/")
        and not PurePath(member.filename).name.startswith(".")
    ]
    if len(members) > 1:
        members = [member for member in members if member.filename.lower().endswith(".json")]
    if 1 <= len(members) <= _ZIP_MAX_DOCUMENTS:
        return members
    raise InvalidDump(
        name,
        f"a zip archive with {len(members)} JSON members of {len(unpacked.infolist())}",
        where="its directory",
        expected="one JSON member, or two (channels and nodes)",
    )


def _read_member(unpacked: zipfile.ZipFile, member: zipfile.ZipInfo, sink: _Sink) -> None:
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        sink.fail(f"zip method {member.compress_type}", "a stored or deflated member")
    if member.flag_bits & 1:
        sink.fail("an encrypted zip member", "a member without password")
    with unpacked.open(member) as stream:
        taken = max(member.compress_size, 1)
        while chunk := stream.read(_CHUNK_BYTES):
            sink.take(chunk, taken)
