"""What tries fee policies in a simulated network: one run, or a comparison of many."""

from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from daznode.domain.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from daznode.adapters.compute import ThreadCompute
    from daznode.adapters.store.experiments import ExperimentFolders
    from daznode.domain.experiment import Comparison, ExperimentPlan, Interval
    from daznode.domain.gossip import GraphSnapshot
    from daznode.domain.ids import ShortChannelId
    from daznode.domain.kept_experiment import Advance, KeptExperiment
    from daznode.domain.page import Page
    from daznode.ports.clock import Clock
    from daznode.ports.store import SnapshotStore
    from daznode.usecases.backtest_request import BacktestRequest
    from daznode.usecases.judge_referee import Judgement
    from daznode.usecases.simulate_policy import Simulated, SimulationRequest
    from daznode.usecases.trial_ground import GroundTerms, PolicyLine, TrialGround, TrialRoom

_ORACLE_SUMMARY: Final = (
    "one fee a channel, set by who knows the days to come: a bound to compare with"
)


class ExperimentServices:
    """Trips to simulated networks.

    Args:
        data_dir: Where experiments are kept.
        snapshots: Stored networks.
        clock: Time.
        cache_dir: Where compiled code is kept; None if there is no such place.
        say: Told in a line what a person should know.
        listener: Told of the progress of long work.
    """

    def __init__(
        self,
        data_dir: Path,
        snapshots: "SnapshotStore",
        clock: "Clock",
        cache_dir: Path | None,
        say: "Callable[[str], None]",
        listener: Progress = silent,
    ) -> None:
        """Open nothing yet."""
        self._data_dir = data_dir
        self._snapshots = snapshots
        self._clock = clock
        self._cache_dir = cache_dir
        self._say = say
        self._listener = listener
        self._threads: ThreadCompute | None = None

    def close(self) -> None:
        """Wait for runs under way, and end the threads."""
        if self._threads is not None:
            self._threads.close()

    @cached_property
    def store(self) -> "ExperimentFolders":
        """Experiments and their runs."""
        from daznode.adapters.store.experiments import ExperimentFolders

        return ExperimentFolders(self._data_dir)

    def policies(self) -> "tuple[PolicyLine, ...]":
        """The table of policies, and the bound that stands beside them."""
        from daznode.simulate.policies.table import POLICIES
        from daznode.simulate.referee.standings import ORACLE
        from daznode.usecases.trial_ground import PolicyLine

        rows = tuple(PolicyLine(row.name, row.summary, row.source) for row in POLICIES.values())
        return (*rows, PolicyLine(ORACLE, _ORACLE_SUMMARY, "no tool can do this", is_bound=True))

    async def simulate(self, request: "SimulationRequest") -> "Simulated":
        """One run of one policy on one node; raises as `SimulatePolicy.run`."""
        from daznode.usecases.simulate_policy import SimulatePolicy

        return await SimulatePolicy(self._room(1)).run(request)

    async def backtest(
        self, request: "BacktestRequest", on_advance: "Callable[[Advance], None]"
    ) -> "Comparison":
        """Policies compared over nodes and seeds; raises as `Backtest.run`."""
        from daznode.usecases.backtest import Backtest

        trip = Backtest(self._room(request.jobs), self.store)
        return await trip.run(request, on_advance)

    async def kept(self) -> "tuple[KeptExperiment, ...]":
        """All experiments, finished or not.

        Raises:
            StoreCorrupt: A plan cannot be read; the message names the file.
        """
        return await self.store.experiments()

    async def judge(self, experiment_id: str) -> "tuple[ExperimentPlan, tuple[Judgement, ...]]":
        """What the statistics of a kept comparison are worth; raises as `JudgeReferee.run`."""
        from daznode.usecases.judge_referee import JudgeReferee

        return await JudgeReferee(self.store, self._room(1).compute).run(experiment_id)

    def readings(self, found: "Comparison") -> "Mapping[str, Mapping[str, Interval]]":
        """Each policy against the base under every reading of the score."""
        from daznode.usecases.backtest import readings

        return readings(found)

    def comparison_page(self, found: "Comparison") -> "Page":
        """A comparison in words."""
        from daznode.report.comparison import lay_out_comparison
        from daznode.simulate.referee.inference import fewest_units
        from daznode.simulate.referee.standings import ORACLE

        rivals = set(found.plan.policies) - {found.plan.base, ORACLE}
        fewest = fewest_units(max(1, len(rivals)))
        return lay_out_comparison(found, self.readings(found), bound=ORACLE, fewest=fewest)

    def run_page(self, simulated: "Simulated", scid: "ShortChannelId | None") -> "Page":
        """A run in words, or one channel of it.

        Raises:
            ChannelNotFound: The node has no such channel.
        """
        from daznode.domain.experiment import NodeSet
        from daznode.report.trial import lay_out_channel, lay_out_run

        outcome, network = simulated.outcome, simulated.network
        if scid is not None:
            return lay_out_channel(outcome, scid, network)
        return lay_out_run(
            outcome,
            network,
            simulated.terms.base,
            simulated.terms.tier,
            is_kept_for_judging=simulated.node_set is NodeSet.EVALUATION,
        )

    def _ground(
        self, snapshot: "GraphSnapshot", terms: "GroundTerms", progress: Progress, *, at_once: int
    ) -> "TrialGround":
        """Lay a network out; what payments run on is compiled first, if it was not before."""
        from daznode.wiring.kernels import compile_payments

        compile_payments(self._cache_dir, self._say, progress)
        return _lay_out(snapshot, terms, progress, at_once=at_once)

    def _room(self, jobs: int) -> "TrialRoom":
        from daznode.adapters.compute import ThreadCompute
        from daznode.simulate.arena import ENGINE
        from daznode.usecases.trial_ground import TrialRoom

        if self._threads is None:
            self._threads = ThreadCompute(self._listener, threads=max(jobs, 1))
        return TrialRoom(
            snapshots=self._snapshots,
            compute=self._threads,
            clock=self._clock,
            make=partial(self._ground, at_once=max(jobs, 1)),
            engine=ENGINE,
            policies=self.policies(),
        )


def _lay_out(
    snapshot: "GraphSnapshot", terms: "GroundTerms", progress: Progress, *, at_once: int
) -> "TrialGround":
    from daznode.simulate.arena import Arena, ArenaParams

    params = ArenaParams(
        is_modernised=terms.is_modernised,
        payments_per_day=terms.payments_per_day,
        node_set=terms.node_set,
        network_seed=terms.network_seed,
        tier=terms.tier,
        at_once=at_once,
    )
    return Arena.prepare(snapshot, params, progress)
