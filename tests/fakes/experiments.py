"""Experiments kept in memory."""

from daznode.adapters.store.experiment_codec import experiment_id_of
from daznode.domain.errors import StoreUnavailable
from daznode.domain.experiment import ExperimentPlan, RunKey, RunOutcome
from daznode.domain.kept_experiment import KeptExperiment


class FakeExperimentStore:
    """An `ExperimentStore` in a dictionary."""

    def __init__(self) -> None:
        self._plans: dict[str, ExperimentPlan] = {}
        self._runs: dict[str, dict[RunKey, RunOutcome]] = {}

    async def begin(self, plan: ExperimentPlan) -> str:
        experiment_id = experiment_id_of(plan)
        self._plans[experiment_id] = plan
        self._runs.setdefault(experiment_id, {})
        return experiment_id

    async def put_run(self, experiment_id: str, outcome: RunOutcome) -> None:
        if experiment_id not in self._runs:
            message = f"experiment {experiment_id}: never begun"
            raise StoreUnavailable(message)
        self._runs[experiment_id][outcome.key] = outcome

    async def get_run(self, experiment_id: str, key: RunKey) -> RunOutcome | None:
        return self._runs.get(experiment_id, {}).get(key)

    async def experiments(self) -> tuple[KeptExperiment, ...]:
        return tuple(
            KeptExperiment(name, plan, sum(key in self._runs[name] for key in plan.keys))
            for name, plan in sorted(self._plans.items())
        )
