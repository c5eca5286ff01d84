"""Everything that changes while payments run, as flat arrays that the kernels share."""

from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from daznode.graph.kernels.rows import aligned_rows
from daznode.simulate.payments.network import PaymentNetwork

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

BASE, PPM, INBOUND_BASE, INBOUND_PPM, HTLC_MIN, HTLC_MAX, CLTV, IS_DISABLED = range(8)
"""Columns of a table of policies, one row an edge, int64."""

VIEW_COLUMNS: Final = 8
MOST, FLAT, SLOPE, RISK, LEAST, CAPACITY, HAS_INBOUND, PASSED = range(VIEW_COLUMNS)
"""Columns of what the search reads of every edge."""

RESERVE_DIVISOR: Final = 100
"""Each side keeps 1 % of a channel that it cannot spend (BOLT 2, `channel_reserve_satoshis`)."""

A_PRIORI: Final = 0.6
"""Chance of a hop of which nothing is known (LND, `probability_apriori.go`)."""

PASSED_PROBABILITY: Final = 0.95
"""Chance of a hop that has carried the amount before (LND, `prevSuccessProbability`)."""

LEAST_PROBABILITY: Final = 0.01
"""Routes less likely than that are not tried (LND, `minProbability`)."""

ATTEMPT_BASE_MSAT: Final = 100_000.0
ATTEMPT_RATIO: Final = 0.001
"""Price of a failed attempt: 100 sat and 0.1 % of the amount (LND, `attemptcost`, `attemptcostppm`)."""

HALF_LIFE_MS: Final = 3_600_000.0
"""After which a failure weighs half (LND, `penaltyHalfLife`)."""

NOBODY: Final = -1
"""In place of a node or an edge: none."""

MILLIONTH: Final = 1e-6

RISK_PER_BLOCK: Final = 15e-9
"""Price of a millisatoshi locked for one block (LND, `RiskFactorBillionths`)."""

LABELS: Final = 8
DISTANCE, WEIGHT, PROBABILITY, AMOUNT, OUT_FEE, KEY, STAMP, LAID = range(LABELS)
"""Columns of a search's labels, a cache line each: what is minimised, fees and time lock so far,
probability of all hops so far, what the node must receive (its own fee included), that fee, the
place in the queue, the search that wrote it, and the search that laid out its list of edges."""

LIST_COLUMNS: Final = 4
HORIZON, BEYOND, LISTED, _ = range(LIST_COLUMNS)
"""Of the list of edges by which a node may soon be left: what those cost at most, the least that the
others cost, and how many they are."""

OUTLOOKS: Final = 4
FURTHER, GROWS, GROWS_KNOWN, GROWS_ELSE = range(OUTLOOKS)
"""From a sender to a node: fees at the least, msat per msat; growth of the inverse probability at the
least; the same with a hop of the node that is known to pass, and with one that is not."""

MOST_HOPS: Final = 30
MOST_PARTS: Final = 16
MOST_ATTEMPTS: Final = 6
"""For one part."""
MOST_TRIES: Final = 15
"""For a whole payment: LND gives up after 60 seconds (`payment_timeout`), some four a try."""
EVENT_COLUMNS: Final = 8
(
    EVENT_AT,
    EVENT_KIND,
    EVENT_IN,
    EVENT_OUT,
    EVENT_AMOUNT_IN,
    EVENT_AMOUNT_OUT,
    EVENT_DETAIL,
    EVENT_PAYMENT,
) = range(EVENT_COLUMNS)
FORWARDED, REFUSED, FAILED_BEYOND, REFILLED = 1, 2, 3, 4
"""Kinds of the player's events: settled, refused by the player, failed further on; and a channel that
was refilled while a payment waited: came back by which and left by which, how much came and left."""

OPTION_COLUMNS: Final = 9
(
    OPTION_AT,
    OPTION_PAYMENT,
    OPTION_ATTEMPT,
    OPTION_OUT,
    OPTION_IN,
    OPTION_AMOUNT,
    OPTION_WORTH,
    IS_GOOD,
    CAPTIVE,
) = range(OPTION_COLUMNS)
"""Columns of an option: moment, payment, attempt, the player's edges by which it would leave and had
come in, amount to pass on, the most that the player could have asked (both msat), whether all others
on the way had the balance, whether the sender had no route without the player."""

NO_REASON, NO_BALANCE, FEE_TOO_LOW, OUTSIDE_LIMITS, UNREACHABLE = range(5)
"""Why a hop fails."""


class Net(NamedTuple):
    """What does not change while payments run.

    Attributes:
        start: Where the edges towards each node begin, (n + 1,), int64.
        source: (n_edges,), uint32.
        target: (n_edges,), int32.
        reverse: (n_edges,), int32.
        capacity: msat, (n_edges,), int64.
        out_start: Where the edges from each node begin in `out_target`, (n + 1,), int64.
        out_target: Nodes at the other ends, (n_edges,), int32.
        out_edge: The edges themselves, in the same order, (n_edges,), int32.
    """

    start: IntArray
    source: NDArray[np.uint32]
    target: NDArray[np.int32]
    reverse: NDArray[np.int32]
    capacity: IntArray
    out_start: IntArray
    out_target: NDArray[np.int32]
    out_edge: NDArray[np.int32]


class Book(NamedTuple):
    """Policies and balances.

    Attributes:
        seen: What senders know, (n_edges, 8), int64.
        now: What is in force, same shape.
        former: What was in force before, accepted for a while, same shape.
        former_until_ms: Until when, (n_edges,), int64.
        shown: `seen` as the search reads it, (n_edges, 8), float32, half a cache line each: largest
            amount (-1 if disabled), base, slope, risk, smallest amount, capacity, 1 if the target has
            an inbound fee, largest amount that those who remember know to pass.
        balance: Spendable or not, of the edge's source, msat, (n_edges,), int64.
        reserve: What of it cannot be spent, msat, (n_edges,), int64.
        is_offline: 1 for nodes that do not answer, (n,), uint8.
    """

    seen: IntArray
    now: IntArray
    former: IntArray
    former_until_ms: IntArray
    shown: NDArray[np.float32]
    balance: IntArray
    reserve: IntArray
    is_offline: NDArray[np.uint8]


class Memory(NamedTuple):
    """Mission control of those senders who remember; all of them share one.

    Attributes:
        failed: Smallest amount known to fail, msat, (n_edges,), float64.
        failed_at_ms: When it failed last, (n_edges,), int64; -1 if never.
        node_passed: Edges of a node that are known to pass, (n,), float64.
        node_failed: Failures of a node, each halved every hour, (n,), float64.
        node_failed_at_ms: As of when, (n,), int64.
        node_best: Most that a hop of the node can be trusted, failures left out, (n,), float32.
    """

    failed: FloatArray
    failed_at_ms: IntArray
    node_passed: FloatArray
    node_failed: FloatArray
    node_failed_at_ms: IntArray
    node_best: NDArray[np.float32]


class Bounds(NamedTuple):
    """Lower bounds of routes, a row for every sender.

    Attributes:
        hops: Channels from the sender (row) to the node (column), (n, n), uint8.
        least: Level of the fees between them, the sender's own hop being free, (n, n), uint8.
        slope: Fee of a level, msat per msat, (256,), float64.
        growth: By kind of sender and hops, how much the inverse probability grows at the least,
            (3, 256), float64.
    """

    hops: NDArray[np.uint8]
    least: NDArray[np.uint8]
    slope: FloatArray
    growth: FloatArray


class Scratch(NamedTuple):
    """Working memory of a search and of a payment.

    Attributes:
        label: (n, 8), float64.
        following: Edge from a node towards the receiver, (n,), int32.
        heap: Nodes by what they cost, int64.
        waiting: Edges towards a node that may soon be followed, at the place of its edges, (n_edges,),
            uint32.
        ahead: The least that a route by each of them costs, (n_edges,), float32.
        lists: What is known of these lists, (n, 4), float64.
        outlook: Of a sender and its kind, (n, 4), float32.
        whose: Sender and kind that it is of, (2,), int64.
        path: Edges of a route, (32,), int64.
        amount: What goes over each, msat, (32,), int64.
        banned: Edges that failed this payment, (64,), int64.
        banned_from: Amount from which they are avoided, msat, (64,), int64.
        moved_edge: Edges of settled parts, (512,), int64.
        moved: What went over each, msat, (512,), int64.
        pending: Forwards of the player in settled parts, (64, 8), int64.
        traffic: Payments that each node has passed on, parts counted each, (n,), int64.
        earned: Fees that each node has kept for them, msat, (n,), int64.
        counts: By place, relaxed edges (1), attempts (2), settled hops (3) and the last stamp (4), (8,),
            int64.
    """

    label: FloatArray
    following: NDArray[np.int32]
    heap: IntArray
    waiting: NDArray[np.uint32]
    ahead: NDArray[np.float32]
    lists: FloatArray
    outlook: NDArray[np.float32]
    whose: IntArray
    path: IntArray
    amount: IntArray
    banned: IntArray
    banned_from: IntArray
    moved_edge: IntArray
    moved: IntArray
    pending: IntArray
    traffic: IntArray
    earned: IntArray
    counts: IntArray


Columns = TypeVar("Columns", Book, Memory)


def copied(columns: Columns) -> Columns:
    """The same columns in arrays of their own."""
    return columns._replace(**{name: value.copy() for name, value in columns._asdict().items()})


def new_net(network: PaymentNetwork) -> Net:
    """The fixed arrays of a network."""
    order = np.argsort(network.source, kind="stable")
    out_start = np.zeros(network.n_nodes + 1, np.int64)
    np.cumsum(np.bincount(network.source, minlength=network.n_nodes), out=out_start[1:])
    return Net(
        start=network.start.copy(),
        source=network.source.astype(np.uint32),
        target=network.target.astype(np.int32),
        reverse=network.reverse.astype(np.int32),
        capacity=network.capacity_msat.copy(),
        out_start=out_start,
        out_target=network.target[order].astype(np.int32),
        out_edge=order.astype(np.int32),
    )


def new_book(network: PaymentNetwork, balance_msat: IntArray) -> Book:
    """Policies as the network announces them, and balances as given.

    Args:
        network: The network.
        balance_msat: Of each edge's source; with the other direction's it makes the capacity.
    """
    policies = np.stack(
        (
            network.base_fee_msat,
            network.fee_ppm,
            network.inbound_base_msat,
            network.inbound_ppm,
            network.htlc_minimum_msat,
            network.htlc_maximum_msat,
            network.cltv_delta,
            network.is_disabled.astype(np.int64),
        ),
        axis=1,
    )
    book = Book(
        seen=policies.copy(),
        now=policies.copy(),
        former=policies.copy(),
        former_until_ms=np.full(network.n_edges, -1, np.int64),
        shown=aligned_rows(network.n_edges, VIEW_COLUMNS, np.float32).reshape(-1, VIEW_COLUMNS),
        balance=balance_msat.copy(),
        reserve=network.capacity_msat // RESERVE_DIVISOR,
        is_offline=np.zeros(network.n_nodes, np.uint8),
    )
    book.shown[:, CAPACITY] = network.capacity_msat
    show(book, np.arange(network.n_edges))
    return book


def show(book: Book, edges: IntArray) -> None:
    """Bring the search's view of edges up to what senders have seen."""
    seen, view = book.seen[edges], book.shown
    view[edges, MOST] = np.where(seen[:, IS_DISABLED] != 0, -1, seen[:, HTLC_MAX])
    view[edges, FLAT] = seen[:, BASE]
    view[edges, SLOPE] = seen[:, PPM] * 1e-6
    view[edges, RISK] = seen[:, CLTV] * RISK_PER_BLOCK
    view[edges, LEAST] = seen[:, HTLC_MIN]
    view[edges, HAS_INBOUND] = (seen[:, INBOUND_BASE] != 0) | (seen[:, INBOUND_PPM] != 0)


def put_policy(
    policies: IntArray, edge: int, back: int, outbound: IntArray, inbound: tuple[int, int]
) -> None:
    """Write what a node asks for a channel: inbound fees stand at the direction towards it.

    Args:
        policies: Table of policies, (n_edges, 8).
        edge: From the node to its peer.
        back: The other direction.
        outbound: All columns; the inbound ones are not looked at.
        inbound: Base in msat and ppm of what comes in by the channel.
    """
    columns = [INBOUND_BASE, INBOUND_PPM]
    kept = policies[edge, columns].copy()
    policies[edge] = outbound
    policies[edge, columns] = kept
    policies[back, columns] = inbound


def new_memory(network: PaymentNetwork) -> Memory:
    """A memory of nothing."""
    return Memory(
        failed=np.zeros(network.n_edges),
        failed_at_ms=np.full(network.n_edges, -1, np.int64),
        node_passed=np.zeros(network.n_nodes),
        node_failed=np.zeros(network.n_nodes),
        node_failed_at_ms=np.zeros(network.n_nodes, np.int64),
        node_best=np.full(network.n_nodes, A_PRIORI, np.float32),
    )


def new_scratch(network: PaymentNetwork) -> Scratch:
    """Working memory for a network."""
    n_nodes, n_edges = network.n_nodes, network.n_edges
    return Scratch(
        label=aligned_rows(n_nodes, LABELS, np.float64).reshape(n_nodes, LABELS),
        following=np.zeros(n_nodes, np.int32),
        heap=np.zeros(4 * n_edges + n_nodes, np.int64),
        waiting=np.zeros(n_edges, np.uint32),
        ahead=np.zeros(n_edges, np.float32),
        lists=aligned_rows(n_nodes, LIST_COLUMNS, np.float64).reshape(n_nodes, LIST_COLUMNS),
        outlook=aligned_rows(n_nodes, OUTLOOKS, np.float32).reshape(n_nodes, OUTLOOKS),
        whose=np.full(2, -1, np.int64),
        path=np.zeros(MOST_HOPS + 2, np.int64),
        amount=np.zeros(MOST_HOPS + 2, np.int64),
        banned=np.zeros(64, np.int64),
        banned_from=np.zeros(64, np.int64),
        moved_edge=np.zeros(MOST_PARTS * (MOST_HOPS + 2), np.int64),
        moved=np.zeros(MOST_PARTS * (MOST_HOPS + 2), np.int64),
        pending=np.zeros((4 * MOST_PARTS, EVENT_COLUMNS), np.int64),
        traffic=np.zeros(n_nodes, np.int64),
        earned=np.zeros(n_nodes, np.int64),
        counts=np.zeros(8, np.int64),
    )
