"""The runs of an experiment handed out to workers, so that runs that begin alike stay together."""

from collections import deque
from collections.abc import Iterable

from daznode.domain.experiment import RunKey


class RunQueue:
    """Runs that are still to be made.

    Runs of equal node and seed share their burn-in, which a worker that takes them one after another
    lives through once. So each worker takes such a group of its own; only when none is left untouched
    does it take from another worker's.

    Args:
        keys: The runs, in the order in which they are to be done.
    """

    def __init__(self, keys: Iterable[RunKey]) -> None:
        """Put the runs in groups."""
        groups: dict[tuple[int, str], deque[RunKey]] = {}
        for key in keys:
            groups.setdefault((key.seed, key.node_id), deque()).append(key)
        self._waiting = deque(groups.values())
        self._begun: list[deque[RunKey]] = []

    def __len__(self) -> int:
        """How many runs nobody has taken."""
        return sum(map(len, self._waiting)) + sum(map(len, self._begun))

    def hand(self) -> "Hand":
        """What one worker takes its runs from."""
        return Hand(self)

    def group(self) -> deque[RunKey]:
        """An untouched group, else the longest that others have begun; empty if all is taken."""
        if self._waiting:
            self._begun.append(self._waiting.popleft())
            return self._begun[-1]
        return max(self._begun, key=len, default=deque())


class Hand:
    """One worker's place at a queue.

    Args:
        queue: Where its groups come from.
    """

    def __init__(self, queue: RunQueue) -> None:
        """Hold no group yet."""
        self._queue = queue
        self._mine: deque[RunKey] = deque()

    def next(self) -> RunKey | None:
        """The next run to be made; None if none is left."""
        if not self._mine:
            self._mine = self._queue.group()
        return self._mine.popleft() if self._mine else None
