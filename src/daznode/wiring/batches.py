"""Batches of reports as the settings want them: what makes them, what starts them, what goes on."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from daznode.config import Settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from daznode.domain.report import DailyReport
    from daznode.ports.accounts import ProfileStore
    from daznode.ports.alerts import AlertFeed, AlertStore
    from daznode.ports.batch_queue import BatchQueue
    from daznode.ports.cache import Cache
    from daznode.ports.clock import Clock, IdSource
    from daznode.ports.coordination import Leases
    from daznode.ports.digests import DigestStore
    from daznode.ports.history import HistoryStore
    from daznode.ports.journal import Journal
    from daznode.ports.lightning import ConnectedNode
    from daznode.ports.metrics import Metrics
    from daznode.ports.runs import RunStore
    from daznode.ports.store import ObservationStore, ReportStore
    from daznode.usecases.daily_report import DailyReportTrip, ReportRequest
    from daznode.usecases.gather_public import GatherPublic
    from daznode.usecases.open_network import OpenNetwork
    from daznode.usecases.report_batches import ReportBatches
    from daznode.usecases.scheduled_reports import ScheduledReports
    from daznode.usecases.work_jobs import Workshop
    from daznode.usecases.work_runs import WorkRuns

LEASE_SECONDS: Final = 30.0
"""How long the jobs of a process that was killed wait for the next start."""


class BatchParts(Protocol):
    """What batches are made over; the parts of a service are such."""

    @property
    def profiles(self) -> "ProfileStore":
        """Whose reports."""

    @property
    def runs(self) -> "RunStore":
        """Runs and jobs."""

    @property
    def reports(self) -> "ReportStore":
        """Reports."""

    @property
    def observations(self) -> "ObservationStore":
        """States of own nodes."""

    @property
    def alerts(self) -> "AlertStore":
        """Alerts."""

    @property
    def feed(self) -> "AlertFeed":
        """Listeners to alerts."""

    @property
    def digests(self) -> "DigestStore":
        """Weeks and months."""

    @property
    def cache(self) -> "Cache":
        """Answers that a new report makes old."""

    @property
    def leases(self) -> "Leases":
        """Who leads."""

    @property
    def journal(self) -> "Journal":
        """The log."""

    @property
    def metrics(self) -> "Metrics":
        """The figures."""


@dataclass(frozen=True, slots=True)
class Batches:
    """The trips of batches.

    Attributes:
        batches: Starts batches and works on one.
        work_runs: Works on what has not ended; the service lets it go on `forever`.
        scheduled: What the clock begins; for the scheduler.
        prepare_own: Makes a report on the connected node's own data; None while none is connected.
    """

    batches: "ReportBatches"
    work_runs: "WorkRuns"
    scheduled: "ScheduledReports"
    prepare_own: "Callable[[ReportRequest], Awaitable[DailyReport]] | None"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What the machine and other machines give.

    Attributes:
        node: The node that is connected; None without one.
        history: What is kept of that node's past; None without one.
        public: The trip to public services; None while none is named.
        queue: Hands jobs to workers elsewhere; None to work on them here.
    """

    node: "ConnectedNode | None" = None
    history: "HistoryStore | None" = None
    public: "GatherPublic | None" = None
    queue: "BatchQueue | None" = None


def open_batches(
    settings: Settings,
    parts: BatchParts,
    networks: "OpenNetwork",
    *,
    clock: "Clock",
    ids: "IdSource",
    elsewhere: Elsewhere = Elsewhere(),
) -> Batches:
    """Make the trips of batches; nothing runs by that.

    Args:
        settings: What was set.
        parts: Stores, coordination, log and figures.
        networks: Opens snapshots; its `compute` builds the reports.
        clock: Time.
        ids: Fresh names.
        elsewhere: The connected node, and where jobs go.
    """
    from daznode.usecases.daily_report import DailyReportTrip
    from daznode.usecases.digests import MakeDigests
    from daznode.usecases.report_batches import ReportBatches
    from daznode.usecases.scheduled_reports import ScheduledReports
    from daznode.usecases.spread_jobs import SpreadJobs
    from daznode.usecases.work_runs import WorkRuns

    trip = DailyReportTrip(
        clock,
        ids,
        networks,
        parts.observations,
        parts.reports,
        node=elsewhere.node,
        history=elsewhere.history,
        public=elsewhere.public,
    )
    batches = ReportBatches(_workshop(settings, parts, trip), parts.profiles)
    digests = MakeDigests(
        clock=clock,
        ids=ids,
        profiles=parts.profiles,
        reports=parts.reports,
        digests=parts.digests,
        runs=parts.runs,
        compute=networks.compute,
        journal=parts.journal,
        service_hour=settings.report_hour,
    )
    spread = None
    if elsewhere.queue is not None:
        spread = SpreadJobs(
            clock=clock,
            ids=ids,
            runs=parts.runs,
            queue=elsewhere.queue,
            leases=parts.leases,
            journal=parts.journal,
            work=batches.work,
            owner=ids.new_id(),
        )
    work_runs = WorkRuns(
        clock=clock,
        ids=ids,
        runs=parts.runs,
        batches=batches,
        digests=digests,
        leases=parts.leases,
        journal=parts.journal,
        send=None if spread is None else spread.send,
    )
    scheduled = ScheduledReports(
        clock=clock,
        profiles=parts.profiles,
        runs=parts.runs,
        reports=parts.reports,
        alerts=parts.alerts,
        batches=batches,
        leases=parts.leases,
        journal=parts.journal,
        metrics=parts.metrics,
        hour=settings.report_hour,
        minute=settings.report_minute,
        owner=ids.new_id(),
    )
    return Batches(batches, work_runs, scheduled, None if elsewhere.node is None else trip.prepare)


def _workshop(settings: Settings, parts: BatchParts, trip: "DailyReportTrip") -> "Workshop":
    import numpy as np

    from daznode.usecases.keep_made import KeepMade
    from daznode.usecases.make_job import MakeJob
    from daznode.usecases.track_alerts import TrackAlerts
    from daznode.usecases.work_jobs import BatchParams, Workshop

    params = BatchParams(
        max_concurrent=settings.max_concurrent,
        max_attempts=settings.max_retries,
        timeout_seconds=settings.report_timeout_seconds,
        lease_seconds=LEASE_SECONDS,
    )
    make = MakeJob(
        trip=trip,
        profiles=parts.profiles,
        journal=parts.journal,
        timeout_seconds=params.timeout_seconds,
        max_attempts=params.max_attempts,
        places=asyncio.Semaphore(params.max_concurrent),
    )
    keep = KeepMade(
        clock=trip.clock,
        reports=parts.reports,
        runs=parts.runs,
        alerts=TrackAlerts(parts.alerts, parts.feed, trip.clock, parts.journal),
        cache=parts.cache,
        journal=parts.journal,
        metrics=parts.metrics,
    )
    return Workshop(
        clock=trip.clock,
        ids=trip.ids,
        runs=parts.runs,
        make=make,
        keep=keep,
        journal=parts.journal,
        metrics=parts.metrics,
        params=params,
        chance=np.random.default_rng().random,
    )
