"""`daznode user`: accounts of the service, made and kept by whoever runs it."""

import sys
from pathlib import Path
from typing import BinaryIO, Final

import click
from rich.console import Console
from rich.table import Table

from daznode.domain.accounts import Account, Role
from daznode.domain.errors import InvalidParameter
from daznode.domain.page import plain_text
from daznode.edges.cli import session

_STANDARD_INPUT: Final = "-"
_LONGEST_FILE_BYTES: Final = 8_192

_password_option = click.option(
    "--password-file",
    metavar="FILE",
    help="Take the password from the first line of FILE (- for standard input), do not ask.",
)


@click.group()
def user() -> None:
    """Accounts of the service: add, list, token, password, disable, enable."""


@user.command(
    epilog="Example: daznode user add alice --role admin",
    short_help="Make an account.",
)
@click.argument("name", metavar="NAME")
@click.option(
    "--tenant", metavar="T", help="Whose data the user sees; default: this service's own."
)
@click.option("--role", type=click.Choice([one.value for one in Role]), default=Role.USER.value)
@_password_option
@session.json_option
def add(
    name: str, tenant: str | None, role: str, password_file: str | None, *, as_json: bool
) -> None:
    """Make an account called NAME; the password is asked for, twice, and not shown.

    A password has at least 12 characters and is not the name.
    """
    password = _password(password_file)
    options = {"tenant_id": tenant} if tenant else {}
    account = session.run_accounts(
        lambda accounts: accounts.add(name, password, role=Role(role), **options)
    )
    _tell(account, "added", as_json=as_json)


@user.command("list", epilog="Example: daznode user list --json")
@session.json_option
def list_users(*, as_json: bool) -> None:
    """All accounts."""
    accounts = session.run_accounts(lambda accounts: accounts.all())
    if as_json:
        session.print_json([_described(one) for one in accounts])
        return
    if not accounts:
        click.echo("No accounts yet: `daznode user add NAME` makes one.")
        return
    table = Table(box=None, header_style="dim", pad_edge=False)
    for title in ("user", "tenant", "role", "since", "state"):
        table.add_column(title, no_wrap=True)
    for one in accounts:
        state = "disabled" if one.is_disabled else "active"
        row = (one.username, one.tenant_id, one.role.value, f"{one.created_at:%Y-%m-%d}", state)
        table.add_row(*(plain_text(text) for text in row))
    Console().print(table, highlight=False, markup=False)


@user.command(
    epilog='Example: export TOKEN="$(daznode user token alice)"',
    short_help="A bearer token for an account.",
)
@click.argument("name", metavar="NAME")
@session.json_option
def token(name: str, *, as_json: bool) -> None:
    """A bearer token for NAME, as logging in gives one. It is a secret until it expires."""
    issued = session.run_accounts(lambda accounts: accounts.token(name))
    minutes = issued.expires_in_seconds // 60
    click.echo(
        f"This token is a secret: who has it is {plain_text(name)} for {minutes} minutes.", err=True
    )
    if as_json:
        session.print_json(
            {
                "access_token": issued.access_token,
                "token_type": "bearer",
                "expires_in": issued.expires_in_seconds,
            }
        )
    else:
        click.echo(issued.access_token)


@user.command(epilog="Example: daznode user password alice", short_help="Set a password.")
@click.argument("name", metavar="NAME")
@_password_option
@session.json_option
def password(name: str, password_file: str | None, *, as_json: bool) -> None:
    """Give NAME another password. Tokens already given out stay valid until they expire."""
    word = _password(password_file)
    account = session.run_accounts(lambda accounts: accounts.set_password(name, word))
    _tell(account, "has another password", as_json=as_json)


@user.command(epilog="Example: daznode user disable alice", short_help="Let an account in no more.")
@click.argument("name", metavar="NAME")
@session.json_option
def disable(name: str, *, as_json: bool) -> None:
    """Let NAME in no more: no login, and within seconds no token of theirs. Reports stay."""
    account = session.run_accounts(lambda accounts: accounts.set_disabled(name, is_disabled=True))
    _tell(account, "disabled", as_json=as_json)


@user.command(epilog="Example: daznode user enable alice", short_help="Let an account in again.")
@click.argument("name", metavar="NAME")
@session.json_option
def enable(name: str, *, as_json: bool) -> None:
    """Let NAME in again."""
    account = session.run_accounts(lambda accounts: accounts.set_disabled(name, is_disabled=False))
    _tell(account, "enabled", as_json=as_json)


def _described(account: Account) -> dict[str, object]:
    """An account for machines, without the hash of its password."""
    return {
        "user_id": account.user_id,
        "username": account.username,
        "tenant_id": account.tenant_id,
        "role": account.role.value,
        "created_at": account.created_at,
        "is_disabled": account.is_disabled,
    }


def _tell(account: Account, what: str, *, as_json: bool) -> None:
    if as_json:
        session.print_json(_described(account))
    else:
        click.echo(f"{account.username}: {what} (tenant {account.tenant_id}, {account.role.value})")


def _password(file: str | None) -> str:
    """A password from a file, standard input or the person; never from an argument.

    Raises:
        InvalidParameter: There is none to be had.
    """
    if file == _STANDARD_INPUT:
        return _first_line(sys.stdin.buffer, "standard input")
    if file is not None:
        try:
            with Path(file).open("rb") as opened:
                return _first_line(opened, file)
        except OSError as exc:
            message = f"{file}: cannot be read: {exc.strerror}; expected a file with the password"
            raise InvalidParameter(message) from exc
    if not sys.stdin.isatty():
        message = "password: no terminal to ask at; expected --password-file FILE, or - for standard input"
        raise InvalidParameter(message)
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return asked


def _first_line(opened: BinaryIO, name: str) -> str:
    raw = opened.readline(_LONGEST_FILE_BYTES)
    try:
        return raw.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as exc:
        message = f"{name}: the password is no UTF-8; expected a line of text"
        raise InvalidParameter(message) from exc
