"""What every ExperimentStore promises, and what the one on disk does when files are damaged."""

import asyncio
from dataclasses import replace

import msgspec
import pytest
import zstandard
from tests.builders import a_node_id
from tests.fakes.arena import an_outcome
from tests.fakes.experiments import FakeExperimentStore

from daznode.adapters.store.experiment_codec import decode_run, encode_run
from daznode.adapters.store.experiments import ExperimentFolders
from daznode.domain.errors import (
    InvalidParameter,
    MigrationNeeded,
    StoreCorrupt,
    StoreUnavailable,
)
from daznode.domain.experiment import ExperimentPlan, NodeSet, RunKey

PLAN = ExperimentPlan(
    network="20261121T060000Z-0123456789ab",
    is_modernised=False,
    node_set=NodeSet.EVALUATION,
    nodes=(a_node_id(1), a_node_id(2)),
    policies=("static-100", "dear"),
    base="static-100",
    seeds=(3, 5),
    days=3,
    burn_in_days=1,
    payments_per_day=1_000,
    engine="1",
)
KEY = PLAN.keys[1]


@pytest.fixture(params=["folders", "fake"])
def store(request, tmp_path):
    return FakeExperimentStore() if request.param == "fake" else ExperimentFolders(tmp_path)


@pytest.fixture
def folders(tmp_path):
    return ExperimentFolders(tmp_path)


def run(coroutine):
    return asyncio.run(coroutine)


def run_files(tmp_path):
    return sorted(tmp_path.glob("experiments/*/runs/*"))


def test_a_run_is_read_back_as_it_was_kept(store):
    async def trip():
        name = await store.begin(PLAN)
        outcome = an_outcome(KEY)
        assert await store.get_run(name, KEY) is None
        await store.put_run(name, outcome)
        assert await store.get_run(name, KEY) == outcome
        assert await store.get_run(name, PLAN.keys[0]) is None

    run(trip())


def test_equal_plans_are_one_experiment_and_beginning_again_keeps_its_runs(store):
    async def trip():
        name = await store.begin(PLAN)
        await store.put_run(name, an_outcome(KEY))
        assert await store.begin(replace(PLAN)) == name
        assert await store.get_run(name, KEY) is not None
        other = await store.begin(replace(PLAN, days=4))
        assert other != name
        assert await store.get_run(other, KEY) is None

    run(trip())


def test_a_run_kept_again_replaces_the_earlier_one(store):
    async def trip():
        name = await store.begin(PLAN)
        await store.put_run(name, an_outcome(KEY))
        again = an_outcome(KEY, days=2)
        await store.put_run(name, again)
        assert await store.get_run(name, KEY) == again

    run(trip())


def test_experiments_are_listed_with_how_far_they_are(store):
    async def trip():
        assert await store.experiments() == ()
        name = await store.begin(PLAN)
        for key in PLAN.keys[:3]:
            await store.put_run(name, an_outcome(key))
        stray = RunKey(a_node_id(9), 3, "dear")
        await store.put_run(name, an_outcome(stray))
        (kept,) = await store.experiments()
        assert (kept.experiment_id, kept.plan, kept.finished_runs) == (name, PLAN, 3)

    run(trip())


def test_an_experiment_never_begun_takes_no_run(store):
    with pytest.raises(StoreUnavailable):
        run(store.put_run("0" * 16, an_outcome(KEY)))


@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied", "another run"])
def test_a_damaged_run_counts_as_not_made(folders, tmp_path, damage):
    name = run(folders.begin(PLAN))
    run(folders.put_run(name, an_outcome(KEY)))
    (file,) = run_files(tmp_path)
    data = bytearray(file.read_bytes())
    if damage == "cut":
        data = data[: len(data) // 2]
    elif damage == "flipped":
        data[len(data) // 2] ^= 4
    elif damage == "emptied":
        data.clear()
    else:
        run(folders.put_run(name, an_outcome(PLAN.keys[0])))
        other = next(one for one in run_files(tmp_path) if one != file)
        data = bytearray(other.read_bytes())
    file.write_bytes(data)
    assert run(folders.get_run(name, KEY)) is None
    run(folders.put_run(name, an_outcome(KEY)))
    assert run(folders.get_run(name, KEY)) == an_outcome(KEY)


def test_no_flipped_bit_reads_as_another_figure():
    outcome = an_outcome(KEY)
    whole = encode_run(outcome)
    for place in range(len(whole)):
        data = bytearray(whole)
        data[place] ^= 1
        try:
            read = decode_run(bytes(data))
        except StoreCorrupt:
            continue
        assert read == outcome, place


def test_a_run_of_a_newer_program_is_refused_not_made_again(folders, tmp_path):
    name = run(folders.begin(PLAN))
    run(folders.put_run(name, an_outcome(KEY)))
    (file,) = run_files(tmp_path)
    shape = msgspec.json.decode(zstandard.decompress(file.read_bytes()))
    file.write_bytes(zstandard.compress(msgspec.json.encode(shape | {"shape_version": 2})))
    with pytest.raises(MigrationNeeded, match="update daznode"):
        run(folders.get_run(name, KEY))


def test_a_damaged_plan_is_named_in_one_line_and_mended_by_starting_again(folders, tmp_path):
    run(folders.begin(PLAN))
    (file,) = tmp_path.glob("experiments/*/plan.json")
    whole = file.read_bytes()
    file.write_bytes(whole[:50])
    with pytest.raises(StoreCorrupt, match=r"plan\.json: cannot be read") as refused:
        run(folders.experiments())
    assert "\n" not in str(refused.value)
    run(folders.begin(PLAN))
    assert file.read_bytes() == whole


def test_what_a_killed_writer_began_is_neither_read_nor_left(folders, tmp_path):
    name = run(folders.begin(PLAN))
    runs = tmp_path / "experiments" / name / "runs"
    (runs / ".half.json.zst.12345678.tmp").write_bytes(b"half")
    run(folders.put_run(name, an_outcome(KEY)))
    assert len(run_files(tmp_path)) == 1
    assert run(folders.experiments())[0].finished_runs == 1


@pytest.mark.parametrize("policy", ["../../etc/passwd", "", ".hidden", "a/b", "x" * 65])
def test_no_policy_leads_out_of_the_folder(folders, policy):
    name = run(folders.begin(PLAN))
    with pytest.raises(InvalidParameter, match="names a file"):
        run(folders.get_run(name, replace(KEY, policy=policy)))
    with pytest.raises(InvalidParameter, match="16 hex"):
        run(folders.get_run("../snapshots", KEY))
