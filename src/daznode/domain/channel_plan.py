"""Channels that are to be opened and closed on given days, whoever sets the fees meanwhile."""

from dataclasses import dataclass
from typing import Final

from daznode.domain.errors import InvalidParameter
from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.units import Sat

SMALLEST_CHANNEL: Final = Sat(20_000)
"""Below it LND opens no channel (`MinChanFundingSize`, funding/manager.go)."""

LARGEST_CHANNEL: Final = Sat(1_000_000_000)
"""Ten bitcoin, above which LND opens none, large channels allowed (`MaxBtcFundingAmountWumbo`)."""


@dataclass(frozen=True, slots=True)
class PlannedOpen:
    """A channel to be opened.

    Attributes:
        peer: To whom.
        capacity_sat: Its size, all of it on our side.
        day: When, from 1: the first day.
    """

    peer: NodeId
    capacity_sat: Sat
    day: int = 1


@dataclass(frozen=True, slots=True)
class PlannedClose:
    """A channel to be closed cooperatively.

    Attributes:
        scid: Which.
        day: When, from 1: the first day.
    """

    scid: ShortChannelId
    day: int = 1


@dataclass(frozen=True, slots=True)
class ChannelPlan:
    """Opens and closes, and what there is to pay for them.

    Attributes:
        opens: In this order; one that the wallet cannot pay yet waits, and those after it go first.
        closes: Their money can be used for opens an hour later.
        wallet_sat: What the on-chain wallet holds at the beginning; None for exactly what the opens
            and their transactions take.
    """

    opens: tuple[PlannedOpen, ...] = ()
    closes: tuple[PlannedClose, ...] = ()
    wallet_sat: Sat | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is planned."""
        return not self.opens and not self.closes

    def check(self, days: int) -> None:
        """Make sure that it can be carried out within some days.

        Args:
            days: How many there are.

        Raises:
            InvalidParameter: A day or an amount is out of range; the message says what is taken.
        """
        on_days = [("open", one.day) for one in self.opens]
        on_days += [("close", one.day) for one in self.closes]
        for what, day in on_days:
            if not 1 <= day <= days:
                message = f"{what} on day {day:,}: out of range; takes 1 to {days:,}"
                raise InvalidParameter(message)
        for opened in self.opens:
            if not SMALLEST_CHANNEL <= opened.capacity_sat <= LARGEST_CHANNEL:
                message = (
                    f"open of {opened.capacity_sat:,} sat: out of range; takes "
                    f"{SMALLEST_CHANNEL:,} to {LARGEST_CHANNEL:,}"
                )
                raise InvalidParameter(message)
        if self.wallet_sat is not None and self.wallet_sat < 0:
            message = f"wallet {self.wallet_sat:,} sat: out of range; takes 0 or more"
            raise InvalidParameter(message)


NO_PLAN: Final = ChannelPlan()
"""Nothing is opened or closed."""
