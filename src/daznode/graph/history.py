"""What a series of snapshots shows of every node: presence, churn of policies, closed channels."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daznode.domain.errors import InvalidParameter
from daznode.domain.gossip import GraphSnapshot
from daznode.domain.measures import HistoryMeasures
from daznode.graph.diff import channel_places, differs, node_places

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

SECONDS_PER_DAY: Final = 86_400
DAYS_PER_YEAR: Final = 365.25

POLICY_FIELDS: Final = (
    "is_disabled",
    "base_fee_msat",
    "fee_ppm",
    "inbound_base_fee_msat",
    "inbound_fee_ppm",
    "cltv_delta",
    "htlc_minimum_msat",
    "htlc_maximum_msat",
)
"""What a sender must know anew when it changes; a mere renewal (a new date) is no change."""


def measure_history(snapshots: Sequence[GraphSnapshot]) -> HistoryMeasures:
    """Measure the nodes of the newest snapshot over a series.

    Policy changes are those seen between neighbouring snapshots, so several changes in between
    count as one: a lower bound, the same for all nodes. A channel is closed when an earlier
    snapshot has it and the newest does not; one that was away for a while is not.

    Args:
        snapshots: Oldest first, at least one.

    Returns:
        Shape (n_nodes,) each, for the newest snapshot; NaN for a node that no earlier one has.

    Raises:
        InvalidParameter: No snapshot, or not oldest first.
    """
    if not snapshots:
        message = "history of no snapshots: expected at least one"
        raise InvalidParameter(message)
    moments = [int(snapshot.origin.observed_at.timestamp()) for snapshot in snapshots]
    for earlier, later in pairwise(snapshots):
        if earlier.origin.observed_at > later.origin.observed_at:
            message = (
                f"snapshot {later.origin.snapshot_id} stands after {earlier.origin.snapshot_id}; "
                "expected oldest first"
            )
            raise InvalidParameter(message)
    newest = snapshots[-1]
    places = [node_places(snapshot, newest) for snapshot in snapshots]
    first_seen, stood = _presence(places, newest.n_nodes)
    has_past = first_seen < len(snapshots) - 1
    seconds_known = moments[-1] - np.array(moments, np.int64)[first_seen]
    changes, exposure = _policy_changes(snapshots, moments, places)
    closed = _closed_channels(snapshots, places)
    return HistoryMeasures(
        span_days=(moments[-1] - moments[0]) / SECONDS_PER_DAY,
        n_snapshots=len(snapshots),
        announced_ratio=_ratio(stood, np.where(has_past, len(snapshots) - first_seen, 0)),
        policy_changes_per_channel_day=_ratio(changes, exposure) * SECONDS_PER_DAY,
        closes_per_year=_ratio(closed, np.where(has_past, seconds_known, 0))
        * (SECONDS_PER_DAY * DAYS_PER_YEAR),
    )


def _ratio(numerator: IntArray, denominator: IntArray) -> FloatArray:
    """Quotient; NaN where there is nothing to divide by."""
    ratio = np.full(len(numerator), np.nan)
    np.divide(numerator, denominator, out=ratio, where=denominator > 0)
    return ratio


def _presence(places: list[IntArray], n_nodes: int) -> tuple[IntArray, IntArray]:
    """First snapshot that has each node, and how many have it."""
    first_seen = np.full(n_nodes, len(places) - 1, np.int64)
    stood = np.zeros(n_nodes, np.int64)
    for number in reversed(range(len(places))):
        standing = places[number][places[number] >= 0]
        first_seen[standing] = number
        stood[standing] += 1
    return first_seen, stood


def _policy_changes(
    snapshots: Sequence[GraphSnapshot], moments: list[int], places: list[IntArray]
) -> tuple[IntArray, IntArray]:
    """Changes of own policies, and the channel-seconds over which they were watched."""
    n_nodes = snapshots[-1].n_nodes
    changes = np.zeros(n_nodes, np.int64)
    exposure = np.zeros(n_nodes, np.int64)
    for number, (older, newer) in enumerate(pairwise(snapshots)):
        place = channel_places(older, newer)
        stayed = np.flatnonzero(place >= 0)
        pairs = (stayed, place[stayed])
        before, after = older.channels.policies, newer.channels.policies
        is_changed = differs(before, after, pairs, POLICY_FIELDS)
        is_watched = before.is_present[:, pairs[0]] & after.is_present[:, pairs[1]]
        sides = np.stack((newer.channels.node1[pairs[1]], newer.channels.node2[pairs[1]]))
        owner = places[number + 1][sides]
        stands = owner >= 0
        changes += np.bincount(owner[is_changed & stands], minlength=n_nodes)
        watched = np.bincount(owner[is_watched & stands], minlength=n_nodes)
        exposure += watched * (moments[number + 1] - moments[number])
    return changes, exposure


def _closed_channels(snapshots: Sequence[GraphSnapshot], places: list[IntArray]) -> IntArray:
    """Channels of each node that an earlier snapshot has and the newest has not, each once."""
    newest = snapshots[-1]
    closed = np.zeros(newest.n_nodes, np.int64)
    gone_scid, gone_ends = [], []
    for snapshot, place in zip(snapshots[:-1], places[:-1], strict=True):
        channels = snapshot.channels
        is_gone = channel_places(snapshot, newest, place) < 0
        gone_scid.append(channels.scid[is_gone])
        gone_ends.append(np.stack((place[channels.node1[is_gone]], place[channels.node2[is_gone]])))
    if not gone_scid:
        return closed
    _, once = np.unique(np.concatenate(gone_scid), return_index=True)
    owner = np.concatenate(gone_ends, axis=1)[:, once].reshape(-1)
    np.add.at(closed, owner[owner >= 0], 1)
    return closed
