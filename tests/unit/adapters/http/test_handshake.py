"""A stop at any moment leaves no socket open: an unclosed one would be a warning, hence an error."""

import asyncio
import gc

import pytest
from tests.standins.server import LoopbackServer, Reply

from daznode.adapters.http.client import Call, HttpClient
from daznode.adapters.http.source import HttpSource


async def answer(asked):
    return Reply(body=b"{}", delay_seconds=0.02)


@pytest.fixture(scope="module")
def server():
    with LoopbackServer(answer) as made:
        yield made


@pytest.mark.parametrize("milliseconds", [0, 1, 2, 3, 4, 6, 8, 12, 20])
def test_a_call_that_is_stopped_leaves_nothing_behind(server, milliseconds):
    source = HttpSource("lnd", server.url, ca_file=server.papers.trust, attempts=1)

    async def trip():
        async with HttpClient(source) as client:
            reading = asyncio.create_task(client.read(Call(path="/x")))
            await asyncio.sleep(milliseconds / 1_000)
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    for _ in range(5):
        asyncio.run(trip())
    gc.collect()
