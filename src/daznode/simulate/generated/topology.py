"""Generated networks: nodes, channels and policies distributed like those of the real one."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daznode.domain.errors import InvalidParameter
from daznode.domain.gossip import (
    AddressKind,
    ChannelColumns,
    GraphSnapshot,
    NodeColumns,
    PolicyColumns,
    SnapshotOrigin,
    content_sha256,
)
from daznode.domain.provenance import Reality
from daznode.simulate.generated import market, names
from daznode.simulate.generated.chain import BLOCK_SECONDS, BLOCKS_PER_DAY, height_at, moment_of
from daznode.simulate.generated.wiring import wire

FEWEST_NODES: Final = 2
MOST_NODES: Final = 200_000
MOST_CHANNELS: Final = 1_000_000
MOST_PARALLEL: Final = 10
"""Channels for each pair of nodes, on average, beyond which no network is like a real one."""

CHANNELS_PER_NODE: Final = 3.125
"""50,000 channels on 16,000 nodes: 54,123 on 16,528 were counted on 2025-02-13."""

CONFIRMATIONS: Final = 6
"""Depth at which a channel may be announced (BOLT 7)."""

_MOST_TX_INDEX: Final = 3_500
_YOUNG_RATIO: Final = 0.35
_YOUNG_DAYS: Final = 90.0
_OLD_DAYS: Final = 800.0
_FIRST_HEIGHT: Final = 505_000
"""Mainnet's first channels were funded in January 2018."""


@dataclass(frozen=True, slots=True)
class NetworkParams:
    """How large a generated network is.

    Attributes:
        nodes: Number of nodes, 2 to 200,000; today's network has 16,000.
        channels: Number of channels, `nodes - 1` to 1,000,000; today's network has some 45,000.
        leaf_ratio: Wanted share of nodes with a single channel, 0 to 0.9. The network of 2019 had
            0.20, counts of 2024 to 2026 lie between a third and 0.64.
    """

    nodes: int = 16_000
    channels: int = 50_000
    leaf_ratio: float = 0.42

    def __post_init__(self) -> None:
        """Refuse what no network can be made of.

        Raises:
            InvalidParameter: A count or the share is out of range.
        """
        if not FEWEST_NODES <= self.nodes <= MOST_NODES:
            message = f"nodes: {self.nodes}; takes {FEWEST_NODES} to {MOST_NODES}"
            raise InvalidParameter(message)
        n_pairs = self.nodes * (self.nodes - 1) // 2
        most_channels = min(MOST_CHANNELS, n_pairs * MOST_PARALLEL)
        if not self.nodes - 1 <= self.channels <= most_channels:
            message = (
                f"channels: {self.channels}; expected {self.nodes - 1} to {most_channels} "
                f"between {self.nodes} nodes"
            )
            raise InvalidParameter(message)
        if not 0.0 <= self.leaf_ratio <= 0.9:  # noqa: PLR2004
            message = f"leaf_ratio: {self.leaf_ratio}; takes 0 to 0.9"
            raise InvalidParameter(message)


def seconds_of_heights(heights: NDArray[np.int64]) -> NDArray[np.int64]:
    """Unix seconds of blocks, as `moment_of` dates them."""
    return int(moment_of(0).timestamp()) + heights * BLOCK_SECONDS


def new_scids(
    heights: NDArray[np.int64], taken: NDArray[np.uint64], rng: np.random.Generator
) -> NDArray[np.uint64]:
    """Distinct short channel ids in given blocks.

    Args:
        heights: Block of each channel, shape (n,).
        taken: Ids in use.
        rng: Source of chance.

    Returns:
        Ids, shape (n,), uint64, in the order of `heights`.
    """
    scids = np.zeros(len(heights), dtype=np.uint64)
    wrong = np.ones(len(heights), dtype=np.bool_)
    while wrong.any():
        count = int(wrong.sum())
        place = rng.integers(1, _MOST_TX_INDEX, count) << 16 | rng.integers(0, 2, count)
        scids[wrong] = (heights[wrong] << 40 | place).astype(np.uint64)
        is_first = np.zeros(len(scids), dtype=np.bool_)
        is_first[np.unique(scids, return_index=True)[1]] = True
        wrong = ~is_first | np.isin(scids, taken)
    return scids


def permuted(policies: PolicyColumns, order: NDArray[np.int64]) -> PolicyColumns:
    """The policies of some channels, in a given order."""
    return PolicyColumns(
        **{name: getattr(policies, name)[:, order] for name in PolicyColumns.__slots__}
    )


def joined(first: ChannelColumns, second: ChannelColumns) -> ChannelColumns:
    """Channels of both, those of the second after those of the first."""
    pairs = {
        name: np.concatenate(
            [getattr(first.policies, name), getattr(second.policies, name)], axis=1
        )
        for name in PolicyColumns.__slots__
    }
    return ChannelColumns(
        scid=np.concatenate([first.scid, second.scid]),
        node1=np.concatenate([first.node1, second.node1]),
        node2=np.concatenate([first.node2, second.node2]),
        capacity_sat=np.concatenate([first.capacity_sat, second.capacity_sat]),
        policies=PolicyColumns(**pairs),
    )


def sealed(
    nodes: NodeColumns,
    channels: ChannelColumns,
    *,
    name: str,
    observed_at: datetime,
    imported_at: datetime,
) -> GraphSnapshot:
    """Put columns into the order that snapshots have, and hash them.

    Args:
        nodes: Nodes in any order, keys distinct.
        channels: Channels in any order, either side first; ids distinct.
        name: What made them.
        observed_at: Moment the network is meant to be of.
        imported_at: Moment it was made.

    Returns:
        The snapshot: nodes by key, channels by id, the lower key as `node1`.
    """
    rows = nodes.node_id
    order = np.lexsort(rows.T[::-1])
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    sorted_nodes = NodeColumns(
        node_id=np.ascontiguousarray(rows[order]),
        alias=tuple(nodes.alias[row] for row in order),
        last_update=nodes.last_update[order],
        address_kinds=nodes.address_kinds[order],
    )
    by_scid = np.argsort(channels.scid, kind="stable")
    one, two = place[channels.node1[by_scid]], place[channels.node2[by_scid]]
    swapped = one > two
    policies = {}
    for column in PolicyColumns.__slots__:
        values = getattr(channels.policies, column)[:, by_scid]
        policies[column] = np.ascontiguousarray(np.where(swapped, values[::-1], values))
    sorted_channels = ChannelColumns(
        scid=channels.scid[by_scid],
        node1=np.minimum(one, two).astype(np.int32),
        node2=np.maximum(one, two).astype(np.int32),
        capacity_sat=channels.capacity_sat[by_scid],
        policies=PolicyColumns(**policies),
    )
    origin = SnapshotOrigin(
        kind="generated",
        name=name,
        content_sha256=content_sha256(sorted_nodes, sorted_channels),
        observed_at=observed_at,
        observed_at_basis="given",
        imported_at=imported_at,
        reality=Reality.GENERATED,
    )
    return GraphSnapshot(origin=origin, nodes=sorted_nodes, channels=sorted_channels)


def generate_network(
    params: NetworkParams,
    rng: np.random.Generator,
    *,
    observed_at: datetime,
    imported_at: datetime,
) -> GraphSnapshot:
    """Generate a network that looks like today's; `docs/generated-network.md` says how closely.

    Args:
        params: Its size.
        rng: Source of chance: equal generators and moments give equal networks.
        observed_at: Moment the network is meant to be of; nothing in it is younger.
        imported_at: Moment it is made.

    Returns:
        The snapshot, marked as generated.
    """
    # A stream for each purpose: the same seed wires and prices the same network at any moment.
    wiring_rng, market_rng, age_rng, name_rng = rng.spawn(4)
    one, two = wire(params.nodes, params.channels, params.leaf_ratio, wiring_rng)
    # Nodes are wired from the largest to the smallest; keys are sorted, so the order is shuffled.
    shuffle = wiring_rng.permutation(params.nodes)
    one, two = shuffle[one], shuffle[two]
    degree = np.bincount(one, minlength=params.nodes) + np.bincount(two, minlength=params.nodes)
    operators = market.draw_operators(degree, market_rng)
    capacity_sat = market.draw_capacities(operators, one, two, market_rng)
    ends = np.stack([one, two])
    drawn = market.draw_policies(operators, ends, capacity_sat, market_rng)
    heights = _funding_heights(params.channels, observed_at, age_rng)
    scids = new_scids(heights, np.empty(0, dtype=np.uint64), age_rng)
    now_seconds = int(observed_at.timestamp())
    opened_seconds = seconds_of_heights(heights)
    updated = market.update_times(opened_seconds, drawn.is_disabled, now_seconds, age_rng)
    policies = market.only_present(replace(drawn, last_update=updated))
    channels = ChannelColumns(
        scid=scids,
        node1=one.astype(np.int32),
        node2=two.astype(np.int32),
        capacity_sat=capacity_sat,
        policies=policies,
    )
    nodes = new_nodes(degree, now_seconds, name_rng)
    name = f"{params.nodes} nodes, {params.channels} channels"
    return sealed(nodes, channels, name=name, observed_at=observed_at, imported_at=imported_at)


def new_nodes(degree: NDArray[np.int64], now_seconds: int, rng: np.random.Generator) -> NodeColumns:
    """Nodes with keys, names, addresses and announcement times.

    Args:
        degree: Channels of each node, shape (n_nodes,).
        now_seconds: Unix time before which they announced themselves.
        rng: Source of chance.
    """
    keys = names.node_keys(len(degree), rng)
    rank = np.argsort(np.argsort(degree, kind="stable"), kind="stable") / max(len(degree), 1)
    kinds = names.addresses(rank, rng)
    alias = names.aliases(keys, rng)
    age = np.minimum(rng.exponential(4.0, len(degree)), 60.0) * BLOCKS_PER_DAY * BLOCK_SECONDS
    last_update = now_seconds - age.astype(np.int64)
    silent = kinds == AddressKind.NONE
    last_update[silent] = 0
    return NodeColumns(
        node_id=keys,
        alias=tuple("" if silent[row] else text for row, text in enumerate(alias)),
        last_update=last_update,
        address_kinds=kinds,
    )


def _funding_heights(
    count: int, observed_at: datetime, rng: np.random.Generator
) -> NDArray[np.int64]:
    newest = max(height_at(observed_at) - CONFIRMATIONS, 1)
    is_young = rng.random(count) < _YOUNG_RATIO
    days = rng.exponential(np.where(is_young, _YOUNG_DAYS, _OLD_DAYS))
    heights = newest - (days * BLOCKS_PER_DAY).astype(np.int64)
    oldest = min(_FIRST_HEIGHT, newest)
    spread = rng.integers(oldest, newest + 1, count)
    return np.where(heights < oldest, spread, heights)
