"""charge-lnd: a rate that falls as the channel fills, and a rate copied from the peer."""

from datetime import timedelta
from typing import Final

from daznode.domain.node_state import OwnChannel
from daznode.domain.units import Msat, Ppm
from daznode.simulate.policies.pricing import repriced
from daznode.simulate.policies.sight import Orders, PolicyOrder, Sight

EXAMPLE_LEAST: Final = Ppm(100)
EXAMPLE_MOST: Final = Ppm(300)
EXAMPLE_BASE: Final = Msat(1_000)
"""Figures of the shipped example."""

_EVERY: Final = timedelta(hours=1)


def proportional_ppm(local_ratio: float, least_ppm: Ppm, most_ppm: Ppm) -> Ppm:
    """Rate of the strategy `proportional`.

    Args:
        local_ratio: Our share of the balance, in [0, 1].
        least_ppm: Rate of a channel that is all ours.
        most_ppm: Rate of an empty one.

    Returns:
        `max(0, int(least + (1 - ratio) * (most - least)))`, truncated as the tool does.

    References:
        charge-lnd 17039cd, `charge_lnd/strategy.py`.
    """
    return Ppm(max(0, int(least_ppm + (1.0 - local_ratio) * (most_ppm - least_ppm))))


class Proportional:
    """Strategy `proportional` with the figures of the shipped example, run hourly.

    The rate is written if it moves by 10 ppm or more (what the tool takes where no `min_fee_ppm_delta`
    is set), the base fee whenever it differs. Each channel is priced alone: `sum_peer_chans` is off.
    """

    every: timedelta = _EVERY

    def __init__(
        self,
        *,
        least_ppm: Ppm = EXAMPLE_LEAST,
        most_ppm: Ppm = EXAMPLE_MOST,
        base_fee_msat: Msat = EXAMPLE_BASE,
        least_change_ppm: int = 10,
    ) -> None:
        """Take the settings of one section of the configuration."""
        self._least_ppm = least_ppm
        self._most_ppm = most_ppm
        self._base_fee_msat = base_fee_msat
        self._least_change_ppm = least_change_ppm

    def look(self, sight: Sight) -> Orders:
        """Price every channel by its balance."""
        orders = (self._order(channel) for channel in sight.observation.channels)
        return Orders(policies=tuple(order for order in orders if order))

    def _order(self, channel: OwnChannel) -> PolicyOrder | None:
        ratio, policy = channel.local_ratio, channel.local_policy
        if ratio is None or policy is None:
            return None
        fee_ppm = proportional_ppm(ratio, self._least_ppm, self._most_ppm)
        if abs(fee_ppm - policy.fee_ppm) < self._least_change_ppm:
            fee_ppm = policy.fee_ppm
        return repriced(channel, fee_ppm=fee_ppm, base_fee_msat=self._base_fee_msat)


class MatchPeer:
    """Strategy `match_peer`: every channel asks what its peer asks of us, run hourly.

    A positive inbound fee of the peer is copied as zero: LND takes none from us unless it is told to.
    """

    every: timedelta = _EVERY

    def look(self, sight: Sight) -> Orders:
        """Copy the peers' fees."""
        orders = (_matched(channel) for channel in sight.observation.channels)
        return Orders(policies=tuple(order for order in orders if order))


def _matched(channel: OwnChannel) -> PolicyOrder | None:
    theirs = channel.remote_policy
    if theirs is None:
        return None
    return repriced(
        channel,
        fee_ppm=theirs.fee_ppm,
        base_fee_msat=theirs.base_fee_msat,
        inbound_fee_ppm=min(theirs.inbound_fee_ppm, 0),
        inbound_base_fee_msat=min(theirs.inbound_base_fee_msat, 0),
    )
