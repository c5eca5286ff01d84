"""Compute: run a pure function off the event loop, stoppable between chunks."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from daznode.domain.progress import Progress

T = TypeVar("T")


class Compute(Protocol):
    """Runs CPU-bound work."""

    async def run(self, work: Callable[[Progress], T]) -> T:
        """Run `work` in a thread and wait for it.

        Args:
            work: Called with a progress to tell; when the awaiting task is cancelled (Ctrl-C), the
                next call of that progress raises Interrupted.

        Raises:
            Interrupted: The work was stopped.
        """
