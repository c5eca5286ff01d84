"""Snapshot folders on a disk that gets damaged, is shared, and is left by killed writers."""

import asyncio
import dataclasses
import json
import shutil

import pytest
from tests.builders import MORNING, a_snapshot, same_columns, some_measures

from daznode.adapters.store.atomic import folder_lock
from daznode.adapters.store.snapshots import SnapshotFolders
from daznode.domain.errors import (
    InvalidParameter,
    InvariantBroken,
    MigrationNeeded,
    StoreCorrupt,
    StoreUnavailable,
)
from daznode.domain.gossip import content_sha256

SNAPSHOT = a_snapshot()
NAME = SNAPSHOT.origin.snapshot_id


class House:
    """A data folder with one snapshot."""

    def __init__(self, data_folder):
        self.root = data_folder / "snapshots"
        self.store = SnapshotFolders(data_folder, patience_seconds=0.05)
        self.put()

    @property
    def folder(self):
        return self.root / NAME

    def put(self, snapshot=SNAPSHOT):
        return asyncio.run(self.store.put(snapshot))

    def get(self, name=NAME):
        return asyncio.run(self.store.get(name))

    def summaries(self):
        return asyncio.run(self.store.summaries())


@pytest.fixture
def house(tmp_path):
    return House(tmp_path / "data")


def flip_a_bit(file):
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def test_the_folder_is_as_documented(house):
    asyncio.run(house.store.put_measures(some_measures(SNAPSHOT, "abc")))
    assert sorted(path.name for path in house.folder.iterdir()) == [
        "channels.parquet",
        "manifest.json",
        "measures-abc.parquet",
        "nodes.parquet",
    ]
    (summary,) = house.summaries()
    assert summary.stored_bytes == sum(path.stat().st_size for path in house.folder.iterdir())
    assert list((house.root / ".incoming").iterdir()) == []


def test_a_listing_reads_no_columns(house):
    for file in house.folder.glob("*.parquet"):
        file.write_bytes(b"")
    assert [one.origin.snapshot_id for one in house.summaries()] == [NAME]


@pytest.mark.parametrize("file", ["nodes.parquet", "channels.parquet"])
@pytest.mark.parametrize(
    "damage", [flip_a_bit, lambda file: file.write_bytes(b""), shutil.os.unlink]
)
def test_a_damaged_file_is_named_and_can_be_imported_again(house, file, damage):
    damage(house.folder / file)
    with pytest.raises(StoreCorrupt, match=rf"{NAME}/{file}: .*import the snapshot again"):
        house.get()
    house.put()
    assert same_columns(house.get(), SNAPSHOT)
    assert list((house.root / ".incoming").iterdir()) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text[:-40], "cannot be read"),
        (lambda text: text.replace('"n_nodes"', '"n_nods"'), "n_nodes"),
        (lambda text: text.replace('"n_nodes": 6', '"n_nodes": 7'), "says 7 nodes"),
        (lambda text: text.replace("20T06", "20T07"), "another snapshot"),
        (lambda text: text.replace("20T06:00:00Z", "20T06:00:00"), "not in UTC"),
        (lambda text: text.replace('"sha256": "', '"sha256": "0'), "not the bytes"),
    ],
)
def test_a_damaged_manifest_is_named(house, change, said):
    manifest = house.folder / "manifest.json"
    manifest.write_text(change(manifest.read_text()))
    with pytest.raises(StoreCorrupt, match=said) as told:
        house.get()
    assert str(house.folder) in str(told.value)
    assert "\n" not in str(told.value)


def test_a_missing_manifest_is_named_in_a_listing(house):
    (house.folder / "manifest.json").unlink()
    with pytest.raises(StoreCorrupt, match=r"manifest\.json: missing; remove the folder"):
        house.summaries()


def test_a_snapshot_of_a_newer_program_asks_for_an_update(house):
    manifest = house.folder / "manifest.json"
    shape = json.loads(manifest.read_text()) | {"shape_version": 2}
    manifest.write_text(json.dumps(shape))
    with pytest.raises(MigrationNeeded, match="update daznode"):
        house.get()


def test_columns_that_are_not_those_of_the_origin_are_not_stored(house):
    other = dataclasses.replace(a_snapshot(5), origin=dataclasses.replace(SNAPSHOT.origin))
    with pytest.raises(InvariantBroken, match="do not have the hash of its origin"):
        house.put(other)
    assert same_columns(house.get(), SNAPSHOT)


def test_another_content_under_the_same_name_is_refused(house):
    manifest = house.folder / "manifest.json"
    content = SNAPSHOT.origin.content_sha256
    manifest.write_text(manifest.read_text().replace(content, content[:-1] + "x"))
    with pytest.raises(StoreCorrupt, match="holds another snapshot under the same name"):
        house.put()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: a_snapshot(pairs=((1, 1),)),
        lambda: a_snapshot(pairs=((0, 6),)),
        lambda: a_snapshot(pairs=((-1, 2),)),
        lambda: a_snapshot(nodes={"alias": ("half a pair \ud83e",) * 6}),
        lambda: reordered(a_snapshot()),
        lambda: reordered(a_snapshot(pairs=())),
    ],
    ids=["loop", "beyond the nodes", "negative", "no text", "out of order", "no channels"],
)
def test_columns_that_break_their_order_are_not_stored(house, wrong):
    with pytest.raises(InvariantBroken, match="cannot be stored") as told:
        house.put(wrong())
    assert "\n" not in str(told.value)


def reordered(snapshot):
    """The same with nodes 2 and 3 in each other's place, and the hash of that."""
    keys = snapshot.nodes.node_id
    keys[[2, 3]] = keys[[3, 2]]
    content = content_sha256(snapshot.nodes, snapshot.channels)
    origin = dataclasses.replace(snapshot.origin, content_sha256=content)
    return dataclasses.replace(snapshot, origin=origin)


def test_damaged_measures_are_never_taken_for_others(house):
    measures = some_measures(SNAPSHOT, "abc")
    asyncio.run(house.store.put_measures(measures))
    file = house.folder / "measures-abc.parquet"
    good = file.read_bytes()
    for place in range(0, len(good), 61):
        damaged = bytearray(good)
        damaged[place] ^= 1 << place % 8
        file.write_bytes(damaged)
        found = asyncio.run(house.store.get_measures(NAME, "abc"))
        assert found is None or same_columns(found, measures), place


@pytest.mark.parametrize("damage", [flip_a_bit, lambda file: file.write_bytes(b"PAR1")])
def test_measures_that_cannot_be_read_count_as_forgotten(house, damage):
    measures = some_measures(SNAPSHOT, "abc")
    asyncio.run(house.store.put_measures(measures))
    damage(house.folder / "measures-abc.parquet")
    assert asyncio.run(house.store.get_measures(NAME, "abc")) is None
    asyncio.run(house.store.put_measures(measures))
    assert same_columns(asyncio.run(house.store.get_measures(NAME, "abc")), measures)


def test_measures_of_another_snapshot_or_parameters_are_not_taken_for_these(house):
    asyncio.run(house.store.put_measures(some_measures(SNAPSHOT, "abc")))
    file = house.folder / "measures-abc.parquet"
    shutil.copy(file, house.folder / "measures-xyz.parquet")
    assert asyncio.run(house.store.get_measures(NAME, "xyz")) is None
    shorter = some_measures(a_snapshot(5), "abc", snapshot_id=NAME)
    asyncio.run(house.store.put_measures(shorter))
    assert asyncio.run(house.store.get_measures(NAME, "abc")) is None


@pytest.mark.parametrize("params_hash", ["", "../x", "a/b", "x" * 129])
def test_a_parameter_hash_that_cannot_name_a_file_is_refused(house, params_hash):
    with pytest.raises(InvalidParameter, match="names a file"):
        asyncio.run(house.store.put_measures(some_measures(SNAPSHOT, params_hash)))
    assert asyncio.run(house.store.get_measures(NAME, params_hash)) is None


def test_leftovers_of_a_killed_writer_are_removed_at_the_next_look(house):
    left = house.root / ".incoming" / "fresh"
    left.mkdir()
    (left / "nodes.parquet").write_bytes(b"half")
    assert len(house.summaries()) == 1
    assert not left.exists()


def test_leftovers_do_not_stand_in_the_way_of_a_writer(house):
    left = house.root / ".incoming" / "fresh"
    left.mkdir()
    (left / "nodes.parquet").write_bytes(b"half")
    house.put(a_snapshot(4))
    assert len(house.summaries()) == 2
    assert not left.exists()


def test_what_another_writer_has_in_hand_is_not_removed(house):
    in_hand = house.root / ".incoming" / "fresh"
    in_hand.mkdir()
    with folder_lock(house.root / ".lock"):
        assert len(house.summaries()) == 1
        assert in_hand.exists()
        with pytest.raises(StoreUnavailable, match="held by another process"):
            house.put(a_snapshot(4))


def test_other_folders_are_not_taken_for_snapshots(house):
    (house.root / "notes").mkdir()
    (house.root / f"{NAME}.bak").mkdir()
    assert [one.origin.snapshot_id for one in house.summaries()] == [NAME]


def test_a_snapshot_imported_again_keeps_its_first_origin(house):
    again = house.put(a_snapshot(imported_at=MORNING.replace(year=2026)))
    assert again.origin == SNAPSHOT.origin
