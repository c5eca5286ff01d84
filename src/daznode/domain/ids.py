"""Node keys, short channel ids and their spellings, parsed and printed in one place."""

import re
from typing import Final, NewType

from daznode.domain.errors import InvalidNodeId, InvalidScid

NodeId = NewType("NodeId", str)
"""33-byte compressed secp256k1 key as 66 lower-case hex characters."""

ShortChannelId = NewType("ShortChannelId", int)
"""Block height (24 bits), transaction index (24 bits), output index (16 bits), as BOLT 7 packs them."""

FIELD_PRIME: Final = 2**256 - 2**32 - 977
"""Field prime of secp256k1 (SEC 2, section 2.4.1)."""

_HEX_KEY: Final = re.compile(r"[0-9a-fA-F]{66}")
_SCID_PARTS: Final = re.compile(r"([0-9]{1,8})[x:]([0-9]{1,8})[x:]([0-9]{1,5})")
_MAX_U64_DIGITS: Final = 20
_SHOWN_CHARACTERS: Final = 80

KEY_BYTES: Final = 33
"""Length of a compressed public key."""


def is_curve_point(key: bytes) -> bool:
    """Whether 33 bytes are a compressed point of secp256k1.

    Args:
        key: Parity byte (2 or 3) and the x coordinate, 33 bytes.

    Returns:
        True if x is below the field prime and x^3 + 7 is a square modulo it (Euler's criterion).
    """
    if len(key) != KEY_BYTES or key[0] not in (2, 3):
        return False
    x = int.from_bytes(key[1:], "big")
    if x >= FIELD_PRIME:
        return False
    return pow((pow(x, 3, FIELD_PRIME) + 7) % FIELD_PRIME, (FIELD_PRIME - 1) // 2, FIELD_PRIME) == 1


def looks_like_node_id(text: str) -> bool:
    """Whether a text has the shape of a node key (it may still be no curve point)."""
    return _HEX_KEY.fullmatch(text.strip()) is not None


def parse_node_id(text: str) -> NodeId:
    """A node key from its hex spelling.

    Args:
        text: 66 hex characters, either case, surrounding blanks allowed.

    Returns:
        The key in lower case.

    Raises:
        InvalidNodeId: Wrong length or characters, or not a point of the curve.
    """
    stripped = text.strip()
    if _HEX_KEY.fullmatch(stripped) is None:
        shown = stripped if len(stripped) <= _SHOWN_CHARACTERS else f"{stripped[:40]}..."
        message = (
            f"node key {shown!r}: {len(stripped)} characters; "
            "expected 66 hex characters (a compressed public key, starting 02 or 03)"
        )
        raise InvalidNodeId(message)
    lowered = stripped.lower()
    if not is_curve_point(bytes.fromhex(lowered)):
        message = f"node key {lowered}: not a point on secp256k1; expected a compressed public key"
        raise InvalidNodeId(message)
    return NodeId(lowered)


def pack_scid(block_height: int, tx_index: int, output_index: int) -> ShortChannelId:
    """The 64-bit form of a short channel id.

    Raises:
        InvalidScid: A part does not fit its 24, 24 or 16 bits.

    References:
        BOLT 7, "Definition of short_channel_id".
    """
    if not (
        0 <= block_height < 1 << 24 and 0 <= tx_index < 1 << 24 and 0 <= output_index < 1 << 16
    ):
        message = (
            f"short channel id {block_height}x{tx_index}x{output_index}: "
            "expected parts below 16777216, 16777216 and 65536"
        )
        raise InvalidScid(message)
    return ShortChannelId(block_height << 40 | tx_index << 16 | output_index)


def parse_scid(text: str) -> ShortChannelId:
    """A short channel id from `814x12x1`, `814:12:1` or its 64-bit integer.

    Raises:
        InvalidScid: None of the three spellings, or a part out of range.
    """
    stripped = text.strip()
    match = _SCID_PARTS.fullmatch(stripped)
    if match:
        return pack_scid(*(int(part) for part in match.groups()))
    if stripped.isascii() and stripped.isdigit() and len(stripped) <= _MAX_U64_DIGITS:
        value = int(stripped)
        if value < 1 << 64:
            return ShortChannelId(value)
    message = f"short channel id {stripped[:40]!r}: expected 814x12x1, 814:12:1 or a 64-bit integer"
    raise InvalidScid(message)


def format_scid(scid: int) -> str:
    """A short channel id as people read it: `814x12x1`."""
    return f"{scid >> 40}x{scid >> 16 & 0xFFFFFF}x{scid & 0xFFFF}"


def block_height_of(scid: int) -> int:
    """Height of the block that holds the funding transaction."""
    return scid >> 40
