"""The report of a day: figures, absent figures, reasons, and the same bytes for the same day."""

import dataclasses
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.builders import (
    DAY,
    MORNING,
    TODAY,
    a_channel,
    a_failure,
    a_forward,
    a_rebalance,
    a_scid,
    an_activity,
    an_identity,
    an_observation,
)
from tests.status_builders import a_card, a_status, a_view, an_own_day

from daznode.decide.advice import advise
from daznode.decide.params import AdviceParams
from daznode.domain.provenance import Reality, SourceStatus
from daznode.domain.report import GenerationStatus, Health, Scope
from daznode.monitor.params import MonitorParams
from daznode.monitor.rules import judge
from daznode.report.daily import ReportHeading, build, rating_of
from daznode.report.voice import voice_of

HEADING = ReportHeading("00000000-0000-4000-8000-000000000001", "ann", "acme", TODAY, MORNING, "en")


def report_of(status, heading=HEADING):
    findings = judge(status, MonitorParams())
    return build(heading, status, findings, advise(status, AdviceParams()))


def own_status(**given):
    events = an_activity(
        forwards=(
            a_forward(at=MORNING - timedelta(hours=2)),
            a_forward(at=MORNING - 2 * DAY - timedelta(hours=1)),
        ),
        failures=(a_failure(at=MORNING - timedelta(hours=1)),),
        rebalances=(a_rebalance(at=MORNING - 3 * DAY),),
    )
    return a_status(own=an_own_day(activity=events, **given))


def test_public_data_alone_leaves_money_unknown_and_says_why():
    report = report_of(a_status())
    assert report.scope is Scope.PUBLIC
    assert set(dataclasses.astuple(report.metrics.forwarding)) == {None}
    assert report.metrics.capacity.local_balance is None
    assert report.summary.revenue_sats_24h is None
    assert report.trends.revenue_evolution_7d == (None,) * 7
    assert all(row.profit_7d_msat is None for row in report.channels)
    assert all(one.estimated_gain_sats_month is None for one in report.recommendations)
    node = next(source for source in report.sources if source.name == "node")
    assert (node.status, node.error) == (SourceStatus.UNAVAILABLE, "no node is connected")
    assert "metrics.forwarding" in node.missing


def test_public_figures():
    report = report_of(a_status())
    assert report.summary.overall_score == 82.4
    assert report.summary.score_delta_24h == 2.4
    assert report.summary.rating == "good"
    assert report.summary.status is Health.HEALTHY
    assert report.summary.capacity_btc == Decimal("0.15000000")
    assert report.metrics.network.rank_delta == 8
    assert report.metrics.fees.avg_fee_rate == 250
    assert report.trends.score_evolution_7d == (None,) * 5 + (80.0, 82.4)
    assert report.generation_status is GenerationStatus.COMPLETED
    assert report.rag_asset_id == "daily_report_ann_20251120"


def test_own_figures_add_up():
    report = report_of(own_status())
    forwarding = report.metrics.forwarding
    assert (forwarding.forwards_24h, forwarding.forwards_7d) == (1, 2)
    assert (forwarding.revenue_24h, forwarding.revenue_7d) == (26, 52)
    assert (forwarding.rebalance_cost_7d, forwarding.net_7d) == (75, -23)
    assert forwarding.success_rate_24h == 0.5
    assert forwarding.earned_ppm_7d == 260
    assert report.trends.revenue_evolution_7d == (0, 0, 0, 0, 26, 0, 26)
    assert report.trends.forward_rate_evolution_7d == (None, None, None, None, 1.0, None, 0.5)
    profit_msat = sum(row.profit_7d_msat for row in report.channels)
    assert profit_msat == forwarding.net_7d_msat == -23_000


def test_channels_are_sorted_by_profit():
    rows = report_of(own_status()).channels
    assert [row.profit_7d_msat for row in rows] == [0, 0, -23_000]


def test_unknown_node_still_gets_a_report():
    report = report_of(a_status(now=None, before=None, points=(None,) * 7))
    assert report.summary.overall_score is None
    assert report.opportunities == ()
    network = next(source for source in report.sources if source.name == "network_snapshot")
    assert network.status is SourceStatus.UNAVAILABLE
    assert "not in the snapshot" in network.error


def test_no_snapshot_at_all_names_the_command():
    report = report_of(a_status(now=None, before=None, points=(None,) * 7, has_network=False))
    assert "daznode network import" in report.sources[0].error


def test_stale_snapshot_is_marked_with_its_age():
    status = a_status(is_stale=True, before=None, now=a_view(seen_at=MORNING - 9 * DAY))
    source = report_of(status).sources[0]
    assert source.status is SourceStatus.STALE
    assert source.age_seconds == 9 * 86_400


def test_a_node_that_did_not_answer_is_named():
    report = report_of(a_status(node_error="lnd: connection refused"))
    assert report.sources[2].error == "lnd: connection refused"


def test_simulated_data_is_marked():
    observation = an_observation(
        identity=an_identity(backend="simulated", reality=Reality.SIMULATED),
        channels=(a_channel(1),),
    )
    report = report_of(a_status(own=an_own_day(observation)))
    assert report.sources[2].reality is Reality.SIMULATED


def test_same_day_same_report():
    assert report_of(own_status()) == report_of(own_status())


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_template_is_left_open(language):
    heading = dataclasses.replace(HEADING, language=language)
    report = report_of(own_status(), heading)
    texts = [report.summary.narrative]
    texts += [text for one in report.alerts for text in (one.title, one.description)]
    texts += [
        text
        for one in report.recommendations
        for text in (one.title, one.description, one.suggested_action, one.gain_basis)
    ]
    assert all(text and "{" not in text and "None" not in text for text in texts)


@pytest.mark.parametrize(
    ("score", "rating"),
    [
        (None, None),
        (90.0, "excellent"),
        (89.9, "good"),
        (75, "good"),
        (50, "average"),
        (49.9, "poor"),
    ],
)
def test_rating(score, rating):
    assert rating_of(score) == rating


def test_parallel_channels_to_one_peer_are_two_rows():
    status = a_status(now=a_view(card=a_card(overall=None)))
    assert len(report_of(status).channels) == len({a_scid(n) for n in (1, 2, 3)})


NULL_BY_NATURE = {
    "error_message",  # set when the making of the report failed
    "recommendations.decision_id",  # no decisions are made yet
    "recommendations.estimated_gain_sats_month",  # its reason is `gain_basis`
    "opportunities.roi_ratio",  # its reason is `roi_basis`
    "opportunities.harmonic_gain_ratio",
    "sources.error",
    "sources.observed_at",
    "sources.age_seconds",
    "metrics.forwarding.success_rate_24h",  # nothing was asked
    "metrics.forwarding.earned_ppm_7d",
    "trends.forward_rate_evolution_7d",
    "summary.forwarding_rate_24h",
}


def nulls(value, path=""):
    """Paths of all nulls, without positions in lists."""
    if value is None:
        yield path
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from nulls(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from nulls(inner, path)


@pytest.mark.parametrize(
    "status",
    [
        a_status(),
        own_status(),
        a_status(now=None, before=None, points=(None,) * 7),
        a_status(before=None, points=(None,) * 7, is_stale=True),
        a_status(now=None, before=None, points=(None,) * 7, has_network=False, node_error="down"),
        a_status(now=a_view(channels=(), gains=()), before=None, points=(None,) * 7),
        dataclasses.replace(own_status(), now=None, before=None, points=(None,) * 7),
    ],
    ids=["public", "own", "unknown", "stale", "nothing", "no channels", "own only"],
)
def test_every_null_has_its_reason_under_sources(status):
    report = dataclasses.asdict(report_of(status))
    explained = {
        field
        for source in report["sources"]
        if source["error"] or source["missing"]
        for field in source["missing"]
    }
    for path in set(nulls(report)) - NULL_BY_NATURE:
        assert any(path == field or path.startswith(f"{field}.") for field in explained), path


def test_tables_narrative_and_net_add_up():
    report = report_of(own_status())
    forwarding = report.metrics.forwarding
    assert forwarding.net_7d == forwarding.revenue_7d - forwarding.rebalance_cost_7d
    assert f"{forwarding.revenue_7d} sat came in" in report.summary.narrative


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_missing_figure_has_a_name_for_people(language):
    statuses = (
        a_status(),
        a_status(now=None, before=None, points=(None,) * 7),
        a_status(now=a_view(channels=(), mean_hops=None), before=None, points=(None,) * 7),
    )
    fields = {
        field
        for status in statuses
        for source in report_of(status).sources
        for field in source.missing
    }
    voice = voice_of(language)
    assert [field for field in fields if voice.term("field", field) == field] == []
