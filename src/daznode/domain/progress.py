"""Progress of long work: told by pure code, shown or used to stop by whoever called it."""

from typing import Protocol


class Progress(Protocol):
    """Called between chunks of long work."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Tell how far a stage is.

        Args:
            stage: What is being done, a short noun for people.
            done: Units done, 0 <= done <= total.
            total: Units in all.

        Raises:
            Interrupted: The caller wants the work to stop; the work lets it pass.
        """


def silent(stage: str, done: int, total: int) -> None:
    """Progress that nobody looks at."""
    del stage, done, total
