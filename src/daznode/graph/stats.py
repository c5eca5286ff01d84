"""A snapshot in figures: nodes, channels, capacity, prices, and how connected it is."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from daznode.domain.gossip import AddressKind, GraphSnapshot
from daznode.domain.measures import NetworkStats


def network_stats(snapshot: GraphSnapshot) -> NetworkStats:
    """The figures of a snapshot.

    Args:
        snapshot: The network.

    Returns:
        Medians are rounded down where two middle values differ; policies that ask more than the
        amount itself count in them, as they are present and enabled.
    """
    channels, nodes, policies = snapshot.channels, snapshot.nodes, snapshot.channels.policies
    n_nodes = snapshot.n_nodes
    low, high = np.divmod(_pair_keys(snapshot), max(n_nodes, 1))
    n_peers = np.bincount(np.concatenate((low, high)), minlength=n_nodes)
    n_channels = np.bincount(np.concatenate((channels.node1, channels.node2)), minlength=n_nodes)
    connected = n_channels[n_channels > 0]
    known_sat = channels.capacity_sat[channels.capacity_sat >= 0]
    capacity_sat = int(known_sat.sum())
    is_open = policies.is_present & ~policies.is_disabled
    is_inbound = (policies.inbound_fee_ppm != 0) | (policies.inbound_base_fee_msat != 0)
    is_announced = nodes.last_update > 0
    return NetworkStats(
        snapshot_id=snapshot.origin.snapshot_id,
        n_nodes=n_nodes,
        n_announced_nodes=int(np.count_nonzero(is_announced)),
        n_isolated_nodes=int(np.count_nonzero(n_channels == 0)),
        n_channels=snapshot.n_channels,
        n_pairs=len(low),
        capacity_sat=capacity_sat,
        median_capacity_sat=whole_median(known_sat),
        mean_capacity_sat=_rounded_mean(capacity_sat, len(known_sat)),
        median_fee_ppm=whole_median(policies.fee_ppm[is_open]),
        median_base_fee_msat=whole_median(policies.base_fee_msat[is_open]),
        inbound_fee_policies=int(np.count_nonzero(policies.is_present & is_inbound)),
        missing_policies=int(np.count_nonzero(~policies.is_present)),
        disabled_policies=int(np.count_nonzero(policies.is_disabled)),
        median_degree=whole_median(connected),
        largest_degree=int(n_channels.max(initial=0)),
        leaf_ratio=_share(int(np.count_nonzero(n_peers == 1)), len(connected)),
        largest_component=_largest_component(low, high, n_nodes),
        tor_only_nodes=int(
            np.count_nonzero(is_announced & (nodes.address_kinds == AddressKind.TOR))
        ),
    )


def whole_median(values: NDArray[np.int64]) -> int | None:
    """Median of whole numbers, rounded down; None without any."""
    if len(values) == 0:
        return None
    low, high = (len(values) - 1) // 2, len(values) // 2
    middle = np.partition(values, (low, high))
    return (int(middle[low]) + int(middle[high])) // 2


def _rounded_mean(total: int, count: int) -> int | None:
    return (2 * total + count) // (2 * count) if count else None


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _pair_keys(snapshot: GraphSnapshot) -> NDArray[np.int64]:
    """Distinct pairs of nodes with a channel, as lower index times n_nodes plus higher one."""
    node1 = snapshot.channels.node1.astype(np.int64)
    node2 = snapshot.channels.node2.astype(np.int64)
    return np.unique(np.minimum(node1, node2) * snapshot.n_nodes + np.maximum(node1, node2))


def _largest_component(low: NDArray[np.int64], high: NDArray[np.int64], n_nodes: int) -> int:
    if n_nodes == 0:
        return 0
    pairs = coo_array((np.ones(len(low), np.int8), (low, high)), shape=(n_nodes, n_nodes))
    _, component = connected_components(pairs.tocsr(), directed=False)
    return int(np.bincount(component).max())
