"""The service keeps the connected node's history up to date, in one of its processes at a time."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.api_house import a_house, settings_of, until
from tests.builders import TODAY, a_profile
from tests.fakes.batch import FakeJournal
from tests.fakes.store import FakeObservationStore
from tests.standins import backends
from tests.standins.lnd import MACAROON
from tests.worlds import STARTS_AT

from daznode.adapters.clock import SystemClock
from daznode.adapters.coordination.folder_leases import FolderLeases
from daznode.adapters.lightning.lnd.events import LndEvents
from daznode.adapters.lightning.simulated import SimulatedNode, WorldClock
from daznode.adapters.store.history import SqliteHistory
from daznode.domain.errors import BackendRefused
from daznode.usecases.keep_following import KeepFollowing
from daznode.wiring.storage import open_stores

EVER = (STARTS_AT - timedelta(days=400), STARTS_AT + timedelta(days=400))
SYNCED = "Connected node synced"


class Processes:
    """Followers of one node that share a folder, as processes of one service do."""

    def __init__(self, bench, folder):
        self.bench = bench
        self.history = SqliteHistory(folder)
        self.stores = open_stores(settings_of(folder), folder, folder / "assets")
        self.leases = FolderLeases(folder)
        self.clock = WorldClock(SimulatedNode(bench.world))
        self.node_id = bench.world.observation().identity.node_id

    def follower(self, owner):
        node = self.bench.make()
        return KeepFollowing(
            node=node,
            events=LndEvents(node.connection, self.clock),
            clock=self.clock,
            history=self.history,
            observations=FakeObservationStore(),
            profiles=self.stores.profiles,
            leases=self.leases,
            journal=FakeJournal(),
            owner=owner,
            lease_seconds=0.6,
            again_seconds=0.05,
        )

    async def close(self, *followers):
        for one in followers:
            await backends.close_connection(one.node)
        self.history.close()
        await self.stores.close()


async def ended(task):
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_one_process_follows_and_another_takes_over(tmp_path):
    async def trip(bench):
        processes = Processes(bench, tmp_path)
        first, second = processes.follower("first"), processes.follower("second")
        leading = asyncio.create_task(first.forever())
        await until(lambda: SYNCED in first.journal.events() or leading.done())
        assert not leading.done(), leading.result()
        waiting = asyncio.create_task(second.forever())
        await asyncio.sleep(1.0)  # longer than the lease, which the first one renews
        assert second.journal.lines == []
        await ended(leading)
        await until(lambda: SYNCED in second.journal.events())
        await ended(waiting)
        kept = await processes.history.activity("local", processes.node_id, *EVER)
        truth = bench.world.activity(bench.since, bench.world.now)
        assert kept.forwards == truth.forwards
        await processes.close(first, second)

    with backends.lnd() as bench:
        asyncio.run(trip(bench))


def test_what_is_kept_belongs_to_who_has_proven_the_node(tmp_path):
    async def trip(bench):
        processes = Processes(bench, tmp_path)
        profile = a_profile(
            user_id="alice",
            tenant_id="t",
            lightning_pubkey=processes.node_id,
            pubkey_proven_at=TODAY,
        )
        await processes.stores.profiles.put_profile(profile)
        follower = processes.follower("one")
        following = asyncio.create_task(follower.forever())
        await until(lambda: SYNCED in follower.journal.events())
        assert await processes.history.synced_until("t", processes.node_id) is not None
        assert await processes.history.synced_until("local", processes.node_id) is None
        await processes.stores.profiles.put_profile(replace(profile, tenant_id="moved"))
        async with asyncio.timeout(20):
            while await processes.history.synced_until("moved", processes.node_id) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await ended(following)
        await processes.close(follower)

    with backends.lnd() as bench:
        asyncio.run(trip(bench))


class Refused:
    """Events of a node that takes the credential no more."""

    def listen(self):
        message = "lnd: refuses the macaroon"
        raise BackendRefused(message)


def test_a_refused_credential_is_told_and_tried_again(tmp_path):
    async def trip(bench):
        processes = Processes(bench, tmp_path)
        follower = replace(processes.follower("one"), events=Refused())
        following = asyncio.create_task(follower.forever())
        await until(
            lambda: follower.journal.events("error").count("Connected node cannot be followed") > 1
        )
        assert not following.done()
        await ended(following)
        assert await processes.leases.acquire("follow:connected-node", "next", 1.0)
        await processes.close(follower)

    with backends.lnd() as bench:
        asyncio.run(trip(bench))


@pytest.mark.timeout(60)
def test_the_service_follows_what_its_settings_name(tmp_path):
    (tmp_path / "macaroon").write_bytes(bytes.fromhex(MACAROON))

    async def trip(bench, server):
        connected = {
            "LND_REST_URL": server.url,
            "LND_MACAROON_PATH": tmp_path / "macaroon",
            "LND_TLS_CERT_PATH": server.papers.trust,
        }
        node_id = bench.world.observation().identity.node_id
        async with a_house(tmp_path, **connected):
            history = SqliteHistory(tmp_path / "data")
            async with asyncio.timeout(30):
                while await history.synced_until("local", node_id) is None:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            kept = await history.activity("local", node_id, EVER[0], SystemClock().now())
            assert kept.forwards == bench.world.activity(bench.since, bench.world.now).forwards
            history.close()

    with backends.lnd() as bench:
        asyncio.run(trip(bench, bench.stand_in._server))
