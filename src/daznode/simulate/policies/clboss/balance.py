"""CLBoss's multiplier by balance: a channel's share in bins, with chance against giving it away."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from daznode.domain.units import MSAT_PER_SAT, Msat, Sat

_BIN_SAT: Final = 200_000
_FEWEST_BINS: Final = 4
_MOST_BINS: Final = 50
_SPREAD: Final = 50.0


def n_bins(capacity_sat: Sat) -> int:
    """Number of bins of a channel: one for each 200,000 sat, 4 to 50."""
    return min(max(math.floor(capacity_sat / _BIN_SAT + 0.5), _FEWEST_BINS), _MOST_BINS)


def bin_multiplier(place: int, bins: int) -> float:
    """`50^(1/2 - centre of the bin)`.

    References:
        ZmnSCPxj/clboss 90eaf44, `Boss/Mod/FeeModderByBalance`.
    """
    return float(_SPREAD ** (0.5 - (2 * place + 1) / (2 * bins)))


def next_bin(place: int, position: float, bins: int, rng: np.random.Generator) -> int:
    """Bin after the balance moved.

    The farther into the new bin, the likelier it is entered; else the one beside it is.

    Args:
        place: Bin before.
        position: Share of ours times the number of bins.
        bins: Number of bins.
        rng: Source of chance.
    """
    found = math.floor(position)
    if found == place:
        return place
    within = position - found
    if found < place:
        entered = found if rng.random() < 1 - within else found + 1
    else:
        entered = found if rng.random() < within else found - 1
    return min(max(entered, 0), bins - 1)


@dataclass(slots=True)
class BalanceBin:
    """Where one channel's balance was last put.

    Attributes:
        capacity_sat: Size of the channel; another size starts again.
        local_msat: Balance last seen.
        place: Bin.
    """

    capacity_sat: Sat
    local_msat: Msat
    place: int

    @classmethod
    def starting(cls, capacity_sat: Sat, local_msat: Msat) -> "BalanceBin":
        """The bin that holds the balance."""
        bins = n_bins(capacity_sat)
        position = math.floor(_position(capacity_sat, local_msat, bins))
        return cls(capacity_sat, local_msat, min(position, bins - 1))

    def moved(self, local_msat: Msat, rng: np.random.Generator) -> float:
        """Take a balance, msat, and say the multiplier that it leads to."""
        bins = n_bins(self.capacity_sat)
        if local_msat != self.local_msat:
            position = _position(self.capacity_sat, local_msat, bins)
            self.place = next_bin(self.place, position, bins, rng)
            self.local_msat = local_msat
        return bin_multiplier(self.place, bins)


def _position(capacity_sat: Sat, local_msat: Msat, bins: int) -> float:
    return local_msat / max(capacity_sat * MSAT_PER_SAT, 1) * bins
