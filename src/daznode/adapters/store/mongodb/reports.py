"""Reports as documents of `daily_reports`, and their files, which never disagree for long.

The argument is that of the embedded database (`report_rows`), with the server's acknowledgement in
the place of the commit:

1. One writer at a time holds the files' lock, among all processes that share the folder.
2. Each file is staged whole, outside its place; then the documents are written, each marked with
   the folder in which its file is due. Where the server has transactions that is one; a single
   server takes them one by one, and one that fails in the middle has the first of them.
3. The staged files are renamed into place, and the marks are removed. A kill between leaves marks:
   whoever opens this folder's store next, or writes next, makes the marked files again.

A document is replaced only if it is still the one that was read, so of two machines that store the
same day the second sees the first and keeps its `report_id`. Machines that do not share the folder
have the file of a day on the one that stored it last.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar

from pymongo import InsertOne
from pymongo.errors import BulkWriteError

from daznode.adapters.store.codec import file_face, pack_report
from daznode.adapters.store.mongodb.documents import (
    ID,
    REVISION,
    from_document,
    replacing,
    stored_ceiling,
    to_document,
)
from daznode.adapters.store.mongodb.link import Collection, Document, MongoLink, Session
from daznode.adapters.store.mongodb.report_names import REPORTS, ReportNames
from daznode.adapters.store.report_files import ReportFiles, ReportWriting, check_user_id
from daznode.adapters.store.report_queries import report_not_found
from daznode.adapters.store.report_rows import check_day
from daznode.domain.errors import StorageError, StoreUnavailable
from daznode.domain.report import DailyReport, GenerationStatus

T = TypeVar("T")

FILE_DUE: Final = "file_due"
"""Folder in which the report's file is still to be made; no such field once it is."""

_ROUNDS: Final = 10
_DUPLICATE: Final = 11_000
_COMPLETED: Final = {"generation_status": GenerationStatus.COMPLETED.value}


class _Conflict(Exception):
    """Another machine stored the same report since it was looked for."""


class MongoReports:
    """The collection `daily_reports` and the report files, a `ReportStore`.

    Args:
        link: The database.
        files: Where the files are.
    """

    def __init__(self, link: MongoLink, files: ReportFiles) -> None:
        """Ask nothing yet."""
        self._link = link
        self._files = files
        self._names = ReportNames(link)
        self._running: set[asyncio.Task[tuple[DailyReport, ...]]] = set()

    async def put_report(self, report: DailyReport) -> DailyReport:
        """Store a report in the database and as a file, replacing the one of that day.

        Returns:
            The report as stored: a report of the same user, node and day keeps its `report_id`, and
            moments have whole milliseconds.

        Raises:
            StoreUnavailable: It cannot be written.
            InvalidParameter: The user id cannot name a folder, the date is not midnight UTC, or
                the `report_id` names another report.
        """
        (stored,) = await self.put_reports((report,))
        return stored

    async def put_reports(self, reports: Sequence[DailyReport]) -> tuple[DailyReport, ...]:
        """Store several reports, all or none where there are transactions; faster than one by one.

        A cancelled task does not stop a write that has begun.

        Returns:
            The reports as stored, in the order given.

        Raises:
            StoreUnavailable: They cannot be written.
            InvalidParameter: See `put_report`; nothing is stored.
        """
        for report in reports:
            check_user_id(report.user_id)
            check_day(report)
        if not reports:
            return ()
        task = asyncio.ensure_future(self._put_all(tuple(reports)))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def get_report(self, report_id: str) -> DailyReport:
        """One report.

        Raises:
            ReportNotFound: None has that id.
            StoreCorrupt: It cannot be read back.
        """
        with self._link.refusals():
            found = await self._reports.find_one({"report_id": report_id})
        if found is None:
            raise report_not_found(report_id)
        return self._value(found)

    async def reports(
        self, user_id: str, node_id: str, since: datetime, until: datetime
    ) -> tuple[DailyReport, ...]:
        """Reports with `since <= report_date < until`, oldest first.

        Raises:
            StoreCorrupt: One cannot be read back.
        """
        query = {
            "user_id": user_id,
            "node_pubkey": node_id,
            "report_date": {"$gte": stored_ceiling(since), "$lt": stored_ceiling(until)},
        }
        with self._link.refusals():
            found = await self._reports.find(query).sort("report_date", 1).to_list()
        return tuple(self._value(document) for document in found)

    async def latest_report(self, user_id: str) -> DailyReport | None:
        """The user's completed report of the newest day (of several nodes the first by key)."""
        with self._link.refusals():
            found = await self._reports.find_one(
                {"user_id": user_id, **_COMPLETED}, sort=[("report_date", -1), ("node_pubkey", 1)]
            )
        return None if found is None else self._value(found)

    async def report_page(
        self, user_id: str, since: datetime, *, page: int, limit: int
    ) -> tuple[tuple[DailyReport, ...], int]:
        """A page of a user's reports with `report_date >= since`, newest first, and how many in all.

        Args:
            user_id: The user.
            since: First day.
            page: From 1.
            limit: Reports a page.
        """
        which = {"user_id": user_id, "report_date": {"$gte": stored_ceiling(since)}}
        with self._link.refusals():
            query = self._reports.find(which).sort([("report_date", -1), ("node_pubkey", 1)])
            found = await query.skip((page - 1) * limit).limit(limit).to_list()
            total = await self._reports.count_documents(which)
        return tuple(self._value(document) for document in found), total

    async def count_reports(self, user_id: str | None = None) -> int:
        """How many completed reports are stored, of one user or of all.

        Of all: the server's own count of the collection less those that are not completed, since
        counting a million of them takes too long; the server says that its count may be off after
        it was killed, until it has validated the collection.
        """
        with self._link.refusals():
            if user_id is not None:
                return await self._reports.count_documents({"user_id": user_id, **_COMPLETED})
            others = [
                one.value for one in GenerationStatus if one is not GenerationStatus.COMPLETED
            ]
            n_others = await self._reports.count_documents({"generation_status": {"$in": others}})
            return max(await self._reports.estimated_document_count() - n_others, 0)

    async def purge(self, before: datetime) -> int:
        """Delete reports with `report_date < before` from the database (files stay).

        The server does so by itself after 90 days; files that are due are made first here.

        Returns:
            How many were deleted.

        Raises:
            StoreUnavailable: They cannot be deleted.
        """
        async with self._link.writing:
            if await self._due():
                await self._with_files(self._make_due_files)
        with self._link.refusals():
            done = await self._reports.delete_many({"report_date": {"$lt": stored_ceiling(before)}})
        return done.deleted_count

    async def finish_interrupted(self) -> None:
        """Make the files that a killed writer left undone, if that can be done now.

        If it cannot (somebody writes just now, or the disk refuses), the next writer does it first,
        or says why it cannot.
        """
        with suppress(StorageError):
            async with self._link.writing:
                if self._files.has_leftovers() or await self._due():
                    await self._with_files(self._make_due_files, patience_seconds=0)

    async def count_due(self) -> int:
        """How many report files of this folder are still to be made."""
        return len(await self._due())

    @property
    def _reports(self) -> Collection:
        return self._link.collection(REPORTS)

    async def _put_all(self, reports: tuple[DailyReport, ...]) -> tuple[DailyReport, ...]:
        last: _Conflict | None = None
        async with self._link.writing:
            for _ in range(_ROUNDS):
                try:
                    return await self._with_files(lambda writing: self._put(writing, reports))
                except _Conflict as conflict:
                    last = conflict
            message = f"{self._link.where}: {REPORTS}: others store the same reports; try again"
            raise StoreUnavailable(message) from last

    async def _with_files(
        self,
        work: Callable[[ReportWriting], Awaitable[T]],
        *,
        patience_seconds: float | None = None,
    ) -> T:
        """Do some work while holding the files' lock, which is waited for outside the event loop."""
        held = ExitStack()
        opening = self._files.writing(patience_seconds=patience_seconds)
        writing = await asyncio.to_thread(held.enter_context, opening)
        try:
            return await work(writing)
        finally:
            await asyncio.to_thread(held.close)

    async def _put(
        self, writing: ReportWriting, reports: tuple[DailyReport, ...]
    ) -> tuple[DailyReport, ...]:
        await self._make_due_files(writing)
        folder = await asyncio.to_thread(self._files.identity)
        with self._link.refusals():
            plan = await self._names.plan(reports)
        stored = []
        documents: dict[str, Document] = {}
        for report, name in zip(reports, plan.names, strict=True):
            document = to_document(replace(report, report_id=name.report_id))
            stored.append(self._value({**document, ID: name.key}))
            document |= {"file_name": name.file_name, FILE_DUE: folder}
            documents[name.key] = document
            await asyncio.to_thread(_stage, writing, stored[-1], name.file_name)
        await asyncio.to_thread(writing.sync_staged)
        with self._link.refusals():
            await self._names.keep(plan)
        await self._link.together(lambda session: self._write(documents, plan.there, session))
        await self._publish(writing, list(documents), folder)
        return tuple(stored)

    async def _write(
        self, documents: dict[str, Document], there: dict[str, Document], session: Session
    ) -> None:
        changes = [
            replacing(there[key], document)
            if key in there
            else InsertOne({**document, ID: key, REVISION: 1})
            for key, document in documents.items()
        ]
        try:
            done = await self._reports.bulk_write(changes, session=session)
        except BulkWriteError as error:
            refused = error.details.get("writeErrors", [])
            if any(one.get("code") == _DUPLICATE for one in refused):
                raise _Conflict from error
            raise
        if done.inserted_count + done.matched_count < len(changes):
            raise _Conflict

    async def _due(self) -> list[Document]:
        with self._link.refusals():
            folder = await asyncio.to_thread(self._files.identity_if_there)
            return [] if folder is None else await self._reports.find({FILE_DUE: folder}).to_list()

    async def _make_due_files(self, writing: ReportWriting) -> None:
        due = await self._due()
        for document in due:
            report = self._value(document)
            await asyncio.to_thread(_stage, writing, report, document["file_name"])
        if due:
            await asyncio.to_thread(writing.sync_staged)
            await self._publish(writing, [document[ID] for document in due], due[0][FILE_DUE])

    async def _publish(self, writing: ReportWriting, keys: list[str], folder: str) -> None:
        await asyncio.to_thread(writing.publish)
        with self._link.refusals():
            await self._reports.update_many(
                {ID: {"$in": keys}, FILE_DUE: folder}, {"$unset": {FILE_DUE: ""}}
            )

    def _value(self, document: Document) -> DailyReport:
        return from_document(document, DailyReport, f"{self._link.where}: {REPORTS}")


def _stage(writing: ReportWriting, report: DailyReport, file_name: str) -> None:
    writing.stage(report.user_id, file_name, file_face(pack_report(report)))
