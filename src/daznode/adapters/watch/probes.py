"""Probes: one question to each part that the service leans on."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Final

import httpx2

from daznode.domain.errors import DaznodeError, StoreUnavailable
from daznode.domain.health import DependencyHealth, ServiceHealth
from daznode.ports.clock import Clock

if TYPE_CHECKING:
    from datetime import datetime

    from daznode.adapters.redis_link import RedisLink

QDRANT_SECONDS: Final = 1.5

LOW_DISK_BYTES: Final = 2 * 1024**3
"""About a week of reports and snapshots of thousands of nodes."""

FULL_DISK_BYTES: Final = 100 * 1024**2
"""Less than one snapshot with its measures and the journal of the database."""

Finding = tuple[ServiceHealth, str]


class PartProbe:
    """A `Probe` that remembers what its part last refused.

    Args:
        name: Stable word for the part.
        is_required: Whether requests cannot be answered without it.
        clock: For when it refused.
        ask: Says how the part is, in a word and a line; what it raises of ours is a refusal.
    """

    def __init__(
        self,
        name: str,
        *,
        is_required: bool,
        clock: Clock,
        ask: Callable[[], Awaitable[Finding]],
    ) -> None:
        """Ask nothing yet."""
        self._name = name
        self._is_required = is_required
        self._clock = clock
        self._ask = ask
        self._last_error: str | None = None
        self._last_error_at: datetime | None = None

    async def check(self) -> DependencyHealth:
        """Ask the part."""
        began = perf_counter()
        try:
            state, detail = await self._ask()
        except DaznodeError as error:
            state, detail = ServiceHealth.UNHEALTHY, "does not answer"
            self._last_error, self._last_error_at = str(error), self._clock.now()
        return DependencyHealth(
            name=self._name,
            state=state,
            is_required=self._is_required,
            latency_seconds=round(perf_counter() - began, 6),
            detail=detail,
            last_error=self._last_error,
            last_error_at=self._last_error_at,
        )


def redis_probe(link: "RedisLink", clock: Clock) -> PartProbe:
    """Cache, limiter and leases in Redis; without it the service is slower, and no more than that."""

    async def ask() -> Finding:
        info = await link.ask(lambda redis: redis.info("server"))
        return ServiceHealth.HEALTHY, f"redis {info.get('redis_version', 'of unknown version')}"

    return PartProbe("cache", is_required=False, clock=clock, ask=ask)


def qdrant_probe(url: str, api_key: str | None, clock: Clock) -> PartProbe:
    """The vector database, by what it says of its own readiness."""
    headers = {} if api_key is None else {"api-key": api_key}

    async def ask() -> Finding:
        try:
            async with httpx2.AsyncClient(timeout=QDRANT_SECONDS, trust_env=False) as client:
                answer = await client.get(f"{url.rstrip('/')}/readyz", headers=headers)
        except (httpx2.HTTPError, httpx2.InvalidURL) as exc:
            message = f"Qdrant does not answer: {str(exc) or type(exc).__name__}"
            raise StoreUnavailable(message) from exc
        if answer.status_code != httpx2.codes.OK:
            message = f"Qdrant is not ready: it answers {answer.status_code}"
            raise StoreUnavailable(message)
        return ServiceHealth.HEALTHY, "qdrant"

    return PartProbe("qdrant", is_required=False, clock=clock, ask=ask)


def disk_probe(folder: Path, clock: Clock) -> PartProbe:
    """Room for what the service writes."""

    async def ask() -> Finding:
        try:
            free_bytes, total_bytes = await asyncio.to_thread(_room, folder)
        except OSError as exc:
            message = f"{folder}: {exc.strerror or exc}"
            raise StoreUnavailable(message) from exc
        free = f"{free_bytes / 1024**3:.1f} GiB of {total_bytes / 1024**3:.1f} GiB free"
        if free_bytes < FULL_DISK_BYTES:
            return ServiceHealth.UNHEALTHY, free
        return (
            ServiceHealth.DEGRADED if free_bytes < LOW_DISK_BYTES else ServiceHealth.HEALTHY,
            free,
        )

    return PartProbe("disk", is_required=False, clock=clock, ask=ask)


def _room(folder: Path) -> tuple[int, int]:
    """Bytes free, and in all, where a folder is or will be."""
    there = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    usage = shutil.disk_usage(there)
    return usage.free, usage.total
