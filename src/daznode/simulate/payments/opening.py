"""A channel that comes into a network while payments run: the network with it, and what stays."""

from dataclasses import fields, replace
from typing import Final, NamedTuple

import numpy as np

from daznode.simulate.payments.network import IntArray, PaymentNetwork, sorted_by_target
from daznode.simulate.payments.state import (
    BASE,
    CLTV,
    HTLC_MAX,
    HTLC_MIN,
    IS_DISABLED,
    PASSED,
    PPM,
    Book,
    Scratch,
    new_book,
    new_scratch,
    show,
)
from daznode.simulate.payments.succession import Succession

CONFIRM_MS: Final = 3_600_000
"""Six confirmations: a channel is announced after them (BOLT 7, "The announcement_signatures
Message"), and LND takes up to six before it uses one."""

_OF_ITS_OWN: Final = frozenset({"start", "snapshot_node", "reverse"})


class NewChannel(NamedTuple):
    """A channel to be put into a network.

    Attributes:
        scid: Its id, which no other channel has.
        opener: Place of the node that pays for it and holds all of it.
        peer: Place of the other one.
        capacity_msat: Its size.
        asked: What the opener asks for it, all columns of a policy.
        asked_back: What the peer asks for it.
    """

    scid: int
    opener: int
    peer: int
    capacity_msat: int
    asked: IntArray
    asked_back: IntArray


def usual_policy(
    network: PaymentNetwork, policies: IntArray, node: int, capacity_msat: int
) -> IntArray:
    """What a node most commonly asks: the median of its channels, each by its capacity.

    Base fee, proportional fee, time lock and smallest amount each by themselves; what comes in by the
    channel costs nothing, and the whole channel may be sent.

    Args:
        network: Who is linked to whom.
        policies: What is announced, (n_edges, 8).
        node: Whose.
        capacity_msat: Of the channel that the policy is for.

    Returns:
        All columns of a policy.
    """
    own = network.edges_from(node)
    row = np.zeros(policies.shape[1], np.int64)
    for column in (BASE, PPM, CLTV, HTLC_MIN):
        row[column] = weighted_median(policies[own, column], network.capacity_msat[own])
    row[HTLC_MIN] = min(int(row[HTLC_MIN]), capacity_msat)
    row[HTLC_MAX] = capacity_msat
    return row


def weighted_median(values: IntArray, weights: IntArray) -> int:
    """The smallest value that, with those below it, has half of the weight.

    Args:
        values: At least one.
        weights: Of each, positive; their sum must fit 62 bits.
    """
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    return int(values[order[int(np.searchsorted(2 * reached, reached[-1]))]])


def widened(network: PaymentNetwork, channel: NewChannel) -> tuple[PaymentNetwork, Succession]:
    """A network with one channel more; the one given stays as it is.

    Args:
        network: The network.
        channel: What comes to it.

    Returns:
        The network, and where its edges were before.
    """
    n = network.n_edges
    asked = np.stack((channel.asked, channel.asked_back))
    new: dict[str, list[int] | IntArray] = {
        "source": [channel.opener, channel.peer],
        "target": [channel.peer, channel.opener],
        "scid": [channel.scid] * 2,
        "capacity_msat": [channel.capacity_msat] * 2,
        "base_fee_msat": asked[:, BASE],
        "fee_ppm": asked[:, PPM],
        "inbound_base_msat": [0, 0],
        "inbound_ppm": [0, 0],
        "cltv_delta": asked[:, CLTV],
        "htlc_minimum_msat": asked[:, HTLC_MIN],
        "htlc_maximum_msat": asked[:, HTLC_MAX],
        "is_disabled": [0, 0],
    }
    columns = {}
    for one in fields(network):
        if one.name not in _OF_ITS_OWN:
            before = getattr(network, one.name)
            columns[one.name] = np.concatenate((before, np.asarray(new[one.name], before.dtype)))
    reverse = np.concatenate((network.reverse, np.array([n + 1, n])))
    wide, order = sorted_by_target(replace(network, reverse=reverse, **columns))
    return wide, Succession(np.where(order < n, order, -1), np.arange(network.n_nodes))


def widened_book(
    before: Book, network: PaymentNetwork, since: Succession, channel: NewChannel
) -> Book:
    """The book of a network with one channel more: unusable yet, and all of it the opener's.

    Args:
        before: The book so far.
        network: From `widened`.
        since: The same.
        channel: What came to it.
    """
    is_new = since.edge < 0
    of_opener = np.where(network.source == channel.opener, network.capacity_msat, 0)
    book = new_book(network, since.of_edges(before.balance, of_opener))
    old = np.flatnonzero(~is_new)
    was = since.edge[old]
    for table, former in (
        (book.seen, before.seen),
        (book.now, before.now),
        (book.former, before.former),
        (book.former_until_ms, before.former_until_ms),
    ):
        table[old] = former[was]
    for table in (book.seen, book.now, book.former):
        table[is_new, IS_DISABLED] = 1
    show(book, np.arange(network.n_edges))
    book.shown[old, PASSED] = before.shown[was, PASSED]
    book.is_offline[:] = before.is_offline
    return book


def widened_scratch(before: Scratch, network: PaymentNetwork) -> Scratch:
    """Working memory for a network with one channel more; what was counted goes on."""
    scratch = new_scratch(network)
    scratch.traffic[:] = before.traffic
    scratch.earned[:] = before.earned
    scratch.counts[:] = before.counts
    return scratch
