"""`daznode worker`: makes reports that the service hands out through Celery."""

import importlib
import json
import sys
from typing import Final

import click

from daznode.config import load_settings
from daznode.domain.errors import ConfigError
from daznode.edges.cli.session import json_option
from daznode.wiring.worker import Worker

DOOR: Final = "daznode.edges.worker.celery"
"""Loaded by name: doors do not know each other."""


@click.command(
    epilog="Example: DAILY_REPORTS_EXECUTOR=celery REDIS_URL=redis://127.0.0.1:6379/0 daznode worker"
)
@click.option(
    "--concurrency",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Batches at once in this process. For more cores start more workers.",
)
@click.option(
    "--metrics-port",
    default=None,
    type=click.IntRange(1, 65_535),
    help="Answer Prometheus on this port of loopback.",
)
@json_option
def worker(concurrency: int, metrics_port: int | None, *, as_json: bool) -> None:
    """Make reports in batches of 50 users, beside the service and on any machine.

    It needs the database and the data of the service, REDIS_URL, and DAILY_REPORTS_EXECUTOR=celery
    here and there. SIGTERM or Ctrl-C gives back what it works on at once; a worker that is killed
    loses nothing either: others make its reports.
    """
    settings = load_settings()
    if settings.executor != "celery":
        message = (
            f"DAILY_REPORTS_EXECUTOR={settings.executor!r}: a worker takes 'celery', "
            "here and in the service"
        )
        raise ConfigError(message)

    def say(text: str) -> None:
        click.echo(json.dumps({"note": text}) if as_json else text)

    door = importlib.import_module(DOOR)
    sys.exit(
        door.run(Worker(settings), concurrency=concurrency, metrics_port=metrics_port, say=say)
    )
