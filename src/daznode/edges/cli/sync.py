"""`daznode sync`: keep the past and present of the connected node."""

import click

from daznode.domain.errors import BackendError
from daznode.edges.cli import session
from daznode.usecases.sync_node import Synced
from daznode.wiring import Services


@click.command(
    short_help="Keep the history of the connected node.",
    epilog="Example: daznode sync",
)
@click.option("--follow", is_flag=True, help="Listen, and keep it up to date until Ctrl-C.")
@session.json_option
def sync(*, follow: bool, as_json: bool) -> None:
    """Bring what is kept of the connected node up to now.

    Forwards, failures, payments, balances, policies, peers and the channel backup are kept in the
    data folder, each once. Stopped at any point, the next run goes on there. LND tells of failed
    forwards only to who listens: --follow does.
    """

    def tell(what: Synced | BackendError) -> None:
        if isinstance(what, BackendError):
            click.echo(f"connection lost: {what}", err=True)
        elif as_json:
            session.print_json(_described(what))
        else:
            _print(what)

    async def once(services: Services) -> None:
        tell(await services.sync(services.tell))

    async def on_and_on(services: Services) -> None:
        await services.follow(tell)

    session.run(on_and_on if follow else once)


def _print(done: Synced) -> None:
    identity = done.identity
    click.echo(
        f"{identity.alias or identity.node_id} ({identity.backend} {identity.version}, "
        f"{identity.network}): {len(done.observation.channels)} channels"
    )
    for strand, count in done.new_events.items():
        click.echo(f"  {strand}: {count:,} new")
    if done.backup_error is not None:
        click.echo(f"  backup: {done.backup_error}", err=True)
    elif done.backup is not None:
        n_missing = len(done.backup.uncovered)
        said = f"{n_missing} open channels are not in it" if n_missing else "all open channels"
        click.echo(f"  backup: {said}")


def _described(done: Synced) -> dict[str, object]:
    backup = done.backup
    return {
        "node_id": done.identity.node_id,
        "backend": done.identity.backend,
        "version": done.identity.version,
        "network": done.identity.network,
        "synced_until": done.until,
        "channels": len(done.observation.channels),
        "new_events": done.new_events,
        "backup_exported_at": None if backup is None else backup.exported_at,
        "backup_uncovered": None if backup is None else len(backup.uncovered),
        "backup_error": done.backup_error,
    }
