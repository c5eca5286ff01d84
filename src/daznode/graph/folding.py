"""Nodes with a single neighbour folded into it: what they add to paths is known without a search."""

from dataclasses import dataclass

import numpy as np

from daznode.graph.arrays import (
    BoolArray,
    DirectedNetwork,
    IntArray,
    UintArray,
    UndirectedNetwork,
    degrees,
    row_starts,
)

NO_EDGE = -1
"""Cost of a direction that a folded leaf does not have."""


@dataclass(frozen=True, slots=True)
class FoldedUndirected:
    """The core of an undirected network, with its leaves counted.

    Attributes:
        core: Network's node behind each core node, shape (n_core,), int64; by falling core degree.
        leaf: Folded nodes, shape (n_leaves,), int64, as numbered in the network.
        root: Core node each leaf hangs on, shape (n_leaves,), int64, as numbered in the core.
        leaves: Leaves of each core node, shape (n_core,), int64.
        indptr: Row starts of the core, shape (n_core + 1,), uint32.
        indices: Neighbours in the core, uint32.
    """

    core: IntArray
    leaf: IntArray
    root: IntArray
    leaves: IntArray
    indptr: UintArray
    indices: UintArray


@dataclass(frozen=True, slots=True)
class FoldedDirected:
    """The core of a directed network, with its leaves and what it costs to go to and from them.

    Attributes:
        core: Network's node behind each core node, shape (n_core,), int64.
        leaf: Folded nodes, shape (n_leaves,), int64, ordered by root.
        root: Core node each leaf hangs on, shape (n_leaves,), int64, ascending.
        up_msat: Cost from leaf to root, shape (n_leaves,), int64, msat; `NO_EDGE` if unusable.
        down_msat: Cost from root to leaf, shape (n_leaves,), int64, msat; `NO_EDGE` if unusable.
        indptr: Row starts of the core by sender, shape (n_core + 1,), uint32.
        indices: Receivers, uint32.
        cost_msat: Edge costs, int64, msat.
        back_indptr: Row starts of the core by receiver, shape (n_core + 1,), uint32.
        back_indices: Senders, uint32.
        back_cost_msat: Edge costs in that order, int64, msat.
    """

    core: IntArray
    leaf: IntArray
    root: IntArray
    up_msat: IntArray
    down_msat: IntArray
    indptr: UintArray
    indices: UintArray
    cost_msat: IntArray
    back_indptr: UintArray
    back_indices: UintArray
    back_cost_msat: IntArray

    def leaf_counts(self) -> tuple[IntArray, IntArray, IntArray]:
        """Leaves of each core node that reach it, that it reaches, and both; (n_core,) each."""
        n_core, up, down = len(self.core), self.up_msat >= 0, self.down_msat >= 0
        both = up & down
        return (
            np.bincount(self.root[up], minlength=n_core),
            np.bincount(self.root[down], minlength=n_core),
            np.bincount(self.root[both], minlength=n_core),
        )


def fold_undirected(network: UndirectedNetwork) -> FoldedUndirected:
    """Fold the leaves of an undirected network, one round.

    A leaf has one neighbour; of two nodes that have only each other, one stays. Folding again
    (trees of more than one storey) would gain little: few nodes hang on a node that itself hangs
    on one only, and one storey keeps the rules for distances to leaves exact and short.

    Args:
        network: Any network.

    Returns:
        Core and leaves; core edges are renumbered by falling core degree.
    """
    degree = degrees(network.indptr)
    tail = np.repeat(np.arange(network.n_nodes), degree)
    head = network.indices.astype(np.int64)
    is_leaf = _leaves(degree, tail, head)
    inside = ~is_leaf[tail] & ~is_leaf[head]
    core, number = _core_numbering(is_leaf, tail[inside], head[inside])
    indptr, position = row_starts(number[tail[inside]], number[head[inside]], len(core))
    hanging = is_leaf[tail]
    root = number[head[hanging]]
    return FoldedUndirected(
        core=core,
        leaf=tail[hanging],
        root=root,
        leaves=np.bincount(root, minlength=len(core)),
        indptr=indptr,
        indices=number[head[inside]][position].astype(np.uint32),
    )


def fold_directed(network: DirectedNetwork) -> FoldedDirected:
    """Fold the leaves of a directed network, one round, as `fold_undirected` does.

    A leaf shares usable edges, in either direction, with one other node only.

    Args:
        network: Any network.

    Returns:
        Core and leaves; core edges in both orders, renumbered by falling core degree.
    """
    n_nodes = network.n_nodes
    tail = np.repeat(np.arange(n_nodes), degrees(network.indptr))
    head = network.indices.astype(np.int64)
    pair = np.unique(np.concatenate((tail * n_nodes + head, head * n_nodes + tail)))
    near, far = (pair // n_nodes, pair % n_nodes) if n_nodes else (pair, pair)
    is_leaf = _leaves(np.bincount(near, minlength=n_nodes), near, far)
    inside = ~is_leaf[tail] & ~is_leaf[head]
    core, number = _core_numbering(is_leaf, tail[inside], head[inside])
    core_tail, core_head, cost = number[tail[inside]], number[head[inside]], network.cost_msat
    indptr, ahead = row_starts(core_tail, core_head, len(core))
    back_indptr, back = row_starts(core_head, core_tail, len(core))
    leaf, root = near[is_leaf[near]], number[far[is_leaf[near]]]
    leaf, root = leaf[np.argsort(root, kind="stable")], np.sort(root, kind="stable")
    up_msat, down_msat = np.full((2, n_nodes), NO_EDGE, np.int64)
    up_msat[tail[is_leaf[tail]]] = cost[is_leaf[tail]]
    down_msat[head[is_leaf[head]]] = cost[is_leaf[head]]
    return FoldedDirected(
        core=core,
        leaf=leaf,
        root=root,
        up_msat=up_msat[leaf],
        down_msat=down_msat[leaf],
        indptr=indptr,
        indices=core_head[ahead].astype(np.uint32),
        cost_msat=cost[inside][ahead],
        back_indptr=back_indptr,
        back_indices=core_tail[back].astype(np.uint32),
        back_cost_msat=cost[inside][back],
    )


def _leaves(degree: IntArray, tail: IntArray, head: IntArray) -> BoolArray:
    single = degree[tail] == 1
    is_leaf = np.zeros(len(degree), np.bool_)
    is_leaf[tail[single]] = (degree[head[single]] > 1) | (tail[single] > head[single])
    return is_leaf


def _core_numbering(
    is_leaf: BoolArray, tail: IntArray, head: IntArray
) -> tuple[IntArray, IntArray]:
    """Core nodes by falling core degree, and each network node's number in the core."""
    n_nodes = len(is_leaf)
    degree = np.bincount(tail, minlength=n_nodes) + np.bincount(head, minlength=n_nodes)
    core = np.flatnonzero(~is_leaf)
    core = core[np.argsort(-degree[core], kind="stable")]
    number = np.full(n_nodes, -1, np.int64)
    number[core] = np.arange(len(core))
    return core, number
