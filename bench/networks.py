"""Heavy-tailed networks for benchmarks, made as columns from a seed; no claim beyond their shape.

Degrees follow capped Pareto fitness, and over a third of the nodes never open a second channel, as
in today's network: leaves decide how much folding gains. Fees are node-wide defaults with jitter
for each channel, some nodes on the defaults of LND, some policies disabled or missing.
"""

from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from daznode.domain.gossip import (
    UNKNOWN_MSAT,
    AddressKind,
    ChannelColumns,
    GraphSnapshot,
    NodeColumns,
    PolicyColumns,
    SnapshotOrigin,
)
from daznode.domain.provenance import Reality

IntArray = NDArray[np.int64]

MOMENT = datetime(2025, 11, 20, 6, tzinfo=UTC)

_LEAF_RATIO = 0.35
_LARGEST_HUB_RATIO = 0.02
_LND_DEFAULT_RATIO = 0.18
_DISABLED_RATIO = 0.12
_MISSING_RATIO = 0.03
_BASE_FEES_MSAT = (0, 0, 0, 1, 10, 100, 500, 1000, 1000, 1000)
_CLTV_DELTAS = (18, 34, 40, 40, 40, 80, 80, 100, 144, 144)


def heavy_tailed(n_nodes: int, n_channels: int, seed: int = 7) -> GraphSnapshot:
    """A connected network with hubs, leaves, parallel channels and LND-like policies.

    Args:
        n_nodes: Nodes, >= 2.
        n_channels: Channels, >= n_nodes - 1.
        seed: Equal seeds give equal networks.
    """
    rng = np.random.default_rng(seed)
    ends = _ends(rng, n_nodes, n_channels)
    node1, node2 = ends.min(axis=0), ends.max(axis=0)
    capacity_sat = np.clip(rng.lognormal(np.log(2e6), 1.1, n_channels), 2e4, 1e9).astype(np.int64)
    keys = np.zeros((n_nodes, 33), np.uint8)
    keys[:, 0] = 2
    keys[:, 25:] = np.arange(n_nodes, dtype=">u8").view(np.uint8).reshape(n_nodes, 8)
    seconds = int(MOMENT.timestamp())
    nodes = NodeColumns(
        node_id=keys,
        alias=tuple(f"node-{number}" for number in range(n_nodes)),
        last_update=np.full(n_nodes, seconds - 3600, np.int64),
        address_kinds=np.full(n_nodes, AddressKind.IPV4, np.uint8),
    )
    blocks = np.sort(rng.integers(600_000, 920_000, n_channels)).astype(np.uint64)
    channels = ChannelColumns(
        scid=(blocks << np.uint64(40)) + np.arange(n_channels, dtype=np.uint64),
        node1=node1.astype(np.int32),
        node2=node2.astype(np.int32),
        capacity_sat=capacity_sat,
        policies=_policies(rng, n_nodes, np.stack((node1, node2)), capacity_sat),
    )
    name = f"heavy-tailed-{n_nodes}-{n_channels}-{seed}"
    origin = SnapshotOrigin(
        kind="generated",
        name=name,
        content_sha256=f"{seed:064x}",
        observed_at=MOMENT,
        observed_at_basis="given",
        imported_at=MOMENT,
        reality=Reality.GENERATED,
    )
    return GraphSnapshot(origin, nodes, channels)


def _ends(rng: np.random.Generator, n_nodes: int, n_channels: int) -> IntArray:
    fitness = rng.pareto(1.05, n_nodes) + 1.0
    fitness = -np.sort(-np.minimum(fitness, fitness.sum() * _LARGEST_HUB_RATIO))
    total = np.cumsum(fitness)
    # Every node joins one that came before it, which keeps the network in one piece.
    drawn = np.searchsorted(total, rng.random(n_nodes - 1) * total[:-1])
    pairs = [np.stack((np.arange(1, n_nodes), np.minimum(drawn, np.arange(n_nodes - 1))))]
    opens_more = np.ones(n_nodes, np.bool_)
    smaller = rng.permutation(np.arange(n_nodes // 20, n_nodes))
    opens_more[smaller[: int(_LEAF_RATIO * n_nodes)]] = False
    opener = np.cumsum(np.where(opens_more, fitness**0.75, 0.0))
    chosen = np.cumsum(np.where(opens_more, fitness, 0.0))
    missing = n_channels - (n_nodes - 1)
    while missing > 0:
        first = np.searchsorted(opener, rng.random(missing) * opener[-1])
        second = np.searchsorted(chosen, rng.random(missing) * chosen[-1])
        pairs.append(np.stack((first, second))[:, first != second])
        missing -= int((first != second).sum())
    shuffled: IntArray = rng.permutation(n_nodes)[np.concatenate(pairs, axis=1)]
    return shuffled


def _policies(
    rng: np.random.Generator, n_nodes: int, setter: IntArray, capacity_sat: IntArray
) -> PolicyColumns:
    shape = setter.shape
    node_ppm = rng.lognormal(np.log(250), 1.2, n_nodes)
    has_defaults = (rng.random(n_nodes) < _LND_DEFAULT_RATIO)[setter]
    base_fee_msat = rng.choice(np.array(_BASE_FEES_MSAT), n_nodes)[setter]
    jittered = np.clip(node_ppm[setter] * rng.lognormal(0, 0.5, shape), 0, 20_000)
    is_present = rng.random(shape) >= _MISSING_RATIO
    columns = {
        "base_fee_msat": np.where(has_defaults, 1000, base_fee_msat),
        "fee_ppm": np.where(has_defaults, 1, jittered),
        "inbound_base_fee_msat": np.zeros(shape),
        "inbound_fee_ppm": np.where(rng.random(shape) < 0.05, -rng.integers(1, 300, shape), 0),
        "cltv_delta": rng.choice(np.array(_CLTV_DELTAS), n_nodes)[setter],
        "htlc_minimum_msat": np.full(shape, 1000),
        "last_update": np.full(shape, int(MOMENT.timestamp()) - 7200),
    }
    maximum = np.broadcast_to(capacity_sat * 990, shape)
    return PolicyColumns(
        is_present=is_present,
        is_disabled=is_present & (rng.random(shape) < _DISABLED_RATIO),
        htlc_maximum_msat=np.where(is_present, maximum, UNKNOWN_MSAT).astype(np.int64),
        **{
            name: np.where(is_present, column, 0).astype(np.int64)
            for name, column in columns.items()
        },
    )
