"""One attempt to get a part of a payment through: priced, tried hop by hop, learned from, settled."""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from daznode.simulate.payments.demand import WARM
from daznode.simulate.payments.kernels.arithmetic import power_of_half
from daznode.simulate.payments.state import (
    A_PRIORI,
    BASE,
    CLTV,
    FEE_TOO_LOW,
    FLAT,
    GROWS,
    GROWS_ELSE,
    HALF_LIFE_MS,
    HAS_INBOUND,
    HTLC_MAX,
    HTLC_MIN,
    INBOUND_BASE,
    INBOUND_PPM,
    IS_DISABLED,
    LEAST,
    MOST,
    MOST_HOPS,
    NO_BALANCE,
    NO_REASON,
    OUTSIDE_LIMITS,
    PASSED,
    PASSED_PROBABILITY,
    PPM,
    RISK,
    RISK_PER_BLOCK,
    SLOPE,
    UNREACHABLE,
    Book,
    Memory,
    Net,
    Scratch,
)

_ONE_MILLION: Final = 1_000_000


@njit(cache=True, inline="always", error_model="numpy")
def _fee(policies: NDArray[np.int64], edge: int, amount: int) -> int:
    """BOLT 7: base plus the proportional part, rounded down."""
    return policies[edge, BASE] + amount * policies[edge, PPM] // _ONE_MILLION


@njit(cache=True, inline="always", error_model="numpy")
def node_fee(policies: NDArray[np.int64], edge_in: int, edge_out: int, amount: int) -> int:
    """What a node keeps of a payment that comes in by one edge and leaves by another, >= 0."""
    fee = _fee(policies, edge_out, amount)
    ppm = policies[edge_in, INBOUND_PPM]
    size = (amount + fee) * abs(ppm) // _ONE_MILLION
    inbound = policies[edge_in, INBOUND_BASE] + (size if ppm >= 0 else -size)
    return max(0, fee + inbound)


@njit(cache=True, nogil=True, error_model="numpy")
def show_edge(book: Book, edge: int) -> None:
    """Bring the search's view of one edge up to what senders have seen (see `state.show`)."""
    seen, view = book.seen[edge], book.shown
    view[edge, MOST] = -1 if seen[IS_DISABLED] else seen[HTLC_MAX]
    view[edge, FLAT] = seen[BASE]
    view[edge, SLOPE] = seen[PPM] * 1e-6
    view[edge, RISK] = seen[CLTV] * RISK_PER_BLOCK
    view[edge, LEAST] = seen[HTLC_MIN]
    view[edge, HAS_INBOUND] = 1 if seen[INBOUND_BASE] != 0 or seen[INBOUND_PPM] != 0 else 0


@njit(cache=True, nogil=True, error_model="numpy")
def lay_route(
    net: Net, book: Book, scratch: Scratch, sender: int, receiver: int, amount: int, limit: int
) -> int:
    """Follow the search's edges, and price them exactly, from the receiver back.

    Returns:
        Hops, with `scratch.path` and `scratch.amount`; 0 if the route is too long or, rounded as
        nodes round, above the limit.
    """
    path, amounts = scratch.path, scratch.amount
    node, length = sender, 0
    while length < MOST_HOPS:
        edge = scratch.following[node]
        path[length] = edge
        length += 1
        node = net.target[edge]
        if node == receiver:
            break
    if node != receiver:
        return 0
    amounts[length - 1] = amount
    for at in range(length - 2, -1, -1):
        amounts[at] = amounts[at + 1] + node_fee(book.seen, path[at], path[at + 1], amounts[at + 1])
    if amounts[0] - amount > limit:
        return 0
    return length


@njit(cache=True, nogil=True, error_model="numpy")
def refusal(net: Net, book: Book, scratch: Scratch, at: int, now_ms: int) -> int:
    """Why the hop at a place of the route fails; `NO_REASON` if it does not."""
    edge = scratch.path[at]
    amount = scratch.amount[at]
    if book.is_offline[net.source[edge]] or book.is_offline[net.target[edge]]:
        return UNREACHABLE
    if at > 0:
        if book.now[edge, IS_DISABLED]:
            return UNREACHABLE
        if amount > book.now[edge, HTLC_MAX] or amount < book.now[edge, HTLC_MIN]:
            return OUTSIDE_LIMITS
        edge_in = scratch.path[at - 1]
        paid = scratch.amount[at - 1] - amount
        if paid < node_fee(book.now, edge_in, edge, amount):
            is_accepted = now_ms <= max(
                book.former_until_ms[edge], book.former_until_ms[edge_in]
            ) and paid >= node_fee(book.former, edge_in, edge, amount)
            if not is_accepted:
                return FEE_TOO_LOW
    if book.balance[edge] - book.reserve[edge] < amount:
        return NO_BALANCE
    return NO_REASON


@njit(cache=True, nogil=True, error_model="numpy")
def remember(
    net: Net,
    book: Book,
    memory: Memory,
    scratch: Scratch,
    length: int,
    failed_at: int,
    reason: int,
    now_ms: int,
) -> None:
    """What a sender with a memory learns from an attempt.

    A node that asks something else than the sender knew is not blamed: the sender learns its policy
    and asks again (LND, `routing/result_interpretation.go`: the second chance).
    """
    view = book.shown
    until = length if failed_at < 0 else failed_at
    for at in range(1, until):
        edge = scratch.path[at]
        amount = np.float32(scratch.amount[at])
        if view[edge, PASSED] == 0:
            node = net.source[edge]
            memory.node_passed[node] += 1
            count = memory.node_passed[node]
            memory.node_best[node] = (A_PRIORI + PASSED_PROBABILITY * count) / (1 + count)
            if scratch.whose[1] == WARM:
                outlook = scratch.outlook[node]
                outlook[GROWS_ELSE] = outlook[GROWS] / memory.node_best[node]
        view[edge, PASSED] = max(view[edge, PASSED], amount)
        if memory.failed_at_ms[edge] >= 0 and amount >= memory.failed[edge]:
            memory.failed[edge] = np.float64(amount) + 1
    if failed_at > 0 and reason not in (FEE_TOO_LOW, OUTSIDE_LIMITS):
        edge = scratch.path[failed_at]
        amount = np.float32(scratch.amount[failed_at])
        node = net.source[edge]
        age = (now_ms - memory.node_failed_at_ms[node]) / HALF_LIFE_MS
        memory.node_failed[node] = memory.node_failed[node] * power_of_half(age) + 1.0
        memory.node_failed_at_ms[node] = now_ms
        memory.failed_at_ms[edge] = now_ms
        memory.failed[edge] = np.float64(scratch.amount[failed_at])
        if view[edge, PASSED] >= amount:
            view[edge, PASSED] = amount * np.float32(0.999)


@njit(cache=True, nogil=True, error_model="numpy")
def move(book: Book, net: Net, scratch: Scratch, length: int, n_moved: int) -> int:
    """Settle a part, noting what was moved; the new number of notes."""
    for at in range(length):
        edge, amount = scratch.path[at], scratch.amount[at]
        book.balance[edge] -= amount
        book.balance[net.reverse[edge]] += amount
        scratch.moved_edge[n_moved] = edge
        scratch.moved[n_moved] = amount
        if at > 0:
            scratch.traffic[net.source[edge]] += 1
            scratch.earned[net.source[edge]] += scratch.amount[at - 1] - amount
        n_moved += 1
    return n_moved


@njit(cache=True, nogil=True, error_model="numpy")
def undo(book: Book, net: Net, scratch: Scratch, sender: int, n_moved: int) -> None:
    """Give back what the settled parts of a lost payment moved: its HTLCs never settled."""
    for at in range(n_moved - 1, -1, -1):
        edge, amount = scratch.moved_edge[at], scratch.moved[at]
        node = net.source[edge]
        if node != sender:
            scratch.traffic[node] -= 1
            scratch.earned[node] -= scratch.moved[at - 1] - amount
        book.balance[edge] += amount
        book.balance[net.reverse[edge]] -= amount
