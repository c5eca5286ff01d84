"""The parts that a service is made of, as the settings choose them: stores, coordination, watch."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from daznode.config import Settings
from daznode.domain.errors import StoreUnavailable

if TYPE_CHECKING:
    from daznode.ports.accounts import AccountStore, ChallengeStore, ProfileStore
    from daznode.ports.alerts import AlertFeed, AlertStore
    from daznode.ports.audit import AuditTrail
    from daznode.ports.cache import Cache
    from daznode.ports.coordination import Leases, RateLimiter
    from daznode.ports.digests import DigestStore
    from daznode.ports.health import Probe
    from daznode.ports.journal import Journal
    from daznode.ports.metrics import Metrics
    from daznode.ports.runs import RunStore
    from daznode.ports.store import MeasureStore, ObservationStore, ReportStore, SnapshotStore

PREPARE_AGAIN_SECONDS: Final = 2.0
"""A database that cannot be reached at start is tried again that often; until then: not ready."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the trips of a service are made over.

    Attributes:
        probes: Asked how each part is, by its name.
        exposition: The metrics as Prometheus reads them, and their media type.
        prepare: Brings the stores up to date; to be awaited before anything is asked of them.
        close: Closes whatever is open.
    """

    accounts: "AccountStore"
    profiles: "ProfileStore"
    challenges: "ChallengeStore"
    runs: "RunStore"
    reports: "ReportStore"
    observations: "ObservationStore"
    alerts: "AlertStore"
    audit: "AuditTrail"
    digests: "DigestStore"
    snapshots: "SnapshotStore"
    measures: "MeasureStore"
    cache: "Cache"
    leases: "Leases"
    limiter: "RateLimiter"
    feed: "AlertFeed"
    journal: "Journal"
    metrics: "Metrics"
    probes: "tuple[tuple[str, Probe], ...]"
    exposition: Callable[[], tuple[bytes, str]]
    prepare: Callable[[], Awaitable[None]]
    close: Callable[[], Awaitable[None]]


async def prepare_when_there(parts: Parts) -> None:
    """Bring the stores up to date; a database that cannot be reached is waited for.

    Raises:
        StorageError: What is stored cannot be used.
    """
    while True:
        try:
            await parts.prepare()
        except StoreUnavailable as exc:
            parts.journal.warning("Store cannot be prepared", error=str(exc))
            await asyncio.sleep(PREPARE_AGAIN_SECONDS)
        else:
            return


def open_parts(settings: Settings) -> Parts:
    """The parts that the settings choose; nothing is touched before it is used."""
    from daznode.wiring.coordination import open_coordination
    from daznode.wiring.storage import open_stores
    from daznode.wiring.watch import open_watch

    watch = open_watch(settings)
    stores = open_stores(settings, settings.data_dir, settings.report_files_dir)
    shared = open_coordination(settings, watch.journal, watch.metrics)

    async def close() -> None:
        await shared.close()
        await stores.close()
        watch.close()

    return Parts(
        accounts=stores.accounts,
        profiles=stores.profiles,
        challenges=stores.challenges,
        runs=stores.runs,
        reports=stores.reports,
        observations=stores.observations,
        alerts=stores.alerts,
        audit=stores.audit,
        digests=stores.digests,
        snapshots=stores.snapshots,
        measures=stores.measures,
        cache=shared.cache,
        leases=shared.leases,
        limiter=shared.limiter,
        feed=shared.feed,
        journal=watch.journal,
        metrics=watch.metrics,
        probes=(("database", stores.probe), *shared.probes),
        exposition=watch.exposition,
        prepare=stores.prepare,
        close=close,
    )
