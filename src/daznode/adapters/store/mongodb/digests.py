"""Weeks and months as documents of `digests`: one per user, node, period and last day."""

from dataclasses import replace
from typing import Final

from pymongo.errors import DuplicateKeyError

from daznode.adapters.store.mongodb.documents import ID, REVISION, from_document, swap, to_document
from daznode.adapters.store.mongodb.link import Collection, Document, MongoLink
from daznode.adapters.store.report_files import check_user_id
from daznode.domain.digest import Digest

DIGESTS: Final = "digests"


class MongoDigests:
    """The collection `digests`, a `DigestStore`.

    Args:
        link: The database.
    """

    def __init__(self, link: MongoLink) -> None:
        """Ask nothing yet."""
        self._link = link

    async def put_digest(self, digest: Digest) -> Digest:
        """Store a digest, replacing the one of that period; the one there keeps its id.

        Raises:
            InvalidParameter: The user id cannot name a folder.
            StoreUnavailable: It cannot be written.
        """
        check_user_id(digest.user_id)
        key = (
            f"{digest.user_id}/{digest.node_pubkey}/{digest.period_days}/{digest.last_date:%Y%m%d}"
        )
        with self._link.refusals():
            while True:
                old = await self._digests.find_one({ID: key})
                if old is None:
                    document = {**to_document(digest), ID: key, REVISION: 1}
                    try:
                        await self._digests.insert_one(document)
                    except DuplicateKeyError:
                        if await self._digests.find_one({ID: key}) is None:
                            raise
                        continue
                    return self._value(document)
                document = to_document(replace(digest, digest_id=old["digest_id"]))
                if await swap(self._digests, old, document):
                    return self._value(document)

    async def latest_digest(self, user_id: str, period_days: int) -> Digest | None:
        """The user's newest digest over 7 or 30 days; None without one."""
        with self._link.refusals():
            found = await self._digests.find_one(
                {"user_id": user_id, "period_days": period_days},
                sort=[("last_date", -1), ("node_pubkey", 1)],
            )
        return None if found is None else self._value(found)

    @property
    def _digests(self) -> Collection:
        return self._link.collection(DIGESTS)

    def _value(self, document: Document) -> Digest:
        return from_document(document, Digest, f"{self._link.where}: {DIGESTS}")
