"""A recalculation that somebody asked for ends, whatever becomes of it, and is gone on with later."""

import asyncio
from datetime import timedelta

import pytest
from tests.builders import MORNING, TODAY
from tests.fakes.batch import FakeJournal
from tests.fakes.clock import FakeClock

from daznode.adapters.store.sqlite import SqliteStore
from daznode.domain.errors import NoSnapshot
from daznode.domain.runs import Run, RunKind, RunState
from daznode.usecases.recalculations import Recalculations


class FakeCurrent:
    """Measures nothing, and may refuse to."""

    def __init__(self, error=None):
        self.error, self.n_measured = error, 0

    async def recalculate(self):
        if self.error is not None:
            raise self.error
        self.n_measured += 1


def resumed(folder, error=None, kind=RunKind.RECALCULATE):
    async def run():
        store = SqliteStore(folder / "data", folder / "assets")
        try:
            asked = Run("r-1", kind, RunState.PENDING, TODAY, "root", MORNING)
            await store.runs.add_run(asked)
            current = FakeCurrent(error)
            clock = FakeClock(MORNING + timedelta(minutes=1))
            await Recalculations(current, store.runs, clock, FakeJournal()).resume()
            return await store.runs.run("r-1"), current.n_measured
        finally:
            store.close()

    return asyncio.run(run())


def test_it_is_done_and_ended(tmp_path):
    run, n_measured = resumed(tmp_path)
    assert (run.state, n_measured) == (RunState.COMPLETED, 1)
    assert run.finished_at == MORNING + timedelta(minutes=1)


def test_what_stands_in_the_way_is_kept(tmp_path):
    run, _ = resumed(tmp_path, NoSnapshot("none is stored"))
    assert run.state is RunState.FAILED
    assert run.error_message == "no-snapshot: none is stored"


@pytest.mark.parametrize("kind", [RunKind.DAILY, RunKind.TRIGGER, RunKind.WEEKLY])
def test_other_runs_are_left_alone(kind, tmp_path):
    run, n_measured = resumed(tmp_path, kind=kind)
    assert (run.state, n_measured) == (RunState.PENDING, 0)
