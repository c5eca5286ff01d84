"""Journal: what operators search for in the log, as events with fields."""

from typing import Protocol


class Journal(Protocol):
    """The service's log. Secrets are never given to it."""

    def info(self, event: str, **fields: object) -> None:
        """Something that happened as it should."""

    def warning(self, event: str, **fields: object) -> None:
        """Something that went wrong and was coped with."""

    def error(self, event: str, **fields: object) -> None:
        """Something that went wrong and costs somebody something."""
