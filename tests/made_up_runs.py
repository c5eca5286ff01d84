"""Outcomes of made-up runs for the referee."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from daznode.domain.experiment import (
    ExperimentPlan,
    FlowTilt,
    NodeKind,
    NodeSet,
    RunOutcome,
)
from daznode.simulate.referee.standings import compare

MADE_AT = datetime(2026, 11, 27, tzinfo=UTC)
DAYS = 30
CAPACITY_SAT = 50_000_000


def plan_of(policies, n_nodes, n_seeds, base="static"):
    return ExperimentPlan(
        network="made-up",
        is_modernised=False,
        node_set=NodeSet.DEVELOPMENT,
        nodes=tuple(f"{place:066x}" for place in range(n_nodes)),
        policies=tuple(policies),
        base=base,
        seeds=tuple(range(0, 2 * n_seeds, 2)),
        days=DAYS,
        burn_in_days=4,
        payments_per_day=1_000,
        engine="1",
    )


def outcome_of(key, fees_msat, **changes):
    outcome = RunOutcome(
        key=key,
        alias=key.node_id,
        kind=NodeKind.MID,
        tilt=FlowTilt.EVEN,
        days=DAYS,
        payments=1_000 * DAYS,
        network_success_ratio=0.9,
        capacity_sat=CAPACITY_SAT,
        fees_msat=int(fees_msat),
        captive_msat=0,
        refill_cost_msat=0,
        onchain_cost_msat=0,
        restore_msat=0,
        restore_flat_msat=0,
        forwards=30,
        offered=40,
        refused=10,
        updates=5,
        refills=3,
        imbalance=0.25,
        own_msat_days=CAPACITY_SAT * 1_000 * DAYS // 2,
        history_sha256="",
        channels=(),
    )
    return replace(outcome, **changes)


def outcomes_of(plan, fees_msat):
    """One outcome per run; fees by policy, shape (n_nodes, n_seeds)."""
    places = {node: place for place, node in enumerate(sorted(plan.nodes))}
    numbers = {seed: place for place, seed in enumerate(sorted(plan.seeds))}
    return [
        outcome_of(key, fees_msat[key.policy][places[key.node_id]][numbers[key.seed]])
        for key in plan.keys
    ]


def standings_of(plan, fees_msat):
    comparison = compare(plan, outcomes_of(plan, fees_msat), MADE_AT)
    return {standing.policy: standing for standing in comparison.standings}


def random_fees(policies, n_nodes, n_seeds, seed=0):
    rng = np.random.default_rng(seed)
    return {policy: rng.integers(100_000, 2_000_000, (n_nodes, n_seeds)) for policy in policies}
