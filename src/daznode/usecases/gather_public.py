"""Gather what public services say for a report: all at once, each within its deadline, none missed much."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from daznode.domain.errors import BackendError, BackendTimeout
from daznode.domain.ids import NodeId
from daznode.domain.public_data import (
    STALE_AFTER,
    DirectoryEntry,
    NetworkCount,
    OnchainFees,
    PublicDay,
    PublicReading,
)
from daznode.ports.clock import Clock
from daznode.ports.public_data import PublicSource

T = TypeVar("T")

Tell = Callable[[str, str], None]
"""Told of a source that could not be asked: its name as people write it, and why."""

DEADLINE_SECONDS: Final = 15.0
"""For all that one source is asked for one report."""

SPELLED: Final = {"mempool": "Mempool", "amboss": "Amboss", "sparkseer": "SparkSeer"}


def _tell_nobody(source: str, error: str) -> None:
    del source, error


@dataclass(frozen=True, slots=True)
class GatherPublic:
    """The trip to the public services.

    Attributes:
        sources: Whom to ask, those who are believed first (docs/sources.md).
        clock: Time.
        tell: Told of each that failed.
        deadline_seconds: For one source.
    """

    sources: tuple[PublicSource, ...]
    clock: Clock
    tell: Tell = _tell_nobody
    deadline_seconds: float = DEADLINE_SECONDS

    async def run(self, node_id: NodeId) -> PublicDay:
        """Ask everybody about the chain, the network and a node.

        A source that fails, is slow or lies costs its own figures alone.
        """
        said = await asyncio.gather(*(self._ask(source, node_id) for source in self.sources))
        return PublicDay(
            fees=next((one.fees for one in said if one.fees is not None), None),
            network=next((one.network for one in said if one.network is not None), None),
            directory=tuple(one.node for one in said if one.node is not None),
            readings=tuple(one.reading for one in said),
        )

    async def _ask(self, source: PublicSource, node_id: NodeId) -> "_Said":
        errors: list[str] = []

        async def guarded(question: Awaitable[T | None]) -> T | None:
            try:
                async with asyncio.timeout(self.deadline_seconds):
                    return await question
            except TimeoutError:
                late = f"{source.name}: no answer within {self.deadline_seconds:g} s"
                errors.append(str(BackendTimeout(late)))
            except BackendError as error:
                errors.append(str(error))
            return None

        fees, network, node = await asyncio.gather(
            guarded(source.fees()), guarded(source.network()), guarded(source.node(node_id))
        )
        moments = [one.observed_at for one in (fees, network, node) if one is not None]
        observed_at = min(moments, default=None)
        for error in dict.fromkeys(errors):
            self.tell(SPELLED.get(source.name, source.name), error)
        if not errors and observed_at is not None and self._is_old(observed_at):
            errors.append(f"{source.name}: its figures are of {observed_at:%Y-%m-%d %H:%M} UTC")
        reading = PublicReading(source.name, observed_at, "; ".join(dict.fromkeys(errors)) or None)
        return _Said(reading, fees, network, node)

    def _is_old(self, moment: datetime) -> bool:
        return self.clock.now() - moment > STALE_AFTER


@dataclass(frozen=True, slots=True)
class _Said:
    """What one source said."""

    reading: PublicReading
    fees: OnchainFees | None
    network: NetworkCount | None
    node: DirectoryEntry | None
