"""The exact way in: every record of a dump through the standard JSON reader, faults named."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from daznode.adapters.sources import describegraph, listchannels
from daznode.adapters.sources.documents import END, NOT_UTF8, records, walk
from daznode.adapters.sources.dump_rows import MAX_CHANNELS, MAX_NODES, DumpRows
from daznode.adapters.sources.rows import RowCollector
from daznode.adapters.sources.streams import ACCEPTED, Document
from daznode.domain.errors import InvalidDump
from daznode.domain.progress import Progress

LISTS: Final = ("nodes", "edges", "channels")
"""Top-level lists that are read: nodes of either backend, LND's edges, CLN's channel rows."""

LND_KIND: Final = "lnd-describegraph"
"""`SnapshotOrigin.kind` of LND dumps."""

CLN_KIND: Final = "cln-listchannels"
"""`SnapshotOrigin.kind` of Core Lightning dumps."""

GENERATED_BY: Final = "generated_by"
"""Top-level name that marks a dump as made by a generator; its value says by which."""

_PROGRESS_RECORDS: Final = 2048
_EARLY_VERDICT_RECORDS: Final = 65_536


def read_exactly(documents: Sequence[Document], progress: Progress) -> DumpRows:
    """Read the rows of a dump that may lie in several texts.

    Args:
        documents: The texts, each with one or several of `LISTS`.
        progress: Told of bytes parsed.

    Returns:
        The rows, not judged yet.

    Raises:
        InvalidDump: A text is no JSON, is cut, or the lists of a dump are not all there.
    """
    return _ExactReader(progress).read(documents)


class _ExactReader:
    """One pass over the texts of one dump."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._collector = RowCollector()
        self._pairs = listchannels.ChannelPairs(self._collector)
        self._counts: Counter[str] = Counter()
        self._lists: set[str] = set()
        self._is_generated = False

    def read(self, documents: Sequence[Document]) -> DumpRows:
        for document in documents:
            self._read_document(document)
        check_lists(documents[-1], self._lists)
        self._pairs.finish()
        return DumpRows(
            kind=CLN_KIND if "channels" in self._lists else LND_KIND,
            rows=self._collector.rows(),
            n_node_records=self._counts["nodes"],
            n_channel_records=self._counts["edges"] + self._counts["channels"],
            is_generated=self._is_generated,
            skipped=self._collector.skipped,
        )

    def _read_document(self, document: Document) -> None:
        def on_list(name: str, start: int) -> int:
            if name in self._lists:
                document.fail(f'a second list "{name}"', start, "each list once")
            self._lists.add(name)
            return self._read_list(document, name, start)

        others = walk(document, LISTS, on_list)
        for name in LISTS:
            if name in others:
                document.fail(f'"{name}" is no list', others[name][0], "a list of records")
        self._is_generated |= GENERATED_BY in others

    def _read_list(self, document: Document, name: str, start: int) -> int:
        add = self._adder(name)
        skipped = self._collector.skipped
        prefix = "node" if name == "nodes" else "channel"
        count = 0
        end = start
        for at, record in records(document, start, name):
            if record is END:
                end = at
                break
            count += 1
            if record is NOT_UTF8:
                skipped[f"{prefix}-not-utf8"] += 1
            else:
                add(record)
            if count % _PROGRESS_RECORDS == 0:
                self._progress("parsing", at, document.size)
                self._check_limits(document, at, name, count)
        self._counts[name] = count
        self._progress("parsing", end, document.size)
        return end

    def _adder(self, name: str) -> Callable[[object], None]:
        collector = self._collector
        if name == "channels":
            return self._pairs.add
        if name == "edges":
            return lambda record: describegraph.add_edge(record, collector)
        return lambda record: add_node(record, collector)

    def _check_limits(self, document: Document, offset: int, name: str, count: int) -> None:
        """Stop early on what can only be refused in the end."""
        collector = self._collector
        if (
            collector.n_keys > MAX_NODES
            or max(collector.n_channels, len(self._pairs)) > MAX_CHANNELS
        ):
            document.fail(
                "more nodes or channels than any network has",
                offset,
                f"at most {MAX_NODES:,} nodes and {MAX_CHANNELS:,} channels",
            )
        prefix = "node-" if name == "nodes" else "channel-"
        n_skipped = sum(n for reason, n in collector.skipped.items() if reason.startswith(prefix))
        if count >= _EARLY_VERDICT_RECORDS and 2 * n_skipped > count:
            raise bad_majority(document, prefix, count, collector.skipped)


def add_node(record: object, collector: RowCollector) -> None:
    """Add one element of `nodes`, of whichever backend it is by its key's name."""
    if isinstance(record, dict) and "nodeid" in record and "pub_key" not in record:
        listchannels.add_node(record, collector)
    else:
        describegraph.add_node(record, collector)


def check_lists(document: Document, lists: set[str]) -> None:
    """Refuse a dump whose lists are not those of one backend.

    Raises:
        InvalidDump: Channels are missing, or are there in both spellings, or LND's nodes are
            missing.
    """
    end = document.size
    if "edges" in lists and "channels" in lists:
        document.fail('both "edges" and "channels"', end, "LND's `edges` or CLN's `channels`")
    if "edges" not in lists and "channels" not in lists:
        found = 'only "nodes"' if lists else "neither nodes nor channels"
        document.fail(found, end, f'a list "edges" or "channels": {ACCEPTED}')
    if "edges" in lists and "nodes" not in lists:
        document.fail('"edges" without "nodes"', end, "both lists of `describegraph`")


def bad_majority(
    document: Document, prefix: str, n_records: int, skipped: Counter[str]
) -> InvalidDump:
    """The error that refuses a dump most of whose records cannot be used.

    Args:
        document: The text the records are in.
        prefix: `node-`, `channel-` or `policy-`.
        n_records: Records of that sort looked at.
        skipped: What was left out, by reason.
    """
    reasons = {reason: n for reason, n in skipped.items() if reason.startswith(prefix)}
    # Ties by name, so that the message is the same in every run.
    commonest = min(reasons, key=lambda reason: (-reasons[reason], reason))
    sort = {"node-": "nodes", "channel-": "channels", "policy-": "policies"}[prefix]
    return document.fault(
        f"more than half of {n_records:,} {sort} cannot be used, "
        f"mostly {commonest} ({reasons[commonest]:,})",
        document.size,
        f"usable {sort}",
    )
