"""Numbers that cannot exist do not come in."""

import msgspec
import pytest

from daznode.adapters.lightning.amounts import MsatAmount, SatAmount, scid_from
from daznode.domain.errors import InvalidScid
from daznode.domain.units import MAX_SUPPLY_SAT


@pytest.mark.parametrize("value", [-1, MAX_SUPPLY_SAT + 1])
def test_an_amount_is_not_negative_and_not_above_the_supply(value):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(value, SatAmount)
    assert msgspec.convert(MAX_SUPPLY_SAT * 1000, MsatAmount) == MAX_SUPPLY_SAT * 1000


def test_an_id_has_64_bits():
    assert scid_from(2**64 - 1) == 2**64 - 1
    with pytest.raises(InvalidScid):
        scid_from(2**64)
