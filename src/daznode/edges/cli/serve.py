"""`daznode serve`: the HTTP API, the scheduler and the worker behind it, in as many processes as told."""

import asyncio
import ipaddress
import json
import multiprocessing
import resource
import socket
from contextlib import closing
from typing import Final

import click
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from daznode.config import Settings, load_settings, share_metrics
from daznode.domain.errors import ConfigError, InvalidParameter
from daznode.edges.cli.session import ProgressBars, json_option
from daznode.wiring.preflight import preflight

APPLICATION: Final = "daznode.edges.asgi:create"
"""Loaded by name in each process: doors do not know each other."""

BACKLOG: Final = 4_096
OPEN_FILES: Final = 65_536
"""One per connection; the usual soft limit of 1,024 is less than a busy service has."""

HEADER_SECONDS: Final = 10
"""For the head of a request, and how long an idle connection is kept."""

HEADER_BYTES: Final = 65_536

STOP_SECONDS: Final = 30
"""After that a process that has not stopped is killed; what it worked on is resumed by the next."""


@click.command(
    epilog=(
        "Example: daznode serve --port 8000. Make an administrator first: "
        "daznode user add admin --role admin"
    )
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port",
    default=8_000,
    show_default=True,
    type=click.IntRange(0, 65_535),
    help="0: a free one.",
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Processes; more than one want REDIS_URL to share the cache and the rate limits.",
)
@json_option
def serve(host: str, port: int, workers: int, *, as_json: bool) -> None:
    """Serve the API, with the scheduler of daily reports.

    On loopback tokens are signed by a secret kept in the data folder; beyond loopback JWT_SECRET
    has to be set. Ctrl-C or SIGTERM lets requests in flight finish.
    """
    settings = load_settings()
    with closing(bound(host, port)) as held:
        address, chosen = str(held.getsockname()[0]), int(held.getsockname()[1])
        check_reach(address, settings)
        _tell(address, chosen, _prepare(settings), as_json=as_json)
        _raise_file_limit()
        if workers > 1:
            share_metrics(settings)
        server(APPLICATION, address, chosen, workers).serve()


def check_reach(address: str, settings: Settings) -> None:
    """Refuse to serve others than this machine without a secret that somebody chose.

    Raises:
        ConfigError: It is no loopback address, and `JWT_SECRET` is not set.
    """
    if settings.jwt_secret is None and not is_loopback(address):
        message = (
            f"JWT_SECRET: not set; serving at {address} (beyond loopback) takes at least 32 bytes; "
            "`openssl rand -base64 48` makes one"
        )
        raise ConfigError(message)


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def bound(host: str, port: int) -> socket.socket:
    """A socket that holds a port for the processes that will listen at it.

    It never listens, so it takes no connection from them.

    Raises:
        InvalidParameter: There is no such address here, or the port is taken.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        probe = socket.socket(family, kind, protocol)
        try:
            # First alone, to find out whether anybody is there; then shared, for the processes.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            taken = probe.getsockname()
        finally:
            probe.close()
        held = socket.socket(family, kind, protocol)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(taken)
    except OSError as exc:
        message = f"{host}:{port}: cannot listen there: {exc.strerror or exc}; expected a free port"
        raise InvalidParameter(message) from exc
    return held


def _prepare(settings: Settings) -> tuple[str, ...]:
    """Bring the store up to date and compile what has to be, before anybody is let in."""
    with ProgressBars() as bars:
        return asyncio.run(preflight(settings, bars.say))


def _tell(host: str, port: int, notes: tuple[str, ...], *, as_json: bool) -> None:
    shown = f"[{host}]" if ":" in host else host
    base = f"http://{shown}:{port}"
    if as_json:
        click.echo(
            json.dumps(
                {
                    "listening": base,
                    "docs": f"{base}/docs",
                    "ready": f"{base}/health/ready",
                    "notes": list(notes),
                }
            )
        )
        return
    click.echo(f"Listening at {base} (docs: {base}/docs, readiness: {base}/health/ready)")
    for note in notes:
        click.echo(note, err=True)


def _raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def server(application: str, host: str, port: int, workers: int) -> MPServer:
    """The server, as it is set up for the service.

    Args:
        application: Module and factory: `package.module:create`.
        host: Address to listen at.
        port: Port to listen at.
        workers: Processes.
    """
    # Forked processes would inherit threads that only exist in their parent.
    multiprocessing.set_start_method("spawn", force=True)
    return MPServer(
        application,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        backlog=BACKLOG,
        http1_settings=HTTP1Settings(
            header_read_timeout=HEADER_SECONDS * 1_000, max_buffer_size=HEADER_BYTES
        ),
        log_level=LogLevels.warning,
        factory=True,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
    )
