"""A connected node as a person meets it: sync, report, the network it knows, and when it is offline."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from click.testing import CliRunner
from tests.standins.cln import RUNE, ClnStandIn
from tests.standins.lnd import MACAROON, LndStandIn
from tests.worlds import SMALL

from daznode.edges.cli.app import cli
from daznode.simulate.world.engine import World


@pytest.fixture(scope="module")
def world():
    now = datetime.now(UTC)
    made = World(SMALL, np.random.default_rng(7), starts_at=now - timedelta(days=3))
    made.advance(now - timedelta(seconds=1))
    return made


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "macaroon").write_bytes(bytes.fromhex(MACAROON))
    return tmp_path


@contextmanager
def lnd(world, folder):
    with LndStandIn(world).serving() as server:
        yield {
            "LND_REST_URL": server.url,
            "LND_MACAROON_PATH": str(folder / "macaroon"),
            "LND_TLS_CERT_PATH": str(server.papers.trust),
        }


@contextmanager
def cln(world, folder):
    with ClnStandIn(world).serving() as server:
        yield {
            "CLN_REST_URL": server.url,
            "CLN_RUNE": RUNE,
            "CLN_CA_CERT_PATH": str(server.papers.trust),
        }


@pytest.fixture(params=[lnd, cln], ids=["lnd", "cln"])
def connect(request, world, folder):
    return lambda: request.param(world, folder)


def call(folder, *arguments, **environment):
    settings = {"DAZNODE_DATA_DIR": str(folder / "data"), "NO_COLOR": "1"} | environment
    return CliRunner(env=settings).invoke(cli, [str(argument) for argument in arguments])


def done(result):
    assert result.exit_code == 0, result.output
    for secret in ("canary", MACAROON, RUNE):
        assert secret not in result.output
    return json.loads(result.stdout)


def node_source(report):
    return next(source for source in report["sources"] if source["name"] == "node")


def test_a_sync_keeps_everything_once(connect, folder, world):
    with connect() as settings:
        first = done(call(folder, "sync", "--json", **settings))
        again = done(call(folder, "sync", "--json", **settings))
        said = call(folder, "sync", **settings)
    truth = world.activity(world.begins_at, world.now)
    assert first["node_id"] == world.observation().identity.node_id
    told = first["new_events"]
    n_failures = len(truth.failures) if first["backend"] == "cln" else 0
    assert told["forwards"] == len(truth.forwards) + n_failures
    assert set(again["new_events"].values()) == {0}
    assert first["backup_uncovered"] == 0
    assert "forwards: 0 new" in said.output


def test_a_report_rests_on_the_nodes_own_data(connect, folder, world):
    with connect() as settings:
        report = done(call(folder, "report", "--json", **settings))
    week = world.activity(world.now - timedelta(days=7), world.now).forwards
    assert report["scope"] == "node"
    assert node_source(report)["status"] == "ok"
    assert report["metrics"]["forwarding"]["revenue_7d_msat"] == sum(o.fee_msat for o in week)
    is_lnd = "LND_REST_URL" in settings
    assert (report["metrics"]["forwarding"]["failed_24h"] is None) == is_lnd
    assert ("metrics.forwarding.failed_24h" in node_source(report)["missing"]) == is_lnd


def test_an_offline_node_gets_its_report_from_the_last_known_state(connect, folder, world):
    with connect() as settings:
        fresh = done(call(folder, "report", "--json", **settings))
    key = world.observation().identity.node_id
    stale = done(call(folder, "report", key, "--json", **settings))
    source = node_source(stale)
    assert (stale["scope"], source["status"]) == ("node", "stale")
    assert "cannot be reached" in source["error"]
    assert source["age_seconds"] is not None
    assert source["observed_at"] < stale["generation_timestamp"]
    assert (
        stale["metrics"]["forwarding"]["forwards_7d"]
        == fresh["metrics"]["forwarding"]["forwards_7d"]
    )
    assert stale["metrics"]["capacity"]["local_balance"] is not None


def test_a_node_that_never_answered_costs_only_its_own_figures(connect, folder, world):
    with connect() as settings:
        pass
    key = world.observation().identity.node_id
    report = done(call(folder, "report", key, "--json", **settings))
    assert report["scope"] == "public"
    assert "cannot be reached" in node_source(report)["error"]


def test_the_network_is_fetched_from_the_node(connect, folder, world):
    with connect() as settings:
        fetched = done(call(folder, "network", "fetch", "--json", **settings))
    public = [one for one in world.observation().channels if not one.is_private]
    assert fetched["n_channels"] == len(public)


def test_following_goes_on_until_it_is_stopped(connect, folder):
    with connect() as settings:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "daznode", "sync", "--follow"],
            env=os.environ | {"DAZNODE_DATA_DIR": str(folder / "data")} | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        first = process.stdout.readline()
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        printed, said = process.communicate(timeout=60)
    assert "channels" in first
    assert process.returncode == 130
    assert said.strip().splitlines()[-1] == "Stopped. Nothing was left half-written."
    assert "canary" not in printed + said


@pytest.mark.parametrize(
    ("environment", "exit_code", "said"),
    [
        ({}, 78, "no node is connected"),
        ({"LND_REST_URL": "https://localhost:1"}, 78, "LND_MACAROON_PATH: not set"),
        ({"CLN_REST_URL": "https://localhost:1"}, 78, "CLN_RUNE: not set"),
        (
            {"CLN_REST_URL": "https://localhost:1", "LND_REST_URL": "https://localhost:1"},
            78,
            "takes one of them",
        ),
        ({"CLN_REST_URL": "localhost", "CLN_RUNE": "canary"}, 2, "expected https://host:port"),
        ({"CLN_REST_URL": "http://node:1", "CLN_RUNE": "canary"}, 2, "plain http"),
        ({"CLN_REST_URL": "http://x.onion:1", "CLN_RUNE": "canary"}, 2, "SOCKS proxy"),
    ],
)
def test_settings_that_do_not_fit_are_one_line(folder, environment, exit_code, said):
    result = call(folder, "sync", **environment)
    assert result.exit_code == exit_code
    assert said in result.stderr
    assert "canary" not in result.output
    assert len(result.stderr.strip().splitlines()) == 1


def test_another_node_than_the_expected_one_stops(connect, folder):
    other = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
    with connect() as settings:
        result = call(folder, "sync", DAZNODE_NODE_PUBKEY=other, **settings)
    assert result.exit_code == 6
    assert f"expected {other}" in result.stderr
