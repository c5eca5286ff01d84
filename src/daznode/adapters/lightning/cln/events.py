"""What Core Lightning tells to who waits: each change of a forward, by its index, so none is missed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from daznode.adapters.lightning.cln.connection import ClnConnection
from daznode.adapters.lightning.cln.history import ClnHistory
from daznode.domain.errors import BackendTimeout
from daznode.domain.history import Happening, NodeEvent
from daznode.ports.clock import Clock

WAIT_SECONDS: Final = 60.0
"""How long one call waits for a change; then channels are looked at anyway, since nothing that can be
waited for tells of them."""


class ClnEvents:
    """A `NodeEvents` of one Core Lightning.

    Args:
        connection: To it.
        clock: Moment of what is told.
        wait_seconds: How long one call waits.
    """

    def __init__(
        self, connection: ClnConnection, clock: Clock, *, wait_seconds: float = WAIT_SECONDS
    ) -> None:
        """Listen to nothing yet."""
        self._connection = connection
        self._history = ClnHistory(connection)
        self._clock = clock
        self._wait_seconds = wait_seconds

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[AsyncIterator[NodeEvent]]:
        """Listen within a block; see `NodeEvents`."""
        await self._connection.info()
        yield self._told(await self._history.newest())

    async def _told(self, newest: int) -> AsyncIterator[NodeEvent]:
        yield NodeEvent(Happening.LISTENING, self._clock.now())
        while True:
            try:
                newest = await self._history.change_after(
                    newest, timeout_seconds=self._wait_seconds
                )
            except BackendTimeout:
                yield NodeEvent(Happening.CHANNELS, self._clock.now())
            else:
                yield NodeEvent(Happening.FORWARDS, self._clock.now())
