"""What is sent to workers, what is sent again, and what is made here instead."""

import asyncio
from datetime import timedelta

import pytest
from tests.batch_house import BatchHouse, a_profile
from tests.builders import TODAY

from daznode.domain.errors import StoreUnavailable
from daznode.domain.runs import RunKind, RunState
from daznode.domain.schedule import Slot
from daznode.usecases import spread_jobs
from daznode.usecases.spread_jobs import SpreadJobs

SLOT = Slot(RunKind.DAILY, TODAY + timedelta(hours=6))
PROFILES = tuple(a_profile(f"user-{number:03}", number + 1) for number in range(7))


class FakeQueue:
    """Messages in a list; `error` makes it unreachable."""

    def __init__(self) -> None:
        self.messages, self.n_waiting, self.error = [], 0, None

    async def put(self, run_id, user_ids):
        if self.error is not None:
            raise StoreUnavailable(self.error)
        assert run_id == SLOT.run_id
        self.messages.append(user_ids)

    async def count(self):
        if self.error is not None:
            raise StoreUnavailable(self.error)
        return self.n_waiting


class Desk:
    """A run of seven users, and who spreads it."""

    def __init__(self, house) -> None:
        self.house, self.queue = house, FakeQueue()
        self.spread = self.another()

    def another(self) -> SpreadJobs:
        house = self.house
        return SpreadJobs(
            clock=house.clock,
            ids=house.ids,
            runs=house.runs,
            queue=self.queue,
            leases=house.leases,
            journal=house.journal,
            work=house.batches.work,
            owner=house.ids.new_id(),
        )

    async def begin(self) -> None:
        await self.house.prepare()
        assert await self.house.batches.start_slot(SLOT, PROFILES, "test")

    async def send(self, spread=None) -> list:
        """What one more call sends."""
        before = len(self.queue.messages)
        await (spread or self.spread).send(await self.house.runs.run(SLOT.run_id))
        return self.queue.messages[before:]

    async def claim(self, owner: str, count: int, lease=timedelta(seconds=30)) -> None:
        now = self.house.clock.now()
        await self.house.runs.claim(
            SLOT.run_id, owner=owner, now=now, lease_until=now + lease, limit=count
        )


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.setattr(spread_jobs, "USERS_A_MESSAGE", 3)
    monkeypatch.setattr(spread_jobs, "AGAIN_SECONDS", 0.0)
    house = BatchHouse(tmp_path, *PROFILES)
    yield Desk(house)
    asyncio.run(house.close())


def names(*numbers):
    return tuple(f"user-{number:03}" for number in numbers)


def test_jobs_are_sent_in_groups_once_while_messages_wait(desk):
    async def trip():
        await desk.begin()
        assert await desk.send() == [names(0, 1, 2), names(3, 4, 5), names(6)]
        desk.queue.n_waiting = 3
        assert await desk.send() == []
        assert desk.house.journal.events("info")[-1] == "Reports handed to workers"

    asyncio.run(trip())


def test_what_got_lost_is_sent_again_when_the_queue_is_empty_and_its_lease_has_ended(desk):
    async def trip():
        await desk.begin()
        await desk.send()
        await desk.claim("killed", 3)
        assert await desk.send() == [names(3, 4, 5), names(6)]
        await desk.claim("alive", 4, lease=timedelta(hours=1))
        assert await desk.send() == []
        desk.house.clock.advance(timedelta(seconds=31))
        assert await desk.send() == [names(0, 1, 2)]
        assert desk.house.journal.events("info")[-1] == "Reports handed to workers again"

    asyncio.run(trip())


def test_nothing_is_sent_again_too_soon(desk, monkeypatch):
    monkeypatch.setattr(spread_jobs, "AGAIN_SECONDS", 60.0)

    async def trip():
        await desk.begin()
        assert await desk.send()
        assert await desk.send() == []

    asyncio.run(trip())


def test_one_of_several_processes_spreads_a_run_and_another_follows_it(desk):
    async def trip():
        await desk.begin()
        other = desk.another()
        assert len(await desk.send()) == 3
        assert await desk.send(other) == []
        desk.house.clock.advance(timedelta(seconds=16))
        assert len(await desk.send(other)) == 3

    asyncio.run(trip())


def test_when_nobody_can_say_who_spreads_everybody_does(desk):
    async def trip():
        await desk.begin()
        desk.house.leases.error = "Redis is away"
        assert len(await desk.send()) == 3

    asyncio.run(trip())


def test_what_cannot_be_sent_is_made_here_and_said(desk):
    async def trip():
        await desk.begin()
        desk.queue.error = "Celery's queue in Redis is away"
        await desk.send()
        run = await desk.house.runs.run(SLOT.run_id)
        assert run.state is RunState.COMPLETED
        assert (await desk.house.runs.counts(SLOT.run_id)).completed == 7
        told = desk.house.journal.events("warning")
        assert len([line for line in told if "making them here" in line]) == 3

    asyncio.run(trip())


def test_a_run_of_which_nothing_is_left_is_ended(desk):
    async def trip():
        await desk.begin()
        await desk.send()
        # All reports are made, but whoever made the last was killed before ending the run.
        house = desk.house
        now = house.clock.now()
        jobs = await house.runs.claim(
            SLOT.run_id, owner="w", now=now, lease_until=now + timedelta(minutes=1), limit=9
        )
        for job in jobs:
            await house.runs.end_job(job, RunState.COMPLETED, now, report_id="r")
        assert await desk.send() == []
        assert (await house.runs.run(SLOT.run_id)).state is RunState.COMPLETED

    asyncio.run(trip())
