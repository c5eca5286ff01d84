"""What every PolicyWriter promises: whole policies, one attempt, an honest outcome, and none while dry."""

import asyncio
from dataclasses import replace

import pytest
from tests.standins import backends
from tests.standins.server import Reply

from daznode.adapters.lightning.cln.policies import ClnPolicyWriter
from daznode.adapters.lightning.lnd.policies import LndPolicyWriter
from daznode.adapters.lightning.permit import WritePermit
from daznode.adapters.lightning.simulated import SimulatedWriter
from daznode.domain.capability import Applied, PolicyField, Refused, Unknown
from daznode.domain.errors import ChannelNotFound, DryRun
from daznode.domain.ids import pack_scid

BACKENDS = [backends.simulated, backends.lnd, backends.cln]
WRITES = ("/v1/chanpolicy", "/v1/setchannel")


@pytest.fixture(params=BACKENDS, ids=lambda make: make.__name__)
def bench(request):
    with request.param() as made:
        yield made


@pytest.fixture(params=BACKENDS[1:], ids=lambda make: make.__name__)
def served(request):
    with request.param() as made:
        yield made


def writer_of(node, bench, permit=None):
    permit = permit or WritePermit(dry_run=False)
    if bench.stand_in is None:
        return SimulatedWriter(bench.world, permit)
    kind = LndPolicyWriter if type(node).__name__ == "LndNode" else ClnPolicyWriter
    return kind(node.connection, permit)


def with_writer(bench, use):
    return bench.ask(lambda node: use(writer_of(node, bench)))


def write(bench, scid, policy):
    return with_writer(bench, lambda writer: writer.write(scid, policy))


def a_channel(bench):
    return bench.world.observation().channels[0]


def wanted(bench):
    """The channel's policy with every field changed that the backend sets."""
    sets = with_writer(bench, lambda writer: writer.capabilities()).sets
    channel = a_channel(bench)
    known = with_writer(bench, lambda writer: writer.read_back(channel.scid))
    changes = {
        PolicyField.BASE_FEE: 777,
        PolicyField.FEE_PPM: 433,
        PolicyField.INBOUND_BASE_FEE: -10,
        PolicyField.INBOUND_FEE_PPM: -55,
        PolicyField.CLTV_DELTA: 96,
        PolicyField.HTLC_MINIMUM: 2_000,
        PolicyField.HTLC_MAXIMUM: 900_000_000,
    }
    return replace(known, **{f.value: value for f, value in changes.items() if f in sets})


def writes(bench):
    return [one for one in bench.stand_in._server.asked if one.path in WRITES]


def test_a_whole_policy_is_written_and_read_back(bench):
    scid, policy = a_channel(bench).scid, wanted(bench)
    assert write(bench, scid, policy) == Applied()
    assert with_writer(bench, lambda writer: writer.read_back(scid)) == policy
    held = a_channel(bench).local_policy
    sets = with_writer(bench, lambda writer: writer.capabilities()).sets
    assert all(getattr(held, f.value) == getattr(policy, f.value) for f in sets)


def test_writing_what_was_there_restores_it(bench):
    channel = a_channel(bench)
    before = with_writer(bench, lambda writer: writer.read_back(channel.scid))
    write(bench, channel.scid, wanted(bench))
    assert write(bench, channel.scid, before) == Applied()
    assert with_writer(bench, lambda writer: writer.read_back(channel.scid)) == before


@pytest.mark.parametrize(
    "change",
    [
        {"base_fee_msat": -1},
        {"fee_ppm": 1_000_001},
        {"fee_ppm": -5},
        {"htlc_maximum_msat": 0},
        {"htlc_minimum_msat": 10**15},
        {"inbound_fee_ppm": -2_000_000},
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_sent(bench, change):
    channel = a_channel(bench)
    outcome = write(bench, channel.scid, replace(wanted(bench), **change))
    assert isinstance(outcome, Refused)
    assert next(iter(change)) in outcome.reason
    assert a_channel(bench).local_policy == channel.local_policy
    assert bench.stand_in is None or writes(bench) == []


def test_a_field_that_cannot_be_set_is_refused_before_anything_is_sent(bench):
    sets = with_writer(bench, lambda writer: writer.capabilities()).sets
    channel, policy = a_channel(bench), wanted(bench)
    for field in frozenset(PolicyField) - sets:
        outcome = write(bench, channel.scid, replace(policy, **{field.value: 33}))
        assert isinstance(outcome, Refused)
        assert "cannot set" in outcome.reason
    assert a_channel(bench).local_policy == channel.local_policy


def test_an_unknown_channel_is_refused(bench):
    nowhere = pack_scid(1, 2, 3)
    assert isinstance(write(bench, nowhere, wanted(bench)), Refused)
    with pytest.raises(ChannelNotFound):
        with_writer(bench, lambda writer: writer.read_back(nowhere))


def test_there_is_no_writer_while_dry(bench):
    with pytest.raises(DryRun):
        WritePermit(dry_run=True)
    forged = object.__new__(WritePermit)

    async def make(node):
        writer_of(node, bench, forged)

    with pytest.raises(DryRun):
        bench.ask(make)


@pytest.mark.parametrize(
    "misdeed",
    [
        Reply(body=b"{", headers={"content-length": "50"}, cut_after=1),
        Reply(status=503),
        Reply(status=500, body=b"<html>"),
        Reply(status=200, body=b"{}"),
        Reply(status=201, body=b"not json"),
    ],
)
def test_a_write_without_a_clear_answer_is_unknown_and_never_repeated(served, misdeed):
    scid, policy = a_channel(served).scid, wanted(served)
    served.stand_in.misdeed = lambda asked: misdeed if asked.path in WRITES else None
    assert isinstance(write(served, scid, policy), Unknown)
    assert len(writes(served)) == 1


def test_a_refusal_of_the_node_carries_its_reason(served):
    scid = a_channel(served).scid
    from tests.standins import cln, lnd

    reply = (
        lnd.failed("positive values for inbound fee rate ppm are not supported: 5")
        if isinstance(served.stand_in, lnd.LndStandIn)
        else cln.failed(-1, "Channel is not in a normal state: positive values")
    )
    policy = wanted(served)
    served.stand_in.misdeed = lambda asked: reply if asked.path in WRITES else None
    outcome = write(served, scid, policy)
    assert isinstance(outcome, Refused)
    assert "positive values" in outcome.reason


def test_a_success_that_changed_something_else_is_not_applied(served):
    """LND lists it among failed updates; Core Lightning clamps it and says so in the values."""
    channel = a_channel(served)
    too_much = replace(wanted(served), htlc_maximum_msat=int(channel.capacity_sat) * 2_000)
    assert not isinstance(write(served, channel.scid, too_much), Applied)


def test_a_lost_update_shows_in_what_is_read_back(served):
    scid, policy = a_channel(served).scid, wanted(served)
    served.stand_in.is_policy_lost = True
    write(served, scid, policy)
    assert with_writer(served, lambda writer: writer.read_back(scid)) != policy


def test_a_write_that_never_left_is_refused(served):
    scid, policy = a_channel(served).scid, wanted(served)

    async def trip():
        node = served.make()
        writer = writer_of(node, served)
        await writer.capabilities()
        await writer.read_back(scid)
        from daznode.domain.errors import BackendUnavailable

        async def nobody(call):
            error = BackendUnavailable("cannot be reached")
            error.may_have_arrived = False
            raise error

        node.connection.client.write = nobody
        try:
            return await writer.write(scid, policy)
        finally:
            await backends.close_connection(node)

    assert isinstance(asyncio.run(trip()), Refused)
