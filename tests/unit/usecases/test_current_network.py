"""The newest network is open; while a newer one is being opened, and if it cannot be, the old answers."""

import asyncio
from datetime import timedelta

import pytest
from tests.builders import MORNING, a_snapshot
from tests.fakes.batch import FakeJournal
from tests.fakes.clock import FakeClock
from tests.fakes.store import FakeSnapshotStore

from daznode.adapters.compute import ThreadCompute
from daznode.domain.errors import DataUnavailable, NoSnapshot, StoreCorrupt
from daznode.domain.measures import ScoreWeights
from daznode.graph.measures import MeasureParams
from daznode.usecases import current_network
from daznode.usecases.current_network import CurrentNetwork, NetworkState, day_before
from daznode.usecases.open_network import OpenNetwork

PAIRS = ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (0, 3))


class Sizes:
    """Metrics of which only the size of the network is seen."""

    def __init__(self):
        self.told = []

    def network_is(self, nodes, channels, capacity_sat):
        self.told.append((nodes, channels, capacity_sat))


class Breakable(FakeSnapshotStore):
    """Snapshots of which one cannot be read."""

    broken = None

    async def get(self, snapshot_id):
        if snapshot_id == self.broken:
            message = f"snapshot {snapshot_id}: cannot be read"
            raise StoreCorrupt(message)
        return await super().get(snapshot_id)


class Home:
    """A current network over memory."""

    def __init__(self):
        self.store = Breakable()
        self.journal, self.sizes = FakeJournal(), Sizes()
        self.compute = ThreadCompute()
        networks = OpenNetwork(
            snapshots=self.store,
            measures=self.store,
            compute=self.compute,
            clock=FakeClock(),
            params=MeasureParams(),
            weights=ScoreWeights(),
            threads=1,
        )
        self.current = CurrentNetwork(networks, self.compute, self.journal, self.sizes)

    async def add(self, days=0, n_pairs=6):
        summary = await self.store.put(
            a_snapshot(6, PAIRS[:n_pairs], observed_at=MORNING + timedelta(days=days))
        )
        return summary.origin.snapshot_id


def run(scenario):
    """Run a scenario over a home of its own."""

    async def whole():
        home = Home()
        try:
            return await scenario(home)
        finally:
            home.compute.close()

    return asyncio.run(whole())


def test_without_any_snapshot_it_says_so():
    async def scenario(home):
        with pytest.raises(DataUnavailable):
            home.current.network()
        assert not await home.current.refresh()
        assert home.current.state is NetworkState.NONE
        with pytest.raises(NoSnapshot):
            home.current.network()

    run(scenario)


def test_the_newest_is_opened_once_and_told():
    async def scenario(home):
        await home.add()
        assert await home.current.refresh()
        assert not await home.current.refresh()
        assert home.current.network().ref.snapshot_id.startswith("2025112")
        assert home.sizes.told == [(6, 6, 30_000_000)]
        assert home.journal.events("info") == ["Network snapshot opened"]

    run(scenario)


def test_the_old_one_answers_while_the_new_one_is_opened_and_warmed():
    async def scenario(home):
        first = await home.add()
        await home.current.refresh()
        second = await home.add(days=1, n_pairs=5)
        seen = []

        async def warm(opened):
            seen.append((opened.ref.snapshot_id, home.current.network().ref.snapshot_id))

        assert await home.current.refresh(warm)
        assert seen == [(second, first)]
        assert home.current.network().ref.snapshot_id == second
        assert home.current.network().before.origin.snapshot_id == first

    run(scenario)


def test_one_that_cannot_be_opened_leaves_the_old_one_and_is_tried_again(monkeypatch):
    async def scenario(home):
        first = await home.add()
        await home.current.refresh()
        second = await home.add(days=1, n_pairs=5)
        home.store.broken = second
        assert not await home.current.refresh()
        assert not await home.current.refresh()
        assert home.current.network().ref.snapshot_id == first
        assert home.journal.events("error") == ["Network snapshot cannot be opened"]
        assert second in home.current.last_error
        home.store.broken = None
        assert not await home.current.refresh(), "not tried again at once"
        monkeypatch.setattr(current_network, "TRY_AGAIN_SECONDS", 0.0)
        assert await home.current.refresh()
        assert home.current.last_error is None
        assert home.current.network().ref.snapshot_id == second

    run(scenario)


def test_an_older_snapshot_changes_the_history_and_so_the_edition():
    async def scenario(home):
        await home.add(days=1)
        await home.current.refresh()
        before = home.current.network()
        await home.add(days=0, n_pairs=5)
        assert await home.current.refresh()
        after = home.current.network()
        assert after.ref == before.ref
        assert after.key != before.key

    run(scenario)


def test_measuring_anew_keeps_answers_and_needs_a_snapshot():
    async def scenario(home):
        with pytest.raises(NoSnapshot):
            await home.current.recalculate()
        await home.add()
        await home.current.refresh()
        before = home.current.network()
        await home.current.recalculate()
        after = home.current.network()
        assert after is not before
        assert after.key == before.key

    run(scenario)


def test_it_notices_an_import_at_once(monkeypatch):
    monkeypatch.setattr(current_network, "LOOK_EVERY_SECONDS", 3_600.0)

    async def scenario(home):
        async def warm(opened):
            del opened

        task = asyncio.create_task(home.current.watch(warm))
        await asyncio.sleep(0.05)
        await home.add()
        home.current.notice()
        async with asyncio.timeout(20):
            while home.current.opened is None:  # noqa: ASYNC110 - it knows no event
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    run(scenario)


@pytest.mark.parametrize(
    ("hours", "is_found"), [(11, False), (12, True), (24, True), (36, True), (37, False)]
)
def test_the_day_before_is_half_a_day_to_a_day_and_a_half_older(hours, is_found):
    async def scenario(home):
        await home.store.put(a_snapshot(6, PAIRS, observed_at=MORNING - timedelta(hours=hours)))
        await home.add()
        summaries = await home.store.summaries()
        return day_before(summaries[-1], summaries)

    assert (run(scenario) is not None) is is_found
