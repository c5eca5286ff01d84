"""Compiles every kernel of the payment loop on a network of three nodes, so that the program can say so."""

from typing import Final

import numpy as np

from daznode.domain.progress import Progress, silent
from daznode.simulate.payments.around import around_ppm
from daznode.simulate.payments.bounds import route_bounds
from daznode.simulate.payments.demand import BUYER, DemandParams, Roles
from daznode.simulate.payments.ground import Ground
from daznode.simulate.payments.kernels.replay import replay
from daznode.simulate.payments.loop import HOUR_MS, PaymentLoop
from daznode.simulate.payments.network import IntArray, PaymentNetwork
from daznode.simulate.payments.standing import standing_orders
from daznode.simulate.payments.state import EVENT_COLUMNS, OPTION_COLUMNS, Bounds

STAGE: Final = "compiling"

_CAPACITY_MSAT: Final = 10_000_000_000


def compile_payment_kernels(progress: Progress = silent) -> None:
    """Compile every kernel, or load it from numba's cache on disk.

    The first time on a machine this takes some half a minute, most of it for the payments
    themselves; later it takes a fraction of a second.

    Args:
        progress: Told before each step and at the end.

    Raises:
        Interrupted: The progress asked to stop.
    """
    network = _triangle()
    roles = Roles(np.full(3, BUYER), np.ones(3), np.ones(3))
    demand = DemandParams(payments_per_day=1_000.0)
    ground = Ground(network, roles, demand, np.zeros(3, np.bool_))
    made: list[PaymentLoop] = []

    def bounds() -> Bounds:
        return route_bounds(network, ground.floor_ppm(0))

    def payments() -> None:
        loop = PaymentLoop(ground, bounds(), player=0, seed=1, days=1)
        loop.run_until(HOUR_MS)
        made.append(loop)

    def refill() -> None:
        edges = network.edges_from(0)
        made[0].refill(int(network.reverse[edges[0]]), edges[1:], 1_000_000, 1_000_000)

    def around() -> None:
        around_ppm(network, made[0].book.seen, 0)

    def replayed() -> None:
        options = np.zeros((0, OPTION_COLUMNS), np.int64)
        events = np.zeros((1, EVENT_COLUMNS), np.int64)
        standing = standing_orders(network.n_edges, 1)
        replay(made[0].net, made[0].book, options, 0, 0, events, standing, np.zeros(0))

    steps = (bounds, payments, refill, around, replayed)
    for done, step in enumerate(steps):
        progress(STAGE, done, len(steps))
        step()
    progress(STAGE, len(steps), len(steps))


def _triangle() -> PaymentNetwork:
    """Three nodes, each with a channel to both others."""

    def same(value: int) -> IntArray:
        return np.full(6, value, np.int64)

    return PaymentNetwork(
        start=np.array([0, 2, 4, 6]),
        snapshot_node=np.arange(3),
        source=np.array([1, 2, 0, 2, 0, 1]),
        target=np.array([0, 0, 1, 1, 2, 2]),
        reverse=np.array([2, 4, 0, 5, 1, 3]),
        scid=np.array([1, 2, 1, 3, 2, 3]),
        capacity_msat=same(_CAPACITY_MSAT),
        base_fee_msat=same(0),
        fee_ppm=same(1),
        inbound_base_msat=same(0),
        inbound_ppm=same(0),
        cltv_delta=same(40),
        htlc_minimum_msat=same(1),
        htlc_maximum_msat=same(_CAPACITY_MSAT),
        is_disabled=np.zeros(6, np.bool_),
    )
