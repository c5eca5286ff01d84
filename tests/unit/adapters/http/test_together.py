"""Calls at once end together, however they end."""

import asyncio
import gc

import pytest

from daznode.adapters.http.together import together
from daznode.domain.errors import BackendRefused


async def give(value, told):
    await asyncio.sleep(0.005)
    told.append(value)
    return value


async def fail():
    await asyncio.sleep(0.001)
    message = "no"
    raise BackendRefused(message)


def test_results_are_ready_after_the_block():
    async def trip():
        async with together() as group:
            tasks = [group.create_task(give(n, [])) for n in (1, 2)]
        return [task.result() for task in tasks]

    assert asyncio.run(trip()) == [1, 2]


def test_the_first_error_is_raised_as_it_is_after_all_have_ended():
    told = []

    async def inner():
        async with together() as group:
            group.create_task(fail())
            group.create_task(give(1, told))

    async def trip():
        async with together() as group:
            group.create_task(inner())
            group.create_task(give(2, told))

    with pytest.raises(BackendRefused):
        asyncio.run(trip())
    assert sorted(told) == [1, 2]


def test_further_errors_are_not_reported_as_lost(caplog):
    async def trip():
        async with together() as group:
            for _ in range(3):
                group.create_task(fail())

    with pytest.raises(BackendRefused):
        asyncio.run(trip())
    gc.collect()
    assert caplog.text == ""


def test_when_the_block_is_stopped_so_are_the_tasks():
    stopped = []

    async def endless():
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            stopped.append(True)
            raise

    async def trip():
        async with asyncio.timeout(0.01), together() as group:
            group.create_task(endless())

    with pytest.raises(TimeoutError):
        asyncio.run(trip())
    assert stopped == [True]
