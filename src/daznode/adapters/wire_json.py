"""Answers as JSON bytes: amounts of bitcoin as numbers, moments in UTC with `Z`, no NaN."""

from typing import Final

import msgspec

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def encode(value: object) -> bytes:
    """A dataclass, or what is built of dictionaries and lists, as JSON on one line."""
    return _ENCODER.encode(value)
