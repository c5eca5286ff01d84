"""The SQLite file: opened, brought up to date, and its refusals said in our words.

Write-ahead log with `synchronous=FULL`: a commit that returned is on the disk, and several processes
may read and write the same file. Python's own transaction control is off; every write is one
explicit `BEGIN IMMEDIATE` to `COMMIT`.
"""

import errno
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from daznode.adapters.store.atomic import PATIENCE_SECONDS, disk_errors, make_private
from daznode.adapters.store.migrations import APPLICATION_ID, MIGRATIONS, Migration
from daznode.domain.errors import MigrationNeeded, StorageError, StoreCorrupt, StoreUnavailable

_RETRY_SECONDS: Final = 0.02
_LOG_LIMIT_BYTES: Final = 64 * 2**20
"""The write-ahead log is cut back to this after a large batch."""

_PRIMARY: Final = 0xFF
"""Mask from an extended SQLite result code to its primary one (sqlite.org/rescode.html)."""

_REFUSALS: Final[dict[int, tuple[type[StorageError], str]]] = {
    sqlite3.SQLITE_BUSY: (StoreUnavailable, "locked by another process for too long"),
    sqlite3.SQLITE_LOCKED: (StoreUnavailable, "locked by another process for too long"),
    sqlite3.SQLITE_FULL: (StoreUnavailable, "the disk is full"),
    sqlite3.SQLITE_READONLY: (StoreUnavailable, "the file or its folder is read-only"),
    sqlite3.SQLITE_PERM: (StoreUnavailable, "permission denied"),
    sqlite3.SQLITE_AUTH: (StoreUnavailable, "permission denied"),
    sqlite3.SQLITE_CANTOPEN: (StoreUnavailable, "the file or its log cannot be opened"),
    sqlite3.SQLITE_IOERR: (StoreUnavailable, "the disk refuses to read or write (is it full?)"),
    sqlite3.SQLITE_NOMEM: (StoreUnavailable, "out of memory"),
    sqlite3.SQLITE_NOTADB: (StoreCorrupt, "not a SQLite database"),
    sqlite3.SQLITE_CORRUPT: (StoreCorrupt, "the database is damaged; restore it from a backup"),
}


_CREATING: Final = threading.Lock()
"""Nobody of this process connects between the making of a file and the closing of its descriptor."""


class Database:
    """One SQLite file, used from one thread at a time.

    Args:
        path: The file; it and its folder are made, readable by their owner alone, when opened.
        patience_seconds: How long to wait for another writer.
        migrations: Steps to the newest schema.
        is_reader: Whether statements that change something are refused.
    """

    def __init__(
        self,
        path: Path,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
        migrations: tuple[Migration, ...] = MIGRATIONS,
        is_reader: bool = False,
    ) -> None:
        """Touch nothing yet."""
        self.path = path
        self._patience_seconds = patience_seconds
        self._migrations = migrations
        self._is_reader = is_reader
        self._connection: sqlite3.Connection | None = None

    def open(self) -> bool:
        """Open the file, creating or updating it, unless that is done already.

        Returns:
            Whether it was opened just now.

        Raises:
            StoreUnavailable: It cannot be opened or created, or is locked for too long.
            StoreCorrupt: It is no database, a damaged one, or another program's.
            MigrationNeeded: A newer version of the program wrote it.
        """
        if self._connection is not None:
            return False
        make_private(self.path.parent)
        with disk_errors(self.path, "opened"):
            _create(self.path)
        with self._refusals():
            connection = sqlite3.connect(
                self.path,
                timeout=self._patience_seconds,
                isolation_level=None,
                check_same_thread=False,  # one thread at a time is ours to see to
            )
        try:
            with self._refusals():
                self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return True

    def close(self) -> None:
        """Close the file; it can be opened again."""
        if self._connection is not None:
            with self._refusals():
                self._connection.close()
            self._connection = None

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for statements that change nothing.

        Raises:
            StoreUnavailable: See `open`.
            StoreCorrupt: See `open`.
            MigrationNeeded: See `open`.
        """
        self.open()
        with self._refusals():
            yield self._opened()

    @contextmanager
    def writing(self, *, is_durable: bool = True) -> Iterator[sqlite3.Connection]:
        """One transaction, alone among all processes; undone if anything is raised in it.

        Args:
            is_durable: Whether the end waits for the disk. If not, a power cut (not a kill) may
                undo the transaction, whole.

        Raises:
            StoreUnavailable: It cannot be written; nothing has changed.
            StoreCorrupt: See `open`.
            MigrationNeeded: See `open`.
        """
        self.open()
        connection = self._opened()
        with self._refusals():
            connection.execute(f"PRAGMA synchronous = {'FULL' if is_durable else 'NORMAL'}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            message = f"{self.path}: the store is closed"
            raise StoreUnavailable(message)
        return self._connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        newest = self._migrations[-1].number
        version = self._check_ownership(connection, newest)
        self._use_log(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")
        connection.execute("PRAGMA checkpoint_fullfsync = ON")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA journal_size_limit = {_LOG_LIMIT_BYTES}")
        if version < newest:
            self._migrate(connection)
        if self._is_reader:
            connection.execute("PRAGMA query_only = ON")

    def _check_ownership(self, connection: sqlite3.Connection, newest: int) -> int:
        """The schema's number, after making sure that the file is ours to change."""
        version = _pragma(connection, "user_version")
        (n_objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if n_objects and _pragma(connection, "application_id") != APPLICATION_ID:
            message = f"{self.path}: the database of another program; move it or set another folder"
            raise StoreCorrupt(message)
        if version > newest:
            message = (
                f"{self.path}: written by a newer version of daznode (schema {version}, this "
                f"program knows up to {newest}); update daznode"
            )
            raise MigrationNeeded(message)
        return version

    def _use_log(self, connection: sqlite3.Connection) -> None:
        """Switch to the write-ahead log; SQLite does not wait for others there, so we do."""
        give_up = time.monotonic() + self._patience_seconds
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                is_busy = error.sqlite_errorcode & _PRIMARY == sqlite3.SQLITE_BUSY
                if not is_busy or time.monotonic() >= give_up:
                    raise
                time.sleep(_RETRY_SECONDS)
            else:
                return

    def _migrate(self, connection: sqlite3.Connection) -> None:
        for migration in self._migrations:
            connection.execute("BEGIN IMMEDIATE")
            try:
                if _pragma(connection, "user_version") < migration.number:
                    for statement in migration.statements:
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {migration.number}")
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", None)
            kind, reason = _REFUSALS.get(
                code & _PRIMARY if code is not None else -1, (StoreUnavailable, str(error))
            )
            message = f"{self.path}: {reason}"
            raise kind(message) from error
        except UnicodeDecodeError as error:
            # Where the schema is damaged, sqlite3 cannot even decode SQLite's message about it.
            _, reason = _REFUSALS[sqlite3.SQLITE_CORRUPT]
            message = f"{self.path}: {reason}"
            raise StoreCorrupt(message) from error


def _create(path: Path) -> None:
    """Make an empty file that only its owner can read, unless there is one.

    A file that is there is never opened here: closing any descriptor of it would drop the locks of
    all connections of this process (sqlite.org/howtocorrupt.html, section 2.2), and the next process
    that ends would take away the log from under them.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    with _CREATING, suppress(FileExistsError):
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        os.close(os.open(path, flags, mode=0o600))


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    (value,) = connection.execute(f"PRAGMA {name}").fetchone()
    return int(value)
