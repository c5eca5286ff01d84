"""Single flight: of all tasks of this process that want the same thing, one makes it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

Fly = Callable[[Callable[[], bool]], Coroutine[Any, Any, bytes]]
"""Makes something; asks, when it has it, whether it is still wanted for later."""


class Flights:
    """What is being made just now, by key.

    Each is made in a task of its own: a caller that gives up (a client that hangs up) takes nothing
    from the others.
    """

    def __init__(self) -> None:
        """Nothing is being made."""
        self._by_key: dict[str, asyncio.Task[bytes]] = {}
        self._all: set[asyncio.Task[bytes]] = set()

    async def join(self, key: str, fly: Fly) -> bytes:
        """Wait for what is made under a key, beginning with it if nobody has; its error is raised."""
        task = self._by_key.get(key)
        if task is None:
            task = self._begin(key, fly)
        return await asyncio.shield(task)

    def disown(self, key: str) -> None:
        """Whoever asks from now on gets something newer than what is being made."""
        self._by_key.pop(key, None)

    async def close(self) -> None:
        """Stop everything."""
        tasks = tuple(self._all)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, key: str, fly: Fly) -> asyncio.Task[bytes]:
        def is_wanted() -> bool:
            return self._by_key.get(key) is task

        async def flight() -> bytes:
            return await fly(is_wanted)

        def end(done: asyncio.Task[bytes]) -> None:
            self._all.discard(done)
            if self._by_key.get(key) is done:
                del self._by_key[key]
            if not done.cancelled():
                # Its waiters may all have gone: then nobody else would look.
                done.exception()

        task = asyncio.create_task(flight())
        self._by_key[key] = task
        self._all.add(task)
        task.add_done_callback(end)
        return task
