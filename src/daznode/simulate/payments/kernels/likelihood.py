"""How likely senders take a hop to be."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from daznode.simulate.payments.demand import UNIFORM, WARM
from daznode.simulate.payments.kernels.arithmetic import exp_minus, power_of_half
from daznode.simulate.payments.state import (
    A_PRIORI,
    CAPACITY,
    HALF_LIFE_MS,
    PASSED,
    PASSED_PROBABILITY,
    Memory,
)


@njit(cache=True, inline="always", error_model="numpy")
def capacity_factor(amount: float, capacity: float) -> float:
    """How much less likely an amount close to the capacity is (LND's logistic, smearing 0.025)."""
    if amount < 0.8 * capacity:
        return 1.0
    x = (amount - 0.9999 * capacity) / (0.025 * capacity)
    if x >= 0:
        return 1.0 - 0.5 / (1.0 + exp_minus(x))
    small = exp_minus(-x)
    return 1.0 - 0.5 * small / (1.0 + small)


@njit(cache=True, inline="always", error_model="numpy")
def hop_probability(
    kind: int,
    edge: int | np.uint32,
    node: int | np.uint32,
    amount: float,
    view: NDArray[np.float32],
    memory: Memory,
    now_ms: int,
) -> float:
    """What a sender thinks of a hop: LND's a priori estimator, or a uniform balance.

    Args:
        kind: `COLD`, `WARM` or `UNIFORM`.
        edge: The hop.
        node: Who forwards there.
        amount: msat.
        view: What the search reads of every edge.
        memory: Of those who remember.
        now_ms: The virtual present.
    """
    capacity = np.float64(view[edge, CAPACITY])
    if kind == UNIFORM:
        return 1.0 - amount / (capacity + 1.0)
    likely = A_PRIORI * capacity_factor(amount, capacity)
    if kind != WARM:
        return likely
    if amount <= view[edge, PASSED]:
        return PASSED_PROBABILITY
    passed = memory.node_passed[node]
    failed = memory.node_failed[node]
    if passed > 0 or failed > 0:
        age = (now_ms - memory.node_failed_at_ms[node]) / HALF_LIFE_MS
        likely = (likely + PASSED_PROBABILITY * passed) / (
            1.0 + passed + failed * power_of_half(age)
        )
    if memory.failed_at_ms[edge] >= 0 and amount >= memory.failed[edge]:
        likely *= 1.0 - power_of_half((now_ms - memory.failed_at_ms[edge]) / HALF_LIFE_MS)
    return likely
