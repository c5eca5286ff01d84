"""Powers that come out the same on every machine: no call into a maths library."""

from typing import Final

import numpy as np
from numba import njit

_LOG2_E: Final = 1.4426950408889634
_FARTHEST: Final = 60.0
_STEPS: Final = 256
_LN2: Final = 0.6931471805599453


def _series(exponent: float) -> float:
    """2^-exponent for an exponent in [0, 1], by the series of `exp`, the same on every machine."""
    x, total = exponent * _LN2, 1.0
    for order in range(16, 0, -1):
        total = 1.0 - x / order * total
    return total


_WHOLE_POWERS: Final = np.array([2.0**-exponent for exponent in range(64)])
_FRACTIONS: Final = np.array([_series(step / _STEPS) for step in range(_STEPS + 2)])


@njit(cache=True, inline="always", error_model="numpy")
def power_of_half(exponent: float) -> float:
    """2^-exponent for a number from 0; 0 beyond 60; relative error below 1e-6.

    Whole powers and 256ths of one from tables, what is between by a straight line.
    """
    if exponent >= _FARTHEST:
        return 0.0
    whole = int(exponent)
    place = (exponent - whole) * _STEPS
    step = int(place)
    low = _FRACTIONS[step]
    return _WHOLE_POWERS[whole] * (low + (place - step) * (_FRACTIONS[step + 1] - low))


@njit(cache=True, inline="always", error_model="numpy")
def exp_minus(x: float) -> float:
    """e^-x for a number from 0."""
    return power_of_half(x * _LOG2_E)
