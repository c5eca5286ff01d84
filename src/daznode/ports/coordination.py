"""Leases and RateLimiter: what several processes have to agree on."""

from typing import Protocol

from daznode.domain.rates import RateVerdict


class Leases(Protocol):
    """Named locks that end by themselves when their holder no longer renews them."""

    async def acquire(self, name: str, owner: str, ttl_seconds: float) -> bool:
        """Take a lease, or renew one's own.

        Args:
            name: Of the lease.
            owner: Who wants it; unique per process and start.
            ttl_seconds: How long it holds without being renewed.

        Returns:
            Whether the owner holds it now.

        Raises:
            StoreUnavailable: Nobody can say who holds it; then the caller must act as if it did not.
        """

    async def release(self, name: str, owner: str) -> None:
        """Give a lease back, if the owner holds it; never raises."""


class RateLimiter(Protocol):
    """Counts what callers do, over all processes that share it."""

    async def hit(self, caller: str, limit: int, window_seconds: int) -> RateVerdict:
        """Count one more.

        A limiter whose shared memory cannot be reached counts in its own process meanwhile.

        Args:
            caller: Who: `user:alice`, `ip:10.0.0.7`, `login:alice`.
            limit: How many the window allows.
            window_seconds: Length of the window.
        """
