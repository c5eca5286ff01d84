"""Whether a sender gets out of its own corner of the network with an amount."""

from typing import Final

import numpy as np
from numba import njit

from daznode.simulate.payments.state import LEAST, MOST, STAMP, Book, Net, Scratch

_CORNER: Final = 128
"""Who reaches so many nodes is taken to reach the rest of the network."""


@njit(cache=True, inline="always", error_model="numpy")
def is_banned(scratch: Scratch, n_banned: int, edge: int | np.uint32, amount_msat: float) -> bool:
    """Whether an edge failed this payment with so much or less."""
    for at in range(n_banned):
        if scratch.banned[at] == edge and amount_msat >= scratch.banned_from[at]:
            return True
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def can_send(net: Net, book: Book, sender: int, amount_msat: int) -> bool:
    """Whether one of a sender's own channels can carry an amount, as only the sender knows."""
    for at in range(net.out_start[sender], net.out_start[sender + 1]):
        edge = net.out_edge[at]
        if book.balance[edge] - book.reserve[edge] >= amount_msat:
            return True
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def is_cut_off(
    net: Net,
    book: Book,
    scratch: Scratch,
    sender: int,
    receiver: int,
    amount_msat: int,
    most_msat: float,
    n_banned: int,
    avoided: int,
) -> bool:
    """Whether the sender reaches few others with an amount, and not the receiver.

    The search begins at the receiver; without this look it would go through the whole network before
    it finds that nothing leaves the sender's corner.
    """
    label, queue, view = scratch.label, scratch.heap, book.shown
    scratch.counts[4] += 1
    mark = np.float64(scratch.counts[4])
    label[sender, STAMP] = mark
    queue[0] = sender
    n_done, n_met = 0, 1
    while n_done < n_met:
        node = queue[n_done]
        n_done += 1
        for at in range(net.out_start[node], net.out_start[node + 1]):
            other = np.uint32(net.out_target[at])
            if label[other, STAMP] == mark or other == avoided:
                continue
            edge = np.uint32(net.out_edge[at])
            if view[edge, MOST] < amount_msat or view[edge, LEAST] > most_msat:
                continue
            if node == sender and book.balance[edge] - book.reserve[edge] < amount_msat:
                continue
            if is_banned(scratch, n_banned, edge, amount_msat):
                continue
            if other == receiver or n_met == _CORNER:
                return False
            label[other, STAMP] = mark
            queue[n_met] = other
            n_met += 1
    return True
