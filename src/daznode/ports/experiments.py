"""ExperimentStore: runs of experiments, kept one by one, so that a stopped experiment can go on."""

from typing import Protocol

from daznode.domain.experiment import ExperimentPlan, RunKey, RunOutcome
from daznode.domain.kept_experiment import KeptExperiment


class ExperimentStore(Protocol):
    """Experiments by the hash of their plan: equal plans are one experiment."""

    async def begin(self, plan: ExperimentPlan) -> str:
        """Make room for an experiment; beginning one again changes nothing.

        Returns:
            Its id.

        Raises:
            StoreUnavailable: It cannot be written.
        """

    async def put_run(self, experiment_id: str, outcome: RunOutcome) -> None:
        """Keep a run, whole or not at all, in place of an earlier one of the same key.

        Raises:
            StoreUnavailable: It cannot be written, or the experiment was never begun.
            InvalidParameter: The key cannot name a file.
        """

    async def get_run(self, experiment_id: str, key: RunKey) -> RunOutcome | None:
        """A run that is kept; None if there is none or it is damaged, so that it is made again.

        Raises:
            MigrationNeeded: It was written by a newer version of the program.
            StoreUnavailable: The disk refuses to read it.
            InvalidParameter: The key cannot name a file.
        """

    async def experiments(self) -> tuple[KeptExperiment, ...]:
        """All experiments, by id.

        Raises:
            StoreCorrupt: A plan cannot be read; the message names the file.
            MigrationNeeded: One was written by a newer version of the program.
        """
