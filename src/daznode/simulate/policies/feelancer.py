"""feelancer: a margin for all peers plus a spread for each, steered by its share of the balance."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from daznode.domain.node_state import ChannelPolicy, OwnChannel
from daznode.domain.units import Ppm
from daznode.simulate.policies.peers import by_peer, local_msat, public_and_active, remote_msat
from daznode.simulate.policies.pricing import repriced
from daznode.simulate.policies.sight import Orders, PolicyOrder, Sight

if TYPE_CHECKING:
    from daznode.domain.ids import NodeId, ShortChannelId

_DAY: Final = timedelta(days=1)
_FIRST_DAYS: Final = 3_600 / 86_400
"""Time that a controller's first step stands for: one hour."""

_MOST_PPM: Final = 2_500
_LEAST_CHANGE_PPM: Final = 10


@dataclass(frozen=True, slots=True)
class Gains:
    """Gains of the controllers; one day is the unit of time.

    The tool's defaults are all zero, which leaves every fee where it is; these are the figures of
    its demo configuration, which its author calls illustrative.

    Attributes:
        drift: `k_t`, ppm a day.
        proportional: `k_p`, ppm a day at an error of one.
        integral: `k_i`, the same by the smoothed error.
        differential: `k_d`, ppm for a jump of the error by one.
        smoothing: `alpha_i`, by day.
        decay: `alpha_d`, by day.
        margin_ppm: `k_m`, level that the margin goes to.
        margin_speed: `alpha` of the margin, by day.
        sets_inbound: `set_inbound`; off, as the tool's default is.
    """

    drift: float = 0.1
    proportional: float = 1.0
    integral: float = 4.8
    differential: float = 2.4
    smoothing: float = 0.04
    decay: float = 1.0
    margin_ppm: float = 50.0
    margin_speed: float = 0.1
    sets_inbound: bool = False


def liquidity_error(
    remote_ratio: float,
    target: float,
    *,
    ratios: tuple[float, float] = (0.0, 1.0),
    errors: tuple[float, float] = (-0.5, 0.5),
) -> float:
    """How far a peer is from its target: linear on either side of it.

    Args:
        remote_ratio: The peer's share of the balance, in [0, 1].
        target: Share at which the error is zero.
        ratios: Shares at and beyond which the error is least and most.
        errors: Least and most.
    """
    if remote_ratio >= target:
        width = ratios[1] - target
        share = (remote_ratio - target) / width if width > 0 else float(remote_ratio > target)
        return errors[1] * min(share, 1.0)
    width = target - ratios[0]
    share = (target - remote_ratio) / width if width > 0 else 1.0
    return errors[0] * min(share, 1.0)


@dataclass(slots=True)
class Spread:
    """One peer's controller.

    Attributes:
        ppm: Present spread.
        error: Error at the last step.
        smoothed: Its exponentially weighted mean.
        slope: Its slope by day, decaying.
    """

    ppm: float
    error: float = 0.0
    smoothed: float = 0.0
    slope: float = 0.0

    def step(self, error: float, days: float, gains: Gains) -> float:
        """Integrate from the last step to now, the error moving linearly in between.

        With E the smoothed error, E' = smoothing * (e - E), and D the decaying slope,
        D' = decay * (e' - D), the spread gains `drift * t + proportional * mean(e) * t
        + integral * int(E) + differential * int(decay * D)`, each integral in closed form.

        Args:
            error: Error now.
            days: Time since the last step, > 0.
            gains: Gains.

        Returns:
            The spread, ppm.

        References:
            feelancer21/feelancer 6534fbc, `src/feelancer/pid/analytics.py`.
        """
        rise = error - self.error
        slope = rise / days
        mean = (error + self.error) / 2
        lag = slope / gains.smoothing
        fading = math.exp(-gains.smoothing * days)
        offset = self.smoothed + lag - self.error
        summed = days * (mean - lag) + (1 - fading) * offset / gains.smoothing
        kept = math.exp(-gains.decay * days)
        jumped = rise + (1 - kept) * (self.slope - slope) / gains.decay
        self.smoothed = error - lag + fading * offset
        self.slope = slope + kept * (self.slope - slope)
        self.error = error
        self.ppm += (
            gains.drift * days
            + gains.proportional * mean * days
            + gains.integral * summed
            + gains.differential * jumped
        )
        return self.ppm


def reverted_ppm(margin_ppm: float, days: float, gains: Gains) -> float:
    """The margin after some days: what is missing to its level shrinks by `exp(-speed * days)`."""
    return margin_ppm + (gains.margin_ppm - margin_ppm) * -math.expm1(-gains.margin_speed * days)


class Feelancer:
    """Spread and margin with the limits of the tool's defaults and the gains of its demo.

    A peer's target is the remote share of the whole node. The controllers step every hour (the demo:
    every quarter; the integrals are the same); a peer's fees are written once a day at most, when
    they move by 10 ppm or reach a bound. A peer starts with the fee it has: new channels' own rates
    are left out.
    """

    every: timedelta = timedelta(hours=1)

    def __init__(self, gains: Gains | None = None) -> None:
        """Take the gains; the demo's if not given."""
        self._gains = gains or Gains()
        self._margin_ppm = 0.0
        self._spreads: dict[NodeId, Spread] = {}
        self._stepped_at: datetime | None = None
        self._written_at: dict[ShortChannelId, datetime] = {}

    def look(self, sight: Sight) -> Orders:
        """Step all controllers and write what may be written."""
        days = _FIRST_DAYS
        if self._stepped_at is not None:
            days = (sight.now - self._stepped_at) / _DAY
        channels = public_and_active(sight.observation.channels)
        remote, local = remote_msat(channels), local_msat(channels)
        if days <= 0 or remote + local == 0:
            return Orders()
        self._stepped_at = sight.now
        self._margin_ppm = reverted_ppm(self._margin_ppm, days, self._gains)
        target = remote / (remote + local)
        orders: list[PolicyOrder] = []
        for peer_id, group in by_peer(channels).items():
            theirs, ours = remote_msat(group), local_msat(group)
            first = group[0].local_policy
            if theirs + ours == 0 or first is None:
                continue
            spread = self._spreads.setdefault(peer_id, Spread(first.fee_ppm - self._margin_ppm))
            spread.step(liquidity_error(theirs / (theirs + ours), target), days, self._gains)
            for channel in group:
                order = self._written(channel, spread.ppm, sight.now)
                if order:
                    orders.append(order)
        return Orders(policies=tuple(orders))

    def _written(self, channel: OwnChannel, spread_ppm: float, now: datetime) -> PolicyOrder | None:
        policy, written_at = channel.local_policy, self._written_at.get(channel.scid)
        if policy is None or (written_at is not None and now - written_at < _DAY):
            return None
        wanted = min(round(max(0.0, self._margin_ppm + spread_ppm)), _MOST_PPM)
        inbound = policy.inbound_fee_ppm
        if self._gains.sets_inbound:
            inbound = Ppm(min(max(round(-spread_ppm), -_MOST_PPM), 0))
        if not _is_worth_writing(policy, wanted, inbound):
            return None
        order = repriced(channel, fee_ppm=wanted, inbound_fee_ppm=inbound)
        if order:
            self._written_at[channel.scid] = now
        return order


def _is_worth_writing(policy: ChannelPolicy, fee_ppm: int, inbound_ppm: int) -> bool:
    moves = (
        (fee_ppm, policy.fee_ppm, (0, _MOST_PPM)),
        (inbound_ppm, policy.inbound_fee_ppm, (-_MOST_PPM, 0)),
    )
    return any(
        wanted != present and (abs(wanted - present) >= _LEAST_CHANGE_PPM or wanted in bounds)
        for wanted, present, bounds in moves
    )
