"""The stores that every suite of this folder runs over, and the event loop of each test."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from tests.fakes.store import FakeObservationStore, FakeReportStore

from daznode.adapters.store.mongodb.indexes import INDEXES, make
from daznode.adapters.store.mongodb.report_names import PLAIN_NAMES
from daznode.adapters.store.mongodb.store import MongoStore
from daznode.adapters.store.sqlite import SqliteStore

SERVER = os.environ.get("DAZNODE_TEST_MONGODB_URI")
KINDS = ("sqlite", "nx-27017", *(("mongodb",) if SERVER else ()))
COLLECTIONS = sorted({index.collection for index in INDEXES} | {PLAIN_NAMES})


@pytest.fixture
def run() -> Iterator[Callable[[Awaitable[Any]], Any]]:
    """Runs a coroutine; all of one test's in the same event loop, as a program's."""
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture(scope="session")
def addresses(request, tmp_path_factory):
    """Address of a prepared server by its kind, started when it is first asked for."""
    prepared = {}

    def address(kind):
        if kind not in prepared:
            prepared[kind] = SERVER
            if kind == "nx-27017":
                prepared[kind] = request.getfixturevalue("mongodb_of_session").uri
            asyncio.run(_prepare(prepared[kind], tmp_path_factory.mktemp("assets")))
        return prepared[kind]

    return address


async def _prepare(uri, folder):
    store = MongoStore(uri, database_of_this_run(), folder)
    try:
        await store.link.client.drop_database(database_of_this_run())
        for index in INDEXES:
            # The days of these tests are long past: a server that forgets after 90 days forgets them.
            if "expireAfterSeconds" not in dict(index.options):
                await make(store.link, index)
    finally:
        await store.close()


def database_of_this_run() -> str:
    return f"daznode_test_{os.getpid()}"


@pytest.fixture
def opened(tmp_path, run, addresses):
    """Opens a store of some kind, empty; closed after the test."""
    closing = []

    def open_one(kind):
        if kind == "sqlite":
            store = SqliteStore(tmp_path / "data", tmp_path / "assets")
            closing.append(store.close)
            return store
        made = MongoStore(addresses(kind), database_of_this_run(), tmp_path / "assets")
        closing.append(lambda: run(made.close()))
        run(_empty(made))
        return made

    yield open_one
    for close in closing:
        close()


async def _empty(store):
    for name in COLLECTIONS:
        await store.link.collection(name).delete_many({})


@pytest.fixture(params=KINDS)
def stores(request, opened):
    """A whole store: `accounts`, `profiles` ... are inside it."""
    return opened(request.param)


@pytest.fixture(params=[*KINDS, "fake"])
def reports(request, opened):
    """A store of reports."""
    if request.param == "fake":
        return FakeReportStore()
    made = opened(request.param)
    return made if request.param == "sqlite" else made.reports


@pytest.fixture(params=[*KINDS, "fake"])
def observations(request, opened):
    """A store of observations."""
    if request.param == "fake":
        return FakeObservationStore()
    made = opened(request.param)
    return made if request.param == "sqlite" else made.observations
