"""An order that changes what one channel asks, or none where nothing would change."""

from typing import Final

from daznode.domain.node_state import ChannelPolicy, OwnChannel
from daznode.domain.units import Msat, Ppm
from daznode.simulate.policies.sight import PolicyOrder

MOST_FEE: Final = 2**32 - 1
"""Largest base fee and rate that a channel update can hold (BOLT 7, 32 bits unsigned)."""


def repriced(
    channel: OwnChannel,
    *,
    fee_ppm: int | None = None,
    base_fee_msat: int | None = None,
    inbound_fee_ppm: int | None = None,
    inbound_base_fee_msat: int | None = None,
) -> PolicyOrder | None:
    """Order other fees for a channel; all that is not a fee stays as it is.

    Args:
        channel: Which one.
        fee_ppm: Rate, millionths, brought into 0 to 2^32-1; None leaves it.
        base_fee_msat: Flat fee, msat, brought into the same range; None leaves it.
        inbound_fee_ppm: Inbound rate, millionths; None leaves it.
        inbound_base_fee_msat: Flat inbound fee, msat; None leaves it.

    Returns:
        The order; None if the channel has no policy yet, or already asks this.
    """
    policy = channel.local_policy
    if policy is None:
        return None
    ppm = policy.fee_ppm if fee_ppm is None else Ppm(min(max(fee_ppm, 0), MOST_FEE))
    base = policy.base_fee_msat if base_fee_msat is None else _base(base_fee_msat)
    inbound = policy.inbound_fee_ppm if inbound_fee_ppm is None else Ppm(inbound_fee_ppm)
    inbound_base = policy.inbound_base_fee_msat
    if inbound_base_fee_msat is not None:
        inbound_base = Msat(inbound_base_fee_msat)
    asked = (ppm, base, inbound, inbound_base)
    present = (
        policy.fee_ppm,
        policy.base_fee_msat,
        policy.inbound_fee_ppm,
        policy.inbound_base_fee_msat,
    )
    if asked == present:
        return None
    # Not `replace`: looks order thousands of times a simulated day, and it takes twice as long.
    changed = ChannelPolicy(
        base_fee_msat=base,
        fee_ppm=ppm,
        inbound_base_fee_msat=inbound_base,
        inbound_fee_ppm=inbound,
        cltv_delta=policy.cltv_delta,
        htlc_minimum_msat=policy.htlc_minimum_msat,
        htlc_maximum_msat=policy.htlc_maximum_msat,
        is_disabled=policy.is_disabled,
    )
    return PolicyOrder(channel.scid, changed)


def _base(amount_msat: int) -> Msat:
    return Msat(min(max(amount_msat, 0), MOST_FEE))
