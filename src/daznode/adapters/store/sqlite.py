"""Embedded store (default): one SQLite file for everything but network snapshots."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from daznode.adapters.store.account_rows import AccountRows
from daznode.adapters.store.alert_rows import AlertRows
from daznode.adapters.store.atomic import PATIENCE_SECONDS
from daznode.adapters.store.audit_rows import AuditRows
from daznode.adapters.store.challenge_rows import ChallengeRows
from daznode.adapters.store.digest_rows import DigestRows
from daznode.adapters.store.observation_rows import ObservationRows
from daznode.adapters.store.profile_rows import ProfileRows
from daznode.adapters.store.report_files import ReportFiles
from daznode.adapters.store.report_queries import ReportQueries
from daznode.adapters.store.report_rows import ReportRows
from daznode.adapters.store.run_rows import RunRows
from daznode.adapters.store.threads import SqliteThreads
from daznode.domain.node_state import NodeObservation
from daznode.domain.report import DailyReport

FILE_NAME: Final = "daznode.sqlite3"
"""Name of the database in the data folder."""


class SqliteStore:
    """The data folder's database: a `ReportStore` and an `ObservationStore`, and the others inside it.

    One thread writes, two read beside it; the file is opened when it is first needed. Several
    stores, in any number of processes, may use the same folders at once. A cancelled task does not
    stop a write that has begun: it ends, whole.

    Reports are returned for as long as they are stored; `purge` is what ends their 90 days, since
    the store knows no clock. Observations are kept.

    Args:
        data_folder: `DAZNODE_DATA_DIR`.
        assets_folder: `RAG_ASSETS_DIR`.
        patience_seconds: How long to wait for another writer.

    Attributes:
        accounts: The `AccountStore`.
        profiles: The `ProfileStore`.
        challenges: The `ChallengeStore`.
        runs: The `RunStore`.
        alerts: The `AlertStore`.
        audit: The `AuditTrail`.
        digests: The `DigestStore`.
        threads: What they all stand on.
    """

    def __init__(
        self,
        data_folder: Path,
        assets_folder: Path,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """Touch nothing yet."""
        self.threads = SqliteThreads(data_folder / FILE_NAME, patience_seconds=patience_seconds)
        database = self.threads.database
        files = ReportFiles(assets_folder, patience_seconds=patience_seconds)
        self._reports = ReportRows(database, files)
        self.threads.on_open = self._reports.finish_interrupted
        self._report_queries = ReportQueries(database.path)
        self._observations = ObservationRows(self.threads)
        self.accounts = AccountRows(self.threads)
        self.profiles = ProfileRows(self.threads)
        self.challenges = ChallengeRows(self.threads)
        self.runs = RunRows(self.threads)
        self.alerts = AlertRows(self.threads)
        self.audit = AuditRows(self.threads)
        self.digests = DigestRows(self.threads)

    def close(self) -> None:
        """Finish what was begun and close the file; the store cannot be used again."""
        self.threads.close()

    async def prepare(self) -> None:
        """Open the file, bring its schema up to date, and make report files that are due.

        Raises:
            StoreUnavailable: It cannot be opened or created, or is locked for too long.
            StoreCorrupt: It is no database, a damaged one, or another program's.
            MigrationNeeded: A newer version of the program wrote it.
        """
        await self.threads.run(lambda: None)

    async def put_report(self, report: DailyReport) -> DailyReport:
        """Store a report in the database and as a file, replacing the one of that day.

        Returns:
            The report as stored: a report of the same user, node and day keeps its `report_id`.

        Raises:
            StoreUnavailable: It cannot be written; what was stored before is untouched.
            InvalidParameter: The user id cannot name a folder, the date is not midnight UTC, or
                the `report_id` names another report.
        """
        (stored,) = await self.put_reports((report,))
        return stored

    async def put_reports(self, reports: Sequence[DailyReport]) -> tuple[DailyReport, ...]:
        """Store several reports, all or none; faster than one by one.

        Returns:
            The reports as stored, in the order given.

        Raises:
            StoreUnavailable: They cannot be written; what was stored before is untouched.
            InvalidParameter: See `put_report`; nothing is stored.
        """
        return await self.threads.run(lambda: self._reports.put(tuple(reports)))

    async def get_report(self, report_id: str) -> DailyReport:
        """One report.

        Raises:
            ReportNotFound: None has that id.
            StoreCorrupt: It cannot be read back.
        """
        return await self.threads.read(
            lambda connection: self._report_queries.get(connection, report_id)
        )

    async def reports(
        self, user_id: str, node_id: str, since: datetime, until: datetime
    ) -> tuple[DailyReport, ...]:
        """Reports with `since <= report_date < until`, oldest first.

        Raises:
            StoreCorrupt: One cannot be read back.
        """
        return await self.threads.read(
            lambda connection: self._report_queries.between(
                connection, (user_id, node_id), since, until
            )
        )

    async def latest_report(self, user_id: str) -> DailyReport | None:
        """The user's completed report of the newest day (of several nodes the first by key)."""
        return await self.threads.read(
            lambda connection: self._report_queries.latest(connection, user_id)
        )

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
        return await self.threads.read(
            lambda connection: self._report_queries.page(
                connection, user_id, since, (limit, (page - 1) * limit)
            )
        )

    async def count_reports(self, user_id: str | None = None) -> int:
        """How many completed reports are stored, of one user or of all."""
        return await self.threads.read(
            lambda connection: self._report_queries.count(connection, user_id)
        )

    async def purge(self, before: datetime) -> int:
        """Delete reports with `report_date < before` from the database (files stay).

        Returns:
            How many were deleted.

        Raises:
            StoreUnavailable: They cannot be deleted.
        """
        return await self.threads.run(lambda: self._reports.purge(before))

    async def put_observation(self, tenant_id: str, observation: NodeObservation) -> None:
        """Keep an observation under its UTC day, unless a later one of that day is kept.

        Raises:
            StoreUnavailable: It cannot be written.
        """
        await self._observations.put(tenant_id, observation)

    async def observations(
        self, tenant_id: str, node_id: str, since: datetime, until: datetime
    ) -> tuple[NodeObservation, ...]:
        """Observations with `since <= observed_at < until`, oldest first.

        Raises:
            StoreCorrupt: One cannot be read back.
        """
        return await self._observations.between(tenant_id, node_id, since, until)
