"""Opens and closes as they are typed: `PEER=SAT@DAY`, `SCID@DAY`."""

import re
from typing import Final

from daznode.domain.channel_plan import PlannedClose
from daznode.domain.errors import InvalidParameter
from daznode.domain.ids import parse_scid
from daznode.domain.units import Sat
from daznode.usecases.simulate_policy import WishedOpen

_WHOLE: Final = re.compile(r"[0-9]{1,3}(?:[,_]?[0-9]{3}){0,5}|[0-9]{1,16}")
_SHOWN: Final = 80


def parse_open(text: str) -> WishedOpen:
    """A channel to be opened: peer by key or alias, an equals sign, sat, and perhaps a day.

    Raises:
        InvalidParameter: It is none; the message says what is taken.
    """
    peer, mark, rest = text.rpartition("=")
    amount, at, day = rest.partition("@")
    if not mark or not peer.strip():
        message = (
            f"--open {text[:_SHOWN]!r}: takes PEER=SAT or PEER=SAT@DAY, such as ACINQ=5000000@3"
        )
        raise InvalidParameter(message)
    return WishedOpen(
        peer.strip(), Sat(_whole("--open", text, amount)), _day("--open", text, day) if at else 1
    )


def parse_close(text: str) -> PlannedClose:
    """A channel to be closed: its short channel id, and perhaps a day.

    Raises:
        InvalidScid: No short channel id.
        InvalidParameter: No day.
    """
    scid, at, day = text.partition("@")
    return PlannedClose(parse_scid(scid), _day("--close", text, day) if at else 1)


def parse_sat(option: str, text: str) -> Sat:
    """An amount in sat; thousands may be set apart.

    Raises:
        InvalidParameter: It is none.
    """
    return Sat(_whole(option, text, text))


def _day(option: str, text: str, day: str) -> int:
    return _whole(option, text, day, what="day")


def _whole(option: str, text: str, number: str, what: str = "amount") -> int:
    found = number.strip()
    if _WHOLE.fullmatch(found) is None:
        message = (
            f"{option} {text[:_SHOWN]!r}: {what} {found[:_SHOWN]!r}; takes a whole number"
            f"{' of sat' if what == 'amount' else ' from 1'}"
        )
        raise InvalidParameter(message)
    return int(re.sub(r"[,_]", "", found))
