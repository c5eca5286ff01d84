"""The kinds of peers that the simulated node has: a table of figures, from which its story follows."""

from dataclasses import dataclass
from typing import Final

from daznode.simulate.payments.demand import BUYER, EXCHANGE, MERCHANT, ROUTER

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
        role: What it is to those who pay (`payments/demand.py`); None for what chance makes of it.
        pays: Its share of all that nodes of its role pay, in [0, 1).
        is_paid: Its share of all that nodes of its role are paid, in [0, 1).
        capacity_sats: Range of the channel's size, sat.
        price_ratio: What the node asks, over the median of what others ask for the same way.
        fee_ppm: What the node asks where it does not look at the market.
        their_ppm: What the peer asks; None for what it asks elsewhere.
        base_fee_msat: Flat fee that the node asks, msat.
        discount_ratio: Inbound discount, over the fee that the node asks in the same channel.
        htlc_ratio: Largest HTLC that the node lets through, over the capacity.
        local_ratio: Range of the node's share of the balance at the beginning.
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
    role: int | None = None
    pays: float = 0.0
    is_paid: float = 0.0
    capacity_sats: tuple[int, int] = (3_000_000, 10_000_000)
    price_ratio: float = 1.0
    fee_ppm: int | None = None
    their_ppm: int | None = None
    base_fee_msat: int = 0
    discount_ratio: float = 0.0
    htlc_ratio: float = MOST_HTLC_RATIO
    local_ratio: Range = (0.15, 0.85)
    outages_per_day: float = 0.08
    opens_on_day: float | None = None
    leaves_on_day: float | None = None


_BIG: Final = (10_000_000, 20_000_000)
_LARGE_NODES: Final = (0.96, 1.0)
_MIDDLING_NODES: Final = (0.75, 0.98)
_SMALL_NODES: Final = (0.4, 0.75)
_LEAVES: Final = (0.0, 0.2)

PEER_KINDS: Final = (
    PeerKind(
        name="hub",
        count=4,
        size=(0.995, 1.0),
        dearness=(0.0, 0.7),
        role=ROUTER,
        capacity_sats=_BIG,
        outages_per_day=0.02,
    ),
    PeerKind(
        name="exchange",
        count=2,
        size=_LARGE_NODES,
        dearness=(0.7, 1.0),
        role=EXCHANGE,
        pays=0.1,
        is_paid=0.18,
        capacity_sats=_BIG,
        discount_ratio=0.3,
        outages_per_day=0.02,
    ),
    # LND's defaults of 1 sat and 1 ppm, never changed since the channel was opened.
    PeerKind(
        name="exchange at default fees",
        count=1,
        size=_LARGE_NODES,
        dearness=(0.7, 1.0),
        role=EXCHANGE,
        pays=0.08,
        is_paid=0.14,
        capacity_sats=(8_000_000, 10_000_000),
        fee_ppm=1,
        base_fee_msat=1_000,
        outages_per_day=0.02,
    ),
    PeerKind(
        name="wallet",
        count=3,
        size=(0.95, 1.0),
        dearness=(0.0, 0.35),
        role=BUYER,
        pays=0.1,
        is_paid=0.06,
        capacity_sats=(8_000_000, 16_000_000),
        outages_per_day=0.02,
    ),
    PeerKind(
        name="service provider",
        count=2,
        size=(0.95, 1.0),
        dearness=(0.4, 0.9),
        role=MERCHANT,
        pays=0.06,
        is_paid=0.1,
        capacity_sats=(8_000_000, 16_000_000),
        price_ratio=1.1,
        outages_per_day=0.02,
    ),
    PeerKind(
        name="merchant",
        count=5,
        size=(0.7, 0.97),
        role=MERCHANT,
        pays=0.02,
        is_paid=0.03,
        capacity_sats=(2_000_000, 6_000_000),
    ),
    PeerKind(name="router", count=10, size=_MIDDLING_NODES),
    PeerKind(
        name="router behind a high fee",
        count=1,
        size=(0.97, 1.0),
        role=ROUTER,
        price_ratio=20.0,
        local_ratio=(0.7, 0.9),
    ),
    PeerKind(name="router behind a narrow HTLC limit", count=1, size=(0.9, 0.99), htlc_ratio=0.02),
    PeerKind(
        name="corner",
        count=3,
        size=_SMALL_NODES,
        role=BUYER,
        pays=0.001,
        is_paid=0.001,
        capacity_sats=(1_000_000, 3_000_000),
        outages_per_day=0.3,
    ),
    PeerKind(
        name="unsteady",
        count=1,
        size=_SMALL_NODES,
        role=BUYER,
        pays=0.005,
        is_paid=0.005,
        outages_per_day=3.0,
    ),
    PeerKind(
        name="dead end",
        count=1,
        size=_LEAVES,
        role=ROUTER,
        capacity_sats=(5_000_000, 5_000_000),
        fee_ppm=2_500,
        their_ppm=5_000,
        local_ratio=(0.55, 0.75),
    ),
    PeerKind(name="leaver", count=1, size=_MIDDLING_NODES, leaves_on_day=17.3),
    PeerKind(
        name="newcomer",
        count=1,
        size=(0.97, 1.0),
        role=MERCHANT,
        pays=0.03,
        is_paid=0.06,
        capacity_sats=(5_000_000, 5_000_000),
        local_ratio=(0.99, 0.99),
        opens_on_day=15.4,
    ),
)
