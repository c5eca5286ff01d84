"""What the runs of an experiment come to: policies in order, each against the base policy."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

import numpy as np

from daznode.domain.errors import InvalidParameter
from daznode.domain.experiment import (
    Comparison,
    ExperimentPlan,
    Interval,
    PolicyStanding,
    RunKey,
    RunOutcome,
)
from daznode.domain.units import MSAT_PER_SAT, SAT_PER_BTC, Msat
from daznode.simulate.referee.inference import (
    SIGNIFICANCE,
    FloatArray,
    holm,
    mean_intervals,
    sign_flip_p_value,
)

ORACLE: Final = "oracle"
"""Name under which the bound of hindsight runs beside the policies (see `twin/oracle.py`): its score is
read as all that is possible, and it is no candidate itself."""

DAYS_PER_YEAR: Final = 365.25
_MSAT_PER_BTC: Final = SAT_PER_BTC * MSAT_PER_SAT

_READINGS: Final[Mapping[str, Callable[[RunOutcome], Msat]]] = {
    "net": lambda outcome: outcome.net_msat,
    "net_low": lambda outcome: outcome.net_low_msat,
    "net_high": lambda outcome: outcome.net_high_msat,
    "net_flat": lambda outcome: outcome.net_flat_msat,
    "net_contested": lambda outcome: outcome.net_contested_msat,
    "gross": lambda outcome: outcome.fees_msat,
    "cost": lambda outcome: outcome.spent_msat,
}


@dataclass(frozen=True, slots=True)
class _Field:
    """The complete runs of an experiment.

    Attributes:
        policies: Names in alphabetical order.
        base: Place of the base policy.
        runs: Per policy its runs, nodes first, seeds within them, both in order of their keys: so
            that nothing depends on the order of a plan.
        shape: (n_nodes, n_seeds).
        seed: Of the chance of all draws.
    """

    policies: tuple[str, ...]
    base: int
    runs: tuple[tuple[RunOutcome, ...], ...]
    shape: tuple[int, int]
    seed: int

    def rng(self, stream: int) -> np.random.Generator:
        """Chance for one purpose, the same whenever it is asked for."""
        return np.random.default_rng([self.seed, stream])

    def scores(self, reading: Callable[[RunOutcome], Msat]) -> FloatArray:
        """One reading of every run, sat per BTC and year, shape (n_policies, n_nodes, n_seeds)."""
        flat = [[sat_per_btc_year(reading(run), run) for run in runs] for runs in self.runs]
        return np.array(flat).reshape(len(self.policies), *self.shape)


def sat_per_btc_year(amount_msat: Msat, outcome: RunOutcome) -> float:
    """An amount of a run in terms that compare nodes and lengths.

    amount / 1000 * (100,000,000 / capacity in sat) * (365.25 / measured days).

    Args:
        amount_msat: Any amount of the run.
        outcome: The run: its capacity and days.

    Returns:
        sat per bitcoin of the node's capacity and year.
    """
    per_btc_sat = amount_msat / MSAT_PER_SAT * (SAT_PER_BTC / outcome.capacity_sat)
    return per_btc_sat * (DAYS_PER_YEAR / outcome.days)


def compare(plan: ExperimentPlan, outcomes: Sequence[RunOutcome], made_at: datetime) -> Comparison:
    """Order the policies of an experiment and hold each against the base policy.

    Runs of equal node and seed see the same payments, so differences are taken within such pairs
    and averaged over seeds, then over nodes: each node counts once. Intervals and tests are those of
    `inference`; their chance comes from the plan's network, nodes, seeds and lengths, not from its
    list of policies, so that a policy's figures stay the same whoever else is tried. A policy is
    ahead or behind if the test says so after Holm's correction, which counts every policy but the
    base, and the interval leaves out zero: where nodes gain and lose lopsidedly each alone is eager.

    Args:
        plan: What was to be run; its order of nodes, seeds and policies does not matter.
        outcomes: The runs, in any order; those of no concern to the plan are left out.
        made_at: When the last run ended, UTC.

    Returns:
        Standings by mean score, best first, equal ones by name; and the plan's runs by key.

    Raises:
        InvalidParameter: A run of the plan is missing, stands there twice, or has no capacity or
            days; or the plan is empty or does not try its base policy.
    """
    field = _field(plan, outcomes)
    scores = {name: field.scores(reading) for name, reading in _READINGS.items()}
    differences = scores["net"] - scores["net"][field.base]
    p_values = np.array(
        [
            1.0 if place == field.base else sign_flip_p_value(difference, field.rng(1))
            for place, difference in enumerate(differences)
        ]
    )
    intervals = {
        name: mean_intervals(columns, field.rng(2))
        for name, columns in {**scores, "against_base": differences}.items()
    }
    signs = _together(p_values, intervals["against_base"], field)
    node_means = differences.mean(axis=2)
    ranks = _mean_ranks(scores["net"].mean(axis=2))
    standings = [
        PolicyStanding(
            policy=policy,
            net=intervals["net"][place],
            net_low=intervals["net_low"][place],
            net_high=intervals["net_high"][place],
            net_flat=intervals["net_flat"][place],
            net_contested=intervals["net_contested"][place],
            gross=intervals["gross"][place],
            cost=intervals["cost"][place],
            against_base=intervals["against_base"][place],
            is_ahead=signs[place] > 0,
            is_behind=signs[place] < 0,
            p_value=float(p_values[place]),
            wins=float((node_means[place] > 0).mean()),
            mean_rank=float(ranks[place]),
            success_ratio=_ratio(runs, lambda run: run.forwards, lambda run: run.offered),
            imbalance=float(np.mean([run.imbalance for run in runs])),
            updates_per_channel_day=_ratio(
                runs, lambda run: run.updates, lambda run: len(run.channels) * run.days
            ),
            refills_per_day=_ratio(runs, lambda run: run.refills, lambda run: run.days),
            own_btc=_ratio(runs, lambda run: run.own_msat_days, lambda run: run.days)
            / _MSAT_PER_BTC,
            share_of_oracle=_share(intervals["net"][place], field, intervals["net"]),
        )
        for place, (policy, runs) in enumerate(zip(field.policies, field.runs, strict=True))
    ]
    standings.sort(key=lambda standing: (-standing.net.mean, standing.policy))
    kept = sorted((run for runs in field.runs for run in runs), key=lambda run: run.key)
    return Comparison(plan, made_at, tuple(standings), tuple(kept))


def against_base(
    plan: ExperimentPlan, outcomes: Sequence[RunOutcome]
) -> Mapping[str, Mapping[str, Interval]]:
    """The paired difference to the base under every reading: a claim keeps its sign in all of them.

    Args:
        plan: What was run; with another `base` the same runs are held against that one.
        outcomes: The runs.

    Returns:
        Per policy and reading (`net`, `net_low`, `net_high`, `net_flat`, `net_contested`, `gross`,
        `cost`) sat per BTC and year; `net` is the standing's `against_base`.

    Raises:
        InvalidParameter: As `compare`.
    """
    field = _field(plan, outcomes)
    by_reading = {}
    for name, reading in _READINGS.items():
        scores = field.scores(reading)
        by_reading[name] = mean_intervals(scores - scores[field.base], field.rng(2))
    return {
        policy: {name: intervals[place] for name, intervals in by_reading.items()}
        for place, policy in enumerate(field.policies)
    }


def net_scores(plan: ExperimentPlan, outcomes: Sequence[RunOutcome]) -> Mapping[str, FloatArray]:
    """The score of every run, for the null test and the power table.

    Args:
        plan: What was run.
        outcomes: The runs.

    Returns:
        Per policy sat per BTC and year, shape (n_nodes, n_seeds), both in order of their keys.

    Raises:
        InvalidParameter: As `compare`.
    """
    field = _field(plan, outcomes)
    scores = field.scores(_READINGS["net"])
    return dict(zip(field.policies, scores, strict=True))


def _field(plan: ExperimentPlan, outcomes: Sequence[RunOutcome]) -> _Field:
    nodes, seeds = sorted(set(plan.nodes)), sorted(set(plan.seeds))
    policies = sorted(set(plan.policies))
    if not nodes or not seeds or plan.base not in policies:
        message = (
            "an experiment needs at least one node, one seed and the base policy "
            f"{plan.base!r} among its policies"
        )
        raise InvalidParameter(message)
    found: dict[RunKey, RunOutcome] = {}
    for run in outcomes:
        if run.key in found:
            message = f"two outcomes of one run: {_named(run.key)}"
            raise InvalidParameter(message)
        found[run.key] = run
    runs = tuple(
        tuple(_usable(found, RunKey(node, seed, policy)) for node in nodes for seed in seeds)
        for policy in policies
    )
    drawn_by = (plan.network, plan.is_modernised, plan.node_set.value, nodes, seeds)
    lengths = (plan.days, plan.burn_in_days, plan.payments_per_day)
    digest = sha256(repr((drawn_by, lengths)).encode()).digest()
    return _Field(
        policies=tuple(policies),
        base=policies.index(plan.base),
        runs=runs,
        shape=(len(nodes), len(seeds)),
        seed=int.from_bytes(digest[:8], "big"),
    )


def _usable(found: Mapping[RunKey, RunOutcome], key: RunKey) -> RunOutcome:
    run = found.get(key)
    if run is None:
        message = f"the experiment is incomplete: no outcome of {_named(key)}"
        raise InvalidParameter(message)
    if run.capacity_sat <= 0 or run.days <= 0:
        message = f"a run without capacity or days cannot be compared: {_named(key)}"
        raise InvalidParameter(message)
    return run


def _named(key: RunKey) -> str:
    return f"node {key.node_id}, seed {key.seed}, policy {key.policy}"


def _together(
    p_values: FloatArray, against_base: Sequence[Interval], field: _Field
) -> tuple[int, ...]:
    """Per policy 1 if it is ahead, -1 if it is behind, 0 if nothing can be said; the base is 0.

    The oracle is no candidate, so that nothing more is asked of the others for its sake.
    """
    corrected = p_values.copy()
    is_candidate = np.array([name != ORACLE for name in field.policies])
    is_candidate[field.base] = False
    corrected[is_candidate] = holm(p_values[is_candidate])
    return tuple(
        0 if p_value > SIGNIFICANCE else int(found.low > 0) - int(found.high < 0)
        for p_value, found in zip(corrected, against_base, strict=True)
    )


def _mean_ranks(node_means: FloatArray) -> FloatArray:
    """Mean place over nodes, 1 is best, equal scores share the mean of their places.

    Args:
        node_means: Shape (n_policies, n_nodes).

    Returns:
        Shape (n_policies,).
    """
    better = (node_means[np.newaxis] > node_means[:, np.newaxis]).sum(axis=1)
    equal = (node_means[np.newaxis] == node_means[:, np.newaxis]).sum(axis=1)
    ranks: FloatArray = (1 + better + (equal - 1) / 2).mean(axis=1)
    return ranks


def _ratio(
    runs: Sequence[RunOutcome],
    part: Callable[[RunOutcome], int],
    whole: Callable[[RunOutcome], int],
) -> float:
    """Sum over sum; 0 if there was nothing."""
    total = sum(map(whole, runs))
    return sum(map(part, runs)) / total if total else 0.0


def _share(own: Interval, field: _Field, net: Sequence[Interval]) -> float | None:
    if ORACLE not in field.policies:
        return None
    possible = net[field.policies.index(ORACLE)].mean
    return own.mean / possible if possible > 0 else None
