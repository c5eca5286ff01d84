"""The daily report's trip over real stores: what is gathered, stored, replaced and left unknown."""

import asyncio
import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.builders import (
    DAY,
    MORNING,
    TODAY,
    a_forward,
    a_node_id,
    a_snapshot,
    an_identity,
    an_observation,
)
from tests.fakes.clock import FakeClock, FakeIds
from tests.fakes.node import FakeNode

from daznode.adapters.compute import ThreadCompute
from daznode.adapters.store.history import SqliteHistory
from daznode.adapters.store.snapshots import SnapshotFolders
from daznode.adapters.store.sqlite import SqliteStore
from daznode.domain.capability import Capability
from daznode.domain.errors import InvalidParameter
from daznode.domain.ids import format_scid, parse_node_id
from daznode.domain.measures import ScoreWeights
from daznode.domain.provenance import SourceStatus
from daznode.domain.report import Scope
from daznode.graph.measures import MeasureParams
from daznode.usecases.daily_report import DailyReportTrip, ReportRequest
from daznode.usecases.open_network import OpenNetwork

US = a_node_id(1)
PAIRS = ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (0, 3))


class House:
    """One operator's stores in a folder, and the trip over them."""

    def __init__(self, folder, node=None):
        self.clock, self.compute = FakeClock(), ThreadCompute()
        self.store = SqliteStore(folder, folder / "rag")
        self.snapshots = SnapshotFolders(folder)
        networks = OpenNetwork(
            snapshots=self.snapshots,
            measures=self.snapshots,
            compute=self.compute,
            clock=self.clock,
            params=MeasureParams(),
            weights=ScoreWeights(),
            threads=1,
        )
        self.history = SqliteHistory(folder)
        self.trip = DailyReportTrip(
            self.clock,
            FakeIds(),
            networks,
            self.store,
            self.store,
            node=node,
            history=self.history,
        )

    def run(self, **request):
        return asyncio.run(self.trip.run(ReportRequest(**({"node_id": US} | request))))

    def keep(self, *snapshots):
        async def put():
            for snapshot in snapshots:
                await self.snapshots.put(snapshot)

        asyncio.run(put())

    def close(self):
        self.store.close()
        self.history.close()
        self.compute.close()


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    yield made
    made.close()


def a_week(days=7):
    """A snapshot each morning; each day one channel more."""
    return [
        a_snapshot(6, PAIRS[: len(PAIRS) - min(back, 3)], observed_at=MORNING - back * DAY)
        for back in range(days)
    ]


def test_a_report_without_any_data_says_so(house):
    report = house.run()
    assert report.scope is Scope.PUBLIC
    assert {source.status for source in report.sources} == {SourceStatus.UNAVAILABLE}
    assert "daznode network import" in report.sources[0].error


def test_a_week_of_snapshots_gives_trends_and_deltas(house):
    house.keep(*a_week())
    report = house.run()
    assert None not in report.trends.score_evolution_7d
    capacities = report.trends.capacity_evolution_7d
    assert capacities[-1] == report.metrics.capacity.total_sats
    assert report.sources[1].status is SourceStatus.OK
    assert report.metrics.network.rank_delta is not None
    assert report.metrics.network.peers_lost == ()


def test_a_missing_day_is_a_gap(house):
    week = a_week()
    house.keep(*week[:2], *week[3:])
    report = house.run()
    assert [value is None for value in report.trends.score_evolution_7d] == [
        *[False] * 4,
        True,
        False,
        False,
    ]


def test_one_snapshot_is_never_compared_with_itself(house):
    house.keep(a_snapshot(6, PAIRS, observed_at=MORNING - timedelta(hours=25)))
    report = house.run()
    assert report.sources[0].status is SourceStatus.OK
    assert report.summary.score_delta_24h is None
    assert report.metrics.network.peers_lost is None
    assert [value is not None for value in report.trends.score_evolution_7d] == [
        *[False] * 5,
        True,
        False,
    ]


def test_the_age_of_a_source_does_not_depend_on_when_the_report_is_made(house):
    house.keep(*a_week(2))
    first = house.run(day=date(2025, 11, 19))
    house.clock.advance(timedelta(days=5))
    again = house.run(day=date(2025, 11, 19))
    assert replace(again, generation_timestamp=first.generation_timestamp) == first


def test_a_report_of_long_ago_keeps_its_id(house):
    house.keep(a_snapshot(6, PAIRS, observed_at=MORNING - 200 * DAY))
    long_ago = (MORNING - 200 * DAY).date()
    assert house.run(day=long_ago).report_id == house.run(day=long_ago).report_id


def test_todays_balances_do_not_enter_an_old_report(tmp_path):
    house = House(tmp_path, FakeNode())
    report = house.run(day=date(2025, 11, 10))
    house.close()
    assert report.scope is Scope.PUBLIC
    assert "no state of the node" in report.sources[2].error


def test_an_old_snapshot_is_used_and_marked_stale(house):
    house.keep(a_snapshot(6, PAIRS, observed_at=MORNING - 3 * DAY))
    report = house.run()
    assert report.sources[0].status is SourceStatus.STALE
    assert report.summary.overall_score is not None
    assert report.summary.score_delta_24h is None


def test_the_same_day_again_replaces_the_report_and_keeps_its_id(house, tmp_path):
    house.keep(*a_week(2))
    first = house.run()
    house.clock.advance(timedelta(hours=3))
    again = house.run()
    assert again.report_id == first.report_id
    assert again.generation_timestamp > first.generation_timestamp
    stored = asyncio.run(house.store.reports("local", US, TODAY, TODAY + DAY))
    assert [one.report_id for one in stored] == [first.report_id]
    file = tmp_path / "rag" / "reports" / "daily" / "local" / "20251120.json"
    assert json.loads(file.read_text())["report_id"] == first.report_id


def test_the_same_inputs_give_the_same_report(tmp_path):
    made = []
    for name in ("one", "two"):
        one = House(tmp_path / name, FakeNode())
        one.keep(*a_week())
        made.append(one.run())
        one.close()
    assert made[0] == made[1]


def test_the_own_node_is_read_and_kept(tmp_path):
    house = House(tmp_path, FakeNode())
    report = house.run()
    house.close()
    assert report.scope is Scope.NODE
    assert report.metrics.forwarding.revenue_7d == 26
    assert report.metrics.forwarding.net_7d == -49
    reopened = SqliteStore(tmp_path, tmp_path / "rag")
    kept = asyncio.run(reopened.observations("local", US, TODAY, TODAY + DAY))
    reopened.close()
    assert [one.observed_at for one in kept] == [MORNING]


def test_a_node_that_fails_costs_only_its_own_figures(tmp_path):
    house = House(tmp_path, FakeNode(error="lnd: connection refused"))
    house.keep(*a_week(1))
    report = house.run()
    house.close()
    assert report.scope is Scope.PUBLIC
    assert report.summary.overall_score is not None
    assert report.sources[2].error == "lnd: connection refused"


@pytest.mark.parametrize(("hours", "days"), [(3, 0), (80, 3)])
def test_a_node_that_is_offline_is_reported_as_last_known(tmp_path, hours, days):
    """Windows end where the knowledge ends, and the source says how old that is."""
    node = FakeNode()
    house = House(tmp_path, node)
    fresh = house.run()
    node.error = "lnd: connection refused"
    house.clock.advance(timedelta(hours=hours))
    stale = house.run()
    house.close()
    source = stale.sources[2]
    assert (stale.scope, source.status) == (Scope.NODE, SourceStatus.STALE)
    assert source.error == "lnd: connection refused"
    assert source.age_seconds == hours * 3_600
    assert stale.metrics.forwarding == fresh.metrics.forwarding
    assert stale.report_date - fresh.report_date == days * DAY


def test_an_offline_node_may_be_away_too_long_to_say_anything(tmp_path):
    node = FakeNode()
    house = House(tmp_path, node)
    house.run()
    node.error = "gone"
    house.clock.advance(timedelta(days=400))
    report = house.run()
    house.close()
    assert report.scope is Scope.NODE
    assert report.sources[2].age_seconds == 400 * 86_400


def test_failures_that_nobody_recorded_are_unknown(tmp_path):
    house = House(tmp_path, FakeNode(can=frozenset({Capability.FORWARDS})))
    report = house.run()
    house.close()
    assert report.metrics.forwarding.forwards_7d == 1
    assert report.metrics.forwarding.failed_24h is None
    assert report.summary.forwarding_rate_24h is None
    assert {row.failed_7d for row in report.channels} == {None}
    assert "channels.failed_7d" in report.sources[2].missing
    assert "daznode sync --follow" in report.sources[2].detail


def test_the_books_of_a_week_are_in_the_channel_table(tmp_path):
    node = FakeNode()
    house = House(tmp_path, node)
    first = house.run()
    assert {row.balance_change_7d_msat for row in first.channels} == {None}
    assert "channels.unexplained_7d_msat" in first.sources[2].missing
    house.clock.advance(timedelta(days=7))
    moment = house.clock.now()
    channels = list(node.observation.channels)
    channels[1] = replace(channels[1], local_msat=channels[1].local_msat - 100_000_000 - 7)
    node.observation = replace(node.observation, channels=tuple(channels), observed_at=moment)
    sale = a_forward(at=moment - timedelta(hours=1))
    node.events = replace(node.events, forwards=(*node.events.forwards, sale))
    report = house.run()
    house.close()
    row = next(one for one in report.channels if one.scid == format_scid(channels[1].scid))
    assert row.balance_change_7d_msat == -100_000_007
    assert row.unexplained_7d_msat == -7
    assert "channels.unexplained_7d_msat" not in report.sources[2].missing


def test_another_node_than_the_connected_one_gets_public_data_only(tmp_path):
    other = an_observation(identity=an_identity(node_id=a_node_id(9)))
    house = House(tmp_path, FakeNode(other))
    house.keep(*a_week(1))
    report = house.run()
    house.close()
    assert report.scope is Scope.PUBLIC


def test_a_past_day_uses_what_was_known_then(house):
    house.keep(*a_week(3))
    report = house.run(day=date(2025, 11, 18))
    assert report.report_date == TODAY - 2 * DAY
    assert report.sources[0].observed_at == MORNING - 2 * DAY


@pytest.mark.parametrize(
    ("request_fields", "said"),
    [
        ({"day": date(2025, 11, 21)}, "in the future"),
        ({"day": date.min}, "2018-01-01 or later"),
        ({"language": "de"}, "'de'"),
    ],
)
def test_what_cannot_be_reported(house, request_fields, said):
    with pytest.raises(InvalidParameter, match=said):
        house.run(**request_fields)
    assert asyncio.run(house.store.reports("local", US, TODAY - DAY, TODAY + 2 * DAY)) == ()


def test_reports_leave_the_database_after_ninety_days_and_their_files_stay(house, tmp_path):
    house.run()
    house.clock.advance(timedelta(days=89))
    house.run()
    assert len(asyncio.run(house.store.reports("local", US, TODAY, TODAY + 100 * DAY))) == 2
    house.clock.advance(timedelta(days=1))
    house.run()
    kept = asyncio.run(house.store.reports("local", US, TODAY, TODAY + 100 * DAY))
    assert [one.report_date for one in kept] == [TODAY + 89 * DAY, TODAY + 90 * DAY]
    assert len(list((tmp_path / "rag").rglob("2*.json"))) == 3


def test_many_reports_are_those_of_one_by_one(tmp_path):
    nodes = [parse_node_id(a_node_id(number)) for number in range(1, 7)]
    requests = [ReportRequest(node, user_id=f"user-{place}") for place, node in enumerate(nodes)]
    batch = House(tmp_path / "batch")
    batch.keep(*a_week(2))
    together = asyncio.run(batch.trip.run_many(requests))
    batch.close()
    single = House(tmp_path / "single")
    single.keep(*a_week(2))
    one_by_one = tuple(asyncio.run(single.trip.run(request)) for request in requests)
    single.close()
    assert [replace(one, report_id="") for one in together] == [
        replace(one, report_id="") for one in one_by_one
    ]
