"""LND's refusals, its versions, and who it says it is."""

import asyncio

import pytest
from tests.builders import a_node_id
from tests.standins import backends
from tests.standins.lnd import READER, failed
from tests.standins.server import Reply, json_reply

from daznode.adapters.lightning.lnd.connection import parse_version, read_macaroon
from daznode.adapters.lightning.trust import Expected
from daznode.domain.errors import (
    BackendAnswerInvalid,
    BackendRefused,
    BackendUnavailable,
    BackendUntrusted,
    ConfigError,
)


@pytest.fixture
def bench():
    with backends.lnd() as made:
        yield made


def identity_with(bench, *, macaroon=None, **address):
    server = bench.stand_in._server

    async def trip():
        options = {} if macaroon is None else {"macaroon": macaroon}
        node = backends.lnd_node(server, bench.world, **options, **address)
        try:
            return await node.identity()
        finally:
            await backends.close_connection(node)

    return asyncio.run(trip())


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("permission denied", BackendRefused),
        ("verification failed: signature mismatch after caveat verification", BackendRefused),
        ("cannot get macaroon: root key with id 7 doesn't exist", BackendRefused),
        ("encoding/hex: invalid byte: U+006E 'n'", BackendRefused),
        ("wallet locked, unlock it to enable full RPC access", BackendUnavailable),
        ("waiting to start, RPC services not available", BackendUnavailable),
        ("something else", BackendUnavailable),
    ],
)
def test_a_500_is_read_by_its_message(bench, said, kind):
    bench.stand_in.misdeed = lambda _: failed(said)
    with pytest.raises(kind):
        identity_with(bench)


def test_a_wrong_macaroon_is_refused_and_not_repeated_in_the_message(bench):
    with pytest.raises(BackendRefused) as caught:
        identity_with(bench, macaroon="deadbeefcanary", attempts=3)
    assert "canary" not in repr(caught.value)
    assert len(bench.stand_in._server.asked) == 1


def test_a_reader_reads(bench):
    assert identity_with(bench, macaroon=READER).backend == "lnd"


def test_another_node_stops(bench):
    with pytest.raises(BackendUntrusted, match=a_node_id(9)):
        identity_with(bench, expected=Expected(a_node_id(9)))


def test_another_network_stops(bench):
    bench.stand_in.network = "testnet"
    with pytest.raises(BackendUntrusted, match="is on testnet; expected mainnet"):
        identity_with(bench, expected=Expected(network="mainnet"))


def test_a_node_that_becomes_another_one_stops(bench):
    async def trip():
        node = bench.make()
        await node.identity()
        info = bench.stand_in.info() | {"identity_pubkey": a_node_id(9)}
        bench.stand_in.misdeed = lambda asked: (
            json_reply(info) if asked.path == "/v1/getinfo" else None
        )
        try:
            await node.observe()
        finally:
            await backends.close_connection(node)

    with pytest.raises(BackendUntrusted):
        asyncio.run(trip())


@pytest.mark.parametrize("version", ["0.16.4-beta", "unknown"])
def test_a_version_that_is_too_old_or_none_is_said(bench, version):
    bench.stand_in.version = version
    with pytest.raises(BackendAnswerInvalid, match=r"takes (LND )?0\.17 or newer"):
        identity_with(bench)


def test_versions_are_numbers():
    assert parse_version("x", "0.18.3-beta commit=v0.18.3-beta") == (0, 18, 3)
    assert parse_version("x", "0.21") == (0, 21, 0)


@pytest.mark.parametrize("reply", [Reply(body=b"{"), Reply(body=b"<html>"), json_reply({})])
def test_a_partial_answer_is_a_failure(bench, reply):
    bench.stand_in.misdeed = lambda _: reply
    with pytest.raises(BackendAnswerInvalid):
        identity_with(bench)


def test_a_macaroon_file_is_read_as_hex(tmp_path):
    (tmp_path / "good").write_bytes(b"\x02\x01")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "large").write_bytes(b"x" * 20_000)
    assert read_macaroon(tmp_path / "good") == "0201"
    for name in ("empty", "large", "absent"):
        with pytest.raises(ConfigError, match=name):
            read_macaroon(tmp_path / name)
