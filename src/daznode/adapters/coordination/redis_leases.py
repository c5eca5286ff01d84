"""Leases in Redis, for processes on several machines."""

from contextlib import suppress
from typing import Final

from daznode.adapters.redis_link import RedisLink
from daznode.domain.errors import StoreUnavailable

PREFIX: Final = "daznode:lease:"

_ACQUIRE: Final = """
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""

_RELEASE: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


class RedisLeases:
    """`Leases` that end by Redis' own clock.

    Args:
        link: To Redis.
    """

    def __init__(self, link: RedisLink) -> None:
        """Ask nothing yet."""
        self._link = link
        self._acquire = link.script(_ACQUIRE)
        self._release = link.script(_RELEASE)

    async def acquire(self, name: str, owner: str, ttl_seconds: float) -> bool:
        """Take a lease, or renew one's own.

        Raises:
            StoreUnavailable: Redis is away, and nobody can say who holds it.
        """
        keys, args = (PREFIX + name,), (owner, max(1, round(ttl_seconds * 1_000)))
        held = await self._link.ask(lambda redis: self._acquire(keys=keys, args=args, client=redis))
        return bool(held)

    async def release(self, name: str, owner: str) -> None:
        """Give a lease back, if the owner holds it; if Redis is away it ends by itself."""
        keys, args = (PREFIX + name,), (owner,)
        with suppress(StoreUnavailable):
            await self._link.ask(lambda redis: self._release(keys=keys, args=args, client=redis))
