"""lndmanage: once a week each peer's fees move with what left by it, against a fixed target."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from daznode.domain.node_state import OwnChannel
from daznode.domain.units import MSAT_PER_SAT, Msat, Ppm, Sat
from daznode.simulate.policies.peers import by_peer, capacity_sat, local_msat, public_and_active
from daznode.simulate.policies.pricing import repriced
from daznode.simulate.policies.sight import Orders, PolicyOrder, Sight
from daznode.simulate.policies.window import Window

_DAYS: Final = 7
_TARGET_SAT_PER_DAY: Final = 100_000 / _DAYS
_TARGET_FORWARDS_PER_DAY: Final = 4 / _DAYS
_GAIN: Final = 0.5
_MOST_FACTOR: Final = 1.5
_LEAST_BASE_FACTOR: Final = 0.75
_RESERVE_SAT: Final = 500_000
_EMPTY_RISE: Final = 0.05
_FULL_FALL: Final = 0.5
_PPM_RANGE: Final = (5, 5_000)
_MOST_BASE: Final = 5_000


def rate_factor(sat_per_day: float, local_sat: float, capacity_sat_: Sat) -> float:
    """What a week makes of a rate.

    Args:
        sat_per_day: What left by the peer, mean of seven days.
        local_sat: Our balance with it.
        capacity_sat_: Size of its channels, > 0.

    Returns:
        At most 1.5, for three times the target of 100,000 sat a week; at least 1 less what is held
        above a reserve of 500,000 sat (a third of the capacity where that is more than half of it):
        1.05 when empty, 1 at the reserve, 0.5 when full.

    References:
        bitromortac/lndmanage 1aa45a7, `lib/fee_setting.py`.
    """
    reserve = _RESERVE_SAT if capacity_sat_ // 2 >= _RESERVE_SAT else capacity_sat_ // 3
    wanted = 1 + _GAIN * (sat_per_day / _TARGET_SAT_PER_DAY - 1)
    if local_sat < _RESERVE_SAT:
        slope = _EMPTY_RISE / max(reserve, 1)
    else:
        slope = _FULL_FALL / max(capacity_sat_ - reserve, 1)
    least = 1 - slope * (local_sat - reserve)
    return max(least, min(wanted, _MOST_FACTOR))


def base_factor(forwards_per_day: float) -> float:
    """What a week makes of a base fee: 0.75 to 1.5 by the number of forwards, 1 at four a week."""
    wanted = 1 + _GAIN * (forwards_per_day / _TARGET_FORWARDS_PER_DAY - 1)
    return max(_LEAST_BASE_FACTOR, min(wanted, _MOST_FACTOR))


class LndManage:
    """`update-fees` run once a week, from the fees that the node has (without `--init`).

    The first run comes when a week has been seen: a run on no data would halve every rate.
    """

    every: timedelta = timedelta(days=1)

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._week = Window(timedelta(days=_DAYS))
        self._run_at: datetime | None = None

    def look(self, sight: Sight) -> Orders:
        """Run if a week has passed."""
        self._week.take(sight.activity)
        if self._run_at is None:
            self._run_at = sight.now
        if sight.now - self._run_at < timedelta(days=_DAYS):
            return Orders()
        self._run_at = sight.now
        orders: list[PolicyOrder] = []
        for channels in by_peer(public_and_active(sight.observation.channels)).values():
            orders += self._priced(channels)
        return Orders(policies=tuple(orders))

    def _priced(self, channels: Sequence[OwnChannel]) -> list[PolicyOrder]:
        size_sat = capacity_sat(channels)
        if size_sat <= 0:
            return []
        flow = self._week.over([channel.scid for channel in channels])
        rate = rate_factor(
            flow.sent_msat / MSAT_PER_SAT / _DAYS, local_msat(channels) / MSAT_PER_SAT, size_sat
        )
        base = base_factor(flow.sent / _DAYS)
        orders = (_scaled(channel, rate, base) for channel in channels)
        return [order for order in orders if order]


def _scaled(channel: OwnChannel, rate: float, base: float) -> PolicyOrder | None:
    policy = channel.local_policy
    if policy is None:
        return None
    ppm = min(max(int(policy.fee_ppm * rate), _PPM_RANGE[0]), _PPM_RANGE[1])
    base_msat = min(max(int(policy.base_fee_msat * base), 0), _MOST_BASE)
    return repriced(channel, fee_ppm=Ppm(ppm), base_fee_msat=Msat(base_msat))
