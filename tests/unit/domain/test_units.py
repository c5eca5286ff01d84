"""Conversions are exact, and round against us."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daznode.domain.units import btc_of, forwarding_fee_msat, msat_of, ppm_of, whole_sat

SUPPLY_SAT = 21_000_000 * 100_000_000


@given(st.integers(0, SUPPLY_SAT))
def test_sat_to_msat_and_back(amount_sat):
    assert whole_sat(msat_of(amount_sat)) == amount_sat


@given(st.integers(-(10**18), 10**18))
def test_whole_sat_never_overstates(amount_msat):
    amount_sat = whole_sat(amount_msat)
    assert abs(amount_sat) * 1000 <= abs(amount_msat) < (abs(amount_sat) + 1) * 1000
    assert amount_sat == 0 or (amount_sat > 0) == (amount_msat > 0)


@given(st.integers(0, SUPPLY_SAT))
def test_btc_is_exact(amount_sat):
    assert btc_of(amount_sat) * 100_000_000 == amount_sat
    assert btc_of(amount_sat).as_tuple().exponent == -8


def test_btc():
    assert btc_of(15_000_000) == Decimal("0.15000000")


@pytest.mark.parametrize(
    ("amount_msat", "base_fee_msat", "fee_ppm", "fee_msat"),
    [
        (100_000_000, 1_000, 250, 26_000),
        (999, 0, 1_000, 0),
        (1_000_000, 0, 1, 1),
        (0, 7, 10**6, 7),
        (10**13, 0, 2**32 - 1, 42_949_672_950_000_000),
    ],
)
def test_fee_of_bolt_7(amount_msat, base_fee_msat, fee_ppm, fee_msat):
    assert forwarding_fee_msat(amount_msat, base_fee_msat, fee_ppm) == fee_msat


def test_ppm_of_nothing_is_unknown():
    assert ppm_of(5, 0) is None
    assert ppm_of(26_000, 100_000_000) == 260
