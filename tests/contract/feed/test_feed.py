"""What every AlertFeed promises, over the real thing."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from tests.builders import TODAY, a_node_id
from tests.fakes.batch import FakeJournal

from daznode.adapters.coordination.memory_feed import MOST_WAITING, MemoryFeed
from daznode.adapters.coordination.redis_feed import RedisFeed
from daznode.adapters.redis_link import RedisLink
from daznode.domain.alert import NodeAlert
from daznode.domain.report import Severity


class Feeds:
    """Opens feeds that reach each other, as processes would."""

    def __init__(self, server) -> None:
        self._server = server
        self._alone = MemoryFeed()

    @asynccontextmanager
    async def open(self):
        if self._server is None:
            yield self._alone
            return
        link = RedisLink(self._server.url, FakeJournal())
        feed = RedisFeed(link)
        yield feed
        await feed.close()
        await link.close()


@pytest.fixture(params=["memory", "redis"])
def feeds(request):
    return Feeds(request.getfixturevalue("redis") if request.param == "redis" else None)


def an_alert(number: int = 1, user_id: str = "alice") -> NodeAlert:
    return NodeAlert(
        alert_id=f"00000000-0000-4000-8000-{number:012}",
        user_id=user_id,
        tenant_id="tenant-1",
        node_pubkey=a_node_id(1),
        key=f"low_liquidity:{number}",
        type="low_liquidity",
        severity=Severity.WARNING,
        title="Peer «ünïcode» ⚡",
        description="2 % outbound",
        channels_affected=("814x12x1",),
        requires_action=True,
        opened_at=TODAY,
        seen_at=TODAY,
    )


async def heard(alerts, count: int):
    async with asyncio.timeout(5):
        return [await anext(alerts) for _ in range(count)]


def test_alerts_reach_their_users_listeners_everywhere_in_order(feeds):
    async def trip():
        async with feeds.open() as here, feeds.open() as there:
            told = [an_alert(1), an_alert(2, "bob"), an_alert(3)]
            async with (
                here.listen("alice") as one,
                there.listen("alice") as two,
                there.listen("bob") as bob,
            ):
                await here.publish(told)
                assert await heard(one, 2) == [told[0], told[2]]
                assert await heard(two, 2) == [told[0], told[2]]
                assert await heard(bob, 1) == [told[1]]
                await there.publish([an_alert(4)])
                assert await heard(one, 1) == [an_alert(4)]
                assert await heard(two, 1) == [an_alert(4)]

    asyncio.run(trip())


def test_nobody_listening_is_no_error_and_what_was_told_before_is_not_heard(feeds):
    async def trip():
        async with feeds.open() as feed:
            await feed.publish([an_alert(1)])
            await feed.publish([])
            async with feed.listen("alice") as alerts:
                await feed.publish([an_alert(2)])
                assert await heard(alerts, 1) == [an_alert(2)]

    asyncio.run(trip())


def test_a_slow_listener_loses_the_oldest(feeds):
    async def trip():
        async with feeds.open() as feed, feed.listen("alice") as alerts:
            told = [an_alert(number) for number in range(MOST_WAITING + 5)]
            await feed.publish(told)
            assert await heard(alerts, MOST_WAITING) == told[5:]

    asyncio.run(trip())


def test_a_listener_hears_others_again_after_redis_came_back(redis):
    async def trip():
        feeds = Feeds(redis)
        async with feeds.open() as here, feeds.open() as there, there.listen("alice") as alerts:
            await here.publish([an_alert(1)])
            assert await heard(alerts, 1) == [an_alert(1)]
            redis.kill()
            await here.publish([an_alert(2)])
            async with here.listen("alice") as near:
                await here.publish([an_alert(3)])
                assert await heard(near, 1) == [an_alert(3)]
            redis.start()
            hearing = asyncio.create_task(heard(alerts, 1))
            async with asyncio.timeout(10):
                while not hearing.done():
                    await here.publish([an_alert(4)])
                    await asyncio.sleep(0.05)
            assert await hearing == [an_alert(4)]

    asyncio.run(trip())


def test_what_is_no_alert_is_not_told(redis):
    async def trip():
        async with Feeds(redis).open() as feed, feed.listen("alice") as alerts:
            redis.say("PUBLISH", "daznode:alerts", '{"origin": 7}')
            redis.say("PUBLISH", "daznode:alerts", "no json")
            async with Feeds(redis).open() as other:
                await other.publish([an_alert(5)])
                assert await heard(alerts, 1) == [an_alert(5)]

    asyncio.run(trip())
