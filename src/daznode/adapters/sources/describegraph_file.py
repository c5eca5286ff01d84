"""A snapshot to a file in the shape of LND's describegraph, whole or not at all."""

import gzip
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

import zstandard

from daznode.adapters.sources.exact_reader import GENERATED_BY
from daznode.domain.errors import StoreUnavailable
from daznode.domain.gossip import (
    UNKNOWN_MSAT,
    UNKNOWN_SAT,
    AddressKind,
    GraphSnapshot,
    PolicyColumns,
)
from daznode.domain.provenance import Reality

_ADDRESSES: Final = {
    AddressKind.IPV4: "192.0.2.1:9735",
    AddressKind.IPV6: "[2001:db8::1]:9735",
    AddressKind.TOR: "address.onion:9735",
    AddressKind.DNS: "node.example:9735",
}
"""One address of each kind from the ranges kept for documents (RFC 5737, 3849, 2606)."""

_LINES_PER_WRITE: Final = 256


def write_describegraph(snapshot: GraphSnapshot, path: str) -> None:
    """Write a snapshot as JSON that LND's `describegraph` could have printed, one record a line.

    What a snapshot does not hold is not invented: `chan_point` and `color` are empty, and of each
    kind of address that a node has, one from the ranges for documentation stands for all. Read
    back, the file has the snapshot's `content_sha256`. Snapshots that are not real carry their
    name under `generated_by`.

    The file appears whole under its name, after it is safely on the disk, or not at all.

    Args:
        snapshot: What to write.
        path: Where; `.gz` and `.zst` at the end choose gzip and zstd.

    Raises:
        StoreUnavailable: The file cannot be written there.
    """
    target = Path(path)
    try:
        _write_whole(snapshot, target)
    except OSError as exc:
        reason = exc.strerror or str(exc)
        message = f"{path}: cannot be written ({reason}); expected a folder with room"
        raise StoreUnavailable(message) from exc


def _write_whole(snapshot: GraphSnapshot, target: Path) -> None:
    draft = target.with_name(f".{target.name}.{secrets.token_hex(8)}.part")
    try:
        with draft.open("xb") as raw:
            with _packed(raw, target.suffix) as packed:
                for piece in _pieces(snapshot):
                    packed.write(piece)
            raw.flush()
            os.fsync(raw.fileno())
        draft.replace(target)
    except BaseException:
        # Ctrl-C too: half a dump must not stay behind.
        with suppress(OSError):
            draft.unlink()
        raise
    _sync_folder(target.parent)


def _packed(raw: IO[bytes], suffix: str) -> IO[bytes]:
    """The stream that packs as the name asks; closing it leaves the file open."""
    if suffix == ".gz":
        # No name and no time inside: the same snapshot gives the same bytes.
        return gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0)  # type: ignore[return-value]
    if suffix == ".zst":
        return zstandard.ZstdCompressor().stream_writer(raw, closefd=False)
    return os.fdopen(os.dup(raw.fileno()), "wb")


def _sync_folder(folder: Path) -> None:
    """Make the new name itself safe, where the system lets a folder be synced."""
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _pieces(snapshot: GraphSnapshot) -> Iterator[bytes]:
    """The text in pieces of some hundred lines."""
    head: dict[str, str] = {}
    if snapshot.origin.reality is not Reality.REAL:
        head[GENERATED_BY] = snapshot.origin.name
    opening = json.dumps(head)[:-1] + (", " if head else "")
    yield f'{opening}"nodes": [\n'.encode()
    yield from _lines(_nodes(snapshot))
    yield b'], "edges": [\n'
    yield from _lines(_edges(snapshot))
    yield b"]}\n"


def _lines(records: Iterator[dict[str, object]]) -> Iterator[bytes]:
    lines: list[str] = []
    separator = ""
    for record in records:
        lines.append(json.dumps(record, ensure_ascii=False))
        if len(lines) == _LINES_PER_WRITE:
            yield (separator + ",\n".join(lines)).encode()
            separator = ",\n"
            lines.clear()
    if lines:
        yield (separator + ",\n".join(lines)).encode()
    yield b"\n"


def _nodes(snapshot: GraphSnapshot) -> Iterator[dict[str, object]]:
    nodes = snapshot.nodes
    for index in range(snapshot.n_nodes):
        kinds = AddressKind(int(nodes.address_kinds[index]))
        yield {
            "last_update": int(nodes.last_update[index]),
            "pub_key": snapshot.node_hex(index),
            "alias": nodes.alias[index],
            "addresses": [
                {"network": "tcp", "addr": text}
                for kind, text in _ADDRESSES.items()
                if kind in kinds
            ],
            "color": "",
            "features": {},
            "custom_records": {},
        }


def _edges(snapshot: GraphSnapshot) -> Iterator[dict[str, object]]:
    channels = snapshot.channels
    keys = [snapshot.node_hex(index) for index in range(snapshot.n_nodes)]
    for index in range(snapshot.n_channels):
        capacity_sat = int(channels.capacity_sat[index])
        policies = channels.policies
        moments = [int(policies.last_update[side, index]) for side in (0, 1)]
        is_told = [bool(policies.is_present[side, index]) for side in (0, 1)]
        # A policy without a moment would inherit the channel's when read back.
        stated = [moment for moment, told in zip(moments, is_told, strict=True) if told]
        yield {
            "channel_id": str(int(channels.scid[index])),
            "chan_point": "",
            "last_update": max(stated) if stated and all(stated) else 0,
            "node1_pub": keys[channels.node1[index]],
            "node2_pub": keys[channels.node2[index]],
            "capacity": "0" if capacity_sat == UNKNOWN_SAT else str(capacity_sat),
            "node1_policy": _policy(policies, 0, index),
            "node2_policy": _policy(policies, 1, index),
            "custom_records": {},
        }


def _policy(policies: PolicyColumns, side: int, index: int) -> dict[str, object] | None:
    if not policies.is_present[side, index]:
        return None
    maximum = int(policies.htlc_maximum_msat[side, index])
    return {
        "time_lock_delta": int(policies.cltv_delta[side, index]),
        "min_htlc": str(int(policies.htlc_minimum_msat[side, index])),
        "fee_base_msat": str(int(policies.base_fee_msat[side, index])),
        "fee_rate_milli_msat": str(int(policies.fee_ppm[side, index])),
        "disabled": bool(policies.is_disabled[side, index]),
        "max_htlc_msat": "0" if maximum == UNKNOWN_MSAT else str(maximum),
        "last_update": int(policies.last_update[side, index]),
        "custom_records": {},
        "inbound_fee_base_msat": int(policies.inbound_base_fee_msat[side, index]),
        "inbound_fee_rate_milli_msat": int(policies.inbound_fee_ppm[side, index]),
    }
