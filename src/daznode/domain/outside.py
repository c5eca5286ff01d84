"""What public services said, as a report shows it; its fields are stored JSON names."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class OnchainFigures:
    """What the chain asks for, and what opening a channel costs by that.

    Attributes:
        source: Who says so.
        observed_at: When, UTC.
        next_block_sat_per_vb: Fee rate for the next block.
        hour_sat_per_vb: For about an hour.
        economy_sat_per_vb: Without haste.
        open_next_block_sats: Opening a channel at the first of these, sat.
        open_economy_sats: At the last of them, sat.
    """

    source: str
    observed_at: datetime
    next_block_sat_per_vb: Decimal
    hour_sat_per_vb: Decimal
    economy_sat_per_vb: Decimal
    open_next_block_sats: int
    open_economy_sats: int


@dataclass(frozen=True, slots=True)
class OutsideEntry:
    """The node as a public directory shows it; what it does not say is None.

    Attributes:
        source: Which directory.
        observed_at: Moment of its figures, UTC.
        channels: Open channels.
        capacity_sats: Sum of their capacities, sat.
        capacity_rank: Place by capacity.
        channels_rank: Place by channels.
        uptime_month_ratio: Share of the month in which it could be reached, in [0, 1].
        first_seen_at: Since when the directory knows it, UTC.
    """

    source: str
    observed_at: datetime
    channels: int | None
    capacity_sats: int | None
    capacity_rank: int | None
    channels_rank: int | None
    uptime_month_ratio: float | None
    first_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class OutsideFigures:
    """What public services said.

    Attributes:
        onchain: Fee rates of the chain; None if nobody said.
        entries: The node in directories.
        network_channels: Channels of the network as a service counts them; None if nobody said.
        network_capacity_sats: Their capacity, sat.
        network_source: Who counts them.
    """

    onchain: OnchainFigures | None
    entries: tuple[OutsideEntry, ...]
    network_channels: int | None
    network_capacity_sats: int | None
    network_source: str | None
