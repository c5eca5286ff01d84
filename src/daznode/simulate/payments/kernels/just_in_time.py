"""A node refills a channel while the payment waits that it lacks the balance for."""

import math
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from daznode.simulate.payments.kernels.circular import circular
from daznode.simulate.payments.standing import (
    ALLOWANCE,
    FEE_PPM,
    LEAST_FEE,
    MARGIN,
    Standing,
)
from daznode.simulate.payments.state import (
    EVENT_AMOUNT_IN,
    EVENT_AMOUNT_OUT,
    EVENT_AT,
    EVENT_DETAIL,
    EVENT_IN,
    EVENT_KIND,
    EVENT_OUT,
    EVENT_PAYMENT,
    IS_DISABLED,
    MOST_ATTEMPTS,
    NO_REASON,
    REFILLED,
    Book,
    Bounds,
    Memory,
    Net,
    Scratch,
)

MOST_CIRCULAR: Final = 5
"""Circular payments that are tried for one that waits: CLBoss's `FundsMover` makes 30 attempts, and a
circular payment makes six."""

SMALLEST_MSAT: Final = 100_000
"""What fails is cut no smaller: 100 sat (`FundsMover`)."""

_GOLDEN: Final = (math.sqrt(5) - 1) / 2
_ONE_MILLION: Final = 1_000_000
_FORBIDDEN_MSAT: Final = 1 << 60
_TO_UNIT: Final = 1.0 / (1 << 53)
_STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)


@njit(cache=True, nogil=True, error_model="numpy")
def _mixed(number: np.uint64) -> np.uint64:
    """A number of 64 bits that tells nothing of the one it was made of.

    References:
        Steele, Lea and Flood, OOPSLA 2014, DOI 10.1145/2660193.2660195: the finaliser of SplitMix.
    """
    mixed = number + _STEP
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
    return mixed ^ (mixed >> np.uint64(31))


@njit(cache=True, nogil=True, error_model="numpy")
def chance_of(seed: int, payment: int, turn: int) -> float:
    """A number in [0, 1) for one turn of one payment of a run, whatever was drawn before."""
    mixed = _mixed(_mixed(_mixed(np.uint64(seed)) ^ np.uint64(payment)) ^ np.uint64(turn))
    return np.float64(mixed >> np.uint64(11)) * _TO_UNIT


@njit(cache=True, nogil=True, error_model="numpy")
def source_for(net: Net, book: Book, edge: int, chance: float) -> int:
    """By which of its channels a node pays for refilling one: the fuller, the likelier.

    Args:
        net: Who is linked to whom.
        book: Balances, and who is there.
        edge: From the node to the peer whose channel is refilled: no channel with it pays.
        chance: In [0, 1).

    Returns:
        An edge from the node, drawn by local balance over capacity; -1 if none has any.
    """
    player, peer = net.source[edge], net.target[edge]
    begin, end = net.out_start[player], net.out_start[player + 1]
    total = 0.0
    for at in range(begin, end):
        one = net.out_edge[at]
        if net.target[one] != peer and _is_usable(net, book, one):
            total += book.balance[one] / net.capacity[one]
    left = chance * total
    chosen = -1
    for at in range(begin, end):
        one = net.out_edge[at]
        if net.target[one] != peer and _is_usable(net, book, one):
            chosen = one
            left -= book.balance[one] / net.capacity[one]
            if left < 0.0:
                break
    return chosen


@njit(cache=True, inline="always", error_model="numpy")
def _is_usable(net: Net, book: Book, edge: int) -> bool:
    return (
        book.balance[edge] > 0
        and book.now[edge, IS_DISABLED] == 0
        and book.seen[edge, IS_DISABLED] == 0
        and book.is_offline[net.target[edge]] == 0
    )


@njit(cache=True, nogil=True, error_model="numpy")
def wanted(net: Net, book: Book, standing: Standing, edge: int, waits_msat: int) -> tuple[int, int]:
    """What a channel is to be refilled by for a payment that waits, and most that this may cost.

    Half-way from the payment to the capacity is what the channel is to have then.

    Args:
        net: Who is linked to whom.
        book: Balances; what must be kept in reserve counts, as in CLBoss.
        standing: Orders, not empty.
        edge: The channel, seen from the player.
        waits_msat: What the payment that waits would take.

    Returns:
        Amount and fee in msat; 0 and 0 if it is not to be refilled.

    References:
        ZmnSCPxj/clboss 90eaf44, `Boss/Mod/JitRebalancer`.
    """
    group = standing.group[edge]
    if group < 0:
        return 0, 0
    rule = standing.rule[group]
    local = book.balance[edge]
    if rule[ALLOWANCE] < 0 or waits_msat + rule[MARGIN] <= local:
        return 0, 0
    amount = (waits_msat + net.capacity[edge]) // 2 - local
    if amount <= 0:
        return 0, 0
    return amount, max(rule[LEAST_FEE], amount * rule[FEE_PPM] // _ONE_MILLION)


@njit(cache=True, nogil=True, error_model="numpy")
def _note(
    standing: Standing,
    edge: int,
    source: int,
    amount_msat: int,
    cost_msat: int,
    at_ms: int,
    payment: int,
    row: NDArray[np.int64],
) -> None:
    """Tell of a refill, and take what it cost from what may be spent."""
    standing.rule[standing.group[edge], ALLOWANCE] -= cost_msat
    row[EVENT_AT] = at_ms
    row[EVENT_KIND] = REFILLED
    row[EVENT_IN] = edge
    row[EVENT_OUT] = source
    row[EVENT_AMOUNT_IN] = amount_msat
    row[EVENT_AMOUNT_OUT] = amount_msat + cost_msat
    row[EVENT_DETAIL] = NO_REASON
    row[EVENT_PAYMENT] = payment


@njit(cache=True, nogil=True, error_model="numpy")
def _hold(net: Net, book: Book, scratch: Scratch, at: int, n_moved: int, sign: int) -> None:
    """Hold what is in flight, or let go of it: a refill must not spend it.

    What the part that waits takes on its way to the player is offered there already; what earlier
    parts brought to a node is not the node's before all parts have arrived.
    """
    for hop in range(at):
        book.reserve[scratch.path[hop]] += sign * scratch.amount[hop]
    for note in range(n_moved):
        book.reserve[net.reverse[scratch.moved_edge[note]]] += sign * scratch.moved[note]


@njit(cache=True, nogil=True, error_model="numpy")
def _forbid(net: Net, book: Book, source: int, sign: int) -> None:
    """Forbid a node to leave by another channel than one, or allow it again."""
    player = net.source[source]
    for at in range(net.out_start[player], net.out_start[player + 1]):
        if net.out_edge[at] != source:
            book.reserve[net.out_edge[at]] += sign * _FORBIDDEN_MSAT


@njit(cache=True, nogil=True, error_model="numpy")
def refill_in_time(
    net: Net,
    book: Book,
    memory: Memory,
    bounds: Bounds,
    scratch: Scratch,
    standing: Standing,
    at: int,
    n_moved: int,
    now_ms: int,
    payment: int,
    turn: int,
    events: NDArray[np.int64],
    n_events: int,
) -> int:
    """Try to refill the player's channel at a place of a route, for the part that waits there.

    What cannot be moved whole is cut by the golden ratio, and both parts are tried. What was moved
    stays moved, whatever becomes of the payment. No time passes.

    Args:
        net: Who is linked to whom.
        book: Policies and balances.
        memory: Of those who remember.
        bounds: Of routes from every sender.
        scratch: Working memory; the route that waits is in it, and is in it again afterwards.
        standing: Orders, not empty.
        at: Place of the route.
        n_moved: Notes in `scratch` of what earlier parts of the payment have moved.
        now_ms: The virtual present.
        payment: Number of the payment.
        turn: Number of the attempt within the payment.
        events: Where refills are told, at most `MOST_CIRCULAR` of them.
        n_events: How many events there are.

    Returns:
        The new number of events.
    """
    edge = scratch.path[at]
    want, most_fee = wanted(net, book, standing, edge, scratch.amount[at])
    if want == 0:
        return n_events
    source = source_for(net, book, edge, chance_of(standing.seed[0], payment, turn))
    if source < 0:
        return n_events
    path, amount = scratch.path.copy(), scratch.amount.copy()
    banned = scratch.banned[:MOST_ATTEMPTS].copy()
    banned_from = scratch.banned_from[:MOST_ATTEMPTS].copy()
    _hold(net, book, scratch, at, n_moved, 1)
    _forbid(net, book, source, 1)
    parts = np.zeros(MOST_CIRCULAR + 1, np.int64)
    parts[0], n_parts = want, 1
    for _ in range(MOST_CIRCULAR):
        if n_parts == 0:
            break
        n_parts -= 1
        part = parts[n_parts]
        cost = circular(
            net, book, memory, bounds, scratch, int(np.int64(net.source[edge])),
            int(np.int64(net.reverse[edge])), part, int(most_fee * (part / want)), now_ms, n_moved,
        )  # fmt: skip
        if cost >= 0:
            _note(standing, edge, source, part, cost, now_ms, payment, events[n_events])
            n_events += 1
            continue
        larger = np.int64(part * _GOLDEN)
        if part - larger >= SMALLEST_MSAT:
            parts[n_parts], parts[n_parts + 1] = part - larger, larger
            n_parts += 2
    _forbid(net, book, source, -1)
    scratch.path[:], scratch.amount[:] = path, amount
    scratch.banned[:MOST_ATTEMPTS] = banned
    scratch.banned_from[:MOST_ATTEMPTS] = banned_from
    _hold(net, book, scratch, at, n_moved, -1)
    return n_events


@njit(cache=True, nogil=True, error_model="numpy")
def refill_around(
    net: Net,
    book: Book,
    standing: Standing,
    around_ppm: NDArray[np.float64],
    edge: int,
    waits_msat: int,
    at_ms: int,
    payment: int,
    turn: int,
    events: NDArray[np.int64],
    n_events: int,
) -> int:
    """The same where the rest of the network is a recording: at the price of the best way around.

    As much is moved as the source can pay and the peer has.

    Args:
        net: Who is linked to whom.
        book: What the node asks, and its balances.
        standing: Orders, not empty.
        around_ppm: What refilling each of the node's channels costs, by edge; infinite for no way.
        edge: The channel, seen from the node.
        waits_msat: What the payment that waits would take.
        at_ms: The payment's moment.
        payment: Number of the payment.
        turn: Number of the attempt within the payment.
        events: Where the refill is told.
        n_events: How many events there are.

    Returns:
        The new number of events.
    """
    want, most_fee = wanted(net, book, standing, edge, waits_msat)
    price = around_ppm[edge] if want > 0 else np.inf
    if want == 0 or not np.isfinite(price):
        return n_events
    source = source_for(net, book, edge, chance_of(standing.seed[0], payment, turn))
    if source < 0:
        return n_events
    onward, back = net.reverse[edge], net.reverse[source]
    spendable = book.balance[source] - book.reserve[source]
    affordable = np.int64(spendable / (1.0 + price / _ONE_MILLION)) - 1
    amount = min(want, book.balance[onward] - book.reserve[onward], affordable)
    if amount < SMALLEST_MSAT:
        return n_events
    cost = int(np.int64(np.ceil(amount * price / _ONE_MILLION)))
    if cost > most_fee * (amount / want):
        return n_events
    book.balance[source] -= amount + cost
    book.balance[back] += amount + cost
    book.balance[onward] -= amount
    book.balance[edge] += amount
    _note(standing, edge, source, amount, cost, at_ms, payment, events[n_events])
    return n_events + 1
