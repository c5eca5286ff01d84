"""The simulated node behind the port: what the port does not promise."""

import asyncio
from datetime import timedelta

import pytest
from tests.worlds import DAY, STARTS_AT, a_world

from daznode.adapters.lightning.simulated import (
    SimulatedNode,
    WorldClock,
    build_demo_world,
    generate_snapshot,
)
from daznode.domain.errors import InvalidParameter
from daznode.domain.provenance import Reality


def a_demo(seed=5, **given):
    return build_demo_world(
        **{"seed": seed, "start": STARTS_AT, "nodes": 200, "channels": 640} | given
    )


def test_time_moves_only_when_it_is_told_to():
    node = SimulatedNode(a_world())
    clock = WorldClock(node)
    assert node.now() == clock.now() == STARTS_AT
    first = asyncio.run(node.observe())
    assert asyncio.run(node.observe()) == first
    node.advance(STARTS_AT + timedelta(hours=30))
    assert node.now() == clock.now() == STARTS_AT + timedelta(hours=30)
    assert asyncio.run(node.observe()) != first
    assert node.graph_snapshot().origin.observed_at == STARTS_AT + DAY


def test_the_demo_begins_where_it_is_told_to_with_days_behind_it():
    stages = []
    node = a_demo(progress=lambda stage, done, total: stages.append((stage, done, total)))
    assert node.now() == STARTS_AT
    assert node.begins_at < STARTS_AT - DAY
    assert stages == [("days lived", day, 5) for day in range(5)]
    activity = node._world.activity(node.begins_at, STARTS_AT)
    assert activity.forwards
    assert node.graph_snapshot().n_nodes > 190


def test_equal_seeds_give_equal_worlds():
    one, again, other = (asyncio.run(a_demo(seed).observe()) for seed in (5, 5, 6))
    assert one == again
    assert one.identity.node_id != other.identity.node_id


def test_a_generated_network_can_be_had_alone():
    given = {"nodes": 50, "channels": None, "observed_at": STARTS_AT, "imported_at": STARTS_AT}
    snapshot, again, other = (generate_snapshot(seed=seed, **given) for seed in (1, 1, 2))
    assert (snapshot.n_nodes, snapshot.n_channels) == (50, 156)
    assert snapshot.origin.reality is Reality.GENERATED
    assert snapshot.origin.content_sha256 == again.origin.content_sha256
    assert snapshot.origin.content_sha256 != other.origin.content_sha256


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_out_of_range_is_refused(seed):
    with pytest.raises(InvalidParameter, match=f"seed: {seed}; takes 0 to 18446744073709551615"):
        a_demo(seed)


def test_a_network_too_small_is_refused():
    with pytest.raises(InvalidParameter, match="nodes: 99; a simulated node takes 100 or more"):
        a_demo(nodes=99)
