"""One worker process: makes the reports that messages name, and minds the runs beside the service."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from daznode.config import Settings, prepare_compile_cache

if TYPE_CHECKING:
    from celery import Celery


class Worker:
    """What a worker does, over the parts that the settings choose.

    Besides what messages ask for it looks after runs as the service does: it sends again what a
    killed worker left, so that nothing depends on one process.

    Args:
        settings: What was set.

    Attributes:
        parts: What the trips are made over.
        batches: The trips.
        journal: The log.
        exposition: Its figures as Prometheus reads them, and their media type.

    Raises:
        ConfigError: `REDIS_URL` is not set, or Celery is not installed.
    """

    def __init__(self, settings: Settings) -> None:
        """Make the trips; nothing runs before `start`."""
        from daznode.adapters.clock import RandomIds, SystemClock
        from daznode.adapters.compute import ThreadCompute
        from daznode.wiring.batches import open_batches
        from daznode.wiring.networks import open_networks
        from daznode.wiring.outside import open_outside
        from daznode.wiring.parts import open_parts

        self._settings = settings
        self._cache_dir = prepare_compile_cache(settings.data_dir)
        self._ids, clock = RandomIds(), SystemClock()
        self._compute = ThreadCompute()
        self.parts = open_parts(settings)
        self.journal, self.exposition = self.parts.journal, self.parts.exposition
        self._outside = open_outside(settings, clock, self.journal, self.parts.metrics)
        networks = open_networks(
            settings, self.parts.snapshots, self.parts.measures, self._compute, clock
        )
        self.batches = open_batches(
            settings,
            self.parts,
            networks,
            clock=clock,
            ids=self._ids,
            elsewhere=self._outside.elsewhere,
        )
        self._minding: asyncio.Task[None] | None = None

    def open_celery(self) -> "Celery":
        """The Celery application whose messages are worked on."""
        from daznode.wiring.coordination import open_celery

        return open_celery(self._settings)

    async def start(self, say: Callable[[str], None]) -> None:
        """Bring the stores up to date, compile what has to be, and begin to mind the runs.

        A database that cannot be reached is waited for.

        Args:
            say: Told in a line what takes long.

        Raises:
            StorageError: What is stored cannot be used.
        """
        from daznode.wiring.kernels import compile_kernels
        from daznode.wiring.parts import prepare_when_there

        await prepare_when_there(self.parts)
        compile_kernels(self._cache_dir, say)
        self._minding = asyncio.create_task(self.batches.work_runs.forever())

    async def work(self, run_id: str, user_ids: Sequence[str]) -> None:
        """Make the reports of some users of a run, as far as nobody else makes them.

        Raises:
            RunNotFound: There is no such run.
            StoreUnavailable: The database went away; the jobs are free again, or soon.
        """
        await self.batches.batches.work(run_id, self._ids.new_id(), user_ids)

    async def stop(self) -> None:
        """Give back what is worked on, and close everything."""
        if self._minding is not None:
            self._minding.cancel()
            await asyncio.gather(self._minding, return_exceptions=True)
        await asyncio.to_thread(self._compute.close)
        await self._outside.close()
        await self.parts.close()
