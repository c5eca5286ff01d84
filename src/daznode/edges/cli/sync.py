"""`daznode sync`: keep the past and present of the connected node."""

import click

from daznode.edges.cli import session
from daznode.usecases.sync_node import Synced
from daznode.wiring import Services


@click.command(
    short_help="Keep the history of the connected node.",
    epilog="Example: daznode sync",
)
@session.json_option
def sync(*, as_json: bool) -> None:
    """Bring what is kept of the connected node up to now.

    Forwards, failures, payments, balances, policies, peers and the channel backup are kept in the
    data folder, each once. Stopped at any point, the next run goes on there.
    """

    async def trip(services: Services) -> Synced:
        return await services.sync(services.tell)

    done = session.run(trip)
    if as_json:
        session.print_json(_described(done))
        return
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
        uncovered = len(done.backup.uncovered)
        click.echo(
            f"  backup: {uncovered} open channels not in it"
            if uncovered
            else "  backup: all open channels"
        )


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
