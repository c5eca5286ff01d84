"""LND's present, of several versions, and its records."""

import asyncio
import json

import pytest
from tests.standins import backends
from tests.standins.lnd import channel_point, failed
from tests.standins.server import json_reply

from daznode.domain.capability import PolicyField
from daznode.domain.errors import BackendAnswerInvalid, BackendRefused, BackendUnavailable
from daznode.domain.vitals import CloseKind


@pytest.fixture(params=["0.17.5-beta", "0.18.3-beta", "0.20.1-beta", "0.21.0-beta"])
def bench(request):
    with backends.lnd(version=request.param) as made:
        yield made


@pytest.fixture
def one():
    with backends.lnd() as made:
        yield made


def test_both_policies_of_every_channel_are_read(bench):
    has_inbound = bench.stand_in.release >= (0, 18)
    seen = bench.ask(lambda node: node.observe())
    truth = bench.world.observation()
    for ours, theirs in zip(seen.channels, truth.channels, strict=True):
        assert ours.remote_policy.fee_ppm == theirs.remote_policy.fee_ppm
        if has_inbound:
            assert ours.local_policy == theirs.local_policy
    assert seen.identity.version == bench.stand_in.version


def test_a_node_that_announces_nothing_is_read_edge_by_edge(bench):
    whole = bench.ask(lambda node: node.observe())
    channels = {
        "channels": [
            bench.stand_in.channel(one) | {"private": True} for one in bench.stand_in.seen.channels
        ]
    }
    bench.stand_in.misdeed = lambda asked: (
        json_reply(channels) if asked.path == "/v1/channels" else None
    )
    private = bench.ask(lambda node: node.observe())
    assert [one.local_policy for one in private.channels] == [
        one.local_policy for one in whole.channels
    ]
    assert not [one for one in bench.stand_in._server.asked[-8:] if "/graph/node/" in one.path]


def test_a_channel_that_no_side_announced_has_no_policies(bench):
    def misdeed(asked):
        is_graph = asked.path.startswith(("/v1/graph/edge", "/v1/graph/node"))
        return bench.stand_in.absent("edge not found") if is_graph else None

    bench.stand_in.misdeed = misdeed
    seen = bench.ask(lambda node: node.observe())
    assert {one.local_policy for one in seen.channels} == {None}


def test_inbound_fees_are_set_from_0_18_on(bench):
    sets = bench.ask(lambda node: node.capabilities()).sets
    assert (PolicyField.INBOUND_FEE_PPM in sets) == (bench.stand_in.release >= (0, 18))
    assert PolicyField.CLTV_DELTA in sets


@pytest.mark.parametrize(
    "path",
    ["/v1/channels", "/v1/channels/pending", "/v1/graph/node", "/v1/balance", "/v1/peers"],
)
@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (json_reply({}), BackendAnswerInvalid),
        (failed("permission denied"), BackendRefused),
        (failed("boom"), BackendUnavailable),
    ],
)
def test_one_failed_part_fails_the_whole(one, path, reply, kind):
    one.stand_in.misdeed = lambda asked: (
        reply
        if asked.path.startswith(path)
        and asked.path != ("/v1/channels/pending" if path == "/v1/channels" else "")
        else None
    )
    with pytest.raises(kind):
        one.ask(lambda node: node.examine())


@pytest.mark.parametrize(
    "change",
    [
        {"capacity": "-5"},
        {"remote_pubkey": "02" + "ff" * 32},
        {"chan_id": str(2**64)},
        {"local_balance": str(22 * 10**14)},
    ],
)
def test_a_channel_that_cannot_be_is_an_invalid_answer(one, change):
    channels = [one.stand_in.channel(each) | change for each in one.stand_in.seen.channels]
    one.stand_in.misdeed = lambda asked: (
        json_reply({"channels": channels}) if asked.path == "/v1/channels" else None
    )
    with pytest.raises(BackendAnswerInvalid):
        one.ask(lambda node: node.observe())


def test_a_channel_that_began_without_confirmation_has_its_confirmed_id(one):
    first = one.stand_in.seen.channels[0]
    alias = 16_000_000 << 40 | 5
    changed = one.stand_in.channel(first) | {
        "chan_id": str(alias),
        "zero_conf": True,
        "alias_scids": [str(alias)],
        "zero_conf_confirmed_scid": str(int(first.scid)),
    }
    rest = [one.stand_in.channel(each) for each in one.stand_in.seen.channels[1:]]
    one.stand_in.misdeed = lambda asked: (
        json_reply({"channels": [changed, *rest]}) if asked.path == "/v1/channels" else None
    )
    assert one.ask(lambda node: node.observe()).channels[0].scid == first.scid


def test_vitals_are_read(one):
    channel = one.stand_in.seen.channels[0]
    one.stand_in.htlcs[channel.scid] = [
        {"incoming": True, "amount": "700", "expiration_height": 900_500, "hash_lock": "x"},
        {"incoming": False, "amount": "5", "expiration_height": 900_100, "hash_lock": "x"},
    ]
    closing = {"remote_node_pub": channel.peer_id, "channel_point": "ab:1"}
    one.stand_in.pending = {
        "pending_force_closing_channels": [
            {"channel": closing, "limbo_balance": "900", "blocks_til_maturity": 100}
        ],
        "waiting_close_channels": [{"channel": closing, "limbo_balance": "7"}],
    }
    _, vitals = one.ask(lambda node: node.examine())
    assert [(h.amount_msat, h.expiry_height, h.is_incoming) for h in vitals.htlcs] == [
        (5_000, 900_100, False),
        (700_000, 900_500, True),
    ]
    assert [(c.kind, c.limbo_sat, c.blocks_left) for c in vitals.closing] == [
        (CloseKind.FORCE, 900, 100),
        (CloseKind.UNKNOWN, 7, None),
    ]
    assert (vitals.wallet.confirmed_sat, vitals.wallet.anchor_reserve_sat) == (1_200_000, 100_000)
    assert vitals.open_points[channel.scid] == channel_point(channel.scid)
    assert {peer.flaps for peer in vitals.peers if peer.is_online} == {3}


def test_closed_channels_are_read(one):
    (closed,) = one.ask(lambda node: node.closed_channels())
    assert (closed.kind, closed.settled_msat) == (CloseKind.REMOTE_FORCE, 400_000_000)
    assert closed.kind.is_forced


def test_a_backup_is_exported_and_verified_by_the_node(bench):
    backup = bench.ask(lambda node: node.export_backup())
    assert backup.covers == {channel_point(one.scid) for one in bench.stand_in.seen.channels}
    assert (backup.is_encrypted, backup.is_verified) == (True, True)
    assert backup.content == b"canary-backup"
    assert "canary" not in repr(backup)


def test_a_backup_that_the_node_does_not_verify_is_none(one):
    one.stand_in.misdeed = lambda asked: (
        failed("invalid multi channel backup: x") if asked.path.endswith("verify") else None
    )
    with pytest.raises(BackendUnavailable):
        one.ask(lambda node: node.export_backup())


def test_the_graph_is_saved_as_a_dump(one, tmp_path):
    target = tmp_path / "graph.json"
    one.ask(lambda node: node.save_graph(target))
    assert set(json.loads(target.read_bytes())) == {"nodes", "edges"}


def test_mission_control_is_read(one):
    (reading,) = one.ask(lambda node: node.mission_control())
    assert (reading.failure_msat, reading.success_msat) == (9_000, None)
    assert reading.from_node == one.stand_in.seen.channels[0].peer_id


def test_no_adapter_shows_its_macaroon(one):
    async def shown(node):
        return repr(vars(node)) + repr(vars(node.connection)) + repr(node.connection.client.source)

    assert "ab" * 20 not in one.ask(shown)
    assert asyncio.iscoroutinefunction(shown)
