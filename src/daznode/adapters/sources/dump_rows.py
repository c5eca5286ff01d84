"""All rows of a dump, of whatever format, with what was counted on the way."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from daznode.adapters.sources.rows import GraphRows

MAX_NODES: Final = 2_000_000
"""Distinct keys accepted; the network has some 16,000."""

MAX_CHANNELS: Final = 8_000_000
"""Channels accepted; the network has some 50,000."""


@dataclass(frozen=True, slots=True)
class DumpRows:
    """All rows of a dump with what was counted on the way.

    Attributes:
        kind: What the dump is, as `SnapshotOrigin.kind` says it.
        rows: The rows.
        n_node_records: Elements of `nodes`.
        n_channel_records: Elements of `edges`, or of `channels` (two to a channel), or announcements.
        is_generated: Whether the dump says that a generator made it.
        skipped: Records and policies left out because of their types, by reason.
        observed_at_s: Moment that the dump itself states, Unix seconds; None if it states none.
    """

    kind: str
    rows: GraphRows
    n_node_records: int
    n_channel_records: int
    is_generated: bool
    skipped: Counter[str] = field(default_factory=Counter)
    observed_at_s: int | None = None
