"""Spread the jobs of a run over workers elsewhere, and send again what got lost on the way."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from daznode.domain.errors import StoreUnavailable
from daznode.domain.runs import JobCounts, ReportJob, Run, RunState
from daznode.ports.batch_queue import BatchQueue
from daznode.ports.clock import Clock, IdSource
from daznode.ports.coordination import Leases
from daznode.ports.journal import Journal
from daznode.ports.runs import RunStore

USERS_A_MESSAGE: Final = 50

LEASE_SECONDS: Final = 15.0
"""Another process takes over the spreading of a run within this; it is asked for every few seconds."""

AGAIN_SECONDS: Final = 10.0
"""How long after the last message the jobs that nobody works on count as lost, once the queue is empty."""

MOST_JOBS: Final = 1_000_000

Work = Callable[[str, str, Sequence[str] | None], Awaitable[JobCounts]]
"""Works on a run here: its id, an owner, and whose jobs."""


@dataclass(slots=True)
class SpreadJobs:
    """Sends the jobs of runs to workers; called for each run that has not ended, again and again.

    A message says only whose jobs to look for. Workers claim them with a lease, so that one that
    comes twice does no harm, and one that got lost with its worker is noticed: its jobs are free,
    and the queue is empty. What cannot be sent is worked on here.

    Args:
        work: Works here.
        owner: Unique per process and start.
    """

    clock: Clock
    ids: IdSource
    runs: RunStore
    queue: BatchQueue
    leases: Leases
    journal: Journal
    work: Work
    owner: str
    _sent_at: dict[str, float] = field(default_factory=dict)

    async def send(self, run: Run) -> None:
        """Send what of a run is to be sent now; end it when nothing is left.

        Raises:
            StoreUnavailable: The database went away.
        """
        if not await self._leads(run):
            return
        counts = await self.runs.counts(run.run_id)
        if counts.pending == counts.processing == 0:
            self._sent_at.pop(run.run_id, None)
            await self.work(run.run_id, self.ids.new_id(), None)
        elif await self._is_due(run):
            await self._send_free(run)

    async def _leads(self, run: Run) -> bool:
        """Whether no other process spreads the run; that two do costs messages, and no more."""
        try:
            return await self.leases.acquire(f"spread:{run.run_id}", self.owner, LEASE_SECONDS)
        except StoreUnavailable:
            return True

    async def _is_due(self, run: Run) -> bool:
        sent_at = self._sent_at.get(run.run_id)
        if sent_at is None:
            return True
        if asyncio.get_running_loop().time() - sent_at < AGAIN_SECONDS:
            return False
        try:
            return await self.queue.count() == 0
        except StoreUnavailable:
            return True

    async def _send_free(self, run: Run) -> None:
        user_ids = iter([job.user_id for job in await self._free_jobs(run)])
        n_sent = n_here = 0
        while group := tuple(islice(user_ids, USERS_A_MESSAGE)):
            try:
                await self.queue.put(run.run_id, group)
                n_sent += 1
            except StoreUnavailable as error:
                self.journal.warning(
                    f"Could not hand reports to workers, making them here: {error}",
                    run_id=run.run_id,
                    users=len(group),
                )
                await self.work(run.run_id, self.ids.new_id(), group)
                n_here += 1
                await self._leads(run)
        if n_sent or n_here:
            is_again = run.run_id in self._sent_at
            self.journal.info(
                "Reports handed to workers again" if is_again else "Reports handed to workers",
                run_id=run.run_id,
                batches=n_sent,
                batches_made_here=n_here,
            )
        self._sent_at[run.run_id] = asyncio.get_running_loop().time()

    async def _free_jobs(self, run: Run) -> list[ReportJob]:
        """Jobs that nobody works on, and those whose owner's lease ran out."""
        now = self.clock.now()
        pending = await self.runs.jobs_of_run(run.run_id, RunState.PENDING, MOST_JOBS)
        processing = await self.runs.jobs_of_run(run.run_id, RunState.PROCESSING, MOST_JOBS)
        lost = [job for job in processing if job.lease_until is None or job.lease_until <= now]
        return [*pending, *lost]
