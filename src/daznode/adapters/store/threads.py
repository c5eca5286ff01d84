"""The embedded database's threads: one that writes, and two that read meanwhile.

SQLite's write-ahead log lets readers go on while a writer writes; a reader sees what was committed
before its statement began. So a batch that stores a thousand reports does not hold up a request
that reads one.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Final, TypeVar

from daznode.adapters.store.atomic import PATIENCE_SECONDS
from daznode.adapters.store.database import Database
from daznode.domain.errors import InvariantBroken

T = TypeVar("T")

_READERS: Final = 2


class DatabaseThread:
    """One thread that works on one database for the event loop.

    A cancelled task does not stop work that has begun: it ends, whole.

    Args:
        database: The database; used in the thread alone.
        what: What it is called in messages, and in the name of the thread.
    """

    def __init__(self, database: Database, what: str) -> None:
        """Start nothing yet."""
        self._database = database
        self._what = what
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=what)

    async def run(self, work: Callable[[], T]) -> T:
        """Do some work in the thread.

        Raises:
            InvariantBroken: The thread was closed.
        """
        return await _submit(self._pool, work, self._database.path, self._what)

    def close(self) -> None:
        """Finish what was begun and close the database; nothing can be asked afterwards."""
        with suppress(RuntimeError):  # closed before
            self._pool.submit(self._database.close).result()
        self._pool.shutdown(wait=True)


class SqliteThreads:
    """One SQLite file for the event loop: work goes to a thread, its result comes back.

    The file is opened when it is first needed. A cancelled task does not stop work that has begun:
    it ends, whole.

    Args:
        path: The file.
        patience_seconds: How long to wait for another writer.
    """

    def __init__(self, path: Path, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Touch nothing yet."""
        self.database = Database(path, patience_seconds=patience_seconds)
        self.on_open: Callable[[], None] = lambda: None
        self._is_open = False
        self._writer = DatabaseThread(self.database, "store")
        self._readers = ThreadPoolExecutor(max_workers=_READERS, thread_name_prefix="store-read")
        self._idle: SimpleQueue[Database] = SimpleQueue()
        for _ in range(_READERS):
            self._idle.put(Database(path, patience_seconds=patience_seconds, is_reader=True))

    def close(self) -> None:
        """Finish what was begun and close the file; nothing can be asked afterwards."""
        self._readers.shutdown(wait=True)
        while not self._idle.empty():
            self._idle.get().close()
        self._writer.close()

    async def write(self, work: Callable[[sqlite3.Connection], T], *, is_durable: bool = True) -> T:
        """Do some work in one transaction, undone if it raises.

        Args:
            work: Given the connection.
            is_durable: Whether to wait for the disk. If not, a power cut (not a kill) may undo it.

        Raises:
            StoreUnavailable: It cannot be written; nothing has changed.
        """

        def in_transaction() -> T:
            with self.database.writing(is_durable=is_durable) as connection:
                return work(connection)

        return await self.run(in_transaction)

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do some work that changes nothing, beside a writer.

        Raises:
            StoreUnavailable: It cannot be read.
        """
        if not self._is_open:
            await self.run(lambda: None)

        def on_idle_connection() -> T:
            database = self._idle.get()
            try:
                with database.reading() as connection:
                    return work(connection)
            finally:
                self._idle.put(database)

        return await _submit(self._readers, on_idle_connection, self.database.path, "store")

    async def run(self, work: Callable[[], T]) -> T:
        """Do some work in the writer's thread, once the file is open.

        Raises:
            StoreUnavailable: The file cannot be opened.
        """

        def on_open_file() -> T:
            if self.database.open():
                self.on_open()
            self._is_open = True
            return work()

        return await self._writer.run(on_open_file)


async def _submit(pool: ThreadPoolExecutor, work: Callable[[], T], path: Path, what: str) -> T:
    try:
        job = pool.submit(work)
    except RuntimeError as error:
        message = f"{path}: the {what} was closed and cannot be used again"
        raise InvariantBroken(message) from error
    return await asyncio.wrap_future(job)
