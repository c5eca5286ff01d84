"""Bounds never promise more than a route takes: compared with searches by scipy."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from tests.payment_worlds import bounds, busy_node, ground

from daznode.simulate.payments.kernels.arithmetic import exp_minus, power_of_half


@pytest.fixture(scope="module")
def fees():
    """True least fees in ppm between all nodes, the sender's own hop being free."""
    network = ground().network
    floor = ground().floor_ppm(busy_node(network))
    n = network.n_nodes
    cost = np.full((n, n), np.inf)
    np.minimum.at(cost, (network.source, network.target), floor + 1e-6)
    reached = np.full((n, n), np.inf)
    whole = dijkstra(csr_array(np.where(np.isfinite(cost), cost, 0)), directed=True)
    for sender in range(n):
        neighbours = np.unique(network.target[network.source == sender])
        reached[sender] = np.minimum(whole[neighbours].min(axis=0), np.inf)
        reached[sender, neighbours] = 0
        reached[sender, sender] = 0
    return reached


def test_fees_are_bounded_from_below_and_closely(fees) -> None:
    found = bounds()
    bound_ppm = found.slope[found.least] * 1e6
    known = np.isfinite(fees)

    assert (bound_ppm[known] <= fees[known] + 0.01).all()
    apart = fees[known] - bound_ppm[known]
    assert np.percentile(apart / (fees[known] + 10), 90) < 0.2


def test_hops_are_those_of_the_shortest_way() -> None:
    network, n = ground().network, ground().network.n_nodes
    links = csr_array((np.ones(network.n_edges), (network.source, network.target)), shape=(n, n))
    links.data[:] = 1.0

    hops = dijkstra(links, unweighted=True)

    assert (bounds().hops == np.where(np.isfinite(hops), hops, 250)).all()


def test_a_probability_grows_by_the_hops_that_are_left() -> None:
    growth = bounds().growth

    assert growth[0, 3] == pytest.approx(1 / (0.95 * 0.6**2))
    assert growth[1, 3] == pytest.approx(1 / 0.95**3)
    assert growth[2, 3] == 1.0
    assert (growth[:, 0] == 1.0).all()


def test_powers_are_close_to_the_true_ones() -> None:
    exponents = np.random.default_rng(1).random(2_000) * 60

    found = np.array([power_of_half(float(x)) for x in exponents])

    assert np.abs(found / 2.0**-exponents - 1).max() < 1e-5
    assert power_of_half(60.0) == 0.0
    assert power_of_half(0.0) == 1.0
    assert exp_minus(1.0) == pytest.approx(np.exp(-1), rel=1e-5)
