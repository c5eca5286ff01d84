"""Examiner: looks at one part of an installation for `daznode doctor`."""

from typing import Protocol

from daznode.domain.health import Diagnosis


class Examiner(Protocol):
    """One part."""

    @property
    def name(self) -> str:
        """What it looks at: `data folder`, `database`, ..."""

    async def examine(self) -> tuple[Diagnosis, ...]:
        """Look at it, changing nothing.

        Raises:
            DaznodeError: It cannot be looked at; the line says why.
        """
