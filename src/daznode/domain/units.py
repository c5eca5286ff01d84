"""Msat, Sat, Ppm and block height; the only conversions between them and the BOLT 7 fee formula."""

from decimal import Decimal
from typing import Final, NewType

Msat = NewType("Msat", int)
Sat = NewType("Sat", int)
Ppm = NewType("Ppm", int)
BlockHeight = NewType("BlockHeight", int)

NO_MSAT: Final = Msat(0)

MSAT_PER_SAT: Final = 1_000
SAT_PER_BTC: Final = 100_000_000
PPM_ONE: Final = 1_000_000

MAX_SUPPLY_SAT: Final = Sat(21_000_000 * SAT_PER_BTC)
"""No amount on the network can exceed the supply of bitcoin; what does is absurd input."""


def msat_of(amount_sat: Sat) -> Msat:
    """The same amount in millisatoshi, exact."""
    return Msat(amount_sat * MSAT_PER_SAT)


def whole_sat(amount_msat: Msat) -> Sat:
    """An amount in whole satoshi, rounded towards zero so that income is never overstated.

    Args:
        amount_msat: Amount in msat; may be negative (a loss), which rounds towards zero too.

    Returns:
        Amount in sat.
    """
    sign = -1 if amount_msat < 0 else 1
    return Sat(sign * (abs(amount_msat) // MSAT_PER_SAT))


def charged_sat(cost_msat: Msat) -> Sat:
    """A cost in whole satoshi, rounded up so that it is never understated.

    Args:
        cost_msat: Cost, msat, >= 0.

    Returns:
        Cost in sat.
    """
    return Sat(-(-cost_msat // MSAT_PER_SAT))


def btc_of(amount_sat: Sat) -> Decimal:
    """An amount in bitcoin with eight decimals, exact (never a float)."""
    return (Decimal(amount_sat) / SAT_PER_BTC).quantize(Decimal("0.00000001"))


def forwarding_fee_msat(amount_msat: Msat, base_fee_msat: Msat, fee_ppm: Ppm) -> Msat:
    """Fee a node asks for forwarding an amount.

    Args:
        amount_msat: Amount forwarded onward, msat, >= 0.
        base_fee_msat: Flat part, msat.
        fee_ppm: Proportional part, millionths of the amount forwarded.

    Returns:
        `base_fee_msat + amount_msat * fee_ppm // 1_000_000`, msat.

    References:
        BOLT 7, "HTLC Fees".
    """
    return Msat(base_fee_msat + amount_msat * fee_ppm // PPM_ONE)


def ppm_of(fee_msat: Msat, amount_msat: Msat) -> Ppm | None:
    """A fee as millionths of the amount it was paid on, floored; None where the amount is zero."""
    if amount_msat <= 0:
        return None
    return Ppm(fee_msat * PPM_ONE // amount_msat)
