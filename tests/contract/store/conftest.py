"""The stores that every suite of this folder runs over, and the event loop of each test."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from tests.fakes.store import FakeObservationStore, FakeReportStore

from daznode.adapters.store.sqlite import SqliteStore

KINDS = ("sqlite",)


@pytest.fixture
def run() -> Iterator[Callable[[Awaitable[Any]], Any]]:
    """Runs a coroutine; all of one test's in the same event loop, as a program's."""
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture
def opened(tmp_path, run):
    """Opens a store of some kind; closed after the test."""
    made = []

    def open_one(kind):
        made.append(SqliteStore(tmp_path / "data", tmp_path / "assets"))
        return made[-1]

    yield open_one
    for store in made:
        store.close()


@pytest.fixture(params=KINDS)
def stores(request, opened):
    """A whole store: reports and observations, and `accounts`, `profiles` ... inside it."""
    return opened(request.param)


@pytest.fixture(params=[*KINDS, "fake"])
def reports(request, opened):
    """A store of reports."""
    return FakeReportStore() if request.param == "fake" else opened(request.param)


@pytest.fixture(params=[*KINDS, "fake"])
def observations(request, opened):
    """A store of observations."""
    return FakeObservationStore() if request.param == "fake" else opened(request.param)
