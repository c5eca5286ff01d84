"""The largest eigenvector of a connected graph, by repeated averaging over neighbours."""

import numpy as np
from numba import int64, njit
from numpy.typing import NDArray

VANISHING = 1e-280
"""Entries below this (far from a dense core, down a long chain) are near the end of float64: they
are kept but say nothing of the eigenvalue."""


@njit(cache=True, nogil=True)
def perron_step(
    indptr: NDArray[np.uint32],
    indices: NDArray[np.uint32],
    shift: float,
    vector: NDArray[np.float64],
    image: NDArray[np.float64],
) -> tuple[float, float]:
    """One step of power iteration: `image = (A + shift) vector`, scaled to a largest entry of 1.

    Args:
        indptr: Row starts of a connected undirected graph, (n + 1,), uint32.
        indices: Neighbours, uint32.
        shift: Positive number added to the diagonal, so that bipartite graphs converge too.
        vector: Positive entries, (n,), float64.
        image: Result, (n,), float64; changed.

    Returns:
        Smallest and largest growth of an entry above `VANISHING`: they enclose the eigenvalue plus
        `shift`.

    References:
        Bounds: Collatz, Mathematische Zeitschrift 48, 1942, DOI 10.1007/BF01180013.
    """
    lowest, highest, largest = 1e308, 0.0, 0.0
    for v in range(indptr.size - 1):
        total = shift * vector[v]
        for e in range(int64(indptr[v]), int64(indptr[v + 1])):
            total += vector[indices[e]]
        if vector[v] > VANISHING:
            growth = total / vector[v]
            lowest, highest = min(lowest, growth), max(highest, growth)
        largest = max(largest, total)
        image[v] = total
    for v in range(indptr.size - 1):
        image[v] /= largest
    return lowest, highest
