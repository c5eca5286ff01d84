"""A binary heap of nodes by cost: both in one whole number, so that comparing takes no branch."""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

NODE_BITS: Final = 20
"""Networks of up to a million nodes."""

_PARTS: Final = 8.0
"""Costs are told apart by an eighth of a millisatoshi."""
TOP: Final = 1e12
"""Costs above are none: a route of so much is not paid for by anybody."""

_NODES: Final = (1 << NODE_BITS) - 1


@njit(cache=True, inline="always", error_model="numpy")
def place(cost: float) -> float:
    """The place in the queue that a cost from 0 has: rounded down to an eighth, 1e12 at the most."""
    return np.float64(np.int64(min(cost, TOP) * _PARTS)) / _PARTS


@njit(cache=True, inline="always", error_model="numpy")
def first_place(heap: NDArray[np.int64]) -> float:
    """Place of the first (smallest)."""
    return np.float64(heap[0] >> NODE_BITS) / _PARTS


@njit(cache=True, inline="always", error_model="numpy")
def first_node(heap: NDArray[np.int64]) -> int:
    """Node of the first."""
    return int(heap[0] & _NODES)


@njit(cache=True, inline="always", error_model="numpy")
def push(heap: NDArray[np.int64], size: int, cost: float, node: int) -> int:
    """Add a node at the place of a cost; the new size."""
    entry = (np.int64(min(cost, TOP) * _PARTS) << NODE_BITS) | np.int64(node)
    at = size
    while at > 0:
        parent = (at - 1) >> 1
        if heap[parent] <= entry:
            break
        heap[at] = heap[parent]
        at = parent
    heap[at] = entry
    return size + 1


@njit(cache=True, inline="always", error_model="numpy")
def drop_first(heap: NDArray[np.int64], size: int) -> int:
    """Take the first away; the new size."""
    size -= 1
    entry = heap[size]
    at = 0
    child = 1
    while child < size:
        if child + 1 < size:
            child += int(heap[child + 1] < heap[child])
        if heap[child] >= entry:
            break
        heap[at] = heap[child]
        at = child
        child = 2 * at + 1
    heap[at] = entry
    return size
