"""The same promises against a live node, when one is named in the environment; it is only read.

LND: DAZNODE_TEST_LND_URL, DAZNODE_TEST_LND_MACAROON (file), DAZNODE_TEST_LND_CERT (file).
Core Lightning: DAZNODE_TEST_CLN_URL, DAZNODE_TEST_CLN_RUNE, DAZNODE_TEST_CLN_CA (file).
With DAZNODE_TEST_WRITES=1 the policy of one channel is changed by 1 ppm and restored.
"""

import asyncio
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from daznode.adapters.clock import SystemClock
from daznode.adapters.lightning.connect import NodeAddress, connect_cln, connect_lnd
from daznode.adapters.lightning.lnd.connection import read_macaroon
from daznode.adapters.lightning.permit import WritePermit
from daznode.domain.capability import Applied, Capability
from daznode.domain.ids import is_curve_point


def named(name):
    return os.environ.get(f"DAZNODE_TEST_{name}")


def lnd():
    if not named("LND_URL"):
        pytest.skip("no live LND: DAZNODE_TEST_LND_URL is not set")
    address = NodeAddress(named("LND_URL"), ca_file=Path(named("LND_CERT")))
    return connect_lnd(address, read_macaroon(Path(named("LND_MACAROON"))), SystemClock())


def cln():
    if not named("CLN_URL"):
        pytest.skip("no live Core Lightning: DAZNODE_TEST_CLN_URL is not set")
    ca = named("CLN_CA")
    address = NodeAddress(named("CLN_URL"), ca_file=Path(ca) if ca else None)
    return connect_cln(address, named("CLN_RUNE"), SystemClock())


@pytest.fixture(params=[lnd, cln], ids=lambda make: make.__name__)
def ask(request):
    def trip(question):
        async def run():
            handle = request.param()
            try:
                return await question(handle)
            finally:
                await handle.client.aclose()

        return asyncio.run(run())

    return trip


def test_it_is_read_whole(ask):
    async def read(handle):
        node = handle.node
        observation, vitals = await node.examine()
        assert is_curve_point(bytes.fromhex(observation.identity.node_id))
        assert observation.channels == tuple(sorted(observation.channels, key=lambda c: c.scid))
        assert vitals.block_height > 0
        if Capability.BACKUP_EXPORT in (await node.capabilities()).can:
            backup = await node.export_backup()
            assert set(vitals.open_points.values()) <= backup.covers

    ask(read)


def test_its_history_is_read_once(ask):
    async def read(handle):
        for strand in handle.node.strands:
            cursor = None
            async for page in handle.node.pages(strand, None, datetime.now(UTC)):
                cursor = page.cursor
            more = [page async for page in handle.node.pages(strand, cursor, datetime.now(UTC))]
            assert sum(len(page.events) for page in more) < 100

    ask(read)


def test_a_policy_is_changed_and_restored(ask):
    if named("WRITES") != "1":
        pytest.skip("writes to a live node are not allowed: DAZNODE_TEST_WRITES is not 1")

    async def change(handle):
        writer = handle.writer(WritePermit(dry_run=False))
        scid = (await handle.node.observe()).channels[0].scid
        before = await writer.read_back(scid)
        assert await writer.write(scid, replace(before, fee_ppm=before.fee_ppm + 1)) == Applied()
        assert (await writer.read_back(scid)).fee_ppm == before.fee_ppm + 1
        assert await writer.write(scid, before) == Applied()
        assert await writer.read_back(scid) == before

    ask(change)
