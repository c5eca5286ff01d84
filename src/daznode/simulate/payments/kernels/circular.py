"""A node pays itself in a circle, so that one of its channels is refilled."""

from numba import njit

from daznode.simulate.payments.demand import WARM
from daznode.simulate.payments.kernels.attempt import lay_route, move, refusal, remember
from daznode.simulate.payments.kernels.search import find_route
from daznode.simulate.payments.state import (
    MOST_ATTEMPTS,
    NO_REASON,
    NOBODY,
    Book,
    Bounds,
    Memory,
    Net,
    Scratch,
)


@njit(cache=True, nogil=True, error_model="numpy")
def circular(
    net: Net,
    book: Book,
    memory: Memory,
    bounds: Bounds,
    scratch: Scratch,
    player: int,
    last_edge: int,
    amount_msat: int,
    limit_msat: int,
    now_ms: int,
    n_moved: int,
) -> int:
    """Pay the player itself so that a channel is refilled: executed against real balances.

    The player searches as those do who remember, with their memory. Channels by which it must not
    leave have a reserve that forbids it.

    Args:
        net: Who is linked to whom.
        book: Policies and balances.
        memory: Of those who remember.
        bounds: Of routes from every sender.
        scratch: Working memory; `scratch.path[0]` is then the edge by which it left.
        player: Who pays and is paid.
        last_edge: Edge by which the payment must come back (towards the player).
        amount_msat: What is to come back.
        limit_msat: Most that it may cost.
        now_ms: The virtual present.
        n_moved: Notes in `scratch` that are to stay, of what a payment that waits has moved.

    Returns:
        What it cost, msat; -1 if it failed, and then nothing was moved.
    """
    for n_banned in range(MOST_ATTEMPTS):
        found = find_route(
            net, book, memory, bounds, scratch, player, player, amount_msat, limit_msat, WARM,
            now_ms, n_banned, NOBODY, last_edge,
        )  # fmt: skip
        if found < 0:
            return -1
        length = lay_route(net, book, scratch, player, player, amount_msat, limit_msat)
        if length == 0:
            return -1
        failed_at, reason = -1, NO_REASON
        for at in range(length):
            reason = refusal(net, book, scratch, at, now_ms)
            if reason != NO_REASON:
                failed_at = at
                break
        remember(net, book, memory, scratch, length, failed_at, reason, now_ms)
        if failed_at < 0:
            move(book, net, scratch, length, n_moved)
            return scratch.amount[0] - amount_msat
        scratch.banned[n_banned] = scratch.path[failed_at]
        scratch.banned_from[n_banned] = scratch.amount[failed_at]
    return -1
