"""Find a snapshot: choose among the stored ones by name, or read a dump without storing it."""

from collections.abc import Sequence
from datetime import datetime

from daznode.domain.errors import InvalidParameter, NoSnapshot, SnapshotNotFound
from daznode.domain.gossip import GraphSnapshot, SnapshotOrigin, SnapshotSummary
from daznode.ports.clock import Clock
from daznode.ports.compute import Compute
from daznode.ports.sources import GraphSource
from daznode.ports.store import SnapshotStore


def choose(summaries: tuple[SnapshotSummary, ...], name: str | None) -> SnapshotSummary:
    """One of the stored snapshots.

    Args:
        summaries: All stored ones, oldest first.
        name: Its id or an unambiguous start of it; None for the newest.

    Raises:
        NoSnapshot: Nothing is stored.
        SnapshotNotFound: No stored snapshot, or more than one, has that name.
    """
    if not summaries:
        message = (
            "no network snapshot is stored; import one with `daznode network import FILE` "
            "or make one with `daznode network generate`"
        )
        raise NoSnapshot(message)
    if name is None:
        return summaries[-1]
    fitting = [one for one in summaries if one.origin.snapshot_id.startswith(name)]
    if len(fitting) != 1:
        what = "several stored snapshots start so" if fitting else "neither a file nor stored"
        message = f"snapshot {name!r}: {what}; `daznode network list` shows the stored ones"
        raise SnapshotNotFound(message)
    return fitting[0]


def older(
    origin: SnapshotOrigin, summaries: Sequence[SnapshotSummary]
) -> tuple[SnapshotSummary, ...]:
    """The snapshots observed before another one and as real as it is, oldest first."""
    return tuple(
        one
        for one in summaries
        if one.origin.observed_at < origin.observed_at and one.origin.reality is origin.reality
    )


async def read(
    source: GraphSource, compute: Compute, clock: Clock, observed_at: datetime | None = None
) -> GraphSnapshot:
    """Read a dump without storing it.

    Args:
        source: Where to read.
        compute: Where the work is done.
        clock: For the moment of the import.
        observed_at: Moment the data describes, if known.

    Raises:
        InvalidParameter: The moment lies in the future.
        InvalidDump: The dump cannot be used.
    """
    imported_at = clock.now()
    if observed_at is not None and observed_at > imported_at:
        message = (
            f"moment {observed_at:%Y-%m-%dT%H:%M:%SZ}: in the future; expected one that is past"
        )
        raise InvalidParameter(message)
    return await compute.run(
        lambda progress: source.read(
            imported_at=imported_at, observed_at=observed_at, progress=progress
        )
    )


async def stored(snapshots: SnapshotStore, name: str | None = None) -> GraphSnapshot:
    """A stored snapshot by name, without measures; raises as `choose` does."""
    chosen = choose(await snapshots.summaries(), name)
    return await snapshots.get(chosen.origin.snapshot_id)
