"""Alerts as documents of `alerts`; an open one has an `open_key`, which is unique."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from pymongo.errors import DuplicateKeyError

from daznode.adapters.store.alert_rows import as_known
from daznode.adapters.store.mongodb.documents import (
    ID,
    REVISION,
    from_document,
    stored_ceiling,
    stored_moment,
    swap,
    to_document,
)
from daznode.adapters.store.mongodb.link import Collection, Document, MongoLink, Session
from daznode.domain.alert import NodeAlert
from daznode.domain.errors import StoreUnavailable
from daznode.domain.ids import NodeId

ALERTS: Final = "alerts"
OPEN_KEY: Final = "open_key"

_OPEN: Final[Document] = {OPEN_KEY: {"$exists": True}}
_ROUNDS: Final = 10


class _OpenedMeanwhile(Exception):
    """Somebody else has just opened the same alert; with it known, there is a record to change."""


class MongoAlerts:
    """The collection `alerts`, an `AlertStore`.

    Args:
        link: The database.
    """

    def __init__(self, link: MongoLink) -> None:
        """Ask nothing yet."""
        self._link = link

    async def open_alerts(self, user_id: str, node_id: NodeId) -> tuple[NodeAlert, ...]:
        """Alerts of a user's node that are not resolved, in the order of their keys."""
        query = {"user_id": user_id, "node_pubkey": node_id, **_OPEN}
        with self._link.refusals():
            found = await self._alerts.find(query).sort("key", 1).to_list()
        return tuple(self._value(document) for document in found)

    async def put_alerts(self, alerts: Sequence[NodeAlert]) -> None:
        """Store alerts by `alert_id`, new or changed; all or none where there are transactions.

        A new open alert of a key that has an open record already changes that record, which keeps
        its id and the moment it was opened: two who judge the same figures at once make one alert.

        Raises:
            StoreUnavailable: They cannot be written.
        """

        async def put(session: Session) -> None:
            try:
                for alert in alerts:
                    await self._put(alert, session)
            except DuplicateKeyError as error:
                raise _OpenedMeanwhile from error

        last: _OpenedMeanwhile | None = None
        for _ in range(_ROUNDS if alerts else 0):
            try:
                return await self._link.together(put)
            except _OpenedMeanwhile as conflict:
                last = conflict
        if last is not None:
            message = f"{self._link.where}: {ALERTS}: others open the same alerts; try again"
            raise StoreUnavailable(message) from last
        return None

    async def alerts(
        self, user_id: str, *, since: datetime, is_open: bool | None, limit: int
    ) -> tuple[NodeAlert, ...]:
        """A user's alerts that are open or were seen since a moment, newest `opened_at` first.

        Args:
            user_id: The user.
            since: Resolved ones last seen before are left out.
            is_open: Only open ones, only resolved ones, or both.
            limit: How many at the most.
        """
        if limit <= 0:  # the server takes 0 for no limit
            return ()
        recent: Document = {OPEN_KEY: {"$exists": False}, "seen_at": {"$gte": stored_moment(since)}}
        wanted: Document = {None: {"$or": [_OPEN, recent]}, True: _OPEN, False: recent}[is_open]
        order = [("opened_at", -1), ("key", 1), (ID, 1)]
        with self._link.refusals():
            query = self._alerts.find({"user_id": user_id, **wanted}).sort(order)
            found = await query.limit(limit).to_list()
        return tuple(self._value(document) for document in found)

    async def purge_alerts(self, before: datetime) -> int:
        """Forget alerts that were resolved before a moment; how many were forgotten.

        Raises:
            StoreUnavailable: They cannot be deleted.
        """
        old = {"resolved_at": {"$lt": stored_ceiling(before)}}
        with self._link.refusals():
            return (await self._alerts.delete_many(old)).deleted_count

    async def count_open(self) -> dict[str, int]:
        """Open alerts of everybody by severity, for the metrics."""
        steps: list[Document] = [
            {"$match": _OPEN},
            {"$group": {ID: "$severity", "alerts": {"$sum": 1}}},
        ]
        with self._link.refusals():
            found = await (await self._alerts.aggregate(steps)).to_list()
        return {one[ID]: one["alerts"] for one in found}

    @property
    def _alerts(self) -> Collection:
        return self._link.collection(ALERTS)

    async def _put(self, alert: NodeAlert, session: Session) -> None:
        if alert.resolved_at is None:
            known = await self._alerts.find_one({OPEN_KEY: _open_key(alert)}, session=session)
            alert = as_known(alert, None if known is None else self._value(known))
        while True:
            old = await self._alerts.find_one({ID: alert.alert_id}, session=session)
            if old is None:
                document = {**_document(alert), ID: alert.alert_id, REVISION: 1}
                await self._alerts.insert_one(document, session=session)
                return
            if await swap(self._alerts, old, _document(alert), session):
                return

    def _value(self, document: Document) -> NodeAlert:
        return from_document(document, NodeAlert, f"{self._link.where}: {ALERTS}")


def _open_key(alert: NodeAlert) -> str:
    return f"{alert.user_id}/{alert.node_pubkey}/{alert.key}"


def _document(alert: NodeAlert) -> Document:
    document = to_document(alert)
    if alert.resolved_at is None:
        document[OPEN_KEY] = _open_key(alert)
    return document
