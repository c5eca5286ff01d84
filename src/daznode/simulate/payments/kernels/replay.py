"""The recorded chances of a node played against what it asks now; only its own balances move."""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from daznode.simulate.payments.kernels.attempt import node_fee
from daznode.simulate.payments.kernels.just_in_time import refill_around
from daznode.simulate.payments.standing import Standing
from daznode.simulate.payments.state import (
    CAPTIVE,
    EVENT_AMOUNT_IN,
    EVENT_AMOUNT_OUT,
    EVENT_AT,
    EVENT_DETAIL,
    EVENT_IN,
    EVENT_KIND,
    EVENT_OUT,
    EVENT_PAYMENT,
    FAILED_BEYOND,
    FORWARDED,
    HTLC_MAX,
    HTLC_MIN,
    IS_DISABLED,
    IS_GOOD,
    NO_BALANCE,
    NO_REASON,
    OPTION_AMOUNT,
    OPTION_AT,
    OPTION_ATTEMPT,
    OPTION_IN,
    OPTION_OUT,
    OPTION_PAYMENT,
    OPTION_WORTH,
    REFUSED,
    Book,
    Net,
)

_TRIES: Final = 3
"""How many of the node's channels a sender tries in one attempt before it takes another way."""


@njit(cache=True, nogil=True)
def replay(
    net: Net,
    book: Book,
    options: NDArray[np.int64],
    begin: int,
    until_ms: int,
    events: NDArray[np.int64],
    standing: Standing,
    around_ppm: NDArray[np.float64],
) -> tuple[int, int]:
    """Let the recorded senders choose again, up to a moment.

    At each attempt a sender takes the channel of which most is left of what it is worth to it, if
    anything is; if that channel has not the balance, or another node on the way has not, it tries
    the next best. If all fail or none is worth its fee, the sender goes the way that it had without
    the node; recorded attempts after that one mean that this way failed.

    Args:
        net: Who is linked to whom.
        book: What the node asks, and its balances.
        options: Recorded chances, by payment and attempt, (n, 9).
        begin: First option not yet played.
        until_ms: Moment.
        events: Where the node's events go, (n, 8).
        standing: What the node refills while a payment waits.
        around_ppm: What that costs by edge, (n_edges,); of length 0 if nothing is ordered.

    Returns:
        The option to go on with, and the number of events; the events are full if the next option's
        moment lies before `until_ms`.
    """
    n_events = 0
    at = begin
    room = events.shape[0] - 64
    while at < options.shape[0] and options[at, OPTION_AT] < until_ms and n_events < room:
        payment = options[at, OPTION_PAYMENT]
        is_done = False
        while at < options.shape[0] and options[at, OPTION_PAYMENT] == payment:
            attempt = options[at, OPTION_ATTEMPT]
            after = at
            while (
                after < options.shape[0]
                and options[after, OPTION_PAYMENT] == payment
                and options[after, OPTION_ATTEMPT] == attempt
            ):
                after += 1
            last_tried, tried_before = -1, -1
            for turn in range(_TRIES):
                if is_done:
                    break
                best, best_left, best_fee = -1, 0, 0
                for option in range(at, after):
                    if option in (last_tried, tried_before):
                        continue
                    out, amount = options[option, OPTION_OUT], options[option, OPTION_AMOUNT]
                    policy = book.now[out]
                    back = net.reverse[options[option, OPTION_IN]]
                    if (
                        policy[IS_DISABLED]
                        or book.now[back, IS_DISABLED]
                        or amount > policy[HTLC_MAX]
                        or amount < policy[HTLC_MIN]
                    ):
                        continue
                    fee = node_fee(book.now, back, out, amount)
                    left = options[option, OPTION_WORTH] - fee
                    if left > best_left:
                        best, best_left, best_fee = option, left, fee
                if best < 0:
                    break
                last_tried, tried_before = best, last_tried
                out, own_in = options[best, OPTION_OUT], options[best, OPTION_IN]
                back, onward = net.reverse[own_in], net.reverse[out]
                amount = options[best, OPTION_AMOUNT]
                if book.balance[back] - book.reserve[back] < amount + best_fee:
                    continue
                if standing.group.shape[0] > 0 and book.balance[out] - book.reserve[out] < amount:
                    n_events = refill_around(
                        net, book, standing, around_ppm, out, amount, options[best, OPTION_AT],
                        payment, _TRIES * attempt + turn, events, n_events,
                    )  # fmt: skip
                row = events[n_events]
                row[EVENT_AT] = options[best, OPTION_AT]
                row[EVENT_IN] = own_in
                row[EVENT_OUT] = out
                row[EVENT_AMOUNT_IN] = amount + best_fee
                row[EVENT_AMOUNT_OUT] = amount
                row[EVENT_PAYMENT] = payment
                row[EVENT_DETAIL] = NO_REASON
                n_events += 1
                if book.balance[out] - book.reserve[out] < amount:
                    row[EVENT_KIND] = REFUSED
                    row[EVENT_DETAIL] = NO_BALANCE
                elif options[best, IS_GOOD] == 0:
                    row[EVENT_KIND] = FAILED_BEYOND
                else:
                    row[EVENT_KIND] = FORWARDED
                    row[EVENT_DETAIL] = options[best, CAPTIVE]
                    book.balance[out] -= amount
                    book.balance[onward] += amount
                    book.balance[back] -= amount + best_fee
                    book.balance[own_in] += amount + best_fee
                    is_done = True
            at = after
    return at, n_events
