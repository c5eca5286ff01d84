"""What public services say of the network, of a node and of the chain, each figure with its source."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Final

from daznode.domain.ids import NodeId

OPEN_VBYTES: Final = 154
"""Size of a transaction that opens a channel: one P2WPKH input, the funding output (P2WSH, 2-of-2) and
one change output (BOLT 3 and BIP 141 weights, rounded up)."""


@dataclass(frozen=True, slots=True)
class OnchainFees:
    """Fee rates that the mempool asks for, `feerate_sat_per_vb` each.

    Attributes:
        source: Who says so.
        observed_at: Moment of the answer, UTC.
        next_block: To be in the next block.
        half_hour: In about three blocks.
        hour: In about six blocks.
        economy: Without haste.
        minimum: Least that is relayed.
    """

    source: str
    observed_at: datetime
    next_block: Decimal
    half_hour: Decimal
    hour: Decimal
    economy: Decimal
    minimum: Decimal

    def open_sat(self, feerate_sat_per_vb: Decimal) -> int:
        """What opening a channel costs at a fee rate, sat, rounded up."""
        return int((feerate_sat_per_vb * OPEN_VBYTES).to_integral_value(ROUND_CEILING))


@dataclass(frozen=True, slots=True)
class NetworkCount:
    """The size of the network as somebody counts it.

    Attributes:
        source: Who says so.
        observed_at: Moment that the figures describe, UTC.
        nodes: Nodes; None if not said.
        channels: Channels.
        capacity_sat: Sum of their capacities, sat.
        median_fee_ppm: Median of the proportional fees; None if not said.
    """

    source: str
    observed_at: datetime
    nodes: int | None
    channels: int
    capacity_sat: int
    median_fee_ppm: int | None


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """A node as a directory shows it; what it does not say is None.

    Attributes:
        source: Which directory.
        node_id: The node.
        observed_at: Moment that the figures describe, UTC; the answer's where it states none.
        alias: Announced name, cleaned.
        channels: Open channels.
        capacity_sat: Sum of their capacities, sat.
        first_seen_at: Since when the directory knows the node, UTC.
        capacity_rank: Place by capacity, 1 is the largest.
        channels_rank: Place by channels.
        uptime_month_ratio: Share of the last month in which the directory could reach it, in [0, 1].
    """

    source: str
    node_id: NodeId
    observed_at: datetime
    alias: str | None = None
    channels: int | None = None
    capacity_sat: int | None = None
    first_seen_at: datetime | None = None
    capacity_rank: int | None = None
    channels_rank: int | None = None
    uptime_month_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class PublicReading:
    """How asking a source went.

    Attributes:
        source: Stable name: `mempool`, `amboss`, `sparkseer`.
        observed_at: Moment that its oldest figure describes, UTC; None if it gave none.
        error: Why figures are missing or old; None if all are there.
    """

    source: str
    observed_at: datetime | None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class PublicDay:
    """All that public services said for one report, merged by the precedence of docs/sources.md.

    Attributes:
        fees: On-chain fee rates; None if nobody said.
        network: The size of the network; None if nobody said.
        directory: The node, as each directory that knows it shows it.
        readings: Every source that was asked, in the order of precedence.
    """

    fees: OnchainFees | None = None
    network: NetworkCount | None = None
    directory: tuple[DirectoryEntry, ...] = ()
    readings: tuple[PublicReading, ...] = ()


STALE_AFTER: Final = timedelta(hours=48)
"""Figures older than this say little about the day; mempool.space's were once months old."""
