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
    from daznode.wiring.secrets import Secrets
    from daznode.wiring.storage import Stores

_ENV_FILE: Final = ".env"


async def examine_installation(settings: Settings) -> tuple[Diagnosis, ...]:
    """What is right and wrong with an installation; nothing is made by asking."""
    from daznode.adapters.clock import SystemClock
    from daznode.wiring.secrets import Secrets
    from daznode.wiring.storage import open_stores

    clock = SystemClock()
    async with AsyncExitStack() as stack:
        secrets = Secrets(settings, settings.data_dir, clock)
        stack.callback(secrets.close)
        around = (
            *_machine(settings),
            *_servers(settings, clock),
            await _node(settings, secrets, clock),
            *_lnbits(settings, secrets),
            _public(settings, clock),
        )
        try:
            stores = open_stores(
                settings, settings.data_dir, settings.report_files_dir, clock=clock
            )
        except ConfigError as exc:
            unusable = wrong("database", str(exc), REMEDIES["database"], exc.exit_code)
            return await Diagnose((*around, Known(unusable))).run()
        stack.push_async_callback(stores.close)
        return await Diagnose((*around, *_kept(settings, stores, clock))).run()


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


def _kept(settings: Settings, stores: "Stores", clock: "Clock") -> "tuple[Examiner, ...]":
    """The database and what is in it; looking must not make one."""
    from daznode.adapters.store.sqlite import FILE_NAME

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


async def _node(settings: Settings, secrets: "Secrets", clock: "Clock") -> "Examiner":
    """The connected node, where one is named."""
    from daznode.usecases.examine_node import CONNECTION, NodeExaminer
    from daznode.wiring.nodes import open_node

    try:
        handle = open_node(settings, await secrets.of_node(), clock)
    except DaznodeError as exc:
        mend = "see docs/connect-lnd.md, docs/connect-cln.md and docs/credentials.md"
        return Known(wrong(CONNECTION, str(exc), mend, exc.exit_code))
    if handle is None:
        return Known(right(CONNECTION, "none is connected: reports rest on public data"))
    return NodeExaminer(handle.node, clock, handle.client.aclose, is_dry=settings.dry_run)


def _lnbits(settings: Settings, secrets: "Secrets") -> "tuple[Examiner, ...]":
    """The LNbits, where one is named."""
    from daznode.usecases.examine_lnbits import LnbitsExaminer
    from daznode.wiring.lnbits import LnbitsServices

    if settings.lnbits_url is None:
        return ()
    services = LnbitsServices(settings, secrets)
    return (LnbitsExaminer(lambda: services.examine("doctor")),)


def _public(settings: Settings, clock: "Clock") -> "Examiner":
    """Public services, where any is named."""
    from daznode.wiring.public import named_sources

    if named_sources(settings):
        return PublicExaminer(settings, clock)
    nobody = "none is named (DAZNODE_PUBLIC_SOURCES): nothing is sent anywhere"
    return Known(right("public sources", nobody))


class PublicExaminer:
    """Asks the public services that the settings name, each what it is asked without naming a node.

    Args:
        settings: Name them.
        clock: Time.
    """

    def __init__(self, settings: Settings, clock: "Clock") -> None:
        """Ask nobody yet."""
        self.name = "public sources"
        self._settings = settings
        self._clock = clock

    async def diagnose(self) -> tuple[Diagnosis, ...]:
        """What each says."""
        from daznode.wiring.outside import SourceProbe
        from daznode.wiring.public import open_public

        public = open_public(self._settings, self._clock)
        mend = "check its address and key (docs/sources.md); reports go on without its figures"
        try:
            found: tuple[Diagnosis, ...] = ()
            for source in public.sources:
                examiner = ProbeExaminer(source.name, SourceProbe(source.probe), mend)
                found += await examiner.diagnose()
            return found
        finally:
            await public.close()


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
