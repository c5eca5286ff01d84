"""The daily report: gather the day, judge, advise, build, store."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from daznode.decide.advice import advise
from daznode.decide.params import AdviceParams
from daznode.domain.errors import InvalidParameter
from daznode.domain.gossip import SnapshotSummary
from daznode.domain.ids import NodeId
from daznode.domain.node_view import DAY, DayStatus, NodeView, OwnDay, PublicPoint
from daznode.domain.report import DailyReport
from daznode.graph.view import NetworkIndex
from daznode.monitor.params import MonitorParams
from daznode.monitor.rules import judge
from daznode.ports.clock import Clock, IdSource
from daznode.ports.history import HistoryStore
from daznode.ports.lightning import ConnectedNode
from daznode.ports.store import ObservationStore, ReportStore
from daznode.report.daily import ReportHeading, build
from daznode.usecases.open_network import OpenNetwork
from daznode.usecases.own_day import DAYS, OwnDayReader

STALE_AFTER: Final = timedelta(hours=36)
"""A snapshot older than this at the end of the day says little about that day: a daily dump that
was missed once is late, one missed twice is stale."""

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
    """

    node_id: NodeId
    language: str = "en"
    day: date | None = None
    user_id: str = LOCAL_USER
    tenant_id: str = LOCAL_USER


@dataclass(frozen=True, slots=True)
class NetworkWeek:
    """The networks that one report looks at.

    Attributes:
        until: End of the report's day, UTC.
        now: The newest one observed by then, however old; None without any.
        before: The one of the day before `now`, for deltas; never `now` itself.
        days: The newest one observed on each of the seven days, oldest first; None for a day
            without one.
        is_stale: Whether `now` is too old for the day.
    """

    until: datetime
    now: NetworkIndex | None
    before: NetworkIndex | None
    days: tuple[NetworkIndex | None, ...]
    is_stale: bool


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
    fixed_network: NetworkIndex | None = None
    monitor_params: MonitorParams = field(default_factory=MonitorParams)
    advice_params: AdviceParams = field(default_factory=AdviceParams)
    _opened: dict[str, NetworkIndex] = field(default_factory=dict)

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

    async def run_many(self, requests: Sequence[ReportRequest]) -> tuple[DailyReport, ...]:
        """Make and store many reports, in the order of the requests; raises as `run` does."""
        now, weeks = self.clock.now(), dict[datetime, NetworkWeek]()
        prepared = []
        for request in requests:
            report_date, until = _window(request, now)
            if until not in weeks:
                weeks[until] = await self._open_week(until)
            prepared.append(await self._make(request, now, report_date, weeks[until]))
        stored = await self.reports.put_reports(prepared)
        oldest = min((report.report_date for report in stored), default=now)
        await self.reports.purge(min(now - KEPT, oldest))
        return stored

    async def prepare(self, request: ReportRequest) -> DailyReport:
        """Make one report without storing it; raises as `run` does."""
        now = self.clock.now()
        report_date, until = _window(request, now)
        return await self._make(request, now, report_date, await self._open_week(until))

    async def _make(
        self, request: ReportRequest, now: datetime, report_date: datetime, week: NetworkWeek
    ) -> DailyReport:
        status = await self._status(request, week)
        findings = judge(status, self.monitor_params)
        advice = advise(status, self.advice_params)
        heading = ReportHeading(
            report_id=self.ids.new_id(),
            user_id=request.user_id,
            tenant_id=request.tenant_id,
            report_date=report_date,
            generated_at=now,
            language=request.language,
        )
        return build(heading, status, findings, advice)

    async def _status(self, request: ReportRequest, week: NetworkWeek) -> DayStatus:
        node_id, until = request.node_id, week.until
        own, node_error = await self._own_day(request, until)
        return DayStatus(
            node_id=node_id,
            until=until,
            now=_view(week.now, node_id),
            is_stale=week.is_stale,
            before=None if week.is_stale else _view(week.before, node_id),
            points=tuple(_point(network, node_id) for network in week.days),
            own=own,
            node_error=node_error,
            has_network=week.now is not None,
        )

    async def _own_day(
        self, request: ReportRequest, until: datetime
    ) -> tuple[OwnDay | None, str | None]:
        """The node's own data, and why it is missing or old."""
        if self.node is None or self.history is None:
            return None, None
        reader = OwnDayReader(self.clock, self.history, self.observations)
        is_present = request.day is None or until == self.clock.now()
        return await reader.read(
            self.node, request.tenant_id, request.node_id, until, is_present=is_present
        )

    async def _open_week(self, until: datetime) -> NetworkWeek:
        if self.fixed_network is not None:
            return _week_of(until, self.fixed_network, None, [None] * DAYS)
        summaries = await self.networks.snapshots.summaries()
        now, before, days = _choose_days(summaries, until)
        opened: dict[str, NetworkIndex] = {}
        for one in (now, before, *days):
            if one is not None and one.origin.snapshot_id not in opened:
                name = one.origin.snapshot_id
                kept = self._opened.get(name)
                opened[name] = kept or await self.networks.opened(one, summaries)
        self._opened = opened

        def network(one: SnapshotSummary | None) -> NetworkIndex | None:
            return None if one is None else opened[one.origin.snapshot_id]

        return _week_of(until, network(now), network(before), [network(one) for one in days])


def _window(request: ReportRequest, now: datetime) -> tuple[datetime, datetime]:
    """Midnight of the report's day, and the end of the 24 hours it is about."""
    report_date = datetime.combine(request.day or now.date(), time(), UTC)
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


def _week_of(
    until: datetime,
    now: NetworkIndex | None,
    before: NetworkIndex | None,
    days: list[NetworkIndex | None],
) -> NetworkWeek:
    is_stale = now is not None and until - now.snapshot.origin.observed_at > STALE_AFTER
    return NetworkWeek(until, now, before, tuple(days), is_stale)


def _choose_days(
    summaries: tuple[SnapshotSummary, ...], until: datetime
) -> tuple[SnapshotSummary | None, SnapshotSummary | None, list[SnapshotSummary | None]]:
    """The newest snapshot, the one of the day before it, and the newest of each of the seven days."""
    known = [one for one in summaries if one.origin.observed_at <= until]
    if not known:
        return None, None, [None] * DAYS
    now = known[-1]
    moment = now.origin.observed_at
    earlier = [one for one in known if DAY / 2 <= moment - one.origin.observed_at <= STALE_AFTER]
    days: list[SnapshotSummary | None] = []
    for back in range(DAYS - 1, -1, -1):
        end = until - back * DAY
        fitting = [one for one in known if end - DAY < one.origin.observed_at <= end]
        days.append(fitting[-1] if fitting else None)
    return now, earlier[-1] if earlier else None, days
