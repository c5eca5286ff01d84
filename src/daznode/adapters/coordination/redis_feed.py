"""Alerts to whoever listens in any process, through Redis."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final
from uuid import uuid4

import msgspec

from daznode.adapters.coordination.memory_feed import MemoryFeed
from daznode.adapters.redis_link import CONNECT_SECONDS, RedisLink
from daznode.domain.alert import NodeAlert
from daznode.domain.errors import StoreUnavailable

CHANNEL: Final = "daznode:alerts"

AT_ONCE: Final = 500
"""Alerts in one message."""


class _Telling(msgspec.Struct, frozen=True):
    """One message: who tells it, and what."""

    origin: str
    alerts: list[NodeAlert]


_DECODER: Final = msgspec.json.Decoder(_Telling)


class RedisFeed:
    """An `AlertFeed` over all processes; while Redis is away it reaches this one's listeners only.

    Args:
        link: To Redis.
    """

    def __init__(self, link: RedisLink) -> None:
        """Listen to nothing before somebody here does."""
        self._link = link
        self._here = MemoryFeed()
        self._origin = uuid4().hex
        self._relaying: asyncio.Task[None] | None = None
        self._stands = asyncio.Event()

    async def publish(self, alerts: Sequence[NodeAlert]) -> None:
        """Tell the listeners of the alerts' users, here and elsewhere."""
        self._here.tell(alerts)
        for start in range(0, len(alerts), AT_ONCE):
            told = _Telling(self._origin, list(alerts[start : start + AT_ONCE]))
            content = msgspec.json.encode(told)
            with suppress(StoreUnavailable):
                await self._link.ask(lambda redis: redis.publish(CHANNEL, content))  # noqa: B023 - awaited at once

    @asynccontextmanager
    async def listen(self, user_id: str) -> AsyncIterator[AsyncIterator[NodeAlert]]:
        """Listen to one user's alerts from now on."""
        if self._relaying is None:
            self._relaying = asyncio.create_task(self._relay())
        if not self._stands.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(CONNECT_SECONDS):
                    await self._stands.wait()
        async with self._here.listen(user_id) as alerts:
            yield alerts

    async def close(self) -> None:
        """Stop listening."""
        if self._relaying is not None:
            self._relaying.cancel()
            await asyncio.gather(self._relaying, return_exceptions=True)

    async def _relay(self) -> None:
        async for channel, content in self._link.messages(CHANNEL):
            if not channel:
                self._stands.set()
                continue
            # Whatever else is published under that name is nothing that can be told.
            with suppress(msgspec.DecodeError):
                told = _DECODER.decode(content)
                if told.origin != self._origin:
                    self._here.tell(told.alerts)
