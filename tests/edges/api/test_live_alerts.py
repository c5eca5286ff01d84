"""Live alerts over a WebSocket, over the network: who may listen, what comes, and how it ends."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import websockets
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server
from tests.api_house import House, a_house, a_token
from tests.builders import a_node_id
from tests.servers import free_port

from daznode.domain.alert import NodeAlert
from daznode.domain.ids import NodeId
from daznode.domain.report import Severity
from daznode.edges.api import alert_socket


def an_alert(user_id="ulla", tenant_id="tenant-a", title="It is broken") -> NodeAlert:
    now = datetime.now(UTC)
    return NodeAlert(
        alert_id="00000000-0000-4000-8000-000000000001",
        user_id=user_id,
        tenant_id=tenant_id,
        node_pubkey=NodeId(a_node_id(1)),
        key="channel_inactive:1",
        type="channel_inactive",
        severity=Severity.CRITICAL,
        title=title,
        description="It is.",
        channels_affected=("1x1x1",),
        requires_action=True,
        opened_at=now,
        seen_at=now,
    )


class Spoken:
    """A house whose door is on the network."""

    def __init__(self, house: House, url: str) -> None:
        self.house, self.url = house, url

    def listen(self, token=None, **options):
        headers = {"Authorization": f"Bearer {token}"} if token else None
        return websockets.connect(self.url, additional_headers=headers, **options)

    async def tell(self, alert: NodeAlert) -> None:
        await self.house.service.parts.feed.publish((alert,))


def spoken(scenario, tmp_path, **given):
    """Run a scenario over a door on the network, served by the server of the product."""

    async def run():
        async with a_house(tmp_path, has_network=False, **given) as house:
            port = free_port()
            server = Server(
                house.app,
                address="127.0.0.1",
                port=port,
                interface=Interfaces.ASGINL,
                http=HTTPModes.http1,
                log_enabled=False,
            )
            task = asyncio.create_task(server.serve())
            try:
                async with asyncio.timeout(30):
                    await reachable(port)
                    await scenario(Spoken(house, f"ws://127.0.0.1:{port}/ws/alerts"))
            finally:
                server.stop()
                await task

    asyncio.run(run())


async def reachable(port):
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
            continue
        writer.close()
        await writer.wait_closed()
        return


async def said(socket):
    return json.loads(await asyncio.wait_for(socket.recv(), 10))


async def ending(socket):
    """Code and reason with which a connection ends."""
    try:
        while True:
            await asyncio.wait_for(socket.recv(), 15)
    except websockets.ConnectionClosed as closed:
        return closed.rcvd.code, closed.rcvd.reason


def test_an_alert_comes_at_once_and_only_to_its_user(tmp_path):
    async def scenario(door):
        own, other = a_token("ulla", "tenant-a"), a_token("bob", "tenant-b")
        async with door.listen(own) as socket, door.listen(other) as stranger:
            assert (await said(socket))["type"] == "ready"
            assert (await said(stranger))["type"] == "ready"
            await door.tell(an_alert())
            told = await said(socket)
            assert told["type"] == "alert"
            assert told["alert"]["title"] == "It is broken"
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(stranger.recv(), 0.3)

    spoken(scenario, tmp_path)


def test_the_token_may_come_as_subprotocol_or_first_message(tmp_path):
    async def scenario(door):
        token = a_token("ulla", "tenant-a")
        async with door.listen(subprotocols=["bearer", token]) as socket:
            assert socket.subprotocol == "bearer"
            assert (await said(socket))["type"] == "ready"
        async with door.listen() as socket:
            await socket.send(json.dumps({"token": token}))
            assert (await said(socket))["type"] == "ready"

    spoken(scenario, tmp_path)


@pytest.mark.parametrize(
    "first", ['{"token": "a.b.c"}', "no json", '{"other": 1}', "[]", b"bytes", "x" * 10_000]
)
def test_nobody_listens_without_a_valid_token(first, tmp_path):
    async def scenario(door):
        async with door.listen() as socket:
            await socket.send(first)
            code, _ = await ending(socket)
            assert code in {alert_socket.UNAUTHENTICATED, alert_socket.TOO_TALKATIVE}

    spoken(scenario, tmp_path)


def test_an_expired_or_foreign_token_is_refused(tmp_path):
    async def scenario(door):
        for token in (
            a_token("ulla", "tenant-a", minutes=1, ago=timedelta(minutes=5)),
            a_token("ulla", "tenant-a", secret="y" * 40),
        ):
            async with door.listen(token) as socket:
                code, reason = await ending(socket)
                assert code == alert_socket.UNAUTHENTICATED
                assert reason

    spoken(scenario, tmp_path)


def test_a_connection_ends_with_its_token(tmp_path):
    async def scenario(door):
        soon = a_token("ulla", "tenant-a", minutes=1, ago=timedelta(seconds=58))
        async with door.listen(soon) as socket:
            assert (await said(socket))["type"] == "ready"
            assert await ending(socket) == (
                alert_socket.UNAUTHENTICATED,
                "the token has expired",
            )

    spoken(scenario, tmp_path)


def test_it_beats_and_lets_go_of_a_disabled_account(tmp_path, monkeypatch):
    monkeypatch.setattr(alert_socket, "HEARTBEAT_SECONDS", 0.2)

    async def scenario(door):
        token = await door.house.add_user("ulla", "tenant-a")
        async with door.listen(token) as socket:
            assert (await said(socket))["type"] == "ready"
            assert (await said(socket))["type"] == "heartbeat"
            await door.house.service.parts.accounts.set_disabled("ulla", is_disabled=True)
            code, _ = await ending(socket)
            assert code == alert_socket.UNAUTHENTICATED

    spoken(scenario, tmp_path)


def test_one_user_has_so_many_connections_at_the_most(tmp_path, monkeypatch):
    monkeypatch.setattr(alert_socket, "MOST_PER_USER", 2)

    async def scenario(door):
        token = a_token("ulla", "tenant-a")
        async with door.listen(token) as one, door.listen(token) as two:
            assert [(await said(each))["type"] for each in (one, two)] == ["ready", "ready"]
            async with door.listen(token) as three:
                assert (await ending(three))[0] == alert_socket.TOO_MANY
        # Both have gone: there is room again.
        async with asyncio.timeout(5):
            while True:
                async with door.listen(token) as socket:
                    if (await said(socket))["type"] == "ready":
                        break

    spoken(scenario, tmp_path)


def test_who_talks_too_much_is_let_go(tmp_path):
    async def scenario(door):
        async with door.listen(a_token("ulla", "tenant-a")) as socket:
            for _ in range(alert_socket.MOST_SAID + 1):
                await socket.send("x")
            assert (await ending(socket))[0] == alert_socket.TOO_TALKATIVE

    spoken(scenario, tmp_path)


def test_who_does_not_read_is_let_go_and_others_go_on(tmp_path, monkeypatch):
    monkeypatch.setattr(alert_socket, "SENT_WITHIN_SECONDS", 0.5)

    async def scenario(door):
        token = a_token("ulla", "tenant-a")
        big = replace(an_alert(), description="x" * 1_000_000)
        slow = await door.listen(token, max_queue=1, write_limit=1)
        async with door.listen(token, max_size=None) as quick:
            assert (await said(quick))["type"] == "ready"
            slow.transport.pause_reading()
            for _ in range(30):
                await door.tell(big)
                assert (await said(quick))["type"] == "alert"
            assert door.house.service.health.is_started
        slow.transport.abort()

    spoken(scenario, tmp_path)


def test_a_stop_lets_listeners_go(tmp_path):
    async def scenario(door):
        async with door.listen(a_token("ulla", "tenant-a")) as socket:
            assert (await said(socket))["type"] == "ready"
            door.house.service.announce_stop()
            assert (await ending(socket))[0] == alert_socket.STOPPING

    spoken(scenario, tmp_path)
