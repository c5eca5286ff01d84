"""SnapshotStore, MeasureStore, ObservationStore and ReportStore: what is kept between runs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from daznode.domain.gossip import GraphSnapshot, SnapshotSummary
from daznode.domain.measures import NodeMeasures
from daznode.domain.node_state import NodeObservation
from daznode.domain.report import DailyReport


class SnapshotStore(Protocol):
    """Network snapshots, by `snapshot_id`."""

    async def put(self, snapshot: GraphSnapshot) -> SnapshotSummary:
        """Store a snapshot, whole or not at all; storing the same content again changes nothing.

        Raises:
            StoreUnavailable: It cannot be written.
        """

    async def get(self, snapshot_id: str) -> GraphSnapshot:
        """One snapshot.

        Raises:
            SnapshotNotFound: None has that name.
            StoreCorrupt: It cannot be read back.
        """

    async def summaries(self) -> tuple[SnapshotSummary, ...]:
        """All snapshots without their columns, oldest `observed_at` first."""


class MeasureStore(Protocol):
    """Measures of stored snapshots; may forget, since all can be computed again."""

    async def put_measures(self, measures: NodeMeasures) -> None:
        """Keep measures under `snapshot_id` and `params_hash`, if that snapshot is stored.

        Raises:
            StoreUnavailable: They cannot be written.
        """

    async def get_measures(self, snapshot_id: str, params_hash: str) -> NodeMeasures | None:
        """Measures kept, or None; unreadable ones count as forgotten."""


class ObservationStore(Protocol):
    """States of own nodes, one kept per node and day (the latest)."""

    async def put_observation(self, tenant_id: str, observation: NodeObservation) -> None:
        """Keep an observation under its UTC day, unless a later one of that day is kept.

        Raises:
            StoreUnavailable: It cannot be written.
        """

    async def observations(
        self, tenant_id: str, node_id: str, since: datetime, until: datetime
    ) -> tuple[NodeObservation, ...]:
        """Observations with `since <= observed_at < until`, oldest first."""


class ReportStore(Protocol):
    """Daily reports: one per user, node and day."""

    async def put_report(self, report: DailyReport) -> DailyReport:
        """Store a report in the database and as a file, replacing the one of that day.

        Returns:
            The report as stored: a report of the same user, node and day keeps its `report_id`.

        Raises:
            StoreUnavailable: It cannot be written; what was stored before is untouched.
            InvalidParameter: The user id cannot name a folder, the date is not midnight UTC, or
                the `report_id` names another report.
        """

    async def put_reports(self, reports: Sequence[DailyReport]) -> tuple[DailyReport, ...]:
        """Store several reports, all or none; faster than one by one.

        Returns:
            The reports as stored, in the order given.

        Raises:
            StoreUnavailable: They cannot be written; what was stored before is untouched.
            InvalidParameter: As for `put_report`; nothing is stored.
        """

    async def get_report(self, report_id: str) -> DailyReport:
        """One report.

        Raises:
            ReportNotFound: None has that id.
            StoreCorrupt: It cannot be read back.
        """

    async def reports(
        self, user_id: str, node_id: str, since: datetime, until: datetime
    ) -> tuple[DailyReport, ...]:
        """Reports with `since <= report_date < until`, oldest first."""

    async def latest_report(self, user_id: str) -> DailyReport | None:
        """The user's completed report of the newest day (of several nodes the first by key)."""

    async def report_page(
        self, user_id: str, since: datetime, *, page: int, limit: int
    ) -> tuple[tuple[DailyReport, ...], int]:
        """A page of a user's reports with `report_date >= since`, newest first, and how many in all.

        Args:
            user_id: The user.
            since: First day.
            page: From 1.
            limit: Reports a page.
        """

    async def count_reports(self, user_id: str | None = None) -> int:
        """How many completed reports are stored, of one user or of all."""

    async def purge(self, before: datetime) -> int:
        """Delete reports with `report_date < before` from the database (files stay).

        Returns:
            How many were deleted.
        """
