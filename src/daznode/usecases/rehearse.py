"""Rehearse: live through days of a made world, keeping what a real node's mornings would keep."""

from dataclasses import dataclass
from datetime import datetime

from daznode.domain.accounts import LOCAL_TENANT
from daznode.domain.node_view import DAY
from daznode.domain.progress import Progress
from daznode.domain.report import DailyReport
from daznode.ports.compute import Compute
from daznode.ports.rehearsal import RehearsalWorld
from daznode.ports.store import SnapshotStore
from daznode.usecases.daily_report import DailyReportTrip, ReportRequest
from daznode.usecases.sync_node import SyncNode


@dataclass(frozen=True, slots=True)
class Rehearse:
    """The trip from a made world to its last morning's report."""

    world: RehearsalWorld
    snapshots: SnapshotStore
    sync: SyncNode
    reports: DailyReportTrip
    compute: Compute

    async def run(self, until: datetime, language: str) -> DailyReport:
        """Live until a morning, day by day, then make that morning's report.

        Args:
            until: Virtual moment of the report, UTC.
            language: Language of the report.

        Returns:
            The report as stored.
        """
        mornings = []
        moment = until
        while moment > self.world.now():
            mornings.append(moment)
            moment -= DAY
        for done, morning in enumerate(reversed(mornings)):

            def live(progress: Progress, to: datetime = morning, day: int = done) -> None:
                progress("days lived", day, len(mornings))
                self.world.advance(to)

            await self.compute.run(live)
            await self.snapshots.put(self.world.graph_snapshot())
            await self.sync.run(self.world, LOCAL_TENANT)
        identity = await self.world.identity()
        return await self.reports.run(ReportRequest(identity.node_id, language))
