"""The public side: a snapshot of announced nodes and directed channel policies, held as columns.

Columns, not objects: a snapshot has some 16,000 nodes and 100,000 policies, and every measure reads
them whole. This is one of the two places where the domain knows numpy; see docs/adr/0002.
"""

import hashlib
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import IntFlag
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daznode.domain.provenance import Reality

UNKNOWN_MSAT = -1
"""htlc_maximum_msat of a policy that does not state one (LND before 0.6, CLN without the field)."""

UNKNOWN_SAT = -1
"""capacity_sat of a channel whose dump does not say (an edge without a funding amount)."""


_HASHED_SHAPE: Final = b"daznode gossip columns 1"
"""Opens the hashed bytes; a change of the columns or of their order changes it."""


class AddressKind(IntFlag):
    """Kinds of addresses that a node announces."""

    NONE = 0
    IPV4 = 1
    IPV6 = 2
    TOR = 4
    DNS = 8


@dataclass(frozen=True, slots=True)
class NodeColumns:
    """Nodes of a snapshot, sorted by key.

    Attributes:
        node_id: Compressed keys, shape (n_nodes, 33), uint8, strictly ascending as bytes.
        alias: Names as announced, control characters removed, n_nodes texts; empty if none.
        last_update: Unix seconds of the node announcement, shape (n_nodes,), int64; 0 if the node
            never announced itself and is known by its channels only.
        address_kinds: `AddressKind` flags, shape (n_nodes,), uint8.
    """

    node_id: NDArray[np.uint8]
    alias: tuple[str, ...]
    last_update: NDArray[np.int64]
    address_kinds: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class PolicyColumns:
    """Policies of a snapshot: row 0 is set by `node1` of each channel, row 1 by `node2`.

    Every array has shape (2, n_channels). Where `is_present` is false the policy was never
    announced and all other values are 0 (`htlc_maximum_msat`: `UNKNOWN_MSAT`, `is_disabled`: False).

    Attributes:
        is_present: Whether that side has announced a policy, bool.
        is_disabled: Whether that side says it does not forward, bool.
        base_fee_msat: int64, msat, 0 to 2^32-1.
        fee_ppm: int64, millionths, 0 to 2^32-1 (2^32-1 is used in the wild as "do not route").
        inbound_base_fee_msat: int64, msat, may be negative.
        inbound_fee_ppm: int64, millionths, may be negative.
        cltv_delta: int64, blocks.
        htlc_minimum_msat: int64, msat.
        htlc_maximum_msat: int64, msat; `UNKNOWN_MSAT` if not stated.
        last_update: int64, Unix seconds of the channel update.
    """

    is_present: NDArray[np.bool_]
    is_disabled: NDArray[np.bool_]
    base_fee_msat: NDArray[np.int64]
    fee_ppm: NDArray[np.int64]
    inbound_base_fee_msat: NDArray[np.int64]
    inbound_fee_ppm: NDArray[np.int64]
    cltv_delta: NDArray[np.int64]
    htlc_minimum_msat: NDArray[np.int64]
    htlc_maximum_msat: NDArray[np.int64]
    last_update: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ChannelColumns:
    """Channels of a snapshot, sorted by short channel id.

    Attributes:
        scid: Shape (n_channels,), uint64, strictly ascending.
        node1: Index into the nodes, shape (n_channels,), int32; the lower key, as BOLT 7 orders.
        node2: Index into the nodes, shape (n_channels,), int32; node1 != node2.
        capacity_sat: Funding amounts, shape (n_channels,), int64, sat; `UNKNOWN_SAT` if not stated.
        policies: What each side charges.
    """

    scid: NDArray[np.uint64]
    node1: NDArray[np.int32]
    node2: NDArray[np.int32]
    capacity_sat: NDArray[np.int64]
    policies: PolicyColumns


def content_sha256(nodes: NodeColumns, channels: ChannelColumns) -> str:
    """Hash of a snapshot's content: equal columns, equal hash, on every machine.

    Hashed are the columns in the order of their fields (nodes, channels, policies), each as its
    name, its shape and its values in little-endian bytes; aliases as UTF-8, each after its length.

    Args:
        nodes: Nodes with the dtypes and the order that `NodeColumns` documents.
        channels: Channels with the dtypes and the order that `ChannelColumns` documents.

    Returns:
        SHA-256 as 64 hex characters.
    """
    digest = hashlib.sha256(_HASHED_SHAPE)
    for columns in (nodes, channels, channels.policies):
        for column in fields(columns):
            value = getattr(columns, column.name)
            if isinstance(value, np.ndarray):
                values = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("<"))
                digest.update(f"|{column.name}{values.dtype.str}{values.shape}|".encode())
                digest.update(values.tobytes())
            elif isinstance(value, tuple):
                texts = [text.encode(errors="surrogatepass") for text in value]
                digest.update(f"|{column.name}{len(texts)}|".encode())
                digest.update(np.array([len(text) for text in texts], dtype="<u4").tobytes())
                digest.update(b"".join(texts))
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class SnapshotOrigin:
    """Where a snapshot comes from.

    Attributes:
        kind: `lnd-describegraph`, `cln-listchannels` or `generated`.
        name: File name or generator's words, without folders.
        content_sha256: Hash of the columns (not of the file): equal content, equal hash.
        observed_at: Moment the snapshot describes, UTC.
        observed_at_basis: `given` by the caller, `stated` by the dump itself, or `newest-gossip`
            found in it.
        imported_at: Moment of the import, UTC.
        reality: Real or generated.
        skipped: Records left out, count by reason, sorted by reason.
    """

    kind: str
    name: str
    content_sha256: str
    observed_at: datetime
    observed_at_basis: str
    imported_at: datetime
    reality: Reality
    skipped: tuple[tuple[str, int], ...] = ()

    @property
    def snapshot_id(self) -> str:
        """Name under which the snapshot is stored: its moment and the start of its hash."""
        return f"{self.observed_at:%Y%m%dT%H%M%SZ}-{self.content_sha256[:12]}"


@dataclass(frozen=True, slots=True)
class GraphSnapshot:
    """One state of the public network, with its origin."""

    origin: SnapshotOrigin
    nodes: NodeColumns
    channels: ChannelColumns

    @property
    def n_nodes(self) -> int:
        """Number of nodes, announced or known by their channels."""
        return len(self.nodes.last_update)

    @property
    def n_channels(self) -> int:
        """Number of channels, parallel ones counted each."""
        return len(self.channels.scid)

    def node_hex(self, index: int) -> str:
        """Key of a node as 66 hex characters."""
        return str(self.nodes.node_id[index].tobytes().hex())

    def channel_index(self, scid: int) -> int | None:
        """Position of a channel by its short channel id; None if it is not in the snapshot."""
        row = int(np.searchsorted(self.channels.scid, np.uint64(scid)))
        is_there = row < self.n_channels and int(self.channels.scid[row]) == scid
        return row if is_there else None

    def channel_ends(self, row: int) -> tuple[int, int]:
        """Positions of the two nodes of a channel, the one with the lower key first."""
        return int(self.channels.node1[row]), int(self.channels.node2[row])

    def index_of(self, node_id: str) -> int | None:
        """Position of a node by its 66 hex characters; None if it is not in the snapshot."""
        wanted = bytes.fromhex(node_id)
        keys = self.nodes.node_id
        low, high = 0, len(keys)
        while low < high:
            middle = (low + high) // 2
            if keys[middle].tobytes() < wanted:
                low = middle + 1
            else:
                high = middle
        if low < len(keys) and keys[low].tobytes() == wanted:
            return low
        return None


@dataclass(frozen=True, slots=True)
class SnapshotSummary:
    """A stored snapshot without its columns.

    Attributes:
        origin: Where it comes from.
        n_nodes: Nodes in it.
        n_channels: Channels in it.
        stored_bytes: Size on disk.
    """

    origin: SnapshotOrigin
    n_nodes: int
    n_channels: int
    stored_bytes: int = field(default=0)
