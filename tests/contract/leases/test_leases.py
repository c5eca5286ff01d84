"""What all Leases promise, over the real thing."""

import asyncio
import sys
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from tests.fakes.batch import FakeJournal, FakeLeases
from tests.fakes.clock import FakeClock

from daznode.adapters.coordination.folder_leases import FolderLeases
from daznode.adapters.coordination.redis_leases import RedisLeases
from daznode.adapters.redis_link import RedisLink
from daznode.domain.errors import StoreUnavailable


class Holders:
    """Opens leases as several processes would see them; `pass_time` lets time go by."""

    def __init__(self, kind, request, tmp_path) -> None:
        self.kind = kind
        self._folder = tmp_path
        self._now = 1_000.0
        self._fake = FakeLeases(FakeClock()) if kind == "fake" else None
        self._server = request.getfixturevalue("redis") if kind == "redis" else None

    @asynccontextmanager
    async def open(self):
        if self._fake is not None:
            yield self._fake
        elif self._server is None:
            yield FolderLeases(self._folder / "data", lambda: self._now)
        else:
            link = RedisLink(self._server.url, FakeJournal())
            yield RedisLeases(link)
            await link.close()

    async def pass_time(self, seconds: float) -> None:
        self._now += seconds
        if self._fake is not None:
            self._fake.clock.advance(timedelta(seconds=seconds))
        if self._server is not None:
            await asyncio.sleep(seconds)


@pytest.fixture(params=["folder", "redis", "fake"])
def holders(request, tmp_path):
    return Holders(request.param, request, tmp_path)


def test_one_holds_a_lease_until_it_gives_it_back(holders):
    async def trip():
        async with holders.open() as here, holders.open() as there:
            assert await here.acquire("scheduler", "a", 30)
            assert not await there.acquire("scheduler", "b", 30)
            assert await here.acquire("scheduler", "a", 30)
            assert await there.acquire("another", "b", 30)
            await there.release("scheduler", "b")
            assert not await there.acquire("scheduler", "b", 30)
            await here.release("scheduler", "a")
            assert await there.acquire("scheduler", "b", 30)
            assert not await here.acquire("scheduler", "a", 30)

    asyncio.run(trip())


def test_a_lease_ends_by_itself_unless_it_is_renewed(holders):
    async def trip():
        async with holders.open() as here, holders.open() as there:
            assert await here.acquire("scheduler", "a", 0.3)
            await holders.pass_time(0.2)
            assert await here.acquire("scheduler", "a", 0.3)
            await holders.pass_time(0.2)
            assert not await there.acquire("scheduler", "b", 0.3)
            await holders.pass_time(0.2)
            assert await there.acquire("scheduler", "b", 0.3)

    asyncio.run(trip())


def test_of_many_that_want_a_lease_at_once_one_gets_it(holders):
    async def trip():
        async with holders.open() as one, holders.open() as two:
            got = await asyncio.gather(
                *(leases.acquire("run", f"{n}", 30) for n, leases in enumerate((one, two) * 10))
            )
            assert sum(got) == 1

    asyncio.run(trip())


def test_giving_back_what_nobody_holds_does_nothing(holders):
    async def trip():
        async with holders.open() as leases:
            await leases.release("scheduler", "a")

    asyncio.run(trip())


def test_while_redis_is_away_nobody_can_say_who_holds_a_lease(redis):
    async def trip():
        link = RedisLink(redis.url, FakeJournal())
        leases = RedisLeases(link)
        assert await leases.acquire("scheduler", "a", 30)
        redis.kill()
        with pytest.raises(StoreUnavailable):
            await leases.acquire("scheduler", "a", 30)
        await leases.release("scheduler", "a")
        await link.close()

    asyncio.run(trip())


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("no folder")

    async def trip():
        leases = FolderLeases(tmp_path / "file")
        with pytest.raises(StoreUnavailable, match="file"):
            await leases.acquire("scheduler", "a", 30)
        await leases.release("scheduler", "a")

    asyncio.run(trip())


def test_a_lease_of_before_a_restart_of_the_machine_is_nobodys(tmp_path):
    async def trip():
        assert await FolderLeases(tmp_path, lambda: 9_000.0).acquire("scheduler", "a", 30)
        assert await FolderLeases(tmp_path, lambda: 12.0).acquire("scheduler", "b", 30)

    asyncio.run(trip())


def test_a_process_that_is_killed_leaves_its_lease_to_the_next(tmp_path):
    code = (
        "import asyncio, sys, time; from pathlib import Path\n"
        "from daznode.adapters.coordination.folder_leases import FolderLeases\n"
        "print(asyncio.run(FolderLeases(Path(sys.argv[1])).acquire('s', 'child', 0.5)), flush=True)\n"
        "time.sleep(60)\n"
    )

    async def trip():
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, str(tmp_path), stdout=asyncio.subprocess.PIPE
        )
        assert (await child.stdout.readline()).strip() == b"True"
        leases = FolderLeases(tmp_path)
        assert not await leases.acquire("s", "parent", 5)
        child.kill()
        await child.wait()
        async with asyncio.timeout(5):
            while not await leases.acquire("s", "parent", 5):  # noqa: ASYNC110 - it knows no event
                await asyncio.sleep(0.02)

    asyncio.run(trip())
