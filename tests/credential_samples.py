"""Secrets for tests: of the shapes that nodes make, with content that a search finds again."""

import base64
import json

CANARY = bytes.fromhex("5ec2e7ca9a21" * 6)[:32]
"""Stands where a real secret has its randomness."""

READ = ("info:read", "offchain:read", "onchain:read", "peers:read")
ADMIN = (*READ, "offchain:write", "onchain:write", "macaroon:generate")


def _varint(value: int) -> bytes:
    made = bytearray()
    while value > 127:
        made.append(value & 127 | 128)
        value >>= 7
    return bytes([*made, value])


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def a_macaroon(*operations: str, root_key_id: str = "7", canary: bytes = CANARY) -> bytes:
    """A macaroon of LND with these rights, in binary."""
    entities: dict[str, list[str]] = {}
    for one in operations:
        entity, _, action = one.partition(":")
        entities.setdefault(entity, []).append(action)
    identifier = b"\x03" + _field(1, canary[:16]) + _field(2, root_key_id.encode())
    for entity, actions in entities.items():
        parts = b"".join(_field(2, action.encode()) for action in actions)
        identifier += _field(3, _field(1, entity.encode()) + parts)
    return (
        b"\x02\x01\x03lnd\x02"
        + _varint(len(identifier))
        + identifier
        + b"\x00\x00\x06\x20"
        + canary
    )


def a_rune(*restrictions: str, rune_id: str = "3", canary: bytes = CANARY) -> bytes:
    """A rune as `createrune` gives it."""
    text = "&".join((f"={rune_id}", *restrictions))
    return base64.urlsafe_b64encode(canary + text.encode())


def a_token(*, canary: bytes = CANARY, **claims: object) -> bytes:
    """An access token of LNbits."""

    def part(content: bytes) -> bytes:
        return base64.urlsafe_b64encode(content).rstrip(b"=")

    header, payload = (json.dumps(one).encode() for one in ({"alg": "HS256"}, claims))
    return b".".join((part(header), part(payload), part(canary)))


def a_wallet_key(canary: bytes = CANARY) -> bytes:
    """A wallet key of LNbits."""
    return canary[:16].hex().encode()
