"""Messages over a WebSocket: passed on one by one, and every way to break ends in one clear error."""

import asyncio

import pytest
from tests.standins.certificates import self_signed
from websockets.asyncio.server import serve

from daznode.adapters.http.client import Call, HttpClient
from daznode.adapters.http.source import HttpSource
from daznode.domain.errors import (
    BackendAnswerInvalid,
    BackendError,
    BackendRefused,
    BackendTimeout,
    BackendUnavailable,
    BackendUntrusted,
)


def listen(behave, *, refuse=None, tls=None, source=None, outcomes=None, **options):
    """Everything that is passed on until it ends; the error it ended with is raised."""
    told, opened = [], []
    outcomes = [] if outcomes is None else outcomes

    async def trip():
        def process_request(connection, request):
            del request
            return None if refuse is None else connection.respond(refuse, "no\n")

        context = tls.server_context() if tls else None
        async with serve(
            behave, "127.0.0.1", 0, ssl=context, process_request=process_request
        ) as server:
            port = server.sockets[0].getsockname()[1]
            address = f"{'https' if tls else 'http'}://localhost:{port}"
            made = source(address) if source else HttpSource("s", address, **options)
            async with HttpClient(made, observer=lambda *told: outcomes.append(told[1])) as client:
                await client.listen(
                    Call(path="/ws"), opened=lambda: opened.append(True), tell=told.append
                )

    try:
        asyncio.run(asyncio.wait_for(trip(), 20))
    except BackendError as error:
        error.told = told
        error.opened = opened
        raise
    return told, opened


async def three(socket):
    for text in ("one", "two", "drei ü"):
        await socket.send(text)
    await socket.close()


def test_messages_are_passed_on_until_the_other_side_ends_it():
    assert listen(three) == (["one", "two", "drei ü"], [True])


def test_over_tls_with_the_servers_own_certificate():
    papers = self_signed()
    told, _ = listen(
        three, tls=papers, source=lambda url: HttpSource("s", url, ca_file=papers.trust)
    )
    assert told == ["one", "two", "drei ü"]
    with pytest.raises(BackendUntrusted, match="certificate"):
        listen(three, tls=papers)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, BackendRefused), (404, BackendAnswerInvalid), (500, BackendUnavailable)],
)
def test_one_that_refuses_to_open(status, kind):
    with pytest.raises(kind, match=f"HTTP {status}") as told:
        listen(three, refuse=status)
    assert told.value.opened == []


async def binary(socket):
    await socket.send("one")
    await socket.send(b"\x00\x01")
    await socket.wait_closed()


async def oversized(socket):
    await socket.send("one")
    await socket.send("x" * 200_000)
    await socket.wait_closed()


async def cut(socket):
    await socket.send("one")
    await asyncio.sleep(0.1)
    socket.transport.abort()


async def angry(socket):
    await socket.send("one")
    await socket.close(1011, "secret words")


@pytest.mark.parametrize(
    ("behave", "kind"),
    [
        (binary, BackendAnswerInvalid),
        (oversized, BackendError),
        (cut, BackendUnavailable),
        (angry, BackendUnavailable),
    ],
)
def test_one_that_breaks_has_told_what_came_before(behave, kind):
    with pytest.raises(kind) as error:
        listen(behave)
    assert error.value.told == ["one"]
    line = str(error.value)
    assert line.startswith("s at localhost:")
    assert "secret words" not in line
    assert "\n" not in line


def test_what_is_watched_is_how_it_opens():
    outcomes = []
    with pytest.raises(BackendUnavailable):
        listen(cut, outcomes=outcomes)
    assert outcomes == ["ok"]
    with pytest.raises(BackendUnavailable):
        listen(three, refuse=500, outcomes=outcomes)
    assert outcomes == ["ok", "backend-unavailable"]


def test_one_that_never_opens():
    async def trip():
        async def silent(reader, writer):
            await reader.read()
            writer.close()

        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        source = HttpSource("s", f"http://127.0.0.1:{port}", timeout_seconds=0.2)
        async with server, HttpClient(source) as client:
            await client.listen(Call(path="/ws"), opened=lambda: None, tell=print)

    with pytest.raises(BackendTimeout):
        asyncio.run(asyncio.wait_for(trip(), 20))


def test_one_that_is_not_there():
    async def trip():
        async with HttpClient(HttpSource("s", "http://127.0.0.1:1")) as client:
            await client.listen(Call(path="/ws"), opened=lambda: None, tell=print)

    with pytest.raises(BackendUnavailable, match="cannot be reached"):
        asyncio.run(trip())


def test_it_can_be_cancelled():
    async def quiet(socket):
        await socket.wait_closed()

    async def trip():
        opened = asyncio.Event()
        async with serve(quiet, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with HttpClient(HttpSource("s", f"http://127.0.0.1:{port}")) as client:
                task = asyncio.create_task(
                    client.listen(Call(path="/ws"), opened=opened.set, tell=print)
                )
                await opened.wait()
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task

    asyncio.run(asyncio.wait_for(trip(), 20))
