"""What `daznode doctor` looks at: one examiner per part that the settings choose."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from daznode.config import Settings
from daznode.domain.errors import ConfigError, DaznodeError, StorageError
from daznode.domain.health import Diagnosis, right, wrong
from daznode.usecases.diagnose import (
    REMEDIES,
    ClockExaminer,
    CloseLook,
    Diagnose,
    Known,
    OverDatabase,
    ProbeExaminer,
    SchedulerExaminer,
    SnapshotExaminer,
    daily_at,
)
from daznode.wiring.identity import SECRET_FILE

if TYPE_CHECKING:
    from daznode.ports.clock import Clock
    from daznode.ports.health import Examiner

_ENV_FILE: Final = ".env"


async def examine_installation(settings: Settings) -> tuple[Diagnosis, ...]:
    """What is right and wrong with an installation; nothing is made by asking."""
    from daznode.adapters.clock import SystemClock

    clock = SystemClock()
    async with AsyncExitStack() as stack:
        examiners = (
            *_machine(settings),
            *_kept(settings, clock, stack),
            *_servers(settings, clock),
            *_node(settings, clock, stack),
            *_sources(settings, clock, stack),
        )
        return await Diagnose(examiners).run()


def _machine(settings: Settings) -> "tuple[Examiner, ...]":
    from daznode.adapters.identity.secret_examiner import TokenSecretExaminer
    from daznode.adapters.machine.data_folder import DataFolderExaminer
    from daznode.adapters.machine.settings_file import SettingsExaminer

    secret = TokenSecretExaminer(
        settings.data_dir / SECRET_FILE, is_set=settings.jwt_secret is not None
    )
    folders: tuple[Examiner, ...] = (DataFolderExaminer(settings.data_dir),)
    if not settings.report_files_dir.is_relative_to(settings.data_dir):
        folders += (DataFolderExaminer(settings.report_files_dir, "report files"),)
    return (SettingsExaminer(_given(settings), Path(_ENV_FILE)), *folders, secret)


def _given(settings: Settings) -> tuple[str, ...]:
    """Names of the variables that were set."""
    fields = type(settings).model_fields
    return tuple(sorted(str(fields[name].validation_alias) for name in settings.model_fields_set))


def _kept(settings: Settings, clock: "Clock", stack: AsyncExitStack) -> "tuple[Examiner, ...]":
    """The database and what is in it; looking must not make one."""
    from daznode.adapters.store.sqlite import FILE_NAME
    from daznode.wiring.storage import open_stores

    try:
        stores = open_stores(settings, settings.data_dir, settings.report_files_dir, clock=clock)
    except ConfigError as exc:
        return (Known(wrong("database", str(exc), REMEDIES["database"], exc.exit_code)),)
    stack.push_async_callback(stores.close)
    snapshots = SnapshotExaminer(stores.snapshots, clock)
    path = settings.data_dir / FILE_NAME
    if settings.mongodb_uri is None and not path.exists():
        at = daily_at(settings.report_hour, settings.report_minute)
        return (
            Known(right("database", f"sqlite; {path} is made at first use")),
            snapshots,
            Known(right("scheduler", f"{at}; nobody has the daily report enabled")),
            ClockExaminer(clock, stores.snapshots, None),
        )
    scheduler = SchedulerExaminer(
        stores.runs,
        stores.profiles,
        clock,
        settings.report_hour,
        settings.report_minute,
        settings.scheduler_enabled,
    )
    return (
        CloseLook("database", stores.doctor, StorageError.exit_code),
        snapshots,
        OverDatabase(scheduler),
        OverDatabase(ClockExaminer(clock, stores.snapshots, stores.runs)),
    )


def _servers(settings: Settings, clock: "Clock") -> "tuple[Examiner, ...]":
    """Redis and Qdrant, where they are set."""
    from daznode.adapters.watch.probes import qdrant_probe

    examiners: list[Examiner] = []
    if settings.redis_url is None:
        examiners.append(Known(right("redis", "REDIS_URL is not set: cache and limits in-process")))
    else:
        examiners.append(RedisExaminer(settings, clock))
    if settings.qdrant_url is None:
        examiners.append(Known(right("qdrant", "QDRANT_URL is not set: nothing is asked of it")))
    else:
        key = settings.qdrant_api_key
        api_key = None if key is None else key.get_secret_value()
        probe = qdrant_probe(settings.qdrant_url, api_key, clock)
        examiners.append(ProbeExaminer("qdrant", probe, REMEDIES["qdrant"]))
    return tuple(examiners)


def _node(settings: Settings, clock: "Clock", stack: AsyncExitStack) -> "tuple[Examiner, ...]":
    """The connected node, where one is set."""
    from daznode.usecases.diagnose_node import NodeExaminer
    from daznode.wiring.nodes import open_node

    try:
        handle = open_node(settings, clock)
    except DaznodeError as exc:
        mend = "see docs/connect-lnd.md and docs/connect-cln.md"
        return (Known(wrong("node", str(exc), mend, exc.exit_code)),)
    if handle is None:
        return (Known(right("node", "none is connected: reports rest on public data")),)
    stack.push_async_callback(handle.client.aclose)
    return (NodeExaminer(handle.node),)


def _sources(settings: Settings, clock: "Clock", stack: AsyncExitStack) -> "tuple[Examiner, ...]":
    """Public services, where any are named."""
    from daznode.wiring.outside import SourceProbe
    from daznode.wiring.public import open_public

    public = open_public(settings, clock)
    stack.push_async_callback(public.close)
    mend = "see docs/sources.md; reports go out without it, and say so"
    return tuple(
        ProbeExaminer(f"source {one.name}", SourceProbe(one.probe), mend) for one in public.sources
    )


class RedisExaminer:
    """Asks Redis over a connection of its own.

    Args:
        settings: Name the server.
        clock: For when it refused.
    """

    def __init__(self, settings: Settings, clock: "Clock") -> None:
        """Connect to nothing yet."""
        self.name = "redis"
        self._settings = settings
        self._clock = clock

    async def diagnose(self) -> tuple[Diagnosis, ...]:
        """What the probe says.

        Raises:
            ConfigError: The address cannot be understood, or the driver is not installed.
        """
        from daznode.adapters.watch.probes import redis_probe
        from daznode.wiring.coordination import open_link

        link = open_link(self._settings, Quiet())
        try:
            probe = redis_probe(link, self._clock)
            return await ProbeExaminer(self.name, probe, REMEDIES[self.name]).diagnose()
        finally:
            await link.close()


class Quiet:
    """A log that nobody reads: what is to be said is in the findings."""

    def info(self, event: str, **fields: object) -> None:
        """Nothing."""

    def warning(self, event: str, **fields: object) -> None:
        """Nothing."""

    def error(self, event: str, **fields: object) -> None:
        """Nothing."""
