"""What the rest of the network does to keep its channels usable, as a pull towards where they began."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from daznode.simulate.payments.state import (
    Book,
    Net,
)


@njit(cache=True, nogil=True)
def relax_balances(
    net: Net, book: Book, initial: NDArray[np.int64], share: float, player: int
) -> None:
    """Move everybody's balances but the player's back towards where they began.

    Stands for what others do to keep their channels usable (swaps, refills, closes).

    Args:
        net: Who is linked to whom.
        book: Balances.
        initial: Where they began, (n_edges,), int64.
        share: How far of the way, in [0, 1].
        player: Whose channels are left alone.
    """
    for edge in range(len(net.source)):
        back = net.reverse[edge]
        if back < edge or net.source[edge] == player or net.target[edge] == player:
            continue
        total = book.balance[edge] + book.balance[back]
        moved = book.balance[edge] + int((initial[edge] - book.balance[edge]) * share)
        book.balance[edge] = moved
        book.balance[back] = total - moved
