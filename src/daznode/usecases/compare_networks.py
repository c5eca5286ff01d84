"""Say what a snapshot is like, and what changed between two."""

from dataclasses import dataclass

from daznode.domain.gossip import GraphSnapshot, SnapshotOrigin, SnapshotSummary
from daznode.domain.measures import NetworkStats, SnapshotDiff
from daznode.graph.diff import diff_snapshots
from daznode.graph.stats import network_stats
from daznode.ports.clock import Clock
from daznode.ports.compute import Compute
from daznode.ports.sources import GraphSource
from daznode.ports.store import SnapshotStore
from daznode.usecases.find_snapshot import read, stored


@dataclass(frozen=True, slots=True)
class CompareNetworks:
    """The trip from stored snapshots to their figures."""

    snapshots: SnapshotStore
    compute: Compute
    clock: Clock

    async def stats(
        self, which: str | GraphSource | None = None
    ) -> tuple[NetworkStats, SnapshotOrigin]:
        """Figures of one snapshot, and where it comes from.

        Args:
            which: Id of a stored snapshot or the start of it, a dump, or None for the newest.

        Raises:
            NoSnapshot: Nothing is stored.
            SnapshotNotFound: No stored snapshot, or more than one, has that name.
            InvalidDump: The dump cannot be used.
        """
        snapshot = await self.snapshot(which)
        return await self.compute.run(lambda _: network_stats(snapshot)), snapshot.origin

    async def diff(self, older: str | GraphSource, newer: str | GraphSource) -> SnapshotDiff:
        """What changed from one snapshot to another; raises as `stats` does.

        Args:
            older: Id of a stored snapshot or the start of it, or a dump.
            newer: The same.
        """
        before = await self.snapshot(older)
        after = await self.snapshot(newer)
        return await self.compute.run(lambda _: diff_snapshots(before, after))

    async def snapshot(self, which: str | GraphSource | None = None) -> GraphSnapshot:
        """One snapshot; which one, and what it raises, as for `stats`."""
        if which is None or isinstance(which, str):
            return await stored(self.snapshots, which)
        return await read(which, self.compute, self.clock)

    async def summaries(self) -> tuple[SnapshotSummary, ...]:
        """All stored snapshots, oldest first."""
        return await self.snapshots.summaries()
