"""Questions to the table of daily reports, each answered by an index."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from daznode.adapters.store.codec import decode_report, expand, moment_text
from daznode.domain.errors import ReportNotFound
from daznode.domain.report import DailyReport

_COMPLETED: Final = "+generation_status = 'completed'"
"""The plus keeps SQLite from the index of the status, by which nearly all rows are completed."""


@dataclass(frozen=True, slots=True)
class ReportQueries:
    """Reads `daily_reports`; every method is given the connection.

    Attributes:
        path: The database, for messages.
    """

    path: Path

    def get(self, connection: sqlite3.Connection, report_id: str) -> DailyReport:
        """One report by its id.

        Raises:
            ReportNotFound: None has that id.
            StoreCorrupt: It cannot be read back.
        """
        row = connection.execute(
            "SELECT report_id, CAST(report AS BLOB) FROM daily_reports WHERE report_id = ?",
            (report_id,),
        ).fetchone()
        if row is None:
            raise report_not_found(report_id)
        return self._decoded(row)

    def between(
        self,
        connection: sqlite3.Connection,
        node: tuple[str, str],
        since: datetime,
        until: datetime,
    ) -> tuple[DailyReport, ...]:
        """Reports with `since <= report_date < until`, oldest first.

        Args:
            connection: Where to ask.
            node: The user, and the key of the user's node.
            since: First moment.
            until: Moment after the last.

        Raises:
            StoreCorrupt: One cannot be read back.
        """
        rows = connection.execute(
            "SELECT report_id, CAST(report AS BLOB) FROM daily_reports WHERE user_id = ?"
            " AND node_pubkey = ? AND report_date >= ? AND report_date < ?"
            " ORDER BY report_date",
            (*node, moment_text(since), moment_text(until)),
        ).fetchall()
        return self._all(rows)

    def latest(self, connection: sqlite3.Connection, user_id: str) -> DailyReport | None:
        """The user's completed report of the newest day (of several nodes the first by key)."""
        row = connection.execute(
            "SELECT report_id, CAST(report AS BLOB) FROM daily_reports"  # noqa: S608 - constants
            f" WHERE user_id = ? AND {_COMPLETED} ORDER BY report_date DESC, node_pubkey LIMIT 1",
            (user_id,),
        ).fetchone()
        return None if row is None else self._decoded(row)

    def page(
        self, connection: sqlite3.Connection, user_id: str, since: datetime, limits: tuple[int, int]
    ) -> tuple[tuple[DailyReport, ...], int]:
        """A user's reports with `report_date >= since`, newest first, and how many in all.

        Args:
            connection: Where to ask.
            user_id: The user.
            since: First day.
            limits: How many to give at the most, and how many to leave out before.
        """
        asked = (user_id, moment_text(since))
        rows = connection.execute(
            "SELECT report_id, CAST(report AS BLOB) FROM daily_reports"
            " WHERE user_id = ? AND report_date >= ?"
            " ORDER BY report_date DESC, node_pubkey LIMIT ? OFFSET ?",
            (*asked, *limits),
        ).fetchall()
        (total,) = connection.execute(
            "SELECT count(*) FROM daily_reports WHERE user_id = ? AND report_date >= ?", asked
        ).fetchone()
        return self._all(rows), int(total)

    def count(self, connection: sqlite3.Connection, user_id: str | None) -> int:
        """How many completed reports are stored, of one user or of all."""
        if user_id is None:
            row = connection.execute(
                "SELECT reports FROM report_totals WHERE generation_status = 'completed'"
            ).fetchone()
            return 0 if row is None else int(row[0])
        (found,) = connection.execute(
            f"SELECT count(*) FROM daily_reports WHERE user_id = ? AND {_COMPLETED}",  # noqa: S608 - constants
            (user_id,),
        ).fetchone()
        return int(found)

    def where(self, report_id: str) -> str:
        """Place of a report, for messages."""
        return f"{self.path}: daily_reports, report {report_id}"

    def _all(self, rows: Iterable[tuple[str, bytes]]) -> tuple[DailyReport, ...]:
        return tuple(self._decoded(row) for row in rows)

    def _decoded(self, row: tuple[str, bytes]) -> DailyReport:
        report_id, kept = row
        where = self.where(report_id)
        return decode_report(expand(kept, where), where)


def report_not_found(report_id: str) -> ReportNotFound:
    """The answer about a report that is not there."""
    message = f"report {report_id[:60]!r}: none is stored under that id"
    return ReportNotFound(message)
