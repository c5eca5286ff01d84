"""Signatures as nodes make them, written apart from the code that checks them."""

from hashlib import sha256

from coincurve import PrivateKey

ALPHABET = "ybndrfg8ejkmcpqxot1uwisza345h769"


def zbase32(data: bytes) -> str:
    """Bit by bit from a text of zeros and ones: another way than the one under test."""
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    return "".join(ALPHABET[int(bits[at : at + 5], 2)] for at in range(0, len(bits), 5))


def digest_of(message: str) -> bytes:
    """What is signed."""
    return sha256(sha256(b"Lightning Signed Message:" + message.encode()).digest()).digest()


def raw_signature(key: PrivateKey, message: str) -> bytes:
    """Header, r and s."""
    compact = key.sign_recoverable(digest_of(message), hasher=None)
    return bytes([31 + compact[64]]) + compact[:64]


def signed(key: PrivateKey, message: str) -> str:
    """What `signmessage` prints."""
    return zbase32(raw_signature(key, message))


def node_id_of(key: PrivateKey) -> str:
    """The key as nodes announce it."""
    return key.public_key.format().hex()
