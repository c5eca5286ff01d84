"""A cache in Redis, shared by processes, with a shelf of a second in front of it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final
from uuid import uuid4

from redis.asyncio import Redis
from redis.commands.core import AsyncScript

from daznode.adapters.cache.flights import Flights
from daznode.adapters.cache.memory import Shelf, kind_of
from daznode.adapters.redis_link import RedisLink
from daznode.domain.errors import StoreUnavailable
from daznode.ports.metrics import Metrics

NEAR_SECONDS: Final = 1.0
"""How long something is believed without asking Redis: what many ask for costs one round trip a
second and process."""

NEAR_BYTES: Final = 32 * 1024**2

LOCK_SECONDS: Final = 30.0
"""A process that died while making something keeps the others from it for no longer."""

WAIT_SECONDS: Final = 10.0
"""How long what another process makes is waited for."""

POLL_SECONDS: Final = 0.02
LONGEST_POLL_SECONDS: Final = 0.25

PREFIX: Final = "daznode:cache:"
LOCK_PREFIX: Final = "daznode:making:"
FORGOTTEN: Final = "daznode:forgotten"
"""Channel in which processes tell each other what to take from their shelves."""

# What is kept; if nothing is, whether the caller shall make it.
_GET_OR_LOCK: Final = """
local value = redis.call('GET', KEYS[1])
if value then return {value, 0} end
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return {false, 1} end
return {false, 0}
"""

# Keep what was made, unless it was forgotten meanwhile, or took so long that another makes it.
_KEEP: Final = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""

_UNLOCK: Final = """
if redis.call('GET', KEYS[2]) == ARGV[1] then return redis.call('DEL', KEYS[2]) end
return 0
"""


class RedisCache:
    """A `Cache` in Redis. While that is away, things are made anew, and kept for a second.

    Args:
        link: To Redis.
        metrics: Told of hits and misses by kind.
        near: What is believed for `NEAR_SECONDS`.
    """

    def __init__(self, link: RedisLink, metrics: Metrics, near: Shelf | None = None) -> None:
        """Ask nothing yet."""
        self._link = link
        self._metrics = metrics
        self._near = near or Shelf(NEAR_BYTES)
        self._flights = Flights()
        self._listening: asyncio.Task[None] | None = None
        self._get_or_lock = link.script(_GET_OR_LOCK)
        self._keep_made = link.script(_KEEP)
        self._give_up = link.script(_UNLOCK)

    async def get(self, key: str) -> bytes | None:
        """What is kept under a key; None if nothing is, or Redis is away."""
        value = self._near.get(key)
        if value is None:
            value = await self._fetch(key)
        self._metrics.cache_asked(kind_of(key), is_hit=value is not None)
        return value

    async def put(self, key: str, value: bytes, ttl_seconds: float) -> None:
        """Keep something for a while."""
        self._flights.disown(key)
        self._put_near(key, value, ttl_seconds)

        async def put_one(redis: Redis) -> None:
            async with redis.pipeline(transaction=True) as steps:
                # Whoever makes it just now must not put something older in its place.
                steps.delete(LOCK_PREFIX + key)
                steps.set(PREFIX + key, value, px=_ms(ttl_seconds))
                await steps.execute()

        with suppress(StoreUnavailable):
            await self._link.ask(put_one)

    async def get_or_make(
        self, key: str, ttl_seconds: float, make: Callable[[], Awaitable[bytes]]
    ) -> bytes:
        """What is kept under a key, else what `make` makes, once for all processes."""
        value = self._near.get(key)
        if value is not None:
            self._metrics.cache_asked(kind_of(key), is_hit=True)
            return value

        async def fly(is_wanted: Callable[[], bool]) -> bytes:
            lock = uuid4().hex
            value, is_mine = await self._found_or_locked(key, lock)
            self._metrics.cache_asked(kind_of(key), is_hit=value is not None)
            if value is not None:
                near_seconds = min(ttl_seconds, NEAR_SECONDS)
            else:
                try:
                    value = await make()
                except BaseException:
                    if is_mine:
                        await self._unlock(key, lock)
                    raise
                near_seconds = ttl_seconds
                if is_mine:
                    await self._keep(key, lock, value, ttl_seconds)
            if is_wanted():
                self._put_near(key, value, near_seconds)
            return value

        return await self._flights.join(key, fly)

    async def forget(self, *keys: str) -> None:
        """Forget what is kept under keys, and what is just being made for them, everywhere.

        The shelves of other processes follow as soon as they hear of it, within `NEAR_SECONDS` if
        they do not.
        """
        for key in keys:
            self._flights.disown(key)
            self._near.forget(key)

        async def forget_all(redis: Redis) -> None:
            async with redis.pipeline(transaction=True) as steps:
                steps.delete(*(prefix + key for key in keys for prefix in (PREFIX, LOCK_PREFIX)))
                for key in keys:
                    steps.publish(FORGOTTEN, key)
                await steps.execute()

        with suppress(StoreUnavailable):
            await self._link.ask(forget_all)

    async def close(self) -> None:
        """Stop what is being made, and listening."""
        await self._flights.close()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    async def _found_or_locked(self, key: str, lock: str) -> tuple[bytes | None, bool]:
        """What is kept, waiting for whoever makes it; if nothing is, whether others wait for us."""
        loop = asyncio.get_running_loop()
        gives_up_at = loop.time() + WAIT_SECONDS
        poll_seconds = POLL_SECONDS
        while True:
            try:
                value, is_mine = await self._run(self._get_or_lock, key, lock, _ms(LOCK_SECONDS))
            except StoreUnavailable:
                return None, False
            if value is not None or is_mine or loop.time() >= gives_up_at:
                return value, bool(is_mine)
            await asyncio.sleep(poll_seconds)
            poll_seconds = min(2 * poll_seconds, LONGEST_POLL_SECONDS)

    async def _keep(self, key: str, lock: str, value: bytes, ttl_seconds: float) -> None:
        with suppress(StoreUnavailable):
            await self._run(self._keep_made, key, lock, value, _ms(ttl_seconds))

    async def _unlock(self, key: str, lock: str) -> None:
        with suppress(StoreUnavailable):
            await self._run(self._give_up, key, lock)

    async def _run(self, script: AsyncScript, key: str, *args: str | bytes | int) -> Any:  # noqa: ANN401 - Redis answers what the script says
        keys = (PREFIX + key, LOCK_PREFIX + key)
        return await self._link.ask(lambda redis: script(keys=keys, args=args, client=redis))

    async def _fetch(self, key: str) -> bytes | None:
        with suppress(StoreUnavailable):
            value = await self._link.ask(lambda redis: redis.get(PREFIX + key))
            if isinstance(value, bytes):
                self._put_near(key, value, NEAR_SECONDS)
                return value
        return None

    def _put_near(self, key: str, value: bytes, ttl_seconds: float) -> None:
        self._near.put(key, value, min(ttl_seconds, NEAR_SECONDS))
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async for channel, content in self._link.messages(FORGOTTEN):
            if channel:
                self._near.forget(content.decode())
            else:
                self._near.clear()


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1_000))
