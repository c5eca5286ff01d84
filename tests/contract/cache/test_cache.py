"""What every Cache promises, over the real thing."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from tests.fakes.batch import FakeJournal

from daznode.adapters.cache.memory import MemoryCache
from daznode.adapters.cache.redis import RedisCache
from daznode.adapters.redis_link import RedisLink
from daznode.adapters.watch.metrics import PrometheusMetrics

KEY = "report:latest:alice"


class Caches:
    """Opens caches that share what they keep, as processes would."""

    def __init__(self, server) -> None:
        self._server = server
        self.metrics = PrometheusMetrics()
        self.is_shared = server is not None

    @asynccontextmanager
    async def open(self):
        if self._server is None:
            cache = MemoryCache(self.metrics)
            yield cache
            await cache.close()
            return
        link = RedisLink(self._server.url, FakeJournal())
        cache = RedisCache(link, self.metrics)
        yield cache
        await cache.close()
        await link.close()

    def asked(self, outcome: str, kind: str = "report") -> float:
        value = self.metrics.registry.get_sample_value(f"cache_{outcome}_total", {"kind": kind})
        return value or 0.0


@pytest.fixture(params=["memory", "redis"])
def caches(request):
    server = request.getfixturevalue("redis") if request.param == "redis" else None
    return Caches(server)


@pytest.fixture
def shared(redis):
    return Caches(redis)


class Maker:
    """Makes numbered values, slowly enough for others to come."""

    def __init__(self, seconds: float = 0.05) -> None:
        self.seconds, self.n_made = seconds, 0

    async def __call__(self) -> bytes:
        self.n_made += 1
        made = self.n_made
        await asyncio.sleep(self.seconds)
        return b"made %d" % made


async def until(is_so, seconds: float = 10.0):
    async with asyncio.timeout(seconds):
        while not await is_so():  # noqa: ASYNC110 - it knows no event
            await asyncio.sleep(0.01)


def test_what_is_put_is_got_and_forgotten(caches):
    async def trip():
        async with caches.open() as cache:
            assert await cache.get(KEY) is None
            await cache.put(KEY, b"\x00\xff report", 60)
            await cache.put("score:a", b"", 60)
            assert await cache.get(KEY) == b"\x00\xff report"
            assert await cache.get("score:a") == b""
            await cache.put(KEY, b"newer", 60)
            assert await cache.get(KEY) == b"newer"
            await cache.forget(KEY, "score:a", "never:there")
            assert await cache.get(KEY) is None
            assert await cache.get("score:a") is None

    asyncio.run(trip())


def test_what_is_put_ends_with_its_age(caches):
    async def trip():
        async with caches.open() as cache:
            await cache.put(KEY, b"short", 0.05)
            await cache.put("score:a", b"long", 60)
            await asyncio.sleep(0.1)
            assert await cache.get(KEY) is None
            assert await cache.get("score:a") == b"long"

    asyncio.run(trip())


def test_what_many_want_at_once_is_made_once(caches):
    async def trip():
        maker = Maker()
        async with caches.open() as cache:
            got = await asyncio.gather(*(cache.get_or_make(KEY, 60, maker) for _ in range(100)))
            assert set(got) == {b"made 1"}
            assert await cache.get_or_make(KEY, 60, maker) == b"made 1"
            assert maker.n_made == 1

    asyncio.run(trip())


def test_an_error_is_raised_to_all_that_wait_and_not_kept(caches):
    async def fail() -> bytes:
        await asyncio.sleep(0.02)
        message = "no snapshot"
        raise LookupError(message)

    async def trip():
        async with caches.open() as cache:
            failing = (cache.get_or_make(KEY, 60, fail) for _ in range(5))
            errors = await asyncio.gather(*failing, return_exceptions=True)
            assert [type(one) for one in errors] == [LookupError] * 5
            assert await cache.get_or_make(KEY, 60, Maker(0)) == b"made 1"

    asyncio.run(trip())


def test_a_caller_that_gives_up_takes_nothing_from_the_others(caches):
    async def trip():
        maker = Maker()
        async with caches.open() as cache:
            first = asyncio.create_task(cache.get_or_make(KEY, 60, maker))
            await asyncio.sleep(0.01)
            second = asyncio.create_task(cache.get_or_make(KEY, 60, maker))
            await asyncio.sleep(0)
            first.cancel()
            assert await second == b"made 1"
            assert await cache.get(KEY) == b"made 1"

    asyncio.run(trip())


def test_what_is_forgotten_while_it_is_made_is_not_kept(caches):
    async def trip():
        maker = Maker()
        async with caches.open() as cache:
            old = asyncio.create_task(cache.get_or_make(KEY, 60, maker))
            await asyncio.sleep(0.02)
            await cache.forget(KEY)
            assert await cache.get_or_make(KEY, 60, maker) == b"made 2"
            assert await old == b"made 1"
            assert await cache.get(KEY) == b"made 2"

    asyncio.run(trip())


def test_hits_and_misses_are_told_by_kind(caches):
    async def trip():
        async with caches.open() as cache:
            await cache.get(KEY)
            await cache.get_or_make(KEY, 60, Maker(0))
            await cache.get(KEY)
            await cache.get_or_make(KEY, 60, Maker(0))
            await cache.get("score:a")

    asyncio.run(trip())
    assert (caches.asked("hits"), caches.asked("misses")) == (2, 2)
    assert (caches.asked("hits", "score"), caches.asked("misses", "score")) == (0, 1)


def test_processes_share_what_is_kept_and_what_is_forgotten(shared):
    async def trip():
        async with shared.open() as here, shared.open() as there:
            await here.put(KEY, b"one", 60)
            assert await there.get(KEY) == b"one"
            assert await there.get(KEY) == b"one"
            await here.forget(KEY)

            async def is_gone():
                return await there.get(KEY) is None

            await until(is_gone, 3)

    asyncio.run(trip())


def test_of_processes_that_want_the_same_one_makes_it(shared):
    async def trip():
        maker = Maker(0.2)
        async with shared.open() as one, shared.open() as two, shared.open() as three:
            got = await asyncio.gather(
                *(cache.get_or_make(KEY, 60, maker) for cache in (one, two, three))
            )
            assert got == [b"made 1"] * 3
            assert maker.n_made == 1

    asyncio.run(trip())


def test_what_another_process_forgot_while_it_was_made_is_not_kept(shared):
    async def trip():
        async with shared.open() as one, shared.open() as two, shared.open() as three:
            old = asyncio.create_task(one.get_or_make(KEY, 60, Maker(0.1)))
            await asyncio.sleep(0.05)
            await two.forget(KEY)
            await old
            assert await three.get(KEY) is None

    asyncio.run(trip())


def test_a_dead_redis_costs_speed_and_no_answer_and_comes_back_by_itself(shared, redis):
    async def trip():
        maker = Maker(0)
        async with shared.open() as cache:
            await cache.put(KEY, b"kept", 60)
            redis.kill()
            loop = asyncio.get_running_loop()
            began = loop.time()
            for number in range(200):
                name = f"score:{number}"
                assert (await cache.get_or_make(name, 60, maker)).startswith(b"made")
                await cache.get(f"stats:{number}")
                await cache.put(f"market:{number}", b"x", 60)
                await cache.forget(f"market:{number}")
            assert loop.time() - began < 3.0
            redis.start()

            async def is_back():
                await cache.put("market:a", b"shared", 60)
                async with shared.open() as other:
                    return await other.get("market:a") == b"shared"

            await until(is_back)

    asyncio.run(trip())


def test_a_redis_that_hangs_is_waited_for_by_one_and_not_by_every_request(shared, redis):
    async def trip():
        maker = Maker(0)
        async with shared.open() as cache:
            await cache.put(KEY, b"kept", 60)
            redis.hang()
            loop = asyncio.get_running_loop()
            began = loop.time()
            for number in range(50):
                await cache.get_or_make(f"score:{number}", 60, maker)
            assert loop.time() - began < 10.0
            assert maker.n_made == 50
            redis.restart()

    asyncio.run(trip())
