"""Probe: asks one part that the service leans on how it is."""

from typing import Protocol

from daznode.domain.health import DependencyHealth


class Probe(Protocol):
    """One part."""

    async def check(self) -> DependencyHealth:
        """Ask it, within a second or two; what it refuses is an answer, never raised."""
