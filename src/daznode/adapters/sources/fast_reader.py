"""The fast way in: LND dumps without surprises through the compiled scanner."""

import json
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daznode.adapters.sources.documents import skip_blanks, walk
from daznode.adapters.sources.dump_rows import MAX_CHANNELS, MAX_NODES, DumpRows
from daznode.adapters.sources.exact_reader import GENERATED_BY, LISTS, LND_KIND
from daznode.adapters.sources.rows import Field, GraphRows, clean_alias
from daznode.adapters.sources.scanner import (
    EDGE_WIDTH,
    ENDED,
    GAVE_UP,
    KEY_WIDTH,
    NODE_WIDTH,
    hash_keys,
    scan_records,
)
from daznode.adapters.sources.streams import Document
from daznode.domain.errors import InvalidDump
from daznode.domain.ids import KEY_BYTES
from daznode.domain.progress import Progress

FAST_MIN_BYTES: Final = 1024**2
"""Size below which the exact reader is quick enough that nobody should wait for a compilation."""

_BATCH_RECORDS: Final = 8192
"""Records of one call of the scanner: some 10 ms, so that Ctrl-C is heard."""

_KEYS_PER_EDGE: Final = 2
_LIST_END: Final = ord("]")


class _GaveUp(Exception):
    """The scanner met something it does not know."""


def read_fast(document: Document, progress: Progress) -> DumpRows | None:
    """Read the rows of an LND dump without surprises.

    Args:
        document: The text.
        progress: Told of bytes parsed.

    Returns:
        The same rows that `exact_reader.read_exactly` gives; None where the scanner gives up,
        which says nothing about the dump.
    """
    reader = _FastReader(document, progress)
    try:
        return reader.read()
    except (_GaveUp, InvalidDump):
        return None


class _FastReader:
    """One pass of the scanner over one text."""

    def __init__(self, document: Document, progress: Progress) -> None:
        self._document = document
        self._progress = progress
        self._text = np.frombuffer(document.data, np.uint8)
        self._slots = np.empty(0, np.int32)
        self._words = np.empty(0, np.uint64)
        self._in_use = np.zeros(1, np.int64)
        self._nodes = [np.empty((0, NODE_WIDTH), np.int64)]
        self._edges = [np.empty((0, EDGE_WIDTH), np.int64)]
        self._lists: set[str] = set()

    def read(self) -> DumpRows:
        others = walk(self._document, LISTS, self._read_list)
        if self._lists != {"nodes", "edges"} or not others.keys().isdisjoint(LISTS):
            raise _GaveUp
        nodes = np.concatenate(self._nodes)
        edges = np.concatenate(self._edges)
        return DumpRows(
            kind=LND_KIND,
            rows=self._rows(nodes, edges),
            n_node_records=len(nodes),
            n_channel_records=len(edges),
            is_generated=GENERATED_BY in others,
        )

    def _read_list(self, name: str, start: int) -> int:
        if name == "channels":
            raise _GaveUp
        self._lists.add(name)
        document = self._document
        at = skip_blanks(document, start + 1)
        if document.data[at] == _LIST_END:
            return at + 1
        is_edges = name == "edges"
        width, batches = (EDGE_WIDTH, self._edges) if is_edges else (NODE_WIDTH, self._nodes)
        state = GAVE_UP
        while state != ENDED:
            self._make_room()
            out = np.zeros((_BATCH_RECORDS, width), np.int64)
            n_rows, at, state = scan_records(
                self._text, at, self._slots, self._words, self._in_use, out.ravel(), is_edges
            )
            if state == GAVE_UP or len(batches) * _BATCH_RECORDS > MAX_CHANNELS:
                raise _GaveUp
            batches.append(out[:n_rows])
            self._progress("parsing", min(at, document.size), document.size)
        return int(at)

    def _make_room(self) -> None:
        """Have room for as many new keys as a batch may bring, and one to compare."""
        n_keys = int(self._in_use[0])
        if n_keys > MAX_NODES:
            raise _GaveUp
        needed = n_keys + _KEYS_PER_EDGE * _BATCH_RECORDS + 1
        if KEY_WIDTH * needed > len(self._words):
            words = np.empty(2 * KEY_WIDTH * needed, np.uint64)
            words[: KEY_WIDTH * n_keys] = self._words[: KEY_WIDTH * n_keys]
            self._words = words
            # Twice the room or more: searches stay short.
            self._slots = np.full(1 << (4 * needed).bit_length(), -1, np.int32)
            hash_keys(self._slots, words, n_keys)

    def _rows(self, nodes: NDArray[np.int64], edges: NDArray[np.int64]) -> GraphRows:
        sides = np.arange(2)
        return GraphRows(
            keys=self._key_bytes(),
            node_key=nodes[:, 0].copy(),
            alias=self._aliases(nodes[:, 2:5]),
            node_update=nodes[:, 1].copy(),
            address_kinds=nodes[:, 5].astype(np.uint8),
            scid=edges[:, 0].copy().view(np.uint64),
            channel_keys=edges[:, 1:3].copy(),
            capacity_sat=edges[:, 3].copy(),
            channel_update=edges[:, 4].copy(),
            has_policy=(edges[:, 5, None] >> sides & 1).astype(np.bool_),
            is_disabled=(edges[:, 5, None] >> sides + 2 & 1).astype(np.bool_),
            policy_values=edges[:, 6:].reshape(-1, 2, len(Field)),
        )

    def _aliases(self, spans: NDArray[np.int64]) -> list[str]:
        data = self._document.data
        aliases = []
        for start, end, is_plain in spans.tolist():
            text = str(data[start:end], "utf-8")
            aliases.append(clean_alias(text if is_plain else json.loads(f'"{text}"')))
        return aliases

    def _key_bytes(self) -> NDArray[np.uint8]:
        """Keys of the table as rows of 33 bytes."""
        n_keys = int(self._in_use[0])
        words = self._words[: KEY_WIDTH * n_keys].reshape(n_keys, KEY_WIDTH)
        packed = np.empty((n_keys, KEY_BYTES), np.uint8)
        packed[:, 0] = words[:, 4]
        packed[:, 1:] = words[:, :4].astype(">u8").view(np.uint8).reshape(n_keys, KEY_BYTES - 1)
        return packed
