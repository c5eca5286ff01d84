"""Hill climbing: every channel steps its price up or down and turns back when it earned less."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from daznode.simulate.policies.pricing import repriced
from daznode.simulate.policies.sight import Orders, Sight
from daznode.simulate.policies.window import Window

if TYPE_CHECKING:
    from daznode.domain.ids import ShortChannelId

STEP_RATIO: Final = 1.25
LEAST_PPM: Final = 1.0
MOST_PPM: Final = 2_500.0


@dataclass(slots=True)
class Climb:
    """Where one channel's climb stands.

    Attributes:
        price_ppm: Present price, kept unrounded so that small ones can move.
        is_up: Direction of the last step.
        earned_msat: What the day before the last step earned; None before the first.
        seen_msat: All that was earned up to the last step.
    """

    price_ppm: float
    is_up: bool
    earned_msat: int | None
    seen_msat: int


def stepped_ppm(price_ppm: float, *, is_up: bool) -> float:
    """A price one step of 25 % (in logarithm) away, within 1 to 2,500 ppm."""
    moved = price_ppm * STEP_RATIO if is_up else price_ppm / STEP_RATIO
    return min(max(moved, LEAST_PPM), MOST_PPM)


class HillClimb:
    """A step of 25 % a day in each channel, the other way if revenue fell.

    What no channel earns gives no slope: such a price walks on to the end of its range. The first
    direction is drawn.
    """

    every: timedelta = timedelta(days=1)

    def __init__(self, rng: np.random.Generator) -> None:
        """Take the source of chance."""
        self._rng = rng
        self._ever = Window(None)
        self._climbs: dict[ShortChannelId, Climb] = {}

    def look(self, sight: Sight) -> Orders:
        """Take each channel's step of the day."""
        self._ever.take(sight.activity)
        orders = []
        for channel in sight.observation.channels:
            if channel.local_policy is None:
                continue
            seen_msat = self._ever.of(channel.scid).earned_msat
            climb = self._climbs.get(channel.scid)
            if climb is None:
                is_up = bool(self._rng.integers(2))
                price = max(float(channel.local_policy.fee_ppm), LEAST_PPM)
                climb = self._climbs[channel.scid] = Climb(price, is_up, None, seen_msat)
            else:
                earned_msat = seen_msat - climb.seen_msat
                if climb.earned_msat is not None and earned_msat < climb.earned_msat:
                    climb.is_up = not climb.is_up
                climb.earned_msat, climb.seen_msat = earned_msat, seen_msat
            climb.price_ppm = stepped_ppm(climb.price_ppm, is_up=climb.is_up)
            order = repriced(channel, fee_ppm=round(climb.price_ppm))
            if order:
                orders.append(order)
        return Orders(policies=tuple(orders))
