"""feelancer: its integrals against small steps, its error, and when it writes."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import TODAY
from tests.sights import a_sight, asking, balanced

from daznode.domain.units import Ppm
from daznode.simulate.policies.feelancer import (
    Feelancer,
    Gains,
    Spread,
    liquidity_error,
    reverted_ppm,
)

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("remote", "target", "error"),
    [(0.0, 0.4, -0.5), (0.2, 0.4, -0.25), (0.4, 0.4, 0.0), (0.7, 0.4, 0.25), (1.0, 0.4, 0.5)],
)
def test_the_error_is_linear_on_either_side_of_the_target(remote, target, error):
    assert liquidity_error(remote, target) == pytest.approx(error)


def test_the_error_saturates_at_the_given_shares():
    shape = {"ratios": (0.2, 0.8), "errors": (-0.1, 1.0)}
    assert liquidity_error(0.1, 0.5, **shape) == pytest.approx(-0.1)
    assert liquidity_error(0.9, 0.5, **shape) == pytest.approx(1.0)
    assert liquidity_error(0.65, 0.5, **shape) == pytest.approx(0.5)
    assert liquidity_error(1.0, 1.0) == 0.0
    assert liquidity_error(0.0, 0.0) == 0.0


def by_small_steps(errors, days, gains, n=20_000):
    """The same equations, integrated crudely; errors are linear between the given ones."""
    spread, smoothed, fading, error = 0.0, 0.0, 0.0, 0.0
    for aim in errors:
        slope, dt = (aim - error) / days, days / n
        for _ in range(n):
            error += slope * dt
            smoothed += gains.smoothing * (error - smoothed) * dt
            fading += gains.decay * (slope - fading) * dt
            spread += (
                gains.drift
                + gains.proportional * error
                + gains.integral * smoothed
                + gains.differential * fading
            ) * dt
    return spread


def test_a_step_integrates_the_equations():
    gains = Gains(drift=0.3, smoothing=0.5, decay=2.0)
    errors, spread = (0.4, -0.2, 0.1), Spread(0.0)
    for error in errors:
        spread.step(error, 0.75, gains)
    assert spread.ppm == pytest.approx(by_small_steps(errors, 0.75, gains), abs=1e-3)


@given(errors=st.lists(st.floats(-1, 1), min_size=1, max_size=5), parts=st.integers(2, 10))
def test_it_makes_no_difference_how_often_it_looks(errors, parts):
    gains = Gains()
    once, often = Spread(100.0), Spread(100.0)
    before = 0.0
    for error in errors:
        once.step(error, 1.0, gains)
        for part in np.linspace(before, error, parts + 1)[1:]:
            often.step(float(part), 1.0 / parts, gains)
        before = error
    assert often.ppm == pytest.approx(once.ppm, abs=1e-6)


def test_the_margin_goes_to_its_level():
    gains = Gains()
    assert reverted_ppm(0.0, 0.0, gains) == 0.0
    assert reverted_ppm(0.0, 1e3, gains) == pytest.approx(50.0)
    assert reverted_ppm(0.0, 10.0, gains) == pytest.approx(50 * (1 - np.exp(-1)))


def run(policy, channels, days):
    """Hourly looks at channels that obey; what was written, by hour and channel."""
    written = []
    channels = list(channels)
    for hour in range(days * 24 + 1):
        sight = a_sight(*channels, now=TODAY + hour * HOUR)
        for order in policy.look(sight).policies:
            written.append((hour, order.scid, order.policy))
            channels = [
                replace(channel, local_policy=order.policy)
                if channel.scid == order.scid
                else channel
                for channel in channels
            ]
    return written


def test_an_empty_peer_gets_dearer_than_a_full_one_and_neither_jumps():
    empty = balanced(1, 0.1, local_policy=asking(500))
    full = balanced(2, 0.9, local_policy=asking(500))
    written = run(Feelancer(), [empty, full], 30)
    last = {scid: policy.fee_ppm for _, scid, policy in written}
    assert last[empty.scid] > 500
    assert last[empty.scid] > last[full.scid]
    assert written[0][2].fee_ppm in (490, 510)
    assert all(policy.inbound_fee_ppm == 0 for _, _, policy in written)


def test_inbound_mirrors_the_spread_if_asked_for():
    channel = balanced(1, 0.5, local_policy=asking(300))
    written = run(Feelancer(Gains(sets_inbound=True)), [channel], 1)
    first = written[0][2]
    assert first.inbound_fee_ppm == -300
    lower = balanced(1, 0.5, local_policy=asking(0))
    assert not run(Feelancer(Gains(sets_inbound=True)), [lower], 1)


def test_bounds_are_reached_even_by_small_moves():
    channel = balanced(1, 0.0, local_policy=asking(2_499))
    other = balanced(2, 0.9, local_policy=asking(100))
    written = run(Feelancer(), [channel, other], 1)
    mine = [policy.fee_ppm for _, scid, policy in written if scid == channel.scid]
    assert mine == [2_500]


def test_rates_never_fall_below_zero():
    full = balanced(1, 1.0, local_policy=asking(12))
    empty = balanced(2, 0.0, local_policy=asking(12))
    gains = Gains(margin_ppm=0.0, proportional=40.0)
    rates = [policy.fee_ppm for _, _, policy in run(Feelancer(gains), [full, empty], 20)]
    assert min(rates) == 0
    assert max(rates) <= 2_500
    assert all(type(rate) is int for rate in rates)
    assert Ppm(0) in rates


def test_fees_are_written_once_a_day_at_most():
    empty = balanced(1, 0.1, local_policy=asking(500))
    full = balanced(2, 0.9, local_policy=asking(500))
    written = run(Feelancer(Gains(proportional=400.0)), [empty, full], 5)
    for scid in (empty.scid, full.scid):
        hours = [hour for hour, whose, _ in written if whose == scid]
        assert len(hours) > 3
        assert all(later - before >= 24 for before, later in pairwise(hours))
