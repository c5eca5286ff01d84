"""Whether the referee keeps its word: how often it sees a difference where there is none."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from daznode.domain.errors import InvalidParameter
from daznode.domain.experiment import Interval
from daznode.simulate.referee.inference import (
    SIGNIFICANCE,
    FloatArray,
    mean_intervals,
    sign_flip_p_value,
    wilson,
)

_RESAMPLES: Final = 1_000
"""Of each interval; its end moves little with more, and there are many experiments."""


class NullKind(StrEnum):
    """How a world without a difference is made of a pilot's differences."""

    MIRRORED = "mirrored"
    """Each drawn node keeps its size and spread and takes a random sign: what two copies of one
    policy give, symmetric about zero."""

    CENTRED = "centred"
    """The mean over nodes is taken off and signs are kept: nodes gain and lose, lopsidedly perhaps,
    and nothing on average. The sign-flip test does not promise to hold here, so this is the harder
    of the two."""


@dataclass(frozen=True, slots=True)
class SizeOfTest:
    """How the test and the interval did in experiments without a difference.

    Attributes:
        null: How they were made.
        n_nodes: Nodes of each.
        n_seeds: Seeds of each.
        n_simulations: How many experiments.
        false_alarms: Share in which the test said at 5 % that there is a difference, with a Wilson
            interval.
        coverage: Share in which the 95 % interval held zero, with a Wilson interval.
    """

    null: NullKind
    n_nodes: int
    n_seeds: int
    n_simulations: int
    false_alarms: Interval
    coverage: Interval


def size_of_test(
    differences: FloatArray,
    n_simulations: int,
    rng: np.random.Generator,
    *,
    null: NullKind = NullKind.MIRRORED,
    n_nodes: int | None = None,
) -> SizeOfTest:
    """Simulate experiments in which nothing differs, and count what the referee says.

    Each experiment draws nodes with replacement from the pilot, and seeds within them, after the
    pilot was made a world without a difference. The best pilot is one policy run twice with
    independent chance of its own; the differences of two policies serve as well.

    Args:
        differences: Paired, shape (n_nodes, n_seeds), at least 2 nodes.
        n_simulations: How many experiments, at least 1.
        rng: Chance of the draws.
        null: How the difference is taken away.
        n_nodes: Nodes of each experiment; as many as the pilot has if None, at least 2.

    Returns:
        Shares with their own uncertainty.

    Raises:
        InvalidParameter: Too few nodes or simulations.
    """
    pilot_nodes, n_seeds = differences.shape
    drawn_nodes = pilot_nodes if n_nodes is None else n_nodes
    if min(pilot_nodes, drawn_nodes) < 2 or n_simulations < 1:  # noqa: PLR2004 - one has no spread
        message = "a null test needs at least 2 nodes and 1 simulation"
        raise InvalidParameter(message)
    is_centred = null is NullKind.CENTRED
    world = differences - differences.mean() if is_centred else differences
    alarms = covered = 0
    for _ in range(n_simulations):
        nodes = rng.integers(0, pilot_nodes, (drawn_nodes, 1))
        experiment = world[nodes, rng.integers(0, n_seeds, (drawn_nodes, n_seeds))]
        if not is_centred:
            experiment = experiment * rng.choice((-1.0, 1.0), (drawn_nodes, 1))
        alarms += sign_flip_p_value(experiment, rng) <= SIGNIFICANCE
        (interval,) = mean_intervals(experiment[np.newaxis], rng, _RESAMPLES)
        covered += interval.low <= 0 <= interval.high
    return SizeOfTest(
        null=null,
        n_nodes=drawn_nodes,
        n_seeds=n_seeds,
        n_simulations=n_simulations,
        false_alarms=wilson(alarms, n_simulations),
        coverage=wilson(covered, n_simulations),
    )
