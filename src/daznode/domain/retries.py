"""What a failure was, whether trying again may help, and how long to wait before that."""

from dataclasses import dataclass
from typing import Final

from daznode.domain.errors import DaznodeError, InputError, InvariantBroken, NotAllowed, NotFound

FIRST_PAUSE_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 60.0

_LONGEST_LINE: Final = 500


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something was not done.

    Attributes:
        code: Code of the error.
        line: Its one line; of an error that nobody foresaw its kind alone, since what such an error
            says was not written for people and may hold anything.
        may_pass: Whether the same may work later: not if what was asked for cannot be done.
    """

    code: str
    line: str
    may_pass: bool

    @property
    def reason(self) -> str:
        """As it is stored: the code, a colon, the line."""
        return f"{self.code}: {self.line}"


def failure_of(error: BaseException) -> Failure:
    """An error as a value."""
    if isinstance(error, DaznodeError):
        line = " ".join(str(error).split())[:_LONGEST_LINE]
        return Failure(error.code, line, not isinstance(error, InputError | NotFound | NotAllowed))
    return Failure(InvariantBroken.code, f"{type(error).__name__}; see the log", may_pass=True)


def pause_seconds(attempts: int, chance: float) -> float:
    """How long to wait after a failed attempt: exponential, with full jitter above one half.

    Args:
        attempts: Attempts that have failed, from 1.
        chance: Uniform in [0, 1): many that failed together do not all come back together.

    Returns:
        Half to all of 1, 2, 4, ... seconds, never more than a minute.
    """
    doubled_seconds = FIRST_PAUSE_SECONDS * 2.0 ** min(attempts - 1, 30)
    return min(doubled_seconds, LONGEST_PAUSE_SECONDS) * (1.0 + chance) / 2.0
