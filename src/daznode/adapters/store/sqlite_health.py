"""How the embedded database is: a quick answer for machines, a close look for its mender."""

import re
import sqlite3
from pathlib import Path
from typing import Final

from daznode.adapters.store.migrations import MIGRATIONS
from daznode.adapters.store.threads import SqliteThreads
from daznode.domain.errors import StorageError
from daznode.domain.health import Diagnosis, ServiceHealth

_LARGE_LOG_BYTES: Final = 256 * 2**20
_FAULTS_SHOWN: Final = 3
_MEBIBYTE: Final = 2**20
_MADE: Final = re.compile(r"\s*CREATE\s+(?:UNIQUE\s+)?(?:INDEX|TRIGGER)\s+(\w+)")

_OK: Final = ServiceHealth.HEALTHY
_WARN: Final = ServiceHealth.DEGRADED
_BAD: Final = ServiceHealth.UNHEALTHY


async def describe(threads: SqliteThreads) -> str:
    """Read one row, and say what the database is.

    Raises:
        StorageError: It cannot be read.
    """
    await threads.read(
        lambda connection: connection.execute("SELECT count(*) FROM report_totals").fetchone()
    )
    return f"sqlite {sqlite3.sqlite_version}"


class SqliteDoctor:
    """Looks closely at the embedded database, a `Diagnosed`.

    Args:
        threads: The database.
    """

    def __init__(self, threads: SqliteThreads) -> None:
        """Look at nothing yet."""
        self._threads = threads

    async def diagnose(self) -> tuple[Diagnosis, ...]:
        """Look at the schema, the indexes, the data, the log, and the report files that are due."""
        try:
            return await self._threads.read(self._look)
        except StorageError as error:
            return (Diagnosis("database", _BAD, str(error), _mend_of(error)),)

    def _look(self, connection: sqlite3.Connection) -> tuple[Diagnosis, ...]:
        return (
            _schema(connection),
            _indexes(connection),
            _integrity(connection),
            _log_size(self._threads.database.path),
            files_due(_count(connection, "SELECT count(*) FROM report_files_due")),
        )


def files_due(n_due: int) -> Diagnosis:
    """What report files that are still to be made mean."""
    if n_due == 0:
        return Diagnosis("report files", _OK, "none is due")
    return Diagnosis(
        "report files",
        _WARN,
        f"{n_due} are due: a writer was killed, or writes just now",
        "they are made when the service starts or stores the next report; if they stay due, see "
        "whether the folder of report files can be written",
    )


def _schema(connection: sqlite3.Connection) -> Diagnosis:
    number = _count(connection, "PRAGMA user_version")
    newest = MIGRATIONS[-1].number
    return Diagnosis("schema", _OK, f"number {number} of {newest}: {MIGRATIONS[-1].name}")


def _indexes(connection: sqlite3.Connection) -> Diagnosis:
    wanted = {
        match.group(1)
        for migration in MIGRATIONS
        for statement in migration.statements
        if (match := _MADE.match(statement)) is not None
    }
    rows = connection.execute(
        "SELECT name FROM sqlite_master WHERE type IN ('index', 'trigger')"
    ).fetchall()
    missing = sorted(wanted - {name for (name,) in rows})
    if not missing:
        return Diagnosis("indexes", _OK, f"all {len(wanted)} indexes and triggers are there")
    mend = "restore the database from a backup, or make them as the migrations do"
    return Diagnosis("indexes", _BAD, f"missing: {', '.join(missing)}", mend)


def _integrity(connection: sqlite3.Connection) -> Diagnosis:
    rows = connection.execute(f"PRAGMA quick_check({_FAULTS_SHOWN})").fetchall()
    faults = [str(line) for (line,) in rows if line != "ok"]
    foreign = connection.execute("PRAGMA foreign_key_check").fetchmany(_FAULTS_SHOWN)
    faults += [f"a row of {table} refers to none of {other}" for table, _, other, _ in foreign]
    if not faults:
        return Diagnosis("integrity", _OK, "the check of SQLite finds no fault")
    told = "; ".join(" ".join(fault.split()) for fault in faults)
    mend = "stop the service, keep a copy of the file, and restore it from a backup"
    return Diagnosis("integrity", _BAD, told, mend)


def _log_size(path: Path) -> Diagnosis:
    log = path.with_name(f"{path.name}-wal")
    size_bytes = log.stat().st_size if log.exists() else 0
    told = f"{size_bytes / _MEBIBYTE:.1f} MiB"
    if size_bytes <= _LARGE_LOG_BYTES:
        return Diagnosis("write-ahead log", _OK, told)
    mend = "some program keeps the database open for reading; find and end it, then start again"
    return Diagnosis("write-ahead log", _WARN, told, mend)


def _count(connection: sqlite3.Connection, statement: str) -> int:
    (value,) = connection.execute(statement).fetchone()
    return int(value)


def _mend_of(error: StorageError) -> str:
    mends = {
        "store-corrupt": "keep a copy of the file, and restore it from a backup",
        "migration-needed": "update daznode to the version that wrote it, or newer",
    }
    return mends.get(error.code, "see the reason; the database is looked at again once it is gone")
