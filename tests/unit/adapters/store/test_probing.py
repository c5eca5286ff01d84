"""A probe answers in time, whatever the database does."""

import asyncio

import pytest
from tests.fakes.clock import FakeClock

from daznode.adapters.store import probing
from daznode.adapters.store.probing import DatabaseProbe
from daznode.domain.errors import StoreUnavailable
from daznode.domain.health import ServiceHealth


def test_a_database_that_hangs_is_unhealthy(monkeypatch):
    monkeypatch.setattr(probing, "_PATIENCE_SECONDS", 0.02)

    async def hang():
        await asyncio.sleep(60)
        return "never"

    health = asyncio.run(DatabaseProbe(hang, FakeClock()).check())
    assert health.state is ServiceHealth.UNHEALTHY
    assert health.last_error == "no answer within 0.02 s"


def test_what_is_no_refusal_is_raised():
    async def broken():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(DatabaseProbe(broken, FakeClock()).check())


def test_what_it_is_stays_known_while_it_is_down():
    answers = iter(("sqlite 3", StoreUnavailable("gone")))

    async def ask():
        answer = next(answers)
        if isinstance(answer, StoreUnavailable):
            raise answer
        return answer

    async def trip():
        probe = DatabaseProbe(ask, FakeClock())
        return await probe.check(), await probe.check()

    up, down = asyncio.run(trip())
    assert (up.detail, down.detail) == ("sqlite 3", "sqlite 3")
    assert (up.last_error, down.last_error) == (None, "gone")
