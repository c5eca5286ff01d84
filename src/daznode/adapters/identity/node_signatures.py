"""Signatures that Lightning nodes make over messages: checked by recovering the key that made them.

LND's `signmessage` and Core Lightning's make the same thing: the text after a fixed prefix, hashed
twice with SHA-256 and signed with the node's key; the signature is compact and recoverable (a header
byte that says how to recover the key, then r and s) and spelled in zbase32.
"""

from hashlib import sha256
from typing import Final, NoReturn

from coincurve import PublicKey

from daznode.domain.errors import InvalidSignature
from daznode.domain.ids import NodeId

PREFIX: Final = b"Lightning Signed Message:"
"""Stands before every message, so that a signature over a text can never be one over a transaction.

Core Lightning's manual of `signmessage`; LND's `signedMsgPrefix`.
"""

_ALPHABET: Final = "ybndrfg8ejkmcpqxot1uwisza345h769"
"""zbase32 (O'Whielacronx, "human-oriented base-32 encoding"), the most significant bit first."""

_VALUE_BY_CHARACTER: Final = {character: value for value, character in enumerate(_ALPHABET)}

_SIGNATURE_BYTES: Final = 65
_CHARACTERS: Final = 104
"""65 bytes are 520 bits: exactly 104 characters of 5 bits, so that no bit is left over."""

_FIRST_HEADER: Final = 31
"""27, and 4 for a compressed key; the recovery id from 0 to 3 is added to it."""

_RECOVERY_IDS: Final = 4
_GROUP_ORDER: Final = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
"""Order of the group of secp256k1 (SEC 2, section 2.4.1)."""


class SignedMessages:
    """Recovers keys from `signmessage` signatures."""

    def signer_of(self, message: str, signature: str) -> NodeId:
        """Key of the node that signed a message.

        Every text of the right form recovers some key: the caller has to compare it with the one
        that is expected. What nodes do not make is refused: another length, other characters, a
        header of an uncompressed key, and an s in the upper half of the group (the same signature
        spelled in a second way).

        Args:
            message: The text.
            signature: zbase32, as `lncli signmessage` and `lightning-cli signmessage` give it;
                blanks around it are dropped.

        Raises:
            InvalidSignature: It is no such signature, or no key can have made it.
        """
        raw = _decoded(signature.strip())
        recovery_id = raw[0] - _FIRST_HEADER
        if not 0 <= recovery_id < _RECOVERY_IDS:
            _refuse(f"its first byte is {raw[0]}; expected 31 to 34")
        if int.from_bytes(raw[33:], "big") > _GROUP_ORDER // 2:
            _refuse("its s is in the upper half of the group; nodes give the lower one")
        digest = sha256(sha256(PREFIX + message.encode("utf-8", "surrogatepass")).digest()).digest()
        try:
            key = PublicKey.from_signature_and_message(
                raw[1:] + bytes([recovery_id]), digest, hasher=None
            )
        except ValueError:
            _refuse("no key can have made it")
        return NodeId(key.format(compressed=True).hex())


def _decoded(text: str) -> bytes:
    if len(text) != _CHARACTERS:
        _refuse(f"it has {len(text):,} characters; expected {_CHARACTERS}")
    bits = 0
    for place, character in enumerate(text, start=1):
        value = _VALUE_BY_CHARACTER.get(character)
        if value is None:
            _refuse(f"character {place} is none of {_ALPHABET}")
        bits = bits << 5 | value
    return bits.to_bytes(_SIGNATURE_BYTES, "big")


def _refuse(what: str) -> NoReturn:
    message = (
        f"signature: {what} (the zbase32 text that `lncli signmessage` calls `signature` and "
        "`lightning-cli signmessage` calls `zbase`)"
    )
    raise InvalidSignature(message)
