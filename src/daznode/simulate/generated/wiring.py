"""Who has a channel with whom: heavy-tailed degrees, hubs, closed triangles, parallel channels."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

IntArray = NDArray[np.int64]

TAIL_EXPONENT: Final = 1.42
"""Of the share of nodes with at least k channels, k large: 232 nodes of 2025-04-30 had 51 channels
or more, 107 had 100, 42 had 200, 12 had 500 and 5 had 1,000."""

_HUB_RATIO: Final = 0.0215
"""Ends of the largest hub over all ends: 2,289 of some 90,000."""

_TRIANGLE_RATIO: Final = 0.45
_PARALLEL_RATIO: Final = 0.02
_ISLAND_RATIO: Final = 0.001
_ROUNDS: Final = 40


def degrees(nodes: int, channels: int, leaf_ratio: float, rng: np.random.Generator) -> IntArray:
    """Wanted channels of each node, the largest first, summing to about twice the channels.

    A share of the nodes has one channel; the others have 2 plus a Lomax variable whose scale is
    chosen to meet the mean.

    Args:
        nodes: Number of nodes, >= 2.
        channels: Number of channels, >= nodes - 1.
        leaf_ratio: Share of nodes with one channel, in [0, 1).
        rng: Source of chance.

    Returns:
        Degrees, shape (nodes,), int64, descending.
    """
    mean = 2.0 * channels / nodes
    # A dense network has no room for leaves, a tree can have no fewer than its mean leaves it.
    leaf_ratio = min(leaf_ratio, max(0.0, 1.0 - 2.0 / mean) + 0.35)
    n_leaves = min(int(leaf_ratio * nodes), nodes - 1)
    rest = nodes - n_leaves
    wanted = (2.0 * channels - n_leaves) / rest
    most = max(_HUB_RATIO * 2 * channels, 2.0 * wanted)
    tail = ((np.arange(rest) + rng.random(rest)) / rest) ** (-1.0 / TAIL_EXPONENT) - 1.0

    def excess(scale: float) -> float:
        return float(np.minimum(1.5 + scale * tail, most).mean()) - wanted

    scale = 0.0 if excess(1e-9) >= 0.0 else brentq(excess, 1e-9, 100.0 * most + 100.0)
    drawn = np.round(np.minimum(1.5 + scale * tail, most)).astype(np.int64)
    return np.concatenate([np.maximum(drawn, 2), np.ones(n_leaves, dtype=np.int64)])


def _attach(degree: IntArray, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """One channel for every node but the first, to a larger one: a tree that holds all together."""
    children = np.arange(1, len(degree))
    weights = np.maximum(degree - 1, 0).astype(np.float64)
    weights[0] = max(weights[0], 1.0)
    total = np.cumsum(weights)
    parents = np.searchsorted(total, rng.random(len(children)) * total[children - 1], side="right")
    return children, np.minimum(parents, children - 1)


def _pick(weights: NDArray[np.float64], count: int, rng: np.random.Generator) -> IntArray:
    total = np.cumsum(weights)
    places = np.searchsorted(total, rng.random(count) * total[-1], side="right")
    return np.asarray(np.minimum(places, len(weights) - 1), dtype=np.int64)


def _friends_of_friends(
    starts: IntArray, one: IntArray, two: IntArray, nodes: int, rng: np.random.Generator
) -> IntArray:
    """For each start, a random neighbour of a random neighbour."""
    source, target = np.concatenate([one, two]), np.concatenate([two, one])
    order = np.argsort(source, kind="stable")
    target = target[order]
    first = np.searchsorted(source[order], np.arange(nodes + 1))
    places = starts
    for _ in range(2):
        counts = np.maximum(first[places + 1] - first[places], 1)
        picked = first[places] + (rng.random(len(places)) * counts).astype(np.int64)
        places = target[np.minimum(picked, len(target) - 1)]
    return np.asarray(places, dtype=np.int64)


def wire(
    nodes: int, channels: int, leaf_ratio: float, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Choose the two sides of every channel.

    Args:
        nodes: Number of nodes, >= 2; all but a few pairs form one component.
        channels: Number of channels, >= nodes - 1.
        leaf_ratio: Wanted share of nodes with one channel.
        rng: Source of chance.

    Returns:
        Both sides, each of shape (channels,), int64, nodes numbered from the largest; never equal.
    """
    islands = int(_ISLAND_RATIO * nodes)
    inland = nodes - 2 * islands
    degree = degrees(inland, channels - islands, leaf_ratio, rng)
    one, two = _attach(degree, rng)
    lonely = np.arange(inland, nodes).reshape(islands, 2)
    left = channels - len(one) - islands
    used = np.bincount(one, minlength=inland) + np.bincount(two, minlength=inland)
    room = np.maximum(degree - used, 0).astype(np.float64)
    if room.sum() == 0.0:
        room = degree.astype(np.float64)
    parallel, closing = int(_PARALLEL_RATIO * left), int(_TRIANGLE_RATIO * left)
    pairs = [np.stack([one, two])]
    kinds = ["random"] * (left - parallel - closing > 0) + ["closing"] * (closing > 0)
    counts = {"random": left - parallel - closing, "closing": closing}
    for kind in kinds:
        pairs.append(_pairs(kind, counts[kind], room, pairs, rng))
    whole = np.concatenate(pairs, axis=1)
    again = whole[:, _pick(room[whole[0]] + 1e-9, parallel, rng)]
    rows = np.concatenate([whole, again, lonely.T], axis=1)
    return rows[0], rows[1]


def _pairs(
    kind: str,
    count: int,
    room: NDArray[np.float64],
    before: list[IntArray],
    rng: np.random.Generator,
) -> IntArray:
    """`count` pairs of different nodes, shape (2, count), drawn by the room that nodes have left."""
    known = np.concatenate(before, axis=1)
    nodes = len(room)
    taken: list[IntArray] = []
    missing = count
    for _ in range(_ROUNDS):
        starts = _pick(room, missing, rng)
        if kind == "closing":
            ends = _friends_of_friends(starts, known[0], known[1], nodes, rng)
        else:
            ends = _pick(room, missing, rng)
        good = starts != ends
        taken.append(np.stack([starts[good], ends[good]]))
        missing -= int(good.sum())
        if missing == 0:
            break
    # Where the draws keep meeting themselves (a handful of nodes), any other node will do.
    starts = rng.integers(0, nodes, missing)
    ends = (starts + rng.integers(1, nodes, missing)) % nodes
    taken.append(np.stack([starts, ends]))
    return np.concatenate(taken, axis=1)
