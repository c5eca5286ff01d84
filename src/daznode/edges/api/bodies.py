"""Bodies of requests: read whole under limits of size, depth and time before anybody parses them."""

import asyncio
import re
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from daznode.edges.api.asgi import Message, header_of, request_id_of, send_problem
from daznode.edges.api.problems import refusal

MOST_BYTES: Final = 1_000_000
"""Largest body: a thousand node keys are 70 kB."""

MOST_DEPTH: Final = 32
MOST_BRACKETS: Final = 20_000
"""A parser recurses once for every open bracket; the requests of this API nest three deep."""

READ_SECONDS: Final = 10.0
"""For a whole body: 100 kB/s for the largest one."""

_WITHOUT_BODY: Final = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})
_OPENING: Final = b"[{"
_CLOSING: Final = b"]}"

_TOKEN: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)
"""A string, even one without an end, or a bracket; possessive, so that no body makes it go back."""


class Refused(Exception):
    """A body that is not taken.

    Attributes:
        status: HTTP status.
    """

    def __init__(self, status: int, detail: str) -> None:
        """Keep the status beside the line."""
        super().__init__(detail)
        self.status = status


class BodyLimits:
    """Reads bodies before the application does.

    Args:
        app: What is inside.
        read_seconds: For a whole body.
    """

    def __init__(self, app: ASGIApp, *, read_seconds: float = READ_SECONDS) -> None:
        """Wrap an application."""
        self._app = app
        self._read_seconds = read_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            _check_length(scope)
            if scope["method"] in _WITHOUT_BODY:
                await self._app(scope, receive, send)
                return
            body = await self._read(receive)
            if body is None:
                return
            check_depth(body)
        except Refused as refused:
            problem = refusal(refused.status, str(refused), request_id_of(scope))
            await send_problem(send, problem, is_last=True)
            return
        await self._app(scope, _replayed(body, receive), send)

    async def _read(self, receive: Receive) -> bytes | None:
        """The whole body; None if the caller has gone."""
        parts: list[bytes] = []
        size_bytes = 0
        try:
            async with asyncio.timeout(self._read_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    part = message.get("body", b"")
                    size_bytes += len(part)
                    if size_bytes > MOST_BYTES:
                        raise _too_large()
                    parts.append(part)
                    if not message.get("more_body", False):
                        return b"".join(parts)
        except TimeoutError:
            line = f"body: not there within {self._read_seconds:g} s"
            raise Refused(408, line) from None


def check_depth(body: bytes) -> None:
    """Refuse JSON whose brackets nest deeper than any request of ours.

    Raises:
        Refused: It is no UTF-8, nests deeper than 32, or has more than 20,000 brackets.
    """
    try:
        body.decode()
    except UnicodeDecodeError as exc:
        line = f"body: byte {exc.start:,} is not UTF-8; expected JSON"
        raise Refused(422, line) from exc
    brackets = body.count(b"[") + body.count(b"{")
    if brackets <= MOST_DEPTH:
        return
    if brackets > MOST_BRACKETS or _depth(body) > MOST_DEPTH:
        line = f"body: expected JSON at most {MOST_DEPTH} deep, with at most {MOST_BRACKETS:,} lists and objects"
        raise Refused(422, line)


def _depth(body: bytes) -> int:
    """Deepest nesting of brackets outside of strings."""
    depth = deepest = 0
    for token in _TOKEN.finditer(body):
        first = body[token.start()]
        if first in _OPENING:
            depth += 1
            deepest = max(deepest, depth)
        elif first in _CLOSING:
            depth -= 1
    return deepest


def _check_length(scope: Scope) -> None:
    stated = header_of(scope, b"content-length")
    if stated is not None and stated.isdigit() and int(stated) > MOST_BYTES:
        raise _too_large()


def _too_large() -> Refused:
    return Refused(413, f"body: expected at most {MOST_BYTES:,} bytes")


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A body that was read, as if it came just now; then whatever comes."""
    is_given = False

    async def replay() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
