"""From a network and some policies to their standings: stopped, resumed, side by side, damaged."""

import asyncio
from dataclasses import replace
from threading import Barrier

import pytest
from tests.builders import a_node_id, a_snapshot
from tests.fakes.arena import POLICIES, FakeMaker, an_outcome
from tests.fakes.clock import FakeClock
from tests.fakes.store import FakeSnapshotStore

from daznode.adapters.compute import ThreadCompute
from daznode.adapters.store.experiments import ExperimentFolders
from daznode.domain.errors import InvalidParameter, NodeNotFound, NoSnapshot, StoreUnavailable
from daznode.domain.experiment import NodeSet, RunKey
from daznode.usecases.backtest import Backtest
from daznode.usecases.backtest_request import BacktestRequest
from daznode.usecases.run_queue import RunQueue
from daznode.usecases.simulate_policy import SimulatePolicy, SimulationRequest
from daznode.usecases.trial_ground import GroundTerms, TrialRoom

TERMS = GroundTerms(days=3, burn_in_days=1, payments_per_day=1_000, base="static-100")
REQUEST = BacktestRequest(network=None, n_nodes=4, n_seeds=2, terms=TERMS, jobs=2)
N_RUNS = 4 * 2 * len(POLICIES)


class Stopped(Exception):
    """Stands for a kill between two runs."""


@pytest.fixture
def compute():
    made = ThreadCompute(threads=4)
    yield made
    made.close()


@pytest.fixture
def house(tmp_path, compute):
    """Opens the trip over one data folder, as another process would."""

    def open_trip(maker=None, folder=tmp_path):
        snapshots = FakeSnapshotStore()
        asyncio.run(snapshots.put(a_snapshot(8)))
        maker = maker or FakeMaker()
        room = TrialRoom(snapshots, compute, FakeClock(), maker, "1", POLICIES)
        return Backtest(room, ExperimentFolders(folder)), maker

    return open_trip


def compared(trip, request=REQUEST, **options):
    return asyncio.run(trip.run(request, **options))


def test_policies_are_tried_on_every_node_and_seed_and_ordered(house):
    trip, maker = house()
    advances = []
    found = compared(trip, on_advance=advances.append)
    assert [one.policy for one in found.standings] == ["dear", "static-100", "cheap"]
    assert len(found.outcomes) == N_RUNS == len(set(maker.asked))
    assert found.plan.seeds == (2, 4)
    assert maker.terms[0].network_seed == REQUEST.seed == found.plan.network_seed
    assert [one.done_runs for one in advances] == list(range(N_RUNS + 1))
    assert advances[0].seconds_left is None
    assert advances[-1].seconds_left == 0


def test_jobs_change_nothing_but_the_time(house, tmp_path):
    alone = compared(house(folder=tmp_path / "one")[0], replace(REQUEST, jobs=1))
    together = compared(house(folder=tmp_path / "three")[0], replace(REQUEST, jobs=3))
    assert alone == together


def test_runs_are_made_at_once(house):
    """Every run waits until another one has begun too; alone it would wait for ever."""
    barrier = Barrier(2, timeout=20)
    trip, _ = house(FakeMaker(lambda _: barrier.wait()))
    assert len(compared(trip).outcomes) == N_RUNS


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_stopped_experiment_goes_on_from_the_runs_it_has(house, jobs):
    request = replace(REQUEST, jobs=jobs)
    first, made_first = house()

    def stop(advance):
        if advance.done_runs == 5:
            raise Stopped

    with pytest.raises(Stopped):
        compared(first, request, on_advance=stop)
    (kept,) = asyncio.run(first.experiments.experiments())
    assert 5 <= kept.finished_runs < 5 + jobs

    second, made_second = house()
    advances = []
    found = compared(second, request, on_advance=advances.append)
    assert advances[0].resumed_runs == kept.finished_runs
    assert len(made_second.asked) == N_RUNS - kept.finished_runs
    assert not set(made_second.asked) & set(made_first.asked[: kept.finished_runs])
    assert found == compared(house()[0], request)


def test_a_cancelled_experiment_stops_its_runs_and_goes_on_later(house):
    """Ctrl-C cancels the task; runs under way end, and none of them is kept half-made."""

    async def cancelled(trip):
        task = asyncio.current_task()

        def stop(advance):
            if advance.done_runs == 3:
                asyncio.get_running_loop().call_soon(task.cancel)

        await trip.run(REQUEST, stop)

    trip, _ = house()
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled(trip))
    (kept,) = asyncio.run(trip.experiments.experiments())
    assert 3 <= kept.finished_runs < N_RUNS
    assert compared(trip) == compared(house()[0])


def test_a_finished_experiment_is_compared_without_making_a_run(house):
    found = compared(house()[0])
    again, maker = house()
    assert compared(again) == found
    assert maker.asked == []


def test_a_damaged_run_is_made_again(house, tmp_path):
    found = compared(house()[0])
    file = sorted(tmp_path.glob("experiments/*/runs/*"))[7]
    file.write_bytes(file.read_bytes()[:100])
    again, maker = house()
    assert compared(again) == found
    assert len(maker.asked) == 1
    assert file.name.startswith(maker.asked[0].node_id)


def test_the_days_of_channels_are_kept_but_not_carried_along(house):
    trip, _ = house()
    found = compared(trip)
    assert all(not channel.days for run in found.outcomes for channel in run.channels)
    (kept,) = asyncio.run(trip.experiments.experiments())
    key = found.outcomes[0].key
    whole = asyncio.run(trip.experiments.get_run(kept.experiment_id, key))
    assert whole == an_outcome(key)


def test_the_error_of_a_run_is_what_is_raised_and_ends_the_others(house):
    def fail(key):
        if key.policy == "cheap":
            message = f"node {key.node_id}: no"
            raise NodeNotFound(message)

    trip, maker = house(FakeMaker(fail))
    with pytest.raises(NodeNotFound, match=r"no$"):
        compared(trip)
    assert len(maker.asked) < N_RUNS


def test_a_disk_that_refuses_stops_the_experiment(house, tmp_path):
    (tmp_path / "experiments").write_text("in the way")
    with pytest.raises(StoreUnavailable, match="experiments"):
        compared(house()[0])


def test_the_base_is_always_tried_and_no_policy_twice(house):
    trip, _ = house()
    found = compared(trip, replace(REQUEST, policies=("dear", "dear")))
    assert found.plan.policies == ("dear", "static-100")


def test_the_sets_have_different_seeds_and_worlds(house):
    trip, maker = house()
    terms = replace(TERMS, node_set=NodeSet.EVALUATION)
    evaluation = compared(trip, replace(REQUEST, terms=terms))
    development = compared(trip)
    assert not set(evaluation.plan.seeds) & set(development.plan.seeds)
    assert [one.node_set for one in maker.terms] == [NodeSet.EVALUATION, NodeSet.DEVELOPMENT]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"policies": ("no-such",)}, "policy 'no-such': not known; expected one of static-100"),
        ({"policies": ("dear#x",)}, "policy 'dear#x'"),
        ({"n_nodes": 0}, "nodes 0: out of range; takes 1 to 1,000"),
        ({"n_seeds": 0}, "seeds 0"),
        ({"seed": -1}, "seed -1"),
        ({"jobs": 0}, "jobs 0"),
        ({"terms": replace(TERMS, days=0)}, "days 0: out of range; takes 1 to 365"),
        ({"terms": replace(TERMS, burn_in_days=-1)}, "burn-in -1"),
        ({"terms": replace(TERMS, payments_per_day=0)}, "payments per day 0"),
        ({"terms": replace(TERMS, base="none")}, "base 'none'"),
        ({"terms": replace(TERMS, base="dear#2")}, "base 'dear#2': a copy"),
        (
            {"terms": replace(TERMS, days=365, payments_per_day=1_000_000)},
            "payments of all days 366,000,000: out of range; takes 1 to 10,000,000",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused_before_any_work(house, change, said):
    trip, maker = house()
    with pytest.raises(InvalidParameter, match=r"^[^\n]+$") as refused:
        compared(trip, replace(REQUEST, **change))
    assert said in str(refused.value)
    assert maker.terms == []


def test_copies_of_a_policy_are_policies_of_their_own(house):
    trip, _ = house()
    found = compared(trip, replace(REQUEST, policies=("dear", "dear#2")))
    assert {one.policy for one in found.standings} == {"dear", "dear#2", "static-100"}


def test_workers_keep_to_runs_that_begin_alike_and_help_out_at_the_end():
    keys = [
        RunKey(a_node_id(node), 1, policy) for node in (1, 2) for policy in ("a", "b", "c", "d")
    ]
    queue = RunQueue(keys)
    one, other = queue.hand(), queue.hand()
    assert one.next() == keys[0]
    assert other.next() == keys[4]
    assert [one.next() for _ in range(3)] == keys[1:4]
    assert one.next() == keys[5]
    assert {other.next(), one.next()} == set(keys[6:])
    assert other.next() is one.next() is None
    assert len(queue) == 0


def simulated(trip, **given):
    request = SimulationRequest(**{"network": None, "policy": "dear", "terms": TERMS} | given)
    return asyncio.run(SimulatePolicy(trip.room).run(request))


def test_one_policy_on_one_node_by_its_alias(house):
    trip, maker = house()
    snapshot = a_snapshot(8)
    found = simulated(trip, node=snapshot.nodes.alias[2], seed=7)
    assert found.outcome.key == RunKey(snapshot.node_hex(2), 7, "dear")
    assert found.network == snapshot.origin.snapshot_id
    assert found == simulated(trip, node=snapshot.node_hex(2), seed=7)
    assert maker.terms == [TERMS, TERMS]


def test_a_simulation_says_what_it_takes(house):
    trip, _ = house()
    with pytest.raises(NodeNotFound):
        simulated(trip, node="nobody at all")
    with pytest.raises(InvalidParameter, match="policy 'x'"):
        simulated(trip, node="n", policy="x")
    with pytest.raises(InvalidParameter, match="seed -1"):
        simulated(trip, node="n", seed=-1)
    trip.room.snapshots._snapshots.clear()
    with pytest.raises(NoSnapshot):
        simulated(trip, node="n")
