"""The outer layer of the door: names every request, times it, counts it, and seals the response."""

import asyncio
import re
import secrets
from contextlib import suppress
from time import perf_counter
from typing import Final, Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from daznode.domain.accounts import Caller
from daznode.edges.api.asgi import (
    CALLER,
    REQUEST_ID,
    VERDICT,
    Message,
    header_of,
    request_id_of,
    send_problem,
)
from daznode.edges.api.problems import refusal

_SANE_ID: Final = re.compile(rb"[A-Za-z0-9._~:/+=-]{8,128}")
"""What a request id from outside may be: it is logged and sent back, so nothing that could be more
than a name. Others are replaced."""

SEALS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""On every response: none of them is meant to be framed, sniffed or read by another site."""

DEFAULT_POLICY: Final = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
"""Where a response brings none of its own: nothing in it may load or run."""

NOT_STORED: Final = (b"cache-control", b"no-store")
"""Where a response does not say: answers belong to their caller alone."""

UNMATCHED: Final = "unmatched"
"""Template of requests that no route takes: their paths are the caller's invention."""

FAULT: Final = "an error of the service; it has been logged under this request id"

_SERVER_FAULT: Final = 500


class FaultLog(Protocol):
    """Where errors that nobody foresaw are written."""

    def error(self, event: str, **fields: object) -> None:
        """Write a line."""


class Watcher(Protocol):
    """Told of every request that was answered."""

    def __call__(
        self, scope: Scope, template: str, status: int, seconds: float, sent_bytes: int
    ) -> None:
        """Count and log one request."""


class InFlight:
    """Requests that are being answered.

    Attributes:
        count: How many.
    """

    def __init__(self) -> None:
        """Nobody is being answered."""
        self.count = 0
        self._awaited: asyncio.Event | None = None

    def begin(self) -> None:
        """One more."""
        self.count += 1

    def end(self) -> None:
        """One less."""
        self.count -= 1
        if self._awaited is not None and self.count == 0:
            self._awaited.set()

    async def drained(self, patience_seconds: float) -> bool:
        """Wait until nobody is being answered; False if that takes too long."""
        if self.count:
            self._awaited = asyncio.Event()
            with suppress(TimeoutError):
                async with asyncio.timeout(patience_seconds):
                    await self._awaited.wait()
        return self.count == 0


class Gate:
    """Wraps the whole application, and is the last resort for what nobody foresaw.

    Args:
        app: What is inside.
        watcher: Told of every request.
        in_flight: Counts those that are being answered.
        journal: Told of errors that nobody foresaw, whole; the caller is told that there was one.
    """

    def __init__(
        self, app: ASGIApp, watcher: Watcher, in_flight: InFlight, journal: FaultLog
    ) -> None:
        """Wrap an application."""
        self._app = app
        self._watcher = watcher
        self._in_flight = in_flight
        self._journal = journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        request_id = _id_of(scope)
        scope.setdefault("state", {})[REQUEST_ID] = request_id.decode()
        if scope["type"] == "http":
            await self._serve(scope, receive, send, request_id)
            return
        try:
            await self._app(scope, receive, send)
        except Exception as exc:  # noqa: BLE001 - the last resort of a door
            self._tell_fault(scope, exc)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, request_id: bytes) -> None:
        status, sent_bytes = 0, 0
        begun = perf_counter()

        async def sealed(message: Message) -> None:
            nonlocal status, sent_bytes
            if message["type"] == "http.response.start":
                status = message["status"]
                _seal(message, scope, request_id)
            else:
                sent_bytes += len(message.get("body", b""))
            await send(message)

        self._in_flight.begin()
        try:
            await self._app(scope, receive, sealed)
        except Exception as exc:  # noqa: BLE001 - the last resort of a door
            self._tell_fault(scope, exc)
            if not status:
                await send_problem(sealed, refusal(_SERVER_FAULT, FAULT, request_id_of(scope)))
        finally:
            self._in_flight.end()
            route = scope.get("route")
            template = UNMATCHED if route is None else route.path
            self._watcher(
                scope, template, status or _SERVER_FAULT, perf_counter() - begun, sent_bytes
            )

    def _tell_fault(self, scope: Scope, exc: Exception) -> None:
        self._journal.error(
            "Unexpected error",
            request_id=request_id_of(scope),
            path=scope.get("path", ""),
            error=f"{type(exc).__name__}: {exc}",
            exc_info=exc,
        )


def _id_of(scope: Scope) -> bytes:
    given = header_of(scope, b"x-request-id")
    if given is not None and _SANE_ID.fullmatch(given):
        return given
    return secrets.token_hex(16).encode()


def _seal(message: Message, scope: Scope, request_id: bytes) -> None:
    headers = list(message.get("headers", ()))
    names = {name for name, _ in headers}
    headers += SEALS
    if b"content-security-policy" not in names:
        headers.append(DEFAULT_POLICY)
    if b"cache-control" not in names:
        headers.append(NOT_STORED)
    headers.append((b"x-request-id", request_id))
    verdict = scope["state"].get(VERDICT)
    if verdict is not None:
        headers.append((b"x-ratelimit-limit", b"%d" % verdict.limit))
        headers.append((b"x-ratelimit-remaining", b"%d" % verdict.remaining))
    message["headers"] = headers


def caller_of(scope: Scope) -> Caller | None:
    """Who asks, if that is known."""
    found = scope.get("state", {}).get(CALLER)
    return found if isinstance(found, Caller) else None
