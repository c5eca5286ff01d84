"""Stores that keep everything in memory, and pass the same suites as the real ones."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

from daznode.adapters.store.report_files import check_user_id
from daznode.domain.errors import InvalidParameter, ReportNotFound, SnapshotNotFound
from daznode.domain.gossip import GraphSnapshot, SnapshotSummary
from daznode.domain.measures import NodeMeasures
from daznode.domain.node_state import NodeObservation
from daznode.domain.report import DailyReport


class FakeReportStore:
    """Reports in a dictionary, without files."""

    def __init__(self) -> None:
        self._reports: dict[tuple[str, str, datetime], DailyReport] = {}

    async def put_report(self, report: DailyReport) -> DailyReport:
        (stored,) = await self.put_reports((report,))
        return stored

    async def put_reports(self, reports: Sequence[DailyReport]) -> tuple[DailyReport, ...]:
        kept = dict(self._reports)
        stored = []
        for report in reports:
            check_user_id(report.user_id)
            date = report.report_date
            if date.utcoffset() != timedelta(0) or date.time() != time.min:
                message = f"report date {date}: expected midnight UTC"
                raise InvalidParameter(message)
            key = (report.user_id, report.node_pubkey, date)
            if key in kept:
                named = replace(report, report_id=kept[key].report_id)
            elif any(other.report_id == report.report_id for other in kept.values()):
                message = f"report id {report.report_id}: names another report already"
                raise InvalidParameter(message)
            else:
                named = report
            kept[key] = named
            stored.append(named)
        self._reports = kept
        return tuple(stored)

    async def get_report(self, report_id: str) -> DailyReport:
        for report in self._reports.values():
            if report.report_id == report_id:
                return report
        message = f"report {report_id!r}: none is stored under that id"
        raise ReportNotFound(message)

    async def reports(
        self, user_id: str, node_id: str, since: datetime, until: datetime
    ) -> tuple[DailyReport, ...]:
        found = [
            report
            for (user, node, date), report in self._reports.items()
            if (user, node) == (user_id, node_id) and since <= date < until
        ]
        return tuple(sorted(found, key=lambda report: report.report_date))

    async def latest_report(self, user_id: str) -> DailyReport | None:
        found = [one for one in self._of(user_id) if one.generation_status == "completed"]
        return found[0] if found else None

    async def report_page(
        self, user_id: str, since: datetime, *, page: int, limit: int
    ) -> tuple[tuple[DailyReport, ...], int]:
        found = [one for one in self._of(user_id) if one.report_date >= since]
        start = (page - 1) * limit
        return tuple(found[start : start + limit]), len(found)

    async def count_reports(self, user_id: str | None = None) -> int:
        return sum(
            one.generation_status == "completed" and user_id in {None, one.user_id}
            for one in self._reports.values()
        )

    def _of(self, user_id: str) -> list[DailyReport]:
        """A user's reports, newest first, then by key."""
        found = [one for one in self._reports.values() if one.user_id == user_id]
        found.sort(key=lambda one: one.node_pubkey)
        return sorted(found, key=lambda one: one.report_date, reverse=True)

    async def purge(self, before: datetime) -> int:
        old = [key for key in self._reports if key[2] < before]
        for key in old:
            del self._reports[key]
        return len(old)


class FakeObservationStore:
    """Observations in a dictionary."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, object], NodeObservation] = {}

    async def put_observation(self, tenant_id: str, observation: NodeObservation) -> None:
        key = (tenant_id, observation.identity.node_id, observation.observed_at.date())
        earlier = self._kept.get(key)
        if earlier is None or observation.observed_at >= earlier.observed_at:
            self._kept[key] = observation

    async def observations(
        self, tenant_id: str, node_id: str, since: datetime, until: datetime
    ) -> tuple[NodeObservation, ...]:
        found = [
            observation
            for (tenant, node, _), observation in self._kept.items()
            if (tenant, node) == (tenant_id, node_id) and since <= observation.observed_at < until
        ]
        return tuple(sorted(found, key=lambda observation: observation.observed_at))


class FakeSnapshotStore:
    """Snapshots and their measures in dictionaries."""

    def __init__(self) -> None:
        self._snapshots: dict[str, GraphSnapshot] = {}
        self._measures: dict[tuple[str, str], NodeMeasures] = {}

    async def put(self, snapshot: GraphSnapshot) -> SnapshotSummary:
        return _summary(self._snapshots.setdefault(snapshot.origin.snapshot_id, snapshot))

    async def get(self, snapshot_id: str) -> GraphSnapshot:
        if snapshot_id not in self._snapshots:
            message = f"snapshot {snapshot_id!r}: none is stored under that name"
            raise SnapshotNotFound(message)
        return self._snapshots[snapshot_id]

    async def summaries(self) -> tuple[SnapshotSummary, ...]:
        kept = sorted(
            self._snapshots.values(),
            key=lambda one: (one.origin.observed_at, one.origin.snapshot_id),
        )
        return tuple(_summary(snapshot) for snapshot in kept)

    async def put_measures(self, measures: NodeMeasures) -> None:
        if measures.snapshot_id in self._snapshots:
            self._measures[measures.snapshot_id, measures.params_hash] = measures

    async def get_measures(self, snapshot_id: str, params_hash: str) -> NodeMeasures | None:
        return self._measures.get((snapshot_id, params_hash))


def _summary(snapshot: GraphSnapshot) -> SnapshotSummary:
    return SnapshotSummary(
        origin=snapshot.origin,
        n_nodes=snapshot.n_nodes,
        n_channels=snapshot.n_channels,
        stored_bytes=snapshot.channels.scid.nbytes,
    )
