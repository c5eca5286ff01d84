"""Numbers as a backend may give them: bounded by what can exist, so that nothing absurd comes in."""

from typing import Annotated, Final

from msgspec import Meta

from daznode.domain.errors import InvalidScid
from daznode.domain.ids import ShortChannelId
from daznode.domain.units import MAX_SUPPLY_SAT, MSAT_PER_SAT

_MOST_MSAT: Final = MAX_SUPPLY_SAT * MSAT_PER_SAT
_MOST_SECONDS: Final = 253_402_300_799
"""The last second of the year 9999."""

SatAmount = Annotated[int, Meta(ge=0, le=MAX_SUPPLY_SAT)]
MsatAmount = Annotated[int, Meta(ge=0, le=_MOST_MSAT)]
U32 = Annotated[int, Meta(ge=0, lt=2**32)]
U63 = Annotated[int, Meta(ge=0, le=2**63 - 1)]
U64 = Annotated[int, Meta(ge=0)]
"""At most 2**64 - 1, which `scid_from` checks: msgspec compares within signed 64 bits."""

I32 = Annotated[int, Meta(ge=-(2**31), lt=2**31)]
Seconds = Annotated[int, Meta(ge=0, le=_MOST_SECONDS)]
Nanoseconds = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""Since 1970; 2**63 of them end in the year 2262."""


def scid_from(value: int) -> ShortChannelId:
    """A short channel id from the number that a backend gives.

    Raises:
        InvalidScid: It does not fit 64 bits.
    """
    if value >= 2**64:
        message = f"short channel id {value}: takes 64 bits"
        raise InvalidScid(message)
    return ShortChannelId(value)
