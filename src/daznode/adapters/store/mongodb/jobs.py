"""Report jobs as documents: every change replaces a job only if it is still the one that was read.

So two owners never both take a job, on a single server as on a replica set. What is read between
two changes may be old by a moment; the change then does not happen, and is tried with what is there.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import uuid4

from pymongo import InsertOne, ReplaceOne
from pymongo.errors import BulkWriteError

from daznode.adapters.store.mongodb.documents import (
    ID,
    REVISION,
    from_document,
    replacing,
    swap,
    to_document,
)
from daznode.adapters.store.mongodb.link import Collection, Document, MongoLink
from daznode.domain.errors import StoreUnavailable
from daznode.domain.runs import ReportJob, RunState

JOBS: Final = "report_jobs"

_ROUNDS: Final = 20
"""How often a change is tried anew when others change the same jobs; each round somebody succeeds."""

_BATCH: Final = 1_000
_DUPLICATE: Final = 11_000
_IN_ORDER: Final = [("user_id", 1), ("node_pubkey", 1)]

_ASK: Final = "ask_id"
_CLAIM: Final = "claim_id"
CLAIMED_RUN: Final = "claimed_run_id"
COMPLETED: Final = "completed_at"

Change = Callable[[Document], Document | None]
"""From a job's document to the one that takes its place; None where nothing is to be changed."""


class JobDocuments:
    """The collection `report_jobs`; the caller translates what the driver raises.

    Args:
        link: The database.
    """

    def __init__(self, link: MongoLink) -> None:
        """Ask nothing yet."""
        self._link = link

    @property
    def collection(self) -> Collection:
        """The jobs."""
        return self._link.collection(JOBS)

    async def ask_for(self, jobs: Sequence[ReportJob], *, again: bool) -> int:
        """Ask for reports; how many are pending by that."""
        n_pending = 0
        for start in range(0, len(jobs), _BATCH):
            wanted = {job_id(job): job for job in jobs[start : start + _BATCH]}
            n_pending += await self._ask(wanted, again=again)
        return n_pending

    async def claim(
        self, which: Document, changes: Document, *, now: datetime, limit: int
    ) -> tuple[ReportJob, ...]:
        """Take jobs that are pending or abandoned.

        Args:
            which: Query for the jobs that may be taken.
            changes: The owner and the lease.
            now: The present.
            limit: How many at the most.
        """
        token = str(uuid4())
        abandoned = {"state": RunState.PROCESSING.value, "lease_until": {"$lte": now}}
        n_taken = 0
        for _ in range(_ROUNDS):
            free: list[Document] = []
            for state in ({"state": RunState.PENDING.value}, abandoned):
                left = limit - n_taken - len(free)
                if left > 0:
                    query = {**which, **state}
                    found = self.collection.find(query).sort(_IN_ORDER).limit(left)
                    free += await found.to_list()
            if not free:
                break
            taken = [
                replacing(
                    one,
                    {
                        **one,
                        **changes,
                        "state": RunState.PROCESSING.value,
                        "attempts": one["attempts"] + 1,
                        "updated_at": now,
                        _CLAIM: token,
                        CLAIMED_RUN: one["run_id"],
                    },
                )
                for one in free
            ]
            done = await self.collection.bulk_write(taken, ordered=False)
            n_taken += done.matched_count
        if not n_taken:
            return ()
        return await self.select({_CLAIM: token}, _IN_ORDER, limit)

    async def change_all(self, which: Document, change: Change) -> int:
        """Change every job of a query; how many fitted it."""
        for _ in range(_ROUNDS):
            found = await self.collection.find(which).to_list()
            changes = [replacing(one, new) for one in found if (new := change(one)) is not None]
            if not changes:
                return len(found)
            done = await self.collection.bulk_write(changes, ordered=False)
            if done.matched_count == len(changes):
                return len(found)
        raise self._contention()

    async def change_one(self, which: Document, change: Callable[[Document], Document]) -> bool:
        """Change the one job of a query; False where there is none."""
        for _ in range(_ROUNDS):
            found = await self.collection.find_one(which)
            if found is None:
                return False
            if await swap(self.collection, found, change(found)):
                return True
        raise self._contention()

    async def select(
        self, which: Document, order: Sequence[tuple[str, int]], limit: int
    ) -> tuple[ReportJob, ...]:
        """Jobs of a query in some order."""
        if limit <= 0:  # the server takes 0 for no limit
            return ()
        found = await self.collection.find(which).sort(list(order)).limit(limit).to_list()
        return tuple(self._value(document) for document in found)

    async def _ask(self, wanted: dict[str, ReportJob], *, again: bool) -> int:
        token = str(uuid4())
        n_pending = 0
        for _ in range(_ROUNDS):
            found = await self.collection.find({ID: {"$in": list(wanted)}}).to_list()
            there = {one[ID]: one for one in found}
            if not again:
                wanted = {key: job for key, job in wanted.items() if key not in there}
            busy = {key for key, one in there.items() if one["state"] == RunState.PROCESSING.value}
            changes = [
                _asked(there.get(key), key, job, token, is_busy=key in busy)
                for key, job in wanted.items()
            ]
            if changes:
                await self._write(changes)
            mine = self.collection.find({ID: {"$in": list(wanted)}, _ASK: token}, {ID: 1})
            done = {one[ID] for one in await mine.to_list()}
            n_pending += len(done - busy)
            wanted = {key: job for key, job in wanted.items() if key not in done}
            if not wanted:
                return n_pending
        raise self._contention()

    async def _write(self, changes: Sequence[InsertOne[Document] | ReplaceOne[Document]]) -> None:
        """Write what can be written; a job that somebody else made meanwhile is looked at again."""
        try:
            await self.collection.bulk_write(list(changes), ordered=False)
        except BulkWriteError as error:
            refused = error.details.get("writeErrors", [])
            if not refused or any(one.get("code") != _DUPLICATE for one in refused):
                raise

    def _value(self, document: Document) -> ReportJob:
        return from_document(document, ReportJob, f"{self._link.where}: {JOBS}")

    def _contention(self) -> StoreUnavailable:
        message = f"{self._link.where}: {JOBS}: others change the same jobs all the time; try again"
        return StoreUnavailable(message)


def job_id(job: ReportJob) -> str:
    """The name of a job: its user, node and day."""
    return f"{job.user_id}/{job.node_pubkey}/{job.report_date:%Y%m%d}"


def _asked(
    old: Document | None, key: str, job: ReportJob, token: str, *, is_busy: bool
) -> InsertOne[Document] | ReplaceOne[Document]:
    """What asking for one job does to what is there."""
    new = {**to_document(job), _ASK: token}
    if old is None:
        return InsertOne({**new, ID: key, REVISION: 1})
    if is_busy:
        return replacing(old, {**old, "run_id": job.run_id, _ASK: token})
    kept = {COMPLETED: old[COMPLETED]} if COMPLETED in old else {}
    return replacing(old, {**new, **kept})
