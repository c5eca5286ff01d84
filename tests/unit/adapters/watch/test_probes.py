"""What the health page says of the parts."""

import asyncio
import shutil
from contextlib import asynccontextmanager

import pytest
from tests.fakes.batch import FakeJournal
from tests.fakes.clock import FakeClock
from tests.servers import free_port

from daznode.adapters.redis_link import RedisLink
from daznode.adapters.watch import probes
from daznode.adapters.watch.probes import disk_probe, qdrant_probe, redis_probe
from daznode.domain.health import ServiceHealth


@asynccontextmanager
async def a_server(answer: bytes | None):
    """Something that answers any request so, or not at all; yields its address and what it was sent."""
    heard = []

    async def serve(reader, writer):
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        if answer is not None:
            writer.write(answer)
            await writer.drain()
        else:
            await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/", heard
    finally:
        server.close()


def test_redis_says_its_version_and_remembers_what_it_refused(redis):
    async def trip():
        link = RedisLink(redis.url, FakeJournal())
        probe = redis_probe(link, FakeClock())
        well = await probe.check()
        assert (well.name, well.state, well.is_required) == ("cache", ServiceHealth.HEALTHY, False)
        assert well.detail.startswith("redis ")
        assert well.latency_seconds < 1
        redis.kill()
        down = await probe.check()
        assert down.state is ServiceHealth.UNHEALTHY
        assert "Redis is away" in down.last_error
        redis.start()
        async with asyncio.timeout(5):
            while (again := await probe.check()).state is not ServiceHealth.HEALTHY:  # noqa: ASYNC110 - it knows no event
                await asyncio.sleep(0.05)
        assert again.last_error is not None
        assert again.last_error_at == FakeClock().now()
        await link.close()

    asyncio.run(trip())


def test_qdrant_is_well_when_it_says_so():
    async def trip():
        good = b"HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\nall shards ready!"
        async with a_server(good) as (url, heard):
            health = await qdrant_probe(url, "k3y", FakeClock()).check()
            assert (health.name, health.state) == ("qdrant", ServiceHealth.HEALTHY)
            assert heard[0].startswith(b"GET /readyz ")
            assert b"api-key: k3y" in heard[0].lower()

    asyncio.run(trip())


def test_qdrant_that_is_not_ready_silent_or_gone_is_unhealthy(monkeypatch):
    monkeypatch.setattr(probes, "QDRANT_SECONDS", 0.2)

    async def trip():
        bad = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"
        for answer in (bad, None):
            async with a_server(answer) as (url, _):
                health = await qdrant_probe(url, "k3y", FakeClock()).check()
                assert health.state is ServiceHealth.UNHEALTHY
                assert "k3y" not in repr(health)
        gone = await qdrant_probe(f"http://127.0.0.1:{free_port()}", None, FakeClock()).check()
        assert gone.state is ServiceHealth.UNHEALTHY
        assert gone.last_error

    asyncio.run(trip())


@pytest.mark.parametrize(
    ("free_bytes", "state"),
    [
        (100 * 1024**3, ServiceHealth.HEALTHY),
        (1024**3, ServiceHealth.DEGRADED),
        (50 * 1024**2, ServiceHealth.UNHEALTHY),
    ],
)
def test_a_disk_that_fills_up_is_told(tmp_path, monkeypatch, free_bytes, state):
    total = 200 * 1024**3
    usage = shutil.disk_usage(tmp_path)._replace(
        total=total, used=total - free_bytes, free=free_bytes
    )
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    health = asyncio.run(disk_probe(tmp_path, FakeClock()).check())
    assert health.state is state
    assert "of 200.0 GiB free" in health.detail


def test_the_disk_of_a_folder_that_is_not_there_is_asked_all_the_same(tmp_path):
    assert (
        asyncio.run(disk_probe(tmp_path / "new" / "data", FakeClock()).check()).last_error is None
    )
