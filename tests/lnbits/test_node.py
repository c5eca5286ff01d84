"""The node behind a real LNbits, which talks to a stand-in of LND."""

from datetime import UTC, datetime

import pytest
from tests.standins.fake_lnd import OPEN, OTHER, PEER, QUIET, US

from daznode.adapters.lightning.lnbits.capabilities import MISSING, refuse
from daznode.adapters.lightning.lnbits.node import LnbitsNode
from daznode.adapters.lightning.lnbits.node_writer import LnbitsNodeWriter
from daznode.adapters.lightning.permit import WritePermit
from daznode.adapters.lightning.trust import Expected
from daznode.domain.capability import Applied, Capability, PolicyField, Refused
from daznode.domain.errors import (
    BackendAnswerInvalid,
    BackendRefused,
    BackendUntrusted,
    CapabilityMissing,
    ChannelNotFound,
    DryRun,
    InvalidAmount,
    InvalidParameter,
)
from daznode.domain.ids import ShortChannelId, format_scid
from daznode.domain.managed_node import ManagedState
from daznode.domain.units import Msat, Ppm, Sat

POINT = f"{'ab' * 32}:0"


@pytest.fixture(scope="module")
def reader(servers):
    """A token that only reads the node."""
    return servers[1].node_token("read")


@pytest.fixture
def ask(visit, node_server, reader, lnd):
    del lnd

    def run(question, token=reader, expected=None):
        async def work(connection):
            return await question(LnbitsNode(connection, expected))

        return visit(node_server.url, work, token=token)

    return run


@pytest.fixture
def change(visit, node_server, lnd):
    del lnd

    def run(work_with, token=node_server.token):
        async def work(connection):
            return await work_with(LnbitsNodeWriter(connection, WritePermit(dry_run=False)))

        return visit(node_server.url, work, token=token)

    return run


def set_fees(base_fee_msat=5, fee_ppm=321, scid=OPEN, known_cltv_delta=80):
    async def work(writer):
        return await writer.set_fees(
            ShortChannelId(scid),
            base_fee_msat=Msat(base_fee_msat),
            fee_ppm=Ppm(fee_ppm),
            known_cltv_delta=known_cltv_delta,
        )

    return work


def test_the_node_itself(ask):
    node = ask(lambda node: node.info())
    assert (node.node_id, node.alias, node.backend) == (US, "fake lnd", "lnd")
    assert (node.block_height, node.peer_count) == (929_100, 2)
    assert node.balance_msat == 6_000_000_000
    assert (node.onchain_sat, node.onchain_confirmed_sat) == (700_000, 600_000)
    assert (node.earned_day_sat, node.earned_week_sat, node.earned_month_sat) == (21, 210, 900)


def test_another_node_than_expected_is_not_trusted(ask):
    with pytest.raises(BackendUntrusted, match=f"is node {US}; expected {PEER}"):
        ask(lambda node: node.info(), expected=Expected(node_id=PEER))


def test_channels_of_every_state(ask):
    found = ask(lambda node: node.channels())
    states = {one.channel_point: one.state for one in found}
    assert states == {
        POINT: ManagedState.ACTIVE,
        f"{'ab' * 32}:1": ManagedState.INACTIVE,
        f"{'cd' * 32}:0": ManagedState.PENDING,
        f"{'ef' * 32}:1": ManagedState.CLOSED,
    }
    channel = next(one for one in found if one.channel_point == POINT)
    assert (channel.scid, channel.peer_id) == (OPEN, PEER)
    assert channel.peer_alias == f"alias of {PEER[-4:]}"
    assert (channel.local_msat, channel.remote_msat) == (3_000_000_000, 1_990_000_000)
    assert channel.capacity_msat == 5_000_000_000
    assert channel.fee_ppm is None
    waiting = next(one for one in found if one.state is ManagedState.PENDING)
    assert (waiting.handle, waiting.scid) == (None, None)


def test_one_channel_with_its_fees(ask):
    channel = ask(lambda node: node.channel(ShortChannelId(OPEN)))
    assert (channel.base_fee_msat, channel.fee_ppm) == (1_000, 250)
    with pytest.raises(ChannelNotFound, match=format_scid(OPEN + 9)):
        ask(lambda node: node.channel(ShortChannelId(OPEN + 9)))


def test_open_channels_with_their_fees(ask):
    found = ask(lambda node: node.priced_channels())
    assert {(one.scid, one.fee_ppm) for one in found} == {(OPEN, 250), (QUIET, 250)}


def test_peers_payments_and_invoices(ask):
    first, second = ask(lambda node: node.peers())
    assert (first.node_id, second.node_id) == (PEER, OTHER)
    assert first.addresses == ("192.0.2.1:9735",)
    assert first.announced_at == datetime.fromtimestamp(1_795_000_000, UTC)
    flying, paid = ask(lambda node: node.payments(limit=10))
    assert (paid.amount_msat, paid.fee_msat, paid.payee) == (50_000, 12, PEER)
    assert (flying.is_pending, flying.payee) == (True, None)
    waiting, settled = ask(lambda node: node.invoices(limit=10))
    assert (settled.amount_msat, settled.memo, settled.is_open) == (21_000, "coffee", False)
    assert settled.paid_at == datetime.fromtimestamp(1_795_000_050, UTC)
    assert (waiting.is_open, waiting.paid_at) == (True, None)


def test_what_it_can_and_cannot_is_declared(ask):
    can = ask(lambda node: node.capabilities())
    assert can.backend == "lnbits"
    assert Capability.FORWARDS not in can.can
    assert can.sets == {PolicyField.BASE_FEE, PolicyField.FEE_PPM}
    assert can.disturbs == {PolicyField.CLTV_DELTA}
    with pytest.raises(CapabilityMissing, match=r"forwarding history: .* connect the node itself"):
        ask(lambda node: node.forwards())
    for what in MISSING:
        with pytest.raises(CapabilityMissing, match=what):
            refuse(what)


def test_a_token_that_only_reads_is_enough_to_read_and_no_more(change, reader):
    outcome = change(set_fees(), token=reader)
    assert isinstance(outcome, Refused)
    assert "the access token does not allow it" in outcome.reason


def test_a_login_of_nobody_opens_no_node(ask):
    with pytest.raises(BackendRefused, match="the access token is not accepted"):
        ask(lambda node: node.info(), token="a.b.c")
    with pytest.raises(BackendRefused, match="LNBITS_ACCESS_TOKEN"):
        ask(lambda node: node.info(), token=None)


def test_fees_are_set_whole_and_read_back(change, lnd):
    assert change(set_fees()) == Applied()
    (sent,) = lnd.changes
    assert (sent["base_fee_msat"], sent["fee_rate_ppm"], sent["time_lock_delta"]) == (5, 321, 80)
    assert sent["chan_point"] == {"funding_txid_str": "ab" * 32, "output_index": 0}
    assert lnd.policies[str(QUIET)]["fee_rate_milli_msat"] == "250"


@pytest.mark.parametrize("known_cltv_delta", [None, 40, 144])
def test_what_would_disturb_the_cltv_delta_is_refused(change, lnd, known_cltv_delta):
    with pytest.raises(
        CapabilityMissing, match=r"sets cltv_delta to 80 .* connect the node itself"
    ):
        change(set_fees(known_cltv_delta=known_cltv_delta))
    assert lnd.changes == []


def test_a_refusal_that_lnbits_keeps_to_itself_is_found_out(change, lnd):
    lnd.refuses_updates = True
    outcome = change(set_fees())
    assert outcome == Refused("LNbits says that it is done, and the node has kept what was")
    assert len(lnd.changes) == 1


@pytest.mark.parametrize(("base_fee_msat", "fee_ppm"), [(-1, 0), (0, -1), (2**32, 0), (0, 2**32)])
def test_absurd_fees_are_not_sent(change, lnd, base_fee_msat, fee_ppm):
    with pytest.raises(InvalidAmount, match="takes 0 to"):
        change(set_fees(base_fee_msat, fee_ppm))
    assert lnd.changes == []


def test_fees_of_no_channel(change, lnd):
    with pytest.raises(ChannelNotFound):
        change(set_fees(scid=OPEN + 9))
    assert lnd.changes == []


def test_a_channel_is_opened(change, lnd):
    async def work(writer):
        return await writer.open_channel(PEER, Sat(100_000), feerate_sat_per_vb=3)

    assert change(work) == f"{bytes(reversed(range(32))).hex()}:1"
    (sent,) = lnd.opened
    assert (sent["local_funding_amount"], sent["push_sat"], sent["sat_per_vbyte"]) == (
        100_000,
        0,
        3,
    )


@pytest.mark.parametrize(
    ("funding_sat", "push_sat", "feerate_sat_per_vb"), [(0, 0, 1), (5, 5, 1), (9, 0, 0), (9, -1, 1)]
)
def test_absurd_channels_are_not_opened(change, lnd, funding_sat, push_sat, feerate_sat_per_vb):
    async def work(writer):
        await writer.open_channel(
            PEER, Sat(funding_sat), push_sat=Sat(push_sat), feerate_sat_per_vb=feerate_sat_per_vb
        )

    with pytest.raises(InvalidAmount):
        change(work)
    assert lnd.opened == []


def test_a_channel_is_closed(change, lnd):
    async def work(writer):
        await writer.close_channel(ShortChannelId(OPEN), is_forced=True)
        with pytest.raises(ChannelNotFound):
            await writer.close_channel(ShortChannelId(OPEN + 9))

    change(work)
    ((point, query),) = lnd.closed
    assert point == POINT
    assert query["force"].lower() == "true"


def test_peers_come_and_go(change, lnd):
    async def work(writer):
        await writer.connect_peer(US, "192.0.2.7:9735")
        first = await writer.disconnect_peer(OTHER)
        second = await writer.disconnect_peer(OTHER)
        with pytest.raises(InvalidParameter, match="host:port"):
            await writer.connect_peer(US, "nowhere@nohow")
        return first, second

    assert change(work) == (True, False)
    assert lnd.peers == [PEER, US]


def test_nothing_that_changes_the_node_can_be_made_in_a_dry_run(visit, node_server):
    async def work(connection):
        LnbitsNodeWriter(connection, WritePermit(dry_run=True))

    with pytest.raises(DryRun):
        visit(node_server.url, work, token=node_server.token)


def test_lnbits_without_a_node_says_so(visit, server):
    async def work(connection):
        return await LnbitsNode(connection).info()

    with pytest.raises(CapabilityMissing, match="its funding source cannot be managed as a node"):
        visit(server.url, work, token=server.token)


def test_a_switch_that_is_off_is_named(ask, node_server):
    node_server.ask("PATCH", "/admin/api/v1/settings", {"lnbits_node_ui_transactions": False})
    try:
        with pytest.raises(CapabilityMissing, match="LNBITS_NODE_UI_TRANSACTIONS=true"):
            ask(lambda node: node.payments())
    finally:
        node_server.ask("PATCH", "/admin/api/v1/settings", {"lnbits_node_ui_transactions": True})


def test_a_node_that_stops_answering(ask, lnd):
    lnd.channels["1"] = {"chan_id": "1"}
    with pytest.raises((BackendAnswerInvalid, Exception)) as told:
        ask(lambda node: node.channels())
    assert "\n" not in str(told.value)
