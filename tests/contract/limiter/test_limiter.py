"""What every RateLimiter promises, over the real thing."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from tests.fakes.batch import FakeJournal

from daznode.adapters.coordination.memory_limiter import MemoryLimiter
from daznode.adapters.coordination.redis_limiter import RedisLimiter
from daznode.adapters.redis_link import RedisLink


class Limiters:
    """Opens limiters that count together, as processes would."""

    def __init__(self, server) -> None:
        self._server = server
        self._alone = MemoryLimiter()

    @asynccontextmanager
    async def open(self):
        if self._server is None:
            yield self._alone
            return
        link = RedisLink(self._server.url, FakeJournal())
        yield RedisLimiter(link)
        await link.close()


@pytest.fixture(params=["memory", "redis"])
def limiters(request):
    return Limiters(request.getfixturevalue("redis") if request.param == "redis" else None)


HOUR = 3_600


def test_a_caller_is_allowed_as_much_as_the_limit_and_no_more(limiters):
    async def trip():
        async with limiters.open() as limiter:
            said = [await limiter.hit("user:alice", 5, HOUR) for _ in range(7)]
            assert [one.is_allowed for one in said] == [True] * 5 + [False] * 2
            assert [one.remaining for one in said] == [4, 3, 2, 1, 0, 0, 0]
            assert {one.limit for one in said} == {5}
            assert [one.retry_after_seconds for one in said[:5]] == [0] * 5
            assert all(1 <= one.retry_after_seconds <= 2 * HOUR for one in said[5:])

    asyncio.run(trip())


def test_callers_and_windows_are_counted_apart(limiters):
    async def trip():
        async with limiters.open() as limiter:
            assert (await limiter.hit("user:alice", 1, HOUR)).is_allowed
            assert (await limiter.hit("user:bob", 1, HOUR)).is_allowed
            assert (await limiter.hit("user:alice", 1, 2 * HOUR)).is_allowed
            assert not (await limiter.hit("user:alice", 1, HOUR)).is_allowed

    asyncio.run(trip())


def test_many_at_once_are_counted_exactly(limiters):
    async def trip():
        async with limiters.open() as one, limiters.open() as two:
            said = await asyncio.gather(
                *(limiter.hit("ip:10.0.0.7", 100, HOUR) for limiter in (one, two) * 400)
            )
            assert sum(verdict.is_allowed for verdict in said) == 100

    asyncio.run(trip())


def test_whoever_waits_as_told_is_allowed_again(limiters):
    async def trip():
        async with limiters.open() as limiter:
            while (said := await limiter.hit("login:alice", 2, 1)).is_allowed:
                pass
            assert said.retry_after_seconds in {1, 2}
            await asyncio.sleep(said.retry_after_seconds)
            assert (await limiter.hit("login:alice", 2, 1)).is_allowed

    asyncio.run(trip())


def test_a_caller_that_gives_up_disturbs_nobody(limiters):
    async def trip():
        async with limiters.open() as limiter:
            first = asyncio.create_task(limiter.hit("user:alice", 9, HOUR))
            second = asyncio.create_task(limiter.hit("user:alice", 9, HOUR))
            await asyncio.sleep(0)
            first.cancel()
            assert (await second).is_allowed

    asyncio.run(trip())


def test_without_redis_each_process_counts_by_itself_until_it_is_back(redis):
    async def trip():
        limiters = Limiters(redis)
        async with limiters.open() as one, limiters.open() as two:
            assert (await one.hit("user:alice", 1, HOUR)).is_allowed
            assert not (await two.hit("user:alice", 1, HOUR)).is_allowed
            redis.kill()
            loop = asyncio.get_running_loop()
            began = loop.time()
            for limiter in (one, two):
                said = [(await limiter.hit("user:bob", 2, HOUR)).is_allowed for _ in range(100)]
                assert said == [True, True] + [False] * 98
            assert loop.time() - began < 3.0
            redis.start()
            async with asyncio.timeout(10):
                # One count over both again.
                for number in range(1_000):
                    name = f"user:{number}"
                    await one.hit(name, 1, HOUR)
                    if not (await two.hit(name, 1, HOUR)).is_allowed:
                        break
                    await asyncio.sleep(0.05)

    asyncio.run(trip())
