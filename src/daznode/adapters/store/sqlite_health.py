"""How the embedded database is: a quick answer for machines."""

import asyncio
import sqlite3
import time
from dataclasses import replace
from typing import Final

from daznode.adapters.store.threads import SqliteThreads
from daznode.domain.errors import StorageError, StoreUnavailable
from daznode.domain.health import DependencyHealth, ServiceHealth
from daznode.ports.clock import Clock

_PATIENCE_SECONDS: Final = 2.0


class SqliteProbe:
    """Asks the embedded database how it is, a `Probe`.

    Args:
        threads: The database.
        clock: Says when it last refused something.
    """

    def __init__(self, threads: SqliteThreads, clock: Clock) -> None:
        """Ask nothing yet."""
        self._threads = threads
        self._clock = clock
        self._last = DependencyHealth(
            name="database",
            state=ServiceHealth.HEALTHY,
            is_required=True,
            detail=f"sqlite {sqlite3.sqlite_version}",
        )

    async def check(self) -> DependencyHealth:
        """Read one row, within two seconds; a refusal is an answer."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._threads.read(_one_row)
        except TimeoutError:
            error: StorageError = StoreUnavailable("no answer within two seconds")
        except StorageError as refused:
            error = refused
        else:
            self._last = replace(
                self._last,
                state=ServiceHealth.HEALTHY,
                latency_seconds=time.monotonic() - began,
            )
            return self._last
        self._last = replace(
            self._last,
            state=ServiceHealth.UNHEALTHY,
            latency_seconds=time.monotonic() - began,
            last_error=str(error),
            last_error_at=self._clock.now(),
        )
        return self._last


def _one_row(connection: sqlite3.Connection) -> None:
    connection.execute("SELECT count(*) FROM report_totals").fetchone()
