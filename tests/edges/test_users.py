"""`daznode user` as an operator or a script meets it; passwords and hashes are never shown."""

import json
import os
import pty
import subprocess
import sys
import time

import jwt
import pytest
from click.testing import CliRunner

from daznode.edges.cli.app import cli

PASSWORD = "correct horse battery staple"


def call(folder, *arguments, given=None, **environment):
    runner = CliRunner(
        env={"DAZNODE_DATA_DIR": str(folder / "data"), "NO_COLOR": "1"} | environment
    )
    result = runner.invoke(cli, [str(argument) for argument in arguments], input=given)
    assert PASSWORD not in result.output
    assert "$argon2" not in result.output
    return result


def add(folder, name, *options):
    result = call(
        folder, "user", "add", name, "--password-file", "-", *options, given=PASSWORD + "\n"
    )
    assert result.exit_code == 0, result.output
    return result


def fails(result, exit_code, *said):
    assert result.exit_code == exit_code, result.output
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("error: ")
    assert all(text in lines[0] for text in said), lines[0]


def test_accounts_are_added_listed_and_shown_without_their_hashes(tmp_path):
    assert "daznode user add" in call(tmp_path, "user", "list").stdout
    assert add(tmp_path, "Bob", "--tenant", "acme").stdout == "bob: added (tenant acme, user)\n"
    added = json.loads(add(tmp_path, "alice", "--role", "admin", "--json").stdout)
    assert (added["user_id"], added["tenant_id"], added["role"]) == ("alice", "local", "admin")
    listed = json.loads(call(tmp_path, "user", "list", "--json").stdout)
    assert [one["username"] for one in listed] == ["alice", "bob"]
    assert listed[0] == added
    assert set(listed[0]) == {
        "user_id",
        "username",
        "tenant_id",
        "role",
        "created_at",
        "is_disabled",
    }
    rows = call(tmp_path, "user", "list").stdout.splitlines()
    assert rows[1].split()[:3] == ["alice", "local", "admin"]
    assert rows[2].split()[-1] == "active"


def test_the_password_comes_from_the_first_line_of_a_file(tmp_path):
    path = tmp_path / "password"
    path.write_bytes(f"{PASSWORD}\r\nnot this\n".encode())
    assert call(tmp_path, "user", "add", "alice", "--password-file", path).exit_code == 0
    again = call(tmp_path, "user", "password", "alice", "--password-file", path)
    assert again.stdout == "alice: has another password (tenant local, user)\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"short\n", "5 characters; expected 12"),
        (b"", "0 characters"),
        (b"\xff\xfe" * 20, "no UTF-8"),
        (b"alice-alice-alice\n", "it is the username"),
        (b"x" * 9_000, "8,192 characters"),
    ],
)
def test_passwords_that_are_none(tmp_path, content, said):
    path = tmp_path / "password"
    path.write_bytes(content)
    name = "alice-alice-alice"
    fails(call(tmp_path, "user", "add", name, "--password-file", path), 2, said)
    assert json.loads(call(tmp_path, "user", "list", "--json").stdout) == []


def test_without_a_terminal_or_a_file_there_is_no_password(tmp_path):
    fails(call(tmp_path, "user", "add", "alice"), 2, "--password-file")
    fails(call(tmp_path, "user", "add", "alice", "--password-file", tmp_path / "no"), 2, "No such")
    fails(call(tmp_path, "user", "add", "alice", "--password-file", tmp_path), 2, "directory")


def test_a_person_is_asked_twice_and_sees_nothing(tmp_path):
    primary, secondary = pty.openpty()
    environment = os.environ | {"DAZNODE_DATA_DIR": str(tmp_path / "data"), "TERM": "dumb"}
    process = subprocess.Popen(
        [sys.executable, "-m", "daznode", "user", "add", "alice"],
        stdin=secondary,
        stdout=secondary,
        stderr=secondary,
        env=environment,
        start_new_session=True,
    )
    os.close(secondary)
    shown = read_until(primary, b"Password: ")
    os.write(primary, f"{PASSWORD}\n".encode())
    shown += read_until(primary, b"confirmation: ")
    os.write(primary, f"{PASSWORD}\n".encode())
    shown += read_until(primary, b"added")
    assert process.wait(30) == 0
    os.close(primary)
    assert PASSWORD.encode() not in shown


def read_until(descriptor, text, seconds=30):
    deadline = time.monotonic() + seconds
    seen = b""
    while text not in seen:
        assert time.monotonic() < deadline, seen
        seen += os.read(descriptor, 4_096)
    return seen


def test_a_token_is_printed_alone_and_its_warning_beside_it(tmp_path):
    add(tmp_path, "alice", "--tenant", "acme", "--role", "admin")
    secret = "x" * 40
    result = call(tmp_path, "user", "token", "Alice", JWT_SECRET=secret, JWT_EXPIRE_MINUTES="5")
    claims = jwt.decode(result.stdout.strip(), secret, algorithms=["HS256"])
    assert (claims["sub"], claims["tenant_id"], claims["role"]) == ("alice", "acme", "admin")
    assert claims["exp"] - claims["iat"] == 300
    assert "secret" in result.stderr
    assert "5 minutes" in result.stderr
    assert result.stdout.strip() not in result.stderr
    assert secret not in result.output
    answer = json.loads(
        call(tmp_path, "user", "token", "alice", "--json", JWT_SECRET=secret).stdout
    )
    assert set(answer) == {"access_token", "token_type", "expires_in"}
    assert (answer["token_type"], answer["expires_in"]) == ("bearer", 3600)


def test_without_a_secret_one_is_made_and_kept(tmp_path):
    add(tmp_path, "alice")
    first, second = (call(tmp_path, "user", "token", "alice").stdout.strip() for _ in range(2))
    path = tmp_path / "data" / "jwt_secret"
    assert path.stat().st_mode & 0o777 == 0o600
    for token in (first, second):
        assert jwt.decode(token, path.read_text(), algorithms=["HS256"])["sub"] == "alice"


def test_disabled_is_disabled_until_enabled(tmp_path):
    add(tmp_path, "alice")
    assert call(tmp_path, "user", "disable", "alice").stdout.startswith("alice: disabled")
    fails(call(tmp_path, "user", "token", "alice"), 4, "disabled", "daznode user enable")
    assert call(tmp_path, "user", "list").stdout.splitlines()[1].endswith("disabled")
    enabled = json.loads(call(tmp_path, "user", "enable", "alice", "--json").stdout)
    assert enabled["is_disabled"] is False
    assert call(tmp_path, "user", "token", "alice").exit_code == 0


def test_what_a_user_can_cause_is_one_line(tmp_path):
    add(tmp_path, "alice")
    given = PASSWORD + "\n"
    fails(call(tmp_path, "user", "add", "ALICE", "--password-file", "-", given=given), 4, "taken")
    fails(call(tmp_path, "user", "add", "../x", "--password-file", "-", given=given), 2, "../x")
    fails(
        call(
            tmp_path, "user", "add", "bob", "--tenant", "A B", "--password-file", "-", given=given
        ),
        2,
        "tenant 'A B'",
    )
    for words in (("token", "bob"), ("disable", "bob"), ("enable", "bob")):
        fails(call(tmp_path, "user", *words), 3, "'bob'", "daznode user list")
    fails(call(tmp_path, "user", "token", "alice", JWT_SECRET="short"), 78, "JWT_SECRET=(hidden)")


def test_a_password_is_no_argument(tmp_path):
    for name in ("add", "password"):
        options = {
            option
            for parameter in cli.commands["user"].commands[name].params
            for option in parameter.opts
        }
        assert "--password" not in options
    assert call(tmp_path, "user", "add", "alice", PASSWORD.replace(" ", "_")).exit_code == 2
