"""What every SnapshotStore and MeasureStore promises."""

import asyncio
from datetime import timedelta

import numpy as np
import pytest
from tests.builders import MORNING, a_snapshot, same_columns, some_measures, some_nodes
from tests.fakes.store import FakeSnapshotStore

from daznode.adapters.store.snapshots import SnapshotFolders
from daznode.domain.errors import SnapshotNotFound
from daznode.domain.gossip import UNKNOWN_SAT

HOUR = timedelta(hours=1)


@pytest.fixture(params=["folders", "fake"])
def store(request, tmp_path):
    return FakeSnapshotStore() if request.param == "fake" else SnapshotFolders(tmp_path)


@pytest.mark.parametrize(
    "snapshot",
    [
        a_snapshot(),
        a_snapshot(0),
        a_snapshot(1),
        a_snapshot(3, pairs=()),
        a_snapshot(
            nodes={"alias": ("", "⚡ zap", "<b>&'\"", "\u202eright", "a\u0301", "🦀" * 10)},
            capacity_sat=UNKNOWN_SAT,
            policies={
                "is_present": np.arange(16).reshape(2, 8) % 3 > 0,
                "is_disabled": np.arange(16).reshape(2, 8) % 2 > 0,
                "fee_ppm": 2**32 - 1,
                "inbound_fee_ppm": -500,
                "htlc_maximum_msat": 2**62,
            },
            skipped=(),
        ),
    ],
    ids=["ring", "empty", "lonely", "no channels", "odd values"],
)
def test_a_snapshot_is_read_back_as_it_was_stored(store, snapshot):
    async def trip():
        summary = await store.put(snapshot)
        assert summary.origin == snapshot.origin
        assert (summary.n_nodes, summary.n_channels) == (snapshot.n_nodes, snapshot.n_channels)
        assert same_columns(await store.get(snapshot.origin.snapshot_id), snapshot)
        assert await store.summaries() == (summary,)

    asyncio.run(trip())


def test_arrays_read_back_are_such_as_an_import_makes(store):
    """Compiled kernels would be compiled again for read-only or strided arrays."""

    async def trip():
        snapshot = a_snapshot()
        await store.put(snapshot)
        read = await store.get(snapshot.origin.snapshot_id)
        for columns in (read.nodes, read.channels, read.channels.policies):
            for name in columns.__dataclass_fields__:
                value = getattr(columns, name)
                if isinstance(value, np.ndarray):
                    assert value.flags.c_contiguous, name
                    assert value.flags.writeable, name

    asyncio.run(trip())


def test_storing_the_same_content_again_changes_nothing(store):
    snapshot = a_snapshot()

    async def trip():
        first = await store.put(snapshot)
        again = await store.put(a_snapshot(imported_at=MORNING + 9 * HOUR, name="again.json"))
        assert again == first
        assert await store.summaries() == (first,)
        assert same_columns(await store.get(snapshot.origin.snapshot_id), snapshot)

    asyncio.run(trip())


def test_summaries_come_oldest_moment_first(store):
    async def trip():
        for hours in (2, 0, 3, 1):
            await store.put(a_snapshot(observed_at=MORNING + hours * HOUR))
        found = [one.origin.observed_at for one in await store.summaries()]
        assert found == [MORNING + hours * HOUR for hours in range(4)]

    asyncio.run(trip())


def test_an_empty_store_has_no_summaries(store):
    assert asyncio.run(store.summaries()) == ()


@pytest.mark.parametrize(
    "name", ["", "..", "../..", "20251120T060000Z-000000000000", "/", "x\0y", ".incoming"]
)
def test_an_unknown_snapshot_is_not_found(store, name):
    async def trip():
        await store.put(a_snapshot())
        with pytest.raises(SnapshotNotFound, match="none is stored under that name"):
            await store.get(name)

    asyncio.run(trip())


def test_measures_are_read_back_as_they_were_kept(store):
    snapshot = a_snapshot()
    one, other = some_measures(snapshot, "aaaa"), some_measures(snapshot, "bbbb", amount_msat=7)

    async def trip():
        await store.put(snapshot)
        await store.put_measures(one)
        await store.put_measures(other)
        name = snapshot.origin.snapshot_id
        assert same_columns(await store.get_measures(name, "aaaa"), one)
        assert same_columns(await store.get_measures(name, "bbbb"), other)
        assert await store.get_measures(name, "cccc") is None

    asyncio.run(trip())


def test_measures_kept_again_replace_the_earlier_ones(store):
    snapshot = a_snapshot()

    async def trip():
        await store.put(snapshot)
        await store.put_measures(some_measures(snapshot, "aaaa"))
        better = some_measures(snapshot, "aaaa", harmonic=np.full(snapshot.n_nodes, 0.5))
        await store.put_measures(better)
        assert same_columns(await store.get_measures(snapshot.origin.snapshot_id, "aaaa"), better)

    asyncio.run(trip())


def test_measures_of_a_snapshot_that_is_not_stored_are_not_kept(store):
    snapshot = a_snapshot()

    async def trip():
        await store.put_measures(some_measures(snapshot, "aaaa"))
        assert await store.get_measures(snapshot.origin.snapshot_id, "aaaa") is None
        assert await store.get_measures("../x", "aaaa") is None

    asyncio.run(trip())


def test_a_snapshot_of_other_content_at_the_same_moment_is_another_one(store):
    async def trip():
        first = await store.put(a_snapshot(4))
        second = await store.put(a_snapshot(4, nodes={"alias": some_nodes(4).alias[::-1]}))
        assert {one.origin.snapshot_id for one in await store.summaries()} == {
            first.origin.snapshot_id,
            second.origin.snapshot_id,
        }
        assert len(await store.summaries()) == 2

    asyncio.run(trip())
