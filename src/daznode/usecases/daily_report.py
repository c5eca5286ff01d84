"""The daily report: gather the day, judge, advise, build, store."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from daznode.decide.advice import advise
from daznode.decide.params import AdviceParams
from daznode.domain.accounts import LOCAL_TENANT
from daznode.domain.errors import InvalidParameter
from daznode.domain.ids import NodeId
from daznode.domain.node_view import DAY, DayStatus, NodeView, OwnDay, PublicPoint
from daznode.domain.public_data import PublicDay
from daznode.domain.report import DailyReport
from daznode.graph.view import NetworkIndex
from daznode.monitor.params import MonitorParams
from daznode.monitor.rules import judge
from daznode.ports.clock import Clock, IdSource
from daznode.ports.history import HistoryStore
from daznode.ports.lightning import ConnectedNode
from daznode.ports.store import ObservationStore, ReportStore
from daznode.report.daily import ReportHeading, build
from daznode.usecases.gather_public import GatherPublic
from daznode.usecases.open_network import OpenNetwork
from daznode.usecases.open_week import DAYS, NetworkWeek, OpenWeek, week_of
from daznode.usecases.read_own_day import ReadOwnDay

FIRST_DAY: Final = datetime(2018, 1, 1, tzinfo=UTC)
"""The Lightning Network went live on mainnet in the first months of 2018."""

KEPT: Final = timedelta(days=90)
"""How long the database keeps reports; their files stay."""

LOCAL_USER: Final = "local"


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """Which report to make.

    Attributes:
        node_id: The node.
        language: `en` or `fr`.
        day: UTC day of the report; None for today.
        user_id: Whose report.
        tenant_id: Whose data.
        is_owner: Whether the node is known to be the user's, so that its own data may be read.
    """

    node_id: NodeId
    language: str = "en"
    day: date | None = None
    user_id: str = LOCAL_USER
    tenant_id: str = LOCAL_TENANT
    is_owner: bool = True


@dataclass(frozen=True, slots=True)
class MadeReport:
    """A report, not yet stored.

    Attributes:
        report: The report.
        node_error: Why the connected node gave no data; None if it did or none was asked.
    """

    report: DailyReport
    node_error: str | None


@dataclass(slots=True)
class DailyReportTrip:
    """The trip from sources to a stored report.

    The networks of the last week asked for are kept in memory, so that a batch opens them once.
    """

    clock: Clock
    ids: IdSource
    networks: OpenNetwork
    observations: ObservationStore
    reports: ReportStore
    node: ConnectedNode | None = None
    history: HistoryStore | None = None
    public: GatherPublic | None = None
    fixed_network: NetworkIndex | None = None
    monitor_params: MonitorParams = field(default_factory=MonitorParams)
    advice_params: AdviceParams = field(default_factory=AdviceParams)
    _open_week: OpenWeek | None = None
    _read_own_day: ReadOwnDay | None = None

    async def run(self, request: ReportRequest) -> DailyReport:
        """Make and store one report; those that are too old leave the database.

        Args:
            request: Which.

        Returns:
            The report as stored.

        Raises:
            InvalidParameter: The day lies in the future, or the language is unknown.
            StoreUnavailable: The report cannot be stored.
        """
        stored = await self.reports.put_report(await self.prepare(request))
        await self.reports.purge(min(self.clock.now() - KEPT, stored.report_date))
        return stored

    async def prepare(self, request: ReportRequest) -> DailyReport:
        """Make one report without storing it; raises as `run` does."""
        now = self.clock.now()
        week = await self.open_week(request.day, now)
        return (await self.make(request, now, week, self.ids.new_id())).report

    async def open_week(self, day: date | None, now: datetime) -> NetworkWeek:
        """The networks that the reports of a day look at.

        Args:
            day: UTC day of the reports; None for today.
            now: The present, UTC.

        Raises:
            InvalidParameter: The day lies in the future, or before there was a network.
        """
        _, until = _window(day, now)
        if self.fixed_network is not None:
            return week_of(until, self.fixed_network, None, [None] * DAYS)
        if self._open_week is None:
            self._open_week = OpenWeek(self.networks)
        return await self._open_week.run(until)

    async def make(
        self, request: ReportRequest, now: datetime, week: NetworkWeek, report_id: str
    ) -> MadeReport:
        """Make one report without storing it; what is computed is computed off the event loop.

        Args:
            request: Which.
            now: The present, UTC, as it was given to `open_week`.
            week: The networks of its day.
            report_id: UUID for a report of that user, node and day, if it is the first.

        Raises:
            InvalidParameter: The day lies in the future, or the language is unknown.
        """
        report_date, until = _window(request.day, now)
        is_today = until == now
        (own, node_error), public = await asyncio.gather(
            self._own_day(request, until, is_today=is_today),
            self._public_day(request.node_id, is_today=is_today),
        )
        heading = ReportHeading(
            report_id=report_id,
            user_id=request.user_id,
            tenant_id=request.tenant_id,
            report_date=report_date,
            generated_at=now,
            language=request.language,
        )

        def work(_: object) -> DailyReport:
            status = replace(_status(request.node_id, week, own, node_error), public=public)
            findings = judge(status, self.monitor_params)
            return build(heading, status, findings, advise(status, self.advice_params))

        return MadeReport(await self.networks.compute.run(work), node_error)

    async def _own_day(
        self, request: ReportRequest, until: datetime, *, is_today: bool
    ) -> tuple[OwnDay | None, str | None]:
        """The node's own data, and why it is missing or old."""
        if self.node is None or self.history is None or not request.is_owner:
            return None, None
        if self._read_own_day is None:
            self._read_own_day = ReadOwnDay(
                self.clock, self.observations, self.history, self.node, self.networks.compute
            )
        return await self._read_own_day.run(
            request.node_id, request.tenant_id, until, is_today=is_today
        )

    async def _public_day(self, node_id: NodeId, *, is_today: bool) -> PublicDay | None:
        """What public services say now; a past day cannot be asked for."""
        if self.public is None or not is_today:
            return None
        return await self.public.run(node_id)


def _status(
    node_id: NodeId, week: NetworkWeek, own: OwnDay | None, node_error: str | None
) -> DayStatus:
    return DayStatus(
        node_id=node_id,
        until=week.until,
        now=_view(week.now, node_id),
        is_stale=week.is_stale,
        before=None if week.is_stale else _view(week.before, node_id),
        points=tuple(_point(network, node_id) for network in week.days),
        own=own,
        node_error=node_error,
        has_network=week.now is not None,
    )


def _window(day: date | None, now: datetime) -> tuple[datetime, datetime]:
    """Midnight of the report's day, and the end of the 24 hours it is about."""
    report_date = datetime.combine(day or now.date(), time(), UTC)
    if report_date < FIRST_DAY:
        message = (
            f"report day {report_date:%Y-%m-%d}: too early; expected {FIRST_DAY:%Y-%m-%d} or later"
        )
        raise InvalidParameter(message)
    if report_date > now:
        message = f"report day {report_date:%Y-%m-%d}: in the future; today is {now:%Y-%m-%d} UTC"
        raise InvalidParameter(message)
    return report_date, min(now, report_date + DAY)


def _view(network: NetworkIndex | None, node_id: NodeId) -> NodeView | None:
    place = None if network is None else network.snapshot.index_of(node_id)
    return None if network is None or place is None else network.view(place)


def _point(network: NetworkIndex | None, node_id: NodeId) -> PublicPoint | None:
    if network is None:
        return None
    place = network.snapshot.index_of(node_id)
    if place is None:
        return PublicPoint(None, None)
    return PublicPoint(network.overall(place), network.capacity_sat(place))
