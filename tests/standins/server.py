"""A real HTTP server on loopback that answers as a test says, and misbehaves when told to."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.standins.certificates import Papers, self_signed

_REASONS = {200: "OK", 201: "Created", 404: "Not Found", 429: "Too Many", 500: "Error"}
PATIENCE_SECONDS = 10


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body) if self.body else {}


@dataclass
class Reply:
    """One answer, or a misdeed.

    Attributes:
        pieces: Streamed after `body` in chunks; the answer ends when they do.
        cut_after: Close the connection after so many bytes of the body, though more was promised.
        delay_seconds: Wait before answering.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    pieces: AsyncIterator[bytes] | None = None
    cut_after: int | None = None
    delay_seconds: float = 0.0


def json_reply(value: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(
        status, json.dumps(value).encode(), {"content-type": "application/json", **headers}
    )


class Cut(Exception):
    """Raised by an answerer's pieces to close the connection in the middle."""


Answerer = Callable[[Asked], Awaitable[Reply]]


class LoopbackServer:
    """Serves one answerer from a thread of its own; use it as a context manager."""

    def __init__(self, answer: Answerer, papers: Papers | None = None, *, tls: bool = True) -> None:
        self._answer = answer
        self.papers = papers or self_signed()
        self._tls = tls
        self.asked: list[Asked] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._ready = threading.Event()
        self._tasks: set[asyncio.Task] = set()
        self.port = 0

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://localhost:{self.port}"

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(PATIENCE_SECONDS)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_SECONDS)

    def call(self, function, *values) -> None:
        """Call something in the server's thread."""
        self._loop.call_soon_threadsafe(function, *values)

    def cut_all(self) -> None:
        """Close every connection, now."""

        async def cut():
            for task in list(self._tasks):
                task.cancel()

        asyncio.run_coroutine_threadsafe(cut(), self._loop).result(PATIENCE_SECONDS)

    def _live(self):
        asyncio.set_event_loop(self._loop)
        context = self.papers.server_context() if self._tls else None
        server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context, limit=2**20)
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in list(self._tasks):
            task.cancel()
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
        self._loop.run_until_complete(asyncio.sleep(0.01))  # transports say their goodbye
        self._loop.close()

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            while await self._one(reader, writer):
                pass
        except Cut:
            pass  # closed after what was written, in the middle of the answer
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _one(self, reader, writer) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines if line)
        }
        length = int(headers.get("content-length", "0"))
        body = await reader.readexactly(length) if length else b""
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        asked = Asked(method, unquote(parts.path), query, headers, body)
        self.asked.append(asked)
        reply = await self._answer(asked)
        if reply.delay_seconds:
            await asyncio.sleep(reply.delay_seconds)
        await self._send(writer, reply)
        return reply.pieces is None

    async def _send(self, writer, reply: Reply) -> None:
        lines = [f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, 'Status')}"]
        given = {name.lower() for name in reply.headers}
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        if reply.pieces is not None:
            lines.append("transfer-encoding: chunked")
        elif "content-length" not in given:
            lines.append(f"content-length: {len(reply.body)}")
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        if reply.cut_after is not None:
            writer.write(reply.body[: reply.cut_after])
            await writer.drain()
            raise Cut
        if reply.pieces is None:
            writer.write(reply.body)
            await writer.drain()
            return
        async for piece in reply.pieces:
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()
