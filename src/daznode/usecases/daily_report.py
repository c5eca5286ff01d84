"""The daily report: gather the day, judge, advise, build, store."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from daznode.decide.advice import advise
from daznode.decide.params import AdviceParams
from daznode.domain.errors import BackendError, InvalidParameter
from daznode.domain.gossip import SnapshotSummary
from daznode.domain.ids import NodeId
from daznode.domain.ledger import tally
from daznode.domain.node_view import DAY, DayStatus, OwnDay, PublicPoint
from daznode.domain.report import DailyReport
from daznode.graph.view import NetworkIndex
from daznode.monitor.params import MonitorParams
from daznode.monitor.rules import judge
from daznode.ports.clock import Clock, IdSource
from daznode.ports.lightning import LightningNode
from daznode.ports.store import ObservationStore, ReportStore
from daznode.report.daily import ReportHeading, build
from daznode.usecases.open_network import OpenNetwork

DAYS: Final = 7
"""Days of a trend, the report's day included."""

FORTNIGHT: Final = timedelta(days=14)

STALE_AFTER: Final = timedelta(hours=36)
"""A snapshot older than this at the end of the day says little about that day: a daily dump that
was missed once is late, one missed twice is stale."""

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
    """The networks of the seven days that end at `until`, oldest first; None for a day without one.

    Attributes:
        until: End of the report's day, UTC.
        days: One network per day; the last is the newest known, however old.
        is_stale: Whether the last is too old for the day.
    """

    until: datetime
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
    node: LightningNode | None = None
    fixed_network: NetworkIndex | None = None
    monitor_params: MonitorParams = field(default_factory=MonitorParams)
    advice_params: AdviceParams = field(default_factory=AdviceParams)
    _week: tuple[tuple[str | None, ...], NetworkWeek] | None = None

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
        await self.reports.purge(self.clock.now() - KEPT)
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
        await self.reports.purge(now - KEPT)
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
        places = [
            None if network is None else network.snapshot.index_of(node_id) for network in week.days
        ]
        views = [
            None if network is None or place is None else network.view(place)
            for network, place in zip(week.days[-2:], places[-2:], strict=True)
        ]
        own, node_error = await self._own_day(request, until)
        return DayStatus(
            node_id=node_id,
            until=until,
            now=views[1],
            is_stale=week.is_stale,
            before=None if week.is_stale else views[0],
            points=tuple(
                None if network is None else _point(network, place)
                for network, place in zip(week.days, places, strict=True)
            ),
            own=own,
            node_error=node_error,
            has_network=week.days[-1] is not None,
        )

    async def _own_day(
        self, request: ReportRequest, until: datetime
    ) -> tuple[OwnDay | None, str | None]:
        """The node's own data, or why there is none."""
        if self.node is None:
            return None, None
        try:
            identity = await self.node.identity()
            if identity.node_id != request.node_id:
                return None, None
            observation = await self.node.observe()
            activity = await self.node.activity(until - FORTNIGHT, until)
        except BackendError as exc:
            return None, str(exc)
        await self.observations.put_observation(request.tenant_id, observation)
        kept = await self.observations.observations(
            request.tenant_id, request.node_id, until - DAYS * DAY, until + DAY
        )
        ends = [until - back * DAY for back in range(DAYS - 1, -1, -1)]
        capacities: list[int | None] = []
        for end in ends:
            seen = [one for one in kept if end - DAY < one.observed_at <= end]
            channels = seen[-1].channels if seen else None
            capacities.append(
                None if channels is None else sum(int(one.capacity_sat) for one in channels)
            )
        return OwnDay(
            observation=observation,
            day=tally(activity, until - DAY, until),
            week=tally(activity, until - DAYS * DAY, until),
            fortnight=tally(activity, until - FORTNIGHT, until),
            days=tuple(tally(activity, end - DAY, end) for end in ends),
            capacity_by_day=tuple(capacities),
        ), None

    async def _open_week(self, until: datetime) -> NetworkWeek:
        if self.fixed_network is not None:
            return _week_of(until, [None] * (DAYS - 1) + [self.fixed_network])
        summaries = await self.networks.snapshots.summaries()
        chosen = _choose_days(summaries, until)
        names = tuple(one.origin.snapshot_id if one else None for one in chosen)
        if self._week is not None and self._week[0] == names:
            return _week_of(until, list(self._week[1].days))
        opened: list[NetworkIndex | None] = [
            None if one is None else await self.networks.opened(one, summaries) for one in chosen
        ]
        week = _week_of(until, opened)
        self._week = (names, week)
        return week


def _window(request: ReportRequest, now: datetime) -> tuple[datetime, datetime]:
    """Midnight of the report's day, and the end of the 24 hours it is about."""
    report_date = datetime.combine(request.day or now.date(), time(), UTC)
    if report_date > now:
        message = f"report day {report_date:%Y-%m-%d}: in the future; today is {now:%Y-%m-%d} UTC"
        raise InvalidParameter(message)
    return report_date, min(now, report_date + DAY)


def _point(network: NetworkIndex, place: int | None) -> PublicPoint:
    if place is None:
        return PublicPoint(None, None)
    return PublicPoint(network.overall(place), network.capacity_sat(place))


def _week_of(until: datetime, days: list[NetworkIndex | None]) -> NetworkWeek:
    newest = days[-1]
    is_stale = newest is not None and until - newest.snapshot.origin.observed_at > STALE_AFTER
    return NetworkWeek(until, tuple(days), is_stale)


def _choose_days(
    summaries: tuple[SnapshotSummary, ...], until: datetime
) -> list[SnapshotSummary | None]:
    """For each of the seven days the newest snapshot observed in it; for the last, the newest."""
    known = [one for one in summaries if one.origin.observed_at <= until]
    chosen: list[SnapshotSummary | None] = []
    for back in range(DAYS - 1, 0, -1):
        end = until - back * DAY
        fitting = [one for one in known if end - DAY < one.origin.observed_at <= end]
        chosen.append(fitting[-1] if fitting else None)
    return [*chosen, known[-1] if known else None]
