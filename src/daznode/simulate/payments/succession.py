"""From one day's network to the next: what stays with the channels and nodes that stay."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from daznode.domain.ids import NodeId
from daznode.simulate.payments.demand import Roles
from daznode.simulate.payments.network import IntArray, PaymentNetwork
from daznode.simulate.payments.state import (
    BASE,
    CLTV,
    HTLC_MAX,
    HTLC_MIN,
    INBOUND_BASE,
    INBOUND_PPM,
    IS_DISABLED,
    PASSED,
    PPM,
    Book,
    Memory,
    new_book,
    new_memory,
    show,
)

_OUTBOUND: Final = np.array([BASE, PPM, HTLC_MIN, HTLC_MAX, CLTV, IS_DISABLED])
_INBOUND: Final = np.array([INBOUND_BASE, INBOUND_PPM])

Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Succession:
    """Where the edges and nodes of a later network were in the one before.

    Attributes:
        edge: Same direction of the same channel, shape (n_edges,), int64; -1 if it is new.
        node: Shape (n_nodes,), int64; -1 if it is new.
    """

    edge: IntArray
    node: IntArray

    @classmethod
    def between(
        cls,
        before: PaymentNetwork,
        before_ids: Sequence[NodeId],
        after: PaymentNetwork,
        after_ids: Sequence[NodeId],
    ) -> "Succession":
        """Find channels by short channel id and side, nodes by key.

        Args:
            before: The network before.
            before_ids: Keys of its nodes, by place; ascending, as snapshots have them.
            after: The later network.
            after_ids: Keys of its nodes, by place.
        """
        return cls(
            edge=_found(_directions(before), _directions(after)),
            node=_found(np.array(before_ids), np.array(after_ids)),
        )

    @classmethod
    def none(cls, network: PaymentNetwork) -> "Succession":
        """Everything in a network is new."""
        return cls(np.full(network.n_edges, -1), np.full(network.n_nodes, -1))

    def of_edges(self, before: NDArray[Scalar], new: NDArray[Scalar]) -> NDArray[Scalar]:
        """Values of edges: as they were, or as given for those that are new."""
        return _carried(self.edge, before, new)

    def of_nodes(self, before: NDArray[Scalar], new: NDArray[Scalar]) -> NDArray[Scalar]:
        """Values of nodes: as they were, or as given for those that are new."""
        return _carried(self.node, before, new)


def later_roles(before: Roles, drawn: Roles, since: Succession) -> Roles:
    """Roles in the later network: a node stays what it was, a new one is as drawn."""
    return Roles(
        kind=since.of_nodes(before.kind, drawn.kind),
        pays=since.of_nodes(before.pays, drawn.pays),
        is_paid=since.of_nodes(before.is_paid, drawn.is_paid),
    )


def later_book(
    before: Book, network: PaymentNetwork, since: Succession, player: int, balance_msat: IntArray
) -> Book:
    """The book of the later network.

    Args:
        before: The book so far.
        network: The later network.
        since: Where its edges were.
        player: The node whose policies are not read from the network, as a place in it.
        balance_msat: Balances of new channels.
    """
    book = new_book(network, since.of_edges(before.balance, balance_msat))
    stays = since.edge >= 0
    own = np.flatnonzero(stays & (network.source == player))
    back = np.flatnonzero(stays & (network.target == player))
    for table, former in (
        (book.seen, before.seen),
        (book.now, before.now),
        (book.former, before.former),
    ):
        table[np.ix_(own, _OUTBOUND)] = former[np.ix_(since.edge[own], _OUTBOUND)]
        table[np.ix_(back, _INBOUND)] = former[np.ix_(since.edge[back], _INBOUND)]
    both = np.concatenate((own, back))
    book.former_until_ms[both] = before.former_until_ms[since.edge[both]]
    show(book, both)
    book.shown[:, PASSED] = since.of_edges(before.shown[:, PASSED], book.shown[:, PASSED])
    book.is_offline[:] = since.of_nodes(before.is_offline, book.is_offline)
    return book


def later_memory(before: Memory, network: PaymentNetwork, since: Succession) -> Memory:
    """What senders still remember in the later network."""
    fresh = new_memory(network)
    return Memory(
        failed=since.of_edges(before.failed, fresh.failed),
        failed_at_ms=since.of_edges(before.failed_at_ms, fresh.failed_at_ms),
        node_passed=since.of_nodes(before.node_passed, fresh.node_passed),
        node_failed=since.of_nodes(before.node_failed, fresh.node_failed),
        node_failed_at_ms=since.of_nodes(before.node_failed_at_ms, fresh.node_failed_at_ms),
        node_best=since.of_nodes(before.node_best, fresh.node_best),
    )


def _directions(network: PaymentNetwork) -> IntArray:
    """A number for each edge that the next day's network gives to the same direction.

    Nodes of a snapshot are sorted by key, so which end of a channel comes first does not change.
    """
    place = network.snapshot_node
    is_first = place[network.source] < place[network.target]
    return np.asarray(network.scid * 2 + is_first, dtype=np.int64)


def _found(before: NDArray[Scalar], after: NDArray[Scalar]) -> IntArray:
    """Where each later value was, -1 for nowhere."""
    order = np.argsort(before, kind="stable")
    at = np.minimum(np.searchsorted(before, after, sorter=order), len(before) - 1)
    place = order[at]
    return np.where(before[place] == after, place, -1).astype(np.int64)


def _carried(place: IntArray, before: NDArray[Scalar], new: NDArray[Scalar]) -> NDArray[Scalar]:
    return np.where(place >= 0, before[place], new).astype(new.dtype)
