"""Open a network: a snapshot with its measures, history and scores, ready to answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from daznode.domain.gossip import GraphSnapshot, SnapshotOrigin, SnapshotSummary
from daznode.domain.measures import HistoryMeasures, NodeMeasures, ScoreWeights
from daznode.domain.progress import Progress
from daznode.graph.history import measure_history
from daznode.graph.measures import MeasureParams, measure_network
from daznode.graph.view import NetworkIndex
from daznode.ports.clock import Clock
from daznode.ports.compute import Compute
from daznode.ports.sources import GraphSource
from daznode.ports.store import MeasureStore, SnapshotStore
from daznode.usecases.find_snapshot import choose, older, read

HISTORY_SNAPSHOTS: Final = 30
"""Snapshots that the history measures look back on, the newest included: a month of days."""


@dataclass(frozen=True, slots=True)
class OpenNetwork:
    """The trip from a stored snapshot, or a file, to a network that can be asked."""

    snapshots: SnapshotStore
    measures: MeasureStore
    compute: Compute
    clock: Clock
    params: MeasureParams
    weights: ScoreWeights
    threads: int

    async def stored(self, name: str | None = None) -> NetworkIndex:
        """Open a stored snapshot.

        Args:
            name: Its id or an unambiguous start of it; None for the newest.

        Returns:
            The network.

        Raises:
            NoSnapshot: Nothing is stored.
            SnapshotNotFound: No stored snapshot, or more than one, has that name.
        """
        summaries = await self.snapshots.summaries()
        chosen = choose(summaries, name)
        return await self.opened(chosen, summaries)

    async def from_source(
        self, source: GraphSource, *, observed_at: datetime | None = None
    ) -> NetworkIndex:
        """Open a dump without storing it; it has no history.

        Args:
            source: Where to read.
            observed_at: Moment the data describes, if known.

        Raises:
            InvalidDump: The dump cannot be used.
        """
        snapshot = await read(source, self.compute, self.clock, observed_at)

        def work(progress: Progress) -> NetworkIndex:
            measures = self._measure(snapshot, progress)
            return NetworkIndex(snapshot, measures, None, self.weights)

        return await self.compute.run(work)

    async def opened(
        self, chosen: SnapshotSummary, summaries: tuple[SnapshotSummary, ...]
    ) -> NetworkIndex:
        """Open one of the stored snapshots; measures computed before are not computed again."""
        snapshot = await self.snapshots.get(chosen.origin.snapshot_id)
        measures = await self.measures.get_measures(
            chosen.origin.snapshot_id, self.params.params_hash
        )
        if measures is None:
            measures = await self.compute.run(lambda progress: self._measure(snapshot, progress))
            await self.measures.put_measures(measures)
        history = await self._history(snapshot, summaries)
        return await self.compute.run(
            lambda _: NetworkIndex(snapshot, measures, history, self.weights)
        )

    async def measure_again(self, chosen: SnapshotSummary) -> None:
        """Measure a stored snapshot anew, in place of the measures kept."""
        snapshot = await self.snapshots.get(chosen.origin.snapshot_id)
        measures = await self.compute.run(lambda progress: self._measure(snapshot, progress))
        await self.measures.put_measures(measures)

    def _measure(self, snapshot: GraphSnapshot, progress: Progress) -> NodeMeasures:
        return measure_network(snapshot, self.params, threads=self.threads, progress=progress)

    async def _history(
        self, snapshot: GraphSnapshot, summaries: tuple[SnapshotSummary, ...]
    ) -> HistoryMeasures | None:
        past = looked_back_on(snapshot.origin, summaries)
        if not past:
            return None
        series = [await self.snapshots.get(one.origin.snapshot_id) for one in past]
        return await self.compute.run(lambda _: measure_history([*series, snapshot]))


def looked_back_on(
    origin: SnapshotOrigin, summaries: Sequence[SnapshotSummary]
) -> tuple[SnapshotSummary, ...]:
    """The snapshots that the history measures of another one rest on, oldest first."""
    return older(origin, summaries)[-(HISTORY_SNAPSHOTS - 1) :]
