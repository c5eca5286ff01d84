"""Passwords as Argon2id hashes: slow on purpose, in few threads, and equally slow for nobody."""

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from pwdlib.hashers.argon2 import Argon2Hasher

T = TypeVar("T")

MEMORY_KIB: Final = 65_536
TIME_COST: Final = 3
PARALLELISM: Final = 4
"""The second recommended parameters of RFC 9106, section 4: 64 MiB, 3 passes, 4 lanes."""

AT_ONCE: Final = 2
"""Hashes computed at the same time: each takes its 64 MiB, and the cores are there for others too."""

LONGEST_CHARACTERS: Final = 1_024
"""A longer password is wrong without being looked at."""


class Argon2Passwords:
    """Hashes passwords with Argon2id.

    Args:
        memory_kib: Memory of one hash.
        time_cost: Passes over it.
        parallelism: Lanes.
        at_once: Hashes computed at the same time; others wait.
    """

    def __init__(
        self,
        *,
        memory_kib: int = MEMORY_KIB,
        time_cost: int = TIME_COST,
        parallelism: int = PARALLELISM,
        at_once: int = AT_ONCE,
    ) -> None:
        """Start no thread yet."""
        self._hasher = Argon2Hasher(
            memory_cost=memory_kib, time_cost=time_cost, parallelism=parallelism
        )
        # A pool of its own and not a semaphore: a caller that goes away does not stop its thread,
        # so only the threads themselves bound the memory.
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="passwords")
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """A fresh salted hash in the PHC string format."""
        return await self._run(self._hasher.hash, _bytes_of(password))

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Whether a password fits a hash; without a hash it takes as long and is False."""
        if self._nobody is None:
            # Before either way is taken, so that the first unknown name takes no longer than others.
            self._nobody = await self._run(self._hasher.hash, secrets.token_bytes(32))
        is_possible = password_hash is not None and len(password) <= LONGEST_CHARACTERS
        known = password_hash if is_possible and password_hash else self._nobody
        fits = await self._run(self._hasher.verify, _bytes_of(password[:LONGEST_CHARACTERS]), known)
        return fits and is_possible

    def close(self) -> None:
        """Let the threads end; what is being computed ends first."""
        self._threads.shutdown()

    async def _run(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)


def _bytes_of(password: str) -> bytes:
    """The same bytes however the keyboard composes its accents (Unicode NFC)."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
