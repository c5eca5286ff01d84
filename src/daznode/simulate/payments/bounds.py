"""What a route from a sender takes at the least: it guides searches without changing what they find."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from daznode.domain.progress import Progress, silent
from daznode.graph.kernels.rows import COST_LANES, aligned_rows
from daznode.simulate.payments.kernels.bounds import fill_hops, fill_least
from daznode.simulate.payments.network import IntArray, PaymentNetwork
from daznode.simulate.payments.state import Bounds

_SENDERS_AT_ONCE: Final = 512
_LEVELS: Final = 256
PPM_OF_LEVEL: Final = np.arange(_LEVELS) ** 2 * 0.25
"""Level i stands for i^2 / 4 ppm: fine where fees are low, and up to 16,256 ppm in one byte."""

FIRST_HOP_PROBABILITY: Final = (0.95, 0.95, 1.0)
BEST_PROBABILITY: Final = (0.6, 0.95, 1.0)
"""By kind of sender: of its own channel, and of any other at the best (LND's a priori 0.6 and 0.95)."""

_MOST_GROWTH: Final = 1e6


def route_bounds(
    network: PaymentNetwork,
    floor_ppm: IntArray,
    progress: Progress = silent,
    hops: NDArray[np.uint8] | None = None,
) -> Bounds:
    """Compute the bounds of a network; memory is two bytes for every pair of nodes.

    Args:
        network: Who is linked to whom.
        floor_ppm: What each edge's source will ask for it at the least as long as the bounds are
            used, discounts for what comes in counted, (n_edges,).
        progress: Told of senders done.
        hops: Of other bounds of the same network; they do not depend on fees.
    """
    n = network.n_nodes
    order = np.argsort(network.source, kind="stable")
    out_start = np.zeros(n + 1, np.int64)
    np.cumsum(np.bincount(network.source, minlength=n), out=out_start[1:])
    out_target = network.target[order].astype(np.int32)
    out_ppm = np.maximum(floor_ppm[order], 0).astype(np.int32)
    level_of = np.searchsorted(
        PPM_OF_LEVEL, np.arange(int(PPM_OF_LEVEL[-1]) + 1), side="right"
    ).astype(np.int64)
    levels = (level_of - 1).astype(np.uint8)
    counts_hops = hops is None
    if hops is None:
        hops = np.zeros((n, n), np.uint8)
    least = np.zeros((n, n), np.uint8)
    costs = aligned_rows(n, COST_LANES, np.int32)
    for first in range(0, n, _SENDERS_AT_ONCE):
        progress("routes bounded", first, n)
        last = min(n, first + _SENDERS_AT_ONCE)
        if counts_hops:
            fill_hops(out_start, out_target, hops, first, last)
        fill_least(out_start, out_target, out_ppm, levels, least, first, last, costs)
    growth = np.ones((len(BEST_PROBABILITY), _LEVELS))
    for kind, (own, best) in enumerate(zip(FIRST_HOP_PROBABILITY, BEST_PROBABILITY, strict=True)):
        for left in range(1, _LEVELS):
            growth[kind, left] = min(_MOST_GROWTH, 1 / (own * best ** (left - 1)))
    slope = np.asarray(PPM_OF_LEVEL / 1e6, dtype=np.float64)
    return Bounds(hops, least, slope, growth)
