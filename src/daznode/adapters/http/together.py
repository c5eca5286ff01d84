"""Several calls at once: all end, and the first that failed is what is raised."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

T = TypeVar("T")


class Group:
    """Tasks that end together."""

    def __init__(self) -> None:
        """Hold none yet."""
        self.tasks: list[asyncio.Task[Any]] = []

    def create_task(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin a task; its result is ready after the block."""
        task = asyncio.create_task(work)
        self.tasks.append(task)
        return task


@asynccontextmanager
async def together() -> AsyncIterator[Group]:
    """A group of tasks, all ended at the end of the block.

    A task that fails does not stop the others: each has its own time limit, and a call that is cut
    off while it connects would leave its socket open. When the block itself is stopped, they are.

    Raises:
        BaseException: The first error in the order of the tasks, as it was raised there.
    """
    group = Group()
    try:
        yield group
        if group.tasks:
            await asyncio.wait(group.tasks)
    except BaseException:
        for task in group.tasks:
            task.cancel()
        await asyncio.gather(*group.tasks, return_exceptions=True)
        raise
    failures = [
        task.exception() for task in group.tasks
    ]  # all taken, so that none is reported lost
    for failure in failures:
        if failure is not None:
            raise failure
