"""The referee is judged by the runs of a kept comparison: null test and power."""

import asyncio

import numpy as np
import pytest
from tests.made_up_runs import outcomes_of, plan_of

from daznode.adapters.compute import ThreadCompute
from daznode.adapters.store.experiments import ExperimentFolders
from daznode.domain.errors import InvalidParameter
from daznode.usecases import judge_referee
from daznode.usecases.judge_referee import JudgeReferee


@pytest.fixture
def house(tmp_path, monkeypatch):
    monkeypatch.setattr(judge_referee, "SIMULATIONS", 200)
    compute = ThreadCompute(threads=1)
    store = ExperimentFolders(tmp_path)
    yield store, JudgeReferee(store, compute)
    compute.close()


def kept(store, n_nodes=12, n_seeds=3, leave_out=0, base_msat=1_000_000):
    plan = plan_of(("static", "other"), n_nodes, n_seeds)
    rng = np.random.default_rng(3)
    fees = {
        "static": base_msat + rng.normal(0, 10_000, (n_nodes, n_seeds)),
        "other": base_msat + rng.normal(0, 50_000, (n_nodes, n_seeds)),
    }

    async def keep():
        experiment_id = await store.begin(plan)
        outcomes = outcomes_of(plan, fees)
        for outcome in outcomes[: len(outcomes) - leave_out]:
            await store.put_run(experiment_id, outcome)
        return experiment_id

    return asyncio.run(keep())


def test_where_nothing_differs_the_referee_errs_about_as_often_as_it_says(house):
    store, trip = house
    plan, judgements = asyncio.run(trip.run(kept(store)[:6]))

    assert plan.base == "static"
    assert [one.policy for one in judgements] == ["other"]
    judged = judgements[0]
    assert judged.mirrored.false_alarms.low <= 0.06
    assert judged.mirrored.n_nodes == 12
    assert judged.centred.coverage.high >= 0.93
    assert judged.effect == pytest.approx(0.05 * 1_000 / 0.5 / 30 * 365, rel=0.02)
    assert judged.needs


def test_a_base_that_earns_nothing_has_no_twentieth(house):
    store, trip = house
    _, judgements = asyncio.run(trip.run(kept(store, base_msat=0)))

    assert judgements[0].mirrored.n_simulations == 200


def test_with_one_seed_the_power_is_not_known(house):
    store, trip = house
    _, judgements = asyncio.run(trip.run(kept(store, n_seeds=1)))

    assert judgements[0].needs == ()


@pytest.mark.parametrize(
    ("made", "asked", "said"),
    [
        ({"leave_out": 1}, None, "71 of 72 runs are kept; takes one that has ended"),
        ({"n_nodes": 1}, None, "it has one node; takes two or more"),
        ({}, "nothing", "none is kept of that id"),
        ({}, "", "none is kept of that id"),
    ],
)
def test_what_cannot_be_judged_is_said(house, made, asked, said):
    store, trip = house
    experiment_id = kept(store, **made)

    with pytest.raises(InvalidParameter, match=said):
        asyncio.run(trip.run(experiment_id if asked is None else asked))
