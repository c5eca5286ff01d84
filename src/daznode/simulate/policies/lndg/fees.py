"""LNDg's arithmetic of fees: how far a rate moves, and where it ends."""

from dataclasses import dataclass
from typing import Final

from daznode.domain.units import Ppm

_STARVED_FACTOR: Final = 5
_IDLE_FACTOR: Final = 3
_DRAIN_FACTOR: Final = 2
_FULL_FACTOR: Final = 5
_ASSIST_RATIO: Final = 10
_INBOUND_STARVED_FACTOR: Final = 12
_INBOUND_IDLE_FACTOR: Final = 7
_INBOUND_DRAIN_FACTOR: Final = 5


@dataclass(frozen=True, slots=True)
class Settings:
    """LNDg's settings of automatic fees, at their defaults.

    Attributes:
        most_ppm: `AF-MaxRate`.
        least_ppm: `AF-MinRate`.
        increment_ppm: `AF-Increment`, the grid of rates.
        multiplier: `AF-Multiplier`.
        failures: `AF-FailedHTLCs`, more than these raise.
        hours: `AF-UpdateHours`.
        low_percent: `AF-LowLiqLimit`.
        excess_percent: `AF-ExcessLimit`.
        sets_inbound: `AF-InboundFees`.
        most_cost_percent: `ar_max_cost` of a channel, which bounds its inbound discount too.
    """

    most_ppm: int = 2_500
    least_ppm: int = 0
    increment_ppm: int = 5
    multiplier: int = 5
    failures: int = 25
    hours: int = 24
    low_percent: float = 15.0
    excess_percent: float = 95.0
    sets_inbound: bool = False
    most_cost_percent: int = 65


@dataclass(frozen=True, slots=True)
class Features:
    """What LNDg looks at, summed over the channels with one peer.

    Attributes:
        out_percent: Our share of their capacity, 0 to 100, not rounded.
        inflow_1d_msat: What came in by them in one day, measured where it left.
        inflow_7d_msat: The same in seven days.
        outflow_7d_msat: What left by them in seven days.
        capacity_msat: Their size.
        earned_7d_msat: Fees of what left.
        assisted_7d_msat: Fees of what came in.
        failures: Payments refused for want of balance within the last `Settings.hours`.
    """

    out_percent: float
    inflow_1d_msat: int
    inflow_7d_msat: int
    outflow_7d_msat: int
    capacity_msat: int
    earned_7d_msat: int
    assisted_7d_msat: int
    failures: int

    @property
    def net_ratio(self) -> float:
        """Outflow less inflow of seven days, in capacities."""
        if not self.capacity_msat:
            return 0.0
        return (self.outflow_7d_msat - self.inflow_7d_msat) / self.capacity_msat

    @property
    def is_idle(self) -> bool:
        """Whether nothing passed in seven days."""
        return self.inflow_7d_msat + self.outflow_7d_msat == 0

    @property
    def is_assisting(self) -> bool:
        """Whether more came in than left, and the peer earned ten times more for others."""
        return self.net_ratio < 0 and self.assisted_7d_msat > _ASSIST_RATIO * self.earned_7d_msat

    def is_starved(self, settings: Settings) -> bool:
        """Whether payments fail for want of balance and nothing refills it."""
        return self.failures > settings.failures and self.inflow_1d_msat == 0


def outbound_step_ppm(features: Features, settings: Settings) -> float:
    """How far the outbound rate is to move, ppm; with the defaults +25, -15, +20 or more, or -25.

    References:
        cryptosharks131/lndg bd75f83, `af.py`.
    """
    unit = settings.multiplier
    if features.out_percent <= settings.low_percent:
        return _STARVED_FACTOR * unit if features.is_starved(settings) else 0.0
    if features.out_percent < settings.excess_percent:
        if features.is_idle:
            return -_IDLE_FACTOR * unit
        net = features.net_ratio
        return _DRAIN_FACTOR * unit * (1 + net) if net > 1 else 0.0
    return -_FULL_FACTOR * unit if features.is_idle or features.is_assisting else 0.0


def inbound_step_ppm(features: Features, settings: Settings) -> float:
    """How far the inbound rate is to move, ppm; with the defaults -60, +35, -50 or less, or +60.

    References:
        cryptosharks131/lndg bd75f83, `af.py`.
    """
    unit = settings.multiplier
    if features.out_percent <= settings.low_percent:
        return -_INBOUND_STARVED_FACTOR * unit if features.is_starved(settings) else 0.0
    if features.out_percent < settings.excess_percent:
        if features.is_idle:
            return _INBOUND_IDLE_FACTOR * unit
        net = features.net_ratio
        return -_INBOUND_DRAIN_FACTOR * unit * (1 + net) if net > 1 else 0.0
    is_moved = features.is_idle or features.is_assisting
    return _INBOUND_STARVED_FACTOR * unit if is_moved else 0.0


def on_grid_ppm(
    rate_ppm: int, step_ppm: float, increment_ppm: int, least_ppm: int, most_ppm: int
) -> Ppm:
    """A rate after its step: on the grid (halves to even, as pandas rounds), then within bounds.

    Moves of less than half the grid vanish.
    """
    rounded = round((rate_ppm + step_ppm) / increment_ppm) * increment_ppm
    return Ppm(min(max(rounded, least_ppm), most_ppm))


def next_outbound_ppm(rate_ppm: Ppm, step_ppm: float, settings: Settings) -> Ppm:
    """New outbound rate of one channel."""
    return on_grid_ppm(
        rate_ppm, step_ppm, settings.increment_ppm, settings.least_ppm, settings.most_ppm
    )


def next_inbound_ppm(
    inbound_ppm: Ppm, step_ppm: float, outbound_ppm: Ppm, settings: Settings
) -> Ppm:
    """New inbound rate: never positive, never a larger discount than a refill may cost.

    Args:
        inbound_ppm: Present inbound rate.
        step_ppm: Its step.
        outbound_ppm: Present outbound rate, before its own step.
        settings: Bounds.
    """
    least = -int(settings.most_cost_percent * outbound_ppm / 100)
    return on_grid_ppm(inbound_ppm, step_ppm, settings.increment_ppm, least, 0)
