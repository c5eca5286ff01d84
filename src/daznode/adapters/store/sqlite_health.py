"""How the embedded database is: a quick answer for machines, a close look for its mender."""

import asyncio
import os
import re
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from daznode.adapters.store.atomic import disk_errors
from daznode.adapters.store.migrations import MIGRATIONS
from daznode.adapters.store.threads import SqliteThreads
from daznode.domain.errors import StorageError, StoreUnavailable
from daznode.domain.health import Diagnosis, ServiceHealth

_LEAST_FREE_BYTES: Final = 200 * 2**20
_LARGE_LOG_BYTES: Final = 256 * 2**20
_FAULTS_SHOWN: Final = 3
_MEBIBYTE: Final = 2**20
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
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
    """Looks closely at the embedded database and the report files, a `Diagnosed`.

    Args:
        threads: The database.
        assets: `RAG_ASSETS_DIR`.
    """

    def __init__(self, threads: SqliteThreads, assets: Path) -> None:
        """Look at nothing yet."""
        self._threads = threads
        self._assets = assets

    async def diagnose(self) -> tuple[Diagnosis, ...]:
        """Look at the folders, the disk, the schema, the indexes, the data, the log and the files."""
        path = self._threads.database.path
        found = [
            *await asyncio.to_thread(lambda: tuple(look_at_folders(path.parent, self._assets)))
        ]
        try:
            found += await self._threads.read(self._look)
        except StorageError as error:
            found.append(Diagnosis("database", _BAD, str(error), _mend_of(error)))
        return tuple(found)

    def _look(self, connection: sqlite3.Connection) -> list[Diagnosis]:
        return [
            _schema(connection),
            _indexes(connection),
            _integrity(connection),
            _log_size(self._threads.database.path),
            files_due(_count(connection, "SELECT count(*) FROM report_files_due")),
        ]


def look_at_folders(*folders: Path) -> Iterator[Diagnosis]:
    """Whether folders can be written, are private, and have room; a missing one is looked at above."""
    for folder in dict.fromkeys(folders):
        name = f"folder {folder}"
        there = next((one for one in (folder, *folder.parents) if one.exists()), folder)
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            mend = f"give this user the right to write there: chown or chmod u+rwx {there}"
            yield Diagnosis(name, _BAD, f"{there} cannot be written", mend)
            continue
        try:
            with disk_errors(there, "looked at"):
                free_bytes = shutil.disk_usage(there).free
                mode = there.stat().st_mode
        except StoreUnavailable as error:
            yield Diagnosis(name, _BAD, str(error), "look at the disk")
            continue
        if free_bytes < _LEAST_FREE_BYTES:
            mend = "free some space; the database stops taking writes when the disk is full"
            yield Diagnosis(name, _WARN, f"{free_bytes // _MEBIBYTE} MiB are free", mend)
        elif folder == folders[0] and there == folder and mode & _OTHERS:
            yield Diagnosis(
                name,
                _WARN,
                f"others may look into it (mode {stat.S_IMODE(mode):04o})",
                f"chmod 700 {folder}",
            )
        else:
            yield Diagnosis(name, _OK, f"can be written, {free_bytes // _MEBIBYTE:,} MiB are free")


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
