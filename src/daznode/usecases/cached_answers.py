"""Answers as bytes with the tag that tells them apart, made once and kept for a while."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from daznode.ports.cache import Cache

TAG_CHARACTERS: Final = 32
"""Hex characters of 128 bits: two answers never share a tag by chance."""

Encode = Callable[[object], bytes]
"""Writes an answer as the bytes that leave the service."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer ready to be sent.

    Attributes:
        tag: Differs when the bytes differ; 32 hex characters.
        body: The bytes.
    """

    tag: str
    body: bytes


def tagged(body: bytes) -> Answer:
    """Bytes with their tag."""
    return Answer(_tag(body).decode(), body)


class CachedAnswers:
    """Keeps answers in a cache, each with its tag in front, so that a hit hashes nothing.

    Args:
        cache: Where they are kept.
    """

    def __init__(self, cache: Cache) -> None:
        """Keep nothing yet."""
        self._cache = cache

    async def get_or_make(
        self, key: str, ttl_seconds: float, make: Callable[[], Awaitable[bytes]]
    ) -> Answer:
        """What is kept under a key, else what `make` makes, which is then kept.

        Args:
            key: Words joined by colons, the first one naming the kind of data.
            ttl_seconds: For how long it is kept.
            make: Makes the body; what it raises is raised here, and not kept.
        """

        async def make_tagged() -> bytes:
            body = await make()
            return _tag(body) + body

        packed = await self._cache.get_or_make(key, ttl_seconds, make_tagged)
        return Answer(packed[:TAG_CHARACTERS].decode(), packed[TAG_CHARACTERS:])


def _tag(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=TAG_CHARACTERS // 2).hexdigest().encode()
