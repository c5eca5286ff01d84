"""The breaker opens after failures in a row, rests, and lets one call try."""

import pytest

from daznode.adapters.http.breaker import Breaker, CircuitState


class Ticks:
    def __init__(self):
        self.seconds = 100.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def ticks():
    return Ticks()


def opened(ticks):
    breaker = Breaker(failures=2, rest_seconds=30, monotonic=ticks)
    for _ in range(2):
        assert breaker.admits()
        breaker.failed()
    return breaker


def test_failures_in_a_row_open_it(ticks):
    breaker = opened(ticks)
    assert breaker.state is CircuitState.OPEN
    assert not breaker.admits()
    assert breaker.wait_seconds() == 30


def test_a_success_between_failures_keeps_it_closed(ticks):
    breaker = Breaker(failures=2, rest_seconds=30, monotonic=ticks)
    for _ in range(5):
        breaker.failed()
        breaker.succeeded()
    assert breaker.state is CircuitState.CLOSED
    assert breaker.admits()


def test_after_the_rest_one_call_tries_and_the_others_wait(ticks):
    breaker = opened(ticks)
    ticks.seconds += 30
    assert breaker.state is CircuitState.HALF_OPEN
    assert [breaker.admits() for _ in range(3)] == [True, False, False]
    breaker.succeeded()
    assert breaker.state is CircuitState.CLOSED


def test_a_trial_that_fails_opens_it_again_at_once(ticks):
    breaker = opened(ticks)
    ticks.seconds += 30
    breaker.admits()
    breaker.failed()
    assert breaker.state is CircuitState.OPEN
    ticks.seconds += 29
    assert not breaker.admits()


def test_a_trial_that_was_abandoned_leaves_the_next_one_to_try(ticks):
    breaker = opened(ticks)
    ticks.seconds += 30
    breaker.admits()
    breaker.abandoned()
    assert breaker.admits()
