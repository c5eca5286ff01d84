"""The limiter of one process over time, and its memory."""

import asyncio

from daznode.adapters.coordination.memory_limiter import MemoryLimiter


class Now:
    def __init__(self) -> None:
        self.seconds = 600.0

    def __call__(self):
        return self.seconds


def hits(limiter, caller, count, limit=10):
    async def trip():
        return sum([(await limiter.hit(caller, limit, 60)).is_allowed for _ in range(count)])

    return asyncio.run(trip())


def test_the_limit_cannot_be_used_twice_around_a_border():
    now = Now()
    limiter = MemoryLimiter(now)
    now.seconds += 59
    assert hits(limiter, "a", 20) == 10
    now.seconds += 2
    assert hits(limiter, "a", 20) <= 1
    now.seconds += 29
    assert hits(limiter, "a", 20) in {4, 5}


def test_after_two_quiet_windows_everything_is_free_again():
    now = Now()
    limiter = MemoryLimiter(now)
    assert hits(limiter, "a", 20) == 10
    now.seconds += 120
    assert hits(limiter, "a", 20) == 10


def test_callers_beyond_its_memory_push_out_whoever_asked_longest_ago():
    limiter = MemoryLimiter(Now(), most_callers=100)
    assert hits(limiter, "old", 1, limit=1) == 1
    for number in range(200):
        hits(limiter, f"ip:{number}", 1)
    assert hits(limiter, "old", 1, limit=1) == 1
    assert len(limiter._counts) == 100
