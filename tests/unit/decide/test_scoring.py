"""The composite: weights, what is not known, and the eight heuristics on plain cases."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import MORNING, a_node_id, a_policy, a_scid

from daznode.decide.heuristics import HEURISTICS
from daznode.decide.heuristics.age import maturity
from daznode.decide.heuristics.parts import Part, fair_share, join
from daznode.decide.scoring import score_channel
from daznode.domain.channel_score import ChannelFeatures, MarginalShares, OwnFlow, PeerStanding
from daznode.domain.ledger import ChannelLedger
from daznode.domain.node_view import PeerPrice, PublicChannel

BUSY = ChannelLedger(
    forwards_in=2,
    forwards_out=18,
    volume_in_msat=100_000_000,
    volume_out_msat=900_000_000,
    revenue_msat=90_000,
)


def features(**given: Any) -> ChannelFeatures:
    channel = PublicChannel(
        scid=a_scid(1),
        peer_id=a_node_id(2),
        peer_alias="peer",
        capacity_sat=5_000_000,
        local_policy=a_policy(fee_ppm=100),
        remote_policy=a_policy(fee_ppm=300),
        local_policy_at=MORNING,
        age_days=200,
        price=PeerPrice(50, 100, 200, 9, 0.25),
    )
    made: dict[str, Any] = {
        "node_id": a_node_id(1),
        "channel": channel,
        "shares": MarginalShares(0.1, 0.05, 0.1, 0.2, 10, 3),
        "peer": PeerStanding(a_node_id(2), "peer", 80.0, 90.0, 0.1, 1.0, 0.2, 0.0),
        "network_median_ppm": 100,
        "policy_age_days": 10.0,
        "own": None,
    }
    return ChannelFeatures(**(made | given))


def own(**given: Any) -> OwnFlow:
    made: dict[str, Any] = {
        "local_ratio": 0.9,
        "is_active": True,
        "fortnight": BUSY,
        "week": replace(BUSY, forwards_in=1, forwards_out=9),
        "node_forwards": 100,
        "node_revenue_msat": 500_000,
        "node_channels": 10,
    }
    return OwnFlow(**(made | given))


def by_name(**given: Any) -> dict[str, Any]:
    return {one.name: one for one in score_channel(features(**given), "snap").heuristics}


def test_weights_are_those_of_the_table_and_sum_to_one():
    assert [weight for weight, _ in HEURISTICS.values()] == [
        0.20,
        0.25,
        0.20,
        0.15,
        0.10,
        0.05,
        0.03,
        0.02,
    ]
    assert sum(weight for weight, _ in HEURISTICS.values()) == pytest.approx(1.0)


def test_public_data_leaves_out_what_only_the_node_knows_and_says_so():
    scored = score_channel(features(), "snap")
    known = {one.name: one for one in scored.heuristics}
    for name in ("liquidity", "activity"):
        assert (known[name].score, known[name].weight) == (None, 0.0)
        assert "only the node itself knows" in known[name].reason
    assert sum(one.weight for one in scored.heuristics) == pytest.approx(1.0)
    assert known["centrality"].weight == pytest.approx(0.20 / 0.55)
    assert 0 < scored.confidence < 0.55


def test_the_nodes_own_data_adds_its_two_heuristics():
    scored = score_channel(features(own=own()), "snap")
    assert all(one.score is not None for one in scored.heuristics)
    assert scored.confidence == pytest.approx(1.0)


def test_a_channel_that_sells_should_be_full():
    full, empty = by_name(own=own(local_ratio=0.9)), by_name(own=own(local_ratio=0.05))
    assert full["liquidity"].score > empty["liquidity"].score
    assert full["liquidity"].score == pytest.approx(1.0)


def test_a_fair_share_is_worth_half():
    assert fair_share(0.1, 10) == 0.5
    assert fair_share(0.0, 10) == 0.0
    assert fair_share(None, 10) is None


def test_a_cheaper_price_competes_better_and_a_disabled_one_not_at_all():
    dear = replace(
        features().channel,
        local_policy=a_policy(fee_ppm=2_000),
        price=PeerPrice(50, 100, 200, 9, 0.99),
    )
    off = replace(features().channel, local_policy=a_policy(is_disabled=True), price=None)
    assert by_name()["competitiveness"].score > by_name(channel=dear)["competitiveness"].score
    assert by_name(channel=off)["competitiveness"].score is None


def test_a_peer_that_has_disabled_this_channel_is_not_reliable():
    off = replace(features().channel, remote_policy=a_policy(is_disabled=True))
    assert by_name(channel=off)["reliability"].score < by_name()["reliability"].score


@pytest.mark.parametrize(
    ("days", "worth"), [(0, 0.0), (7, 0.3), (30, 0.6), (90, 0.9), (180, 1.0), (9_999, 1.0)]
)
def test_maturity_at_the_corners(days, worth):
    assert maturity(days) == pytest.approx(worth)


@given(st.floats(0, 400), st.floats(0, 400))
def test_maturity_never_falls(one, two):
    low, high = sorted((one, two))
    assert maturity(low) <= maturity(high)


def test_a_bridge_is_worth_more_than_a_way_beside_another():
    bridge = replace(features().shares, hops_without=None)
    beside = replace(features().shares, hops_without=1)
    assert by_name(shares=bridge)["position"].score > by_name(shares=beside)["position"].score
    assert by_name(shares=beside)["position"].score == pytest.approx(0.45)


KNOWN = st.one_of(st.none(), st.floats(0, 1))


@given(st.lists(st.tuples(st.floats(0.01, 1), KNOWN), min_size=1, max_size=6))
def test_a_joined_score_lies_between_its_parts(drawn):
    total = sum(weight for weight, _ in drawn)
    judged = join(tuple(Part(str(at), w / total, s, "ratio", s) for at, (w, s) in enumerate(drawn)))
    known = [score for _, score in drawn if score is not None]
    if not known:
        assert (judged.score, judged.confidence) == (None, 0.0)
        return
    assert min(known) - 1e-9 <= judged.score <= max(known) + 1e-9
    assert judged.confidence <= 1.0


@given(
    st.builds(MarginalShares, KNOWN, KNOWN, st.floats(0, 1), KNOWN, st.integers(1, 900), st.none()),
    st.booleans(),
)
def test_the_composite_stays_in_range(shares, has_own):
    scored = score_channel(features(shares=shares, own=own() if has_own else None), "snap")
    assert 0 <= scored.composite <= 1
    assert 0 <= scored.confidence <= 1 + 1e-9
