"""The audit trail as rows, which the database itself refuses to change or delete."""

import sqlite3
from collections.abc import Sequence
from typing import Final

from daznode.adapters.store.row_shapes import RowShape
from daznode.adapters.store.threads import SqliteThreads
from daznode.domain.audit import AuditEntry
from daznode.domain.errors import InvalidParameter

_SHAPE: Final = RowShape(AuditEntry, "audit_trail")


class AuditRows:
    """The table `audit_trail`, an `AuditTrail`.

    Args:
        threads: The database.
    """

    def __init__(self, threads: SqliteThreads) -> None:
        """Touch nothing yet."""
        self._threads = threads

    async def add_entries(self, entries: Sequence[AuditEntry]) -> None:
        """Add entries, all or none.

        Raises:
            InvalidParameter: An entry's id is in the trail already.
            StoreUnavailable: They cannot be written.
        """

        def add(connection: sqlite3.Connection) -> None:
            try:
                _SHAPE.insert(connection, entries)
            except sqlite3.IntegrityError as error:
                raise entry_exists() from error

        if entries:
            await self._threads.write(add)

    async def entries(
        self, *, tenant_id: str | None, action: str | None, page: int, limit: int
    ) -> tuple[tuple[AuditEntry, ...], int]:
        """A page of the trail, the newest first, and how many entries there are in all.

        Args:
            tenant_id: Only of that tenant; None for all.
            action: Only of that kind; None for all.
            page: From 1.
            limit: Entries a page.
        """
        given = {"tenant_id": tenant_id, "action": action}
        wanted = " AND ".join(f"{name} = :{name}" for name, value in given.items() if value)
        which = f"WHERE {wanted}" if wanted else ""
        asked = {**given, "limit": limit, "offset": (page - 1) * limit}

        def look(connection: sqlite3.Connection) -> tuple[tuple[AuditEntry, ...], int]:
            found = _SHAPE.select(
                connection, f"{which} ORDER BY place DESC LIMIT :limit OFFSET :offset", asked
            )
            (total,) = connection.execute(
                f"SELECT count(*) FROM audit_trail {which}",  # noqa: S608 - own names
                asked,
            ).fetchone()
            return found, int(total)

        return await self._threads.read(look)


def entry_exists() -> InvalidParameter:
    """The refusal of an entry that is there."""
    message = "audit trail: an entry of that id is there already; expected a fresh id for each"
    return InvalidParameter(message)
