"""One channel of the simulated node: its balances, what it may pass on, and what it charges."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from daznode.domain.errors import InvariantBroken
from daznode.domain.ids import ShortChannelId, format_scid
from daznode.domain.node_state import ChannelPolicy
from daznode.domain.units import PPM_ONE, Msat, Sat, forwarding_fee_msat, msat_of

RESERVE_DIVISOR: Final = 100
"""Each side keeps 1 % of the capacity, the usual `channel_reserve_satoshis` (BOLT 2)."""


class Refusal(StrEnum):
    """Why a payment was not forwarded; the words of `HtlcFailure.reason`."""

    INSUFFICIENT_BALANCE = "insufficient_balance"
    PEER_OFFLINE = "peer_offline"
    DOWNSTREAM = "downstream"


@dataclass(slots=True)
class SimChannel:
    """A channel with its two balances, which always add up to the capacity.

    Commitment fees, anchors and HTLCs in flight are left out: payments settle at once.

    Attributes:
        scid: Short channel id.
        capacity_sat: Funding amount, sat.
        local_msat: Our balance, msat, reserve included.
    """

    scid: ShortChannelId
    capacity_sat: Sat
    local_msat: Msat

    def __post_init__(self) -> None:
        """Refuse a balance outside the capacity."""
        self._check()

    @property
    def remote_msat(self) -> Msat:
        """The peer's balance, msat, reserve included."""
        return Msat(msat_of(self.capacity_sat) - self.local_msat)

    @property
    def reserve_msat(self) -> Msat:
        """What each side keeps, msat."""
        return Msat(msat_of(self.capacity_sat) // RESERVE_DIVISOR)

    @property
    def local_ratio(self) -> float:
        """Our balance over the capacity, in [0, 1]."""
        return self.local_msat / msat_of(self.capacity_sat)

    @property
    def sendable_msat(self) -> Msat:
        """Most that we can pass on, msat."""
        return Msat(max(0, self.local_msat - self.reserve_msat))

    @property
    def receivable_msat(self) -> Msat:
        """Most that the peer can pass to us, msat."""
        return Msat(max(0, self.remote_msat - self.reserve_msat))

    def send(self, amount_msat: Msat) -> None:
        """Move an amount to the peer.

        Raises:
            InvariantBroken: It is negative or would break into our reserve.
        """
        self._move(amount_msat, self.sendable_msat, "send")
        self.local_msat = Msat(self.local_msat - amount_msat)
        self._check()

    def receive(self, amount_msat: Msat) -> None:
        """Move an amount from the peer to us.

        Raises:
            InvariantBroken: It is negative or would break into the peer's reserve.
        """
        self._move(amount_msat, self.receivable_msat, "receive")
        self.local_msat = Msat(self.local_msat + amount_msat)
        self._check()

    def _move(self, amount_msat: Msat, most_msat: Msat, what: str) -> None:
        if not 0 <= amount_msat <= most_msat:
            message = (
                f"channel {format_scid(self.scid)}: {what} of {amount_msat} msat; "
                f"takes 0 to {most_msat} msat"
            )
            raise InvariantBroken(message)

    def _check(self) -> None:
        if not 0 <= self.local_msat <= msat_of(self.capacity_sat):
            message = (
                f"channel {format_scid(self.scid)}: local balance of {self.local_msat} msat "
                f"outside its capacity of {self.capacity_sat} sat"
            )
            raise InvariantBroken(message)


def inbound_fee_msat(amount_msat: Msat, base_fee_msat: Msat, fee_ppm: int) -> Msat:
    """What a node asks, or grants, for taking an amount in by a channel.

    Args:
        amount_msat: Amount passed on plus the outbound fee on it, msat.
        base_fee_msat: Flat inbound fee, msat, may be negative.
        fee_ppm: Proportional inbound fee, millionths, may be negative.

    Returns:
        The fee, msat, negative for a discount; the proportional part is rounded towards zero.

    References:
        BLIP 18; LND, `InboundFee.CalcFee`.
    """
    size = amount_msat * abs(fee_ppm) // PPM_ONE
    return Msat(base_fee_msat + (size if fee_ppm >= 0 else -size))


def total_fee_msat(amount_msat: Msat, incoming: ChannelPolicy, outgoing: ChannelPolicy) -> Msat:
    """What a node keeps for passing an amount on: outbound and inbound fee, never below zero.

    Args:
        amount_msat: Amount passed on, msat.
        incoming: The node's own policy of the channel it came in by.
        outgoing: The node's own policy of the channel it leaves by.

    Returns:
        The fee, msat, >= 0.

    References:
        BOLT 7, "HTLC Fees"; BLIP 18; LND's link demands that no less comes in than goes out.
    """
    outbound = forwarding_fee_msat(amount_msat, outgoing.base_fee_msat, outgoing.fee_ppm)
    inbound = inbound_fee_msat(
        Msat(amount_msat + outbound), incoming.inbound_base_fee_msat, incoming.inbound_fee_ppm
    )
    return Msat(max(0, outbound + inbound))
