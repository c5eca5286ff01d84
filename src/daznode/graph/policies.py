"""What channel policies and funding blocks say of every node, in the snapshot's order."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daznode.domain.gossip import GraphSnapshot

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

SENTINEL_PPM: Final = 1_000_000
"""From here on a policy asks more than the amount itself: in the wild (2^32-1) it means "do not
route", so it is no price and stays out of every market figure."""

SECONDS_PER_DAY: Final = 86_400

_KEY_BITS: Final = 62
"""Bits of an int64 that a packed sort key may use."""


@dataclass(frozen=True, slots=True)
class PolicyMeasures:
    """Measures that need no path search, each of shape (n_nodes,); see `NodeMeasures` for each.

    Attributes:
        age_blocks: int64, blocks; -1 for a node without channels.
        disabled_ratio: float64, in [0, 1]; NaN without an announced policy.
        policy_age_days: float64, days, >= 0; NaN without a dated policy.
        fee_to_market: float64, >= 0; NaN where no peer has a price from anybody else.
        policy_balance: float64, in [0, 1]; NaN where one side is unknown.
        flow_beyond_peers_sat: int64, sat.
    """

    age_blocks: IntArray
    disabled_ratio: FloatArray
    policy_age_days: FloatArray
    fee_to_market: FloatArray
    policy_balance: FloatArray
    flow_beyond_peers_sat: IntArray


@dataclass(frozen=True, slots=True)
class DirectedPolicies:
    """Both policies of every channel in one row each: first all of `node1`, then all of `node2`.

    Every array has shape (2 * n_channels,).

    Attributes:
        source: Node that sets the policy, int64.
        target: Node the payment goes to, int64.
        capacity_sat: Channel capacity, int64, sat; 0 where it is not known.
        fee_ppm: What `source` asks, int64.
        is_priced: Whether it is a price: present, enabled and below `SENTINEL_PPM`, bool.
    """

    source: IntArray
    target: IntArray
    capacity_sat: IntArray
    fee_ppm: IntArray
    is_priced: NDArray[np.bool_]


def directed_policies(snapshot: GraphSnapshot) -> DirectedPolicies:
    """The policies of a snapshot as directed rows."""
    channels = snapshot.channels
    policies = channels.policies
    node1 = channels.node1.astype(np.int64)
    node2 = channels.node2.astype(np.int64)
    known_sat = np.maximum(channels.capacity_sat, 0)
    is_priced = policies.is_present & ~policies.is_disabled & (policies.fee_ppm < SENTINEL_PPM)
    return DirectedPolicies(
        source=np.concatenate((node1, node2)),
        target=np.concatenate((node2, node1)),
        capacity_sat=np.concatenate((known_sat, known_sat)),
        fee_ppm=policies.fee_ppm.reshape(-1),
        is_priced=is_priced.reshape(-1),
    )


def measure_policies(snapshot: GraphSnapshot) -> PolicyMeasures:
    """Age, upkeep, price and onward capacity of every node.

    Args:
        snapshot: The network; channels of unknown capacity weigh nothing in weighted figures.

    Returns:
        The measures, exact and independent of the machine.
    """
    directed = directed_policies(snapshot)
    n_nodes = snapshot.n_nodes
    present = snapshot.channels.policies.is_present.reshape(-1)
    return PolicyMeasures(
        age_blocks=_age_blocks(snapshot),
        disabled_ratio=_disabled_ratio(snapshot, directed.source, present),
        policy_age_days=_policy_age_days(snapshot, directed.source, present),
        fee_to_market=_fee_to_market(directed, n_nodes),
        policy_balance=_policy_balance(directed, n_nodes),
        flow_beyond_peers_sat=_flow_beyond_peers_sat(directed, n_nodes),
    )


def stable_order(key: IntArray) -> IntArray:
    """Positions that sort non-negative keys, equal keys in their present order.

    Sorting keys packed with their position is several times faster than a stable argsort, and as
    deterministic: no two packed keys are equal.

    Args:
        key: Shape (n,), int64, >= 0.

    Returns:
        Shape (n,), int64.
    """
    place_bits = len(key).bit_length()
    if len(key) == 0 or int(key.max()) >> (_KEY_BITS - place_bits):
        return np.argsort(key, kind="stable")
    packed = np.sort(key << place_bits | np.arange(len(key)))
    packed &= (1 << place_bits) - 1
    return packed


def group_median(group: IntArray, values: FloatArray, n_groups: int) -> FloatArray:
    """Plain median of the values of each group; the mean of the two middle ones if even.

    Args:
        group: Group of each value, shape (n,), int64, in [0, n_groups).
        values: Shape (n,), float64, no NaN.
        n_groups: Number of groups.

    Returns:
        Shape (n_groups,), float64; NaN for a group without values.
    """
    by_value = np.argsort(values)
    ordered = values[by_value[stable_order(group[by_value])]]
    count = np.bincount(group, minlength=n_groups)
    start = np.cumsum(count) - count
    medians = np.full(n_groups, np.nan)
    filled = np.flatnonzero(count)
    low = start[filled] + (count[filled] - 1) // 2
    high = start[filled] + count[filled] // 2
    medians[filled] = (ordered[low] + ordered[high]) / 2
    return medians


def weighted_group_median(
    group: IntArray, values: IntArray, weights: IntArray, n_groups: int
) -> FloatArray:
    """Smallest value of each group at or below which half of the group's weight lies.

    Args:
        group: Group of each value, shape (n,), int64, in [0, n_groups).
        values: Shape (n,), int64, >= 0.
        weights: Shape (n,), int64, >= 0.
        n_groups: Number of groups.

    Returns:
        Shape (n_groups,), float64 holding whole numbers; NaN for a group without weight.
    """
    order = stable_order(group * (int(values.max(initial=0)) + 1) + values)
    total = np.zeros(n_groups, np.int64)
    np.add.at(total, group, weights)
    prefix = np.cumsum(weights[order])
    before = np.cumsum(total) - total
    filled = np.flatnonzero(total)
    place = np.searchsorted(prefix, before[filled] + (total[filled] + 1) // 2)
    medians = np.full(n_groups, np.nan)
    medians[filled] = values[order][place]
    return medians


def _age_blocks(snapshot: GraphSnapshot) -> IntArray:
    channels = snapshot.channels
    age_blocks = np.full(snapshot.n_nodes, -1, np.int64)
    if snapshot.n_channels == 0:
        return age_blocks
    height = (channels.scid >> np.uint64(40)).astype(np.int64)
    newest = int(height.max())
    ages = newest - height
    np.maximum.at(age_blocks, channels.node1, ages)
    np.maximum.at(age_blocks, channels.node2, ages)
    return age_blocks


def _disabled_ratio(
    snapshot: GraphSnapshot, source: IntArray, present: NDArray[np.bool_]
) -> FloatArray:
    disabled = snapshot.channels.policies.is_disabled.reshape(-1)
    announced = np.bincount(source[present], minlength=snapshot.n_nodes)
    off = np.bincount(source[present & disabled], minlength=snapshot.n_nodes)
    ratio = np.full(snapshot.n_nodes, np.nan)
    np.divide(off, announced, out=ratio, where=announced > 0)
    return ratio


def _policy_age_days(
    snapshot: GraphSnapshot, source: IntArray, present: NDArray[np.bool_]
) -> FloatArray:
    last_update = snapshot.channels.policies.last_update.reshape(-1)
    dated = present & (last_update > 0)
    moment = int(snapshot.origin.observed_at.timestamp())
    # Clocks of other nodes may run ahead: a policy from the future is a fresh one.
    age_seconds = np.maximum(moment - last_update[dated], 0)
    return group_median(source[dated], age_seconds / SECONDS_PER_DAY, snapshot.n_nodes)


def _fee_to_market(directed: DirectedPolicies, n_nodes: int) -> FloatArray:
    """Median over peers of (own median ppm towards the peer / others' median towards it).

    The others' median is an order statistic of the peer's sorted list with the node's own entries
    taken out: entry `rank` of the rest stands `rank` places further plus one for each own entry
    that stands at or before it.
    """
    priced = directed.is_priced
    source, target, ppm = directed.source[priced], directed.target[priced], directed.fee_ppm[priced]
    if len(source) == 0:
        return np.full(n_nodes, np.nan)
    by_target = stable_order(target * SENTINEL_PPM + ppm)
    source, target, ppm = source[by_target], target[by_target], ppm[by_target]
    listed = np.bincount(target, minlength=n_nodes)
    list_start = np.cumsum(listed) - listed

    pair_key = source * n_nodes + target
    by_pair = stable_order(pair_key)
    key = pair_key[by_pair]
    pair_start = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
    own = np.diff(np.r_[pair_start, len(key)])
    pair_target = target[by_pair][pair_start]
    others = listed[pair_target] - own
    own_place = np.arange(len(key)) - np.repeat(pair_start, own)
    shifted = by_pair - list_start[target[by_pair]] - own_place

    def entry(rank: IntArray) -> IntArray:
        passed = np.add.reduceat((shifted <= np.repeat(rank, own)).astype(np.int64), pair_start)
        place = np.minimum(list_start[pair_target] + rank + passed, len(ppm) - 1)
        return np.asarray(ppm[place], np.int64)

    market = (entry((others - 1) // 2) + entry(others // 2)) / 2
    own_ppm = ppm[by_pair]
    mine = (own_ppm[pair_start + (own - 1) // 2] + own_ppm[pair_start + own // 2]) / 2
    # A market that asks nothing counts as 1 ppm, the least that can be asked: the ratio stays finite.
    ratio = np.where((mine == 0) & (market == 0), 1.0, mine / np.maximum(market, 1.0))
    contested = others > 0
    return group_median(source[by_pair][pair_start][contested], ratio[contested], n_nodes)


def _policy_balance(directed: DirectedPolicies, n_nodes: int) -> FloatArray:
    priced = directed.is_priced
    ppm, weight = directed.fee_ppm[priced], directed.capacity_sat[priced]
    outbound = weighted_group_median(directed.source[priced], ppm, weight, n_nodes)
    inbound = weighted_group_median(directed.target[priced], ppm, weight, n_nodes)
    larger = np.maximum(outbound, inbound)
    balance = np.minimum(outbound, inbound)
    np.divide(balance, larger, out=balance, where=larger > 0)
    balance[larger == 0] = 1.0
    return balance


def _flow_beyond_peers_sat(directed: DirectedPolicies, n_nodes: int) -> IntArray:
    flow = np.zeros(n_nodes, np.int64)
    if len(directed.source) == 0:
        return flow
    total = np.zeros(n_nodes, np.int64)
    np.add.at(total, directed.source, directed.capacity_sat)
    pair_key = directed.source * n_nodes + directed.target
    by_pair = stable_order(pair_key)
    key = pair_key[by_pair]
    pair_start = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
    pair_sat = np.add.reduceat(directed.capacity_sat[by_pair], pair_start)
    source, target = np.divmod(key[pair_start], n_nodes)
    np.add.at(flow, source, np.minimum(pair_sat, total[target] - pair_sat))
    return flow
