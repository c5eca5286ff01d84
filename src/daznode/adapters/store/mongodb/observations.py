"""States of own nodes as documents of `node_snapshots`: one per tenant, node and day, the latest."""

from datetime import datetime
from typing import Final

from pymongo.errors import DuplicateKeyError

from daznode.adapters.store.mongodb.documents import (
    ID,
    REVISION,
    from_document,
    stored_ceiling,
    stored_moment,
    swap,
    to_document,
)
from daznode.adapters.store.mongodb.link import Collection, Document, MongoLink
from daznode.domain.errors import InvalidScid, StoreCorrupt
from daznode.domain.ids import format_scid, parse_scid
from daznode.domain.node_state import NodeObservation

OBSERVATIONS: Final = "node_snapshots"


class MongoObservations:
    """The collection `node_snapshots`, an `ObservationStore`.

    Args:
        link: The database.
    """

    def __init__(self, link: MongoLink) -> None:
        """Ask nothing yet."""
        self._link = link

    async def put_observation(self, tenant_id: str, observation: NodeObservation) -> None:
        """Keep an observation under its UTC day, unless a later one of that day is kept.

        Raises:
            StoreUnavailable: It cannot be written.
        """
        moment = stored_moment(observation.observed_at)
        node_pubkey = observation.identity.node_id
        state = to_document(observation)
        for channel in state["channels"]:
            channel["scid"] = format_scid(channel["scid"])  # 64 bits without a sign: no BSON number
        document = {
            "tenant_id": tenant_id,
            "node_pubkey": node_pubkey,
            "observed_at": moment,
            "observation": state,
        }
        key = f"{tenant_id}/{node_pubkey}/{moment:%Y%m%d}"
        with self._link.refusals():
            while True:
                old = await self._collection.find_one({ID: key})
                if old is None:
                    try:
                        await self._collection.insert_one({**document, ID: key, REVISION: 1})
                    except DuplicateKeyError:
                        continue
                    return
                if old["observed_at"] > moment or await swap(self._collection, old, document):
                    return

    async def observations(
        self, tenant_id: str, node_id: str, since: datetime, until: datetime
    ) -> tuple[NodeObservation, ...]:
        """Observations with `since <= observed_at < until`, oldest first.

        Raises:
            StoreCorrupt: One cannot be read back.
        """
        query = {
            "tenant_id": tenant_id,
            "node_pubkey": node_id,
            "observed_at": {"$gte": stored_ceiling(since), "$lt": stored_ceiling(until)},
        }
        with self._link.refusals():
            found = await self._collection.find(query).sort("observed_at", 1).to_list()
        return tuple(self._value(document) for document in found)

    @property
    def _collection(self) -> Collection:
        return self._link.collection(OBSERVATIONS)

    def _value(self, document: Document) -> NodeObservation:
        where = f"{self._link.where}: {OBSERVATIONS}"
        try:
            state = document["observation"]
            for channel in state["channels"]:
                channel["scid"] = parse_scid(channel["scid"])
        except (InvalidScid, KeyError, TypeError, AttributeError) as error:
            message = f"{where}, {document.get(ID)!r:.100}: cannot be read: {error}"
            raise StoreCorrupt(message) from error
        return from_document(state, NodeObservation, where)
