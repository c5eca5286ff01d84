"""Where things are kept: every store port over the database that the settings choose."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from daznode.config import Settings
from daznode.domain.errors import ConfigError
from daznode.ports.accounts import AccountStore, ChallengeStore, ProfileStore
from daznode.ports.alerts import AlertStore
from daznode.ports.audit import AuditTrail
from daznode.ports.clock import Clock
from daznode.ports.digests import DigestStore
from daznode.ports.health import Diagnosed, Probe
from daznode.ports.runs import RunStore
from daznode.ports.store import MeasureStore, ObservationStore, ReportStore, SnapshotStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """Everything that is kept.

    Attributes:
        reports: Daily reports.
        observations: States of own nodes.
        snapshots: Network snapshots, always in the data folder.
        measures: Measures of those.
        accounts: Who can log in.
        profiles: What users have set.
        challenges: What users are to sign.
        runs: Batches of reports and their jobs.
        alerts: What is or was wrong.
        audit: Who did what.
        digests: Weeks and months.
        probe: Says how the database is.
        doctor: Looks closely at the database and the report files.
        prepare: Brings the database up to date: schema, indexes, report files that are due. To be
            awaited before anything is served; may be left out by a command that runs once.
        close: Finishes what was begun; nothing can be asked afterwards.
    """

    reports: ReportStore
    observations: ObservationStore
    snapshots: SnapshotStore
    measures: MeasureStore
    accounts: AccountStore
    profiles: ProfileStore
    challenges: ChallengeStore
    runs: RunStore
    alerts: AlertStore
    audit: AuditTrail
    digests: DigestStore
    probe: Probe
    doctor: Diagnosed
    prepare: Callable[[], Awaitable[None]]
    close: Callable[[], Awaitable[None]]


def open_stores(
    settings: Settings, data_dir: Path, assets_dir: Path, *, clock: Clock | None = None
) -> Stores:
    """The stores that the settings choose; nothing is touched before it is used.

    Args:
        settings: What was set.
        data_dir: Folder of the embedded database and of network snapshots.
        assets_dir: Folder of the report files.
        clock: Time for what the probe says; the machine's if none is given.

    Raises:
        ConfigError: `MONGODB_URI` is set, and cannot be used or its driver is not installed.
    """
    from daznode.adapters.clock import SystemClock

    time = clock or SystemClock()
    if settings.mongodb_uri is None:
        return _embedded(data_dir, assets_dir, time)
    uri = settings.mongodb_uri.get_secret_value()
    return _on_server(uri, settings.mongodb_database, (data_dir, assets_dir), time)


def _embedded(data_dir: Path, assets_dir: Path, clock: Clock) -> Stores:
    from daznode.adapters.store.probing import DatabaseProbe
    from daznode.adapters.store.snapshots import SnapshotFolders
    from daznode.adapters.store.sqlite import SqliteStore
    from daznode.adapters.store.sqlite_health import SqliteDoctor, describe

    store = SqliteStore(data_dir, assets_dir)
    snapshots = SnapshotFolders(data_dir)

    async def close() -> None:
        await asyncio.to_thread(store.close)

    return Stores(
        reports=store,
        observations=store,
        snapshots=snapshots,
        measures=snapshots,
        accounts=store.accounts,
        profiles=store.profiles,
        challenges=store.challenges,
        runs=store.runs,
        alerts=store.alerts,
        audit=store.audit,
        digests=store.digests,
        probe=DatabaseProbe(lambda: describe(store.threads), clock),
        doctor=SqliteDoctor(store.threads),
        prepare=store.prepare,
        close=close,
    )


def _on_server(uri: str, database: str, folders: tuple[Path, Path], clock: Clock) -> Stores:
    try:
        from daznode.adapters.store.mongodb.health import MongoDoctor, describe
        from daznode.adapters.store.mongodb.store import MongoStore
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"pymongo", "bson"}:
            raise
        message = (
            "MONGODB_URI is set, and the driver for it is not installed; install it with "
            "pip install 'daznode[mongodb]'"
        )
        raise ConfigError(message) from error
    from daznode.adapters.store.probing import DatabaseProbe
    from daznode.adapters.store.snapshots import SnapshotFolders

    data_dir, assets_dir = folders
    store = MongoStore(uri, database, assets_dir)
    snapshots = SnapshotFolders(data_dir)
    return Stores(
        reports=store.reports,
        observations=store.observations,
        snapshots=snapshots,
        measures=snapshots,
        accounts=store.accounts,
        profiles=store.profiles,
        challenges=store.challenges,
        runs=store.runs,
        alerts=store.alerts,
        audit=store.audit,
        digests=store.digests,
        probe=DatabaseProbe(lambda: describe(store.link), clock),
        doctor=MongoDoctor(store.link, store.reports),
        prepare=store.prepare,
        close=store.close,
    )
