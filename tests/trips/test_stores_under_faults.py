"""Databases that refuse, vanish and come back: nothing acknowledged is lost, nothing is halved."""

import asyncio
import gc
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import pytest
from tests.builders import (
    a_job,
    a_profile,
    a_report,
    a_run,
    an_account,
    an_entry,
)

from daznode.adapters.store.codec import encode_report
from daznode.adapters.store.mongodb.store import MongoStore
from daznode.adapters.store.sqlite import FILE_NAME, SqliteStore
from daznode.domain.errors import StoreUnavailable

ROOT = Path(__file__).parents[2]
QUICK = "?serverSelectionTimeoutMS=300&connectTimeoutMS=300&socketTimeoutMS=2000"
DOWN_SECONDS = 0.4
PATIENCE_SECONDS = 20.0


# --- a full disk -------------------------------------------------------------------------------

# In a process of its own: a limit on the size of files is for ever. SIGXFSZ, which would end the
# process, is ignored by Python from the start; what is left is the refusal of the write, EFBIG.
FULL_DISK = """
import asyncio, resource, sys
from pathlib import Path
from daznode.adapters.store.sqlite import SqliteStore
from daznode.domain.errors import StoreUnavailable
from tests.builders import a_profile, a_report, an_entry
from uuid import uuid4

folder = Path(sys.argv[1])

async def fill():
    store = SqliteStore(folder / "data", folder / "assets")
    await store.prepare()
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, 1_500_000))
    for number in range(100_000):
        try:
            await store.audit.add_entries([an_entry(number, detail="x" * 3_000)])
            print("entry", number)
            report = a_report(report_id=str(uuid4()), user_id=f"user-{number}", n_channels=30)
            await store.put_report(report)
            print("report", report.report_id, report.user_id)
        except StoreUnavailable as refused:
            print("refused", refused)
            break
    found, total = await store.audit.entries(tenant_id=None, action=None, page=1, limit=1)
    print("still read", total)
    store.close()

asyncio.run(fill())
"""


def test_a_disk_that_is_full_refuses_in_one_line_and_what_was_acknowledged_is_there(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    told = [line.split(" ", 2) for line in done.stdout.splitlines()]
    (refusal,) = [" ".join(words) for words in told if words[0] == "refused"]
    assert "disk" in refusal or "size allowed" in refusal
    entries = [int(words[1]) for words in told if words[0] == "entry"]
    reports = {words[1]: words[2] for words in told if words[0] == "report"}
    assert len(entries) > 3

    async def look():
        store = SqliteStore(tmp_path / "data", tmp_path / "assets")
        _, total = await store.audit.entries(tenant_id=None, action=None, page=1, limit=1)
        assert total >= len(entries)
        for report_id, user_id in reports.items():
            report = await store.get_report(report_id)
            file = tmp_path / f"assets/reports/daily/{user_id}/20251120.json"
            assert file.read_bytes() == encode_report(report)
        await store.put_report(a_report(report_id=str(uuid4()), user_id="afterwards"))
        store.close()

    asyncio.run(look())


# --- a locked database ---------------------------------------------------------------------------


def test_requests_read_while_another_process_holds_the_database(tmp_path):
    async def trip():
        store = SqliteStore(tmp_path / "data", tmp_path / "assets", patience_seconds=0.2)
        await store.accounts.add_account(an_account())
        report = await store.put_report(a_report())
        other = sqlite3.connect(tmp_path / "data" / FILE_NAME, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.ensure_future(store.profiles.put_profile(a_profile()))
        began = time.monotonic()
        assert await store.accounts.account("alice") is not None
        assert await store.latest_report("alice") == report
        assert await store.count_reports() == 1
        assert time.monotonic() - began < 0.15, "a reader waited for the writer"
        with pytest.raises(StoreUnavailable, match="locked by another process"):
            await waiting
        other.execute("ROLLBACK")
        other.close()
        await store.profiles.put_profile(a_profile())
        store.close()

    asyncio.run(trip())


def test_a_database_that_is_taken_away_is_said_and_comes_back(tmp_path):
    """As an operator who moves the folder under the running service."""

    async def trip():
        store = SqliteStore(tmp_path / "data", tmp_path / "assets")
        (tmp_path / "data").write_text("in the way")
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                await store.accounts.account("alice")
        (tmp_path / "data").unlink()
        assert await store.accounts.account("alice") is None
        store.close()

    asyncio.run(trip())


# --- a server that is killed ---------------------------------------------------------------------


async def write_until(stop, store, acknowledged, number):
    """One writer; says what was acknowledged, and how often the server was not there."""
    refused = 0
    for turn in range(100_000):
        if stop.is_set():
            return refused
        name = f"user-{number}-{turn}"
        try:
            await store.accounts.add_account(an_account(user_id=name, username=name))
            acknowledged["accounts"].add(name)
            report = a_report(report_id=str(uuid4()), user_id=name)
            stored = await store.reports.put_report(report)
            acknowledged["reports"][stored.report_id] = stored
            await store.audit.add_entries((an_entry(turn, entry_id=str(uuid4()), actor=name),))
            acknowledged["entries"].add(name)
        except StoreUnavailable:
            refused += 1
            await asyncio.sleep(0.05)
    return refused


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"  # the driver's watcher leaves sockets behind
)
def test_a_server_killed_under_load_comes_back_without_a_restart_of_ours(own_mongodb, tmp_path):
    acknowledged = {"accounts": set(), "reports": {}, "entries": set()}

    async def trip():
        store = MongoStore(f"{own_mongodb.uri}/{QUICK}", "faults", tmp_path / "assets")
        await store.link.collection("users").create_index("username", unique=True)
        stop = asyncio.Event()
        writers = [
            asyncio.ensure_future(write_until(stop, store, acknowledged, number))
            for number in range(4)
        ]
        for _ in range(2):
            await more(acknowledged)
            own_mongodb.kill()
            await asyncio.sleep(DOWN_SECONDS)
            await asyncio.to_thread(own_mongodb.start)
        await more(acknowledged)
        stop.set()
        refused = await asyncio.gather(*writers)
        assert sum(refused) > 0, "nobody noticed"

        there = {account.user_id for account in await store.accounts.accounts()}
        assert acknowledged["accounts"] <= there
        for report_id, report in acknowledged["reports"].items():
            assert await store.reports.get_report(report_id) == report
        found, _ = await store.audit.entries(tenant_id=None, action=None, page=1, limit=100_000)
        assert acknowledged["entries"] <= {entry.actor for entry in found}
        # What was refused half-way is made good by the next writer, and files and documents agree.
        await store.reports.put_report(a_report(report_id=str(uuid4()), user_id="last"))
        assert await store.reports.count_due() == 0
        root = tmp_path / "assets/reports/daily"
        async for document in store.link.collection("daily_reports").find({}):
            report = await store.reports.get_report(document["report_id"])
            file = root / report.user_id / document["file_name"]
            assert file.read_bytes() == encode_report(report)
        await store.close()

    asyncio.run(trip())
    gc.collect()


async def more(acknowledged):
    """Wait until some more has been acknowledged."""
    enough = len(acknowledged["entries"]) + 5
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(acknowledged["entries"]) < enough:  # noqa: ASYNC110 - writers set no event
            await asyncio.sleep(0.02)


# --- a store that is killed: one job, one report -------------------------------------------------

WORKER = """
import asyncio, os, sys
from datetime import timedelta
from pathlib import Path
from daznode.adapters.store.mongodb.store import MongoStore
from daznode.domain.runs import RunState
from tests.builders import MORNING, a_report
from uuid import uuid4

uri, folder, owner = sys.argv[1], Path(sys.argv[2]), sys.argv[3]

async def work():
    store = MongoStore(uri, "claims", folder / "assets")
    now = MORNING + int(sys.argv[4]) * timedelta(minutes=1)
    while jobs := await store.runs.claim(
        "daily-20251120-06", owner=owner, now=now, lease_until=now + timedelta(seconds=30), limit=3
    ):
        for job in jobs:
            report = await store.reports.put_report(
                a_report(report_id=str(uuid4()), user_id=job.user_id, retry_count=job.attempts)
            )
            if await store.runs.end_job(
                job, RunState.COMPLETED, now, report_id=report.report_id
            ):
                print(job.user_id, report.report_id, flush=True)
    await store.close()

asyncio.run(work())
"""


def test_workers_killed_in_the_middle_leave_one_report_per_user_on_a_server(
    mongodb_of_session, tmp_path
):
    n_users, uri = 30, mongodb_of_session.uri

    async def prepare():
        store = MongoStore(uri, "claims", tmp_path / "assets")
        await store.link.client.drop_database("claims")
        await store.runs.add_run(a_run())
        jobs = [a_job(user_id=f"user-{number:02}") for number in range(n_users)]
        assert await store.runs.ask_for(jobs, again=False) == n_users
        await store.close()

    asyncio.run(prepare())
    ended = {}
    for turn in range(5):
        workers = [
            subprocess.Popen(
                [sys.executable, "-c", WORKER, uri, str(tmp_path), f"w{turn}-{number}", str(turn)],
                stdout=subprocess.PIPE,
                text=True,
                cwd=ROOT,
            )
            for number in range(2)
        ]
        if turn < 3:
            for worker in workers:
                words = worker.stdout.readline().split()
                if words:
                    assert ended.setdefault(words[0], words[1]) == words[1]
            for worker in workers:
                worker.kill()
        for worker in workers:
            for line in worker.communicate(timeout=60)[0].splitlines():
                user, report_id = line.split()
                assert ended.setdefault(user, report_id) == report_id
        if turn >= 3 and len(ended) == n_users:
            break

    async def look():
        store = MongoStore(uri, "claims", tmp_path / "assets")
        counts = await store.runs.counts("daily-20251120-06")
        assert counts.completed == counts.total == n_users
        assert await store.reports.count_reports() == n_users
        for user, report_id in ended.items():
            assert (await store.reports.get_report(report_id)).user_id == user
        assert await store.reports.count_due() == 0
        await store.close()
        files = [path for path in (tmp_path / "assets/reports/daily").rglob("*") if path.is_file()]
        assert len(files) == n_users

    asyncio.run(look())
