"""feeadjuster: a rate that falls exponentially with our share of the channel."""

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from daznode.domain.node_state import OwnChannel
from daznode.domain.units import MSAT_PER_SAT, Msat, Ppm
from daznode.simulate.policies.pricing import repriced
from daznode.simulate.policies.sight import Orders, Sight

if TYPE_CHECKING:
    from daznode.domain.ids import ShortChannelId

_SPREAD: Final = 50.0
_THRESHOLD_RATIO: Final = 0.05
_FUZZ_RATIO: Final = 0.015
_THRESHOLD_MSAT: Final = 100_000 * MSAT_PER_SAT
DEFAULT_BASE: Final = Msat(1_000)
DEFAULT_PPM: Final = Ppm(10)
"""Core Lightning's own defaults, `fee-base` and `fee-per-satoshi`, which the plugin scales."""


def adjusted_ppm(base_ppm: Ppm, local_ratio: float) -> Ppm:
    """`int(base * 50^(1/2 - share))`.

    References:
        lightningd/plugins c0b768f, `feeadjuster/`.
    """
    return Ppm(int(base_ppm * _SPREAD ** (0.5 - local_ratio)))


class FeeAdjuster:
    """Core Lightning's plugin at its defaults: strategy `global`, ratio `default`, HTLC limits kept.

    The plugin wakes at every settled forward; here a look every ten minutes sees the same balances
    a little later. A channel is priced at the first look, then whenever a forward passed it and its
    balance has moved by 5 % (give or take 1.5 %, drawn each time) or by 0.001 BTC since it last was.
    """

    every: timedelta = timedelta(minutes=10)

    def __init__(self, rng: np.random.Generator) -> None:
        """Take the source of chance."""
        self._rng = rng
        self._priced_msat: dict[ShortChannelId, Msat] = {}

    def look(self, sight: Sight) -> Orders:
        """Price what has moved."""
        passed = {forward.scid_in for forward in sight.activity.forwards}
        passed |= {forward.scid_out for forward in sight.activity.forwards}
        orders = []
        for channel in sight.observation.channels:
            ratio = channel.local_ratio
            if ratio is None or channel.local_policy is None:
                continue
            is_known = channel.scid in self._priced_msat
            if is_known and not (channel.scid in passed and self._has_moved(channel)):
                continue
            self._priced_msat[channel.scid] = channel.local_msat
            fee_ppm = adjusted_ppm(DEFAULT_PPM, ratio)
            order = repriced(channel, fee_ppm=fee_ppm, base_fee_msat=DEFAULT_BASE)
            if order:
                orders.append(order)
        return Orders(policies=tuple(orders))

    def _has_moved(self, channel: OwnChannel) -> bool:
        moved_msat = abs(channel.local_msat - self._priced_msat[channel.scid])
        threshold = _THRESHOLD_RATIO + self._rng.uniform(-_FUZZ_RATIO, _FUZZ_RATIO)
        both_msat = channel.local_msat + channel.remote_msat
        return moved_msat > threshold * both_msat or moved_msat > _THRESHOLD_MSAT
