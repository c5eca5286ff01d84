"""Demand is drawn ahead: who pays whom, when, how much and at what price at most."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.payment_worlds import ground

from daznode.simulate.payments.demand import (
    BUYER,
    COLD,
    DAY_MS,
    EXCHANGE,
    LEAST_LIMIT_MSAT,
    MERCHANT,
    MOST_LIMIT_MSAT,
    ROUTER,
    UNIFORM,
    WARM,
    DemandParams,
    Roles,
    draw_payments,
    draw_roles,
)


def _payments(days: float = 10.0, seed: int = 3, avoided: int = -1, **changes: float):
    params = DemandParams(payments_per_day=5_000.0, **changes)  # type: ignore[arg-type]
    return draw_payments(params, ground().roles, avoided, days, np.random.default_rng(seed))


def test_routers_are_nobodys_end_and_merchants_do_not_buy() -> None:
    roles = ground().roles
    payments = _payments()

    assert ROUTER not in roles.kind[payments.source]
    assert ROUTER not in roles.kind[payments.target]
    buys = (roles.kind[payments.source] == MERCHANT) & (roles.kind[payments.target] == BUYER)
    assert not buys.any()
    withdrawn = (roles.kind[payments.source] == EXCHANGE) & (roles.kind[payments.target] == BUYER)
    assert 0.15 < withdrawn.mean() < 0.25


def test_a_player_neither_pays_nor_is_paid() -> None:
    everybody = _payments()
    player = int(np.bincount(everybody.target).argmax())

    payments = _payments(avoided=player)

    assert player not in payments.source
    assert player not in payments.target


def test_the_only_shop_of_a_network_is_not_paid_if_it_is_the_player() -> None:
    roles = Roles(np.array([MERCHANT, BUYER, BUYER, EXCHANGE]), np.ones(4), np.ones(4))

    payments = draw_payments(DemandParams(), roles, 0, 1.0, np.random.default_rng(1))

    assert len(payments) > 0
    assert 0 not in payments.source
    assert 0 not in payments.target


@given(seed=st.integers(0, 2**32), days=st.integers(1, 3))
@settings(max_examples=25, deadline=None)
def test_payments_are_possible_and_in_order(seed: int, days: int) -> None:
    payments = _payments(days=days, seed=seed)

    assert (np.diff(payments.at_ms) >= 0).all()
    assert payments.at_ms.min() >= 0
    assert payments.at_ms.max() < days * DAY_MS
    assert (payments.source != payments.target).all()
    assert (payments.amount_msat % 1_000 == 0).all()
    assert payments.amount_msat.min() >= 1_000
    assert payments.limit_msat.min() >= LEAST_LIMIT_MSAT
    assert payments.limit_msat.max() <= MOST_LIMIT_MSAT
    assert set(np.unique(payments.kind)) <= {COLD, WARM, UNIFORM}


def test_the_day_has_a_rhythm() -> None:
    at_hour = (_payments(days=40.0).at_ms % DAY_MS) // 3_600_000
    per_hour = np.bincount(at_hour, minlength=24)

    assert per_hour[0] / per_hour[12] == pytest.approx(1.4 / 0.6, rel=0.1)


def test_transfers_of_exchanges_are_larger_and_amounts_have_heavy_tails() -> None:
    roles = ground().roles
    payments = _payments(days=20.0)
    of_exchange = (roles.kind[payments.source] == EXCHANGE) | (
        roles.kind[payments.target] == EXCHANGE
    )

    assert np.median(payments.amount_msat[of_exchange]) > 5 * np.median(
        payments.amount_msat[~of_exchange]
    )
    retail = payments.amount_msat[~of_exchange]
    assert retail.mean() > 2 * np.median(retail)


def test_one_seed_gives_one_demand() -> None:
    first, again, other = _payments(seed=4), _payments(seed=4), _payments(seed=5)

    assert all((a == b).all() for a, b in zip(first.columns, again.columns, strict=True))
    assert len(first) != len(other) or (first.source != other.source).any()


def test_the_tilt_tells_who_is_paid_more_than_it_pays() -> None:
    roles = ground().roles
    tilt = roles.tilt

    assert np.median(tilt[roles.kind == MERCHANT]) > np.median(tilt[roles.kind == BUYER])


def test_larger_nodes_are_the_likelier_exchanges() -> None:
    network = ground().network
    shares = []
    for seed in range(10):
        roles = draw_roles(network, DemandParams(), np.random.default_rng(seed))
        capacity = network.node_capacity_msat()
        shares.append(capacity[roles.kind == EXCHANGE].mean() / capacity.mean())

    assert np.mean(shares) > 1.5
