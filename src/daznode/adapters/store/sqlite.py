"""Embedded store (default): reports and observations in one SQLite file, with one thread of its own."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

from daznode.adapters.store.atomic import PATIENCE_SECONDS
from daznode.adapters.store.database import Database
from daznode.adapters.store.observation_rows import ObservationRows
from daznode.adapters.store.report_files import ReportFiles
from daznode.adapters.store.report_rows import ReportRows
from daznode.domain.errors import InvariantBroken
from daznode.domain.node_state import NodeObservation
from daznode.domain.report import DailyReport

T = TypeVar("T")

FILE_NAME: Final = "daznode.sqlite3"
"""Name of the database in the data folder."""


class SqliteStore:
    """Reports and observations in the data folder, a `ReportStore` and an `ObservationStore`.

    All work is done in one thread, which opens the file when it is first needed. Several stores, in
    any number of processes, may use the same folders at once. A cancelled task does not stop a
    write that has begun: it ends, whole.

    Reports are returned for as long as they are stored; `purge` is what ends their 90 days, since
    the store knows no clock. Observations are kept.

    Args:
        data_folder: `DAZNODE_DATA_DIR`.
        assets_folder: `RAG_ASSETS_DIR`.
        patience_seconds: How long to wait for another writer.
    """

    def __init__(
        self,
        data_folder: Path,
        assets_folder: Path,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """Touch nothing yet."""
        self._database = Database(data_folder / FILE_NAME, patience_seconds=patience_seconds)
        files = ReportFiles(assets_folder, patience_seconds=patience_seconds)
        self._reports = ReportRows(self._database, files)
        self._observations = ObservationRows(self._database)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")

    def close(self) -> None:
        """Finish what was begun and close the file; the store cannot be used again."""
        with suppress(RuntimeError):  # closed before
            self._thread.submit(self._database.close).result()
        self._thread.shutdown(wait=True)

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
        return await self._run(lambda: self._reports.put(tuple(reports)))

    async def get_report(self, report_id: str) -> DailyReport:
        """One report.

        Raises:
            ReportNotFound: None has that id.
            StoreCorrupt: It cannot be read back.
        """
        return await self._run(lambda: self._reports.get(report_id))

    async def reports(
        self, user_id: str, node_id: str, since: datetime, until: datetime
    ) -> tuple[DailyReport, ...]:
        """Reports with `since <= report_date < until`, oldest first.

        Raises:
            StoreCorrupt: One cannot be read back.
        """
        return await self._run(lambda: self._reports.between(user_id, node_id, since, until))

    async def purge(self, before: datetime) -> int:
        """Delete reports with `report_date < before` from the database (files stay).

        Returns:
            How many were deleted.

        Raises:
            StoreUnavailable: They cannot be deleted.
        """
        return await self._run(lambda: self._reports.purge(before))

    async def put_observation(self, tenant_id: str, observation: NodeObservation) -> None:
        """Keep an observation under its UTC day, unless a later one of that day is kept.

        Raises:
            StoreUnavailable: It cannot be written.
        """
        await self._run(lambda: self._observations.put(tenant_id, observation))

    async def observations(
        self, tenant_id: str, node_id: str, since: datetime, until: datetime
    ) -> tuple[NodeObservation, ...]:
        """Observations with `since <= observed_at < until`, oldest first.

        Raises:
            StoreCorrupt: One cannot be read back.
        """
        return await self._run(lambda: self._observations.between(tenant_id, node_id, since, until))

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            job = self._thread.submit(self._on_open_file, work)
        except RuntimeError as error:
            message = f"{self._database.path}: the store was closed and cannot be used again"
            raise InvariantBroken(message) from error
        return await asyncio.wrap_future(job)

    def _on_open_file(self, work: Callable[[], T]) -> T:
        if self._database.open():
            self._reports.finish_interrupted()
        return work()
