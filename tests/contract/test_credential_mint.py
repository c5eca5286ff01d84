"""What every CredentialMint promises: least privilege, revocable alone, never shown, none while dry."""

import asyncio
import re

import pytest
from tests.standins import backends
from tests.standins.lnd import LndStandIn

from daznode.adapters.lightning.cln import runes
from daznode.adapters.lightning.cln.events import ClnEvents
from daznode.adapters.lightning.cln.runes import ClnMint
from daznode.adapters.lightning.lnd import macaroons
from daznode.adapters.lightning.lnd.events import LndEvents
from daznode.adapters.lightning.lnd.macaroons import LndMint
from daznode.adapters.lightning.lnd.policies import LndPolicyWriter
from daznode.adapters.lightning.permit import WritePermit
from daznode.adapters.lightning.simulated import SimulatedNode, WorldClock
from daznode.domain.errors import DryRun, InvalidParameter


@pytest.fixture(params=[backends.lnd, backends.cln], ids=lambda make: make.__name__)
def bench(request):
    with request.param() as made:
        yield made


def minting(bench, use, permit=None):
    async def trip(node):
        kind = LndMint if type(node).__name__ == "LndNode" else ClnMint
        return await use(kind(node.connection, permit or WritePermit(dry_run=False)))

    return bench.ask(trip)


def asked(bench, *paths):
    return [one.json() for one in bench.stand_in._server.asked if one.path in paths]


def test_each_credential_has_an_id_of_its_own_and_is_listed(bench):
    made = [minting(bench, lambda mint, p=p: mint.mint(p)) for p in ("reader", "fees", "reader")]
    ids = [one.credential_id for one in made]
    assert len(set(ids)) == 3
    listed = minting(bench, lambda mint: mint.credentials())
    assert set(ids) <= {one.credential_id for one in listed}


def test_no_secret_is_shown_or_listed(bench):
    made = minting(bench, lambda mint: mint.mint("reader"))
    assert made.secret
    assert made.secret not in repr(made)
    assert "canary" not in repr(minting(bench, lambda mint: mint.credentials()))


def test_a_reader_may_read_and_a_fee_writer_may_only_set_policies_beside_it(bench):
    for purpose in ("reader", "fees"):
        minting(bench, lambda mint, p=purpose: mint.mint(p))
    bodies = asked(bench, "/v1/macaroon", "/v1/createrune")
    allowed = [
        {one["action"] for one in body["permissions"]}
        if "permissions" in body
        else {one.removeprefix("method=") for one in body["restrictions"][0]}
        for body in bodies
    ]
    reader, fees = allowed
    assert len(fees - reader) == 1
    assert next(iter(fees - reader)) in {"/lnrpc.Lightning/UpdateChannelPolicy", "setchannel"}
    for word in ("Send", "Pay", "pay", "withdraw", "Restore", "CloseChannel", "close", "Bake"):
        assert not any(one.rpartition("/")[2].startswith(word) for one in fees)


LND_METHODS = (
    (r"/v1/getinfo", "Lightning/GetInfo"),
    (r"/v1/channels", "Lightning/ListChannels"),
    (r"/v1/channels/pending", "Lightning/PendingChannels"),
    (r"/v1/channels/closed", "Lightning/ClosedChannels"),
    (r"/v1/channels/backup", "Lightning/ExportAllChannelBackups"),
    (r"/v1/channels/backup/verify", "Lightning/VerifyChanBackup"),
    (r"/v1/channels/subscribe", "Lightning/SubscribeChannelEvents"),
    (r"/v1/graph", "Lightning/DescribeGraph"),
    (r"/v1/graph/subscribe", "Lightning/SubscribeChannelGraph"),
    (r"/v1/graph/node/.*", "Lightning/GetNodeInfo"),
    (r"/v1/graph/edge/.*", "Lightning/GetChanInfo"),
    (r"/v1/balance/blockchain", "Lightning/WalletBalance"),
    (r"/v1/peers", "Lightning/ListPeers"),
    (r"/v1/switch", "Lightning/ForwardingHistory"),
    (r"/v1/payments", "Lightning/ListPayments"),
    (r"/v1/invoices", "Lightning/ListInvoices"),
    (r"/v2/router/htlcevents", "Router/SubscribeHtlcEvents"),
    (r"/v2/router/mc", "Router/QueryMissionControl"),
)


def test_a_reader_may_do_exactly_what_reading_does(bench, tmp_path):
    """Everything that is read is called once; what was called is what a reader is allowed."""

    async def read_all(node):
        await node.examine()
        await node.closed_channels()
        await node.export_backup()
        await node.save_graph(tmp_path / "graph")
        for strand in node.strands:
            async for _ in node.pages(strand, None, bench.until):
                pass
        kind = LndEvents if isinstance(bench.stand_in, LndStandIn) else ClnEvents
        async with kind(node.connection, WorldClock(SimulatedNode(bench.world))).listen() as told:
            await anext(told)
            if kind is LndEvents:
                await node.mission_control()
                while len(bench.stand_in.listeners) < 3:  # noqa: ASYNC110 - in another thread
                    await asyncio.sleep(0.005)
                await LndPolicyWriter(node.connection, WritePermit(dry_run=False)).read_back(
                    bench.world.observation().channels[0].scid
                )

    bench.ask(read_all)
    paths = {one.path for one in bench.stand_in._server.asked}
    if isinstance(bench.stand_in, LndStandIn):
        called = {
            method
            for path in paths
            for pattern, method in LND_METHODS
            if re.fullmatch(pattern, path)
        }
        assert all(any(re.fullmatch(p, path) for p, _ in LND_METHODS) for path in paths), paths
        assert called == {one.rpartition("rpc.")[2] for one in macaroons.READS}
    else:
        called = {path.removeprefix("/v1/") for path in paths}
        assert called | {"bkpr-listaccountevents"} == set(runes.READS)


def test_a_rune_for_fees_is_bounded_by_the_node():
    bounds = runes.RESTRICTIONS["fees"][1:]
    assert ["method/setchannel", "pnamefeeppm<10001"] in bounds
    assert ["method/setchannel", "pnameid/all"] in bounds


def test_a_macaroon_is_baked_by_method():
    assert all(
        one.startswith(("/lnrpc.Lightning/", "/routerrpc.Router/")) for one in macaroons.READS
    )


def test_a_revoked_credential_is_gone_or_listed_as_revoked(bench):
    made = minting(bench, lambda mint: mint.mint("reader"))
    minting(bench, lambda mint: mint.revoke(made.credential_id))
    listed = minting(bench, lambda mint: mint.credentials())
    left = [one for one in listed if one.credential_id == made.credential_id]
    assert all(one.is_revoked for one in left)


@pytest.mark.parametrize("credential_id", ["77", "x", ""])
def test_what_is_not_there_cannot_be_revoked(bench, credential_id):
    with pytest.raises(InvalidParameter):
        minting(bench, lambda mint: mint.revoke(credential_id))


def test_the_nodes_own_root_key_is_never_deleted():
    with backends.lnd() as bench:
        with pytest.raises(InvalidParameter, match="root key 0"):
            minting(bench, lambda mint: mint.revoke("0"))
        assert bench.stand_in.root_keys == ["0"]


def test_an_unknown_purpose_is_refused(bench):
    with pytest.raises(InvalidParameter, match="takes reader, fees"):
        minting(bench, lambda mint: mint.mint("admin"))


def test_nothing_is_minted_while_dry(bench):
    with pytest.raises(DryRun):
        minting(bench, lambda mint: mint.mint("reader"), object.__new__(WritePermit))
    assert asked(bench, "/v1/macaroon", "/v1/createrune") == []
