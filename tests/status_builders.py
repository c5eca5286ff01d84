"""A node's day for tests of rules, advice and the report: valid by default, override by name."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tests.builders import (
    DAY,
    MORNING,
    a_channel,
    a_node_id,
    a_policy,
    a_scid,
    an_activity,
    an_observation,
)

from daznode.domain.gossip import SnapshotOrigin
from daznode.domain.ledger import tally
from daznode.domain.measures import MeasureEvidence, NodeScoreCard, PeerGain
from daznode.domain.node_state import NodeActivity, NodeObservation
from daznode.domain.node_view import (
    DayStatus,
    NodeView,
    OwnDay,
    PeerPrice,
    PublicChannel,
    PublicPoint,
)
from daznode.domain.provenance import Reality


def a_price(**given: Any) -> PeerPrice:
    """Others charge 100, 200 and 400 ppm towards the peer."""
    base = PeerPrice(p25_ppm=100, p50_ppm=200, p75_ppm=400, n_competitors=12, standing=0.6)
    return replace(base, **given)


def a_public_channel(number: int = 1, **given: Any) -> PublicChannel:
    """An enabled channel of 5,000,000 sat with a fresh policy of 250 ppm."""
    base = PublicChannel(
        scid=a_scid(number),
        peer_id=a_node_id(number + 1),
        peer_alias=f"peer {number}",
        capacity_sat=5_000_000,
        local_policy=a_policy(),
        remote_policy=a_policy(),
        local_policy_at=MORNING - timedelta(hours=10),
        age_days=200,
        price=a_price(),
    )
    return replace(base, **given)


def a_card(**given: Any) -> NodeScoreCard:
    """A good node, number 12 of 3,648."""
    base = NodeScoreCard(
        node_id=a_node_id(1),
        alias="our node",
        snapshot_id="20251120T060000Z-0123456789ab",
        n_nodes=3_648,
        rank=12,
        overall=82.4,
        centrality=75.0,
        reliability=90.0,
        performance=70.0,
        evidence=(
            MeasureEvidence("harmonic", "centrality", 0.4, "ratio", 80.0, 0.2),
            MeasureEvidence("closes_per_year", "reliability", None, "a year", None, 0.0, "one day"),
        ),
    )
    return replace(base, **given)


def a_gain(**given: Any) -> PeerGain:
    """A hub three hops away."""
    base = PeerGain(
        node_id=a_node_id(40),
        alias="big hub",
        score=97.3,
        harmonic_gain=0.02,
        hops_now=3,
        median_inbound_ppm=120,
        median_channel_sat=4_000_000,
    )
    return replace(base, **given)


def a_view(*, seen_at: datetime = MORNING, **given: Any) -> NodeView:
    """A node with three peers in a fresh snapshot."""
    base = NodeView(
        origin=SnapshotOrigin(
            kind="lnd-describegraph",
            name="graph.json",
            content_sha256="0123456789ab" + "0" * 52,
            observed_at=seen_at,
            observed_at_basis="given",
            imported_at=seen_at,
            reality=Reality.REAL,
        ),
        card=a_card(),
        ranks={
            "betweenness": 20,
            "fee_betweenness": 30,
            "harmonic": 40,
            "capacity_sat": 50,
            "peers": 60,
        },
        mean_hops=2.75,
        fee_reached=3_000,
        capacity_sat=15_000_000,
        channels=tuple(a_public_channel(number) for number in (1, 2, 3)),
        gains=(a_gain(),),
    )
    return replace(base, **given)


def an_own_day(
    observation: NodeObservation | None = None,
    activity: NodeActivity | None = None,
    *,
    until: datetime = MORNING,
) -> OwnDay:
    """The own node's day: everything idle unless an activity is given."""
    seen = observation or an_observation(channels=tuple(a_channel(n) for n in (1, 2, 3)))
    events = activity or an_activity(forwards=(), failures=(), rebalances=())
    capacity = sum(int(channel.capacity_sat) for channel in seen.channels)
    ends = [until - back * DAY for back in range(6, -1, -1)]
    return OwnDay(
        observation=seen,
        day=tally(events, until - DAY, until),
        week=tally(events, until - 7 * DAY, until),
        fortnight=tally(events, until - 14 * DAY, until),
        days=tuple(tally(events, end - DAY, end) for end in ends),
        capacity_by_day=(None, *[capacity] * 6),
    )


def a_status(**given: Any) -> DayStatus:
    """A healthy node on public data, with the day before known."""
    base = DayStatus(
        node_id=a_node_id(1),
        until=MORNING,
        now=a_view(),
        is_stale=False,
        before=a_view(seen_at=MORNING - DAY, card=a_card(overall=80.0, rank=20)),
        points=(None,) * 5 + (PublicPoint(80.0, 14_000_000), PublicPoint(82.4, 15_000_000)),
        own=None,
    )
    return replace(base, **given)
