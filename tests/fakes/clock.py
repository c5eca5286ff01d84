"""Time that stands still until told, and names that can be foreseen."""

from datetime import datetime, timedelta

from tests.builders import MORNING


class FakeClock:
    """A clock that a test moves."""

    def __init__(self, moment: datetime = MORNING) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def advance(self, by: timedelta) -> None:
        self.moment += by


class FakeIds:
    """UUIDs 1, 2, 3, ..."""

    def __init__(self) -> None:
        self._last = 0

    def new_id(self) -> str:
        self._last += 1
        return f"00000000-0000-4000-8000-{self._last:012d}"
