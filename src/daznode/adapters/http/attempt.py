"""One attempt at a call, watched: the breaker asked and told, faults translated, the outcome told."""

from collections.abc import Callable
from typing import Final

from daznode.adapters.http.breaker import Breaker
from daznode.adapters.http.faults import TRANSPORT_FAULTS, transport_error
from daznode.domain.errors import BackendError, BackendTimeout, BackendUnavailable

OK: Final = "ok"

_OF_THE_OTHER_SIDE: Final = (BackendUnavailable, BackendTimeout)
"""What counts against a source; a refusal or a wrong answer shows that it lives."""


class Attempt:
    """A block in which one attempt is made.

    Args:
        breaker: Asked whether to begin, told how it ended.
        told: Told the outcome (`ok` or the code of the error) and the seconds it took.
        where: Source, method and path, for messages.
        monotonic: Seconds that only go forward.
        is_waiting: Whether silence is to be expected, so that it is not held against the source.
    """

    def __init__(
        self,
        breaker: Breaker,
        told: Callable[[str, float], None],
        where: str,
        monotonic: Callable[[], float],
        *,
        is_waiting: bool = False,
    ) -> None:
        """Begin nothing yet."""
        self._breaker = breaker
        self._told = told
        self._where = where
        self._monotonic = monotonic
        self._is_waiting = is_waiting
        self._started = 0.0

    def __enter__(self) -> None:
        """Begin, unless the circuit is open.

        Raises:
            BackendUnavailable: It is; nothing was sent.
        """
        if not self._breaker.admits():
            wait_seconds = self._breaker.wait_seconds()
            error = BackendUnavailable(
                f"{self._where}: failed too often, so it is left alone for {wait_seconds:.0f} s"
            )
            error.may_have_arrived = False
            raise error
        self._started = self._monotonic()

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        """Tell how it ended; a transport fault leaves as an error of ours."""
        if error is None:
            self._answered(OK)
        elif isinstance(error, BackendError):
            self._answered_with(error)
        elif isinstance(error, TRANSPORT_FAULTS):
            failure = transport_error(self._where, error)
            self._answered_with(failure)
            raise failure from error
        else:
            self._breaker.abandoned()

    def _answered(self, outcome: str) -> None:
        self._breaker.succeeded()
        self._told(outcome, self._monotonic() - self._started)

    def _answered_with(self, failure: BackendError) -> None:
        if isinstance(failure, BackendTimeout) and self._is_waiting:
            self._breaker.abandoned()
            self._told(failure.code, self._monotonic() - self._started)
        elif isinstance(failure, _OF_THE_OTHER_SIDE):
            self._breaker.failed()
            self._told(failure.code, self._monotonic() - self._started)
        else:
            self._answered(failure.code)
