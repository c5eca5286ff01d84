"""Bytes in: compression by content, limits, and streams that lie."""

import gzip
import io
import random
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest
import zstandard
from tests.dumps import a_dump, as_bytes

from daznode.adapters.sources import streams
from daznode.adapters.sources.streams import (
    PADDING_BYTES,
    Document,
    read_documents,
)
from daznode.domain.errors import InvalidDump
from daznode.domain.progress import silent

TEXT = as_bytes(a_dump(5), indent=2)


def unpack(data: bytes, max_bytes: int = 10**9) -> list[Document]:
    return read_documents("-", max_bytes=max_bytes, stdin=io.BytesIO(data), progress=silent)


def a_zip(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def noise(n_bytes: int) -> bytes:
    return random.Random(3).randbytes(n_bytes).hex().encode()


@pytest.mark.parametrize(
    "data",
    [
        TEXT,
        gzip.compress(TEXT),
        zstandard.compress(TEXT),
        b"\x50\x2a\x4d\x18\x04\x00\x00\x00note" + zstandard.compress(TEXT),
        a_zip(("dump", TEXT)),
        a_zip(("README.txt", b"x"), ("graph.JSON", TEXT), ("__MACOSX/a.json", b"")),
        a_zip(("graph.json", TEXT), method=zipfile.ZIP_STORED),
    ],
)
def test_text_comes_out_with_padding(data: bytes) -> None:
    [document] = unpack(data)
    assert document.data[: document.size] == TEXT
    assert document.data[document.size :] == bytes(PADDING_BYTES)


def test_large_members_pass_through_every_step_of_the_loop() -> None:
    text = b'{"a": "' + noise(3_000_000) + b'"}' + b" " * 5_000_000
    for data in (gzip.compress(text, 1), zstandard.compress(text), a_zip(("a.json", text))):
        [document] = unpack(data)
        assert document.data[: document.size] == text


def test_pipe_that_cannot_seek_holds_a_zip() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise io.UnsupportedOperation

    [document] = read_documents(
        "-", max_bytes=10**6, stdin=Pipe(a_zip(("a.json", TEXT))), progress=silent
    )
    assert document.data[: document.size] == TEXT


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress, bytes])
def test_limit_is_named_and_kept(pack: object) -> None:
    data = pack(TEXT)  # type: ignore[operator]
    assert unpack(data, len(TEXT))[0].size == len(TEXT)
    limit = len(TEXT) - 1
    with pytest.raises(InvalidDump, match=f"at most {limit:,} bytes \\(the limit `max_bytes`\\)"):
        unpack(data, limit)


def test_limit_counts_all_members_of_an_archive() -> None:
    two = a_zip(("a.json", TEXT), ("b.json", TEXT))
    assert len(unpack(two, 2 * len(TEXT))) == 2
    with pytest.raises(InvalidDump, match=r"b\.json.*the limit `max_bytes`"):
        unpack(two, 2 * len(TEXT) - 1)


@pytest.mark.parametrize("kind", ["gzip", "zip", "zstd"])
def test_bomb_stops_early_in_bounded_memory(kind: str, tmp_path: Path) -> None:
    """A file of some KB that holds 10 GB of blanks costs the grace and no more."""
    path = tmp_path / "bomb"
    block = b" " * 2**24
    if kind == "zip":
        with (
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
            archive.open("a.json", "w") as member,
        ):
            member.write(b"{")
            for _ in range(20):
                member.write(block)
    elif kind == "gzip":
        member = gzip.compress(block)
        path.write_bytes(gzip.compress(b"{") + member * 600)
    else:
        path.write_bytes(zstandard.compress(b"{") + zstandard.compress(block) * 600)
    assert path.stat().st_size < 12_000_000
    tracemalloc.start()
    try:
        with pytest.raises(InvalidDump, match="expands more than 100 times"):
            read_documents(str(path), max_bytes=2 * 1024**3, stdin=None, progress=silent)
        assert tracemalloc.get_traced_memory()[1] < 250_000_000
    finally:
        tracemalloc.stop()


def test_small_limit_stops_a_bomb_before_the_grace() -> None:
    bomb = gzip.compress(b"{" + b" " * 50_000_000)
    with pytest.raises(InvalidDump, match="more than 1,000,000 bytes after decompression"):
        unpack(bomb, 1_000_000)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (gzip.compress(TEXT)[:-9], "the gzip stream is cut"),
        (gzip.compress(TEXT)[:5], "the gzip stream is cut"),
        (gzip.compress(TEXT) + b"rubbish", "damaged gzip data"),
        (gzip.compress(TEXT)[:-8] + bytes(8), "damaged gzip data"),
        (zstandard.compress(TEXT)[:-5], "the zstd stream is cut"),
        (zstandard.compress(TEXT) + b"rubbish", "damaged zstd data"),
        (a_zip(("a.json", TEXT))[:-10], "the zip archive is cut"),
        (a_zip(("a.json", TEXT))[:60], "the zip archive is cut"),
        (a_zip(("a.json", b"")), "no text at all"),
        (a_zip(), "a zip archive with 0 JSON members"),
        (a_zip(("a.txt", TEXT), ("b.txt", TEXT)), "a zip archive with 0 JSON members of 2"),
        (a_zip(*((f"{i}.json", TEXT) for i in range(3))), "3 JSON members"),
        (a_zip(("a.json", TEXT), method=zipfile.ZIP_BZIP2), "zip method 12"),
        (gzip.compress(gzip.compress(TEXT)), "packed twice"),
        (gzip.compress(a_zip(("a.json", TEXT))), "packed twice"),
        (b"BZh91AY&SY", "packed by bzip2"),
        (b"\xfd7zXZ\x00", "packed by xz"),
        (gzip.compress(b"\x00\x01\x02"), "binary data"),
    ],
)
def test_damaged_or_foreign_packing_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(InvalidDump, match=message):
        unpack(data)


def test_zip_with_a_flipped_byte_is_refused() -> None:
    whole = a_zip(("a.json", TEXT), method=zipfile.ZIP_STORED)
    broken = bytearray(whole)
    broken[whole.index(b"capacity")] ^= 1
    with pytest.raises(InvalidDump, match="damaged zip archive"):
        unpack(bytes(broken))


def test_encrypted_member_is_refused() -> None:
    data = bytearray(a_zip(("a.json", TEXT)))
    for signature, flag_offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.rindex(signature) + flag_offset] |= 1
    with pytest.raises(InvalidDump, match="an encrypted zip member"):
        unpack(bytes(data))


def test_zip_with_a_huge_directory_is_refused_before_it_is_read() -> None:
    data = bytearray(a_zip(("a.json", TEXT)))
    struct.pack_into("<I", data, data.rindex(b"PK\x05\x06") + 12, 2**31)
    with pytest.raises(InvalidDump, match="directory too large"):
        unpack(bytes(data))


def test_endless_input_that_never_grows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "DEFAULT_MAX_BYTES", 100_000)
    with pytest.raises(InvalidDump, match="more than 100,000 packed bytes"):
        unpack(gzip.compress(b"{") + gzip.compress(b"") * 6_000)
    with pytest.raises(InvalidDump, match="binary data"):
        unpack(bytes(10**6))
