"""Capacities and policies of generated networks, against the figures they are drawn for."""

import numpy as np
import pytest

from daznode.domain.gossip import UNKNOWN_MSAT
from daznode.simulate.generated import market

N_NODES, N_CHANNELS = 4_000, 30_000


@pytest.fixture(scope="module")
def drawn():
    rng = np.random.default_rng(5)
    ends = np.stack([rng.integers(0, N_NODES, N_CHANNELS), rng.integers(0, N_NODES, N_CHANNELS)])
    ends[1] = np.where(ends[0] == ends[1], (ends[1] + 1) % N_NODES, ends[1])
    degree = np.bincount(ends.ravel(), minlength=N_NODES)
    operators = market.draw_operators(degree, rng)
    capacity_sat = market.draw_capacities(operators, ends[0], ends[1], rng)
    policies = market.only_present(market.draw_policies(operators, ends, capacity_sat, rng))
    return operators, ends, capacity_sat, policies


def test_capacities_have_the_sizes_of_2025(drawn):
    capacity_sat = drawn[2]
    assert capacity_sat.min() >= 20_000
    assert capacity_sat.max() <= 1_000_000_000
    assert 1_100_000 <= np.median(capacity_sat) <= 1_800_000
    assert 8_000_000 <= capacity_sat.mean() <= 11_000_000
    assert 0.26 < (capacity_sat > 5_000_000).mean() < 0.29
    assert 0.01 < (capacity_sat > 100_000_000).mean() < 0.02
    middle = capacity_sat[(capacity_sat > 5_000_000) & (capacity_sat <= 100_000_000)]
    assert 0.29 < (middle == 10_000_000).mean() < 0.35


def test_rich_operators_have_the_large_channels(drawn):
    operators, ends, capacity_sat, _ = drawn
    poorer = np.minimum(operators.purse[ends[0]], operators.purse[ends[1]])
    large = capacity_sat > 20_000_000
    assert poorer[large].mean() > poorer[~large].mean() + 0.8


def test_fees_have_the_published_shape(drawn):
    policies = drawn[3]
    ppm = policies.fee_ppm[policies.is_present]
    base = policies.base_fee_msat[policies.is_present]
    assert 80 <= np.median(ppm) <= 140
    assert 0.06 < (ppm == 0).mean() < 0.14
    assert 0.05 < ((ppm == 1) & (base == 1_000)).mean() < 0.15
    assert 0.36 < (base == 0).mean() < 0.52
    assert 0 < (ppm == market.DO_NOT_ROUTE_PPM).mean() < 0.002
    assert np.isin([250, 500, 1_000], ppm).all()


def test_inbound_fees_are_mostly_discounts_of_managing_nodes(drawn):
    operators, ends, _, policies = drawn
    is_set = policies.inbound_fee_ppm != 0
    assert 0.04 < is_set.mean() < 0.12
    assert 0.9 < (policies.inbound_fee_ppm[is_set] < 0).mean() < 1.0
    assert operators.gives_discounts[ends[is_set]].all()


def test_limits_lie_within_the_channel(drawn):
    capacity_sat, policies = drawn[2], drawn[3]
    most = policies.htlc_maximum_msat
    assert (most[0] <= capacity_sat * 1_000).all()
    stated = policies.is_present & (most != UNKNOWN_MSAT)
    assert (most[stated] >= policies.htlc_minimum_msat[stated]).all()
    assert 0.1 < (most[stated] < 0.5 * np.stack([capacity_sat] * 2)[stated] * 1_000).mean() < 0.16


def test_what_was_never_announced_has_the_values_the_domain_asks_for(drawn):
    policies = drawn[3]
    absent = ~policies.is_present
    assert 0.005 < absent.mean() < 0.02
    for name in type(policies).__slots__:
        expected = UNKNOWN_MSAT if name == "htlc_maximum_msat" else 0
        assert (getattr(policies, name)[absent] == expected).all()


def test_the_ends_towards_an_offline_node_are_disabled(drawn):
    operators, ends, _, policies = drawn
    towards = operators.is_offline[ends[::-1]] & policies.is_present
    assert policies.is_disabled[towards].all()
    assert 0.03 < policies.is_disabled[~towards].mean() < 0.07


def test_updates_follow_the_funding_and_precede_the_snapshot():
    rng = np.random.default_rng(6)
    now = 1_763_625_600
    opened = now - rng.integers(0, 40 * 86_400, 2_000)
    disabled = rng.random((2, 2_000)) < 0.3
    updated = market.update_times(opened, disabled, now, rng)
    assert (updated >= opened).all()
    assert (updated <= now).all()
    old = now - updated > 14 * 86_400
    assert old.any()
    assert disabled[old].all()
