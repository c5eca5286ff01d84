"""Core Lightning's refusals, its versions, and who it says it is."""

import asyncio

import pytest
from tests.builders import a_node_id
from tests.standins import backends
from tests.standins.cln import READER, failed
from tests.standins.server import json_reply

from daznode.adapters.lightning.cln.connection import network_name, parse_version
from daznode.adapters.lightning.trust import Expected
from daznode.domain.errors import (
    BackendAnswerInvalid,
    BackendRefused,
    BackendUnavailable,
    BackendUntrusted,
)


@pytest.fixture
def bench():
    with backends.cln() as made:
        yield made


def identity_with(bench, *, rune=None, **address):
    async def trip():
        options = {} if rune is None else {"rune": rune}
        node = backends.cln_node(bench.stand_in._server, bench.world, **options, **address)
        try:
            return await node.identity()
        finally:
            await backends.close_connection(node)

    return asyncio.run(trip())


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (failed(1501, "Not authorized: Missing rune", 403), BackendRefused),
        (failed(1502, "Not permitted: method", 401), BackendRefused),
        (failed(1503, "Not authorized: Blacklisted", 401), BackendRefused),
        (failed(-32601, "Unknown command 'x'", 404), BackendAnswerInvalid),
        (failed(-32602, "missing required parameter: x"), BackendAnswerInvalid),
        (failed(205, "no route"), BackendAnswerInvalid),
        (failed(None, "Could not parse"), BackendUnavailable),
        (json_reply({}, 503), BackendUnavailable),
    ],
)
def test_a_failure_is_read_by_its_code(bench, reply, kind):
    bench.stand_in.misdeed = lambda _: reply
    with pytest.raises(kind):
        identity_with(bench)


def test_a_wrong_rune_is_refused_once_and_not_repeated_in_the_message(bench):
    with pytest.raises(BackendRefused) as caught:
        identity_with(bench, rune="canary", attempts=3)
    assert "canary" not in repr(caught.value)
    assert len(bench.stand_in._server.asked) == 1


def test_a_reader_reads(bench):
    assert identity_with(bench, rune=READER).network == "mainnet"


def test_another_node_or_network_stops(bench):
    with pytest.raises(BackendUntrusted, match=a_node_id(9)):
        identity_with(bench, expected=Expected(a_node_id(9)))
    with pytest.raises(BackendUntrusted, match="expected signet"):
        identity_with(bench, expected=Expected(network="signet"))


@pytest.mark.parametrize("version", ["v23.11", "basedon-x"])
def test_a_version_that_is_too_old_or_none_is_said(bench, version):
    bench.stand_in.version = version
    with pytest.raises(BackendAnswerInvalid, match=r"24\.02 or newer"):
        identity_with(bench)


def test_a_partial_answer_is_a_failure(bench):
    bench.stand_in.misdeed = lambda _: json_reply({"id": a_node_id(1)}, 201)
    with pytest.raises(BackendAnswerInvalid):
        identity_with(bench)


def test_names_of_versions_and_networks():
    assert parse_version("x", "v25.02.1-modded") == (25, 2)
    assert [network_name(name) for name in ("bitcoin", "regtest")] == ["mainnet", "regtest"]
