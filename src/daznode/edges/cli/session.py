"""What every command needs: services for its run, progress for a person, JSON for a machine."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final, Self, TypeVar

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from daznode.config import load_settings
from daznode.domain.errors import ConfigError, InvalidParameter
from daznode.domain.health import Diagnosis, wrong
from daznode.usecases.accounts import Accounts
from daznode.wiring import Services
from daznode.wiring.doctor import examine_installation
from daznode.wiring.identity import opened_accounts

T = TypeVar("T")

_BAR_WIDTH: Final = 28


class ProgressBars:
    """Progress of long work on standard error, shown only while a person looks on."""

    def __init__(self) -> None:
        """Start no bar yet."""
        self._console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(_BAR_WIDTH),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}"),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show how far a stage is."""
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(stage, total=total, note="")
        self._progress.update(self._tasks[stage], completed=done, total=total)

    def note(self, stage: str, text: str) -> None:
        """A few words beside the bar of a stage, such as the time that is left."""
        if stage in self._tasks:
            self._progress.update(self._tasks[stage], note=text)

    def __enter__(self) -> Self:
        """Show the bars."""
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bars away."""
        self._progress.stop()

    def say(self, text: str) -> None:
        """One line to the person, above the bars."""
        self._console.print(text, highlight=False, markup=False)


def run(trip: Callable[[Services], Awaitable[T]], *, is_temporary: bool = False) -> T:
    """Run one trip with fresh services and close them after it, whatever happens.

    Args:
        trip: What to do.
        is_temporary: Keep all data in a folder that is removed afterwards.

    Returns:
        What the trip returns.
    """
    return run_noting(lambda services, _: trip(services), is_temporary=is_temporary)


def run_noting(
    trip: Callable[[Services, Callable[[str, str], None]], Awaitable[T]],
    *,
    is_temporary: bool = False,
) -> T:
    """As `run`, for a trip that also writes words beside the bars of its stages.

    Args:
        trip: Given the services, and what takes a stage and the words beside its bar.
        is_temporary: Keep all data in a folder that is removed afterwards.

    Returns:
        What the trip returns.
    """
    with ProgressBars() as bars, _services(bars, is_temporary=is_temporary) as services:

        async def travel() -> T:
            try:
                return await trip(services, bars.note)
            finally:
                await services.aclose()

        return asyncio.run(travel())


def run_accounts(trip: Callable[[Accounts], Awaitable[T]]) -> T:
    """Do something with accounts, over the database that the settings choose."""

    async def travel() -> T:
        async with opened_accounts(load_settings()) as accounts:
            return await trip(accounts)

    return asyncio.run(travel())


def examine() -> tuple[Diagnosis, ...]:
    """What is right and wrong with this installation; wrong settings are a detail too."""
    try:
        settings = load_settings()
    except ConfigError as exc:
        mend = "see docs/configuration.md; the rest was not looked at"
        return (wrong("settings", str(exc), mend, exc.exit_code),)
    return asyncio.run(examine_installation(settings))


@contextmanager
def _services(bars: ProgressBars, *, is_temporary: bool) -> Iterator[Services]:
    services = Services(load_settings(), listener=bars, say=bars.say, is_temporary=is_temporary)
    try:
        yield services
    finally:
        services.close()


def print_json(value: object) -> None:
    """A value of the domain as JSON on standard output."""
    builtins: Any = msgspec.to_builtins(value, str_keys=True)
    click.echo(json.dumps(builtins, ensure_ascii=not _speaks_utf8(), indent=2))


def _speaks_utf8() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def parse_moment(text: str | None) -> datetime | None:
    """A moment given on the command line: ISO 8601; without an offset it is UTC.

    Raises:
        InvalidParameter: No such moment.
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        message = f"moment {text!r}: expected ISO 8601, for example 2026-11-21T06:00:00Z"
        raise InvalidParameter(message) from exc


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
