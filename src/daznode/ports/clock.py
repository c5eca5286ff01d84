"""Clock and IdSource: time and names, always passed in."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """What time it is."""

    def now(self) -> datetime:
        """The present moment, UTC, aware."""


class IdSource(Protocol):
    """Fresh names."""

    def new_id(self) -> str:
        """A UUID that was not given before."""
