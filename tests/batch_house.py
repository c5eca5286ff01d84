"""A whole batch over memory: real trips and real threads, fakes for what is outside."""

import asyncio
from datetime import timedelta

from tests.builders import MORNING, TODAY, a_node_id, a_snapshot
from tests.fakes.batch import (
    FakeAlerts,
    FakeCache,
    FakeDigests,
    FakeJournal,
    FakeLeases,
    FakeMetrics,
    FakeProfiles,
    FakeRuns,
)
from tests.fakes.clock import FakeClock, FakeIds
from tests.fakes.history import FakeHistoryStore
from tests.fakes.store import FakeObservationStore, FakeReportStore, FakeSnapshotStore

from daznode.adapters.compute import ThreadCompute
from daznode.domain.accounts import UserProfile
from daznode.domain.errors import StoreUnavailable
from daznode.domain.ids import parse_node_id
from daznode.domain.measures import ScoreWeights
from daznode.graph.measures import MeasureParams
from daznode.usecases.daily_report import DailyReportTrip
from daznode.usecases.digests import MakeDigests
from daznode.usecases.keep_made import KeepMade
from daznode.usecases.make_job import MakeJob
from daznode.usecases.open_network import OpenNetwork
from daznode.usecases.report_batches import ReportBatches
from daznode.usecases.scheduled_reports import ScheduledReports
from daznode.usecases.track_alerts import TrackAlerts
from daznode.usecases.work_jobs import BatchParams, Workshop
from daznode.usecases.work_runs import WorkRuns

PAIRS = ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (0, 3))


def a_profile(user_id: str, number: int | None = 1, **given) -> UserProfile:
    """A user with the daily report enabled, and a node unless `number` is None."""
    return UserProfile(
        **{
            "user_id": user_id,
            "tenant_id": "tenant-1",
            "created_at": TODAY,
            "updated_at": TODAY,
            "lightning_pubkey": None if number is None else parse_node_id(a_node_id(number)),
            "daily_report_enabled": True,
        }
        | given
    )


async def until(is_so, seconds: float = 10.0) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 - what is waited for knows no event
            await asyncio.sleep(0.005)


class WilfulTrip:
    """The daily report's trip, which for some users does first what a test wrote down.

    `deeds[user]` is a list: an exception is raised, a number is slept, one for each attempt.
    """

    def __init__(self, trip: DailyReportTrip) -> None:
        self._trip, self.clock = trip, trip.clock
        self.deeds: dict[str, list[BaseException | float]] = {}
        self.requests = []
        self.n_at_once = self.most_at_once = 0

    async def open_week(self, day, now):
        return await self._trip.open_week(day, now)

    async def make(self, request, now, week, report_id):
        self.requests.append(request)
        self.n_at_once += 1
        self.most_at_once = max(self.most_at_once, self.n_at_once)
        try:
            deeds = self.deeds.get(request.user_id)
            deed = deeds.pop(0) if deeds else 0.0
            if isinstance(deed, BaseException):
                raise deed
            await asyncio.sleep(deed)
            return await self._trip.make(request, now, week, report_id)
        finally:
            self.n_at_once -= 1


class FullReportStore(FakeReportStore):
    """Reports in memory, with users whose reports the disk has no room for."""

    def __init__(self) -> None:
        super().__init__()
        self.no_room_for: set[str] = set()
        self.groups: list[int] = []

    async def put_reports(self, reports):
        self.groups.append(len(reports))
        if any(one.user_id in self.no_room_for for one in reports):
            message = "reports: cannot be written: no space left on device"
            raise StoreUnavailable(message)
        return await super().put_reports(reports)


class BatchHouse:
    """One process of the service, as far as batches go; several can share `runs`."""

    def __init__(self, *profiles, node=None, other=None, **params) -> None:
        self.clock = other.clock if other else FakeClock()
        self.runs = other.runs if other else FakeRuns()
        self.profiles = other.profiles if other else FakeProfiles(*profiles)
        self.reports = other.reports if other else FullReportStore()
        self.alerts, self.leases = FakeAlerts(), FakeLeases(self.clock)
        if other:
            self.leases = other.leases
        self.cache, self.digests = FakeCache(), FakeDigests()
        self.journal, self.metrics = FakeJournal(), FakeMetrics()
        self.ids, self.compute = other.ids if other else FakeIds(), ThreadCompute()
        self.snapshots = FakeSnapshotStore()
        self.pauses: list[float] = []
        networks = OpenNetwork(
            snapshots=self.snapshots,
            measures=self.snapshots,
            compute=self.compute,
            clock=self.clock,
            params=MeasureParams(),
            weights=ScoreWeights(),
            threads=1,
        )
        self.trip = WilfulTrip(
            DailyReportTrip(
                self.clock,
                self.ids,
                networks,
                FakeObservationStore(),
                self.reports,
                node,
                history=FakeHistoryStore(),
            )
        )
        self.params = BatchParams(**({"max_concurrent": 3, "group": 4} | params))
        tracking = TrackAlerts(self.alerts, self.alerts, self.clock, self.journal)
        self.shop = Workshop(
            clock=self.clock,
            ids=self.ids,
            runs=self.runs,
            make=MakeJob(
                self.trip,
                self.profiles,
                self.journal,
                self.params.timeout_seconds,
                self.params.max_attempts,
                asyncio.Semaphore(self.params.max_concurrent),
            ),
            keep=KeepMade(
                self.clock,
                self.reports,
                self.runs,
                tracking,
                self.cache,
                self.journal,
                self.metrics,
            ),
            journal=self.journal,
            metrics=self.metrics,
            params=self.params,
            chance=lambda: 0.5,
            pause=self._pause,
        )
        self.batches = ReportBatches(self.shop, self.profiles)
        self.make_digests = MakeDigests(
            self.clock,
            self.ids,
            self.profiles,
            self.reports,
            self.digests,
            self.runs,
            self.compute,
            self.journal,
            6,
        )
        self.worker = WorkRuns(
            self.clock,
            self.ids,
            self.runs,
            self.batches,
            self.make_digests,
            self.leases,
            self.journal,
            poll_seconds=0.01,
        )
        self.scheduled = ScheduledReports(
            clock=self.clock,
            profiles=self.profiles,
            runs=self.runs,
            reports=self.reports,
            alerts=self.alerts,
            batches=self.batches,
            leases=self.leases,
            journal=self.journal,
            metrics=self.metrics,
            hour=6,
            minute=0,
            owner=self.ids.new_id(),
        )

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)

    async def know_network(self, n_days: int = 1) -> None:
        """Keep a snapshot of each of the last days."""
        for back in range(n_days):
            seen_at = MORNING - timedelta(days=back)
            await self.snapshots.put(a_snapshot(6, PAIRS, observed_at=seen_at))

    def close(self) -> None:
        self.compute.close()
