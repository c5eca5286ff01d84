"""What a route from a sender costs at the least, and by which edges one may therefore lead."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from daznode.simulate.payments.demand import COLD, UNIFORM, WARM
from daznode.simulate.payments.state import (
    A_PRIORI,
    CAPACITY,
    FLAT,
    FURTHER,
    GROWS,
    GROWS_ELSE,
    GROWS_KNOWN,
    HAS_INBOUND,
    LEAST,
    MOST,
    PASSED,
    PASSED_PROBABILITY,
    RISK,
    SLOPE,
    Bounds,
    Memory,
    Scratch,
)


@njit(cache=True, nogil=True, error_model="numpy")
def turn_to(bounds: Bounds, memory: Memory, scratch: Scratch, sender: int, kind: int) -> None:
    """Lay out the bounds of a sender as numbers, unless they are laid out already."""
    if scratch.whose[0] == sender and scratch.whose[1] == kind:
        return
    scratch.whose[0], scratch.whose[1] = sender, kind
    hops, least = bounds.hops[sender], bounds.least[sender]
    growth, slope, outlook = bounds.growth[kind], bounds.slope, scratch.outlook
    known = 1.0 / PASSED_PROBABILITY
    otherwise = 1.0 / A_PRIORI if kind == COLD else 1.0
    for node in range(np.uint64(len(hops))):
        grows = growth[hops[node]]
        outlook[node, FURTHER] = slope[least[node]]
        outlook[node, GROWS] = grows
        outlook[node, GROWS_KNOWN] = grows * known
        if kind == WARM:
            outlook[node, GROWS_ELSE] = outlook[node, GROWS] / memory.node_best[node]
        else:
            outlook[node, GROWS_ELSE] = grows * otherwise


@njit(cache=True, nogil=True, error_model="numpy")
def list_edges(
    kind: int,
    begin: int,
    end: int,
    n_listed: int,
    after_msat: float,
    until_msat: float,
    source: NDArray[np.uint32],
    view: NDArray[np.float32],
    outlook: NDArray[np.float32],
    waiting: NDArray[np.uint32],
    ahead: NDArray[np.float32],
    sender: int,
    full_msat: float,
    weight_msat: float,
    attempt_msat: float,
    most_msat: float,
) -> tuple[int, float]:
    """List the edges towards a node by which a route costs, at the least, more than one sum up to another.

    Edges that cannot lead to a route are left out. Those that need a closer look (the sender's own,
    those with an inbound fee) count as free.

    Returns:
        How many are listed now, and the least that the edges beyond cost.
    """
    full, weight = np.float32(full_msat), np.float32(weight_msat)
    attempt, limit = np.float32(attempt_msat), np.float32(most_msat)
    after, until = np.float32(after_msat), np.float32(until_msat)
    one, none, never = np.float32(1.0), np.float32(0.0), np.float32(np.inf)
    me, is_uniform, remembers = np.uint32(sender), kind == UNIFORM, kind == WARM
    place, nearest = begin + n_listed, never
    for edge in range(np.uint64(begin), np.uint64(end)):
        other = source[edge]
        fee = view[edge, FLAT] + full * view[edge, SLOPE]
        more = (full + fee) * outlook[other, FURTHER]
        if is_uniform:
            # An amount that is the whole capacity has, in 32 bits, a chance of 0: it costs infinitely.
            grows = outlook[other, GROWS] / (one - full / (view[edge, CAPACITY] + one))
        elif remembers and full <= view[edge, PASSED]:
            grows = outlook[other, GROWS_KNOWN]
        else:
            grows = outlook[other, GROWS_ELSE]
        cost = weight + fee + full * view[edge, RISK] + more + attempt * grows
        fits = (
            (full <= view[edge, MOST]) & (full >= view[edge, LEAST]) & (full + fee + more <= limit)
        )
        cost = cost if fits else never
        cost = none if (other == me) | (view[edge, HAS_INBOUND] != none) else cost
        if place < end:  # full when what follows was listed before
            waiting[place] = edge
            ahead[place] = cost
        place += int((cost > after) & (cost <= until))
        nearest = min(nearest, cost if cost > until else never)
    return place - begin, np.float64(nearest)
