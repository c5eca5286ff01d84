"""A whole batch over real stores in a folder, with faults that a test asks for."""

import asyncio
from datetime import timedelta

from tests.builders import MORNING, TODAY, a_node_id, a_ring, a_snapshot
from tests.fakes.batch import FakeJournal, FakeMetrics
from tests.fakes.clock import FakeClock
from tests.fakes.history import FakeHistoryStore

from daznode.adapters.cache.memory import MemoryCache
from daznode.adapters.clock import RandomIds
from daznode.adapters.compute import ThreadCompute
from daznode.adapters.coordination.folder_leases import FolderLeases
from daznode.adapters.coordination.memory_feed import MemoryFeed
from daznode.adapters.store.snapshots import SnapshotFolders
from daznode.adapters.store.sqlite import SqliteStore
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

N_NODES = 12


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


class Faulty:
    """A store that fails when a test says so.

    Attributes:
        error: What every call of `methods` then says; None for a store that works.
        methods: Which; empty for all.
        no_room_for: Users whose reports the disk has no room for.
        groups: How many reports each call stored, or was to store.
    """

    def __init__(self, store) -> None:
        self._store = store
        self.error: str | None = None
        self.methods: set[str] = set()
        self.no_room_for: set[str] = set()
        self.groups: list[int] = []

    def __getattr__(self, name):
        method = getattr(self._store, name)

        async def call(*args, **kwargs):
            if self.error is not None and (not self.methods or name in self.methods):
                raise StoreUnavailable(self.error)
            if name == "put_reports":
                self._fill_disk(args[0])
            return await method(*args, **kwargs)

        return call

    def _fill_disk(self, reports) -> None:
        self.groups.append(len(reports))
        if any(one.user_id in self.no_room_for for one in reports):
            message = "reports: cannot be written: no space left on device"
            raise StoreUnavailable(message)


class BatchHouse:
    """One process of the service, as far as batches go; several share a folder and a clock."""

    def __init__(self, folder, *profiles, node=None, other=None, **params) -> None:
        self.clock = other.clock if other else FakeClock()
        self.ids, self.compute = RandomIds(), ThreadCompute()
        self.store = SqliteStore(folder, folder / "rag")
        self.runs, self.reports = Faulty(self.store.runs), Faulty(self.store)
        self.alerts, self.profiles = Faulty(self.store.alerts), self.store.profiles
        self.digests, self.snapshots = self.store.digests, SnapshotFolders(folder)
        self.leases = Faulty(FolderLeases(folder, lambda: self.clock.now().timestamp()))
        self.journal, self.metrics = FakeJournal(), FakeMetrics()
        self.cache, self.feed = MemoryCache(self.metrics), MemoryFeed()
        self.pauses: list[float] = []
        self._new_profiles = profiles
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
                self.store,
                self.reports,
                node,
                history=FakeHistoryStore(),
            )
        )
        self.params = BatchParams(**({"max_concurrent": 3, "group": 4} | params))
        self.shop = self._shop()
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

    def _shop(self) -> Workshop:
        make = MakeJob(
            self.trip,
            self.profiles,
            self.journal,
            self.params.timeout_seconds,
            self.params.max_attempts,
            asyncio.Semaphore(self.params.max_concurrent),
        )
        tracking = TrackAlerts(self.alerts, self.feed, self.clock, self.journal)
        keep = KeepMade(
            self.clock, self.reports, self.runs, tracking, self.cache, self.journal, self.metrics
        )
        return Workshop(
            clock=self.clock,
            ids=self.ids,
            runs=self.runs,
            make=make,
            keep=keep,
            journal=self.journal,
            metrics=self.metrics,
            params=self.params,
            chance=lambda: 0.5,
            pause=self._pause,
        )

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)

    async def prepare(self, n_days: int = 1):
        """Keep the profiles, and a snapshot of each of the last days."""
        await self.store.prepare()
        for profile in self._new_profiles:
            await self.profiles.put_profile(profile)
        self._new_profiles = ()
        for back in range(n_days):
            seen_at = MORNING - timedelta(days=back)
            await self.snapshots.put(a_snapshot(N_NODES, a_ring(N_NODES), observed_at=seen_at))
        return self

    async def jobs(self, users):
        """The newest job of each of these users, by user."""
        found = {user: await self.runs.last_job(user) for user in users}
        return {user: job for user, job in found.items() if job is not None}

    async def states(self, users):
        """The state of the newest job of each of these users."""
        return {user: job.state for user, job in (await self.jobs(users)).items()}

    async def report(self, profile, day=TODAY):
        """The report of a user on a day."""
        found = await self.reports.reports(
            profile.user_id, profile.lightning_pubkey, day, day + timedelta(days=1)
        )
        return found[0] if found else None

    async def close(self) -> None:
        await self.cache.close()
        self.store.close()
        self.compute.close()
