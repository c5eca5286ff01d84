"""When a peer is away."""

from datetime import UTC, datetime

import numpy as np
from tests.builders import a_node_id, a_policy, a_scid

from daznode.simulate.payments.demand import DAY_MS
from daznode.simulate.world.kinds import PeerKind
from daznode.simulate.world.line import DISABLE_MS, Line
from daznode.simulate.world.player import Peer


def a_line(**given):
    peer = Peer(
        kind=PeerKind(name="router", count=1, size=(0, 1), **given),
        node_id=a_node_id(1),
        scid=a_scid(1),
        capacity_sat=1_000_000,
        local_msat=0,
        policy=a_policy(),
        opened_at=datetime(2025, 1, 1, tzinfo=UTC),
        leaves_at=None,
        remote_policy=a_policy(),
    )
    return Line(peer, 0, peer.policy, peer.local_msat)


def test_outages_are_drawn_for_the_day_and_forgotten_after_it():
    line = a_line(outages_per_day=4.0)
    rng = np.random.default_rng(1)
    counts = []
    for day in range(200):
        line.draw_outages(day * DAY_MS, None, rng)
        assert all(end > day * DAY_MS for _, end in line.outages)
        today = [start for start, _ in line.outages if start >= day * DAY_MS]
        assert all(start < (day + 1) * DAY_MS for start in today)
        counts.append(len(today))
    assert 3.5 < np.mean(counts) < 4.5


def test_who_leaves_is_away_for_good():
    line = a_line(outages_per_day=0.0)
    rng = np.random.default_rng(1)
    line.draw_outages(0, DAY_MS, rng)
    assert line.outages == []
    line.draw_outages(DAY_MS, DAY_MS + 5, rng)
    assert not line.is_offline(DAY_MS + 4)
    assert line.is_offline(DAY_MS + 5)
    line.draw_outages(9 * DAY_MS, DAY_MS + 5, rng)
    assert line.is_offline(10_000 * DAY_MS)


def test_a_channel_is_disabled_a_while_after_its_peer_has_gone():
    line = a_line()
    line.outages = [(1_000, 2_000_000), (5_000_000, 5_000_100)]
    assert line.is_offline(1_000)
    assert not line.is_offline(2_000_000)
    assert not line.is_offline(1_000 + DISABLE_MS - 1, DISABLE_MS)
    assert line.is_offline(1_000 + DISABLE_MS, DISABLE_MS)
    assert not line.is_offline(2_000_000, DISABLE_MS)
    assert line.turns() == {1_000, 1_000 + DISABLE_MS, 2_000_000, 5_000_000, 5_000_100}
