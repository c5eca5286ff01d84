"""The search for a route as LND does it: backwards from the receiver, by fee, risk and probability."""

from typing import Final

import numpy as np
from numba import njit

from daznode.simulate.payments.demand import UNIFORM, WARM
from daznode.simulate.payments.kernels.heap import (
    TOP,
    drop_first,
    first_node,
    first_place,
    place,
    push,
)
from daznode.simulate.payments.kernels.likelihood import hop_probability
from daznode.simulate.payments.kernels.outlook import list_edges, turn_to
from daznode.simulate.payments.kernels.reach import can_send, is_banned, is_cut_off
from daznode.simulate.payments.state import (
    AMOUNT,
    ATTEMPT_BASE_MSAT,
    ATTEMPT_RATIO,
    BEYOND,
    DISTANCE,
    FLAT,
    FURTHER,
    GROWS,
    HAS_INBOUND,
    HORIZON,
    INBOUND_BASE,
    INBOUND_PPM,
    KEY,
    LAID,
    LEAST,
    LEAST_PROBABILITY,
    LISTED,
    MILLIONTH,
    MOST,
    OUT_FEE,
    PASSED,
    PASSED_PROBABILITY,
    PROBABILITY,
    RISK,
    SLOPE,
    STAMP,
    WEIGHT,
    Book,
    Bounds,
    Memory,
    Net,
    Scratch,
)

_OWN: Final = 0.95
"""Chance of one's own channel that has the balance."""

_PATIENCE: Final = np.array([0.4, 0.1, 0.01])
"""By kind of sender: edges that cost this much of an attempt's price more than the place in the queue
are followed at once; the others wait until the node is taken again, which most never are. Measured
on the network of 2019; what is found hardly depends on it."""

_HORIZON: Final = np.array([0.4, 0.4, 0.1])
"""By kind of sender: edges towards a node that cost this much of an attempt's price more than the
place in the queue are put on a short list, so that a node taken again does not look through all its
edges: hubs have thousands. Measured; what is found does not depend on it."""


@njit(cache=True, nogil=True, error_model="numpy")
def find_route(
    net: Net,
    book: Book,
    memory: Memory,
    bounds: Bounds,
    scratch: Scratch,
    sender: int,
    receiver: int,
    amount_msat: int,
    limit_msat: int,
    kind: int,
    now_ms: int,
    n_banned: int,
    avoided: int,
    last_edge: int,
) -> int:
    """Find the route that a sender would take; `scratch.following` then leads along it.

    Labels as LND's `findPath`: distance = fees and time-lock risk so far + price of an attempt /
    probability so far. Nodes are taken in the order of distance plus the least by which it must
    still grow on the way to the sender: fees and hops from `Bounds`. So the search is guided to the
    sender. Labels are not additive, so an unguided search may settle on a route of another label
    order; the tests measure how rarely, and by how little.

    Args:
        net: Who is linked to whom.
        book: What is seen, and the sender's own balances.
        memory: Of those who remember.
        bounds: Of routes from every sender.
        scratch: Working memory.
        sender: Who pays.
        receiver: Who is paid; the sender itself for a circular payment.
        amount_msat: What is to arrive.
        limit_msat: Most that it may cost.
        kind: Kind of the sender.
        now_ms: The virtual present.
        n_banned: How many edges of `scratch.banned` are to be avoided.
        avoided: A node through which it must not go; -1 for none.
        last_edge: Edge by which it must arrive; -1 for any.

    Returns:
        Relaxed edges; -1 if there is no route.
    """
    label, following, heap = scratch.label, scratch.following, scratch.heap
    waiting, ahead_of, lists = scratch.waiting, scratch.ahead, scratch.lists
    view, seen, source_of = book.shown, book.seen, net.source
    most = float(amount_msat + limit_msat)
    if last_edge >= 0:
        if not can_send(net, book, sender, amount_msat):
            return -1
    elif is_cut_off(net, book, scratch, sender, receiver, amount_msat, most, n_banned, avoided):
        return -1
    scratch.counts[4] += 1
    mark = np.float64(scratch.counts[4])
    turn_to(bounds, memory, scratch, sender, kind)
    outlook = scratch.outlook
    attempt = ATTEMPT_BASE_MSAT + ATTEMPT_RATIO * amount_msat
    first = int(receiver)
    arrives, fee, weight, likely = float(amount_msat), 0.0, 0.0, 1.0
    if last_edge >= 0:
        first = int(source_of[last_edge])
        if view[last_edge, MOST] < arrives or view[last_edge, LEAST] > arrives:
            return -1
        fee = view[last_edge, FLAT] + arrives * view[last_edge, SLOPE]
        weight = fee + arrives * view[last_edge, RISK]
        likely = hop_probability(kind, last_edge, first, arrives, view, memory, now_ms)
        if arrives + fee > most or likely < LEAST_PROBABILITY:
            return -1
        following[first] = last_edge
    else:
        following[first] = -1
    label[first, DISTANCE] = weight + attempt / likely
    label[first, WEIGHT] = weight
    label[first, PROBABILITY] = likely
    label[first, AMOUNT] = arrives + fee
    label[first, OUT_FEE] = fee
    label[first, KEY] = 0.0
    label[first, STAMP] = mark
    label[first, LAID] = 0.0
    size = push(heap, 0, 0.0, first)
    relaxed = 0
    patience_of, horizon = _PATIENCE[kind] * attempt, _HORIZON[kind] * attempt
    cut = np.inf
    while size > 0:
        key, node = first_place(heap), first_node(heap)
        size = drop_first(heap, size)
        if key > label[node, KEY]:
            continue
        if node == sender:
            scratch.counts[1] += relaxed
            return relaxed
        distance = label[node, DISTANCE]
        node_weight = label[node, WEIGHT]
        node_likely = label[node, PROBABILITY]
        full = label[node, AMOUNT]
        out_fee = label[node, OUT_FEE]
        is_receiver = node == receiver and last_edge < 0
        patience = min(key + patience_of, cut)
        begin, end = int(net.start[node]), int(net.start[node + 1])
        if label[node, LAID] != mark:
            label[node, LAID] = mark
            lists[node, HORIZON] = -1.0
            lists[node, BEYOND] = -1.0
            lists[node, LISTED] = 0.0
        n_listed = int(lists[node, LISTED])
        if lists[node, BEYOND] <= patience:
            relaxed += end - begin
            until = np.float64(np.float32(key + horizon))
            n_listed, beyond = list_edges(
                kind, begin, end, n_listed, lists[node, HORIZON], until, source_of, view, outlook,
                waiting, ahead_of, sender, full, node_weight, attempt / node_likely, most,
            )  # fmt: skip
            lists[node, HORIZON] = until
            lists[node, BEYOND] = beyond
        nearest = lists[node, BEYOND]
        n_kept = begin
        for at in range(np.uint64(begin), np.uint64(begin + n_listed)):
            ahead = float(ahead_of[at])
            edge = waiting[at]
            if ahead > patience:
                nearest = min(nearest, ahead)
                waiting[n_kept] = edge
                ahead_of[n_kept] = ahead
                n_kept += 1
                continue
            other = source_of[edge]
            is_met = label[other, STAMP] == mark
            if other == avoided or (is_met and label[other, DISTANCE] <= distance):
                continue
            amount = full
            extra = 0.0
            if view[edge, HAS_INBOUND] != 0.0 and not is_receiver:
                inbound = seen[edge, INBOUND_BASE] + full * seen[edge, INBOUND_PPM] * MILLIONTH
                extra = max(-out_fee, inbound)
                amount = full + extra
            if amount > view[edge, MOST] or amount < view[edge, LEAST]:
                continue
            if other == sender:
                if book.balance[edge] - book.reserve[edge] < amount:
                    continue
                if last_edge >= 0 and net.reverse[edge] == last_edge:
                    continue
                fee, risk, further = 0.0, 0.0, 0.0
                hop = 1.0 if kind == UNIFORM else _OWN
            else:
                fee = view[edge, FLAT] + amount * view[edge, SLOPE]
                further = (amount + fee) * outlook[other, FURTHER]
                if amount + fee + further > most:
                    continue
                risk = amount * view[edge, RISK]
                if kind == WARM and is_met:
                    # What it costs at the least spares most of them the look into memory.
                    is_known = amount <= view[edge, PASSED]
                    trust = PASSED_PROBABILITY if is_known else memory.node_best[other]
                    least = node_weight + fee + risk + extra + attempt / (node_likely * trust)
                    if least >= label[other, DISTANCE]:
                        continue
                hop = hop_probability(kind, edge, other, amount, view, memory, now_ms)
            likely = node_likely * hop
            grown = np.float64(outlook[other, GROWS])
            if likely < LEAST_PROBABILITY * grown:
                continue
            weight = node_weight + fee + risk + extra
            reached = weight + attempt / likely
            if is_met and reached >= label[other, DISTANCE]:
                continue
            ahead = weight + further + attempt / likely * grown
            if ahead > patience:
                nearest = min(nearest, ahead)
                waiting[n_kept] = edge
                ahead_of[n_kept] = ahead
                n_kept += 1
                continue
            if is_banned(scratch, n_banned, edge, amount):
                continue
            if other == sender:
                cut = ahead
                patience = min(patience, cut)
            label[other, DISTANCE] = reached
            label[other, WEIGHT] = weight
            label[other, PROBABILITY] = likely
            label[other, AMOUNT] = amount + fee
            label[other, OUT_FEE] = fee
            label[other, KEY] = place(ahead)
            label[other, STAMP] = mark
            label[other, LAID] = 0.0
            following[other] = edge
            size = push(heap, size, ahead, other)
        lists[node, LISTED] = np.float64(n_kept - begin)
        if nearest < cut and nearest < TOP:
            label[node, KEY] = place(nearest)
            size = push(heap, size, nearest, node)
    scratch.counts[1] += relaxed
    return -1
