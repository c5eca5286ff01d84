"""What reports are called before they are stored: their ids, their documents, their files."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from daznode.adapters.store.mongodb.documents import ID, stored_moment
from daznode.adapters.store.mongodb.link import Document, MongoLink
from daznode.adapters.store.report_files import further_names, plain_name
from daznode.adapters.store.report_rows import PLAIN_NAME_KEPT, id_taken
from daznode.domain.report import DailyReport

REPORTS: Final = "daily_reports"
PLAIN_NAMES: Final = "plain_file_names"


@dataclass(frozen=True, slots=True)
class Name:
    """What one report is called.

    Attributes:
        key: Of its document: user, node and day.
        report_id: Its id, that of the report that is there if there is one.
        file_name: Of its file in the user's folder.
    """

    key: str
    report_id: str
    file_name: str


@dataclass(slots=True)
class Plan:
    """Names of a batch.

    Attributes:
        names: One per report, in their order.
        there: Documents that are there already, by key.
        plain: Who has the plain file name, by user; only what changes.
    """

    names: list[Name] = field(default_factory=list)
    there: dict[str, Document] = field(default_factory=dict)
    plain: dict[str, Document] = field(default_factory=dict)


class ReportNames:
    """Looks up and decides the names; the caller translates what the driver raises.

    Args:
        link: The database.
    """

    def __init__(self, link: MongoLink) -> None:
        """Ask nothing yet."""
        self._link = link

    async def plan(self, reports: tuple[DailyReport, ...]) -> Plan:
        """Names for a batch, in which a later report may replace an earlier one.

        Raises:
            InvalidParameter: A `report_id` names another report.
        """
        collection = self._link.collection(REPORTS)
        keys = [report_key(report) for report in reports]
        plan = Plan()
        async for document in collection.find({ID: {"$in": keys}}):
            plan.there[document[ID]] = document
        known = {
            key: Name(key, one["report_id"], one["file_name"]) for key, one in plan.there.items()
        }
        ids = collection.find(
            {"report_id": {"$in": [one.report_id for one in reports]}}, {"report_id": 1}
        )
        taken_ids = {one["report_id"] for one in await ids.to_list()}
        taken_names = await self._taken_names(reports, known)
        plain = await self._plain(reports)
        for report, key in zip(reports, keys, strict=True):
            if key not in known:
                if report.report_id in taken_ids:
                    raise id_taken(report)
                taken_ids.add(report.report_id)
                is_plain = _takes_plain_name(report, plain, plan.plain)
                taken = taken_names.setdefault(_user_day(report), set())
                name = next(one for one in _names(report, is_plain=is_plain) if one not in taken)
                taken.add(name)
                known[key] = Name(key, report.report_id, name)
            plan.names.append(known[key])
        return plan

    async def keep(self, plan: Plan) -> None:
        """Remember who has the plain names."""
        collection = self._link.collection(PLAIN_NAMES)
        for user_id, document in plan.plain.items():
            await collection.replace_one({ID: user_id}, document, upsert=True)

    async def _taken_names(
        self, reports: tuple[DailyReport, ...], known: dict[str, Name]
    ) -> dict[tuple[str, str], set[str]]:
        fresh = [report for report in reports if report_key(report) not in known]
        taken: dict[tuple[str, str], set[str]] = {}
        if fresh:
            found = self._link.collection(REPORTS).find(
                {
                    "user_id": {"$in": sorted({one.user_id for one in fresh})},
                    "report_date": {"$in": sorted({one.report_date for one in fresh})},
                },
                {"user_id": 1, "report_date": 1, "file_name": 1},
            )
            async for one in found:
                day = (one["user_id"], f"{one['report_date']:%Y%m%d}")
                taken.setdefault(day, set()).add(one["file_name"])
        return taken

    async def _plain(self, reports: tuple[DailyReport, ...]) -> dict[str, Document]:
        users = sorted({report.user_id for report in reports})
        found = self._link.collection(PLAIN_NAMES).find({ID: {"$in": users}})
        return {one[ID]: one for one in await found.to_list()}


def report_key(report: DailyReport) -> str:
    """The name of a report's document: its user, node and day."""
    return f"{report.user_id}/{report.node_pubkey}/{report.report_date:%Y%m%d}"


def _user_day(report: DailyReport) -> tuple[str, str]:
    return report.user_id, f"{report.report_date:%Y%m%d}"


def _names(report: DailyReport, *, is_plain: bool) -> Iterator[str]:
    plain = [plain_name(report.report_date)] if is_plain else []
    return chain(plain, further_names(report.report_date, report.node_pubkey))


def _takes_plain_name(
    report: DailyReport, plain: dict[str, Document], changed: dict[str, Document]
) -> bool:
    """Whether the node is the user's first, or the first has had no report for a week."""
    date = stored_moment(report.report_date)
    holder = plain.get(report.user_id)
    if holder is not None:
        is_ours = holder["node_pubkey"] == report.node_pubkey
        if not is_ours and holder["last_report_date"] >= date - PLAIN_NAME_KEPT:
            return False
        date = max(date, holder["last_report_date"])
    document = {
        ID: report.user_id,
        "user_id": report.user_id,
        "node_pubkey": report.node_pubkey,
        "last_report_date": date,
    }
    plain[report.user_id] = changed[report.user_id] = document
    return True
