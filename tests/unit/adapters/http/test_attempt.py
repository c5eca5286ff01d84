"""An attempt tells its breaker and its observer how it ended."""

import asyncio
from contextlib import nullcontext

import httpx2
import pytest

from daznode.adapters.http.attempt import Attempt
from daznode.adapters.http.breaker import Breaker, CircuitState
from daznode.domain.errors import BackendRefused, BackendTimeout, BackendUnavailable


@pytest.mark.parametrize(
    ("fault", "raised", "outcome", "state"),
    [
        (None, None, ["ok"], CircuitState.CLOSED),
        (httpx2.ReadTimeout("x"), BackendTimeout, ["backend-timeout"], CircuitState.OPEN),
        (TimeoutError(), BackendTimeout, ["backend-timeout"], CircuitState.OPEN),
        (httpx2.ReadError("x"), BackendUnavailable, ["backend-unavailable"], CircuitState.OPEN),
        (BackendRefused("x"), BackendRefused, ["backend-refused"], CircuitState.CLOSED),
        (asyncio.CancelledError(), asyncio.CancelledError, [], CircuitState.CLOSED),
    ],
)
def test_how_it_ended(fault, raised, outcome, state):
    told = []
    breaker = Breaker(failures=1)
    ticks = iter((10.0, 12.5))
    with pytest.raises(raised) if raised else nullcontext():
        run(Attempt(breaker, lambda *end: told.append(end), "x", lambda: next(ticks)), fault)
    assert told == [(name, 2.5) for name in outcome]
    assert breaker.state is state


def run(attempt, fault):
    with attempt:
        if fault is not None:
            raise fault
