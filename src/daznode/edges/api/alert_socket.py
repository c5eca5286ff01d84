"""Live alerts over a WebSocket: who listens is known, a dead or slow listener is let go."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from daznode.domain.accounts import Caller
from daznode.domain.alert import NodeAlert
from daznode.domain.errors import DaznodeError, Unauthenticated
from daznode.edges.api.admission import Callers
from daznode.edges.api.asgi import header_of
from daznode.wiring.service import Service

HEARTBEAT_SECONDS: Final = 25.0
"""Below the 30 to 60 s after which proxies take a silent connection for a dead one."""

TOKEN_WITHIN_SECONDS: Final = 10.0
"""For the first message, where the token comes by that."""

SENT_WITHIN_SECONDS: Final = 10.0
"""For one message to a listener; who takes longer is let go, and finds what it missed in the list."""

MOST_PER_USER: Final = 10
MOST_SOCKETS: Final = 5_000
MOST_SAID: Final = 100
"""Messages from a listener, who has nothing to say but the token."""

LONGEST_SAID_CHARACTERS: Final = 8_192

UNAUTHENTICATED: Final = 4401
TOO_MANY: Final = 4429
UNAVAILABLE: Final = 4503
TOO_TALKATIVE: Final = 1008
STOPPING: Final = 1012
"""Codes of closing: 4000 and above are an application's own (RFC 6455, section 7.4.2); here they
are the HTTP status that stands for the same."""

SUBPROTOCOL: Final = "bearer"


class Closed(Exception):
    """A connection to be closed.

    Attributes:
        code: Code of closing.
    """

    def __init__(self, code: int, reason: str) -> None:
        """Keep the code beside the reason."""
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True, slots=True)
class Listener:
    """Who listens, and by which right.

    Attributes:
        caller: Who.
        token: The bearer token; asked about again with every heartbeat.
    """

    caller: Caller
    token: str = field(repr=False)


class AlertSockets:
    """All listeners of this process.

    Args:
        service: Gives alerts, and says when it stops.
        callers: Says who a token speaks for.
    """

    def __init__(self, service: Service, callers: Callers) -> None:
        """Nobody listens yet."""
        self._service = service
        self._callers = callers
        self._listening: Counter[str] = Counter()
        self._n_open = 0

    async def serve(self, socket: WebSocket) -> None:
        """Serve one connection until either side ends it."""
        if self._n_open >= MOST_SOCKETS:
            await socket.close(TOO_MANY)
            return
        self._n_open += 1
        try:
            await self._serve(socket)
        finally:
            self._n_open -= 1

    async def _serve(self, socket: WebSocket) -> None:
        try:
            listener = await self._welcome(socket)
            await self._feed(socket, listener)
        except Closed as closed:
            with suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
                async with asyncio.timeout(SENT_WITHIN_SECONDS):
                    await socket.close(closed.code, str(closed))
        except WebSocketDisconnect:
            return

    async def _welcome(self, socket: WebSocket) -> Listener:
        """Accept the connection, and find out whose it is."""
        token, subprotocol = _offered_token(socket)
        await socket.accept(subprotocol)
        if token is None:
            token = await self._said_token(socket)
        try:
            caller = await self._callers.of(token)
        except Unauthenticated as refused:
            raise Closed(UNAUTHENTICATED, str(refused)) from refused
        except DaznodeError as failed:
            raise Closed(UNAVAILABLE, "nobody can say who you are just now") from failed
        if self._listening[caller.user_id] >= MOST_PER_USER:
            raise Closed(TOO_MANY, f"more than {MOST_PER_USER} connections of one user")
        return Listener(caller, token)

    async def _said_token(self, socket: WebSocket) -> str:
        try:
            async with asyncio.timeout(TOKEN_WITHIN_SECONDS):
                said = await _text_of(socket)
        except TimeoutError:
            line = f"no token within {TOKEN_WITHIN_SECONDS:g} s"
            raise Closed(UNAUTHENTICATED, line) from None
        try:
            token = msgspec.json.decode(said, type=dict[str, str])["token"]
        except (msgspec.MsgspecError, UnicodeError, KeyError) as exc:
            line = 'expected a first message {"token": "..."}'
            raise Closed(UNAUTHENTICATED, line) from exc
        return token

    async def _feed(self, socket: WebSocket, listener: Listener) -> None:
        caller = listener.caller
        self._listening[caller.user_id] += 1
        reader = asyncio.ensure_future(_heard(socket))
        stopping = asyncio.ensure_future(self._service.stopping.wait())
        try:
            async with self._service.read_alerts.listen(caller) as alerts:
                await self._tell(socket, type="ready", heartbeat_seconds=HEARTBEAT_SECONDS)
                await self._go_on(socket, listener, alerts, {reader, stopping})
        finally:
            for task in (reader, stopping):
                task.cancel()
            await asyncio.gather(reader, stopping, return_exceptions=True)
            self._listening[caller.user_id] -= 1
            self._listening += Counter()

    async def _go_on(
        self,
        socket: WebSocket,
        listener: Listener,
        alerts: AsyncIterator[NodeAlert],
        endings: set[asyncio.Future[Any]],
    ) -> None:
        # One task for the next alert, kept over heartbeats: cancelling it would end the feed.
        coming = asyncio.ensure_future(_next(alerts))
        try:
            while True:
                wait_seconds = min(HEARTBEAT_SECONDS, self._left_seconds(listener))
                done, _ = await asyncio.wait(
                    {coming, *endings}, timeout=wait_seconds, return_when=asyncio.FIRST_COMPLETED
                )
                self._check(done & endings)
                if self._left_seconds(listener) <= 0:
                    raise Closed(UNAUTHENTICATED, "the token has expired")
                if coming in done:
                    await self._tell(socket, type="alert", alert=coming.result())
                    coming = asyncio.ensure_future(_next(alerts))
                elif not done:
                    await self._beat(socket, listener)
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)

    def _check(self, ended: set[asyncio.Future[Any]]) -> None:
        for task in ended:
            task.result()
            raise Closed(STOPPING, "the service stops; connect again")

    async def _beat(self, socket: WebSocket, listener: Listener) -> None:
        """Say that the connection lives, unless the account was disabled meanwhile."""
        try:
            await self._callers.of(listener.token)
        except Unauthenticated as refused:
            raise Closed(UNAUTHENTICATED, str(refused)) from refused
        except DaznodeError:
            # The database may come back; what can be told until then is told.
            self._service.journal.warning("Listener not checked", user_id=listener.caller.user_id)
        await self._tell(socket, type="heartbeat", at=self._service.clock.now())

    async def _tell(self, socket: WebSocket, **members: object) -> None:
        text = self._service.encode(members).decode()
        try:
            async with asyncio.timeout(SENT_WITHIN_SECONDS):
                await socket.send_text(text)
        except TimeoutError:
            line = "too slow; what was missed is in the list"
            raise Closed(TOO_TALKATIVE, line) from None

    def _left_seconds(self, listener: Listener) -> float:
        return max(0.0, (listener.caller.expires_at - self._service.clock.now()).total_seconds())


def _offered_token(socket: WebSocket) -> tuple[str | None, str | None]:
    """The token of the header or of the subprotocols, and the subprotocol to agree on."""
    given = header_of(socket.scope, b"authorization") or b""
    scheme, _, token = given.partition(b" ")
    if scheme.lower() == b"bearer":
        return token.strip().decode("latin-1"), None
    offered = list(socket.scope.get("subprotocols", ()))
    if SUBPROTOCOL in offered:
        others = [one for one in offered if one != SUBPROTOCOL]
        return (others[0] if others else None), SUBPROTOCOL
    return None, None


async def _heard(socket: WebSocket) -> None:
    """Listen to a listener, who has nothing to say; ends by raising."""
    for _ in range(MOST_SAID):
        await _text_of(socket)
    raise Closed(TOO_TALKATIVE, "too many messages")


async def _text_of(socket: WebSocket) -> str:
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1000))
    text = message.get("text") or ""
    if len(text) > LONGEST_SAID_CHARACTERS or message.get("bytes"):
        raise Closed(TOO_TALKATIVE, "expected short texts")
    return str(text)


async def _next(alerts: AsyncIterator[NodeAlert]) -> NodeAlert:
    return await anext(alerts)
