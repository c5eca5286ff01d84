"""Work through the runs that have not ended, whoever asked for them, until told to stop."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from daznode.domain.errors import DaznodeError, StoreUnavailable
from daznode.domain.retries import failure_of
from daznode.domain.runs import Run, RunState
from daznode.ports.clock import Clock, IdSource
from daznode.ports.coordination import Leases
from daznode.ports.journal import Journal
from daznode.ports.runs import RunStore
from daznode.usecases.digests import PERIOD_DAYS, MakeDigests
from daznode.usecases.report_batches import REPORT_KINDS, ReportBatches

POLL_SECONDS: Final = 5.0
"""How soon what another process began and did not end is noticed."""

MOST_AT_ONCE: Final = 4
"""Runs worked on at once: a person's single report does not wait for a batch of thousands."""

DIGESTS_LEASE_SECONDS: Final = 300.0

Send = Callable[[Run], Awaitable[None]]
"""Hands a run's jobs to workers elsewhere."""


@dataclass(slots=True)
class WorkRuns:
    """One process's share of all runs.

    What a process leaves behind, by a stop or by dying, is gone on with by the next start and by
    every other process, as soon as its leases end.

    Args:
        send: Where report jobs are worked on, if not here.
        wake: Set when there is something to do.
    """

    clock: Clock
    ids: IdSource
    runs: RunStore
    batches: ReportBatches
    digests: MakeDigests
    leases: Leases
    journal: Journal
    send: Send | None = None
    poll_seconds: float = POLL_SECONDS
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def forever(self) -> None:
        """Work until cancelled; jobs begun are given back then."""
        try:
            while True:
                self.wake.clear()
                (error,) = await asyncio.gather(self._begin(), return_exceptions=True)
                if error is not None:
                    self._tell(error, "Could not look for runs")
                await self._sleep()
        finally:
            await self._stop()

    async def resume(self) -> None:
        """Work once on every run that has not ended, the oldest first.

        Raises:
            StoreUnavailable: The database went away.
        """
        for run in await self._unfinished():
            await self._work(run)

    async def _unfinished(self) -> list[Run]:
        """Runs that have not ended and are of a kind that is worked on here, the oldest first."""
        kinds = REPORT_KINDS | PERIOD_DAYS.keys()
        return [run for run in await self.runs.unfinished_runs() if run.kind in kinds]

    async def _begin(self) -> None:
        """Begin with runs that nobody here works on."""
        for run_id in [run_id for run_id, task in self._tasks.items() if task.done()]:
            del self._tasks[run_id]
        for run in await self._unfinished():
            if run.run_id not in self._tasks and len(self._tasks) < MOST_AT_ONCE:
                self._tasks[run.run_id] = asyncio.create_task(self._work(run))

    async def _stop(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _sleep(self) -> None:
        try:
            async with asyncio.timeout(self.poll_seconds):
                await self.wake.wait()
        except TimeoutError:
            return

    async def _work(self, run: Run) -> None:
        """Work on one run; an error that nobody foresaw ends it, so that it is not tried for ever."""
        (error,) = await asyncio.gather(self._work_on(run), return_exceptions=True)
        if error is None or isinstance(error, asyncio.CancelledError):
            return
        self._tell(error, "Could not go on with a run", run_id=run.run_id)
        if isinstance(error, StoreUnavailable):
            return
        reason = failure_of(error).reason
        await asyncio.gather(
            self.runs.end_run(run.run_id, RunState.FAILED, self.clock.now(), reason),
            return_exceptions=True,
        )

    def _tell(self, error: BaseException, what: str, **fields: object) -> None:
        failure = failure_of(error)
        if isinstance(error, StoreUnavailable):
            self.journal.warning(f"{what}: {failure.line}", **fields)
            return
        is_foreseen = isinstance(error, DaznodeError)
        self.journal.error(
            f"{what}: {failure.line}",
            code=failure.code,
            exc_info=None if is_foreseen else error,
            **fields,
        )

    async def _work_on(self, run: Run) -> None:
        owner = self.ids.new_id()
        if run.kind in PERIOD_DAYS:
            if await self._may_make_digests(run, owner):
                await self.digests.work(run)
        elif self.send is not None:
            await self.send(run)
        else:
            counts = await self.batches.work(run.run_id, owner)
            if counts.pending == counts.processing == 0:
                self.wake.set()  # a digest may have waited for it

    async def _may_make_digests(self, run: Run, owner: str) -> bool:
        """Whether no other process makes them; to make them twice changes nothing."""
        try:
            return await self.leases.acquire(f"run:{run.run_id}", owner, DIGESTS_LEASE_SECONDS)
        except StoreUnavailable:
            return True
