"""What LND tells to who listens: HTLCs, channels and gossip, three streams as one.

Nothing is repeated after a break. LND begins an answer with its first event, so a quiet stream looks
as if it were not answered yet; the HTLC stream alone says at once that it is subscribed.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from msgspec import Struct

from daznode.adapters.http.answer import JsonShape
from daznode.adapters.http.client import Call
from daznode.adapters.lightning.lnd.connection import LndConnection
from daznode.adapters.lightning.lnd.htlc_log import HtlcLog
from daznode.adapters.lightning.lnd.state import names_of
from daznode.adapters.lightning.lnd.stream_shapes import GraphUpdate, HtlcEvent
from daznode.adapters.lightning.trust import doubting
from daznode.domain.errors import BackendError, BackendUnavailable
from daznode.domain.history import Happening, NodeEvent
from daznode.domain.ids import NodeId
from daznode.ports.clock import Clock

_LINE_BYTES: Final = 4 * 2**20
_WAITING: Final = 10_000
"""Events that may wait to be taken; LND drops listeners that are slower than that for long."""


class _HtlcLine(Struct):
    result: HtlcEvent | None = None


class _GraphLine(Struct):
    result: GraphUpdate | None = None


class _ChannelLine(Struct):
    result: dict[str, Any] | None = None


_HTLCS: Final = JsonShape(_HtlcLine, is_lax=True)
_GRAPH: Final = JsonShape(_GraphLine, is_lax=True)
_CHANNEL_EVENTS: Final = JsonShape(_ChannelLine, is_lax=True)


class LndEvents:
    """A `NodeEvents` of one LND.

    Args:
        connection: To it.
        clock: Moment of what LND gives no time for.
    """

    def __init__(self, connection: LndConnection, clock: Clock) -> None:
        """Listen to nothing yet."""
        self._connection = connection
        self._clock = clock

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[AsyncIterator[NodeEvent]]:
        """Listen within a block; see `NodeEvents`."""
        node_id = NodeId((await self._connection.info()).identity_pubkey)
        log = HtlcLog(await names_of(self._connection))
        queue: asyncio.Queue[NodeEvent | BackendError] = asyncio.Queue(_WAITING)
        pumps = [
            asyncio.create_task(self._pump(queue, self._told_of_channels())),
            asyncio.create_task(self._pump(queue, self._told_of_gossip(node_id))),
            asyncio.create_task(self._pump(queue, self._told_of_htlcs(log))),
        ]
        try:
            yield _taken_from(queue)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(
        self, queue: asyncio.Queue[NodeEvent | BackendError], events: AsyncIterator[NodeEvent]
    ) -> None:
        try:
            async for event in events:
                await queue.put(event)
        except BackendError as error:
            await queue.put(error)
        else:
            message = f"{self._connection.where}: the node ended the stream"
            await queue.put(BackendUnavailable(message))

    async def _lines(self, path: str) -> AsyncIterator[bytes]:
        call = Call(path=path, max_bytes=_LINE_BYTES)
        async with self._connection.client.stream(call, is_slow_to_begin=True) as lines:
            async for line in lines:
                yield line

    async def _told_of_htlcs(self, log: HtlcLog) -> AsyncIterator[NodeEvent]:
        async for line in self._lines("/v2/router/htlcevents"):
            event = _HTLCS.read(self._connection.where, line).result
            if event is None:
                raise self._broken()
            if event.subscribed_event is not None:
                yield NodeEvent(Happening.LISTENING, self._clock.now())
                continue
            with doubting(self._connection.where):
                told = log.take(event)
            if told is not None:
                yield told

    async def _told_of_channels(self) -> AsyncIterator[NodeEvent]:
        async for line in self._lines("/v1/channels/subscribe"):
            if _CHANNEL_EVENTS.read(self._connection.where, line).result is None:
                raise self._broken()
            yield NodeEvent(Happening.CHANNELS, self._clock.now())

    async def _told_of_gossip(self, node_id: NodeId) -> AsyncIterator[NodeEvent]:
        """Only what is said of our own channels: the network as a whole comes as snapshots."""
        async for line in self._lines("/v1/graph/subscribe"):
            update = _GRAPH.read(self._connection.where, line).result
            if update is None:
                raise self._broken()
            if any(node_id in one.ends for one in update.channel_updates):
                yield NodeEvent(Happening.CHANNELS, self._clock.now())

    def _broken(self) -> BackendUnavailable:
        return BackendUnavailable(f"{self._connection.where}: the node broke the stream off")


async def _taken_from(
    queue: asyncio.Queue[NodeEvent | BackendError],
) -> AsyncIterator[NodeEvent]:
    while True:
        event = await queue.get()
        if isinstance(event, BackendError):
            raise event
        yield event
