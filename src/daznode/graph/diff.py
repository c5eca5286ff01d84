"""What changed between two snapshots: nodes by key, channels by scid, policies side by side."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from daznode.domain.gossip import GraphSnapshot, PolicyColumns
from daznode.domain.measures import NodeChange, SnapshotDiff

IntArray = NDArray[np.int64]

MOVERS_EACH_WAY: Final = 10
"""Nodes named for the capacity they gained, and as many for what they lost."""

_FEE_FIELDS: Final = ("base_fee_msat", "fee_ppm", "inbound_base_fee_msat", "inbound_fee_ppm")


def node_places(wanted: GraphSnapshot, within: GraphSnapshot) -> IntArray:
    """Place of every node of one snapshot in another, by key.

    Args:
        wanted: The snapshot whose nodes are looked up.
        within: The snapshot they are looked up in.

    Returns:
        Shape (wanted.n_nodes,), int64; -1 where the node is not there.
    """
    return _places(_keys(wanted), _keys(within))


def channel_places(
    wanted: GraphSnapshot, within: GraphSnapshot, node_place: IntArray | None = None
) -> IntArray:
    """Place of every channel of one snapshot in another, by scid and both ends.

    Args:
        wanted: The snapshot whose channels are looked up.
        within: The snapshot they are looked up in.
        node_place: `node_places(wanted, within)` where it is at hand.

    Returns:
        Shape (wanted.n_channels,), int64; -1 where the channel is not there, or where a block
        reorganisation gave its scid to a channel between other nodes.
    """
    nodes = node_places(wanted, within) if node_place is None else node_place
    mine, theirs = wanted.channels, within.channels
    place = _places(mine.scid, theirs.scid)
    found = np.flatnonzero(place >= 0)
    there = place[found]
    is_other = (nodes[mine.node1[found]] != theirs.node1[there]) | (
        nodes[mine.node2[found]] != theirs.node2[there]
    )
    place[found[is_other]] = -1
    return place


def differs(
    older: PolicyColumns,
    newer: PolicyColumns,
    places: tuple[IntArray, IntArray],
    fields: tuple[str, ...],
) -> NDArray[np.bool_]:
    """Which policies of matched channels differ in any of some fields.

    Args:
        older: Policies compared from.
        newer: Policies compared to.
        places: Channels in `older` and the same channels in `newer`, two arrays of shape (k,).
        fields: Columns compared.

    Returns:
        Shape (2, k); False where one of the two never announced the policy.
    """
    before, after = places
    is_different = np.zeros((2, len(before)), np.bool_)
    for name in fields:
        is_different |= np.take(getattr(older, name), before, axis=1) != np.take(
            getattr(newer, name), after, axis=1
        )
    is_different &= older.is_present[:, before] & newer.is_present[:, after]
    return is_different


def diff_snapshots(older: GraphSnapshot, newer: GraphSnapshot) -> SnapshotDiff:
    """Compare two snapshots.

    Args:
        older: Compared from.
        newer: Compared to.

    Returns:
        The difference; channels of unknown capacity count 0 sat in it.
    """
    node_place = node_places(older, newer)
    place = channel_places(older, newer, node_place)
    stayed = np.flatnonzero(place >= 0)
    is_opened = np.ones(newer.n_channels, np.bool_)
    is_opened[place[stayed]] = False
    closed_sat = _known_sat(older)[place < 0].sum()
    opened_sat = _known_sat(newer)[is_opened].sum()

    before, after = older.channels.policies, newer.channels.policies
    pairs = (stayed, place[stayed])
    fee_differs = differs(before, after, pairs, _FEE_FIELDS)
    switched = differs(before, after, pairs, ("is_disabled",))
    ppm_rise = after.fee_ppm[:, pairs[1]] - before.fee_ppm[:, pairs[0]]
    is_off = after.is_disabled[:, pairs[1]]
    n_stayed_nodes = int(np.count_nonzero(node_place >= 0))
    return SnapshotDiff(
        older_id=older.origin.snapshot_id,
        newer_id=newer.origin.snapshot_id,
        nodes_gained=newer.n_nodes - n_stayed_nodes,
        nodes_lost=older.n_nodes - n_stayed_nodes,
        channels_opened=int(np.count_nonzero(is_opened)),
        channels_closed=int(np.count_nonzero(place < 0)),
        capacity_opened_sat=int(opened_sat),
        capacity_closed_sat=int(closed_sat),
        capacity_change_sat=int(_known_sat(newer).sum() - _known_sat(older).sum()),
        fee_changes=int(np.count_nonzero(fee_differs)),
        fee_raises=int(np.count_nonzero(fee_differs & (ppm_rise > 0))),
        fee_cuts=int(np.count_nonzero(fee_differs & (ppm_rise < 0))),
        newly_disabled=int(np.count_nonzero(switched & is_off)),
        newly_enabled=int(np.count_nonzero(switched & ~is_off)),
        movers=_movers(older, newer, node_place),
    )


def _movers(
    older: GraphSnapshot, newer: GraphSnapshot, node_place: IntArray
) -> tuple[NodeChange, ...]:
    """Largest gains first, then largest losses; equal ones by place in their snapshot."""
    lost = np.flatnonzero(node_place < 0)
    old_sat, old_channels = _node_totals(older)
    new_sat, new_channels = _node_totals(newer)
    kept = node_place >= 0
    new_sat[node_place[kept]] -= old_sat[kept]
    new_channels[node_place[kept]] -= old_channels[kept]
    # Rows: the nodes of the newer snapshot, then those that only the older one has.
    change_sat = np.concatenate((new_sat, -old_sat[lost]))
    change_channels = np.concatenate((new_channels, -old_channels[lost]))

    def named(row: int) -> NodeChange:
        is_new = row < newer.n_nodes
        snapshot = newer if is_new else older
        index = row if is_new else int(lost[row - newer.n_nodes])
        return NodeChange(
            node_id=snapshot.node_hex(index),
            alias=snapshot.nodes.alias[index],
            capacity_change_sat=int(change_sat[row]),
            channels_change=int(change_channels[row]),
        )

    gains = _largest(change_sat)
    losses = _largest(-change_sat)
    return tuple(named(int(row)) for row in (*gains, *losses))


def _largest(values: IntArray) -> IntArray:
    """Places of the largest positive values, best first, equal ones in their order."""
    positive = np.flatnonzero(values > 0)
    if len(positive) > MOVERS_EACH_WAY:
        floor = np.partition(values[positive], -MOVERS_EACH_WAY)[-MOVERS_EACH_WAY]
        positive = positive[values[positive] >= floor]
    order = np.argsort(-values[positive], kind="stable")
    return np.asarray(positive[order[:MOVERS_EACH_WAY]], np.int64)


def _node_totals(snapshot: GraphSnapshot) -> tuple[IntArray, IntArray]:
    """Known capacity and number of channels of every node."""
    channels = snapshot.channels
    total_sat = np.zeros(snapshot.n_nodes, np.int64)
    count = np.zeros(snapshot.n_nodes, np.int64)
    for side in (channels.node1, channels.node2):
        np.add.at(total_sat, side, _known_sat(snapshot))
        count += np.bincount(side, minlength=snapshot.n_nodes)
    return total_sat, count


def _known_sat(snapshot: GraphSnapshot) -> IntArray:
    return np.maximum(snapshot.channels.capacity_sat, 0)


def _keys(snapshot: GraphSnapshot) -> NDArray[np.bytes_]:
    """Node keys as one comparable value each; numpy drops trailing zero bytes, alike on both sides."""
    keys = np.ascontiguousarray(snapshot.nodes.node_id)
    return keys.view(f"S{keys.shape[1]}").reshape(-1)


def _places(
    wanted: NDArray[np.bytes_] | NDArray[np.uint64], within: NDArray[np.bytes_] | NDArray[np.uint64]
) -> IntArray:
    """Place of each wanted value in a sorted array; -1 where it is not there."""
    if len(within) == 0:
        return np.full(len(wanted), -1, np.int64)
    place = np.minimum(np.searchsorted(within, wanted), len(within) - 1)
    return np.where(within[place] == wanted, place, -1).astype(np.int64)
