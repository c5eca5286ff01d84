"""Network snapshots and their measures: one folder each, there whole or not at all.

    snapshots/{snapshot_id}/manifest.json             origin, sizes, and each file's length and hash
    snapshots/{snapshot_id}/nodes.parquet
    snapshots/{snapshot_id}/channels.parquet
    snapshots/{snapshot_id}/measures-{params_hash}.parquet

A snapshot is written into `snapshots/.incoming`, waited for until the disk has it, and renamed into
place, which is one step for the file system. Writers hold the lock `snapshots/.lock`, which the
operating system takes back from a dead one; so what stands in `.incoming` when the lock is taken is
what a killed writer left, and is removed. Readers need no lock: a folder never changes once it is
in place, but for measures that come whole, in one step.

Reading compares each file with the hash in the manifest before anything is decoded; a listing reads
manifests alone.
"""

import asyncio
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from daznode.adapters.store.atomic import (
    PATIENCE_SECONDS,
    disk_errors,
    folder_lock,
    make_private,
    sync_folder,
    write_new,
)
from daznode.adapters.store.columns import measures_from_parquet, measures_to_parquet
from daznode.adapters.store.snapshot_files import (
    encode_snapshot,
    is_stored,
    read_manifest,
    read_snapshot,
    read_summary,
)
from daznode.domain.errors import InvalidParameter, SnapshotNotFound, StorageError
from daznode.domain.gossip import GraphSnapshot, SnapshotSummary
from daznode.domain.measures import NodeMeasures

_SNAPSHOT_ID: Final = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{12}")
_PARAMS_HASH: Final = re.compile(r"[0-9A-Za-z_-]{1,128}")
_INCOMING: Final = ".incoming"
_LOCK: Final = ".lock"


class SnapshotFolders:
    """Snapshots and measures below the data folder, a `SnapshotStore` and a `MeasureStore`.

    Each call works in a thread. Several stores, in any number of processes, may use the same folder.

    Args:
        data_folder: `DAZNODE_DATA_DIR`.
        patience_seconds: How long to wait for another writer.
    """

    def __init__(self, data_folder: Path, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Touch nothing yet."""
        self._data_folder = data_folder
        self._root = data_folder / "snapshots"
        self._patience_seconds = patience_seconds

    async def put(self, snapshot: GraphSnapshot) -> SnapshotSummary:
        """Store a snapshot, whole or not at all; storing the same content again changes nothing.

        A stored snapshot that turns out damaged is replaced by the one given.

        Raises:
            StoreUnavailable: It cannot be written.
            StoreCorrupt: Another snapshot stands under the same name.
            InvariantBroken: The columns are not those of the origin's hash, or break their order.
        """
        return await asyncio.to_thread(self._put, snapshot)

    async def get(self, snapshot_id: str) -> GraphSnapshot:
        """One snapshot.

        Raises:
            SnapshotNotFound: None has that name.
            StoreCorrupt: It cannot be read back; the message names the file.
            StoreUnavailable: The disk refuses to read it.
        """
        return await asyncio.to_thread(self._get, snapshot_id)

    async def summaries(self) -> tuple[SnapshotSummary, ...]:
        """All snapshots without their columns, oldest `observed_at` first.

        Raises:
            StoreCorrupt: A manifest cannot be read; the message names it.
            StoreUnavailable: The disk refuses to read.
        """
        return await asyncio.to_thread(self._summaries)

    async def put_measures(self, measures: NodeMeasures) -> None:
        """Keep measures under `snapshot_id` and `params_hash`, if that snapshot is stored.

        Raises:
            StoreUnavailable: They cannot be written.
            InvalidParameter: The hash cannot be part of a file name.
        """
        await asyncio.to_thread(self._put_measures, measures)

    async def get_measures(self, snapshot_id: str, params_hash: str) -> NodeMeasures | None:
        """Measures kept, or None; unreadable ones count as forgotten."""
        return await asyncio.to_thread(self._get_measures, snapshot_id, params_hash)

    def _put(self, snapshot: GraphSnapshot) -> SnapshotSummary:
        folder = self._root / snapshot.origin.snapshot_id
        files = encode_snapshot(snapshot)
        with self._writing() as incoming:
            if not is_stored(folder, snapshot):
                with disk_errors(folder, "written"):
                    fresh = incoming / "fresh"
                    fresh.mkdir()
                    for name, data in files.items():
                        write_new(fresh / name, data)
                    sync_folder(fresh)
                    if folder.exists():
                        folder.rename(incoming / "damaged")
                    fresh.rename(folder)
                    sync_folder(self._root)
        return read_summary(folder)

    def _get(self, snapshot_id: str) -> GraphSnapshot:
        folder = self._folder(snapshot_id)
        if folder is None:
            message = f"snapshot {snapshot_id[:60]!r}: none is stored under that name"
            raise SnapshotNotFound(message)
        return read_snapshot(folder)

    def _summaries(self) -> tuple[SnapshotSummary, ...]:
        self._clean_if_free()
        with disk_errors(self._root, "read"):
            folders = list(self._root.iterdir()) if self._root.is_dir() else []
        summaries = [
            read_summary(folder) for folder in folders if _SNAPSHOT_ID.fullmatch(folder.name)
        ]
        return tuple(
            sorted(summaries, key=lambda one: (one.origin.observed_at, one.origin.snapshot_id))
        )

    def _put_measures(self, measures: NodeMeasures) -> None:
        name = _measures_name(measures.params_hash)
        data = measures_to_parquet(measures)
        folder = self._folder(measures.snapshot_id)
        if folder is None:
            return
        with self._writing() as incoming, disk_errors(folder / name, "written"):
            write_new(incoming / name, data)
            (incoming / name).replace(folder / name)

    def _get_measures(self, snapshot_id: str, params_hash: str) -> NodeMeasures | None:
        folder = self._folder(snapshot_id)
        if folder is None or _PARAMS_HASH.fullmatch(params_hash) is None:
            return None
        file = folder / _measures_name(params_hash)
        try:
            measures = measures_from_parquet(file.read_bytes(), str(file))
            n_nodes = read_manifest(folder).n_nodes
        except (OSError, StorageError):
            return None
        named = (measures.snapshot_id, measures.params_hash, len(measures.peers))
        return measures if named == (snapshot_id, params_hash, n_nodes) else None

    def _folder(self, snapshot_id: str) -> Path | None:
        """Where a snapshot stands; None if it does not, or if the name is none of ours."""
        if _SNAPSHOT_ID.fullmatch(snapshot_id) is None:
            return None
        folder = self._root / snapshot_id
        return folder if folder.is_dir() else None

    @contextmanager
    def _writing(self, patience_seconds: float | None = None) -> Iterator[Path]:
        """Be the only writer, with an empty folder to write into that is emptied at the end."""
        patience = self._patience_seconds if patience_seconds is None else patience_seconds
        make_private(self._data_folder)
        incoming = self._root / _INCOMING
        with disk_errors(incoming, "made"):
            incoming.mkdir(parents=True, exist_ok=True)
            sync_folder(self._data_folder)
        with folder_lock(self._root / _LOCK, patience_seconds=patience):
            _empty(incoming)
            try:
                yield incoming
            finally:
                _empty(incoming)

    def _clean_if_free(self) -> None:
        """Remove what a killed writer left, unless somebody writes just now; the next one will."""
        with suppress(StorageError, OSError):
            if any((self._root / _INCOMING).iterdir()):
                with self._writing(patience_seconds=0):
                    pass


def _measures_name(params_hash: str) -> str:
    if _PARAMS_HASH.fullmatch(params_hash) is None:
        message = (
            f"parameter hash {params_hash[:60]!r}: names a file; "
            "expected 1 to 128 of the characters A-Z a-z 0-9 - _"
        )
        raise InvalidParameter(message)
    return f"measures-{params_hash}.parquet"


def _empty(folder: Path) -> None:
    with disk_errors(folder, "cleaned"):
        for entry in folder.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
