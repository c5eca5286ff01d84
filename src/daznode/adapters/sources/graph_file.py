"""A network dump from disk, in any of the formats that are read: the GraphSource over files."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import PurePath
from typing import BinaryIO, Final

import numpy as np

from daznode.adapters.sources.columns import Columns, build_columns
from daznode.adapters.sources.dump_rows import DumpRows
from daznode.adapters.sources.exact_reader import bad_majority, read_exactly
from daznode.adapters.sources.fast_reader import FAST_MIN_BYTES, read_fast
from daznode.adapters.sources.gossip_store import read_gossip_store
from daznode.adapters.sources.rapid_sync import MAGIC, read_rapid_sync
from daznode.adapters.sources.streams import (
    DEFAULT_MAX_BYTES,
    STANDARD_INPUT,
    Document,
    is_binary_graph,
    read_documents,
)
from daznode.domain.gossip import GraphSnapshot, SnapshotOrigin, content_sha256
from daznode.domain.progress import Progress, silent
from daznode.domain.provenance import Reality
from daznode.domain.units import MAX_SUPPLY_SAT

GENERATED_KIND: Final = "generated"
"""`SnapshotOrigin.kind` of dumps that say a generator made them."""

_HEAD_BYTES: Final = 64
_CLOSE_SECONDS: Final = 86_400
_MAX_WITNESSES: Final = 10
_NODES_PER_WITNESS: Final = 50


class GraphFile:
    """A network dump in a file.

    LND's `describegraph`, Core Lightning's `listchannels` or `gossip_store`, or a blob of LDK's rapid
    gossip sync. The format and the compression (none, gzip, zip, zstd) are recognised by the content. Core
    Lightning's `listnodes` may stand in the same object, follow as a second JSON object, be the
    second member of a zip archive, or be a second file; without it nodes have no alias.
    """

    def __init__(
        self,
        path: str,
        *,
        node_file: str | None = None,
        max_bytes: int = DEFAULT_MAX_BYTES,
        stdin: BinaryIO | None = None,
    ) -> None:
        """Remember what to read; nothing is opened yet.

        Args:
            path: The dump, or `-` for standard input.
            node_file: A second file with Core Lightning's `listnodes`; None if there is none.
            max_bytes: Decompressed bytes accepted in all.
            stdin: What `-` reads; None is the process's own standard input.
        """
        self._path = path
        self._node_file = node_file
        self._max_bytes = max_bytes
        self._stdin = stdin

    def read(
        self,
        *,
        imported_at: datetime,
        observed_at: datetime | None = None,
        progress: Progress = silent,
    ) -> GraphSnapshot:
        """Read, check and normalise the snapshot; CPU-bound, call it through `Compute`.

        Records that cannot be used are left out and counted in `origin.skipped`; of duplicates
        the newest stays. Memory stays within 2.5 times the decompressed size and 200 MB.

        Args:
            imported_at: Moment of the import, UTC.
            observed_at: Moment the data describes, if the caller knows it; else the newest
                gossip moment that is not later than `imported_at` and is borne out by other
                nodes (see `newest_gossip`).
            progress: Told of bytes read, bytes parsed and keys checked.

        Returns:
            The snapshot, with the hash of its content.

        Raises:
            InvalidDump: The data cannot be used; says where and what was expected.
        """
        documents = self._documents(progress)
        dump = _read_rows(documents, progress)
        columns = build_columns(dump.rows, progress)
        skipped = _judge(documents[0], dump, columns)
        basis = "given"
        if observed_at is None and dump.observed_at_s is not None:
            observed_at = _stated_moment(documents[0], dump.observed_at_s, imported_at)
            basis = "stated"
        if observed_at is None:
            observed_at = newest_gossip(columns, imported_at)
            basis = "newest-gossip"
        if observed_at is None:
            documents[0].fail(
                f"no moment of gossip up to the import at {imported_at:%Y-%m-%d %H:%M} UTC",
                documents[0].size,
                "a dump with moments, or the moment given",
            )
        is_stdin = self._path == STANDARD_INPUT
        origin = SnapshotOrigin(
            kind=GENERATED_KIND if dump.is_generated else dump.kind,
            name="standard input" if is_stdin else PurePath(self._path).name,
            content_sha256=content_sha256(columns.nodes, columns.channels),
            observed_at=observed_at,
            observed_at_basis=basis,
            imported_at=imported_at,
            reality=Reality.GENERATED if dump.is_generated else Reality.REAL,
            skipped=tuple(sorted(skipped.items())),
        )
        return GraphSnapshot(origin, columns.nodes, columns.channels)

    def _documents(self, progress: Progress) -> list[Document]:
        documents = read_documents(
            self._path, max_bytes=self._max_bytes, stdin=self._stdin, progress=progress
        )
        if self._node_file is not None:
            left = self._max_bytes - sum(document.size for document in documents)
            documents += read_documents(
                self._node_file, max_bytes=left, stdin=self._stdin, progress=progress
            )
        return documents


def _read_rows(documents: list[Document], progress: Progress) -> DumpRows:
    """The rows by the reader of the dump's format; JSON by the scanner if it takes the dump."""
    head = bytes(documents[0].data[:_HEAD_BYTES])
    if is_binary_graph(head):
        if len(documents) > 1:
            documents[1].fail("a second file", 0, "a binary graph alone: its nodes are in it")
        read = read_rapid_sync if head.startswith(MAGIC) else read_gossip_store
        return read(documents[0], progress)
    if len(documents) == 1 and documents[0].size >= FAST_MIN_BYTES:
        dump = read_fast(documents[0], progress)
        if dump is not None:
            return dump
    return read_exactly(documents, progress)


def _stated_moment(document: Document, moment_s: int, imported_at: datetime) -> datetime:
    """The moment that a dump states for itself.

    Raises:
        InvalidDump: It lies after the import.
    """
    moment = datetime.fromtimestamp(moment_s, UTC)
    if moment > imported_at:
        document.fail(
            f"a moment in the future, {moment:%Y-%m-%d %H:%M} UTC",
            0,
            f"one up to the import at {imported_at:%Y-%m-%d %H:%M} UTC",
        )
    return moment


def newest_gossip(columns: Columns, imported_at: datetime) -> datetime | None:
    """The newest moment of gossip that several nodes bear out.

    Each node counts once, by its newest announcement or policy not later than `imported_at`: a
    node whose clock runs ahead cannot date the snapshot alone, however many channels it has. The
    moment taken is the newest one with enough nodes within the day before it: one for each 50
    nodes, 10 at most. Where nodes are too sparse for that, it is the newest moment that as many
    nodes have reached. Dumps of LND before 0.7 state one moment for both sides of a channel, so
    there a well-connected liar takes its peers with it.

    Args:
        columns: The snapshot's columns.
        imported_at: Moment of the import, UTC.

    Returns:
        The moment, UTC; None if no node has one.
    """
    latest = int(imported_at.timestamp())
    newest = np.where(columns.nodes.last_update <= latest, columns.nodes.last_update, 0)
    policies = columns.channels.policies
    for side, ends in enumerate((columns.channels.node1, columns.channels.node2)):
        moments = policies.last_update[side]
        np.maximum.at(newest, ends, np.where(moments <= latest, moments, 0))
    known = np.sort(newest[newest > 0])[::-1]
    if len(known) == 0:
        return None
    n_witnesses = min(_MAX_WITNESSES, 1 + len(known) // _NODES_PER_WITNESS)
    last = n_witnesses - 1
    is_borne_out = known[: len(known) - last] - known[last:] <= _CLOSE_SECONDS
    chosen = known[int(np.argmax(is_borne_out))] if is_borne_out.any() else known[last]
    return datetime.fromtimestamp(int(chosen), UTC)


def _judge(document: Document, dump: DumpRows, columns: Columns) -> Counter[str]:
    """All that was left out, by reason.

    Raises:
        InvalidDump: More than half of the nodes, channels or policies, or all channels; or the
            capacities of the channels add up to more than the supply of bitcoin.
    """
    skipped = dump.skipped + columns.skipped
    rows = dump.rows
    n_policies = int(np.count_nonzero(rows.has_policy)) + _count(dump.skipped, "policy-")
    for prefix, n_records, n_rows in (
        ("channel-", dump.n_channel_records, len(rows.scid)),
        ("node-", dump.n_node_records, len(rows.node_key)),
        ("policy-", n_policies, int(np.count_nonzero(rows.has_policy))),
    ):
        kept_ratio = _kept_ratio(dump.skipped, prefix, n_records)
        kept_ratio *= _kept_ratio(columns.skipped, prefix, n_rows)
        if kept_ratio < 0.5:  # noqa: PLR2004 - more than half left out
            raise bad_majority(document, prefix, n_records, skipped)
    if len(columns.channels.scid) == 0:
        document.fail("no channel", document.size, "at least one usable channel")
    capacity_sat = columns.channels.capacity_sat
    # As a float first: amounts that are each possible can add up to more than an int64 holds.
    if float(np.sum(capacity_sat, where=capacity_sat > 0, dtype=np.float64)) > MAX_SUPPLY_SAT:
        document.fail(
            "channels that hold more bitcoin than there is",
            document.size,
            f"capacities of at most {MAX_SUPPLY_SAT:,} sat in all",
        )
    return skipped


def _count(skipped: Counter[str], prefix: str) -> int:
    return sum(n for reason, n in skipped.items() if reason.startswith(prefix))


def _kept_ratio(skipped: Counter[str], prefix: str, n_records: int) -> float:
    return 1.0 - _count(skipped, prefix) / n_records if n_records else 1.0
