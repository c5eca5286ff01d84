"""One public host, asked politely: answers kept, asked for again conditionally, at a rate of its own."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from daznode.adapters.http.answer import HttpAnswer
from daznode.adapters.http.client import Call, HttpClient
from daznode.domain.errors import BackendError, BackendRateLimited
from daznode.domain.health import DependencyHealth, ServiceHealth
from daznode.ports.clock import Clock

MOST_KEPT: Final = 4_096
"""Answers kept at once; a node page is about a kilobyte."""

MOST_STALE: Final = timedelta(days=2)
"""How long an answer is still given, with its age, while the host does not answer."""

LONGEST_WAIT_SECONDS: Final = 5.0
"""Longest that a call waits for its turn; the batch of a thousand users goes on without it."""

_NOT_MODIFIED: Final = 304


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it is kept.

    Attributes:
        answer: What came back.
        fetched_at: Moment at which the host last said so, UTC.
        error: Why it is not fresher; None while it is fresh.
    """

    answer: HttpAnswer
    fetched_at: datetime
    error: str | None = None


class PublicHost:
    """A host that everybody shares.

    Used from one event loop. Of all that ask for the same thing at once, one does.

    Args:
        client: Calls it.
        clock: Time of answers.
        per_second: Calls a second at the most.
        monotonic: Seconds that only go forward.
    """

    def __init__(
        self,
        client: HttpClient,
        clock: Clock,
        *,
        per_second: float = 1.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Ask for nothing yet."""
        self._client = client
        self._clock = clock
        self._pause_seconds = 1.0 / per_second
        self._monotonic = monotonic
        self._free_at = 0.0
        self._silent_until = 0.0
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Kept]] = {}
        self._last_error: tuple[str, datetime] | None = None

    @property
    def name(self) -> str:
        """Stable name of the source."""
        return self._client.source.name

    async def ask(self, call: Call, ttl: timedelta) -> Kept:
        """An answer, as old as `ttl` at the most, or older with the reason.

        Args:
            call: What to ask; reads only.
            ttl: How long an answer is taken for fresh.

        Raises:
            BackendError: The host does not answer, and nothing young enough is kept.
        """
        key = f"{call.method} {call.path} {call.query} {call.body}"
        kept = self._kept.get(key)
        if kept is not None and self._clock.now() - kept.fetched_at < ttl:
            self._kept.move_to_end(key)
            return replace(kept, error=None)
        task = self._asking.get(key)
        if task is None:
            task = asyncio.create_task(self._fetch(key, call, kept))
            self._asking[key] = task
            task.add_done_callback(lambda done: self._ended(key, done))
        return await asyncio.shield(task)

    async def aclose(self) -> None:
        """Stop asking and close all connections."""
        for task in list(self._asking.values()):
            task.cancel()
        await self._client.aclose()

    def health(self, *, detail: str, latency_seconds: float | None = None) -> DependencyHealth:
        """How the host is, from what it last did."""
        error, at = self._last_error or (None, None)
        is_open = self._client.circuit.value != "closed"
        return DependencyHealth(
            name=self.name,
            state=ServiceHealth.DEGRADED if error or is_open else ServiceHealth.HEALTHY,
            is_required=False,
            latency_seconds=latency_seconds,
            detail=f"{self._client.source.where}; circuit {self._client.circuit.value}; {detail}",
            last_error=error,
            last_error_at=at,
        )

    async def _fetch(self, key: str, call: Call, kept: Kept | None) -> Kept:
        try:
            await self._turn()
            answer = await self._client.read(_conditional(call, kept))
        except BackendError as error:
            return self._failed(error, kept)
        self._last_error = None
        if answer.status == _NOT_MODIFIED and kept is not None:
            answer = kept.answer
        fresh = Kept(answer, self._clock.now())
        self._kept[key] = fresh
        self._kept.move_to_end(key)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return fresh

    def _ended(self, key: str, task: asyncio.Task[Kept]) -> None:
        """Forget a call; its error has been told to whoever still waits."""
        self._asking.pop(key, None)
        if not task.cancelled():
            task.exception()

    def _failed(self, error: BackendError, kept: Kept | None) -> Kept:
        """What is kept, with the reason, if it is young enough.

        Raises:
            BackendError: It is not.
        """
        now = self._clock.now()
        self._last_error = (str(error), now)
        if isinstance(error, BackendRateLimited) and error.retry_after_seconds is not None:
            self._silent_until = max(
                self._silent_until, self._monotonic() + error.retry_after_seconds
            )
        if kept is None or now - kept.fetched_at > MOST_STALE:
            raise error
        return replace(kept, error=str(error))

    async def _turn(self) -> None:
        """Wait until the host may be asked again.

        Raises:
            BackendRateLimited: That is too far off.
        """
        now = self._monotonic()
        start = max(self._free_at, self._silent_until, now)
        wait = start - now
        if wait > LONGEST_WAIT_SECONDS:
            message = (
                f"{self._client.source.where}: asked too often; not asked again for {wait:.0f} s"
            )
            raise BackendRateLimited(message, None)
        self._free_at = start + self._pause_seconds
        if wait > 0:
            await asyncio.sleep(wait)


def _conditional(call: Call, kept: Kept | None) -> Call:
    """The same call, answered with 304 if nothing has changed."""
    if kept is None or call.method != "GET":
        return call
    headers = dict(call.headers or {})
    for ours, theirs in (("If-None-Match", "etag"), ("If-Modified-Since", "last-modified")):
        if theirs in kept.answer.headers:
            headers[ours] = kept.answer.headers[theirs]
    return replace(call, headers=headers, accepts=(*call.accepts, _NOT_MODIFIED))
