"""Judge the referee on a kept comparison: how often it errs where nothing differs, and what it can see."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from daznode.domain.errors import InvalidParameter
from daznode.domain.experiment import ExperimentPlan, RunOutcome
from daznode.ports.compute import Compute
from daznode.ports.experiments import ExperimentStore
from daznode.simulate.referee.null_test import NullKind, SizeOfTest, size_of_test
from daznode.simulate.referee.power import Need, aim_at, needed, spread
from daznode.simulate.referee.standings import net_scores

SIMULATIONS: Final = 1_000
"""Made-up experiments of each null test: its interval is then some 1.4 points wide on either side."""

EFFECT_RATIO: Final = 0.05
POWER: Final = 0.8
_NODES: Final = (20, 50, 100)
_LONGER: Final = (1, 4)
_FEWEST: Final = 2


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the runs of one policy beside the base's say of the referee.

    Attributes:
        policy: Which policy.
        effect: The difference that is looked for: 5 % of what the base earned, sat per bitcoin of
            capacity and year; None if the base earned nothing.
        mirrored: Null test with random signs.
        centred: Null test with the mean taken off.
        needs: What it takes to see the effect with 80 % power; empty with one seed, or if no number
            of nodes can show it.
    """

    policy: str
    effect: float | None
    mirrored: SizeOfTest
    centred: SizeOfTest
    needs: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class JudgeReferee:
    """The trip from a kept comparison to what its statistics are worth."""

    experiments: ExperimentStore
    compute: Compute

    async def run(self, experiment_id: str) -> tuple[ExperimentPlan, tuple[Judgement, ...]]:
        """Judge by the runs of a finished comparison.

        Args:
            experiment_id: Its id or an unambiguous start of it.

        Returns:
            Its plan, and one judgement for every policy but the base, in the plan's order.

        Raises:
            InvalidParameter: No such comparison, one that has not ended, or one of a single node.
            StoreCorrupt: Its plan cannot be read.
        """
        plan, found = await self._kept(experiment_id)
        if len(plan.nodes) < _FEWEST:
            message = f"experiment {experiment_id}: it has one node; takes two or more"
            raise InvalidParameter(message)
        return plan, await self.compute.run(lambda _: _judged(plan, found))

    async def _kept(self, experiment_id: str) -> tuple[ExperimentPlan, list[RunOutcome]]:
        fitting = [
            one
            for one in await self.experiments.experiments()
            if experiment_id and one.experiment_id.startswith(experiment_id)
        ]
        if len(fitting) != 1:
            what = "several start so" if fitting else "none is kept of that id"
            message = f"experiment {experiment_id[:60]!r}: {what}; `daznode experiments` shows them"
            raise InvalidParameter(message)
        plan = fitting[0].plan
        found = []
        for key in plan.keys:
            outcome = await self.experiments.get_run(fitting[0].experiment_id, key)
            if outcome is None:
                message = (
                    f"experiment {fitting[0].experiment_id}: {fitting[0].finished_runs:,} of "
                    f"{len(plan.keys):,} runs are kept; takes one that has ended"
                )
                raise InvalidParameter(message)
            found.append(outcome)
        return plan, found


def _judged(plan: ExperimentPlan, found: Sequence[RunOutcome]) -> tuple[Judgement, ...]:
    scores = net_scores(plan, found)
    base = scores[plan.base]
    rivals = [name for name in plan.policies if name != plan.base]
    made = []
    for place, policy in enumerate(rivals):
        differences = scores[policy] - base
        effect: float | None = None
        needs: tuple[Need, ...] = ()
        try:
            aim = aim_at(base, EFFECT_RATIO, POWER, comparisons=len(rivals))
            effect = aim.effect
            pilot = spread(differences, plan.days)
            days = [plan.days * factor for factor in _LONGER]
            needs = needed(pilot, aim, nodes=_NODES, days=days)
        except InvalidParameter:
            pass
        sizes = [
            size_of_test(differences, SIMULATIONS, np.random.default_rng([place, at]), null=null)
            for at, null in enumerate((NullKind.MIRRORED, NullKind.CENTRED))
        ]
        made.append(Judgement(policy, effect, sizes[0], sizes[1], needs))
    return tuple(made)
