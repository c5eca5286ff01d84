"""Domain to JSON and back: the one place that knows the shapes in which values are stored.

A report is stored as its dataclass reads: fields in their order, enums as their values, moments as
ISO 8601 in UTC with `Z`, amounts of bitcoin as JSON numbers with their decimals. It has two faces of
the same content: packed (one line) in the database, indented in the file that people and retrieval
read. Short channel ids of an observation are text (`814x12x1`), since their 64 bits exceed the
2^53 that JSON readers keep exactly.

Every encoding is read back before it is handed out. What cannot be read back unchanged (NaN, a
moment without a zone, half a surrogate pair in an alias) is a bug of ours and is said as one,
before anything is stored.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import msgspec
import zstandard

from daznode.domain.digest import Digest
from daznode.domain.errors import (
    InvalidParameter,
    InvalidScid,
    InvariantBroken,
    MigrationNeeded,
    StoreCorrupt,
)
from daznode.domain.gossip import SnapshotOrigin
from daznode.domain.ids import format_scid, parse_scid
from daznode.domain.node_state import NodeObservation
from daznode.domain.report import DailyReport

Value = TypeVar("Value")

REPORT_SHAPE: Final = 1
"""Shape of a stored report: the part of its `report_version` before the first dot."""

OBSERVATION_SHAPE: Final = 1
"""Shape of a stored observation, kept as its `shape_version`."""

DIGEST_SHAPE: Final = 1
"""Shape of a stored digest, kept as its `shape_version`."""

MANIFEST_SHAPE: Final = 1
"""Shape of a stored snapshot, kept as its manifest's `shape_version`."""

_INDENT: Final = 2
_ZSTD_LEVEL: Final = 3
_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
"""First bytes of a Zstandard frame (RFC 8878, section 3.1.1); JSON never starts like that."""

_LARGEST_REPORT_BYTES: Final = 64 * 2**20
_SHAPE_DIGITS: Final = 6

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_REPORTS: Final = msgspec.json.Decoder(DailyReport)
_SHAPELESS: Final = msgspec.json.Decoder()

UNREADABLE: Final = (msgspec.MsgspecError, UnicodeError, RecursionError, OverflowError, ValueError)
_UNWRITABLE: Final = (msgspec.MsgspecError, UnicodeError, OverflowError, TypeError)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file of a stored snapshot.

    Attributes:
        size_bytes: Its length.
        sha256: Hash of its bytes, 64 hex characters.
    """

    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SnapshotManifest:
    """What a stored snapshot is, without its columns.

    Attributes:
        shape_version: `MANIFEST_SHAPE` of the program that wrote it.
        origin: Where the snapshot comes from.
        n_nodes: Nodes in it.
        n_channels: Channels in it.
        files: Its files by name.
    """

    shape_version: int
    origin: SnapshotOrigin
    n_nodes: int
    n_channels: int
    files: dict[str, StoredFile]


_MANIFESTS: Final = msgspec.json.Decoder(SnapshotManifest)


def encode_report(report: DailyReport) -> bytes:
    """A report as the file that people and retrieval read: indented, with a newline at the end.

    Raises:
        InvariantBroken: The report holds something that cannot be read back unchanged.
    """
    return file_face(pack_report(report))


def pack_report(report: DailyReport) -> bytes:
    """A report as the database keeps it: JSON on one line.

    Raises:
        InvariantBroken: The report holds something that cannot be read back unchanged.
    """
    return read_back(report, _ENCODER.encode, decode_report, f"report {report.report_id}")


def shrink(packed: bytes) -> bytes:
    """What the database keeps of a packed report: a Zstandard frame, a fifth of its size or less."""
    return zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(packed)


def expand(kept: bytes, where: str) -> bytes:
    """The packed report of what the database keeps; JSON, as older versions kept it, stays as it is.

    Raises:
        StoreCorrupt: It is damaged, or larger than any report.
    """
    if not kept.startswith(_ZSTD_MAGIC):
        return kept
    try:
        size_bytes = zstandard.frame_content_size(kept)
        if not 0 <= size_bytes <= _LARGEST_REPORT_BYTES:
            message = f"{where}: cannot be read: it says that it has {size_bytes} bytes"
            raise StoreCorrupt(message)
        return zstandard.ZstdDecompressor().decompress(kept)
    except zstandard.ZstdError as error:
        raise corrupt(where, error) from error


def file_face(packed: bytes) -> bytes:
    """The indented face of a packed report."""
    return msgspec.json.format(packed, indent=_INDENT) + b"\n"


def decode_report(data: bytes, where: str = "report") -> DailyReport:
    """A report from either face.

    Args:
        data: UTF-8 JSON.
        where: What is being read, for the message.

    Raises:
        StoreCorrupt: It is no report; the message names the field.
        MigrationNeeded: It was written by a newer version of the program.
    """
    try:
        report = _REPORTS.decode(data)
    except UNREADABLE as error:
        version = _version_in(data)
        if _shape_of(version) > REPORT_SHAPE:
            check_shape(version, REPORT_SHAPE, where)
        raise corrupt(where, error) from error
    check_shape(report.report_version, REPORT_SHAPE, where)
    _check_moments(_moments_of_report(report), where)
    return report


def encode_observation(observation: NodeObservation) -> bytes:
    """A state of the own node as JSON on one line, its shape's version first.

    Raises:
        InvariantBroken: It holds something that cannot be read back unchanged.
    """
    where = f"observation of {observation.identity.node_id}"
    return read_back(observation, _observation_shape, decode_observation, where)


def decode_observation(data: bytes, where: str = "observation") -> NodeObservation:
    """A state of the own node.

    Args:
        data: UTF-8 JSON.
        where: What is being read, for the message.

    Raises:
        StoreCorrupt: It is no observation; the message names the field.
        MigrationNeeded: It was written by a newer version of the program.
    """
    try:
        shape = _SHAPELESS.decode(data)
        check_shape(shape["shape_version"], OBSERVATION_SHAPE, where)
        for channel in shape["channels"]:
            channel["scid"] = parse_scid(channel["scid"])
        observation = msgspec.convert(shape, NodeObservation)
    except (*UNREADABLE, InvalidScid, KeyError, TypeError, AttributeError) as error:
        raise corrupt(where, error) from error
    _check_moments(_moments_of_observation(observation), where)
    return observation


def encode_digest(digest: Digest) -> bytes:
    """A week or month as JSON on one line, its shape's version first.

    Raises:
        InvariantBroken: It holds something that cannot be read back unchanged.
    """

    def encode(value: Digest) -> bytes:
        return _ENCODER.encode({"shape_version": DIGEST_SHAPE, **msgspec.to_builtins(value)})

    return read_back(digest, encode, decode_digest, f"digest {digest.digest_id}")


def decode_digest(data: bytes, where: str = "digest") -> Digest:
    """A week or month.

    Raises:
        StoreCorrupt: It is no digest; the message names the field.
        MigrationNeeded: It was written by a newer version of the program.
    """
    try:
        shape = _SHAPELESS.decode(data)
        check_shape(shape["shape_version"], DIGEST_SHAPE, where)
        digest = msgspec.convert(shape, Digest)
    except (*UNREADABLE, KeyError, TypeError) as error:
        raise corrupt(where, error) from error
    moments = (digest.first_date, digest.last_date, digest.generated_at, digest.best_day)
    _check_moments(iter(moments), where)
    return digest


def encode_manifest(manifest: SnapshotManifest) -> bytes:
    """A snapshot's manifest as indented JSON with a newline at the end."""
    return file_face(read_back(manifest, _ENCODER.encode, decode_manifest, "snapshot manifest"))


def decode_manifest(data: bytes, where: str = "snapshot manifest") -> SnapshotManifest:
    """A snapshot's manifest.

    Raises:
        StoreCorrupt: It is no manifest; the message names the field.
        MigrationNeeded: It was written by a newer version of the program.
    """
    try:
        manifest = _MANIFESTS.decode(data)
    except UNREADABLE as error:
        raise corrupt(where, error) from error
    check_shape(manifest.shape_version, MANIFEST_SHAPE, where)
    _check_moments(iter((manifest.origin.observed_at, manifest.origin.imported_at)), where)
    return manifest


def moment_text(moment: datetime) -> str:
    """A moment as text that sorts as the moments do: UTC, microseconds always written.

    Raises:
        InvalidParameter: The moment has no zone.
    """
    if moment.utcoffset() is None:
        message = f"moment {moment.isoformat()}: has no zone; expected UTC"
        raise InvalidParameter(message)
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def _observation_shape(observation: NodeObservation) -> bytes:
    shape: dict[str, Any] = msgspec.to_builtins(observation)
    for channel in shape["channels"]:
        channel["scid"] = format_scid(channel["scid"])
    return _ENCODER.encode({"shape_version": OBSERVATION_SHAPE, **shape})


def read_back(
    value: Value,
    encode: Callable[[Value], bytes],
    decode: Callable[[bytes], Value],
    what: str,
) -> bytes:
    """Encode, and read back what was encoded."""
    try:
        data = encode(value)
        is_same = decode(data) == value
    except (*_UNWRITABLE, StoreCorrupt, MigrationNeeded) as error:
        message = f"{what}: cannot be stored: {_one_line(error)}"
        raise InvariantBroken(message) from error
    if not is_same:
        message = f"{what}: cannot be stored: a figure is not a number (NaN) or infinite"
        raise InvariantBroken(message)
    return data


def _moments_of_report(report: DailyReport) -> Iterator[datetime | None]:
    yield report.report_date
    yield report.generation_timestamp
    for source in report.sources:
        yield source.observed_at
    for alert in report.alerts:
        yield alert.detected_at
    if report.outside is not None:
        for entry in report.outside.entries:
            yield entry.observed_at
            yield entry.first_seen_at
        if report.outside.onchain is not None:
            yield report.outside.onchain.observed_at


def _moments_of_observation(observation: NodeObservation) -> Iterator[datetime | None]:
    yield observation.observed_at
    for channel in observation.channels:
        yield channel.opened_at


def _check_moments(moments: Iterator[datetime | None], where: str) -> None:
    for moment in moments:
        if moment is not None and moment.utcoffset() != timedelta(0):
            message = f"{where}: the moment {moment.isoformat()} is not in UTC"
            raise StoreCorrupt(message)


def _version_in(data: bytes) -> object:
    """The `report_version` of something that may be a report of another shape."""
    try:
        shape = _SHAPELESS.decode(data)
    except UNREADABLE:
        return None
    return shape.get("report_version") if isinstance(shape, dict) else None


def _shape_of(version: object) -> int:
    """The shape that a version names: the number before its first dot; 0 if it names none."""
    text = str(version).partition(".")[0]
    is_number = text.isascii() and text.isdigit() and len(text) <= _SHAPE_DIGITS
    return int(text) if is_number else 0


def check_shape(version: object, known: int, where: str) -> None:
    """Tell a shape of the future from no shape at all."""
    shape = _shape_of(version)
    if shape > known:
        message = f"{where}: has shape {shape}, this program reads up to {known}; update daznode"
        raise MigrationNeeded(message)
    if shape < 1:
        message = f"{where}: its version {version!r:.40} names no shape; expected {known}"
        raise StoreCorrupt(message)


def corrupt(where: str, error: Exception) -> StoreCorrupt:
    """What to raise for something stored that cannot be read."""
    message = f"{where}: cannot be read: {_one_line(error)}"
    return StoreCorrupt(message)


def _one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
