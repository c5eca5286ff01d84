"""Digests: sums of the days that know a figure, None where none does, and words in both languages."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import (
    DAY,
    TODAY,
    a_recommendation,
    a_report,
    a_summary,
    an_alert,
    some_metrics,
)

from daznode.domain.errors import InvalidParameter
from daznode.domain.report import Health, Severity
from daznode.report.digest import DigestHeading, build_digest
from daznode.report.words import digest_en, digest_fr

METRICS = some_metrics()


def a_heading(**given):
    return replace(DigestHeading("digest-1", 7, TODAY, TODAY + DAY / 4, "en"), **given)


def a_day(back, *, revenue_msat=1_500, cost_sats=1, forwards=2, score=70.0, capacity=10, **given):
    """The report of some days ago."""
    forwarding = replace(
        METRICS.forwarding,
        revenue_24h_msat=revenue_msat,
        rebalance_cost_24h=cost_sats,
        forwards_24h=forwards,
    )
    metrics = replace(
        METRICS,
        forwarding=forwarding,
        capacity=replace(METRICS.capacity, total_sats=capacity),
    )
    summary = given.pop("summary", a_summary(overall_score=score))
    return a_report(report_date=TODAY - back * DAY, metrics=metrics, summary=summary, **given)


def test_a_full_week():
    week = [a_day(back, revenue_msat=1_000 * back, score=70.0 - back) for back in range(6, -1, -1)]
    digest = build_digest(a_heading(), week)
    assert (digest.first_date, digest.last_date) == (TODAY - 6 * DAY, TODAY)
    assert digest.days_with_report == digest.days_with_revenue == 7
    assert (digest.revenue_sats, digest.rebalance_cost_sats, digest.net_sats) == (21, 7, 14)
    assert digest.forwards == 14
    assert (digest.score_first, digest.score_last, digest.score_change) == (64.0, 70.0, 6.0)
    assert digest.best_day == TODAY - 6 * DAY
    assert digest.revenue_evolution_sats == (6, 5, 4, 3, 2, 1, 0)
    assert digest.narrative == (
        "In the 7 days to 20 November 2025 the node settled 14 forwards and earned 21 sat. "
        "7 sat went into rebalancing: +14 sat net. The best day was 14 November 2025, with 6 sat. "
        "The score rose by 6.0 to 70.0. 1 thing needs attention."
    )


def test_missing_days_are_gaps_and_said():
    digest = build_digest(a_heading(), [a_day(5), a_day(1)])
    assert digest.days_with_report == 2
    assert digest.score_evolution == (None, 70.0, None, None, None, 70.0, None)
    assert "Revenue is known for 2 of 7 days." in digest.narrative
    assert digest.revenue_sats == 3, "msat are summed before they are rounded"


def test_a_figure_that_no_day_knows_is_none():
    unknown = {
        "revenue_msat": None,
        "cost_sats": None,
        "forwards": None,
        "score": None,
        "capacity": None,
    }
    digest = build_digest(a_heading(), [a_day(1, **unknown), a_day(0, **unknown)])
    assert digest.revenue_sats is digest.net_sats is digest.rebalance_cost_sats is None
    assert digest.forwards is digest.score_change is digest.capacity_last_sats is None
    assert digest.best_day is None
    assert digest.days_with_revenue == 0
    assert digest.narrative.startswith("For the 7 days to 20 November 2025 public data alone")
    assert "2 reports of 7 days are there." in digest.narrative


def test_a_week_that_earned_nothing_has_no_best_day():
    assert build_digest(a_heading(), [a_day(0, revenue_msat=0)]).best_day is None


def test_one_day_has_no_change():
    digest = build_digest(a_heading(), [a_day(0)])
    assert digest.score_change is None
    assert digest.score_first == digest.score_last == 70.0


def test_reports_of_other_days_are_left_out():
    digest = build_digest(a_heading(), [a_day(7), a_day(0), a_day(-1)])
    assert digest.days_with_report == 1


def test_alerts_count_their_days_and_the_last_day_says_what_is_open():
    worse = an_alert(severity=Severity.CRITICAL, title="worse")
    other = an_alert(type="low_liquidity", title="low")
    week = [a_day(2, alerts=(worse, other)), a_day(1, alerts=(other,)), a_day(0, alerts=(other,))]
    digest = build_digest(a_heading(), week)
    assert [(one.type, one.severity, one.days, one.is_open) for one in digest.alerts] == [
        ("channel_inactive", "critical", 1, False),
        ("low_liquidity", "warning", 3, True),
    ]


def test_advice_of_the_last_day_with_how_long_it_has_stood():
    kept, gone = a_recommendation(), a_recommendation(rule="gone")
    digest = build_digest(
        a_heading(),
        [a_day(1, recommendations=(gone, kept)), a_day(0, recommendations=(kept,))],
    )
    assert [(one.rule, one.days) for one in digest.advice] == [(kept.rule, 2)]


def test_the_status_is_that_of_the_last_day():
    summary = a_summary(status=Health.CRITICAL)
    assert build_digest(a_heading(), [a_day(1), a_day(0, summary=summary)]).status == "critical"


def test_french():
    week = [a_day(back) for back in range(6, -1, -1)]
    digest = build_digest(a_heading(language="fr"), week)
    assert digest.narrative.startswith("Sur les 7\xa0jours jusqu'au 20 novembre 2025, le nœud")
    assert digest_en.NARRATIVE.keys() == digest_fr.NARRATIVE.keys()


def test_another_language_is_not_spoken():
    with pytest.raises(InvalidParameter, match="'de'"):
        build_digest(a_heading(language="de"), [a_day(0)])


@given(
    st.dictionaries(
        st.integers(0, 29),
        st.one_of(st.none(), st.integers(0, 10**12)),
        min_size=1,
    ),
    st.sampled_from(["en", "fr"]),
)
def test_sums_are_of_the_known_days(revenue_by_day, language):
    reports = [
        a_day(back, revenue_msat=revenue, cost_sats=None)
        for back, revenue in sorted(revenue_by_day.items(), reverse=True)
    ]
    digest = build_digest(a_heading(period_days=30, language=language), reports)
    known = [one for one in revenue_by_day.values() if one is not None]
    assert digest.days_with_report == len(revenue_by_day)
    assert digest.days_with_revenue == len(known)
    assert digest.revenue_sats == (sum(known) // 1_000 if known else None)
    assert sum(one is not None for one in digest.revenue_evolution_sats) == len(known)
    assert len(digest.revenue_evolution_sats) == len(digest.score_evolution) == 30
    assert "{" not in digest.narrative
