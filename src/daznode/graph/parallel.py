"""Chunks of work on a few threads, with results taken in a fixed order and a stop between chunks."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Generic, TypeVar

from daznode.domain.errors import InvalidParameter
from daznode.domain.progress import Progress, silent

ChunkT = TypeVar("ChunkT")
ResultT = TypeVar("ResultT")
ScratchT = TypeVar("ScratchT")

_AHEAD_PER_THREAD = 4
"""Chunks in flight for each thread: enough that none waits while an older chunk is slow, few enough
that finished results do not pile up."""


@dataclass(frozen=True, slots=True)
class Crew:
    """How long work is carried out.

    Attributes:
        threads: Threads that compute, >= 1; with 1, the calling thread computes itself.
        progress: Told after every chunk, always in the calling thread; may raise to stop the work.
    """

    threads: int = 2
    progress: Progress = silent

    def __post_init__(self) -> None:
        """Refuse a crew without hands."""
        if self.threads < 1:
            message = f"threads is {self.threads}; it takes 1 or more"
            raise InvalidParameter(message)


@dataclass(frozen=True, slots=True)
class Job(Generic[ChunkT, ResultT, ScratchT]):
    """Work cut into chunks.

    Attributes:
        stage: Name for people.
        chunks: The pieces; their order is the order of the results.
        new_scratch: Makes working memory; each thread has its own and uses it again and again.
        work: Computes one chunk in any thread; must not depend on other chunks.
        commit: Takes the result of one chunk, in the order of the chunks, in the calling thread.
    """

    stage: str
    chunks: Sequence[ChunkT]
    new_scratch: Callable[[], ScratchT]
    work: Callable[[ScratchT, ChunkT], ResultT]
    commit: Callable[[ResultT], None]


def run_chunks(job: Job[ChunkT, ResultT, ScratchT], crew: Crew) -> None:
    """Run all chunks of a job and commit their results in order.

    Sums of floats depend on their order. Each chunk has a result of its own, and results are
    committed first to last, so that the outcome is the same bit for bit for any number of threads.

    Args:
        job: What to do; `work` should release the GIL, or threads gain nothing.
        crew: With whom.

    Raises:
        Exception: Whatever `work`, `commit` or the progress raises (Interrupted, for one). Chunks
            not begun are dropped, those running are waited for, and no thread is left behind.
    """
    total = len(job.chunks)
    crew.progress(job.stage, 0, total)
    if total == 0:
        return
    if crew.threads == 1 or total == 1:
        scratch = job.new_scratch()
        for done, chunk in enumerate(job.chunks, 1):
            job.commit(job.work(scratch, chunk))
            crew.progress(job.stage, done, total)
        return
    pool = ThreadPoolExecutor(crew.threads, thread_name_prefix="daznode-measure")
    try:
        _run_pooled(job, crew, pool)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _run_pooled(job: Job[ChunkT, ResultT, ScratchT], crew: Crew, pool: ThreadPoolExecutor) -> None:
    idle: SimpleQueue[ScratchT] = SimpleQueue()
    for _ in range(crew.threads):
        idle.put(job.new_scratch())

    def compute(chunk: ChunkT) -> ResultT:
        scratch = idle.get()
        try:
            return job.work(scratch, chunk)
        finally:
            idle.put(scratch)

    waiting = iter(job.chunks)
    running: deque[Future[ResultT]] = deque()
    for chunk in waiting:
        running.append(pool.submit(compute, chunk))
        if len(running) == crew.threads * _AHEAD_PER_THREAD:
            break
    done = 0
    while running:
        job.commit(running.popleft().result())
        done += 1
        crew.progress(job.stage, done, len(job.chunks))
        chunk_or_none = next(waiting, None)
        if chunk_or_none is not None:
            running.append(pool.submit(compute, chunk_or_none))
