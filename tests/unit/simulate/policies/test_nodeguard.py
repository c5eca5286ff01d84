"""NodeGuard: its controller's example, categories by flow, and what it leaves alone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import TODAY, a_forward, an_identity, an_observation
from tests.sights import a_sight, asking, balanced, only

from daznode.domain.units import BlockHeight, Msat
from daznode.simulate.policies.nodeguard import (
    Category,
    NodeGuard,
    category_of,
    controlled,
    goal_ratio,
)

HALF_HOUR = timedelta(minutes=30)
LEAST = 10_000_000_000


def test_the_example_of_a_fifth_too_little():
    assert controlled(-0.2, 1_500, (1_500, 0)) == (1_550, -50)


def test_dead_band_small_steps_and_rails():
    assert controlled(0.03, 1_500, (777, -3)) == (777, -3)
    assert controlled(-0.1, 50, (50, 0)) == (50, 0), "4 and 2.5 ppm are ignored"
    assert controlled(-0.5, 2_500, (2_990, -1_990)) == (3_000, -2_000)
    assert controlled(0.5, 2_500, (10, -10)) == (0, 0)


@given(
    deviation=st.floats(-1, 1),
    start=st.sampled_from([50, 1_500, 2_500]),
    outbound=st.integers(0, 3_000),
    inbound=st.integers(-2_000, 0),
)
def test_steps_and_bounds(deviation, start, outbound, inbound):
    asked = controlled(deviation, start, (outbound, inbound))
    assert 0 <= asked[0] <= 3_000
    assert -2_000 <= asked[1] <= 0
    for new, old in zip(asked, (outbound, inbound), strict=True):
        assert new == old or 5 <= abs(new - old) <= 50
    if asked[0] != outbound:
        assert (asked[0] > outbound) == (deviation < 0)


@pytest.mark.parametrize(
    ("out", "came", "category"),
    [
        (LEAST, 0, Category.SINK),
        (LEAST - 1, 0, Category.UNCATEGORIZED),
        (0, LEAST, Category.SOURCE),
        (625, 375, Category.SINK),
        (375, 625, Category.SOURCE),
        (624, 376, Category.BIDIRECTIONAL),
    ],
)
def test_categories(out, came, category):
    scale = LEAST // 1_000 if out + came == 1_000 else 1
    assert category_of(out * scale, came * scale) is category


def test_goals_follow_the_flow_within_a_third():
    assert goal_ratio(Category.SINK, 625, 375) == pytest.approx(0.5 + 0.7 * 0.25)
    assert goal_ratio(Category.SINK, 1_000, 0) == pytest.approx(0.85)
    assert goal_ratio(Category.SOURCE, 0, 1_000) == pytest.approx(0.15)
    assert goal_ratio(Category.UNCATEGORIZED, 1_000, 0) == 0.5


def run(channel, looks, policy=None, **activity):
    """Look so often at a channel that obeys; all activity is seen at the first look."""
    policy, asked = policy or NodeGuard(), []
    for step in range(looks):
        now = TODAY + step * HALF_HOUR
        given = activity if step == 0 else {}
        orders = policy.look(a_sight(channel, now=now, since=HALF_HOUR, **given))
        if orders.policies:
            policy_now = only(orders).policy
            channel = replace(channel, local_policy=policy_now)
            asked.append((policy_now.fee_ppm, policy_now.inbound_fee_ppm))
    return asked


def test_the_first_decision_starts_from_the_category_and_not_from_the_fee():
    assert run(balanced(1, 0.3, local_policy=asking(100)), 2)[0] == (1_550, -50)
    assert run(balanced(1, 0.7, local_policy=asking(100)), 2)[0] == (1_450, 0)


def test_a_balanced_or_small_channel_is_left_alone():
    assert run(balanced(1, 0.52), 5) == []
    assert run(balanced(1, 0.1, capacity_sat=9_999_999), 5) == []
    assert run(balanced(1, 0.1, is_active=False), 5) == []


def test_a_sink_is_held_fuller_and_a_young_channel_is_not_classed():
    left = a_forward(at=TODAY - HALF_HOUR, scid_out=balanced(1).scid, amount_out_msat=Msat(LEAST))
    # Against a target of one half, 0.52 is at rest; a sink's target rises away from it.
    sink = run(balanced(1, 0.52), 30, forwards=(left,))
    assert sink[0] == (2_550, -50), "a sink starts from 2,500 ppm"
    young = balanced(1, 0.52, opened_at=TODAY - timedelta(days=10))
    assert run(young, 30, forwards=(left,)) == []
    third_cycle = run(balanced(1, 0.4), 3, forwards=(left,))
    assert third_cycle[0] == (1_550, -50), "two equal cycles class nothing yet"


def test_age_is_told_by_the_funding_block_where_the_date_is_unknown():
    channel = balanced(1, 0.52, opened_at=None)
    left = a_forward(at=TODAY - HALF_HOUR, scid_out=channel.scid, amount_out_msat=Msat(LEAST))

    def asked_at(height):
        policy, found = NodeGuard(), 0
        for step in range(60):
            given = {"forwards": (left,)} if step == 0 else {}
            sight = a_sight(channel, now=TODAY + step * HALF_HOUR, **given)
            identity = an_identity(block_height=BlockHeight(height))
            seen = an_observation(identity=identity, channels=(channel,))
            found += len(policy.look(replace(sight, observation=seen)).policies)
        return found

    assert asked_at((channel.scid >> 40) + 3_024) > 0
    assert asked_at((channel.scid >> 40) + 3_023) == 0
