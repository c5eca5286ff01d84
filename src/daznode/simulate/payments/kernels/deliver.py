"""Payments at work: parts, attempts, retries and settlement, one payment after another."""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from daznode.simulate.payments.demand import WARM
from daznode.simulate.payments.kernels.attempt import (
    lay_route,
    move,
    refusal,
    remember,
    show_edge,
    undo,
)
from daznode.simulate.payments.kernels.just_in_time import refill_in_time
from daznode.simulate.payments.kernels.options import record_options
from daznode.simulate.payments.kernels.search import find_route
from daznode.simulate.payments.standing import Standing
from daznode.simulate.payments.state import (
    EVENT_AMOUNT_IN,
    EVENT_AMOUNT_OUT,
    EVENT_AT,
    EVENT_DETAIL,
    EVENT_IN,
    EVENT_KIND,
    EVENT_OUT,
    EVENT_PAYMENT,
    FAILED_BEYOND,
    FEE_TOO_LOW,
    FORWARDED,
    MOST_ATTEMPTS,
    MOST_PARTS,
    MOST_TRIES,
    NO_BALANCE,
    NO_REASON,
    NOBODY,
    OUTSIDE_LIMITS,
    REFUSED,
    Book,
    Bounds,
    Memory,
    Net,
    Scratch,
)

_SMALLEST_PART_MSAT: Final = 10_000_000
"""LND splits no part below 10,000 sat (`minShardAmount`)."""

SETTLED, LOST, NO_ROUTE, NOT_TRIED = 1, 2, 3, 4
"""Outcomes of a payment; 0 is "not its turn yet"."""


@njit(cache=True, nogil=True, error_model="numpy")
def _note_failure(
    net: Net,
    scratch: Scratch,
    events: NDArray[np.int64],
    n_events: int,
    player: int,
    failed_at: int,
    reason: int,
    now_ms: int,
    payment: int,
) -> int:
    """Tell the player what it saw of a failed attempt; the new number of events."""
    for at in range(1, failed_at + 1):
        edge = scratch.path[at]
        if net.source[edge] != player:
            continue
        row = events[n_events]
        row[EVENT_AT] = now_ms
        row[EVENT_KIND] = FAILED_BEYOND if at < failed_at else REFUSED
        row[EVENT_IN] = net.reverse[scratch.path[at - 1]]
        row[EVENT_OUT] = edge
        row[EVENT_AMOUNT_IN] = scratch.amount[at - 1]
        row[EVENT_AMOUNT_OUT] = scratch.amount[at]
        row[EVENT_DETAIL] = reason
        row[EVENT_PAYMENT] = payment
        return n_events + 1
    return n_events


@njit(cache=True, nogil=True, error_model="numpy")
def _note_forwards(
    net: Net,
    scratch: Scratch,
    player: int,
    length: int,
    n_pending: int,
    now_ms: int,
    payment: int,
    is_captive: bool,  # noqa: FBT001 - numba takes keywords only slowly
) -> int:
    for at in range(1, length):
        edge = scratch.path[at]
        if net.source[edge] == player and n_pending < scratch.pending.shape[0]:
            row = scratch.pending[n_pending]
            row[EVENT_AT] = now_ms
            row[EVENT_KIND] = FORWARDED
            row[EVENT_IN] = net.reverse[scratch.path[at - 1]]
            row[EVENT_OUT] = edge
            row[EVENT_AMOUNT_IN] = scratch.amount[at - 1]
            row[EVENT_AMOUNT_OUT] = scratch.amount[at]
            row[EVENT_DETAIL] = 1 if is_captive else 0
            row[EVENT_PAYMENT] = payment
            n_pending += 1
    return n_pending


@njit(cache=True, nogil=True, error_model="numpy")
def deliver(
    net: Net,
    book: Book,
    memory: Memory,
    bounds: Bounds,
    scratch: Scratch,
    standing: Standing,
    payments: tuple[NDArray[np.int64], ...],
    begin: int,
    end: int,
    player: int,
    most_parts: int,
    events: NDArray[np.int64],
    results: NDArray[np.int64],
    options: NDArray[np.int64],
) -> tuple[int, int, int]:
    """Let payments happen, one after another.

    A payment that finds no route is split into halves, down to 10,000 sat and up to 16 parts; it
    settles when all its parts have got through, else all of it is given back. Each part is tried up
    to six times; an edge that failed is avoided for that amount. Those who remember learn from each
    attempt.

    A forward by the player is marked as captive if the sender had no other route within its limit
    when the part was sent.

    Args:
        net: Who is linked to whom.
        book: Policies and balances.
        memory: Of those who remember.
        bounds: Of routes from every sender.
        scratch: Working memory.
        standing: What the player refills while a payment waits.
        payments: Columns of `Payments`: moment, source, target, amount, limit, kind.
        begin: First payment.
        end: After the last one.
        player: The node whose forwards and failures are told; -1 for none.
        most_parts: Into how many parts a payment is split at most, 1 to 16.
        events: Where they go, (n, 8), int64.
        results: One row a payment, (n_payments, 4), int64: outcome, attempts, fee in msat, hops.
        options: Where the player's chances go (see `record_options`), (n, 9), int64; of length 0 if
            nothing is to be recorded.

    Returns:
        The payment to go on with (`end` unless the events or options are full), the number of
        events, and the number of options.
    """
    at_ms, sources, targets, amounts, limits, kinds = payments
    part_amount = np.zeros(MOST_PARTS, np.int64)
    n_events, n_options = 0, 0
    option_room = options.shape[0] // 2
    room = events.shape[0] - 2 * MOST_PARTS * MOST_ATTEMPTS
    for payment in range(begin, end):
        if n_events >= room or (n_options > 0 and n_options >= option_room):
            return payment, n_events, n_options
        sender, receiver, kind = sources[payment], targets[payment], kinds[payment]
        now_ms, total, limit = at_ms[payment], amounts[payment], limits[payment]
        result = results[payment]
        if book.is_offline[sender] or book.is_offline[receiver]:
            result[0] = NOT_TRIED
            continue
        if options.shape[0] > 0:
            n_options = record_options(
                net, book, memory, bounds, scratch, player, sender, receiver, total, limit, kind,
                now_ms, payment, options, n_options,
            )  # fmt: skip
        part_amount[0] = total
        n_parts, part, n_moved, n_pending = 1, 0, 0, 0
        fee_msat, hops, attempts = 0, 0, 0
        outcome = SETTLED
        while part < n_parts:
            amount = part_amount[part]
            part_limit = max(limit * amount // total, 1)
            is_through = False
            is_tried = False
            n_banned = 0
            for _ in range(min(MOST_ATTEMPTS, MOST_TRIES - attempts)):
                found = find_route(
                    net, book, memory, bounds, scratch, sender, receiver, amount, part_limit, kind,
                    now_ms, n_banned, NOBODY, NOBODY,
                )  # fmt: skip
                if found < 0:
                    break
                length = lay_route(net, book, scratch, sender, receiver, amount, part_limit)
                if length == 0:
                    break
                is_tried = True
                attempts += 1
                scratch.counts[2] += 1
                failed_at, reason = -1, NO_REASON
                for at in range(length):
                    reason = refusal(net, book, scratch, at, now_ms)
                    if reason == NO_BALANCE and at > 0 and standing.group.shape[0] > 0:
                        n_events = refill_in_time(
                            net, book, memory, bounds, scratch, standing, at,
                            int(np.int64(n_moved)), now_ms, payment, attempts, events,
                            int(np.int64(n_events)),  # literals would compile all of it twice
                        )  # fmt: skip
                        reason = refusal(net, book, scratch, at, now_ms)
                    if reason != NO_REASON:
                        failed_at = at
                        break
                if kind == WARM:
                    remember(net, book, memory, scratch, length, failed_at, reason, now_ms)
                if failed_at < 0:
                    passes = False
                    for at in range(1, length):
                        passes = passes or net.source[scratch.path[at]] == player
                    if passes:
                        found = find_route(
                            net, book, memory, bounds, scratch, sender, receiver, amount,
                            part_limit, kind, now_ms, n_banned, player, NOBODY,
                        )  # fmt: skip
                        n_pending = _note_forwards(
                            net, scratch, player, length, n_pending, now_ms, payment, found < 0
                        )
                    fee_msat += scratch.amount[0] - amount
                    hops = max(hops, length)
                    n_moved = move(book, net, scratch, length, n_moved)
                    scratch.counts[3] += length
                    is_through = True
                    break
                n_events = _note_failure(
                    net, scratch, events, n_events, player, failed_at, reason, now_ms, payment
                )
                edge = scratch.path[failed_at]
                before = scratch.path[failed_at - 1]
                is_news = reason in (FEE_TOO_LOW, OUTSIDE_LIMITS) and (
                    (book.seen[edge] != book.now[edge]).any()
                    or (book.seen[before] != book.now[before]).any()
                )
                if is_news:
                    book.seen[edge] = book.now[edge]
                    book.seen[before] = book.now[before]
                    show_edge(book, edge)
                    show_edge(book, before)
                else:
                    scratch.banned[n_banned] = edge
                    scratch.banned_from[n_banned] = scratch.amount[failed_at]
                    n_banned += 1
            if is_through:
                part += 1
                continue
            half = amount // 2
            if n_parts == 1 and most_parts > 1 and half >= _SMALLEST_PART_MSAT:
                found = find_route(
                    net, book, memory, bounds, scratch, sender, receiver, _SMALLEST_PART_MSAT,
                    max(limit * _SMALLEST_PART_MSAT // total, 1), kind, now_ms, n_banned, NOBODY,
                    NOBODY,
                )  # fmt: skip
                if found < 0:
                    half = 0  # no part of it can get through, however it is split
            if (
                half >= _SMALLEST_PART_MSAT
                and n_parts < min(most_parts, MOST_PARTS)
                and attempts < MOST_TRIES
            ):
                part_amount[part] = amount - half
                part_amount[n_parts] = half
                n_parts += 1
                continue
            outcome = LOST if is_tried or attempts > 0 else NO_ROUTE
            break
        if outcome == SETTLED:
            for at in range(n_pending):
                events[n_events] = scratch.pending[at]
                n_events += 1
        else:
            undo(book, net, scratch, sender, n_moved)
            fee_msat = 0
        result[0] = outcome
        result[1] = attempts
        result[2] = fee_msat
        result[3] = hops
    return end, n_events, n_options
