"""Probe, Diagnosed, Examiner: how a part that the service leans on is, for machines and menders."""

from typing import Protocol

from daznode.domain.health import DependencyHealth, Diagnosis


class Probe(Protocol):
    """One part."""

    async def check(self) -> DependencyHealth:
        """Ask it, within a second or two; what it refuses is an answer, never raised."""


class Diagnosed(Protocol):
    """A part that can be looked at closely, which may take seconds."""

    async def diagnose(self) -> tuple[Diagnosis, ...]:
        """Look at everything that can be wrong; what it refuses is a finding, never raised."""


class Examiner(Diagnosed, Protocol):
    """Looks closely at one part of an installation for its mender, changing nothing.

    Unlike a part that looks at itself it may raise: then its name and the error are the finding.
    """

    @property
    def name(self) -> str:
        """What it looks at: `data folder`, `database`, ..."""
