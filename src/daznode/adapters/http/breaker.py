"""A circuit breaker: a program that keeps failing is left alone for a while, then tried once.

Not purgatory, which reads the wall clock and lets every waiting call through at once when half open.
"""

import time
from collections.abc import Callable
from enum import StrEnum
from typing import Final

FAILURES: Final = 5
"""Failures in a row that open the circuit: one read with its retries is three."""

REST_SECONDS: Final = 30.0
"""How long an open circuit lets nothing through: longer than a restart of most services."""


class CircuitState(StrEnum):
    """Whether calls go through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """Counts failures in a row; open, it lets nothing through until it has rested.

    After the rest, one call is let through (half open): its success closes the circuit, its failure
    opens it again. Used from one event loop.

    Args:
        failures: Failures in a row that open it.
        rest_seconds: How long it stays open.
        monotonic: Seconds that only go forward.
    """

    def __init__(
        self,
        *,
        failures: int = FAILURES,
        rest_seconds: float = REST_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin closed."""
        self._limit = failures
        self._rest_seconds = rest_seconds
        self._monotonic = monotonic
        self._failed = 0
        self._opened_at: float | None = None
        self._is_trying = False

    @property
    def state(self) -> CircuitState:
        """As it is now; half open from the end of the rest until the trial has ended."""
        if self._opened_at is None:
            return CircuitState.CLOSED
        return CircuitState.OPEN if self.wait_seconds() > 0 else CircuitState.HALF_OPEN

    def wait_seconds(self) -> float:
        """Seconds until a call may go through again; 0 when one may."""
        if self._opened_at is None:
            return 0.0
        rest_over = self._opened_at + self._rest_seconds
        return max(0.0, rest_over - self._monotonic())

    def admits(self) -> bool:
        """Whether a call may go through now; half open, the first to ask is the trial."""
        if self._opened_at is None:
            return True
        if self._is_trying or self.wait_seconds() > 0:
            return False
        self._is_trying = True
        return True

    def succeeded(self) -> None:
        """A call was answered: the other side lives, whatever it said."""
        self._failed = 0
        self._opened_at = None
        self._is_trying = False

    def failed(self) -> None:
        """A call was not answered, or by an error of the other side's own."""
        self._failed += 1
        if self._is_trying or self._failed >= self._limit:
            self._opened_at = self._monotonic()
        self._is_trying = False

    def abandoned(self) -> None:
        """A call ended without telling anything of the other side (it was cancelled)."""
        self._is_trying = False
