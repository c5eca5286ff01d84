"""The files of one stored snapshot: made, read back, and checked against their manifest."""

import hashlib
import os
from pathlib import Path
from typing import Final

from daznode.adapters.store.atomic import disk_errors
from daznode.adapters.store.codec import (
    MANIFEST_SHAPE,
    SnapshotManifest,
    StoredFile,
    decode_manifest,
    encode_manifest,
)
from daznode.adapters.store.columns import (
    channels_from_parquet,
    channels_to_parquet,
    nodes_from_parquet,
    nodes_to_parquet,
)
from daznode.domain.errors import InvariantBroken, StoreCorrupt
from daznode.domain.gossip import GraphSnapshot, SnapshotSummary, content_sha256

_MANIFEST: Final = "manifest.json"
_NODES: Final = "nodes.parquet"
_CHANNELS: Final = "channels.parquet"


def encode_snapshot(snapshot: GraphSnapshot) -> dict[str, bytes]:
    """The files of a snapshot by name, read back once to be sure of them.

    Raises:
        InvariantBroken: The columns are not those of the origin's hash, or break their order.
    """
    what = f"snapshot {snapshot.origin.snapshot_id}"
    try:
        nodes = nodes_to_parquet(snapshot.nodes)
        channels = channels_to_parquet(snapshot.channels)
        read_nodes = nodes_from_parquet(nodes, what)
        read_channels = channels_from_parquet(channels, snapshot.n_nodes, what)
    except (StoreCorrupt, UnicodeError, ValueError) as error:
        message = f"{what}: cannot be stored: {' '.join(str(error).split())}"
        raise InvariantBroken(message) from error
    if content_sha256(read_nodes, read_channels) != snapshot.origin.content_sha256:
        message = f"{what}: cannot be stored: its columns do not have the hash of its origin"
        raise InvariantBroken(message)
    files = {_NODES: nodes, _CHANNELS: channels}
    manifest = SnapshotManifest(
        shape_version=MANIFEST_SHAPE,
        origin=snapshot.origin,
        n_nodes=snapshot.n_nodes,
        n_channels=snapshot.n_channels,
        files={name: _stored_file(data) for name, data in files.items()},
    )
    return files | {_MANIFEST: encode_manifest(manifest)}


def _stored_file(data: bytes) -> StoredFile:
    return StoredFile(size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())


def read_manifest(folder: Path) -> SnapshotManifest:
    """What the snapshot in a folder is.

    Raises:
        StoreCorrupt: The manifest is missing, unreadable or another snapshot's.
        StoreUnavailable: The disk refuses to read it.
    """
    file = folder / _MANIFEST
    with disk_errors(file, "read"):
        try:
            data = file.read_bytes()
        except FileNotFoundError as error:
            message = f"{file}: missing; remove the folder and import the snapshot again"
            raise StoreCorrupt(message) from error
    manifest = decode_manifest(data, str(file))
    if manifest.origin.snapshot_id != folder.name:
        message = f"{file}: describes another snapshot, {manifest.origin.snapshot_id}"
        raise StoreCorrupt(message)
    return manifest


def read_summary(folder: Path) -> SnapshotSummary:
    """The snapshot in a folder without its columns.

    Raises:
        StoreCorrupt: See `read_manifest`.
        StoreUnavailable: The disk refuses to read.
    """
    manifest = read_manifest(folder)
    with disk_errors(folder, "read"), os.scandir(folder) as entries:
        stored_bytes = sum(entry.stat().st_size for entry in entries)
    return SnapshotSummary(
        origin=manifest.origin,
        n_nodes=manifest.n_nodes,
        n_channels=manifest.n_channels,
        stored_bytes=stored_bytes,
    )


def _file(folder: Path, name: str, manifest: SnapshotManifest) -> bytes:
    """A file's bytes, those that were written."""
    file = folder / name
    with disk_errors(file, "read"):
        try:
            data = file.read_bytes()
        except FileNotFoundError as error:
            message = f"{file}: missing; import the snapshot again"
            raise StoreCorrupt(message) from error
    if manifest.files.get(name) != _stored_file(data):
        message = f"{file}: damaged: not the bytes that were written; import the snapshot again"
        raise StoreCorrupt(message)
    return data


def read_snapshot(folder: Path) -> GraphSnapshot:
    """The snapshot in a folder.

    Raises:
        StoreCorrupt: A file is missing or damaged; the message names it.
        StoreUnavailable: The disk refuses to read.
    """
    manifest = read_manifest(folder)
    nodes = nodes_from_parquet(_file(folder, _NODES, manifest), str(folder / _NODES))
    channels = channels_from_parquet(
        _file(folder, _CHANNELS, manifest), len(nodes.last_update), str(folder / _CHANNELS)
    )
    snapshot = GraphSnapshot(origin=manifest.origin, nodes=nodes, channels=channels)
    if (snapshot.n_nodes, snapshot.n_channels) != (manifest.n_nodes, manifest.n_channels):
        message = (
            f"{folder / _MANIFEST}: says {manifest.n_nodes} nodes and {manifest.n_channels} "
            f"channels, the columns hold {snapshot.n_nodes} and {snapshot.n_channels}"
        )
        raise StoreCorrupt(message)
    return snapshot


def is_stored(folder: Path, snapshot: GraphSnapshot) -> bool:
    """Whether a snapshot stands in a folder whole; a damaged one counts as not stored.

    Raises:
        StoreCorrupt: Another snapshot stands there.
    """
    if not folder.exists():
        return False
    try:
        stored = read_manifest(folder).origin.content_sha256
        read_snapshot(folder)
    except StoreCorrupt:
        return False
    if stored != snapshot.origin.content_sha256:
        message = f"{folder}: holds another snapshot under the same name, content {stored}"
        raise StoreCorrupt(message)
    return True
