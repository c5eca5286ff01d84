"""The kinds of peers that the simulated node has: a table of figures, from which its story follows."""

from dataclasses import dataclass
from typing import Final

MOST_HTLC_RATIO: Final = 0.99

Range = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerKind:
    """A kind of peer.

    Attributes:
        name: For people.
        count: How many of the node's peers are of it.
        size: Range of its rank by channels, 0 the smallest node and 1 the largest.
        dearness: Range of its rank by what others ask on the way to it, among nodes of its size.
        source: How much wants to come from it and from behind it, relative.
        sink: How much wants to go to it and behind it, relative.
        capacity_sats: Range of the channel's size, sat.
        price_ratio: What the node asks, over the median of what others ask for the same way.
        fee_ppm: What the node asks where it does not look at the market.
        base_fee_msat: Flat fee that the node asks, msat.
        discount_ratio: Inbound discount, over the fee that the node asks in the same channel.
        htlc_ratio: Largest HTLC that the node lets through, over the capacity.
        local_ratio: Range of the node's share of the balance at the beginning.
        ends_here_ratio: Share of payments to it that end at it; the others can fail behind it.
        large_ratio: Share of payments to it that are of an exchange's size, not of a purchase's.
        outages_per_day: How often it drops off.
        opens_on_day: Days after the node's beginning at which the channel is opened; None for one
            that is there from the start.
        leaves_on_day: Days after the node's beginning at which the peer goes offline for good;
            None if it stays.
    """

    name: str
    count: int
    size: Range
    dearness: Range = (0.0, 1.0)
    source: float = 1.0
    sink: float = 1.0
    capacity_sats: tuple[int, int] = (3_000_000, 10_000_000)
    price_ratio: float = 1.0
    fee_ppm: int | None = None
    base_fee_msat: int = 0
    discount_ratio: float = 0.0
    htlc_ratio: float = MOST_HTLC_RATIO
    local_ratio: Range = (0.15, 0.85)
    ends_here_ratio: float = 0.15
    large_ratio: float = 0.3
    outages_per_day: float = 0.08
    opens_on_day: float | None = None
    leaves_on_day: float | None = None


_BIG: Final = (10_000_000, 20_000_000)
_LARGE_NODES: Final = (0.96, 1.0)
_MIDDLING_NODES: Final = (0.75, 0.98)
_SMALL_NODES: Final = (0.4, 0.75)

PEER_KINDS: Final = (
    PeerKind(
        name="hub",
        count=4,
        size=(0.995, 1.0),
        dearness=(0.0, 0.7),
        source=3.0,
        sink=2.5,
        capacity_sats=_BIG,
        ends_here_ratio=0.1,
        outages_per_day=0.02,
    ),
    PeerKind(
        name="exchange",
        count=2,
        size=_LARGE_NODES,
        dearness=(0.7, 1.0),
        source=0.8,
        sink=5.0,
        capacity_sats=_BIG,
        discount_ratio=0.3,
        ends_here_ratio=0.8,
        large_ratio=0.6,
        outages_per_day=0.02,
    ),
    # LND's defaults of 1 sat and 1 ppm, never changed since the channel was opened.
    PeerKind(
        name="exchange at default fees",
        count=1,
        size=_LARGE_NODES,
        dearness=(0.7, 1.0),
        source=0.8,
        sink=4.0,
        capacity_sats=(8_000_000, 10_000_000),
        fee_ppm=1,
        base_fee_msat=1_000,
        ends_here_ratio=0.8,
        large_ratio=0.6,
        outages_per_day=0.02,
    ),
    PeerKind(
        name="wallet",
        count=3,
        size=(0.95, 1.0),
        dearness=(0.0, 0.35),
        source=4.5,
        sink=0.8,
        capacity_sats=(8_000_000, 16_000_000),
        ends_here_ratio=0.6,
        outages_per_day=0.02,
    ),
    PeerKind(
        name="service provider",
        count=2,
        size=(0.95, 1.0),
        dearness=(0.4, 0.9),
        source=1.0,
        sink=3.5,
        capacity_sats=(8_000_000, 16_000_000),
        price_ratio=1.1,
        ends_here_ratio=0.5,
        outages_per_day=0.02,
    ),
    PeerKind(
        name="merchant",
        count=5,
        size=(0.7, 0.97),
        source=0.15,
        sink=1.0,
        capacity_sats=(2_000_000, 6_000_000),
        ends_here_ratio=0.9,
        large_ratio=0.05,
    ),
    PeerKind(name="router", count=10, size=_MIDDLING_NODES),
    PeerKind(
        name="router behind a high fee",
        count=1,
        size=(0.97, 1.0),
        source=0.4,
        sink=0.25,
        price_ratio=20.0,
        local_ratio=(0.7, 0.9),
    ),
    PeerKind(name="router behind a narrow HTLC limit", count=1, size=(0.9, 0.99), htlc_ratio=0.02),
    PeerKind(
        name="corner",
        count=3,
        size=_SMALL_NODES,
        source=0.12,
        sink=0.12,
        capacity_sats=(1_000_000, 3_000_000),
        outages_per_day=0.3,
    ),
    PeerKind(
        name="unsteady",
        count=1,
        size=_SMALL_NODES,
        source=0.5,
        sink=0.5,
        outages_per_day=3.0,
    ),
    PeerKind(
        name="dead end",
        count=1,
        size=_SMALL_NODES,
        source=0.0,
        sink=0.0,
        capacity_sats=(5_000_000, 5_000_000),
        local_ratio=(0.55, 0.75),
    ),
    PeerKind(name="leaver", count=1, size=_MIDDLING_NODES, leaves_on_day=17.3),
    PeerKind(
        name="newcomer",
        count=1,
        size=(0.97, 1.0),
        source=1.5,
        sink=1.5,
        capacity_sats=(5_000_000, 5_000_000),
        local_ratio=(0.99, 0.99),
        opens_on_day=15.4,
    ),
)
