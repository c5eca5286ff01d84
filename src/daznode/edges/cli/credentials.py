"""`daznode credentials`: secrets of nodes, stored under encryption; none is ever an argument or shown."""

import os
import pwd
import stat
import sys
from pathlib import Path
from typing import Final

import click

from daznode.domain.accounts import LOCAL_TENANT
from daznode.domain.credential_rights import MAX_SECRET_BYTES
from daznode.domain.credentials import (
    CredentialKind,
    Rekeyed,
    TrailCheck,
    TrailEntry,
    looks_secret,
)
from daznode.domain.errors import AuditTrailBroken, InvalidParameter
from daznode.edges.cli import session, vault_tables
from daznode.usecases.credentials import Added, Listing, Rotated
from daznode.wiring import Services

_STANDARD_INPUT: Final = "-"

_file_help: Final = "Holds the secret; - for standard input."
_tenant = click.option(
    "--tenant", default=LOCAL_TENANT, show_default=True, help="Whose credential."
)
_name = click.argument("name", metavar="NAME")
_superfluous = click.argument("superfluous", nargs=-1, metavar="", type=click.UNPROCESSED)


@click.group()
def credentials() -> None:
    """Credentials of nodes: add, list, rotate, revoke, audit.

    Kept in the data folder under AES-256-GCM. Every use is written into an audit trail.
    """


@credentials.command(
    epilog="Example: daznode credentials add mynode --kind lnd-readonly --file readonly.macaroon"
)
@_name
@_superfluous
@click.option("--kind", type=click.Choice([one.value for one in CredentialKind]), required=True)
@click.option("--file", metavar="FILE", default=_STANDARD_INPUT, help=_file_help)
@_tenant
@session.json_option
def add(
    name: str, superfluous: tuple[str, ...], kind: str, file: str, tenant: str, *, as_json: bool
) -> None:
    """Store a credential under NAME.

    The secret is read from FILE, or from standard input; at a terminal it is asked for and not
    shown. Give the one with the fewest rights that will do: lnd-readonly or a restricted rune for
    reports, lnd-fees for fee changes.
    """
    _refuse(superfluous)
    raw = _secret(file)

    async def trip(services: Services) -> Added:
        return await services.credentials.add(tenant, name, CredentialKind(kind), raw, actor_name())

    added = session.run(trip)
    if as_json:
        session.print_json(added)
    else:
        vault_tables.print_added(added)


@credentials.command("list", epilog="Example: daznode credentials list")
@click.option("--all", "with_revoked", is_flag=True, help="Revoked ones too.")
@_tenant
@session.json_option
@click.pass_context
def list_credentials(ctx: click.Context, tenant: str, *, with_revoked: bool, as_json: bool) -> None:
    """The stored credentials, when to rotate them, and whether they are as they were stored."""

    async def trip(services: Services) -> Listing:
        return await services.credentials.listing(tenant, with_revoked=with_revoked)

    listing = session.run(trip)
    if as_json:
        session.print_json(listing)
    else:
        vault_tables.print_listing(listing)
    _end(ctx, listing.check)


@credentials.command(epilog="Example: daznode credentials rotate mynode")
@_name
@_superfluous
@click.option("--file", metavar="FILE", help="Holds the new secret; - for standard input.")
@_tenant
@session.json_option
def rotate(
    name: str, superfluous: tuple[str, ...], file: str | None, tenant: str, *, as_json: bool
) -> None:
    """Replace the credential NAME by a fresh one, without a moment in which neither works.

    Without --file the node makes the new one, where it can and is connected with the right to do
    so; it is tried, put into use, and the old one is ended at the node.
    """
    _refuse(superfluous)
    raw = None if file is None else _secret(file)

    async def trip(services: Services) -> Rotated:
        return await services.credentials.rotate(tenant, name, actor_name(), raw)

    rotated = session.run(trip)
    if as_json:
        session.print_json(rotated)
    else:
        vault_tables.print_rotated(rotated)


@credentials.command(epilog="Example: daznode credentials revoke mynode")
@_name
@_tenant
@session.json_option
def revoke(name: str, tenant: str, *, as_json: bool) -> None:
    """Destroy the stored secret of NAME, and end it at the node where that is possible."""

    async def trip(services: Services) -> tuple[tuple[int, ...], str]:
        return await services.credentials.revoke(tenant, name, actor_name())

    versions, hint = session.run(trip)
    if as_json:
        session.print_json({"name": name, "revoked_versions": versions, "hint": hint})
    else:
        numbers = ", ".join(str(one) for one in versions)
        click.echo(f"{name}: secret destroyed (version {numbers})")
        if hint:
            click.echo(hint)


@credentials.command(epilog="Example: daznode credentials audit --limit 50")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@click.option("--accept", is_flag=True, help="Go on from a broken trail; this is written into it.")
@_tenant
@session.json_option
@click.pass_context
def audit(ctx: click.Context, limit: int, tenant: str, *, accept: bool, as_json: bool) -> None:
    """Who did what with which credential, the newest first, and whether the trail is whole."""

    async def trip(services: Services) -> tuple[tuple[TrailEntry, ...], TrailCheck]:
        keep = services.credentials
        check = await keep.accept(actor_name()) if accept else await keep.check()
        return await keep.trail(tenant, limit), check

    entries, check = session.run(trip)
    if as_json:
        session.print_json({"entries": entries, "check": check})
    else:
        vault_tables.print_trail(entries, check)
    _end(ctx, check)


@credentials.command(epilog="Example: daznode credentials rekey")
@session.json_option
def rekey(*, as_json: bool) -> None:
    """Put everything stored under a new encryption key, while the service goes on.

    The key in the data folder is replaced by a fresh one. Where ENCRYPTION_KEY is set, everything is
    put under that one, and ENCRYPTION_EXTRA_KEYS names the one it was under.
    """

    async def trip(services: Services) -> Rekeyed:
        return await services.credentials.rekey(actor_name())

    done = session.run(trip)
    if as_json:
        session.print_json(done)
    else:
        old = ", ".join(done.retired_key_ids) or "none"
        click.echo(f"{done.n_records} records are under key {done.key_id}; no longer needed: {old}")


@credentials.command(epilog="Example: daznode credentials reset --yes")
@click.option("--yes", is_flag=True, help="Do not ask.")
@session.json_option
def reset(*, yes: bool, as_json: bool) -> None:
    """Destroy every stored secret of every tenant: for when the encryption key is lost."""
    if not yes:
        click.confirm("Destroy every stored credential?", abort=True, err=True)

    async def trip(services: Services) -> int:
        return await services.credentials.reset(actor_name())

    n_records = session.run(trip)
    if as_json:
        session.print_json({"destroyed": n_records})
    else:
        click.echo(f"{n_records} records destroyed; end them at their nodes and add new ones")


def actor_name() -> str:
    """Who is at the keyboard, for the audit trail."""
    try:
        return f"cli:{pwd.getpwuid(os.getuid()).pw_name}"
    except KeyError:
        return f"cli:uid {os.getuid()}"


def _end(ctx: click.Context, check: TrailCheck) -> None:
    for fault in check.faults:
        click.echo(f"error: {fault}", err=True)
    if check.faults:
        ctx.exit(AuditTrailBroken.exit_code)


def _refuse(superfluous: tuple[str, ...]) -> None:
    if superfluous:
        message = (
            f"{len(superfluous)} arguments too many (not shown): a secret is never an argument, "
            "since other users see arguments; give it with --file, or on standard input"
        )
        raise InvalidParameter(message)


def _secret(file: str) -> bytes:
    """A secret from a file, standard input, or a person at the terminal.

    Raises:
        InvalidParameter: The file cannot be read.
    """
    if file == _STANDARD_INPUT:
        if sys.stdin.isatty():
            typed: str = click.prompt("Secret (not shown)", hide_input=True, err=True)
            return typed.encode()
        return sys.stdin.buffer.read(MAX_SECRET_BYTES + 1)
    try:
        with Path(file).open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            raw = stream.read(MAX_SECRET_BYTES + 1)
    except (OSError, ValueError) as exc:
        # Someone may have put the secret where its file belongs: do not repeat it.
        shown = "(not shown)" if looks_secret(file) or not file.isprintable() else file
        reason = (exc.strerror if isinstance(exc, OSError) else None) or "no such name"
        message = f"--file {shown}: cannot be read: {reason}"
        raise InvalidParameter(message) from None
    if stat.S_ISREG(mode) and mode & stat.S_IRWXO:
        click.echo(f"note: {file} can be read by other users; chmod 600 it, or remove it", err=True)
    return raw
