"""`daznode lnbits`: whether an LNbits is reachable, what the keys may do, its channels and payments."""

from typing import Any

import click
import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from daznode.domain.errors import BackendError
from daznode.domain.ids import format_scid
from daznode.domain.managed_node import ManagedChannel
from daznode.domain.page import plain_text
from daznode.domain.units import whole_sat
from daznode.domain.wallet import PaymentPage
from daznode.edges.cli import session
from daznode.edges.cli.credentials import actor_name
from daznode.usecases.examine_lnbits import LnbitsExamined
from daznode.wiring import Services


@click.group()
def lnbits() -> None:
    """An LNbits server: check, channels, payments."""


@lnbits.command(epilog="Example: daznode lnbits check")
@session.json_option
@click.pass_context
def check(ctx: click.Context, *, as_json: bool) -> None:
    """Whether LNBITS_URL answers, what the keys open, and what is missing; nothing is changed."""

    async def trip(services: Services) -> LnbitsExamined:
        return await services.lnbits.examine(actor_name())

    found = session.run(trip)
    if as_json:
        session.print_json(found)
    else:
        _show(found)
    if not found.is_reachable:
        ctx.exit(BackendError.exit_code)


@lnbits.command(epilog="Example: daznode lnbits channels")
@session.json_option
def channels(*, as_json: bool) -> None:
    """Open channels of the node behind LNbits: balances, and what the node charges."""

    async def trip(services: Services) -> tuple[ManagedChannel, ...]:
        return await services.lnbits.channels(actor_name())

    found = session.run(trip)
    if as_json:
        session.print_json([_spelled(one) for one in found])
        return
    table = _table("channel", "peer", "state", "local, sat", "remote, sat", "base, msat", "ppm")
    for one in found:
        table.add_row(
            "-" if one.scid is None else format_scid(one.scid),
            _harmless(one.peer_alias, 28) or f"{one.peer_id[:16]}...",
            one.state.value,
            f"{whole_sat(one.local_msat):,}",
            f"{whole_sat(one.remote_msat):,}",
            "-" if one.base_fee_msat is None else f"{one.base_fee_msat:,}",
            "-" if one.fee_ppm is None else f"{one.fee_ppm:,}",
        )
    Console(highlight=False).print(table)


@lnbits.command(epilog="Example: daznode lnbits payments --limit 20")
@click.option("--limit", type=click.IntRange(1, 1_000), default=20, show_default=True)
@session.json_option
def payments(limit: int, *, as_json: bool) -> None:
    """The newest payments of the wallet."""

    async def trip(services: Services) -> PaymentPage:
        return await services.lnbits.payments(actor_name(), limit)

    found = session.run(trip)
    if as_json:
        session.print_json(found)
        return
    table = _table("time, UTC", "", "amount, msat", "fee, msat", "state", "memo")
    for one in found.payments:
        table.add_row(
            f"{one.created_at:%Y-%m-%d %H:%M}",
            "out" if one.is_outgoing else "in",
            f"{one.amount_msat:,}",
            f"{one.fee_msat:,}",
            one.state.value,
            _harmless(one.memo, 60),
        )
    Console(highlight=False).print(table)
    click.echo(f"{len(found.payments)} of {found.total:,} payments")


def _spelled(channel: ManagedChannel) -> dict[str, Any]:
    """A channel for a machine: its id as text, since 64 bits exceed what JSON readers keep exactly."""
    built: dict[str, Any] = msgspec.to_builtins(channel)
    return built | {"scid": None if channel.scid is None else format_scid(channel.scid)}


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        is_number = column.endswith(("sat", "ppm"))
        is_elastic = column in {"peer", "memo"}
        table.add_column(
            column,
            justify="right" if is_number else "left",
            no_wrap=not is_elastic,
            overflow="fold",
        )
    return table


def _harmless(text: str, most: int) -> str:
    """The start of a stranger's text, without what moves a terminal's cursor or reads as markup."""
    return escape(plain_text(text[:most]))


def _show(found: LnbitsExamined) -> None:
    version = f", version {found.version}" if found.version else ""
    click.echo(f"LNbits: {'reachable' if found.is_reachable else 'not reachable'}{version}")
    if found.wallet is not None:
        click.echo(
            f"wallet: {_harmless(found.wallet.name, 60)}, {found.wallet.balance_msat:,} msat"
        )
    if (node := found.node) is not None:
        click.echo(f"node behind it: {_harmless(node.alias, 32)} ({node.backend}), {node.node_id}")
        click.echo(
            f"  {found.active_channels} active channels, {node.balance_msat:,} msat in channels, "
            f"{node.onchain_sat:,} sat on chain"
        )
    for line in found.advice:
        click.echo(f"- {line}")
