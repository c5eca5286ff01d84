"""The search for a route as LND does it: backwards from the receiver, by fee, risk and probability."""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from daznode.simulate.payments.demand import UNIFORM, WARM
from daznode.simulate.payments.kernels.arithmetic import exp_minus, power_of_half
from daznode.simulate.payments.kernels.heap import drop_first, push
from daznode.simulate.payments.state import (
    A_PRIORI,
    AMOUNT,
    ATTEMPT_BASE_MSAT,
    ATTEMPT_RATIO,
    CAPACITY,
    DISTANCE,
    FLAT,
    HALF_LIFE_MS,
    HAS_INBOUND,
    INBOUND_BASE,
    INBOUND_PPM,
    KEY,
    LEAST,
    LEAST_PROBABILITY,
    MILLIONTH,
    MOST,
    OUT_FEE,
    PASSED,
    PASSED_PROBABILITY,
    PROBABILITY,
    RISK,
    SLOPE,
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


@njit(cache=True, inline="always", error_model="numpy")
def capacity_factor(amount: float, capacity: float) -> float:
    """How much less likely an amount close to the capacity is (LND's logistic, smearing 0.025)."""
    if amount < 0.8 * capacity:
        return 1.0
    x = (amount - 0.9999 * capacity) / (0.025 * capacity)
    if x >= 0:
        return 1.0 - 0.5 / (1.0 + exp_minus(x))
    small = exp_minus(-x)
    return 1.0 - 0.5 * small / (1.0 + small)


@njit(cache=True, inline="always", error_model="numpy")
def hop_probability(
    kind: int,
    edge: int,
    node: int,
    amount: float,
    view: NDArray[np.float32],
    memory: Memory,
    now_ms: int,
) -> float:
    """What a sender thinks of a hop: LND's a priori estimator, or a uniform balance.

    Args:
        kind: `COLD`, `WARM` or `UNIFORM`.
        edge: The hop.
        node: Who forwards there.
        amount: msat.
        view: What the search reads of every edge.
        memory: Of those who remember.
        now_ms: The virtual present.
    """
    capacity = np.float64(view[CAPACITY, edge])
    if kind == UNIFORM:
        return 1.0 - amount / (capacity + 1.0)
    likely = A_PRIORI * capacity_factor(amount, capacity)
    if kind != WARM:
        return likely
    if amount <= view[PASSED, edge]:
        return PASSED_PROBABILITY
    passed = memory.node_passed[node]
    failed = memory.node_failed[node]
    if passed > 0 or failed > 0:
        age = (now_ms - memory.node_failed_at_ms[node]) / HALF_LIFE_MS
        likely = (likely + PASSED_PROBABILITY * passed) / (
            1.0 + passed + failed * power_of_half(age)
        )
    if memory.failed_at_ms[edge] >= 0 and amount >= memory.failed[edge]:
        likely *= 1.0 - power_of_half((now_ms - memory.failed_at_ms[edge]) / HALF_LIFE_MS)
    return likely


@njit(cache=True, nogil=True, error_model="numpy")
def can_send(net: Net, book: Book, sender: int, amount_msat: int) -> bool:
    """Whether one of a sender's own channels can carry an amount, as only the sender knows."""
    for at in range(net.out_start[sender], net.out_start[sender + 1]):
        edge = net.out_edge[at]
        if book.balance[edge] - book.reserve[edge] >= amount_msat:
            return True
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def turn_to(bounds: Bounds, scratch: Scratch, sender: int, kind: int) -> None:
    """Lay out the bounds of a sender as numbers, unless they are laid out already."""
    if scratch.whose[0] == sender and scratch.whose[1] == kind:
        return
    scratch.whose[0], scratch.whose[1] = sender, kind
    hops, least = bounds.hops[sender], bounds.least[sender]
    growth = bounds.growth[kind]
    for node in range(len(hops)):
        scratch.further[node] = bounds.slope[least[node]]
        scratch.grows[node] = growth[hops[node]]


@njit(cache=True, nogil=True, error_model="numpy")
def _look_ahead(
    kind: int,
    begin: int,
    end: int,
    net: Net,
    view: NDArray[np.float32],
    memory: Memory,
    scratch: Scratch,
    sender: int,
    full_msat: float,
    weight_msat: float,
    attempt_msat: float,
    most_msat: float,
) -> None:
    """The least that a route costs by each edge towards a node; infinite where none can lead.

    Edges that need a closer look (the sender's own, those with an inbound fee) get 0. The loops have
    no branches, so that the compiler takes many edges at once.
    """
    source = net.source[begin:end]
    most, flat, slope = view[MOST, begin:end], view[FLAT, begin:end], view[SLOPE, begin:end]
    risk, least, capacity = view[RISK, begin:end], view[LEAST, begin:end], view[CAPACITY, begin:end]
    has_inbound, passed = view[HAS_INBOUND, begin:end], view[PASSED, begin:end]
    further, grows, ahead = scratch.further, scratch.grows, scratch.ahead[begin:end]
    full, weight = np.float32(full_msat), np.float32(weight_msat)
    attempt, limit = np.float32(attempt_msat), np.float32(most_msat)
    one, never, close = np.float32(1.0), np.float32(np.inf), np.float32(0.0)
    me = np.uint32(sender)
    # An amount that is the whole capacity has, in 32 bits, a chance of 0: its cost is infinite.
    if kind == UNIFORM:
        for at in range(len(source)):
            other = source[at]
            fee = flat[at] + full * slope[at]
            more = (full + fee) * further[other]
            likely = one - full / (capacity[at] + one)
            cost = weight + fee + full * risk[at] + more + attempt * grows[other] / likely
            fits = (full <= most[at]) & (full >= least[at]) & (full + fee + more <= limit)
            cost = cost if fits else never
            ahead[at] = close if (other == me) | (has_inbound[at] != close) else cost
    elif kind == WARM:
        known = np.float32(PASSED_PROBABILITY)
        node_best = memory.node_best
        for at in range(len(source)):
            other = source[at]
            fee = flat[at] + full * slope[at]
            more = (full + fee) * further[other]
            likely = known if full <= passed[at] else node_best[other]
            cost = weight + fee + full * risk[at] + more + attempt * grows[other] / likely
            fits = (full <= most[at]) & (full >= least[at]) & (full + fee + more <= limit)
            cost = cost if fits else never
            ahead[at] = close if (other == me) | (has_inbound[at] != close) else cost
    else:
        per_hop = attempt / np.float32(A_PRIORI)
        for at in range(len(source)):
            other = source[at]
            fee = flat[at] + full * slope[at]
            more = (full + fee) * further[other]
            cost = weight + fee + full * risk[at] + more + per_hop * grows[other]
            fits = (full <= most[at]) & (full >= least[at]) & (full + fee + more <= limit)
            cost = cost if fits else never
            ahead[at] = close if (other == me) | (has_inbound[at] != close) else cost


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
    label, stamp, following = scratch.label, scratch.stamp, scratch.following
    view, seen, ahead_of = book.shown, book.seen, scratch.ahead
    scratch.counts[4] += 1
    mark = scratch.counts[4]
    if not can_send(net, book, sender, amount_msat):
        return -1
    turn_to(bounds, scratch, sender, kind)
    further_of, grows, laid = scratch.further, scratch.grows, scratch.laid
    attempt = ATTEMPT_BASE_MSAT + ATTEMPT_RATIO * amount_msat
    most = float(amount_msat + limit_msat)
    first = receiver
    arrives, fee, weight, likely = float(amount_msat), 0.0, 0.0, 1.0
    if last_edge >= 0:
        first = net.source[last_edge]
        if view[MOST, last_edge] < arrives or view[LEAST, last_edge] > arrives:
            return -1
        fee = view[FLAT, last_edge] + arrives * view[SLOPE, last_edge]
        weight = fee + arrives * view[RISK, last_edge]
        likely = hop_probability(kind, last_edge, first, arrives, view, memory, now_ms)
        if arrives + fee > most or likely < LEAST_PROBABILITY:
            return -1
        following[first] = last_edge
    else:
        following[first] = -1
    stamp[first] = mark
    laid[first] = 0
    label[first, DISTANCE] = weight + attempt / likely
    label[first, WEIGHT] = weight
    label[first, PROBABILITY] = likely
    label[first, AMOUNT] = arrives + fee
    label[first, OUT_FEE] = fee
    label[first, KEY] = 0.0
    size = push(scratch.keys, scratch.nodes, 0, 0.0, first)
    relaxed = 0
    patience_of = _PATIENCE
    cut = np.inf
    while size > 0:
        key = scratch.keys[0]
        node = scratch.nodes[0]
        size = drop_first(scratch.keys, scratch.nodes, size)
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
        patience = min(key + patience_of[kind] * attempt, cut)
        begin, end = int(net.start[node]), int(net.start[node + 1])
        if laid[node] != mark:
            laid[node] = mark
            relaxed += end - begin
            _look_ahead(
                kind, begin, end, net, view, memory, scratch, sender, full, node_weight,
                attempt / node_likely, most,
            )  # fmt: skip
        nearest = np.inf
        for edge in range(begin, end):
            ahead = np.float64(ahead_of[edge])
            if ahead > patience:
                nearest = min(nearest, ahead)
                continue
            ahead_of[edge] = np.inf
            other = int(net.source[edge])
            if other == avoided or (stamp[other] == mark and label[other, DISTANCE] <= distance):
                continue
            amount = full
            extra = 0.0
            if view[HAS_INBOUND, edge] != 0.0 and not is_receiver:
                inbound = seen[edge, INBOUND_BASE] + full * seen[edge, INBOUND_PPM] * MILLIONTH
                extra = max(-out_fee, inbound)
                amount = full + extra
            if amount > view[MOST, edge] or amount < view[LEAST, edge]:
                continue
            if other == sender:
                if book.balance[edge] - book.reserve[edge] < amount:
                    continue
                if last_edge >= 0 and net.reverse[edge] == last_edge:
                    continue
                fee, risk, further = 0.0, 0.0, 0.0
                hop = 1.0 if kind == UNIFORM else _OWN
            else:
                fee = view[FLAT, edge] + amount * view[SLOPE, edge]
                further = (amount + fee) * further_of[other]
                if amount + fee + further > most:
                    continue
                risk = amount * view[RISK, edge]
                hop = hop_probability(kind, edge, other, amount, view, memory, now_ms)
            likely = node_likely * hop
            grown = np.float64(grows[other])
            if likely < LEAST_PROBABILITY * grown:
                continue
            weight = node_weight + fee + risk + extra
            reached = weight + attempt / likely
            if stamp[other] == mark and reached >= label[other, DISTANCE]:
                continue
            ahead = weight + further + attempt / likely * grown
            if ahead > patience:
                ahead_of[edge] = ahead
                nearest = min(nearest, ahead)
                continue
            is_banned = False
            for at in range(n_banned):
                if scratch.banned[at] == edge and amount >= scratch.banned_from[at]:
                    is_banned = True
                    break
            if is_banned:
                continue
            if other == sender:
                cut = ahead
                patience = min(patience, cut)
            stamp[other] = mark
            label[other, DISTANCE] = reached
            label[other, WEIGHT] = weight
            label[other, PROBABILITY] = likely
            label[other, AMOUNT] = amount + fee
            label[other, OUT_FEE] = fee
            laid[other] = 0
            following[other] = edge
            label[other, KEY] = ahead
            size = push(scratch.keys, scratch.nodes, size, ahead, other)
        if nearest < cut:
            label[node, KEY] = nearest
            size = push(scratch.keys, scratch.nodes, size, nearest, node)
    scratch.counts[1] += relaxed
    return -1
