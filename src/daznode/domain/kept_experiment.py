"""Experiments as they are kept and as they advance: which there are, how far they came."""

from dataclasses import dataclass

from daznode.domain.experiment import ExperimentPlan


@dataclass(frozen=True, slots=True)
class KeptExperiment:
    """An experiment that is stored, finished or not.

    Attributes:
        experiment_id: Hash of its plan, 16 hex characters.
        plan: What it runs.
        finished_runs: How many of its runs are kept.
    """

    experiment_id: str
    plan: ExperimentPlan
    finished_runs: int


@dataclass(frozen=True, slots=True)
class Advance:
    """How far an experiment is.

    Attributes:
        done_runs: Runs kept, those of earlier times included.
        total_runs: Runs in all.
        resumed_runs: Runs that were kept before this time.
        seconds_left: Estimate of what is left, from the pace since the beginning; None before the
            first run of this time ended.
    """

    done_runs: int
    total_runs: int
    resumed_runs: int
    seconds_left: float | None
