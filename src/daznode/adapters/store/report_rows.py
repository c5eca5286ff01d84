"""Reports as rows and files that never disagree, whenever the program is killed.

The argument, for `put`:

1. The writer takes the files' lock, so there is one writer of reports at a time, in all processes.
   The operating system returns the lock when its holder dies.
2. In one transaction it writes the rows, notes each in `report_files_due`, and stages each file
   whole, on the disk itself, outside its place. A kill or a full disk up to the commit leaves the old rows
   and the old files; what was staged is removed by the next writer.
3. It commits, durably: rows and notes are there together or not at all.
4. It renames the staged files into place, each in one step, and waits for the folders. A kill
   between leaves new rows, some old files, and the notes of all: whoever opens the store next, or
   writes next, makes the noted files again from the rows. The rows are the truth; making a file
   again from them is harmless however often it happens.
5. It removes the notes. Losing this transaction (it does not wait for the disk) means step 4 once
   more, with the same result.

A report of the same user, node and day is looked up inside the transaction of step 2, so that of
two writers the second sees what the first has stored and keeps its `report_id` and file name.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import chain
from typing import Final

from daznode.adapters.store.codec import (
    decode_report,
    expand,
    file_face,
    moment_text,
    pack_report,
    shrink,
)
from daznode.adapters.store.database import Database
from daznode.adapters.store.report_files import (
    ReportFiles,
    ReportWriting,
    check_user_id,
    further_names,
    plain_name,
)
from daznode.adapters.store.report_queries import ReportQueries
from daznode.domain.errors import InvalidParameter, InvariantBroken, StorageError
from daznode.domain.report import DailyReport

PLAIN_NAME_KEPT: Final = timedelta(days=7)
"""How long a node without reports keeps the plain file name from the user's other nodes."""


class ReportRows:
    """The table `daily_reports` and the report files; used from one thread.

    Args:
        database: Where the rows are.
        files: Where the files are.
    """

    def __init__(self, database: Database, files: ReportFiles) -> None:
        """Touch nothing yet."""
        self._database = database
        self._files = files
        self._queries = ReportQueries(database.path)

    def finish_interrupted(self) -> None:
        """Make the files that a killed writer left undone, if that can be done now.

        If it cannot (somebody writes just now, or the disk refuses), the rows are still all there
        to be read, and the next writer does it first, or says why it cannot.
        """
        with suppress(StorageError):
            if self._due() or self._files.has_leftovers():
                with self._files.writing(patience_seconds=0) as writing:
                    self._make_due_files(writing)

    def put(self, reports: tuple[DailyReport, ...]) -> tuple[DailyReport, ...]:
        """Store reports, all or none; see the module for what a kill does."""
        for report in reports:
            check_user_id(report.user_id)
            check_day(report)
        if not reports:
            return ()
        with self._files.writing() as writing:
            self._make_due_files(writing)
            with self._database.writing() as connection:
                stored = tuple(_put_row(connection, writing, report) for report in reports)
                writing.sync_staged()
            self._publish(writing, [report.report_id for report in stored])
        return stored

    def purge(self, before: datetime) -> int:
        """Delete rows with `report_date < before`; their files, made if still due, stay."""
        if self._due():
            with self._files.writing() as writing:
                self._make_due_files(writing)
        with self._database.writing() as connection:
            return connection.execute(
                "DELETE FROM daily_reports WHERE report_date < ?", (moment_text(before),)
            ).rowcount

    def _due(self) -> list[str]:
        with self._database.reading() as connection:
            rows = connection.execute("SELECT report_id FROM report_files_due").fetchall()
        return [report_id for (report_id,) in rows]

    def _make_due_files(self, writing: ReportWriting) -> None:
        due = self._due()
        for report_id in due:
            with self._database.reading() as connection:
                row = connection.execute(
                    "SELECT user_id, file_name, CAST(report AS BLOB) FROM daily_reports"
                    " WHERE report_id = ?",
                    (report_id,),
                ).fetchone()
            if row is None:  # only a hand can have taken the report and left the note
                continue
            user_id, file_name, kept = row
            where = self._queries.where(report_id)
            packed = expand(kept, where)
            decode_report(packed, where)
            writing.stage(user_id, file_name, file_face(packed))
        if due:
            writing.sync_staged()
            self._publish(writing, due)

    def _publish(self, writing: ReportWriting, report_ids: Iterable[str]) -> None:
        writing.publish()
        with self._database.writing(is_durable=False) as connection:
            connection.executemany(
                "DELETE FROM report_files_due WHERE report_id = ?",
                [(report_id,) for report_id in report_ids],
            )


def _put_row(
    connection: sqlite3.Connection, writing: ReportWriting, report: DailyReport
) -> DailyReport:
    """Write one row, note its file as due, and stage the file."""
    found = connection.execute(
        "SELECT report_id, file_name FROM daily_reports"
        " WHERE user_id = ? AND node_pubkey = ? AND report_date = ?",
        (report.user_id, report.node_pubkey, moment_text(report.report_date)),
    ).fetchone()
    if found is None:
        _check_id_is_free(connection, report)
        file_name = _new_file_name(connection, report)
    else:
        report_id, file_name = found
        report = replace(report, report_id=report_id)
    packed = pack_report(report)
    connection.execute(
        "INSERT INTO daily_reports (report_id, user_id, tenant_id, node_pubkey, report_date,"
        " generation_status, file_name, report) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (user_id, node_pubkey, report_date) DO UPDATE SET"
        " tenant_id = excluded.tenant_id, generation_status = excluded.generation_status,"
        " report = excluded.report",
        (
            report.report_id,
            report.user_id,
            report.tenant_id,
            report.node_pubkey,
            moment_text(report.report_date),
            report.generation_status.value,
            file_name,
            shrink(packed),
        ),
    )
    connection.execute(
        "INSERT OR IGNORE INTO report_files_due (report_id) VALUES (?)", (report.report_id,)
    )
    writing.stage(report.user_id, file_name, file_face(packed))
    return report


def check_day(report: DailyReport) -> None:
    """Make sure that a report is of a whole day.

    Raises:
        InvalidParameter: Its date is not midnight UTC.
    """
    date = report.report_date
    if date.utcoffset() != timedelta(0) or date.time() != time.min:
        message = f"report date {date.isoformat()}: expected midnight UTC of the report's day"
        raise InvalidParameter(message)


def id_taken(report: DailyReport) -> InvalidParameter:
    """The refusal of a second report of the same id."""
    message = f"report id {report.report_id}: names another report already; expected a fresh id"
    return InvalidParameter(message)


def _check_id_is_free(connection: sqlite3.Connection, report: DailyReport) -> None:
    row = connection.execute(
        "SELECT user_id, report_date FROM daily_reports WHERE report_id = ?", (report.report_id,)
    ).fetchone()
    if row is not None:
        raise id_taken(report)


def _new_file_name(connection: sqlite3.Connection, report: DailyReport) -> str:
    """The plain name for the user's first node, a longer one for the others."""
    plain = [plain_name(report.report_date)] if _may_take_plain_name(connection, report) else []
    for name in chain(plain, further_names(report.report_date, report.node_pubkey)):
        taken = connection.execute(
            "SELECT 1 FROM daily_reports WHERE user_id = ? AND file_name = ?",
            (report.user_id, name),
        ).fetchone()
        if taken is None:
            return name
    message = f"report of node {report.node_pubkey}: no free file name, though it ends in the key"
    raise InvariantBroken(message)


def _may_take_plain_name(connection: sqlite3.Connection, report: DailyReport) -> bool:
    """Whether the node is the user's first, or the first has had no report for a week."""
    row = connection.execute(
        "SELECT node_pubkey, last_report_date FROM plain_file_names WHERE user_id = ?",
        (report.user_id,),
    ).fetchone()
    date = moment_text(report.report_date)
    if row is not None:
        node_pubkey, last_date = row
        idle_since = moment_text(report.report_date - PLAIN_NAME_KEPT)
        if node_pubkey != report.node_pubkey and last_date >= idle_since:
            return False
        date = max(date, last_date)
    connection.execute(
        "INSERT OR REPLACE INTO plain_file_names (user_id, node_pubkey, last_report_date)"
        " VALUES (?, ?, ?)",
        (report.user_id, report.node_pubkey, date),
    )
    return True
