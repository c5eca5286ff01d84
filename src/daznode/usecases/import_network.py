"""Import a network snapshot: read, check, store; what was stored before stays untouched."""

from dataclasses import dataclass
from datetime import datetime

from daznode.domain.gossip import SnapshotSummary
from daznode.ports.clock import Clock
from daznode.ports.compute import Compute
from daznode.ports.sources import GraphSource
from daznode.ports.store import SnapshotStore
from daznode.usecases.find_snapshot import read


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did.

    Attributes:
        summary: The snapshot as stored.
        is_new: False if the same content was stored before.
    """

    summary: SnapshotSummary
    is_new: bool


@dataclass(frozen=True, slots=True)
class ImportNetwork:
    """The trip from a dump to a stored snapshot."""

    snapshots: SnapshotStore
    compute: Compute
    clock: Clock

    async def run(self, source: GraphSource, *, observed_at: datetime | None = None) -> Imported:
        """Import one dump.

        Args:
            source: Where to read.
            observed_at: Moment the data describes, if known.

        Returns:
            The stored snapshot, and whether it is new.

        Raises:
            InvalidDump: The dump cannot be used.
            StoreUnavailable: The snapshot cannot be written.
        """
        snapshot = await read(source, self.compute, self.clock, observed_at)
        known = {summary.origin.snapshot_id for summary in await self.snapshots.summaries()}
        summary = await self.snapshots.put(snapshot)
        return Imported(summary, snapshot.origin.snapshot_id not in known)
