"""One client for every program that answers over HTTP.

Reads are tried again, writes never. Redirects are not followed and proxies of the environment are
not used, since either would carry credentials to a place that nobody named.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Self

import httpx2
import msgspec
import stamina
import stamina.instrumentation

from daznode.adapters.http.answer import HttpAnswer
from daznode.adapters.http.attempt import Attempt
from daznode.adapters.http.breaker import Breaker, CircuitState
from daznode.adapters.http.faults import TRANSPORT_FAULTS, status_error, transport_error
from daznode.adapters.http.handshake import send
from daznode.adapters.http.push import pass_on
from daznode.adapters.http.source import HttpSource
from daznode.adapters.http.tls import tls_context
from daznode.domain.errors import (
    BackendAnswerInvalid,
    BackendError,
    BackendRateLimited,
)

# What retries would log, the observer is told; structlog's default would write to standard output.
stamina.instrumentation.set_on_retry_hooks([])

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

Observer = Callable[[str, str, float], None]
"""Told of each attempt: source, outcome (`ok` or the code of the error), seconds."""

Explain = Callable[[str, HttpAnswer], BackendError | None]
"""A source's own reading of a failed answer, asked before the table of statuses; the first argument
names the call for the message."""

_MOST_CALLS: Final = 8
"""Calls under way at once; waiting for one's turn does not count as time of the call."""

_MOST_CONNECTIONS: Final = 16
"""Calls, and streams beside them."""

_CONNECTING_RATIO: Final = 0.45
"""Share of a call's time for each of TCP and TLS, so that their own limits come before the whole's."""

_CHUNK_BYTES: Final = 64 * 2**10
_FIRST_WAIT_SECONDS: Final = 0.2
_LONGEST_WAIT_SECONDS: Final = 5.0
_PATIENCE_SECONDS: Final = 45.0
"""A `Retry-After` beyond this is the caller's to keep."""


def unobserved(source: str, outcome: str, seconds: float) -> None:
    """An observer that keeps nothing."""
    del source, outcome, seconds


def _explain_nothing(where: str, answer: HttpAnswer) -> None:
    del where, answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call.

    Attributes:
        path: Appended to the source's address; shown in messages, so it holds no secret.
        method: HTTP method.
        query: Query parameters; never shown.
        body: Sent as JSON; None for no body.
        headers: Sent beside those of the source; never shown.
        accepts: Statuses that are answers, besides 200 and 201: 404 where absence is an answer, 304
            for a conditional read.
        timeout_seconds: Instead of the source's.
        max_bytes: Instead of the source's.
        is_waiting: Whether the answer comes when something happens: a timeout is then to be
            expected, is not tried again, and is not held against the source.
    """

    path: str
    method: Method = "GET"
    query: Mapping[str, str | int] | None = None
    body: Any = None
    headers: Mapping[str, str] | None = None
    accepts: tuple[int, ...] = ()
    timeout_seconds: float | None = None
    max_bytes: int | None = None
    is_waiting: bool = False

    def __repr__(self) -> str:
        """Method and path alone."""
        return f"Call({self.method} {self.path})"


class HttpClient:
    """Calls one source, within its limits.

    Used from one event loop; close it there (`async with`, or `aclose`).

    Args:
        source: Whom, and under which limits.
        observer: Told of each attempt, for metrics.
        explain: The source's own reading of a failed answer.
        breaker: Leaves a failing source alone; one per source.
        monotonic: Seconds that only go forward.

    Raises:
        ConfigError: The source's certificate file cannot be used.
    """

    def __init__(
        self,
        source: HttpSource,
        *,
        observer: Observer = unobserved,
        explain: Explain = _explain_nothing,
        breaker: Breaker | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Connect to nothing yet."""
        self.source = source
        self._observer = observer
        self._explain = explain
        self._breaker = breaker or Breaker(monotonic=monotonic)
        self._monotonic = monotonic
        self._turns = asyncio.Semaphore(_MOST_CALLS)
        self._client = httpx2.AsyncClient(
            verify=tls_context(source.ca_file),
            proxy=source.proxy_url,
            headers={"Accept-Encoding": "gzip", "User-Agent": "daznode", **source.headers},
            timeout=source.timeout_seconds,
            limits=httpx2.Limits(max_connections=_MOST_CONNECTIONS),
            follow_redirects=False,
            trust_env=False,
        )

    def __repr__(self) -> str:
        """Whom it calls, without any secret."""
        return f"HttpClient({self.source.where})"

    @property
    def circuit(self) -> CircuitState:
        """Whether calls go through, for health and metrics."""
        return self._breaker.state

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        """Use it within a block."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all connections."""
        await self.aclose()

    async def read(self, call: Call) -> HttpAnswer:
        """Ask for something, again if that may help; whatever its method, it must change nothing.

        Raises:
            BackendError: No usable answer; see its kinds.
        """
        attempts = stamina.retry_context(
            on=_wait_before_retry,
            attempts=1 if call.is_waiting else self.source.attempts,
            timeout=_PATIENCE_SECONDS,
            wait_initial=_FIRST_WAIT_SECONDS,
            wait_max=_LONGEST_WAIT_SECONDS,
            wait_jitter=_FIRST_WAIT_SECONDS,
        )
        async for attempt in attempts:
            with attempt:
                return await self._once(call)
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    async def write(self, call: Call) -> HttpAnswer:
        """Change something, in one attempt.

        Raises:
            BackendError: No usable answer; `may_have_arrived` tells whether it is certain that
                nothing was changed.
        """
        return await self._once(call)

    async def save(self, call: Call, target: Path) -> None:
        """Ask for something too large to hold in memory, in one attempt, into a file.

        Args:
            call: What to ask; its limits hold for the whole answer.
            target: The file; what an attempt that failed left in it is useless.

        Raises:
            BackendError: No usable answer; see its kinds.
            OSError: The file cannot be written.
        """
        where = self._where(call)
        most = call.max_bytes or self.source.max_bytes
        with self._watched(where):
            async with asyncio.timeout(self._seconds(call)):
                response = await self._opened(call, where, self._seconds(call))
                try:
                    with target.open("wb") as file:
                        async for chunk in response.aiter_bytes(_CHUNK_BYTES):
                            file.write(chunk)
                            if file.tell() > most:
                                raise _too_long(where, most)
                finally:
                    await response.aclose()

    @asynccontextmanager
    async def stream(
        self, call: Call, *, idle_seconds: float | None = None, is_slow_to_begin: bool = False
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """The lines of an answer that does not end, within a block.

        The time limit of the source holds until the answer begins; `max_bytes` holds for each line.
        A line that the end of the stream cuts off is not given.

        Args:
            call: What to ask.
            idle_seconds: Longest silence between two pieces; None for no limit.
            is_slow_to_begin: Whether the answer may begin with its first line, however late: then
                only connecting has a time limit.

        Raises:
            BackendError: The stream cannot be opened, breaks, falls silent, or a line is too long.
                A stream that the other side ends in order ends the iteration.
        """
        where = self._where(call)
        with self._watched(where):
            response = await self._opened(
                call, where, idle_seconds, is_slow_to_begin=is_slow_to_begin
            )
        try:
            yield self._lines(response, where, call)
        finally:
            await response.aclose()

    async def listen(
        self, call: Call, *, opened: Callable[[], None], tell: Callable[[str], None]
    ) -> None:
        """Pass on what is pushed over a WebSocket, until the other side ends it in order.

        The time limit of the source holds for opening it; silence has no limit, since pings show
        whether the other side lives.

        Args:
            call: Where to; its method and body are not used.
            opened: Called once it is open.
            tell: Called with each message, a text.

        Raises:
            BackendError: It cannot be opened, breaks, or a message is too large or no text.
        """
        where = self._where(call)
        with ExitStack() as opening:
            opening.enter_context(self._watched(where))

            def begin() -> None:
                opening.close()  # what comes later says nothing of whether it can be reached
                opened()

            await pass_on(self._client, self._request(call), where, opened=begin, tell=tell)

    async def _opened(
        self, call: Call, where: str, idle_seconds: float | None, *, is_slow_to_begin: bool = False
    ) -> httpx2.Response:
        request = self._request(call)
        request.extensions["timeout"]["read"] = idle_seconds
        async with asyncio.timeout(None if is_slow_to_begin else self._seconds(call)):
            response = await send(self._client, request)
            if _is_success(response.status_code, call.accepts):
                return response
            try:
                answer = await self._received(response, where, call)
            finally:
                await response.aclose()
            raise self._failure(where, answer)

    async def _lines(
        self, response: httpx2.Response, where: str, call: Call
    ) -> AsyncIterator[bytes]:
        most = call.max_bytes or self.source.max_bytes
        pending = bytearray()
        try:
            async for chunk in response.aiter_bytes():
                *lines, rest = chunk.split(b"\n")
                for line in lines:
                    pending += line
                    whole = bytes(pending).strip()
                    pending.clear()
                    if whole:
                        yield whole
                pending += rest
                if len(pending) > most:
                    message = f"{where}: a line of more than {most:,} bytes"
                    raise BackendAnswerInvalid(message)
        except TRANSPORT_FAULTS as fault:
            raise transport_error(where, fault) from fault

    async def _once(self, call: Call) -> HttpAnswer:
        where = self._where(call)
        if call.is_waiting:
            return await self._answered(where, call)
        async with self._turns:
            return await self._answered(where, call)

    async def _answered(self, where: str, call: Call) -> HttpAnswer:
        with self._watched(where, is_waiting=call.is_waiting):
            async with asyncio.timeout(self._seconds(call)):
                response = await send(self._client, self._request(call))
                try:
                    answer = await self._received(response, where, call)
                finally:
                    await response.aclose()
            if not _is_success(answer.status, call.accepts):
                raise self._failure(where, answer)
            return answer

    def _watched(self, where: str, *, is_waiting: bool = False) -> Attempt:
        return Attempt(self._breaker, self._told, where, self._monotonic, is_waiting=is_waiting)

    def _told(self, outcome: str, seconds: float) -> None:
        self._observer(self.source.name, outcome, seconds)

    def _seconds(self, call: Call) -> float:
        return call.timeout_seconds or self.source.timeout_seconds

    def _where(self, call: Call) -> str:
        return f"{self.source.where}: {call.method} {call.path}"

    def _request(self, call: Call) -> httpx2.Request:
        headers = dict(call.headers or {})
        content = None
        if call.body is not None:
            content = msgspec.json.encode(call.body)
            headers["Content-Type"] = "application/json"
        request = self._client.build_request(
            call.method,
            self.source.base_url.rstrip("/") + call.path,
            params=call.query,
            headers=headers,
            content=content,
            timeout=httpx2.Timeout(
                self._seconds(call), connect=self._seconds(call) * _CONNECTING_RATIO
            ),
        )
        if self.source.server_name is not None:
            request.extensions["sni_hostname"] = self.source.server_name
        return request

    async def _received(self, response: httpx2.Response, where: str, call: Call) -> HttpAnswer:
        most = call.max_bytes or self.source.max_bytes
        content = bytearray()
        async for chunk in response.aiter_bytes(_CHUNK_BYTES):
            content += chunk
            if len(content) > most:
                raise _too_long(where, most)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return HttpAnswer(where, response.status_code, headers, bytes(content))

    def _failure(self, where: str, answer: HttpAnswer) -> BackendError:
        own = self._explain(where, answer)
        return own or status_error(where, answer.status, answer.headers)


def _too_long(where: str, most: int) -> BackendAnswerInvalid:
    return BackendAnswerInvalid(f"{where}: an answer of more than {most:,} bytes")


def _is_success(status: int, accepts: tuple[int, ...]) -> bool:
    return status in {200, 201, 202, 204} or status in accepts


def _wait_before_retry(error: Exception) -> bool | float:
    """Whether to try again, or in how many seconds."""
    if isinstance(error, BackendRateLimited) and error.retry_after_seconds is not None:
        is_near = error.retry_after_seconds <= _PATIENCE_SECONDS
        return error.retry_after_seconds if is_near else False
    return isinstance(error, BackendError) and error.is_retryable
