"""`daznode lnbits`: whether an LNbits is reachable, and what the keys at hand may do with it."""

import click

from daznode.domain.errors import BackendError
from daznode.edges.cli import session
from daznode.edges.cli.credentials import actor_name
from daznode.usecases.examine_lnbits import LnbitsExamined
from daznode.wiring import Services


@click.group()
def lnbits() -> None:
    """An LNbits server: check it."""


@lnbits.command(epilog="Example: daznode lnbits check")
@session.json_option
@click.pass_context
def check(ctx: click.Context, *, as_json: bool) -> None:
    """Whether LNBITS_URL answers, what the keys open, and what is missing; nothing is changed."""

    async def trip(services: Services) -> LnbitsExamined:
        return await services.examine_lnbits(actor_name())

    found = session.run(trip)
    if as_json:
        session.print_json(found)
    else:
        _show(found)
    if not found.is_reachable:
        ctx.exit(BackendError.exit_code)


def _show(found: LnbitsExamined) -> None:
    version = f", version {found.version}" if found.version else ""
    click.echo(f"LNbits: {'reachable' if found.is_reachable else 'not reachable'}{version}")
    if found.wallet is not None:
        click.echo(f"wallet: {found.wallet.name}, {found.wallet.balance_msat:,} msat")
    if (node := found.node) is not None:
        click.echo(f"node behind it: {node.alias} ({node.backend}), {node.node_id}")
        click.echo(
            f"  {found.active_channels} active channels, {node.balance_msat:,} msat in channels, "
            f"{node.onchain_sat:,} sat on chain"
        )
    for line in found.advice:
        click.echo(f"- {line}")
