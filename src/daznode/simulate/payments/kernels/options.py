"""What a sender would have paid at most to come through a node: recorded before the payment happens."""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from daznode.simulate.payments.kernels.attempt import lay_route, refusal
from daznode.simulate.payments.kernels.heap import drop_first, first_node, first_place, place, push
from daznode.simulate.payments.kernels.likelihood import hop_probability
from daznode.simulate.payments.kernels.outlook import turn_to
from daznode.simulate.payments.kernels.reach import is_banned
from daznode.simulate.payments.kernels.search import find_route
from daznode.simulate.payments.state import (
    AMOUNT,
    ATTEMPT_BASE_MSAT,
    ATTEMPT_RATIO,
    CAPTIVE,
    DISTANCE,
    FLAT,
    FURTHER,
    GROWS,
    INBOUND_BASE,
    INBOUND_PPM,
    IS_GOOD,
    KEY,
    LEAST,
    LEAST_PROBABILITY,
    MILLIONTH,
    MOST,
    MOST_ATTEMPTS,
    MOST_HOPS,
    NO_REASON,
    NOBODY,
    OPTION_AMOUNT,
    OPTION_AT,
    OPTION_ATTEMPT,
    OPTION_IN,
    OPTION_OUT,
    OPTION_PAYMENT,
    OPTION_WORTH,
    OUT_FEE,
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

_NEVER: Final = 1e18


@njit(cache=True, nogil=True, error_model="numpy")
def _can_carry(
    net: Net,
    book: Book,
    scratch: Scratch,
    first: int,
    last: int,
    unseen: int,
) -> bool:
    """Whether the hops of the labelled way from one node to another have the balance it takes.

    What the hop to `unseen` has is left out: it is looked at when the chance is played.
    """
    node, hops = first, 0
    while node != last and hops < MOST_HOPS:
        edge = scratch.following[node]
        target = net.target[edge]
        lacks = book.balance[edge] - book.reserve[edge] < scratch.label[target, AMOUNT]
        if lacks and target != unseen:
            return False
        if book.is_offline[node] or book.is_offline[target]:
            return False
        node = target
        hops += 1
    return node == last


@njit(cache=True, nogil=True, error_model="numpy")
def _search_out(
    net: Net,
    book: Book,
    memory: Memory,
    bounds: Bounds,
    scratch: Scratch,
    player: int,
    sender: int,
    receiver: int,
    amount_msat: int,
    limit_msat: float,
    kind: int,
    now_ms: int,
    n_banned: int,
    payment: int,
    attempt_number: int,
    alternative: float,
    in_edge: int,
    in_weight: float,
    in_fee: float,
    in_likely: float,
    is_in_good: bool,  # noqa: FBT001 - numba takes keywords only slowly
    options: NDArray[np.int64],
    n_options: int,
) -> int:
    """Every channel by which the node could pass the payment on more cheaply than without it.

    A search from the receiver as in `find_route`, with the node as its sender: each node that is
    taken and has a channel with the player is an option. It ends when no other can be worth a fee.
    """
    label, following, heap = scratch.label, scratch.following, scratch.heap
    view, seen = book.shown, book.seen
    scratch.counts[4] += 1
    mark = scratch.counts[4]
    turn_to(bounds, memory, scratch, player, kind)
    outlook = scratch.outlook
    price = (ATTEMPT_BASE_MSAT + ATTEMPT_RATIO * amount_msat) / in_likely
    most = float(amount_msat) + limit_msat - in_fee
    label[receiver, STAMP] = mark
    label[receiver, DISTANCE] = price
    label[receiver, WEIGHT] = 0.0
    label[receiver, PROBABILITY] = 1.0
    label[receiver, AMOUNT] = float(amount_msat)
    label[receiver, OUT_FEE] = 0.0
    label[receiver, KEY] = 0.0
    following[receiver] = -1
    size = push(heap, 0, 0.0, receiver)
    while size > 0:
        key, node = first_place(heap), first_node(heap)
        size = drop_first(heap, size)
        if key > label[node, KEY]:
            continue
        if key + in_weight >= alternative or n_options >= options.shape[0]:
            break
        weight = label[node, WEIGHT]
        likely = label[node, PROBABILITY]
        full = label[node, AMOUNT]
        out_fee = label[node, OUT_FEE]
        for edge in range(net.start[node], net.start[node + 1]):
            other = int(net.source[edge])
            if other == sender:
                continue
            amount, extra = full, 0.0
            if node != receiver and (seen[edge, INBOUND_BASE] != 0 or seen[edge, INBOUND_PPM] != 0):
                inbound = seen[edge, INBOUND_BASE] + full * seen[edge, INBOUND_PPM] * MILLIONTH
                extra = max(-out_fee, inbound)
                amount = full + extra
            if amount > view[edge, MOST] or amount < view[edge, LEAST]:
                continue
            if is_banned(scratch, n_banned, edge, amount):
                continue
            hop = hop_probability(kind, edge, other, amount, view, memory, now_ms)
            risk = amount * view[edge, RISK]
            if other == player:
                if net.reverse[edge] == in_edge or likely * hop * in_likely < LEAST_PROBABILITY:
                    continue
                worth = alternative - (weight + extra + risk + in_weight + price / (likely * hop))
                worth = min(worth, most - amount)
                if worth < 1.0 or n_options >= options.shape[0]:
                    continue
                is_good = is_in_good and _can_carry(net, book, scratch, node, receiver, NOBODY)
                row = options[n_options]
                row[OPTION_AT] = now_ms
                row[OPTION_PAYMENT] = payment
                row[OPTION_ATTEMPT] = attempt_number
                row[OPTION_OUT] = edge
                row[OPTION_IN] = net.reverse[in_edge]
                row[OPTION_AMOUNT] = int(amount)
                row[OPTION_WORTH] = int(worth)
                row[IS_GOOD] = 1 if is_good else 0
                row[CAPTIVE] = 1 if alternative >= _NEVER else 0
                n_options += 1
                continue
            fee = view[edge, FLAT] + amount * view[edge, SLOPE]
            further = (amount + fee) * outlook[other, FURTHER]
            if amount + fee + further > most:
                continue
            reached_likely = likely * hop
            if reached_likely * in_likely < LEAST_PROBABILITY:
                continue
            reached_weight = weight + fee + risk + extra
            reached = reached_weight + price / reached_likely
            if label[other, STAMP] == mark and reached >= label[other, DISTANCE]:
                continue
            ahead = reached_weight + further + price / reached_likely * outlook[other, GROWS]
            if ahead + in_weight >= alternative:
                continue
            label[other, STAMP] = mark
            label[other, DISTANCE] = reached
            label[other, WEIGHT] = reached_weight
            label[other, PROBABILITY] = reached_likely
            label[other, AMOUNT] = amount + fee
            label[other, OUT_FEE] = fee
            label[other, KEY] = place(ahead)
            following[other] = edge
            size = push(heap, size, ahead, other)
    return n_options


@njit(cache=True, nogil=True, error_model="numpy")
def record_options(
    net: Net,
    book: Book,
    memory: Memory,
    bounds: Bounds,
    scratch: Scratch,
    player: int,
    sender: int,
    receiver: int,
    amount_msat: int,
    limit_msat: int,
    kind: int,
    now_ms: int,
    payment: int,
    options: NDArray[np.int64],
    n_options: int,
) -> int:
    """Live through the attempts that the sender would make without the node, and note its chances.

    Nothing is moved or remembered. At each attempt the best route without the node is the
    alternative; what the node could have asked is the alternative's cost less that of the way
    through it for nothing, capped by what is left of the sender's limit.

    Args:
        net: Who is linked to whom.
        book: Policies and balances.
        memory: Of those who remember.
        bounds: Of routes from every sender.
        scratch: Working memory.
        player: The node.
        sender: Who pays.
        receiver: Who is paid.
        amount_msat: What is to arrive.
        limit_msat: Most that it may cost.
        kind: Kind of the sender.
        now_ms: The virtual present.
        payment: Number of the payment.
        options: Where options go, (n, 9), int64.
        n_options: How many there are.

    Returns:
        The new number of options.
    """
    attempt = ATTEMPT_BASE_MSAT + ATTEMPT_RATIO * amount_msat
    hops_in = np.int64(bounds.hops[sender, player])
    hops_out = np.int64(bounds.hops[player, receiver])
    slope = (
        bounds.slope[bounds.least[sender, player]] + bounds.slope[bounds.least[player, receiver]]
    )
    together = min(hops_in + hops_out, np.int64(255))
    floor = amount_msat * slope + attempt * bounds.growth[kind][together]
    if amount_msat * slope > limit_msat:
        return n_options
    for n_banned in range(MOST_ATTEMPTS):
        found = find_route(
            net, book, memory, bounds, scratch, sender, receiver, amount_msat, limit_msat, kind,
            now_ms, n_banned, player, NOBODY,
        )  # fmt: skip
        alternative = _NEVER if found < 0 else scratch.label[sender, DISTANCE]
        length = 0
        if found >= 0:
            length = lay_route(net, book, scratch, sender, receiver, amount_msat, limit_msat)
        if floor < alternative:
            found = find_route(
                net, book, memory, bounds, scratch, sender, player, amount_msat, limit_msat, kind,
                now_ms, n_banned, receiver, NOBODY,
            )  # fmt: skip
            if found >= 0:
                last, node = -1, sender
                hops = 0
                while node != player and hops < MOST_HOPS:
                    last = scratch.following[node]
                    node = net.target[last]
                    hops += 1
                if node == player:  # else discounts led the search in a circle
                    in_likely = scratch.label[sender, PROBABILITY]
                    in_weight = scratch.label[sender, WEIGHT]
                    in_fee = scratch.label[sender, AMOUNT] - amount_msat
                    is_in_good = _can_carry(net, book, scratch, sender, player, player)
                    n_options = _search_out(
                        net, book, memory, bounds, scratch, player, sender, receiver, amount_msat,
                        float(limit_msat), kind, now_ms, n_banned, payment, n_banned, alternative,
                        last, in_weight, in_fee, in_likely, is_in_good, options, n_options,
                    )  # fmt: skip
        if length == 0:
            return n_options
        failed_at = -1
        for at in range(length):
            if refusal(net, book, scratch, at, now_ms) != NO_REASON:
                failed_at = at
                break
        if failed_at < 0:
            return n_options
        scratch.banned[n_banned] = scratch.path[failed_at]
        scratch.banned_from[n_banned] = scratch.amount[failed_at]
    return n_options
