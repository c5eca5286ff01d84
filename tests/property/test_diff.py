from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.random_snapshots import random_snapshots

from daznode.domain.gossip import ChannelColumns, GraphSnapshot, NodeColumns, PolicyColumns
from daznode.graph.diff import diff_snapshots


def thinned(snapshot: GraphSnapshot, keep: list[bool]) -> GraphSnapshot:
    """The snapshot without some channels."""
    mask = np.array(keep, bool)
    channels = snapshot.channels
    policies = {name: getattr(channels.policies, name)[:, mask] for name in PolicyColumns.__slots__}
    return replace(
        snapshot,
        channels=ChannelColumns(
            scid=channels.scid[mask],
            node1=channels.node1[mask],
            node2=channels.node2[mask],
            capacity_sat=channels.capacity_sat[mask],
            policies=PolicyColumns(**policies),
        ),
    )


def without_last_node(snapshot: GraphSnapshot) -> GraphSnapshot:
    """The snapshot without its last node and that node's channels."""
    last = snapshot.n_nodes - 1
    keep = (snapshot.channels.node1 != last) & (snapshot.channels.node2 != last)
    nodes = snapshot.nodes
    shorter = NodeColumns(
        nodes.node_id[:-1], nodes.alias[:-1], nodes.last_update[:-1], nodes.address_kinds[:-1]
    )
    return replace(thinned(snapshot, keep.tolist()), nodes=shorter)


@st.composite
def pairs_of_snapshots(draw: Any) -> tuple[GraphSnapshot, GraphSnapshot]:
    """Two snapshots that share nodes and some channels."""
    whole = draw(random_snapshots(min_nodes=2))
    made = []
    for _ in range(2):
        size = whole.n_channels
        one = thinned(whole, draw(st.lists(st.booleans(), min_size=size, max_size=size)))
        made.append(without_last_node(one) if draw(st.booleans()) else one)
    return made[0], made[1]


@settings(deadline=None, max_examples=120)
@given(snapshots=pairs_of_snapshots())
def test_sets_say_what_was_gained_and_lost(snapshots: tuple[GraphSnapshot, GraphSnapshot]):
    older, newer = snapshots
    diff = diff_snapshots(older, newer)
    nodes = [{bytes(key) for key in snapshot.nodes.node_id} for snapshot in snapshots]
    scids = [
        dict(
            zip(
                snapshot.channels.scid.tolist(),
                np.maximum(snapshot.channels.capacity_sat, 0).tolist(),
                strict=True,
            )
        )
        for snapshot in snapshots
    ]
    assert diff.nodes_gained == len(nodes[1] - nodes[0])
    assert diff.nodes_lost == len(nodes[0] - nodes[1])
    opened, closed = scids[1].keys() - scids[0].keys(), scids[0].keys() - scids[1].keys()
    assert (diff.channels_opened, diff.channels_closed) == (len(opened), len(closed))
    assert diff.capacity_opened_sat == sum(scids[1][scid] for scid in opened)
    assert diff.capacity_closed_sat == sum(scids[0][scid] for scid in closed)
    assert diff.fee_changes == diff.newly_disabled == diff.newly_enabled == 0
    # Every change of capacity touches two nodes, and here no list of movers is cut short.
    moved_sat = sum(row.capacity_change_sat for row in diff.movers)
    assert moved_sat == 2 * diff.capacity_change_sat


@settings(deadline=None, max_examples=60)
@given(snapshots=pairs_of_snapshots())
def test_backwards_is_the_reverse(snapshots: tuple[GraphSnapshot, GraphSnapshot]):
    there, back = diff_snapshots(*snapshots), diff_snapshots(*reversed(snapshots))
    assert there.nodes_gained == back.nodes_lost
    assert there.channels_opened == back.channels_closed
    assert there.capacity_change_sat == -back.capacity_change_sat
    assert {
        (row.node_id, row.capacity_change_sat, row.channels_change) for row in there.movers
    } == {(row.node_id, -row.capacity_change_sat, -row.channels_change) for row in back.movers}
