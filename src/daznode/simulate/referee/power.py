"""How many nodes, seeds and days it takes to see a difference of a given size."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, isfinite, log2, sqrt
from typing import Final

from scipy.special import nctdtr, stdtrit

from daznode.domain.errors import InvalidParameter
from daznode.simulate.referee.inference import SIGNIFICANCE, FloatArray

_FEWEST: Final = 2
"""Nodes and seeds below which there is no spread to measure."""

_FARTHEST: Final = 30.0
"""Standard errors from which nothing is missed; far beyond, the distribution is not computed well."""

_MOST_NODES: Final = 1_000_000
_MOST_SEEDS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Spread:
    """Where the spread of a pilot's paired differences comes from.

    Attributes:
        mean: Of all differences.
        between_nodes: Variance of the nodes' true differences; not less with more seeds or days.
        within_nodes: Variance between seeds on one node, at the pilot's days.
        days: Measured days of the pilot.
    """

    mean: float
    between_nodes: float
    within_nodes: float
    days: int


@dataclass(frozen=True, slots=True)
class Need:
    """What an experiment needs to see an effect.

    Attributes:
        nodes: Its nodes.
        days: Its measured days.
        seeds: Fewest seeds per node; None if no number of them is enough with so many nodes.
        fewest_nodes: Nodes without which no number of seeds is enough.
    """

    nodes: int
    days: int
    seeds: int | None
    fewest_nodes: int


@dataclass(frozen=True, slots=True)
class Aim:
    """What an experiment shall be able to show.

    Attributes:
        effect: True mean difference, in the unit of the pilot.
        power: Chance to see it.
        comparisons: How many policies are held against the base; Holm's first step divides 5 % by
            it.
    """

    effect: float
    power: float = 0.8
    comparisons: int = 1

    @property
    def significance(self) -> float:
        """Level of the first and strictest comparison."""
        return SIGNIFICANCE / self.comparisons


def spread(differences: FloatArray, days: int) -> Spread:
    """Variance components of a balanced one-way random-effects layout (Searle 1971, method of moments).

    With n nodes, m seeds, MSB = m * variance of node means and MSW = mean of the variances within
    nodes: within = MSW, between = max(0, (MSB - MSW) / m).

    Args:
        differences: Paired, shape (n_nodes, n_seeds), any unit.
        days: Measured days of the runs.

    Returns:
        Mean in that unit, variances in its square.

    Raises:
        InvalidParameter: Fewer than 2 nodes or 2 seeds, or no days.
    """
    n_nodes, n_seeds = differences.shape
    if min(n_nodes, n_seeds) < _FEWEST or days < 1:
        message = (
            "a pilot needs at least 2 nodes, 2 seeds and 1 day; "
            f"this one has {n_nodes}, {n_seeds} and {days}"
        )
        raise InvalidParameter(message)
    within = float(differences.var(axis=1, ddof=1).mean())
    of_means = float(differences.mean(axis=1).var(ddof=1))
    return Spread(
        mean=float(differences.mean()),
        between_nodes=max(0.0, of_means - within / n_seeds),
        within_nodes=within,
        days=days,
    )


def aim_at(
    base_scores: FloatArray, effect_ratio: float = 0.05, power: float = 0.8, comparisons: int = 1
) -> Aim:
    """An effect as a share of what the base policy earns.

    Args:
        base_scores: The base policy's scores in the pilot, shape (n_nodes, n_seeds).
        effect_ratio: Share of the magnitude of their mean.
        power: Chance to see it, above 5 % and below 1.
        comparisons: How many policies are compared with the base, at least 1.

    Returns:
        The aim in the unit of the scores.

    Raises:
        InvalidParameter: A ratio of zero, power or comparisons out of range, or a base that earns
            nothing on average, of which no share can be taken.
    """
    effect = abs(float(base_scores.mean())) * abs(effect_ratio)
    if not (isfinite(effect) and effect > 0 and SIGNIFICANCE < power < 1 and comparisons >= 1):
        message = (
            "an aim needs a base that earns or loses something, an effect other than 0, a power "
            "above 0.05 and below 1, and at least 1 comparison"
        )
        raise InvalidParameter(message)
    return Aim(effect, power, comparisons)


def power_of(pilot: Spread, aim: Aim, *, nodes: int, seeds: int, days: int) -> float:
    """Chance that an experiment shows the effect.

    Of the two-sided t test over node means, to which the sign-flip test comes close: their variance
    is between + within / seeds * pilot days / days, the last by assumption: what differs from seed
    to seed is taken to average out over days as independent days do. A node whose balances drift for
    weeks does so more slowly. With 1 / 2^(nodes - 1) above the significance no test of signs can
    show anything. Seeing it with the wrong sign is not counted.

    Args:
        pilot: Where the spread comes from.
        aim: What shall be seen.
        nodes: At least 1.
        seeds: Per node, at least 1.
        days: Measured.

    Returns:
        In [0, 1].
    """
    if nodes < _fewest_for_signs(aim):
        return 0.0
    variance = pilot.between_nodes + pilot.within_nodes / seeds * pilot.days / days
    if variance == 0:
        return 1.0
    degrees = nodes - 1
    away = aim.effect / sqrt(variance / nodes)
    bound = float(stdtrit(degrees, 1 - aim.significance / 2))
    return float(1 - nctdtr(degrees, min(away, _FARTHEST), bound))


def needed(
    pilot: Spread, aim: Aim, *, nodes: Sequence[int], days: Sequence[int]
) -> tuple[Need, ...]:
    """Seeds that it takes, for each number of nodes and days.

    Args:
        pilot: Where the spread comes from.
        aim: What shall be seen.
        nodes: Numbers of nodes to look at.
        days: Numbers of measured days to look at.

    Returns:
        One row per pair, nodes first. `seeds` is None where not even endless seeds are enough: then
        it takes `fewest_nodes`, for the nodes themselves differ too much.

    Raises:
        InvalidParameter: A number of nodes or days below 1, or an effect for which a million nodes
            are not enough.
    """
    if min([*nodes, *days], default=1) < 1:
        message = "nodes and days are at least 1"
        raise InvalidParameter(message)
    fewest = _fewest_nodes(pilot, aim)
    return tuple(
        Need(nodes=n, days=day, seeds=_fewest_seeds(pilot, aim, n, day), fewest_nodes=fewest)
        for n in nodes
        for day in days
    )


def _fewest_for_signs(aim: Aim) -> int:
    """Nodes from which 2 / 2^n, the least p-value, is at most the significance."""
    return max(_FEWEST, 1 + ceil(log2(1 / aim.significance)))


def _fewest_nodes(pilot: Spread, aim: Aim) -> int:
    endless = Spread(pilot.mean, pilot.between_nodes, 0.0, pilot.days)
    fewest = _least(
        lambda nodes: power_of(endless, aim, nodes=nodes, seeds=1, days=pilot.days) >= aim.power,
        _MOST_NODES,
    )
    if fewest is None:
        message = f"not even {_MOST_NODES} nodes would show an effect of {aim.effect:.3g}"
        raise InvalidParameter(message)
    return fewest


def _fewest_seeds(pilot: Spread, aim: Aim, nodes: int, days: int) -> int | None:
    return _least(
        lambda seeds: power_of(pilot, aim, nodes=nodes, seeds=seeds, days=days) >= aim.power,
        _MOST_SEEDS,
    )


def _least(is_enough: Callable[[int], bool], most: int) -> int | None:
    """Smallest number from 1 that is enough, given that more never is less; None above the most."""
    high = 1
    while not is_enough(high):
        if high >= most:
            return None
        high = min(most, high * 2)
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high
