"""Work on the jobs of one run in one process: so many at once, retried, nothing lost when stopped."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from daznode.domain.errors import DaznodeError, StorageError
from daznode.domain.retries import Failure, failure_of, pause_seconds
from daznode.domain.runs import ReportJob, Run, RunState
from daznode.ports.clock import Clock, IdSource
from daznode.ports.journal import Journal
from daznode.ports.metrics import Metrics
from daznode.ports.runs import RunStore
from daznode.usecases.keep_made import KeepMade, Made
from daznode.usecases.make_job import Bench, MakeJob


@dataclass(frozen=True, slots=True)
class BatchParams:
    """How reports are made in batches.

    Attributes:
        max_concurrent: Reports made at once.
        max_attempts: How often a report may fail before it is given up.
        timeout_seconds: For one report.
        lease_seconds: For how long the jobs of a process that died are nobody else's.
        group: Jobs taken, and reports stored, at once at the most.
    """

    max_concurrent: int = 10
    max_attempts: int = 3
    timeout_seconds: float = 300.0
    lease_seconds: float = 30.0
    group: int = 50


@dataclass(frozen=True, slots=True)
class Workshop:
    """What all work on jobs needs.

    Attributes:
        clock: For leases.
        ids: For new reports.
        runs: Where jobs are.
        make: From a job to a report.
        keep: From a report to a stored one.
        journal: For what fails.
        metrics: For what is given up.
        params: How.
        chance: Uniform in [0, 1), for the pauses.
        pause: Sleeps; asyncio's but in tests.
    """

    clock: Clock
    ids: IdSource
    runs: RunStore
    make: MakeJob
    keep: KeepMade
    journal: Journal
    metrics: Metrics
    params: BatchParams
    chance: Callable[[], float]
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(slots=True)
class WorkJobs:
    """One process's work on one run, done once.

    Jobs are claimed in groups, made by `max_concurrent` makers, and stored by one storer that takes
    all that has been made meanwhile: the slower the store, the larger its groups. A job that failed
    waits, still claimed, and is then given back to be claimed again.

    Args:
        shop: What it needs.
        run: The run.
        owner: Who claims; unique per process, start and work.
        user_ids: Only jobs of these users; None for any.
    """

    shop: Workshop
    run: Run
    owner: str
    user_ids: Sequence[str] | None = None
    _waiting: deque[ReportJob] = field(default_factory=deque)
    _made: asyncio.Queue[Made] = field(default_factory=asyncio.Queue)
    _pauses: set[asyncio.Task[None]] = field(default_factory=set)
    _n_open: int = 0
    _has_changed: asyncio.Event = field(default_factory=asyncio.Event)
    _claiming: asyncio.Lock = field(default_factory=asyncio.Lock)
    _has_begun: bool = False
    _is_done: bool = False
    _bench: Bench | None = None

    async def do(self) -> None:
        """Work until no job of the run is left to claim, and all that were claimed have ended.

        Raises:
            StoreUnavailable: Jobs can no longer be claimed or ended; what was claimed is given
                back, or is free when the lease ends.
            asyncio.CancelledError: Likewise.
        """
        # Reports wait for the storer in memory: no more of them than it takes at once.
        self._made = asyncio.Queue(maxsize=self.shop.params.group)
        n_makers = self.shop.params.max_concurrent
        makers = {asyncio.create_task(self._make_on()) for _ in range(n_makers)}
        others = {asyncio.create_task(self._store_on()), asyncio.create_task(self._stay_alive())}
        try:
            while makers:
                done, _ = await asyncio.wait(makers | others, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
                makers -= done
        finally:
            left = makers | others | self._pauses
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            if self._n_open:
                await self._give_back()

    async def _make_on(self) -> None:
        while (taken := await self._next()) is not None:
            job, bench = taken
            report_id, clock = self.shop.ids.new_id(), asyncio.get_running_loop().time
            begun = clock()
            (made,) = await asyncio.gather(
                self.shop.make.run(job, bench, report_id), return_exceptions=True
            )
            if isinstance(made, BaseException):
                await self._fail(job, report_id, made)
            else:
                await self._made.put(Made(job, made, clock() - begun))

    async def _store_on(self) -> None:
        while True:
            group = [await self._made.get()]
            while not self._made.empty():
                group.append(self._made.get_nowait())
            self._close(await self.shop.keep.run(group, self._fail))

    async def _next(self) -> tuple[ReportJob, Bench] | None:
        """The next job; waits as long as one that is open may still be given back."""
        async with self._claiming:
            while not self._waiting and not self._is_done:
                self._has_changed.clear()
                await self._claim()
                if not self._waiting:
                    self._is_done = self._n_open == 0
                    if not self._is_done:
                        await self._has_changed.wait()
            if self._is_done or self._bench is None:
                return None
            return self._waiting.popleft(), self._bench

    async def _claim(self) -> None:
        jobs = await self.shop.runs.claim(
            self.run.run_id,
            owner=self.owner,
            now=self.shop.clock.now(),
            lease_until=self._lease_until(),
            limit=self.shop.params.group,
            user_ids=self.user_ids,
        )
        self._n_open += len(jobs)
        if jobs:
            if not self._has_begun:
                self._has_begun = True
                self.shop.journal.info(
                    "Starting daily reports generation",
                    run_id=self.run.run_id,
                    requested_by=self.run.requested_by,
                )
            self._bench = await self.shop.make.open_bench(self.run.report_date)
            self._waiting.extend(jobs)

    async def _fail(self, job: ReportJob, report_id: str, error: BaseException) -> None:
        """Give a job up, or try it again later."""
        failure = failure_of(error)
        self.shop.journal.error(
            f"Error generating report {report_id}: {failure.line}",
            code=failure.code,
            report_id=report_id,
            user_id=job.user_id,
            tenant_id=job.tenant_id,
            run_id=job.run_id,
            attempt=job.attempts,
            exc_info=None if isinstance(error, DaznodeError) else error,
        )
        if failure.may_pass and job.attempts < self.shop.params.max_attempts:
            task = asyncio.create_task(self._try_later(job, failure))
            self._pauses.add(task)
            task.add_done_callback(self._pauses.discard)
            return
        await self.shop.runs.end_job(
            job, RunState.FAILED, self.shop.clock.now(), reason=failure.reason
        )
        self.shop.metrics.report_failed(failure.code)
        self._close(1)

    async def _try_later(self, job: ReportJob, failure: Failure) -> None:
        while True:
            await self.shop.pause(pause_seconds(job.attempts, self.shop.chance()))
            try:
                await self.shop.runs.end_job(
                    job, RunState.PENDING, self.shop.clock.now(), reason=failure.reason
                )
            except StorageError as error:
                self._warn("Could not give a job back", error)
            else:
                self._close(1)
                return

    def _close(self, n_jobs: int) -> None:
        """Count jobs that are no longer ours, and wake whoever waits for the last or for the next."""
        self._n_open -= n_jobs
        self._has_changed.set()

    async def _stay_alive(self) -> None:
        while True:
            await asyncio.sleep(self.shop.params.lease_seconds / 3)
            try:
                await self.shop.runs.renew(
                    self.run.run_id, owner=self.owner, lease_until=self._lease_until()
                )
            except StorageError as error:
                self._warn("Could not renew a lease", error)

    async def _give_back(self) -> None:
        try:
            await self.shop.runs.release(self.run.run_id, owner=self.owner)
        except StorageError as error:
            self._warn("Could not give jobs back", error)

    def _lease_until(self) -> datetime:
        return self.shop.clock.now() + timedelta(seconds=self.shop.params.lease_seconds)

    def _warn(self, what: str, error: StorageError) -> None:
        self.shop.journal.warning(f"{what}: {error}", run_id=self.run.run_id)
