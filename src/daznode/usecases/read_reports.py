"""Read reports: the newest, a page of them, one in the form asked for, a week, a month."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from daznode.domain.accounts import Caller
from daznode.domain.answers import SUCCESS, paginated
from daznode.domain.errors import DigestNotFound, InvalidParameter, ReportNotFound
from daznode.domain.report import DailyReport
from daznode.domain.report_answers import DailyReportAnswer, DailyReportsAnswer, DigestAnswer
from daznode.domain.schedule import midnight
from daznode.ports.clock import Clock
from daznode.ports.compute import Compute
from daznode.ports.digests import DigestStore
from daznode.ports.press import Press
from daznode.ports.store import ReportStore
from daznode.report.layout import lay_out
from daznode.report.markdown import to_markdown
from daznode.usecases.cached_answers import Answer, CachedAnswers, Encode, tagged
from daznode.usecases.keep_made import LATEST_KEY

LATEST_KEPT_SECONDS: Final = 900.0
"""The batch forgets a user's report when it stores the next one; the limit is for a process that
shares no cache with it."""

PRESSED_KEPT_SECONDS: Final = 3_600.0

MOST_DAYS: Final = 90
MOST_REPORTS: Final = 100


class Face(StrEnum):
    """Forms of a report."""

    JSON = "json"
    HTML = "html"
    PDF = "pdf"
    MD = "md"


@dataclass(frozen=True, slots=True)
class Document:
    """A report in a form.

    Attributes:
        answer: Its bytes.
        face: The form.
        file_name: What a browser that saves it should call it.
    """

    answer: Answer
    face: Face
    file_name: str


@dataclass(frozen=True, slots=True)
class ReadReports:
    """The trip from a caller to the caller's own reports; nobody sees another one's."""

    reports: ReportStore
    digests: DigestStore
    answers: CachedAnswers
    compute: Compute
    press: Press
    clock: Clock
    encode: Encode

    async def latest(self, caller: Caller) -> Answer:
        """The caller's newest completed report.

        Raises:
            ReportNotFound: There is none yet.
            StoreUnavailable: The store cannot be asked.
        """

        async def make() -> bytes:
            report = await self.reports.latest_report(caller.user_id)
            if report is None or report.tenant_id != caller.tenant_id:
                message = (
                    "no daily report yet; enable it: POST /api/v1/user/profile/daily-report/enable"
                )
                raise ReportNotFound(message)
            return self.encode(DailyReportAnswer(SUCCESS, report))

        key = LATEST_KEY.format(user_id=caller.user_id)
        return await self.answers.get_or_make(key, LATEST_KEPT_SECONDS, make)

    async def history(self, caller: Caller, *, days: int, page: int, limit: int) -> Answer:
        """A page of the caller's reports, newest first.

        Args:
            caller: Whose.
            days: How far back, 1 to 90; today is the first of them.
            page: From 1.
            limit: Reports a page, 1 to 100.

        Raises:
            InvalidParameter: A number out of range.
            StoreUnavailable: The store cannot be asked.
        """
        if not 1 <= days <= MOST_DAYS or page < 1 or not 1 <= limit <= MOST_REPORTS:
            message = (
                f"days {days}, page {page}, limit {limit}: expected 1 to {MOST_DAYS} days, "
                f"a page from 1 and 1 to {MOST_REPORTS} reports"
            )
            raise InvalidParameter(message)
        since = midnight(self.clock.now()) - timedelta(days=days - 1)
        found, total = await self.reports.report_page(caller.user_id, since, page=page, limit=limit)
        own = tuple(report for report in found if report.tenant_id == caller.tenant_id)
        answer = DailyReportsAnswer(SUCCESS, own, paginated(page, limit, total))
        return tagged(await self.compute.run(lambda _: self.encode(answer)))

    async def one(self, caller: Caller, report_id: str, face: Face) -> Document:
        """One of the caller's reports in a form.

        Raises:
            ReportNotFound: None of the caller's has that id.
            StoreUnavailable: The store cannot be asked.
        """
        report = await self.reports.get_report(report_id)
        if (report.user_id, report.tenant_id) != (caller.user_id, caller.tenant_id):
            message = f"report {report_id!r}: none is stored under that id"
            raise ReportNotFound(message)
        name = f"daznode-{report.node_pubkey[:12]}-{report.report_date:%Y%m%d}.{face}"
        if face is Face.JSON:
            return Document(tagged(self.encode(DailyReportAnswer(SUCCESS, report))), face, name)

        async def make() -> bytes:
            return await self.compute.run(lambda _: self._pressed(report, face))

        made_at = f"{report.generation_timestamp:%Y%m%dT%H%M%S%f}"
        key = f"pressed:{report.report_id}:{made_at}:{face}"
        return Document(await self.answers.get_or_make(key, PRESSED_KEPT_SECONDS, make), face, name)

    async def digest(self, caller: Caller, period_days: int) -> Answer:
        """The caller's newest week or month.

        Args:
            caller: Whose.
            period_days: 7 or 30.

        Raises:
            DigestNotFound: There is none yet.
            StoreUnavailable: The store cannot be asked.
        """
        digest = await self.digests.latest_digest(caller.user_id, period_days)
        if digest is None or digest.tenant_id != caller.tenant_id:
            message = (
                f"no report over {period_days} days yet; it comes after the first full period "
                "with a daily report"
            )
            raise DigestNotFound(message)
        return tagged(self.encode(DigestAnswer(SUCCESS, digest)))

    def _pressed(self, report: DailyReport, face: Face) -> bytes:
        page = lay_out(report)
        if face is Face.MD:
            return to_markdown(page).encode()
        return self.press.html(page).encode() if face is Face.HTML else self.press.pdf(page)
