"""The fees that need no tool: one flat rate for all channels, and whatever the node asks already."""

from datetime import timedelta
from typing import Final

from daznode.domain.units import Ppm
from daznode.simulate.policies.pricing import repriced
from daznode.simulate.policies.sight import Orders, Sight

_DAY: Final = timedelta(days=1)


class StaticFee:
    """The same rate in every channel, no base fee and no inbound fee.

    Looks once a day, so that a new channel gets the rate within a day.
    """

    every: timedelta = _DAY

    def __init__(self, fee_ppm: Ppm) -> None:
        """Take the rate, millionths."""
        self._fee_ppm = fee_ppm

    def look(self, sight: Sight) -> Orders:
        """Order the rate wherever another is asked."""
        orders = (
            repriced(
                channel,
                fee_ppm=self._fee_ppm,
                base_fee_msat=0,
                inbound_fee_ppm=0,
                inbound_base_fee_msat=0,
            )
            for channel in sight.observation.channels
        )
        return Orders(policies=tuple(order for order in orders if order))


class Keep:
    """Nothing is ever changed: the fees that the node has, the comparison its operator believes."""

    every: timedelta = _DAY

    def look(self, sight: Sight) -> Orders:  # noqa: ARG002 - the protocol's parameter
        """Order nothing."""
        return Orders()
