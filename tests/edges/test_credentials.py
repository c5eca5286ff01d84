"""`daznode credentials` as a person or a script meets it, and a search for secrets in all it leaves."""

import base64
import json
import logging
import os
import stat
import subprocess
import sys
import traceback

import pytest
from click.testing import CliRunner
from tests.credential_samples import (
    ADMIN,
    READ,
    a_macaroon,
    a_rune,
    a_token,
    a_wallet_key,
)

from daznode.edges.cli.app import cli

STARTED = []
SPAWNING = {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.spawn"}


@sys.addaudithook
def note_children(event, arguments):
    """Note every program that is started from here; such a hook stays for the process's life."""
    if event in SPAWNING:
        STARTED.append(arguments)


@pytest.fixture
def call(tmp_path):
    def run(*arguments, given=None, **environment):
        runner = CliRunner(
            env={"DAZNODE_DATA_DIR": str(tmp_path / "data"), "NO_COLOR": "1", "COLUMNS": "160"}
            | environment
        )
        return runner.invoke(cli, ["credentials", *(str(one) for one in arguments)], input=given)

    return run


@pytest.fixture
def rune(tmp_path):
    path = tmp_path / "rune"
    path.write_bytes(a_rune("method^list", rune_id="4"))
    path.chmod(0o600)
    return path


def succeeds(result):
    assert result.exit_code == 0, result.output
    return result.stdout


def fails(result, exit_code, *said):
    assert result.exit_code == exit_code, result.output
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith("error: ")
    assert all(text in line for text in said), line


def test_a_life_in_the_terminal(call, rune, tmp_path):
    text = succeeds(call("add", "cln", "--kind", "cln-rune", "--file", rune))
    assert "cln: stored as version 1, under key " in text
    assert "rotate it by " in text
    assert "cln-rune" in succeeds(call("list"))
    fails(call("add", "cln", "--kind", "cln-rune", "--file", rune), 4, "daznode credentials rotate")
    fails(call("rotate", "cln"), 4, "no CLN node is connected", "--file")
    other = a_rune("method=getinfo", rune_id="5")
    text = succeeds(call("rotate", "cln", "--file", "-", given=other))
    assert "version 2 is in use, as given" in text
    assert "lightning-cli blacklistrune 4 4" in text
    assert "are under key" in succeeds(call("rekey"))
    assert "secret destroyed (version 2)" in succeeds(call("revoke", "cln"))
    assert "revoked" not in succeeds(call("list"))
    assert "revoked" in succeeds(call("list", "--all"))
    text = succeeds(call("audit"))
    assert text.splitlines()[1].split()[4] == "revoke"
    assert "audit trail: 11 entries, whole" in text
    assert stat.S_IMODE((tmp_path / "data" / "encryption.key").stat().st_mode) == 0o600


def test_the_same_for_a_machine(call, rune):
    added = json.loads(succeeds(call("add", "cln", "--kind", "cln-rune", "--file", rune, "--json")))
    assert added["credential"]["version"] == 1
    assert added["warnings"] == []
    listing = json.loads(succeeds(call("list", "--json")))
    assert [one["name"] for one in listing["credentials"]] == ["cln"]
    assert listing["check"]["faults"] == []
    rotated = json.loads(
        succeeds(call("rotate", "cln", "--file", "-", "--json", given=a_rune(rune_id="9")))
    )
    assert rotated["credential"]["node_ref"] == "9"
    assert json.loads(succeeds(call("rekey", "--json")))["n_records"] == 2
    assert json.loads(succeeds(call("revoke", "cln", "--json")))["revoked_versions"] == [2]
    entries = json.loads(succeeds(call("audit", "--limit", 3, "--json")))["entries"]
    assert [one["action"] for one in entries] == ["revoke", "rekey", "rekey"]
    assert json.loads(succeeds(call("reset", "--yes", "--json"))) == {"destroyed": 2}


def test_standard_input_is_the_default_and_warnings_are_shown(call):
    text = succeeds(call("add", "n", "--kind", "lnd-readonly", given=a_macaroon(*ADMIN)))
    assert "warning: it may pay and close channels" in text


def test_a_file_that_others_can_read_is_told(call, rune):
    rune.chmod(0o644)
    result = call("add", "cln", "--kind", "cln-rune", "--file", rune)
    assert "can be read by other users" in result.stderr
    assert result.exit_code == 0


def test_tenants_are_apart(call, rune):
    succeeds(call("add", "cln", "--kind", "cln-rune", "--file", rune, "--tenant", "acme"))
    assert "No credential is stored" in succeeds(call("list"))
    assert "cln" in succeeds(call("list", "--tenant", "acme"))
    fails(call("revoke", "cln"), 3, "none is stored")


def test_a_lost_key_a_wrong_key_and_the_way_out(call, rune, tmp_path):
    succeeds(call("add", "cln", "--kind", "cln-rune", "--file", rune))
    wrong = base64.b64encode(bytes(32)).decode()
    (tmp_path / "data" / "encryption.key").rename(tmp_path / "kept")
    fails(call("list"), 7, "the encryption key is lost", "ENCRYPTION_KEY")
    fails(call("rotate", "cln", "--file", rune, ENCRYPTION_KEY=wrong), 7, "the key at hand is")
    kept = (tmp_path / "kept").read_text().strip()
    succeeds(call("rekey", ENCRYPTION_KEY=wrong, ENCRYPTION_EXTRA_KEYS=kept))
    assert "cln-rune" in succeeds(call("list", ENCRYPTION_KEY=wrong))
    refused = call("reset", given="n\n")
    assert refused.exit_code == 1
    succeeds(call("reset", "--yes"))
    assert "No credential" in succeeds(call("list"))


def test_damage_is_listed_and_ends_with_its_exit_code(call, rune, tmp_path):
    import sqlite3

    succeeds(call("add", "cln", "--kind", "cln-rune", "--file", rune))
    connection = sqlite3.connect(tmp_path / "data" / "daznode.sqlite3")
    with connection:
        connection.execute("UPDATE credentials SET state = 'revoked'")
    connection.close()
    result = call("list")
    assert result.exit_code == 7
    assert "damaged" in result.stdout
    assert "error: credential 'cln', version 1: not as" in result.stderr
    succeeds(call("revoke", "cln"))
    assert "whole" in succeeds(call("audit"))


def test_a_broken_trail_can_be_accepted(call, rune, tmp_path):
    import sqlite3

    succeeds(call("add", "cln", "--kind", "cln-rune", "--file", rune))
    connection = sqlite3.connect(tmp_path / "data" / "daznode.sqlite3")
    with connection:
        connection.execute("DELETE FROM credential_trail_end")
    connection.close()
    fails(call("revoke", "cln"), 7, "audit trail")
    assert call("audit").exit_code == 7
    assert "1 earlier ones were accepted unproven" in succeeds(call("audit", "--accept"))
    succeeds(call("revoke", "cln"))


@pytest.mark.parametrize("variable", ["ENCRYPTION_KEY", "ENCRYPTION_EXTRA_KEYS"])
def test_a_key_that_is_none_is_refused_and_not_shown(call, variable):
    result = call("list", **{variable: "hunter2hunter2"})
    fails(result, 78, f"{variable}=(hidden): takes ")
    assert "hunter2" not in result.output


SECRETS = {
    "lnd-admin": a_macaroon(*ADMIN),
    "lnd-readonly": a_macaroon(*READ).hex().encode(),
    "lnd-fees": base64.b64encode(a_macaroon(*READ)),
    "lnd-invoice": a_macaroon("invoices:write"),
    "cln-rune": a_rune("method^list"),
    "lnbits-admin": a_wallet_key(),
    "lnbits-invoice": a_wallet_key(),
    "lnbits-token": a_token(api_token_id="x"),
}


def spellings(secret):
    """What to search for: the secret, and each piece of it that is not structure."""
    found = {secret, secret.hex().encode(), base64.b64encode(secret)}
    for text in (secret, secret.hex().encode()):
        found |= {text[place : place + 16] for place in range(len(text) - 40, len(text) - 15, 8)}
    return {one for one in found if len(one) >= 12}


def leaks(secret, haystack):
    return [one for one in spellings(secret) if one in haystack]


@pytest.mark.parametrize("kind", SECRETS)
def test_no_secret_is_left_anywhere(call, kind, tmp_path, caplog):
    """A canary of each kind through every command, right and wrong, and a search in all they leave."""
    caplog.set_level(logging.DEBUG)
    secret = SECRETS[kind]
    (tmp_path / "secret").write_bytes(secret)
    STARTED.clear()
    text = secret.decode("latin-1").replace("\0", "?")
    broken = secret[: len(secret) * 2 // 3]
    results = [
        call("add", "main", "--kind", kind, "--file", tmp_path / "secret", "--json"),
        call("add", "main", "--kind", kind, given=secret),
        call("add", text, "--kind", kind, given=secret),
        call("add", "argued", text, "--kind", kind, given=secret),
        call("add", "filed", "--kind", kind, "--file", text),
        call("add", "typed", "--kind", kind, given=broken),
        call("add", "double", "--kind", kind, given=secret + secret),
        call("list"),
        call("list", "--json"),
        call("rotate", "main"),
        call("rotate", "main", text),
        call("rotate", "main", "--file", tmp_path / "secret"),
        call("rotate", text),
        call("revoke", text),
        call("list", "--tenant", text),
        call("rekey"),
        call("audit", "--json"),
        call("list", ENCRYPTION_KEY=text),
    ]
    assert results[0].exit_code == 0, results[0].output
    shown = "".join(one.output + one.stderr for one in results)
    for one in results:
        if one.exc_info is not None:
            shown += "".join(traceback.format_exception(*one.exc_info))
    assert leaks(secret, shown.encode("utf-8", "replace")) == []
    assert leaks(secret, shown.encode("latin-1", "replace")) == []
    assert leaks(secret, caplog.text.encode()) == []
    assert leaks(secret, repr(STARTED).encode()) == []
    files = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"daznode.sqlite3", "encryption.key"}
    for path in files:
        assert leaks(secret, path.read_bytes()) == [], path


def test_the_search_finds_a_secret_that_is_there():
    for secret in SECRETS.values():
        assert leaks(secret, b"x" + secret + b"y")
        assert leaks(secret, secret.hex().encode()[-64:])


def test_no_secret_is_in_the_arguments_of_the_running_program(tmp_path):
    """The command as another user sees it in the list of processes, while it waits for its secret."""
    command = [sys.executable, "-m", "daznode", "credentials", "add", "m", "--kind", "cln-rune"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | {"DAZNODE_DATA_DIR": str(tmp_path / "data")},
    ) as process:
        process.stdin.write(a_rune())
        process.stdin.flush()
        seen = b""
        if os.path.exists(f"/proc/{process.pid}/cmdline"):  # noqa: PTH110 - a process, not a file
            with open(f"/proc/{process.pid}/cmdline", "rb") as stream:  # noqa: PTH123
                seen = stream.read()
        output, _ = process.communicate()
    assert process.returncode == 0, output
    assert leaks(a_rune(), seen + output) == []
