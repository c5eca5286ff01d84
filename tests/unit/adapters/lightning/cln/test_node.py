"""Core Lightning's present and its records."""

import pytest
from tests.standins import backends
from tests.standins.cln import failed
from tests.standins.lnd import channel_point
from tests.standins.server import json_reply

from daznode.adapters.sources.graph_file import GraphFile
from daznode.domain.capability import Capability, PolicyField
from daznode.domain.errors import BackendAnswerInvalid, BackendRefused, CapabilityMissing
from daznode.domain.ids import parse_scid
from daznode.domain.progress import silent
from daznode.domain.vitals import CloseKind


@pytest.fixture
def one():
    with backends.cln() as made:
        yield made


@pytest.mark.parametrize("method", ["listpeerchannels", "listchannels", "listfunds", "listnodes"])
@pytest.mark.parametrize(
    ("reply", "kind"),
    [(json_reply({}, 201), BackendAnswerInvalid), (failed(1502, "no", 401), BackendRefused)],
)
def test_one_failed_part_fails_the_whole(one, method, reply, kind):
    one.stand_in.misdeed = lambda asked: reply if asked.path == f"/v1/{method}" else None
    with pytest.raises(kind):
        one.ask(lambda node: node.examine())


@pytest.mark.parametrize(
    "change",
    [{"total_msat": -1}, {"peer_id": "02" + "ff" * 32}, {"short_channel_id": "1x2"}],
)
def test_a_channel_that_cannot_be_is_an_invalid_answer(one, change):
    answer = one.stand_in.do_listpeerchannels()
    answer["channels"][0] |= change
    one.stand_in.misdeed = lambda asked: (
        json_reply(answer, 201) if asked.path == "/v1/listpeerchannels" else None
    )
    with pytest.raises(BackendAnswerInvalid):
        one.ask(lambda node: node.observe())


def test_a_disabled_direction_is_seen_in_gossip_and_for_private_channels_in_the_connection(one):
    answer = one.stand_in.do_listpeerchannels()
    public, private = answer["channels"][:2]
    private |= {"private": True, "peer_connected": False}

    def misdeed(asked):
        if asked.path == "/v1/listpeerchannels":
            return json_reply(answer, 201)
        if asked.path == "/v1/listchannels":
            row = {"short_channel_id": public["short_channel_id"], "channel_flags": 3}
            return json_reply({"channels": [row]}, 201)
        return None

    one.stand_in.misdeed = misdeed
    seen = {c.peer_id: c for c in one.ask(lambda node: node.observe()).channels}
    assert seen[public["peer_id"]].local_policy.is_disabled
    assert seen[private["peer_id"]].local_policy.is_disabled


def test_a_channel_without_a_confirmed_id_bears_its_alias(one):
    answer = one.stand_in.do_listpeerchannels()
    first, second = answer["channels"][:2]
    del first["short_channel_id"], second["short_channel_id"]
    first["alias"] = {"local": "16000000x1x2", "remote": "16000001x3x4"}
    one.stand_in.misdeed = lambda asked: (
        json_reply(answer, 201) if asked.path == "/v1/listpeerchannels" else None
    )
    seen = one.ask(lambda node: node.observe())
    assert seen.channels[-1].scid == parse_scid("16000000x1x2")
    assert seen.channels[-1].opened_at is None
    truth = one.world.observation()
    assert len(seen.channels) == len(truth.channels) - 1
    assert seen.pending_channels == truth.pending_channels + 1


def test_names_are_asked_for_once(one):
    async def twice(node):
        await node.observe()
        await node.observe()

    one.ask(twice)
    asked = [o.json()["id"] for o in one.stand_in._server.asked if o.path == "/v1/listnodes"]
    assert len(asked) == len(set(asked)) > 0


def test_vitals_are_read(one):
    channel = one.stand_in.seen.channels[0]
    one.stand_in.htlcs[channel.scid] = [
        {"direction": "in", "id": 1, "amount_msat": 700_500, "expiry": 900_500, "state": "x"},
        {"direction": "out", "id": 2, "amount_msat": 5, "expiry": 900_100, "state": "x"},
    ]
    base = {"peer_id": channel.peer_id, "peer_connected": False, "to_us_msat": 900_000}
    one.stand_in.extra = [
        base
        | {
            "state": "ONCHAIN",
            "funding_txid": "aa",
            "state_changes": [{"new_state": "AWAITING_UNILATERAL"}],
        },
        base | {"state": "ONCHAIN", "funding_txid": "bb"},
        base | {"state": "CLOSINGD_COMPLETE", "funding_txid": "cc"},
    ]
    observation, vitals = one.ask(lambda node: node.examine())
    assert [(h.amount_msat, h.is_incoming) for h in vitals.htlcs] == [(5, False), (700_500, True)]
    assert [(c.kind, c.limbo_sat) for c in vitals.closing] == [
        (CloseKind.LOCAL_FORCE, 900),
        (CloseKind.REMOTE_FORCE, 900),
        (CloseKind.COOPERATIVE, 900),
    ]
    assert (vitals.wallet.confirmed_sat, vitals.wallet.anchor_reserve_sat) == (1_200_000, None)
    assert vitals.open_points[channel.scid] == channel_point(channel.scid)
    assert observation.pending_channels == one.stand_in.seen.pending_channels + 3


def test_closed_channels_are_read(one):
    (closed,) = one.ask(lambda node: node.closed_channels())
    assert (closed.settled_msat, closed.capacity_sat) == (400_000_000, 1_000_000)


def test_a_backup_is_exported_where_its_coverage_is_known(one):
    backup = one.ask(lambda node: node.export_backup())
    assert backup.covers == {channel_point(c.scid) for c in one.stand_in.seen.channels}
    assert (backup.is_encrypted, backup.is_verified) == (True, None)
    one.stand_in.version = "v25.02"
    assert Capability.BACKUP_EXPORT not in one.ask(lambda node: node.capabilities()).can
    with pytest.raises(CapabilityMissing):
        one.ask(lambda node: node.export_backup())


def test_it_sets_no_cltv_and_no_inbound_fee(one):
    sets = one.ask(lambda node: node.capabilities()).sets
    assert not sets & {PolicyField.CLTV_DELTA, PolicyField.INBOUND_FEE_PPM}
    with pytest.raises(CapabilityMissing):
        one.ask(lambda node: node.mission_control())


def test_the_graph_is_saved_as_a_dump_that_is_read(one, tmp_path):
    target = tmp_path / "graph.json"
    one.ask(lambda node: node.save_graph(target))
    snapshot = GraphFile(str(target)).read(
        imported_at=one.until, observed_at=one.until, progress=silent
    )
    public = [c for c in one.stand_in.seen.channels if not c.is_private]
    assert snapshot.n_channels == len(public)
    assert [path.name for path in tmp_path.iterdir()] == ["graph.json"]
