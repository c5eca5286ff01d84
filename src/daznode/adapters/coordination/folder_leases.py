"""Leases in a small database of the data folder, for processes on one machine."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from time import monotonic
from typing import Final, TypeVar

from daznode.domain.errors import StoreUnavailable

T = TypeVar("T")

FILE: Final = "leases.sqlite3"

WAIT_SECONDS: Final = 2.0
"""How long another process may hold the file; it takes it for less than a millisecond at a time."""

# Seconds since the machine started count for all its processes and are never set, unlike the time
# of day. After a restart they begin anew: a lease that would last longer than it was given for is
# one of before.
_TABLE: Final = """
create table if not exists leases (
  name text primary key, owner text not null, taken_at real not null, ttl_seconds real not null
) without rowid
"""

_TAKE: Final = """
insert into leases (name, owner, taken_at, ttl_seconds) values (:name, :owner, :now, :ttl_seconds)
on conflict (name) do update set
  owner = excluded.owner, taken_at = excluded.taken_at, ttl_seconds = excluded.ttl_seconds
where leases.owner = excluded.owner
  or leases.taken_at > excluded.taken_at
  or leases.taken_at + leases.ttl_seconds <= excluded.taken_at
"""


class FolderLeases:
    """`Leases` between the processes that share a data folder on one machine.

    Args:
        data_dir: The folder.
        clock: Seconds that only ever grow, the same for all processes of the machine.
    """

    def __init__(self, data_dir: Path, clock: Callable[[], float] = monotonic) -> None:
        """Open nothing yet."""
        self._path = data_dir / FILE
        self._clock = clock

    async def acquire(self, name: str, owner: str, ttl_seconds: float) -> bool:
        """Take a lease, or renew one's own.

        Raises:
            StoreUnavailable: The file cannot be written.
        """
        wanted = {"name": name, "owner": owner, "ttl_seconds": ttl_seconds}

        def take(database: sqlite3.Connection) -> bool:
            return database.execute(_TAKE, {**wanted, "now": self._clock()}).rowcount == 1

        return await asyncio.to_thread(self._do, take)

    async def release(self, name: str, owner: str) -> None:
        """Give a lease back, if the owner holds it."""

        def give_back(database: sqlite3.Connection) -> None:
            database.execute("delete from leases where name = ? and owner = ?", (name, owner))

        with suppress(StoreUnavailable):
            await asyncio.to_thread(self._do, give_back)

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path, timeout=WAIT_SECONDS)) as database:
                # A lease need not outlive a power cut.
                database.execute("pragma synchronous = off")
                with database:
                    database.execute("begin immediate")
                    database.execute(_TABLE)
                    return work(database)
        except (sqlite3.Error, OSError) as exc:
            message = f"{self._path}: cannot be written: {exc}; expected a folder with free space"
            raise StoreUnavailable(message) from exc
