"""One process's link to Redis: quick to give up, quick to notice that it is back."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from time import monotonic
from typing import Any, Final, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError
from redis.maint_notifications import MaintNotificationsConfig

from daznode.domain.errors import ConfigError, StoreUnavailable
from daznode.ports.journal import Journal

T = TypeVar("T")

CONNECT_SECONDS: Final = 0.5
ANSWER_SECONDS: Final = 1.0
"""A cache that takes longer is slower than what it saves."""

MOST_CONNECTIONS: Final = 32
"""Of one process; more requests than that share them in turns."""

REST_SECONDS: Final = 1.0
"""After a failure nobody asks for that long; then one asks, and the others follow if it is answered."""

RECONNECT_SECONDS: Final = 0.5
PING_SECONDS: Final = 10.0
"""How long a subscription may be silent before it is asked whether it still lives."""


class RedisLink:
    """Commands and subscriptions.

    Args:
        url: `redis://`, `rediss://` or `unix://`.
        journal: Told once that Redis is away, and once that it is back.
    """

    def __init__(self, url: str, journal: Journal) -> None:
        """Connect to nothing yet.

        Raises:
            ConfigError: The address cannot be understood.
        """
        options: dict[str, Any] = {
            "socket_connect_timeout": CONNECT_SECONDS,
            # Not the driver's own time limit for answers: it waits by `asyncio.wait_for`, which before
            # Python 3.12 loses a cancellation that comes together with the answer.
            "socket_timeout": None,
            "socket_keepalive": True,
            # The link's own rest does better than waiting inside of a request.
            "retry": Retry(NoBackoff(), 0),
            "maint_notifications_config": MaintNotificationsConfig(enabled=False),
        }
        try:
            self._pool = BlockingConnectionPool.from_url(
                url, max_connections=MOST_CONNECTIONS, timeout=ANSWER_SECONDS, **options
            )
        except ValueError as exc:
            message = "REDIS_URL=(hidden): takes redis://, rediss:// or unix:// and a server"
            raise ConfigError(message) from exc
        self._redis: Redis = Redis(connection_pool=self._pool)
        self._journal = journal
        self._rests_until = 0.0
        self._is_away = False

    async def ask(self, command: Callable[[Redis], Awaitable[T]]) -> T:
        """Run a command.

        Raises:
            StoreUnavailable: Redis does not answer, or did not a moment ago.
        """
        now = monotonic()
        if self._is_away:
            if now < self._rests_until:
                message = "Redis is away"
                raise StoreUnavailable(message)
            # Only this one finds out; whoever comes meanwhile is told that it is away.
            self._rests_until = now + REST_SECONDS + ANSWER_SECONDS
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await command(self._redis)
        except (RedisError, OSError) as exc:
            self._note_away(exc)
            message = f"Redis is away: {_line_of(exc)}"
            raise StoreUnavailable(message) from exc
        if self._is_away:
            self._is_away = False
            self._journal.info("Redis is back")
        return answer

    def script(self, text: str) -> AsyncScript:
        """A Lua script, for `ask`; it is sent once, and by its hash from then on."""
        return self._redis.register_script(text)

    async def messages(self, *channels: str) -> AsyncIterator[tuple[str, bytes]]:
        """What is published in channels, as (channel, content), for ever.

        Whenever a connection stands anew, and something may have been missed, ("", b"") comes first.
        """
        while True:
            try:
                async with aclosing(self._subscribed(channels)) as messages:
                    async for message in messages:
                        yield message
            except (RedisError, OSError):
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _subscribed(
        self, channels: tuple[str, ...]
    ) -> AsyncGenerator[tuple[str, bytes], None]:
        # A connection outside of the pool: subscriptions last, and must not use up those of commands.
        client: Redis = Redis(
            connection_pool=self._pool.__class__(
                connection_class=self._pool.connection_class,
                max_connections=1,
                **self._pool.connection_kwargs,
            )
        )
        async with client, client.pubsub() as subscription:
            async with asyncio.timeout(ANSWER_SECONDS):
                await subscription.subscribe(*channels)
            yield "", b""
            is_asked = False
            while True:
                message = await subscription.get_message(timeout=PING_SECONDS)
                if message is not None:
                    is_asked = False
                    if message["type"] == "message":
                        yield message["channel"].decode(), message["data"]
                elif is_asked:
                    return
                else:
                    is_asked = True
                    await subscription.ping()

    async def close(self) -> None:
        """Close all connections."""
        await self._redis.aclose()
        await self._pool.aclose()

    def _note_away(self, error: Exception) -> None:
        self._rests_until = monotonic() + REST_SECONDS
        if not self._is_away:
            self._is_away = True
            self._journal.warning(
                f"Redis is away, its work is done in this process meanwhile: {_line_of(error)}"
            )


def _line_of(error: Exception) -> str:
    """What a driver says, in one line."""
    return " ".join(str(error).split())[:200] or type(error).__name__
