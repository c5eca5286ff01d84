"""The audit trail as documents of `audit_trail`, which this program only ever adds to.

A server has no triggers that refuse changes: who must be sure gives the program's user a role
without `update` and `remove` on this collection. Entries have a `place` that grows: an ObjectId's
time, process and count, so that those of one process keep their order and those of several are in
order to the second.
"""

from collections.abc import Sequence
from typing import Final

from bson import ObjectId
from pymongo.errors import BulkWriteError

from daznode.adapters.store.audit_rows import entry_exists
from daznode.adapters.store.mongodb.documents import ID, from_document, to_document
from daznode.adapters.store.mongodb.link import Collection, MongoLink, Session
from daznode.domain.audit import AuditEntry

AUDIT: Final = "audit_trail"

_DUPLICATE: Final = 11_000


class MongoAudit:
    """The collection `audit_trail`, an `AuditTrail`.

    Args:
        link: The database.
    """

    def __init__(self, link: MongoLink) -> None:
        """Ask nothing yet."""
        self._link = link

    async def add_entries(self, entries: Sequence[AuditEntry]) -> None:
        """Add entries; all or none where there are transactions, else up to where the server failed.

        Raises:
            InvalidParameter: An entry's id is in the trail already.
            StoreUnavailable: They cannot be written.
        """
        if not entries:
            return
        ids = [entry.entry_id for entry in entries]

        async def add(session: Session) -> None:
            known = await self._audit.find_one({ID: {"$in": ids}}, session=session)
            if known is not None or len(set(ids)) < len(ids):
                raise entry_exists()
            documents = [
                {**to_document(entry), ID: entry.entry_id, "place": str(ObjectId())}
                for entry in entries
            ]
            try:
                await self._audit.insert_many(documents, session=session)
            except BulkWriteError as error:
                if any(one["code"] == _DUPLICATE for one in error.details.get("writeErrors", [])):
                    raise entry_exists() from error
                raise

        await self._link.together(add)

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
        which = {name: value for name, value in given.items() if value}
        with self._link.refusals():
            query = self._audit.find(which).sort("place", -1)
            found = await query.skip((page - 1) * limit).limit(limit).to_list()
            total = await self._audit.count_documents(which)
        where = f"{self._link.where}: {AUDIT}"
        return tuple(from_document(one, AuditEntry, where) for one in found), total

    @property
    def _audit(self) -> Collection:
        return self._link.collection(AUDIT)
