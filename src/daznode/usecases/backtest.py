"""Compare policies over many nodes and seeds: runs made side by side, kept one by one, then judged."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from daznode.domain.experiment import (
    Comparison,
    ExperimentPlan,
    Interval,
    RunKey,
    RunOutcome,
)
from daznode.domain.kept_experiment import Advance
from daznode.domain.progress import Progress
from daznode.ports.experiments import ExperimentStore
from daznode.simulate.referee.nodes import run_seeds
from daznode.simulate.referee.standings import against_base, compare
from daznode.usecases.backtest_request import (
    ALL_POLICIES,
    LARGEST_SEED,
    MOST_JOBS,
    MOST_NODES,
    MOST_SEEDS,
    BacktestRequest,
)
from daznode.usecases.run_queue import RunQueue
from daznode.usecases.trial_ground import TrialGround, TrialRoom, check_range


@dataclass(slots=True)
class _Pace:
    """How far the runs of one experiment are."""

    total: int
    began_at: datetime
    resumed: int = 0
    made: int = 0

    @property
    def done(self) -> int:
        return self.resumed + self.made

    def at(self, now: datetime) -> Advance:
        left = None
        if self.made:
            per_run = (now - self.began_at).total_seconds() / self.made
            left = per_run * (self.total - self.done)
        return Advance(self.done, self.total, self.resumed, left)


@dataclass(frozen=True, slots=True)
class Backtest:
    """The trip from a network and some policies to their standings."""

    room: TrialRoom
    experiments: ExperimentStore

    async def run(
        self, request: BacktestRequest, on_advance: Callable[[Advance], None] = lambda _: None
    ) -> Comparison:
        """Make all runs that are not kept yet, keep each as it ends, and compare.

        Stopped at any moment it leaves whole runs behind; the same request goes on from them.

        Args:
            request: What is to be compared.
            on_advance: Told at the beginning and after each run.

        Returns:
            The comparison; the days of channels are left out of it, and kept in the store.

        Raises:
            InvalidParameter: A number out of range, an unknown policy, or too few nodes.
            NoSnapshot: Nothing is stored; SnapshotNotFound, InvalidDump: the network named cannot
                be used.
            StoreUnavailable: A run cannot be kept.
        """
        plan, ground = await self._prepared(request)
        experiment_id = await self.experiments.begin(plan)
        outcomes = await self._kept(experiment_id, plan)
        pace = _Pace(len(plan.keys), self.room.clock.now(), resumed=len(outcomes))
        on_advance(pace.at(self.room.clock.now()))
        queue = RunQueue(key for key in plan.keys if key not in outcomes)

        async def work() -> None:
            hand = queue.hand()
            while (key := hand.next()) is not None:
                outcome = await self._made(ground, plan, key, pace)
                await self.experiments.put_run(experiment_id, outcome)
                outcomes[key] = _without_days(outcome)
                pace.made += 1
                on_advance(pace.at(self.room.clock.now()))

        await _together([work() for _ in range(min(request.jobs, len(queue)))])
        made_at = self.room.clock.now()
        runs = tuple(outcomes[key] for key in plan.keys)
        found = await self.room.compute.run(lambda _: compare(plan, runs, made_at))
        return replace(found, experiment_id=experiment_id)

    async def _prepared(self, request: BacktestRequest) -> tuple[ExperimentPlan, TrialGround]:
        names = self._policies(request)
        terms = replace(request.terms, network_seed=request.seed)
        self.room.check(terms, names)
        check_range("nodes", request.n_nodes, 1, MOST_NODES)
        check_range("seeds", request.n_seeds, 1, MOST_SEEDS)
        check_range("seed", request.seed, 0, LARGEST_SEED)
        check_range("jobs", request.jobs, 1, MOST_JOBS)
        snapshot = await self.room.snapshot(request.network)
        ground = await self.room.ground(snapshot, terms)
        nodes = await self.room.compute.run(
            lambda _: ground.choose(terms.node_set, request.n_nodes, request.seed)
        )
        plan = ExperimentPlan(
            network=snapshot.origin.snapshot_id,
            is_modernised=terms.is_modernised,
            node_set=terms.node_set,
            nodes=nodes,
            policies=names,
            base=terms.base,
            seeds=run_seeds(terms.node_set, request.seed, request.n_seeds),
            days=terms.days,
            burn_in_days=terms.burn_in_days,
            payments_per_day=terms.payments_per_day,
            engine=self.room.engine,
            network_seed=terms.network_seed,
            tier=terms.tier,
        )
        return plan, ground

    def _policies(self, request: BacktestRequest) -> tuple[str, ...]:
        """The names meant, each once, in the table's order or the order given, the base included."""
        names: list[str] = []
        for name in request.policies:
            names += [line.name for line in self.room.policies] if name == ALL_POLICIES else [name]
        return tuple(dict.fromkeys([*names, request.terms.base]))

    async def _kept(self, experiment_id: str, plan: ExperimentPlan) -> dict[RunKey, RunOutcome]:
        found: dict[RunKey, RunOutcome] = {}
        for key in plan.keys:
            outcome = await self.experiments.get_run(experiment_id, key)
            if outcome is not None:
                found[key] = _without_days(outcome)
        return found

    async def _made(
        self, ground: TrialGround, plan: ExperimentPlan, key: RunKey, pace: _Pace
    ) -> RunOutcome:
        def make(progress: Progress) -> RunOutcome:
            def beat(stage: str, done: int, total: int) -> None:
                del stage, done, total
                progress("runs", pace.done, pace.total)

            return ground.run(
                key,
                days=plan.days,
                burn_in_days=plan.burn_in_days,
                base=plan.base,
                progress=beat,
            )

        return await self.room.compute.run(make)


def readings(found: Comparison) -> Mapping[str, Mapping[str, Interval]]:
    """Each policy against the base under every reading of the score.

    Args:
        found: A comparison.

    Returns:
        Per policy and reading (`net`, `net_low`, `net_high`, `net_flat`, `net_contested`, `gross`,
        `cost`) sat per BTC and year; a claim keeps its sign in all of them.
    """
    return against_base(found.plan, found.outcomes)


def _without_days(outcome: RunOutcome) -> RunOutcome:
    """A run as a comparison needs it: the days of a hub's channels would fill the memory."""
    channels = tuple(replace(channel, days=()) for channel in outcome.channels)
    return replace(outcome, channels=channels)


async def _together(works: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Do works side by side; when one fails or all are stopped, the others are stopped and end."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        for task in asyncio.as_completed(tasks):
            await task
    finally:
        for one in tasks:
            one.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
