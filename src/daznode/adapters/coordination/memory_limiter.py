"""Rate limits counted in this process, of a bounded number of callers."""

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Final

from daznode.adapters.coordination.windows import verdict
from daznode.domain.rates import RateVerdict

MOST_CALLERS: Final = 100_000
"""Some 25 MB; beyond that whoever asked least recently starts anew."""


class MemoryLimiter:
    """A `RateLimiter` of one process.

    Args:
        clock: Seconds that only ever grow.
        most_callers: How many are remembered.
    """

    def __init__(
        self, clock: Callable[[], float] = monotonic, *, most_callers: int = MOST_CALLERS
    ) -> None:
        """Nobody has asked yet."""
        self._clock = clock
        self._most_callers = most_callers
        self._counts: OrderedDict[tuple[str, int], list[int]] = OrderedDict()

    async def hit(self, caller: str, limit: int, window_seconds: int) -> RateVerdict:
        """Count one more, unless it is refused."""
        now = self._clock()
        window = int(now // window_seconds)
        key = (caller, window_seconds)
        counts = self._counts.get(key)
        if counts is None:
            counts = self._counts[key] = [window, 0, 0]
            if len(self._counts) > self._most_callers:
                self._counts.popitem(last=False)
        else:
            self._counts.move_to_end(key)
            if counts[0] != window:
                counts[:] = [window, counts[2] if counts[0] == window - 1 else 0, 0]
        said, counts_too = verdict(
            previous=counts[1],
            current=counts[2],
            limit=limit,
            window_seconds=window_seconds,
            elapsed_seconds=now - window * window_seconds,
        )
        counts[2] += counts_too
        return said
