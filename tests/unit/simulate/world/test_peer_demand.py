"""The peers' share of what is paid, and the hours at which it is."""

import numpy as np
import pytest

from daznode.simulate.payments.demand import (
    BUYER,
    DAY_MS,
    EXCHANGE,
    ROUTER,
    DemandParams,
    Roles,
    draw_payments,
)
from daznode.simulate.world.kinds import PEER_KINDS, PeerKind
from daznode.simulate.world.peer_demand import with_peers

COUNT = 400


def some_roles(seed=1):
    rng = np.random.default_rng(seed)
    return Roles(rng.integers(0, 4, COUNT), rng.random(COUNT), rng.random(COUNT))


def a_kind(role, pays=0.0, is_paid=0.0):
    return PeerKind(name="peer", count=1, size=(0, 1), role=role, pays=pays, is_paid=is_paid)


KINDS = (a_kind(BUYER, 0.2, 0.1), a_kind(EXCHANGE, 0.05, 0.3), a_kind(BUYER, 0.1), a_kind(None))
PLACES = np.array([5, 100, 399, 17])


def test_each_peer_has_its_share_of_what_its_role_has():
    roles = with_peers(some_roles(), PLACES, KINDS)
    for place, kind in zip(PLACES[:3], KINDS, strict=False):
        of_role = roles.kind == kind.role
        assert roles.kind[place] == kind.role
        assert roles.pays[place] / roles.pays[of_role].sum() == pytest.approx(kind.pays)
        assert roles.is_paid[place] / roles.is_paid[of_role].sum() == pytest.approx(kind.is_paid)


def test_nobody_else_changes():
    before = some_roles()
    roles = with_peers(before, PLACES, KINDS)
    others = np.setdiff1d(np.arange(COUNT), PLACES[:3])
    for name in ("kind", "pays", "is_paid"):
        assert (getattr(roles, name)[others] == getattr(before, name)[others]).all()


def test_once_is_enough():
    once = with_peers(some_roles(), PLACES, KINDS)
    twice = with_peers(once, PLACES, KINDS)
    assert np.allclose(once.pays, twice.pays)
    assert np.allclose(once.is_paid, twice.is_paid)


def test_the_kinds_leave_something_for_everybody_else():
    for role in (ROUTER, BUYER, EXCHANGE):
        ours = [kind for kind in PEER_KINDS if kind.role == role]
        assert sum(kind.count * kind.pays for kind in ours) < 0.5
        assert sum(kind.count * kind.is_paid for kind in ours) < 0.6


def test_the_busiest_hours_are_those_around_the_peak():
    params = DemandParams(payments_per_day=40_000.0)
    drawn = draw_payments(
        params, some_roles(), -1, 1.0, np.random.default_rng(2), after_peak_s=14 * 3_600.0
    )
    assert (np.diff(drawn.at_ms) >= 0).all()
    assert 0 <= drawn.at_ms[0] <= drawn.at_ms[-1] < DAY_MS
    per_hour = np.bincount(drawn.at_ms // 3_600_000, minlength=24)
    # Fourteen hours after the peak at the start: the next peak is ten hours on.
    assert per_hour[9:11].sum() > 1.8 * per_hour[21:23].sum()
