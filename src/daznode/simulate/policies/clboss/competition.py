"""CLBoss's view of its competitors: their median price, and how large it is among them."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daznode.simulate.policies.sight import PeerMarket

_SMALLEST_ROOT: Final = math.sqrt(0.5)
_LIMIT_AT_ONE: Final = 16.0
_LEAST_LIMIT: Final = 2.0


def weighted_median(values: NDArray[np.int64], weights: NDArray[np.int64]) -> int | None:
    """Smallest value at which the weights so far, doubled, exceed all weight.

    Args:
        values: Shape (n,).
        weights: Shape (n,), >= 0.

    Returns:
        One of the values; None without weight.

    References:
        ZmnSCPxj/clboss 90eaf44, `Boss/Mod/PeerCompetitorFeeMonitor`.
    """
    total = int(weights.sum())
    if total <= 0:
        return None
    order = np.argsort(values, kind="stable")
    place = np.searchsorted(2 * np.cumsum(weights[order]), total, side="right")
    return int(values[order[place]])


def median_fees(peer: PeerMarket) -> tuple[int, int] | None:
    """Capacity-weighted medians of base fee (msat) and rate (ppm) into a peer; None without rivals."""
    base_msat = weighted_median(peer.base_fee_msat, peer.capacity_sat)
    fee_ppm = weighted_median(peer.fee_ppm, peer.capacity_sat)
    return None if base_msat is None or fee_ppm is None else (base_msat, fee_ppm)


def size_multiplier(worse: int, better: int, total: int) -> float:
    """How much dearer a node may be for its size.

    Args:
        worse: Competitors that are strictly smaller.
        better: Competitors that are strictly larger.
        total: All of them, equals included.

    Returns:
        1 without competitors, or if none differs (CLBoss divides by zero there); else 0.5 for the
        smallest, rising to `max(2, 16 - ln(total))` for the largest.

    References:
        ZmnSCPxj/clboss 90eaf44, `Boss/Mod/FeeModderBySize`.
    """
    if total == 0 or worse + better == 0:
        return 1.0
    place = worse / (worse + better)
    if worse < better:
        root = _SMALLEST_ROOT + 2 * place * (1 - _SMALLEST_ROOT)
    else:
        limit = max(_LEAST_LIMIT, _LIMIT_AT_ONE - math.log(total))
        root = 1 + (2 * place - 1) * (math.sqrt(limit) - 1)
    return root * root


def size_among(own_capacity_sat: int, peer: PeerMarket) -> float:
    """The multiplier of a node of some size among those that lead to a peer."""
    rivals = peer.rival_capacity_sat
    worse = int(np.count_nonzero(rivals < own_capacity_sat))
    better = int(np.count_nonzero(rivals > own_capacity_sat))
    return size_multiplier(worse, better, len(rivals))
