"""Calls at once end together, however they end."""

import asyncio

import pytest

from daznode.adapters.http.together import together
from daznode.domain.errors import BackendRefused


async def give(value, told):
    try:
        await asyncio.sleep(0.001 if value else 5)
    except asyncio.CancelledError:
        told.append("stopped")
        raise
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


def test_the_first_error_stops_the_others_and_is_raised_as_it_is():
    told = []

    async def inner():
        async with together() as group:
            group.create_task(give(0, told))
            group.create_task(fail())

    async def trip():
        async with together() as group:
            group.create_task(inner())

    with pytest.raises(BackendRefused):
        asyncio.run(trip())
    assert told == ["stopped"]
