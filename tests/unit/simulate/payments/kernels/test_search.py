"""The guided search finds what an unguided one finds; a plain one in Python is the judge."""

import heapq

import numpy as np
import pytest
from tests.builders import a_snapshot
from tests.payment_worlds import ground, loop

from daznode.simulate.payments.bounds import route_bounds
from daznode.simulate.payments.demand import (
    BUYER,
    COLD,
    DAY_MS,
    UNIFORM,
    WARM,
    DemandParams,
    Payments,
    Roles,
)
from daznode.simulate.payments.ground import Ground
from daznode.simulate.payments.kernels.deliver import LOST, NO_ROUTE
from daznode.simulate.payments.kernels.likelihood import capacity_factor
from daznode.simulate.payments.kernels.search import find_route
from daznode.simulate.payments.loop import PaymentLoop
from daznode.simulate.payments.network import payment_network
from daznode.simulate.payments.state import (
    DISTANCE,
    FLAT,
    LEAST,
    MOST,
    PASSED,
    PROBABILITY,
    RISK,
    SLOPE,
    WEIGHT,
)
from daznode.simulate.payments.succession import Succession

CAPACITY_SAT = 5_000_000


@pytest.fixture(scope="module")
def lived() -> PaymentLoop:
    """A network in which a day of payments has happened, so that senders remember something."""
    made = loop()
    made.run_until(86_400_000)
    return made


def _likely(lived: PaymentLoop, kind: int, edge: int, amount: float) -> float:
    network, view, memory = ground().network, lived.book.shown, lived.memory
    capacity = float(network.capacity_msat[edge])
    if kind == UNIFORM:
        return 1 - amount / (capacity + 1)
    likely = 0.6 * capacity_factor(amount, capacity)
    if kind == COLD:
        return likely
    if amount <= view[edge, PASSED]:
        return 0.95
    node = int(network.source[edge])
    age_h = (lived.now_ms - memory.node_failed_at_ms[node]) / 3.6e6
    failed = memory.node_failed[node] * 0.5**age_h
    passed = memory.node_passed[node]
    likely = (likely + 0.95 * passed) / (1 + passed + failed)
    if memory.failed_at_ms[edge] >= 0 and amount >= memory.failed[edge]:
        likely *= 1 - 0.5 ** ((lived.now_ms - memory.failed_at_ms[edge]) / 3.6e6)
    return likely


def _plain(
    lived: PaymentLoop, sender: int, receiver: int, amount: int, limit: int, kind: int
) -> float | None:
    """Distance of the best route by the rules of LND's path finding, without any guidance."""
    network, book = ground().network, lived.book
    view = book.shown
    attempt = 100_000.0 + 0.001 * amount
    label = {receiver: (attempt, 0.0, 1.0, float(amount))}
    queue = [(attempt, receiver)]
    done: set[int] = set()
    while queue:
        distance, node = heapq.heappop(queue)
        if node in done or distance > label[node][0]:
            continue
        done.add(node)
        if node == sender:
            return distance
        _, weight, likely, full = label[node]
        for edge in range(network.start[node], network.start[node + 1]):
            other = int(network.source[edge])
            if full > view[edge, MOST] or full < view[edge, LEAST] or other in done:
                continue
            if other == sender:
                if book.balance[edge] - book.reserve[edge] < full:
                    continue
                fee, risk, hop = 0.0, 0.0, 1.0 if kind == UNIFORM else 0.95
            else:
                fee = float(view[edge, FLAT]) + full * float(view[edge, SLOPE])
                risk = full * float(view[edge, RISK])
                if full + fee > amount + limit:
                    continue
                hop = _likely(lived, kind, edge, full)
            reached_likely = likely * hop
            if reached_likely < 0.01:
                continue
            reached = weight + fee + risk + attempt / reached_likely
            if other not in label or reached < label[other][0]:
                label[other] = (reached, weight + fee + risk, reached_likely, full + fee)
                heapq.heappush(queue, (reached, other))
    return None


@pytest.mark.parametrize("kind", [COLD, WARM, UNIFORM])
def test_the_route_costs_no_more_than_that_of_a_plain_search(lived: PaymentLoop, kind: int) -> None:
    network = ground().network
    rng = np.random.default_rng(kind)
    has_inbound = (network.inbound_ppm != 0) | (network.inbound_base_msat != 0)
    pairs, worse, found_both = 150, 0, 0
    for _ in range(pairs):
        sender, receiver = rng.choice(network.n_nodes, 2, replace=False).tolist()
        amount = int(10 ** rng.uniform(6, 9))
        limit = amount // 50 + 5_000
        relaxed = find_route(
            lived.net, lived.book, lived.memory, lived.bounds, lived.scratch, sender, receiver,
            amount, limit, kind, lived.now_ms, 0, -1, -1,
        )  # fmt: skip
        expected = _plain(lived, sender, receiver, amount, limit, kind)
        if expected is None or relaxed < 0:
            worse += (expected is None) != (relaxed < 0) and not has_inbound.any()
            continue
        found_both += 1
        distance = lived.scratch.label[sender, DISTANCE]
        worse += distance > expected * 1.000_01 + 1
    assert found_both > pairs / 3
    assert worse <= pairs * 0.02


def test_a_banned_edge_is_not_used_for_that_amount(lived: PaymentLoop) -> None:
    network = ground().network
    rng = np.random.default_rng(9)
    looked_at = 0
    for _ in range(60):
        sender, receiver = rng.choice(network.n_nodes, 2, replace=False).tolist()
        arguments = (
            lived.net, lived.book, lived.memory, lived.bounds, lived.scratch, sender, receiver,
            20_000_000, 1_000_000, COLD, lived.now_ms,
        )  # fmt: skip
        if find_route(*arguments, 0, -1, -1) < 0:
            continue
        edge = int(lived.scratch.following[sender])
        lived.scratch.banned[0], lived.scratch.banned_from[0] = edge, 20_000_000
        if find_route(*arguments, 1, -1, -1) >= 0:
            looked_at += 1
            assert int(lived.scratch.following[sender]) != edge
    assert looked_at > 10


def test_no_route_goes_through_a_node_that_is_avoided(lived: PaymentLoop) -> None:
    network = ground().network
    rng = np.random.default_rng(10)
    hub = int(np.bincount(network.source).argmax())
    through = 0
    for _ in range(60):
        sender, receiver = rng.choice(network.n_nodes, 2, replace=False).tolist()
        if hub in {sender, receiver}:
            continue
        for avoided in (-1, hub):
            found = find_route(
                lived.net, lived.book, lived.memory, lived.bounds, lived.scratch, sender, receiver,
                20_000_000, 1_000_000, COLD, lived.now_ms, 0, avoided, -1,
            )  # fmt: skip
            nodes, node = [], sender
            while found >= 0 and node != receiver:
                node = int(network.target[lived.scratch.following[node]])
                nodes.append(node)
            through += avoided < 0 and hub in nodes
            assert avoided < 0 or hub not in nodes
    assert through > 5


def test_labels_add_up(lived: PaymentLoop) -> None:
    network = ground().network
    found = find_route(
        lived.net, lived.book, lived.memory, lived.bounds, lived.scratch, 3, 200, 10_000_000,
        1_000_000, UNIFORM, lived.now_ms, 0, -1, -1,
    )  # fmt: skip
    assert found >= 0
    label = lived.scratch.label[3]

    assert label[DISTANCE] == pytest.approx(label[WEIGHT] + 110_000 / label[PROBABILITY])
    assert 0 < label[PROBABILITY] <= 1
    assert network.n_nodes > 200


@pytest.mark.parametrize("short_msat", [0, 95, 1_000, 25_000])
def test_what_fills_a_channel_has_no_chance_and_stops_nobody(short_msat: int) -> None:
    """In 32 bits its chance is exactly 0, or so small that its cost is beyond any place in the queue."""
    snapshot = a_snapshot(3, ((0, 1), (1, 2)), capacity_sat=CAPACITY_SAT)
    policies = snapshot.channels.policies
    policies.htlc_maximum_msat[:] = CAPACITY_SAT * 1_000
    policies.is_disabled[:] = False
    network = payment_network(snapshot)
    roles = Roles(np.full(3, BUYER), np.ones(3), np.ones(3))
    ground = Ground(network, roles, DemandParams(), np.zeros(3, np.bool_))
    bounds = route_bounds(network, ground.floor_ppm(-1))
    loop = PaymentLoop(ground, bounds, player=-1, seed=1, days=0)
    amount_msat = CAPACITY_SAT * 1_000 - short_msat
    one = [np.array([value]) for value in (5, 0, 2, amount_msat, 10**9, UNIFORM)]
    balance_msat = np.where(network.source < network.target, network.capacity_msat, 0)
    loop.move_to(
        ground,
        bounds,
        Succession.none(network),
        player=-1,
        balance_msat=balance_msat,
        payments=Payments(*one),
    )
    loop.book.reserve[:] = 0
    loop.run_until(DAY_MS)
    assert loop.results[0, 0] in (LOST, NO_ROUTE)
    assert (loop.book.balance == balance_msat).all()
