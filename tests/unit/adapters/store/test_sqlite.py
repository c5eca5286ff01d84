"""The embedded store as a program uses it: its thread, its closing, and several processes at once."""

import asyncio
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.builders import DAY, TODAY, a_node_id, a_report, an_observation

from daznode.adapters.store.sqlite import SqliteStore
from daznode.domain.errors import InvariantBroken, StoreUnavailable

ROOT = Path(__file__).parents[4]


@pytest.fixture
def store(tmp_path):
    made = SqliteStore(tmp_path / "data", tmp_path / "assets")
    yield made
    made.close()


def test_nothing_is_touched_before_it_is_used(tmp_path):
    SqliteStore(tmp_path / "data", tmp_path / "assets").close()
    assert list(tmp_path.iterdir()) == []


def test_a_fresh_store_reads_without_making_the_report_folder(store, tmp_path):
    assert asyncio.run(store.reports("alice", a_node_id(1), TODAY, TODAY + DAY)) == ()
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_what_was_stored_is_there_when_the_program_starts_again(tmp_path):
    first = SqliteStore(tmp_path / "data", tmp_path / "assets")
    report = asyncio.run(first.put_report(a_report()))
    asyncio.run(first.put_observation("t", an_observation()))
    first.close()
    second = SqliteStore(tmp_path / "data", tmp_path / "assets")
    assert asyncio.run(second.get_report(report.report_id)) == report
    found = asyncio.run(second.observations("t", a_node_id(1), TODAY, TODAY + DAY))
    assert found == (an_observation(),)
    second.close()


def test_a_closed_store_says_that_it_is_closed(store):
    asyncio.run(store.put_report(a_report()))
    store.close()
    store.close()
    with pytest.raises(InvariantBroken, match="the store was closed"):
        asyncio.run(store.get_report("x"))


def test_its_thread_ends_with_it(store):
    asyncio.run(store.put_report(a_report()))
    store.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("store")]


def test_a_write_that_has_begun_ends_though_its_task_is_cancelled(store):
    report = a_report(n_channels=400)

    async def trip():
        await store.purge(TODAY)  # the file is open
        writing = asyncio.ensure_future(store.put_report(report))
        await asyncio.sleep(0.002)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        found = await store.reports("alice", a_node_id(1), TODAY, TODAY + DAY)
        assert found in {(), (report,)}

    asyncio.run(trip())


def test_opening_is_tried_again_after_it_failed(tmp_path):
    (tmp_path / "data").write_text("in the way")
    store = SqliteStore(tmp_path / "data", tmp_path / "assets")
    with pytest.raises(StoreUnavailable):
        asyncio.run(store.put_report(a_report()))
    (tmp_path / "data").unlink()
    asyncio.run(store.put_report(a_report()))
    store.close()


WRITER = """
import asyncio, json, sys
from pathlib import Path
from tests.builders import a_report, an_observation
from daznode.adapters.store.sqlite import SqliteStore

folder, number = Path(sys.argv[1]), int(sys.argv[2])
store = SqliteStore(folder / "data", folder / "assets")

async def write():
    told = set()
    for turn in range(12):
        fresh = f"{number:08}-0000-4000-8000-{turn:012}"
        report = await store.put_report(a_report(report_id=fresh, retry_count=turn))
        told.add(report.report_id)
        await store.put_observation("t", an_observation(pending_channels=turn))
    print(json.dumps(sorted(told)))

asyncio.run(write())
store.close()
"""


def test_three_processes_that_write_the_same_report_at_once_agree(tmp_path):
    children = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(number)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for number in range(3)
    ]
    outputs = [child.communicate(timeout=60)[0] for child in children]
    assert [child.returncode for child in children] == [0, 0, 0]
    told = {report_id for output in outputs for report_id in json.loads(output)}
    assert len(told) == 1
    store = SqliteStore(tmp_path / "data", tmp_path / "assets")
    (report,) = asyncio.run(store.reports("alice", a_node_id(1), TODAY, TODAY + DAY))
    assert {report.report_id} == told
    (observation,) = asyncio.run(store.observations("t", a_node_id(1), TODAY, TODAY + DAY))
    assert observation.pending_channels == 11
    store.close()
    files = list((tmp_path / "assets/reports/daily").rglob("*"))
    assert [path.name for path in files if path.is_file()] == ["20251120.json"]
