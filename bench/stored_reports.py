"""What a question costs with 1,000,000 stored reports, beside the same SQL without our store.

Ninety days of 11,112 users, stored day after day as a service would, so that a user's reports are
scattered over the file. Rows are written by plain SQL into the real schema, each with one of a few
hundred real report shapes (ids and dates inside are those of the shape): what is measured is asking.

`--reports=N` stores fewer.
"""

import asyncio
import itertools
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from bench.timing import measured, write_results
from tests.builders import TODAY, a_channel_row, a_node_id, a_report

from daznode.adapters.store.codec import moment_text, pack_report, shrink
from daznode.adapters.store.sqlite import FILE_NAME, SqliteStore
from daznode.domain.report import DailyReport

N_REPORTS = 1_000_000
DAYS = 90
SHAPES = 300
CHANNELS = (2, 17)
"""Lines of the channel table, from and to; small nodes, so that the file stays under 5 GB."""
QUESTIONS = 1_000
COLD_QUESTIONS = 200
BATCH = 200
FILLED_AT_ONCE = 20_000
INSERT = "INSERT INTO daily_reports VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
PAGE = 10
LATEST = (
    "SELECT report FROM daily_reports WHERE user_id = ? AND generation_status = 'completed'"
    " ORDER BY report_date DESC, node_pubkey LIMIT 1"
)

Figures = dict[str, float]


def main(options: list[str]) -> None:
    given = [word.partition("=")[2] for word in options if word.startswith("--reports=")]
    n_reports = int(given[-1]) if given else N_REPORTS
    with tempfile.TemporaryDirectory(prefix="daznode-bench-") as folder:
        results = bench(Path(folder), n_reports)
    print(write_results("stored_reports", results))


def bench(folder: Path, n_reports: int) -> dict[str, Any]:
    store = SqliteStore(folder / "data", folder / "assets")
    asyncio.run(store.prepare())
    store.close()
    path = folder / "data" / FILE_NAME
    n_users = -(-n_reports // DAYS)
    _, filling = measured(lambda: fill(path, n_users, n_reports))
    show("filled", filling)
    about = {
        "reports": n_reports,
        "users": n_users,
        "days": DAYS,
        "file_gb": path.stat().st_size / 1e9,
        "json_bytes_mean": statistics.mean(len(pack_report(one)) for one in shapes()),
        "kept_bytes_mean": statistics.mean(len(shrink(pack_report(one))) for one in shapes()),
        "filling": filling,
    }
    print({name: value for name, value in about.items() if name != "filling"}, flush=True)
    forget(path)
    cases = asyncio.run(ask_store(folder, n_users, n_reports))
    cases |= ask_plainly(path, n_users)
    return {"about": about, "milliseconds": cases}


def shapes() -> Iterator[DailyReport]:
    """Reports with figures of their own, so that they compress as real ones do."""
    chance = np.random.default_rng(5)
    for number in range(SHAPES):
        n_channels = int(chance.integers(*CHANNELS))
        report = a_report(report_id=str(UUID(int=number)))
        rows = tuple(
            a_channel_row(
                row + 1,
                peer_id=chance.bytes(33).hex(),
                peer_alias=chance.bytes(6).hex(),
                capacity_sats=int(chance.integers(100_000, 2**27)),
                local_sats=int(chance.integers(0, 2**26)),
                local_ratio=float(chance.random()),
                fee_ppm=int(chance.integers(0, 3_000)),
                revenue_7d_msat=int(chance.integers(0, 10**9)),
                volume_out_7d_sats=int(chance.integers(0, 10**9)),
                profit_7d_msat=int(chance.integers(0, 10**9)),
            )
            for row in range(n_channels)
        )
        yield replace(report, channels=rows)


def fill(path: Path, n_users: int, n_reports: int) -> None:
    kept = [shrink(pack_report(one)) for one in shapes()]
    keys = [a_node_id(number % 500 + 1)[:58] + f"{number:08x}" for number in range(n_users)]

    def rows() -> Iterator[tuple[object, ...]]:
        for number in range(n_reports):
            day, user = divmod(number, n_users)
            date = moment_text(TODAY - timedelta(days=DAYS - 1 - day))
            status = "failed" if number % 200 == 0 else "completed"
            yield (
                report_id(number),
                f"user-{user}",
                f"tenant-{user % 100}",
                keys[user],
                date,
                status,
                f"{date[:10]}.json",
                kept[number % SHAPES],
            )

    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -400000")
    made = rows()
    while batch := list(itertools.islice(made, FILLED_AT_ONCE)):
        with connection:
            connection.executemany(INSERT, batch)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def report_id(number: int) -> str:
    """Random to look at, as real ids are, and known again."""
    return str(UUID(int=(number * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**128))


def forget(path: Path) -> None:
    """Have the system forget the file's pages, as after a start of the machine."""
    if not hasattr(os, "posix_fadvise"):
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


async def ask_store(folder: Path, n_users: int, n_reports: int) -> dict[str, Figures]:
    store = SqliteStore(folder / "data", folder / "assets")
    chance = np.random.default_rng(11)
    since = TODAY - timedelta(days=29)

    def anybody() -> str:
        return f"user-{chance.integers(n_users)}"

    def any_id() -> str:
        return report_id(int(chance.integers(n_reports)))

    questions: dict[str, Callable[[], Awaitable[object]]] = {
        "latest": lambda: store.latest_report(anybody()),
        f"history page of {PAGE}": lambda: store.report_page(
            anybody(), since, page=int(chance.integers(1, 4)), limit=PAGE
        ),
        "by id": lambda: store.get_report(any_id()),
        "stats: completed, of all": store.count_reports,
        "stats: completed, of one user": lambda: store.count_reports(anybody()),
    }
    cases = {}
    await store.prepare()
    cases["latest, file not in memory"] = await times(questions["latest"], COLD_QUESTIONS)
    for name, question in questions.items():
        cases[name] = await times(question, QUESTIONS)
    writing = asyncio.ensure_future(write(store))
    await asyncio.sleep(0.5)
    cases["latest, while a batch writes"] = await times(questions["latest"], QUESTIONS)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    store.close()
    for name, figures in cases.items():
        show(name, figures)
    return cases


async def write(store: SqliteStore) -> None:
    number = 0
    date: datetime = TODAY + timedelta(days=1)
    while True:
        batch = [
            a_report(
                report_id=str(UUID(int=2**127 + number + place)),
                user_id=f"user-{number + place}",
                report_date=date,
                n_channels=20,
            )
            for place in range(BATCH)
        ]
        await store.put_reports(batch)
        number += BATCH


async def times(question: Callable[[], Awaitable[object]], n_questions: int) -> Figures:
    took = []
    for _ in range(n_questions):
        began = time.perf_counter()
        await question()
        took.append(time.perf_counter() - began)
    return percentiles(took)


def percentiles(took: list[float]) -> Figures:
    names = {"p50": 50, "p95": 95, "p99": 99, "max": 100}
    return {name: float(np.percentile(took, rank) * 1e3) for name, rank in names.items()}


def ask_plainly(path: Path, n_users: int) -> dict[str, Figures]:
    """The peer: the same index asked by plain `sqlite3`, its answer left as bytes."""
    connection = sqlite3.connect(path)
    chance = np.random.default_rng(11)
    cases = {}
    for name, statement, needs_user in (
        ("plain sqlite3: latest, bytes", LATEST, True),
        (
            "plain sqlite3: count all without our totals",
            "SELECT count(*) FROM daily_reports WHERE generation_status = 'completed'",
            False,
        ),
    ):
        took = []
        for _ in range(QUESTIONS if needs_user else 10):
            began = time.perf_counter()
            values = (f"user-{chance.integers(n_users)}",) if needs_user else ()
            connection.execute(statement, values).fetchone()
            took.append(time.perf_counter() - began)
        cases[name] = percentiles(took)
        show(name, cases[name])
    connection.close()
    return cases


def show(name: str, figures: Figures) -> None:
    told = "  ".join(f"{key} {value:9.2f}" for key, value in figures.items())
    print(f"  {name:46s} {told}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
