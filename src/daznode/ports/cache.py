"""Cache: answers kept for a while, made once however many ask at the same time."""

from collections.abc import Awaitable, Callable
from typing import Protocol


class Cache(Protocol):
    """Bytes by key, each with its age limit. It may forget at any time, and never fails a caller.

    Keys are words joined by colons, the first one naming the kind of data: `report:latest:alice`.
    """

    async def get(self, key: str) -> bytes | None:
        """What is kept under a key; None if nothing is, or the cache cannot be reached."""

    async def put(self, key: str, value: bytes, ttl_seconds: float) -> None:
        """Keep something for a while; a cache that cannot be reached keeps nothing."""

    async def get_or_make(
        self, key: str, ttl_seconds: float, make: Callable[[], Awaitable[bytes]]
    ) -> bytes:
        """What is kept under a key, else what `make` makes, which is then kept.

        Of all that ask for a key at once, in this process and in others that share the cache, one
        makes it and the others wait for that (at the most for a bounded time, then they make it
        themselves). What `make` raises is raised to all that wait in this process, and not kept.
        """

    async def forget(self, *keys: str) -> None:
        """Forget what is kept under keys, for all processes."""
