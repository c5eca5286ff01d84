"""A payment as large as the channels on its way."""

import numpy as np
from tests.builders import a_snapshot

from daznode.simulate.payments.bounds import route_bounds
from daznode.simulate.payments.demand import BUYER, DAY_MS, UNIFORM, DemandParams, Payments, Roles
from daznode.simulate.payments.kernels.deliver import LOST, NO_ROUTE
from daznode.simulate.payments.loop import Ground, PaymentLoop
from daznode.simulate.payments.network import payment_network
from daznode.simulate.payments.succession import Succession

CAPACITY_SAT = 5_000_000


def test_it_has_no_chance_and_stops_nobody():
    """In 32 bits its chance is exactly 0, which once ended the whole run."""
    snapshot = a_snapshot(3, ((0, 1), (1, 2)), capacity_sat=CAPACITY_SAT)
    policies = snapshot.channels.policies
    policies.htlc_maximum_msat[:] = CAPACITY_SAT * 1_000
    policies.is_disabled[:] = False
    network = payment_network(snapshot)
    roles = Roles(np.full(3, BUYER), np.ones(3), np.ones(3))
    ground = Ground(network, roles, DemandParams(), np.zeros(3, np.bool_))
    bounds = route_bounds(network, ground.floor_ppm(-1))
    loop = PaymentLoop(ground, bounds, player=-1, seed=1, days=0)
    one = [np.array([value]) for value in (5, 0, 2, CAPACITY_SAT * 1_000, 10**9, UNIFORM)]
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
