"""GraphSnapshot to CSR arrays and back; every shape and dtype of the compiled measures is stated here once."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from daznode.domain.errors import InvalidAmount
from daznode.domain.gossip import ChannelColumns, GraphSnapshot

UintArray = NDArray[np.uint32]
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

NumberT = TypeVar("NumberT", np.int64, np.float64)

MAX_AMOUNT_MSAT = 10**13
"""Largest reference payment, 100 BTC: above every channel, and small enough for int64 costs."""

RISK_FACTOR_BILLIONTHS = 15
"""Price of a millisatoshi locked for one block, in billionths (LND, `routing.RiskFactorBillionths`)."""

_ONE_MILLION = 1_000_000
_ONE_BILLION = 1_000_000_000


@dataclass(frozen=True, slots=True)
class UndirectedNetwork:
    """Who has a channel with whom: simple and undirected, in compressed rows.

    Parallel channels are one edge, and every channel counts whatever its policies say: this is the
    network as announced, not as usable. Nodes are renumbered by falling degree, so that the hubs
    that every search touches lie together in memory; `snapshot_index` leads back.

    Attributes:
        indptr: Row starts, shape (n_nodes + 1,), uint32.
        indices: Neighbours, each edge twice, ascending in each row, shape (2 * n_edges,), uint32.
        snapshot_index: Position of each node in the snapshot, shape (n_nodes,), int64.
    """

    indptr: UintArray
    indices: UintArray
    snapshot_index: IntArray

    @property
    def n_nodes(self) -> int:
        """Number of nodes, isolated ones included."""
        return len(self.snapshot_index)


@dataclass(frozen=True, slots=True)
class DirectedNetwork:
    """What it costs to send one reference payment along each usable direction, in compressed rows.

    One edge for each ordered pair of nodes, the cheapest of their parallel channels.

    Attributes:
        amount_msat: Reference payment, msat.
        indptr: Row starts by sending node, shape (n_nodes + 1,), uint32.
        indices: Receiving nodes, ascending in each row, shape (n_edges,), uint32.
        cost_msat: Cost of each edge, shape (n_edges,), int64, msat, >= 1.
        snapshot_index: Position of each node in the snapshot, shape (n_nodes,), int64.
    """

    amount_msat: int
    indptr: UintArray
    indices: UintArray
    cost_msat: IntArray
    snapshot_index: IntArray

    @property
    def n_nodes(self) -> int:
        """Number of nodes, isolated ones included."""
        return len(self.snapshot_index)


def simple_undirected(snapshot: GraphSnapshot) -> UndirectedNetwork:
    """The simple undirected graph of a snapshot.

    Args:
        snapshot: Any snapshot, also one without nodes or without channels.

    Returns:
        Network in which every channel counts, disabled or not, and parallel ones count once.
    """
    n_nodes = snapshot.n_nodes
    left, right = _distinct_pairs(snapshot.channels, n_nodes)
    tail, head = np.concatenate((left, right)), np.concatenate((right, left))
    order, number = _by_falling_degree(np.bincount(tail, minlength=n_nodes))
    indptr, position = row_starts(number[tail], number[head], n_nodes)
    return UndirectedNetwork(indptr, number[head][position].astype(np.uint32), order)


def cheapest_directed(snapshot: GraphSnapshot, amount_msat: int) -> DirectedNetwork:
    """The directed graph over which a reference payment can go, with what each edge costs.

    A direction is usable if its sender has announced a policy, has not disabled it, takes the
    amount (`htlc_minimum_msat` <= amount <= `htlc_maximum_msat`, where an unknown or zero maximum
    does not limit), the channel is large enough (an unknown capacity does not limit), and the fee
    is not above the amount itself: this leaves out the 2^32-1 ppm with which nodes say "do not
    route".

    Cost of an edge, msat, floored as BOLT 7 does: `base_fee_msat + amount * fee_ppm / 10^6` (the
    fee), plus `amount * cltv_delta * 15 / 10^9` (the price of the time lock), plus 1, so that no
    edge is free and a shorter route wins a tie of fees.

    Args:
        snapshot: Any snapshot.
        amount_msat: Reference payment, msat, 1 to `MAX_AMOUNT_MSAT`.

    Returns:
        The cheapest edge of each ordered pair.

    Raises:
        InvalidAmount: The amount is out of range.

    Note:
        Static: each edge is priced for the reference amount, while in a real payment the amount
        grows towards the sender, and the sender does not pay its own first hop. Inbound fees are
        left out: they belong to pairs of edges, not to one.

    References:
        BOLT 7, "HTLC Fees"; LND, `routing/pathfind.go`, `edgeWeight` (fee plus time-lock risk).
    """
    if not 1 <= amount_msat <= MAX_AMOUNT_MSAT:
        message = (
            f"amount_msat is {amount_msat}; a reference payment takes 1 to {MAX_AMOUNT_MSAT} msat"
        )
        raise InvalidAmount(message)
    n_nodes, channels = snapshot.n_nodes, snapshot.channels
    is_usable, cost_msat = _priced(channels, amount_msat)
    tail = np.stack((channels.node1, channels.node2)).astype(np.int64)[is_usable]
    head = np.stack((channels.node2, channels.node1)).astype(np.int64)[is_usable]
    tail, head, cost_msat = _cheapest_of_parallel(tail, head, cost_msat[is_usable], n_nodes)
    degree = np.bincount(tail, minlength=n_nodes) + np.bincount(head, minlength=n_nodes)
    order, number = _by_falling_degree(degree)
    indptr, position = row_starts(number[tail], number[head], n_nodes)
    return DirectedNetwork(
        amount_msat,
        indptr,
        number[head][position].astype(np.uint32),
        cost_msat[position],
        order,
    )


def row_starts(tail: IntArray, head: IntArray, n_nodes: int) -> tuple[UintArray, IntArray]:
    """Compressed rows of a list of edges.

    Args:
        tail: Node whose row holds the edge, shape (n_edges,), int64, each < n_nodes.
        head: Node at the other end, same shape, each < n_nodes; (tail, head) pairs are distinct.
        n_nodes: Number of rows.

    Returns:
        Row starts, shape (n_nodes + 1,), uint32, and the order that sorts the edges by row and by
        head within a row, shape (n_edges,), int64.
    """
    indptr = np.zeros(n_nodes + 1, np.uint32)
    np.cumsum(np.bincount(tail, minlength=n_nodes), out=indptr[1:], dtype=np.uint32)
    return indptr, np.argsort(tail * max(n_nodes, 1) + head)


def degrees(indptr: UintArray) -> IntArray:
    """Length of each compressed row, shape (n_nodes,), int64."""
    starts = indptr.astype(np.int64)
    return starts[1:] - starts[:-1]


def in_snapshot_order(values: NDArray[NumberT], snapshot_index: IntArray) -> NDArray[NumberT]:
    """Values of a network's nodes, put back into the order of the snapshot.

    Args:
        values: One value for each node of a network, shape (n_nodes,).
        snapshot_index: The network's way back, shape (n_nodes,), int64.

    Returns:
        New array of the same shape and dtype.
    """
    result = np.empty_like(values)
    result[snapshot_index] = values
    return result


def _distinct_pairs(channels: ChannelColumns, n_nodes: int) -> tuple[IntArray, IntArray]:
    first, second = channels.node1.astype(np.int64), channels.node2.astype(np.int64)
    pair = np.unique(np.minimum(first, second) * max(n_nodes, 1) + np.maximum(first, second))
    return pair // max(n_nodes, 1), pair % max(n_nodes, 1)


def _by_falling_degree(degree: IntArray) -> tuple[IntArray, IntArray]:
    order = np.argsort(-degree, kind="stable").astype(np.int64)
    number = np.empty_like(order)
    number[order] = np.arange(len(order))
    return order, number


def _priced(channels: ChannelColumns, amount_msat: int) -> tuple[NDArray[np.bool_], IntArray]:
    """Usability and cost of both directions of all channels, each of shape (2, n_channels)."""
    policies = channels.policies
    # Quotient and remainder apart: the plain products pass 2^63 for large amounts.
    fee_msat = (
        policies.base_fee_msat
        + (amount_msat // _ONE_MILLION) * policies.fee_ppm
        + (amount_msat % _ONE_MILLION) * policies.fee_ppm // _ONE_MILLION
    )
    whole, rest = divmod(amount_msat * RISK_FACTOR_BILLIONTHS, _ONE_BILLION)
    risk_msat = whole * policies.cltv_delta + rest * policies.cltv_delta // _ONE_BILLION
    is_large_enough = (channels.capacity_sat < 0) | (channels.capacity_sat * 1000 >= amount_msat)
    is_usable = (
        policies.is_present
        & ~policies.is_disabled
        & (policies.htlc_minimum_msat <= amount_msat)
        & ((policies.htlc_maximum_msat <= 0) | (policies.htlc_maximum_msat >= amount_msat))
        & (fee_msat <= amount_msat)
        & is_large_enough
    )
    return is_usable, fee_msat + risk_msat + 1


def _cheapest_of_parallel(
    tail: IntArray, head: IntArray, cost_msat: IntArray, n_nodes: int
) -> tuple[IntArray, IntArray, IntArray]:
    pair = tail * max(n_nodes, 1) + head
    order = np.lexsort((cost_msat, pair))
    is_first = np.ones(len(order), np.bool_)
    is_first[1:] = pair[order][1:] != pair[order][:-1]
    kept = order[is_first]
    return tail[kept], head[kept], cost_msat[kept]
