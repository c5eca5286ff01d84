"""Answers about reports as integrators get them."""

from dataclasses import dataclass

from daznode.domain.answers import Pagination
from daznode.domain.digest import Digest
from daznode.domain.report import DailyReport


@dataclass(frozen=True, slots=True)
class DailyReportAnswer:
    """One daily report.

    Attributes:
        status: `success`.
        report: The report.
    """

    status: str
    report: DailyReport


@dataclass(frozen=True, slots=True)
class DailyReportsAnswer:
    """A page of daily reports.

    Attributes:
        status: `success`.
        reports: Newest first.
        pagination: Which page of how many.
    """

    status: str
    reports: tuple[DailyReport, ...]
    pagination: Pagination


@dataclass(frozen=True, slots=True)
class DigestAnswer:
    """A week or a month.

    Attributes:
        status: `success`.
        report: The digest.
    """

    status: str
    report: Digest
