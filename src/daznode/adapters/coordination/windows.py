"""The sliding window of a rate limit: what is left, and when the next one is allowed."""

import math
from typing import Final

from daznode.domain.rates import RateVerdict

SOONEST_SECONDS: Final = 1


def verdict(
    *, previous: int, current: int, limit: int, window_seconds: int, elapsed_seconds: float
) -> tuple[RateVerdict, bool]:
    """Judge one more in a sliding window that is estimated from two fixed ones.

    Of the window that lies `window_seconds` back, the part that still overlaps the sliding one is
    counted: `previous * (1 - elapsed / window) + current`. So a caller cannot use the limit twice
    around a border, as with fixed windows, and two counters are all that has to be kept.

    Args:
        previous: How many were allowed in the fixed window before this one.
        current: How many were allowed in this one so far.
        limit: How many the window allows.
        window_seconds: Length of the window.
        elapsed_seconds: How much of this fixed window is over.

    Returns:
        The verdict, and whether to count it: what was refused does not count.
    """
    share = previous * (1.0 - elapsed_seconds / window_seconds)
    used = math.floor(share) + current
    if used < limit:
        return RateVerdict(
            is_allowed=True, limit=limit, remaining=limit - used - 1, retry_after_seconds=0
        ), True
    wait_seconds = _wait_seconds(previous, current, limit, window_seconds, elapsed_seconds)
    return RateVerdict(
        is_allowed=False,
        limit=limit,
        remaining=0,
        retry_after_seconds=max(SOONEST_SECONDS, math.ceil(wait_seconds)),
    ), False


def _wait_seconds(
    previous: int, current: int, limit: int, window_seconds: int, elapsed_seconds: float
) -> float:
    """How long until less than the limit is used, if nothing more comes."""
    if current < limit:
        # previous * (1 - share of the window) has to fall to limit - current.
        return window_seconds * (1.0 - (limit - current) / previous) - elapsed_seconds
    rest_seconds = window_seconds - elapsed_seconds
    return rest_seconds + window_seconds * max(0.0, 1.0 - limit / current)
