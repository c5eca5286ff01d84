"""`daznode lnbits check` against a real LNbits, with keys of the environment and of the vault."""

import json

import pytest
from click.testing import CliRunner
from tests.lnbits.test_misbehaviour import KEYS
from tests.standins.fake_lnd import OPEN, QUIET, US

from daznode.domain.ids import format_scid
from daznode.edges.cli.app import cli


@pytest.fixture
def daznode(tmp_path):
    def run(*arguments, given=None, **environment):
        folder = {"DAZNODE_DATA_DIR": str(tmp_path / "data"), "NO_COLOR": "1", "COLUMNS": "160"}
        runner = CliRunner(env=folder | environment)
        return runner.invoke(cli, list(arguments), input=given)

    return run


def checked(result):
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_without_an_address(daznode):
    result = daznode("lnbits", "check")
    assert result.exit_code == 78
    assert "LNBITS_URL: not set" in result.stderr


def test_without_any_key_it_says_what_is_missing(daznode, server):
    found = checked(daznode("lnbits", "check", "--json", LNBITS_URL=server.url))
    assert found["is_reachable"] is True
    assert (found["wallet"], found["node"], found["version"]) == (None, None, None)
    assert "set LNBITS_INVOICE_KEY" in found["advice"][0]
    assert "set LNBITS_ACCESS_TOKEN" in found["advice"][1]
    assert found["capabilities"]["disturbs"] == ["cltv_delta"]


def test_least_privilege_has_nothing_to_advise(daznode, node_server, lnd):
    wallet = node_server.wallet("reader", 7)
    result = daznode(
        "lnbits",
        "check",
        LNBITS_URL=node_server.url,
        LNBITS_INVOICE_KEY=wallet["inkey"],
        LNBITS_ACCESS_TOKEN=node_server.node_token("read"),
    )
    assert result.exit_code == 0, result.output
    assert "wallet: reader, 7,000 msat" in result.stdout
    assert f"node behind it: fake lnd (lnd), {US}" in result.stdout
    assert "1 active channels" in result.stdout
    assert "- " not in result.stdout


def test_keys_that_may_too_much_and_keys_that_may_too_little(daznode, server):
    wallet = server.wallet("w")
    found = checked(
        daznode(
            "lnbits",
            "check",
            "--json",
            LNBITS_URL=server.url,
            LNBITS_INVOICE_KEY=wallet["adminkey"],
            LNBITS_ADMIN_KEY=wallet["inkey"],
            LNBITS_ACCESS_TOKEN=server.token,
        )
    )
    assert found["rights"] == {"may_read": True, "reader_may_pay": True, "may_pay": False}
    assert found["version"].startswith("1.")
    advice = " | ".join(found["advice"])
    assert "LNBITS_ADMIN_KEY is no admin key" in advice
    assert "LNBITS_INVOICE_KEY is an admin key and could pay" in advice
    assert "cannot be managed as a node" in advice


def test_a_key_that_opens_nothing(daznode, server):
    found = checked(
        daznode("lnbits", "check", "--json", LNBITS_URL=server.url, LNBITS_INVOICE_KEY="f" * 32)
    )
    assert found["wallet"] is None
    assert "LNBITS_INVOICE_KEY opens no wallet" in found["advice"]


def test_stored_credentials_are_used_and_each_use_is_written_down(daznode, server):
    wallet = server.wallet("vaulted")
    added = daznode("credentials", "add", "w", "--kind", "lnbits-invoice", given=wallet["inkey"])
    assert added.exit_code == 0, added.output
    found = checked(daznode("lnbits", "check", "--json", LNBITS_URL=server.url))
    assert found["wallet"]["name"] == "vaulted"
    entries = json.loads(daznode("credentials", "audit", "--json").stdout)["entries"]
    assert (entries[0]["action"], entries[0]["purpose"]) == ("use", "examine LNbits")
    daznode("credentials", "add", "w2", "--kind", "lnbits-invoice", given="e" * 32)
    several = daznode("lnbits", "check", LNBITS_URL=server.url)
    assert several.exit_code == 2
    assert "w, w2" in several.stderr


def test_one_that_is_not_there(daznode):
    result = daznode(
        "lnbits", "check", LNBITS_URL="http://127.0.0.1:1", LNBITS_INVOICE_KEY="f" * 32
    )
    assert result.exit_code == 6
    assert "not reachable" in result.stdout
    assert "cannot be reached" in result.stdout


def test_channels_and_payments_are_listed(daznode, node_server, server, lnd):
    node = {"LNBITS_URL": node_server.url, "LNBITS_ACCESS_TOKEN": node_server.token}
    found = checked(daznode("lnbits", "channels", "--json", **node))
    assert {(one["scid"], one["fee_ppm"]) for one in found} == {
        (format_scid(OPEN), 250),
        (format_scid(QUIET), 250),
    }
    table = daznode("lnbits", "channels", **node).stdout
    assert format_scid(OPEN) in table
    assert "3,000,000" in table
    wallet = server.wallet("listed", 21)
    purse = {"LNBITS_URL": server.url, "LNBITS_INVOICE_KEY": wallet["inkey"]}
    page = checked(daznode("lnbits", "payments", "--json", **purse))
    assert [one["amount_msat"] for one in page["payments"]] == [21_000]
    assert "1 of 1 payments" in daznode("lnbits", "payments", **purse).stdout


def test_keys_are_not_sent_in_the_clear(daznode):
    result = daznode(
        "lnbits", "check", LNBITS_URL="http://lnbits.example", LNBITS_INVOICE_KEY="f" * 32
    )
    assert result.exit_code == 2
    assert "plain http would show the keys on the way" in result.stderr


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LNBITS_INVOICE_KEY", "hunter2hunter2"),
        ("LNBITS_ADMIN_KEY", "hunter2hunter2"),
        ("LNBITS_ACCESS_TOKEN", "hunter2hunter2"),
        ("LNBITS_URL", "ftp://lnbits"),
        ("DRY_RUN", "perhaps"),
    ],
)
def test_settings_that_cannot_be(daznode, variable, value):
    result = daznode("lnbits", "check", **{variable: value})
    assert result.exit_code == 78
    assert f"{variable}=" in result.stderr
    assert "hunter2" not in result.output
    assert not any(key in result.output for key in KEYS)


def examined_by_doctor(daznode, **environment):
    result = daznode("doctor", "--json", **environment)
    found = json.loads(result.stdout)["diagnoses"]
    return next(one for one in found if one["name"] == "lnbits")


def test_doctor_looks_at_it_too(daznode, node_server, lnd):
    wallet = node_server.wallet("examined", 7)
    found = examined_by_doctor(
        daznode,
        LNBITS_URL=node_server.url,
        LNBITS_INVOICE_KEY=wallet["inkey"],
        LNBITS_ACCESS_TOKEN=node_server.node_token("read"),
    )
    assert found["state"] == "healthy", found
    assert US[:16] in found["detail"]
    assert "1 active channels" in found["detail"]


def test_doctor_says_what_is_missing_and_that_nobody_answers(daznode, server):
    found = examined_by_doctor(daznode, LNBITS_URL=server.url)
    assert found["state"] == "degraded"
    assert "set LNBITS_INVOICE_KEY" in found["detail"]
    away = examined_by_doctor(daznode, LNBITS_URL="http://127.0.0.1:1")
    assert away["state"] == "unhealthy"
    assert "LNBITS_URL" in away["mend"]
