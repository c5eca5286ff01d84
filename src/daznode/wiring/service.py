"""The service: everything that `daznode serve` asks, started and stopped as one."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from daznode import __version__
from daznode.config import Settings, prepare_compile_cache
from daznode.domain.health import DependencyHealth, ServiceHealth
from daznode.wiring.memory import keep_what_is_loaded
from daznode.wiring.parts import prepare_when_there

if TYPE_CHECKING:
    from daznode.usecases.current_network import CurrentNetwork
    from daznode.usecases.keep_following import KeepFollowing
    from daznode.wiring.parts import Parts

BEGIN_AGAIN_SECONDS: Final = 5.0
"""After an error that nobody foresaw, what goes on in the background is begun again."""

QUICK_THREADS: Final = 2
"""For answers, beside the threads that measure networks and make reports."""


class Service:
    """All trips of the service.

    Args:
        settings: What was set.
        parts: What they are made over; None for what the settings choose.
    """

    def __init__(self, settings: Settings, parts: "Parts | None" = None) -> None:
        """Make all trips; nothing runs and nothing is written before `start`."""
        from daznode.adapters.clock import RandomIds, SystemClock
        from daznode.adapters.compute import ThreadCompute
        from daznode.adapters.wire_json import encode
        from daznode.wiring.parts import open_parts

        prepare_compile_cache(settings.data_dir)
        self.settings = settings
        self.encode = encode
        self.clock, self.ids = SystemClock(), RandomIds()
        self.compute = ThreadCompute()
        self.quick = ThreadCompute(threads=QUICK_THREADS)
        self.parts = parts or open_parts(settings)
        self.journal, self.metrics = self.parts.journal, self.parts.metrics
        self.limiter = self.parts.limiter
        self.stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._scheduler_runs: Callable[[], bool] = lambda: False
        self._identify()
        self._work()
        self._answer()

    def _identify(self) -> None:
        from daznode.wiring.identity import Identity, IdentityParts

        parts = self.parts
        self._identity = identity = Identity(
            self.settings,
            IdentityParts(
                accounts=parts.accounts,
                profiles=parts.profiles,
                challenges=parts.challenges,
                audit=parts.audit,
                reports=parts.reports,
                limiter=parts.limiter,
                journal=parts.journal,
                metrics=parts.metrics,
                clock=self.clock,
                ids=self.ids,
            ),
        )
        self.accounts = identity.accounts
        self.authenticate = identity.authenticate
        self.log_in = identity.log_in
        self.prove_node = identity.prove_node
        self.profiles = identity.profiles
        self.read_audit = identity.read_audit

    def _work(self) -> None:
        from daznode.usecases.admin_reports import AdminReports
        from daznode.usecases.current_network import CurrentNetwork
        from daznode.usecases.recalculations import Recalculations
        from daznode.wiring.batches import open_batches
        from daznode.wiring.networks import open_networks
        from daznode.wiring.outside import open_outside

        parts = self.parts
        self._outside = open_outside(self.settings, self.clock, self.journal, self.metrics)
        self.networks = open_networks(
            self.settings, parts.snapshots, parts.measures, self.compute, self.clock
        )
        self.current = CurrentNetwork(self.networks, self.compute, self.journal, self.metrics)
        self._batches = open_batches(
            self.settings,
            parts,
            self.networks,
            clock=self.clock,
            ids=self.ids,
            elsewhere=self._outside.elsewhere,
        )
        self.scheduled = self._batches.scheduled
        self._following = self._follower()
        self._recalculations = Recalculations(self.current, parts.runs, self.clock, self.journal)
        self.admin_reports = AdminReports(
            batches=self._batches.batches,
            accounts=parts.accounts,
            profiles=parts.profiles,
            runs=parts.runs,
            reports=parts.reports,
            notes=self._identity.notes,
            clock=self.clock,
            ids=self.ids,
            begin=self.wake_worker,
            recalculate_network=self._recalculations.wake.set,
        )

    def _follower(self) -> "KeepFollowing | None":
        """What keeps the history of the connected node up to date, where there is one."""
        from daznode.usecases.keep_following import KeepFollowing

        outside = self._outside
        node, history = outside.elsewhere.node, outside.elsewhere.history
        if node is None or history is None or outside.events is None:
            return None
        return KeepFollowing(
            node=node,
            events=outside.events,
            clock=self.clock,
            history=history,
            observations=self.parts.observations,
            profiles=self.parts.profiles,
            leases=self.parts.leases,
            journal=self.journal,
            owner=self.ids.new_id(),
        )

    def _answer(self) -> None:
        from daznode.adapters.press.document import DocumentPress
        from daznode.decide.params import AdviceParams
        from daznode.usecases.cached_answers import CachedAnswers
        from daznode.usecases.query_network import QueryNetwork
        from daznode.usecases.read_alerts import ReadAlerts
        from daznode.usecases.read_reports import ReadReports
        from daznode.usecases.recommend import Recommend
        from daznode.usecases.service_health import CheckHealth

        parts, answers = self.parts, CachedAnswers(self.parts.cache)
        self.query = QueryNetwork(
            self.current,
            parts.snapshots,
            answers,
            self.quick,
            self.encode,
            self.settings.score_weights,
            parts.profiles,
        )
        self.recommend = Recommend(
            current=self.current,
            profiles=parts.profiles,
            answers=answers,
            compute=self.quick,
            clock=self.clock,
            encode=self.encode,
            language=self.settings.language,
            params=AdviceParams(),
            prepare_own=self._batches.prepare_own,
        )
        self.read_reports = ReadReports(
            reports=parts.reports,
            digests=parts.digests,
            answers=answers,
            compute=self.quick,
            press=DocumentPress(),
            clock=self.clock,
            encode=self.encode,
        )
        self.read_alerts = ReadAlerts(parts.alerts, parts.feed, self.clock)
        probes = (
            *parts.probes,
            *self._outside.probes,
            ("snapshot", SnapshotProbe(self.current)),
            ("scheduler", SchedulerProbe(self)),
        )
        self.health = CheckHealth(probes, self.clock, __version__)

    def wake_worker(self) -> None:
        """Tell whoever works on runs that there is one."""
        self._batches.work_runs.wake.set()

    def watch_scheduler(self, is_running: Callable[[], bool]) -> None:
        """Learn how to find out whether the clock goes on, for the health of the service."""
        self._scheduler_runs = is_running

    @property
    def is_scheduling(self) -> bool:
        """Whether the clock goes on."""
        return self._scheduler_runs()

    def exposition(self) -> tuple[bytes, str]:
        """The metrics as Prometheus reads them, and their media type."""
        return self.parts.exposition()

    async def start(self) -> None:
        """Begin everything that goes on by itself; readiness follows when the stores are there."""
        self._go_on("prepare the store", self._prepare)
        self._go_on("watch networks", lambda: self.current.watch(self.query.warm))

    async def _prepare(self) -> None:
        await prepare_when_there(self.parts)
        keep_what_is_loaded()
        self._go_on("work on runs", self._batches.work_runs.forever)
        self._go_on("recalculate", self._recalculations.forever)
        if self._following is not None:
            self._go_on("follow the connected node", self._following.forever)
        self.health.is_started = True

    def announce_stop(self) -> None:
        """Be no longer ready, and let listeners go."""
        self.health.is_stopping = True
        self.stopping.set()

    async def stop(self) -> None:
        """End what goes on by itself, give back what was worked on, close everything."""
        self.announce_stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._close()

    async def _close(self) -> None:
        self._identity.close()
        await asyncio.to_thread(self.quick.close)
        await asyncio.to_thread(self.compute.close)
        await self._outside.close()
        await self.parts.close()

    def _go_on(self, what: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Let something go on in the background; begin it again if it ends by an error."""

        async def go_on() -> None:
            while True:
                done = await asyncio.gather(work(), return_exceptions=True)
                error = done[0]
                if error is None:
                    return
                self.journal.error(f"Could not {what}", error=repr(error), exc_info=error)
                await asyncio.sleep(BEGIN_AGAIN_SECONDS)

        self._tasks.append(asyncio.create_task(go_on()))


@dataclass(frozen=True, slots=True)
class SnapshotProbe:
    """Whether there is a network to answer about; without one everything else goes on."""

    current: "CurrentNetwork"

    async def check(self) -> DependencyHealth:
        """Look at what is open."""
        opened = self.current.opened
        detail = self.current.state.value
        if opened is not None:
            detail = f"{opened.ref.snapshot_id} ({opened.ref.reality})"
        elif self.current.state.value == "none":
            detail = "none is stored: scores and network figures answer 503"
        is_well = opened is not None and self.current.last_error is None
        return DependencyHealth(
            name="snapshot",
            state=ServiceHealth.HEALTHY if is_well else ServiceHealth.DEGRADED,
            is_required=False,
            detail=detail,
            last_error=self.current.last_error,
        )


@dataclass(frozen=True, slots=True)
class SchedulerProbe:
    """Whether daily reports will be made at their hour."""

    service: Service

    async def check(self) -> DependencyHealth:
        """Look at the clock."""
        is_wanted = self.service.settings.scheduler_enabled
        is_well = self.service.is_scheduling or not is_wanted
        return DependencyHealth(
            name="scheduler",
            state=ServiceHealth.HEALTHY if is_well else ServiceHealth.DEGRADED,
            is_required=False,
            detail="runs"
            if self.service.is_scheduling
            else "disabled"
            if not is_wanted
            else "stopped",
        )
