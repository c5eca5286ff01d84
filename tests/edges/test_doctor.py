"""`daznode doctor` with nothing configured, and with one thing wrong at a time."""

import json
import socket

from click.testing import CliRunner
from tests.credential_samples import a_rune
from tests.servers import Nx27017
from tests.standins.public import PublicStandin
from tests.standins.server import LoopbackServer

from daznode.edges.cli.app import cli

PASSWORD = "correct horse battery staple\n"


def call(folder, *arguments, given=None, **environment):
    runner = CliRunner(
        env={"DAZNODE_DATA_DIR": str(folder / "data"), "NO_COLOR": "1"} | environment
    )
    return runner.invoke(cli, [str(argument) for argument in arguments], input=given)


def examined(folder, **environment):
    result = call(folder, "doctor", "--json", **environment)
    answer = json.loads(result.stdout)
    assert result.exit_code == answer["exit_code"]
    by_part = {}
    for one in answer["diagnoses"]:
        by_part.setdefault(one["name"], []).append(one)
    return answer["exit_code"], by_part


def worst(findings):
    order = ["healthy", "degraded", "unhealthy"]
    return max((one["state"] for one in findings), key=order.index)


def with_network(folder):
    assert call(folder, "network", "generate", "--nodes", 40, "--channels", 100).exit_code == 0


def test_on_a_fresh_machine_only_the_network_is_missing_and_nothing_is_made(tmp_path):
    exit_code, parts = examined(tmp_path)
    assert exit_code == 5
    assert {name for name, found in parts.items() if worst(found) == "unhealthy"} == {
        "network snapshot"
    }
    assert "network import" in parts["network snapshot"][0]["mend"]
    assert list(tmp_path.iterdir()) == []


def test_with_a_network_all_is_well(tmp_path):
    with_network(tmp_path)
    exit_code, parts = examined(tmp_path)
    assert exit_code == 0
    assert {worst(found) for found in parts.values()} == {"healthy"}, parts
    assert {"settings", "data folder", "database", "token secret", "clock", "scheduler"} <= set(
        parts
    )
    result = call(tmp_path, "doctor")
    assert result.exit_code == 0
    assert result.stdout.endswith("All is well.\n")


def test_a_wrong_setting_is_a_finding(tmp_path):
    exit_code, parts = examined(tmp_path, DAILY_REPORTS_HOUR="25", JWT_SECRET="short")
    assert exit_code == 78
    (found,) = parts["settings"]
    assert "DAILY_REPORTS_HOUR='25'" in found["detail"]
    assert "short" not in found["detail"].replace("too short", "")
    assert set(parts) == {"settings"}


def test_a_database_that_is_none(tmp_path):
    with_network(tmp_path)
    path = tmp_path / "data" / "daznode.sqlite3"
    path.write_bytes(b"this is no database" * 100)
    exit_code, parts = examined(tmp_path)
    assert exit_code == 7
    assert worst(parts["database"]) == "unhealthy"
    assert "database cannot be asked" in parts["scheduler"][0]["detail"]
    assert path.read_bytes() == b"this is no database" * 100


def test_a_mongodb_that_answers_and_one_that_does_not(tmp_path):
    with_network(tmp_path)
    server = Nx27017(tmp_path / "mongodb")
    server.start()
    try:
        given = {"MONGODB_URI": server.uri}
        added = call(
            tmp_path, "user", "add", "alice", "--password-file", "-", given=PASSWORD, **given
        )
        assert added.exit_code == 0
        assert "alice" in call(tmp_path, "user", "list", **given).stdout
        _, parts = examined(tmp_path, **given)
        assert {"database: server", "database: schema", "database: indexes"} <= set(parts)
        assert worst(parts["scheduler"]) == "healthy"
    finally:
        server.kill()
    secret = server.uri.replace("://", "://user:hush@") + "/?serverSelectionTimeoutMS=200"
    exit_code, parts = examined(tmp_path, MONGODB_URI=secret)
    assert exit_code == 7
    assert worst(parts["database"]) == "unhealthy"
    assert "MONGODB_URI" in parts["database"][0]["mend"]
    assert "hush" not in json.dumps(parts)


def test_servers_that_do_not_answer(tmp_path):
    with_network(tmp_path)
    with socket.socket() as bound:  # bound and not listening: nobody else gets it meanwhile
        bound.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{bound.getsockname()[1]}"
        refused_by(tmp_path, address)


def refused_by(tmp_path, address):
    exit_code, parts = examined(
        tmp_path, REDIS_URL=f"redis://:hush@{address}/0", QDRANT_URL=f"http://{address}"
    )
    assert exit_code == 6
    macaroon = tmp_path / "macaroon"
    macaroon.write_bytes(b"\x02\x01\x03lnd" + b"hush" * 8)
    given = {"LND_REST_URL": f"https://{address}", "LND_MACAROON_PATH": str(macaroon)}
    sources = {"MEMPOOL_API_URL": f"http://{address}/api/v1"}
    code, others = examined(tmp_path, **given, **sources)
    assert code == 6
    assert worst(others["node"]) == "unhealthy"
    assert worst(others["mempool"]) == "degraded"
    assert "hush" not in json.dumps(others)
    for name in ("redis", "qdrant"):
        assert worst(parts[name]) == "unhealthy"
        assert parts[name][0]["mend"]
    assert "hush" not in json.dumps(parts)


def test_a_redis_that_answers(tmp_path, redis):
    with_network(tmp_path)
    exit_code, parts = examined(tmp_path, REDIS_URL=redis.url)
    assert exit_code == 0
    assert parts["redis"][0]["detail"].startswith("redis ")


def test_a_secret_that_others_may_read(tmp_path):
    with_network(tmp_path)
    path = tmp_path / "data" / "jwt_secret"
    path.write_text("x" * 64)
    path.chmod(0o644)
    exit_code, parts = examined(tmp_path)
    assert exit_code == 7
    assert "mode 644" in parts["token secret"][0]["detail"]


def test_findings_are_lines_with_their_remedies(tmp_path):
    result = call(tmp_path, "doctor")
    assert result.exit_code == 5
    lines = result.stdout.splitlines()
    at = next(at for at, line in enumerate(lines) if line.startswith("wrong    network snapshot: "))
    assert lines[at + 1].strip().startswith("mend: ")
    assert lines[-1].startswith("1 wrong")


def test_public_sources_are_asked_without_naming_a_node(tmp_path):
    with_network(tmp_path)
    with LoopbackServer(PublicStandin("02" * 33), tls=False) as server:
        _, parts = examined(tmp_path, MEMPOOL_API_URL=server.url)
        assert worst(parts["mempool"]) == "healthy"
        assert {one.path for one in server.asked} == {"/fees/precise"}
    _, parts = examined(tmp_path, MEMPOOL_API_URL=server.url)
    assert worst(parts["mempool"]) == "degraded"
    assert "docs/sources.md" in parts["mempool"][0]["mend"]


def test_a_node_whose_settings_do_not_fit_together(tmp_path):
    with_network(tmp_path)
    exit_code, parts = examined(tmp_path, LND_REST_URL="https://127.0.0.1:1")
    assert exit_code == 78
    assert "LND_MACAROON_PATH: not set" in parts["node"][0]["detail"]


def test_a_node_that_does_not_answer(tmp_path):
    with_network(tmp_path)
    macaroon = tmp_path / "read.macaroon"
    macaroon.write_bytes(b"\x02\x01")
    exit_code, parts = examined(
        tmp_path, LND_REST_URL="https://127.0.0.1:1", LND_MACAROON_PATH=str(macaroon)
    )
    assert exit_code == 6
    assert "cannot be reached" in parts["node"][0]["detail"]


def test_a_node_is_opened_with_what_the_vault_keeps(tmp_path):
    with_network(tmp_path)
    rune = a_rune("method=getinfo").decode()
    added = call(
        tmp_path, "credentials", "add", "home", "--kind", "cln-rune", "--file", "-", given=rune
    )
    assert added.exit_code == 0, added.output
    exit_code, parts = examined(tmp_path, CLN_REST_URL="https://127.0.0.1:1")
    assert exit_code == 6
    assert "cannot be reached" in parts["node"][0]["detail"]
    assert rune not in json.dumps(parts)
