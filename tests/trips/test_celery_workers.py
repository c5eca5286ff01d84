"""A batch over real Celery workers and a real Redis: killed workers, a broker that goes and comes."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time

import pytest
from tests.builders import a_node_id, a_snapshot
from tests.servers import free_port

from daznode.config import Settings
from daznode.domain.accounts import UserProfile
from daznode.domain.ids import parse_node_id
from daznode.domain.runs import RunKind, RunState
from daznode.domain.schedule import Slot
from daznode.usecases import spread_jobs
from daznode.wiring import batches as batches_wiring
from daznode.wiring.worker import Worker

START_SECONDS = 90.0
DONE_SECONDS = 60.0

# The command as it is, but for how soon what a killed worker left is taken up again.
COMMAND = """
import sys
from daznode.usecases import spread_jobs
from daznode.wiring import batches
batches.LEASE_SECONDS, spread_jobs.AGAIN_SECONDS = 3.0, 1.0
spread_jobs.LEASE_SECONDS = 2.0
sys.argv = ["daznode", "worker", *sys.argv[1:]]
from daznode.__main__ import main
main()
"""


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """The same here."""
    monkeypatch.setattr(batches_wiring, "LEASE_SECONDS", 3.0)
    monkeypatch.setattr(spread_jobs, "AGAIN_SECONDS", 1.0)
    monkeypatch.setattr(spread_jobs, "LEASE_SECONDS", 2.0)


class Farm:
    """A data folder, a Redis, and the processes that work on it."""

    def __init__(self, folder, redis) -> None:
        self.folder = folder
        self.redis = redis
        self.given = {
            "DAZNODE_DATA_DIR": str(folder / "data"),
            "REDIS_URL": redis.url,
            "DAILY_REPORTS_EXECUTOR": "celery",
            "DAZNODE_THREADS": "1",
            "DAZNODE_LOG_FORMAT": "json",
        }
        self.settings = Settings(_env_file=None, **self.given)
        self.workers = []

    def log(self, number: int) -> str:
        return (self.folder / f"worker-{number}.log").read_text()

    def start(self, *arguments: str) -> subprocess.Popen:
        number = len(self.workers)
        kept = {"PATH", "HOME", "PYTHONPATH", "NUMBA_CACHE_DIR", "LANG"}
        env = {name: value for name, value in os.environ.items() if name in kept} | self.given
        with (self.folder / f"worker-{number}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", COMMAND, *arguments],
                env=env,
                cwd=self.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.workers.append(process)
        return process

    async def wait_for(self, is_so, seconds: float) -> None:
        ends_at = time.monotonic() + seconds
        while not await is_so():
            if time.monotonic() > ends_at:
                logs = "\n".join(self.log(n)[-3_000:] for n in range(len(self.workers)))
                pytest.fail(f"not within {seconds} s; the workers' logs:\n{logs}")
            await asyncio.sleep(0.01)

    async def started(self) -> None:
        async def are_there():
            assert all(one.poll() is None for one in self.workers), self.log(0)
            return all("Working on reports" in self.log(n) for n in range(len(self.workers)))

        await self.wait_for(are_there, START_SECONDS)

    def end(self) -> None:
        for process in self.workers:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()


@contextmanager
def a_farm(folder, redis):
    farm = Farm(folder, redis)
    try:
        yield farm
    finally:
        farm.end()


class Office:
    """The service's side of it: asks for reports and minds the runs; makes none unless it has to."""

    def __init__(self, farm: Farm) -> None:
        self.worker = Worker(farm.settings)
        self.parts = self.worker.parts
        self.batches = self.worker.batches
        self.day = datetime.combine(datetime.now(UTC).date(), clock_time(), UTC)

    async def fill(self, n_users: int) -> None:
        await self.parts.prepare()
        now = datetime.now(UTC)
        for day in (1, 0):
            seen_at = now - timedelta(days=day, minutes=1)
            await self.parts.snapshots.put(a_snapshot(n_users, observed_at=seen_at))
        self.profiles = [
            UserProfile(
                f"user-{number:04}",
                "tenant-1",
                now,
                now,
                lightning_pubkey=parse_node_id(a_node_id(number + 1)),
                daily_report_enabled=True,
            )
            for number in range(n_users)
        ]
        for profile in self.profiles:
            await self.parts.profiles.put_profile(profile)

    async def ask(self) -> str:
        slot = Slot(RunKind.DAILY, datetime.combine(self.day.date(), clock_time(6), UTC))
        assert await self.batches.batches.start_slot(slot, self.profiles, "test")
        self.batches.work_runs.wake.set()
        return slot.run_id

    async def is_ended(self, run_id: str) -> bool:
        return (await self.parts.runs.run(run_id)).finished_at is not None

    async def check(self, run_id: str) -> None:
        """Every user has one report of the day, as its job and its file say too."""
        n_users = len(self.profiles)
        counts = await self.parts.runs.counts(run_id)
        assert (counts.completed, counts.total) == (n_users, n_users)
        jobs = await self.parts.runs.jobs_of_run(run_id, RunState.COMPLETED, 10_000)
        for job, profile in zip(jobs, self.profiles, strict=True):
            found = await self.parts.reports.reports(
                job.user_id, profile.lightning_pubkey, self.day, self.day + timedelta(days=1)
            )
            assert [report.report_id for report in found] == [job.report_id]
        files = list(self.parts_folder.rglob("*.json"))
        assert len(files) == n_users
        for file in files:
            json.loads(file.read_text())

    @property
    def parts_folder(self):
        return self.worker._settings.report_files_dir


@asynccontextmanager
async def an_office(farm: Farm, n_users: int):
    office = Office(farm)
    office.batches.work_runs.poll_seconds = 0.3
    await office.fill(n_users)
    await office.worker.start(lambda _: None)
    try:
        yield office
    finally:
        await office.worker.stop()


def test_a_worker_that_is_killed_in_a_batch_loses_nothing_and_doubles_nothing(tmp_path, redis):
    async def trip(farm):
        async with an_office(farm, 160) as office:
            doomed, other = farm.start(), farm.start("--metrics-port", str(port))
            await farm.started()
            other.send_signal(signal.SIGSTOP)
            run_id = await office.ask()

            async def is_in_the_middle():
                counts = await office.parts.runs.counts(run_id)
                return counts.processing > 0

            await farm.wait_for(is_in_the_middle, DONE_SECONDS)
            doomed.kill()
            doomed.wait()
            orphans = (await office.parts.runs.counts(run_id)).processing
            assert orphans > 0
            other.send_signal(signal.SIGCONT)
            await farm.wait_for(lambda: office.is_ended(run_id), DONE_SECONDS)
            await office.check(run_id)
            jobs = await office.parts.runs.jobs_of_run(run_id, RunState.COMPLETED, 10_000)
            assert sum(job.attempts == 2 for job in jobs) == orphans
            figures = await asyncio.to_thread(
                lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
            )
            made = next(
                line
                for line in figures.splitlines()
                if line.startswith("daily_reports_generated_total")
            )
            assert orphans <= float(made.split()[1]) <= 160

            other.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(other.wait, 20) == 0

    port = free_port()
    with a_farm(tmp_path, redis) as farm:
        asyncio.run(trip(farm))
    assert "user-0" not in redis.say("LRANGE", "daznode:celery:daznode.reports", "0", "9").decode()


def test_a_worker_that_is_told_to_stop_gives_back_what_it_works_on(tmp_path, redis):
    async def trip(farm):
        async with an_office(farm, 120) as office:
            worker = farm.start()
            await farm.started()
            run_id = await office.ask()

            async def is_in_the_middle():
                return (await office.parts.runs.counts(run_id)).processing > 0

            await farm.wait_for(is_in_the_middle, DONE_SECONDS)
            worker.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(worker.wait, 20) == 0
            counts = await office.parts.runs.counts(run_id)
            assert counts.processing == 0
            if counts.pending:
                farm.start()
            await farm.wait_for(lambda: office.is_ended(run_id), START_SECONDS)
            await office.check(run_id)

    with a_farm(tmp_path, redis) as farm:
        asyncio.run(trip(farm))


def test_without_a_broker_reports_are_made_here_and_that_is_recorded(tmp_path, redis, capfd):
    async def trip(farm):
        async with an_office(farm, 60) as office:
            redis.kill()
            run_id = await office.ask()
            await farm.wait_for(lambda: office.is_ended(run_id), DONE_SECONDS)
            await office.check(run_id)

    with a_farm(tmp_path, redis) as farm:
        asyncio.run(trip(farm))
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    told = [line for line in lines if "making them here" in line["event"]]
    assert [line["users"] for line in told] == [50, 10]
    assert {line["level"] for line in told} == {"warning"}


def test_workers_go_on_after_redis_came_back_and_its_messages_were_lost(tmp_path, redis):
    async def trip(farm):
        async with an_office(farm, 60) as office:
            worker = farm.start()
            await farm.started()
            worker.send_signal(signal.SIGSTOP)
            run_id = await office.ask()

            async def is_sent():
                return redis.say("LLEN", "daznode:celery:daznode.reports") == b":2"

            await farm.wait_for(is_sent, DONE_SECONDS)
            redis.restart()
            worker.send_signal(signal.SIGCONT)
            await farm.wait_for(lambda: office.is_ended(run_id), DONE_SECONDS)
            await office.check(run_id)

            # And it still listens: what is asked for now is made by it, and by nobody else.
            users = [profile.user_id for profile in office.profiles]
            again = await office.batches.batches.start(RunKind.TRIGGER, users, "test", "again")
            assert len(again.user_ids) == 60
            await farm.wait_for(lambda: office.is_ended("again"), DONE_SECONDS)
            assert farm.log(0).count('"run_id":"again"') >= 60

    with a_farm(tmp_path, redis) as farm:
        asyncio.run(trip(farm))


def test_messages_that_are_none_of_ours_are_dropped(tmp_path, redis):
    async def trip(farm):
        async with an_office(farm, 5) as office:
            farm.start()
            await farm.started()
            app = office.worker.open_celery()
            for arguments in ((7, ["a"]), ("daily", "abc"), ("gone", ["user-0001"]), ("x", [None])):
                await asyncio.to_thread(
                    app.send_task, "daznode.work_reports", args=arguments, retry=False
                )
            run_id = await office.ask()
            await farm.wait_for(lambda: office.is_ended(run_id), DONE_SECONDS)
            await office.check(run_id)
            log = farm.log(0)
            assert log.count("Message that is none of ours dropped") == 3
            assert log.count("Message of a run that is gone dropped") == 1
            app.close()

    with a_farm(tmp_path, redis) as farm:
        asyncio.run(trip(farm))
