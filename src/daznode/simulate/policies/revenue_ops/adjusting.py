"""cl_revenue_ops between the draw and the write: what is still done to a rate, and whether it is set."""

from dataclasses import dataclass
from typing import Final

_GAIN_ROI: Final = 0.20
_GAIN_FACTOR: Final = 1.10
_LOSS_FACTOR: Final = 0.85
_SCARCE_RATIO: Final = 0.35
_SCARCE_RISE: Final = 2.0
_FEW_FORWARDS: Final = 5
_COLD_ABOVE_PPM: Final = 50
_COLD_CEILING_PPM: Final = 100
_FAILURES: Final = 3
_SUCCESSES: Final = 10
_CUT: Final = 0.85
_RISE: Final = 0.02
_MODIFIER_RANGE: Final = (0.5, 1.5)
_SMALL_PPM: Final = 100
_LEAST_CHANGE_PPM: Final = 5
_LEAST_CHANGE_RATIO: Final = 0.03
_BROADCAST_RATIO: Final = 0.05


def scarcity_factor(spendable_ratio: float) -> float:
    """1 at 35 % of the capacity and above, rising to 3 when empty.

    The tool spares channels that the peer opened and that never sent; who opened one is not to be
    seen here.
    """
    return 1 + _SCARCE_RISE * max(0.0, 1 - spendable_ratio / _SCARCE_RATIO)


def profit_factor(roi: float) -> float:
    """1.10 above a return of 20 %, 0.85 below -20 %, else 1."""
    if roi > _GAIN_ROI:
        return _GAIN_FACTOR
    return _LOSS_FACTOR if roi < -_GAIN_ROI else 1.0


@dataclass(slots=True)
class Aimd:
    """Additive rise, multiplicative cut, by looks with and without a forward.

    Attributes:
        modifier: Factor on the rate.
        without: Looks in a row without a forward.
        with_: Looks in a row with one.
        cut_at_hour: When it was last cut.
    """

    modifier: float = 1.0
    without: int = 0
    with_: int = 0
    cut_at_hour: float = float("-inf")

    def learn(self, at_hour: float, *, has_forwarded: bool) -> None:
        """Take one look: the third in a row without a forward cuts, the tenth with one raises."""
        if has_forwarded:
            self.with_, self.without = self.with_ + 1, 0
            if self.with_ >= _SUCCESSES:
                self.with_ = 0
                self.modifier = min(self.modifier + _RISE, _MODIFIER_RANGE[1])
            return
        self.without, self.with_ = self.without + 1, 0
        if self.without >= _FAILURES and at_hour - self.cut_at_hour >= 1:
            self.without, self.cut_at_hour = 0, at_hour
            self.modifier = max(self.modifier * _CUT, _MODIFIER_RANGE[0])


def cold_bounds(
    fee_ppm: float, floor_ppm: float, ceiling_ppm: float, forwards: int
) -> tuple[float, float]:
    """Rate and ceiling of a channel with fewer than five forwards: near the floor."""
    if forwards >= _FEW_FORWARDS:
        return fee_ppm, ceiling_ppm
    near_ppm = floor_ppm + _COLD_ABOVE_PPM
    return min(fee_ppm, near_ppm), max(float(_COLD_CEILING_PPM), near_ppm)


def is_worth_writing(fee_ppm: int, present_ppm: int) -> bool:
    """Whether a new rate is set: it differs by 5 ppm and 3 % (1 ppm below 100), and by over 5 %."""
    change = abs(fee_ppm - present_ppm)
    least = 1.0
    if present_ppm >= _SMALL_PPM:
        least = max(float(_LEAST_CHANGE_PPM), _LEAST_CHANGE_RATIO * present_ppm)
    return change >= least and change > _BROADCAST_RATIO * present_ppm
