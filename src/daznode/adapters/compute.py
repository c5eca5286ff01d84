"""Work in a thread: the event loop stays free, and a cancelled task stops its work."""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

from daznode.domain.errors import Interrupted
from daznode.domain.progress import Progress, silent

T = TypeVar("T")

DEFAULT_THREADS: Final = 2
"""Works run at once; each may start threads of its own, and the machine's cores are the limit."""


class ThreadCompute:
    """Runs pure functions in threads, a `Compute`.

    A thread cannot be killed, so stopping is asked for and waited for: once the awaiting task is
    cancelled (Ctrl-C, a time limit), the next progress that the work tells raises Interrupted in
    the work's thread, and `run` ends only after the work has. A work that tells no progress cannot
    be stopped; it is waited for.

    Args:
        listener: Told of the progress of every work, in the thread of that work; for progress bars.
        threads: Works that run at once; further ones wait their turn.
    """

    def __init__(self, listener: Progress = silent, *, threads: int = DEFAULT_THREADS) -> None:
        """Start no thread yet."""
        self._listener = listener
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="compute")

    async def run(self, work: Callable[[Progress], T]) -> T:
        """Run `work` in a thread and wait for it.

        Args:
            work: Called with a progress to tell.

        Returns:
            What the work returns; what it raises is raised here.

        Raises:
            Interrupted: The listener asked for the work to stop.
            asyncio.CancelledError: The awaiting task was cancelled; the work has ended by then. An
                error of the work other than Interrupted is its cause.
        """
        stop = threading.Event()

        def progress(stage: str, done: int, total: int) -> None:
            if stop.is_set():
                message = f"stopped while {stage} was at {done} of {total}"
                raise Interrupted(message)
            self._listener(stage, done, total)

        context = contextvars.copy_context()
        job: Future[T] = self._pool.submit(context.run, work, progress)
        waiting = asyncio.wrap_future(job)
        try:
            await asyncio.wait((waiting,))
        except asyncio.CancelledError as cancelled:
            stop.set()
            if job.cancel():
                raise
            error = await _end_of(waiting)
            if error is None or isinstance(error, Interrupted):
                raise
            raise cancelled from error
        return waiting.result()

    def close(self) -> None:
        """Wait for works that still run, and end the threads."""
        self._pool.shutdown(wait=True)


async def _end_of(waiting: asyncio.Future[T]) -> BaseException | None:
    """Wait for a work however often the waiting is cancelled; its error, if it ended with one."""
    while not waiting.done():
        try:
            await asyncio.wait((waiting,))
        except asyncio.CancelledError:
            continue
    return waiting.exception()
