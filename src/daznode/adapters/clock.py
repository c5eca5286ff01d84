"""The system's clock and random names."""

from datetime import UTC, datetime
from uuid import uuid4


class SystemClock:
    """Time of the machine, a `Clock`; it jumps when the machine's clock is set."""

    def now(self) -> datetime:
        """The present moment, UTC, aware."""
        return datetime.now(UTC)


class RandomIds:
    """UUIDs of version 4, an `IdSource`: 122 random bits, with no order and no origin in them."""

    def new_id(self) -> str:
        """A UUID that was not given before, as 36 lower-case characters."""
        return str(uuid4())
