"""Follow: keep a node's history up to date while it happens, through every break of the connection."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from daznode.domain.errors import BackendError, BackendRefused, BackendUntrusted
from daznode.domain.history import Happening, HistoryPage, NodeEvent
from daznode.ports.lightning import ConnectedNode, NodeEvents
from daznode.usecases.sync_node import Synced, SyncNode

STRAND: Final = "events"
"""Under which failures that only events tell are kept; it has no place to go on from."""


@dataclass(frozen=True, slots=True)
class FollowPace:
    """How often what.

    Attributes:
        settle_seconds: After a change, how long further ones are waited for before they are fetched.
        resync_seconds: Longest time without a sync: it finds what events did not tell, and whether
            the node still answers. Balances are kept as often.
        bridge_seconds: A break no longer than this does not make failures unknown, although the few
            in it are missed.
        first_pause_seconds: Pause after the first break; doubled with each further one.
        longest_pause_seconds: Longest pause between two attempts.
    """

    settle_seconds: float = 5.0
    resync_seconds: float = 300.0
    bridge_seconds: float = 60.0
    first_pause_seconds: float = 1.0
    longest_pause_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class FollowNode:
    """The trip that does not end: listen, fetch what was missed, keep what is told, begin again.

    What can be fetched is fetched from where the history was left, so a break loses nothing of it
    and brings nothing twice. Failures that only events tell are kept as they come; the time in which
    nobody listened is known as such.

    Args:
        sync: Fetches.
        told: Told of each sync, and of each break with its reason.
        pace: How often what.
        sleep: Waits some seconds.
    """

    sync: SyncNode
    told: Callable[[Synced | BackendError], None]
    pace: FollowPace = FollowPace()
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def run(self, node: ConnectedNode, events: NodeEvents, tenant_id: str) -> None:
        """Follow a node until stopped.

        Args:
            node: The node.
            events: The same node, as it tells.
            tenant_id: Whose.

        Raises:
            BackendRefused: The credential does not allow it: another attempt would not either.
            BackendUntrusted: It is another node than before.
            StoreUnavailable: Something cannot be kept.
        """
        pause_seconds = self.pace.first_pause_seconds
        watched: datetime | None = None
        while True:
            session = _Session(self, node, tenant_id, watched)
            try:
                async with events.listen() as stream:
                    await session.run(stream)
            except (BackendRefused, BackendUntrusted):
                raise
            except BackendError as error:
                self.told(error)
            if session.has_synced:
                pause_seconds = self.pace.first_pause_seconds
            watched = session.watched or watched
            await self.sleep(pause_seconds)
            pause_seconds = min(2 * pause_seconds, self.pace.longest_pause_seconds)


class _Session:
    """From one connection to its break."""

    def __init__(
        self, trip: FollowNode, node: ConnectedNode, tenant_id: str, before: datetime | None
    ) -> None:
        self._trip = trip
        self._node = node
        self._tenant_id = tenant_id
        self._before = before
        self._since: datetime | None = None
        self._last: Synced | None = None
        self.watched: datetime | None = None

    @property
    def has_synced(self) -> bool:
        """Whether the connection held for a sync."""
        return self._last is not None

    async def run(self, stream: AsyncIterator[NodeEvent]) -> None:
        """Take events until the stream ends or breaks."""
        pace = self._trip.pace
        loop = asyncio.get_running_loop()
        sync_due = loop.time() + pace.resync_seconds
        past_due = math.inf
        coming = asyncio.ensure_future(anext(stream, None))
        try:
            while True:
                wait_seconds = max(0.0, min(sync_due, past_due) - loop.time())
                await asyncio.wait({coming}, timeout=wait_seconds)
                if coming.done():
                    event = coming.result()
                    if event is None:
                        return
                    coming = asyncio.ensure_future(anext(stream, None))
                    await self._take(event)
                    if event.what is Happening.FORWARDS:
                        past_due = min(past_due, loop.time() + pace.settle_seconds)
                    elif event.what is Happening.CHANNELS:
                        sync_due = min(sync_due, loop.time() + pace.settle_seconds)
                if loop.time() >= sync_due:
                    await self._sync()
                    sync_due, past_due = loop.time() + pace.resync_seconds, math.inf
                elif loop.time() >= past_due:
                    await self._catch_up()
                    past_due = math.inf
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)

    async def _take(self, event: NodeEvent) -> None:
        """Do at once what an event asks for."""
        if event.what is Happening.LISTENING:
            bridge = timedelta(seconds=self._trip.pace.bridge_seconds)
            is_bridged = self._before is not None and event.at - self._before <= bridge
            self._since = self._before if is_bridged else event.at
            await self._sync()
        elif event.failure is not None and self._last is not None:
            page = HistoryPage(STRAND, (event.key,), (event.failure,), "")
            history = self._trip.sync.history
            await history.put_page(self._tenant_id, self._last.identity.node_id, page)
            await self._note_watched(event.at)

    async def _sync(self) -> None:
        self._last = await self._trip.sync.run(self._node, self._tenant_id)
        await self._note_watched(self._last.until)
        self._trip.told(self._last)

    async def _catch_up(self) -> None:
        if self._last is None:
            return
        node_id = self._last.identity.node_id
        await self._note_watched(
            await self._trip.sync.catch_up(self._node, self._tenant_id, node_id)
        )

    async def _note_watched(self, until: datetime) -> None:
        if self._since is None or self._last is None or until <= self._since:
            return
        await self._trip.sync.history.put_watched(
            self._tenant_id, self._last.identity.node_id, self._since, until
        )
        self.watched = until
