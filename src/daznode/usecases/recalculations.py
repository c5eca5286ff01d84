"""Recalculations that administrators asked for: done one by one, and gone on with by the next start."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from daznode.domain.errors import DaznodeError, StorageError
from daznode.domain.runs import RunKind, RunState
from daznode.ports.clock import Clock
from daznode.ports.journal import Journal
from daznode.ports.runs import RunStore
from daznode.usecases.current_network import CurrentNetwork

LOOK_EVERY_SECONDS: Final = 30.0
"""How soon what another process left, or a database that was away, is noticed."""


@dataclass(slots=True)
class Recalculations:
    """The trip from asked-for recalculations to their end.

    Args:
        wake: Set when one was asked for.
    """

    current: CurrentNetwork
    runs: RunStore
    clock: Clock
    journal: Journal
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    async def forever(self) -> None:
        """Work on what is asked for, until cancelled."""
        while True:
            try:
                await self.resume()
            except StorageError as error:
                self.journal.warning(f"Could not look for recalculations: {error}")
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_SECONDS):
                    await self.wake.wait()
            self.wake.clear()

    async def resume(self) -> None:
        """Work on every recalculation that has not ended, the oldest first.

        Raises:
            StoreUnavailable: The database went away.
        """
        for run in await self.runs.unfinished_runs():
            if run.kind is not RunKind.RECALCULATE:
                continue
            try:
                await self.current.recalculate()
            except DaznodeError as error:
                reason = f"{error.code}: {error}"
                self.journal.error("Scores could not be recalculated", error=reason)
                await self.runs.end_run(run.run_id, RunState.FAILED, self.clock.now(), reason)
            else:
                await self.runs.end_run(run.run_id, RunState.COMPLETED, self.clock.now())
