"""From every sender: hops and fees that a route to a node takes at the least, sixteen senders at once."""

from typing import Final

import numpy as np
from numba import int32, int64, njit
from numpy.typing import NDArray

from daznode.graph.kernels.rows import COST_LANES, relax_row

FAR: Final = 250
"""Hops to nodes that cannot be reached."""

NO_COST: Final = 1 << 29


@njit(cache=True, nogil=True)
def fill_hops(
    out_start: NDArray[np.int64],
    out_target: NDArray[np.int32],
    hops: NDArray[np.uint8],
    first: int,
    last: int,
) -> None:
    """Hops from some senders to every node over any channel.

    Args:
        out_start: Where the edges from each node begin, (n + 1,).
        out_target: Where they lead, (n_edges,).
        hops: Written at the senders' rows, (n, n).
        first: First sender.
        last: After the last one.
    """
    queue = np.empty(len(out_start) - 1, np.int32)
    for sender in range(first, last):
        row = hops[sender]
        row[:] = FAR
        row[sender] = 0
        queue[0] = sender
        head, tail = 0, 1
        while head < tail:
            node = queue[head]
            head += 1
            beyond = min(row[node] + 1, FAR - 1)
            for at in range(out_start[node], out_start[node + 1]):
                other = out_target[at]
                if row[other] == FAR:
                    row[other] = beyond
                    queue[tail] = other
                    tail += 1


@njit(cache=True, nogil=True)
def fill_least(
    out_start: NDArray[np.int64],
    out_target: NDArray[np.int32],
    out_ppm: NDArray[np.int32],
    level_of: NDArray[np.uint8],
    least: NDArray[np.uint8],
    first: int,
    last: int,
    costs: NDArray[np.int32],
) -> None:
    """Fees in ppm from some senders to every node, at the least; their own hop is free.

    Args:
        out_start: Where the edges from each node begin, (n + 1,).
        out_target: Where they lead, (n_edges,).
        out_ppm: What the node asks for them at the least, (n_edges,), not negative.
        level_of: Level that stands for a fee or for the next lower one, (n_levels,).
        least: Levels, written at the senders' rows, (n, n).
        first: First sender.
        last: After the last one.
        costs: Working memory, rows of `COST_LANES`, (n * COST_LANES,).
    """
    n = len(out_start) - 1
    is_waiting = np.zeros(n, np.uint8)
    waiting = np.empty(n, np.int32)
    following = np.empty(n, np.int32)
    for begin in range(first, last, COST_LANES):
        lanes = min(COST_LANES, last - begin)
        costs[:] = NO_COST
        n_waiting = int64(0)
        for lane in range(lanes):
            sender = begin + lane
            costs[int64(sender) * COST_LANES + lane] = 0
            for at in range(out_start[sender], out_start[sender + 1]):
                other = out_target[at]
                costs[int64(other) * COST_LANES + lane] = 0
                if is_waiting[other] == 0:
                    is_waiting[other] = 1
                    waiting[n_waiting] = other
                    n_waiting += 1
        while n_waiting > 0:
            n_following = int64(0)
            for i in range(n_waiting):
                node = int64(waiting[i])
                is_waiting[node] = 0
                for at in range(out_start[node], out_start[node + 1]):
                    other = int64(out_target[at])
                    improved = relax_row(
                        costs, node * COST_LANES, other * COST_LANES, int32(out_ppm[at])
                    )
                    if improved != 0 and is_waiting[other] == 0:
                        is_waiting[other] = 1
                        following[n_following] = other
                        n_following += 1
            waiting, following = following, waiting
            n_waiting = n_following
        highest = len(level_of) - 1
        for node in range(n):
            for lane in range(lanes):
                ppm = min(costs[node * COST_LANES + lane], highest)
                least[begin + lane, node] = level_of[ppm]
