"""A quick question to a database, whose refusal is an answer."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from daznode.domain.errors import StorageError, StoreUnavailable
from daznode.domain.health import DependencyHealth, ServiceHealth
from daznode.ports.clock import Clock

_PATIENCE_SECONDS: Final = 2.0


class DatabaseProbe:
    """Asks a database how it is, a `Probe`.

    Args:
        ask: A cheap question; its answer says what the database is, as `sqlite 3.40.1`.
        clock: Says when it last refused something.
    """

    def __init__(self, ask: Callable[[], Awaitable[str]], clock: Clock) -> None:
        """Ask nothing yet."""
        self._ask = ask
        self._clock = clock
        self._last = DependencyHealth("database", ServiceHealth.HEALTHY, is_required=True)

    async def check(self) -> DependencyHealth:
        """Ask, within two seconds; a refusal is an answer."""
        began = time.monotonic()
        refusal: StorageError | None = None
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                detail = await self._ask()
        except TimeoutError:
            detail = self._last.detail
            refusal = StoreUnavailable(f"no answer within {_PATIENCE_SECONDS:g} s")
        except StorageError as error:
            detail, refusal = self._last.detail, error
        self._last = replace(
            self._last,
            state=ServiceHealth.HEALTHY if refusal is None else ServiceHealth.UNHEALTHY,
            latency_seconds=time.monotonic() - began,
            detail=detail,
        )
        if refusal is not None:
            self._last = replace(
                self._last, last_error=str(refusal), last_error_at=self._clock.now()
            )
        return self._last
