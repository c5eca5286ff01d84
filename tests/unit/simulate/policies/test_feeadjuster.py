"""feeadjuster: its exponential, and what it takes to move a price."""

import numpy as np
from tests.builders import TODAY, a_forward
from tests.sights import a_sight, balanced, rate_of

from daznode.domain.units import Ppm
from daznode.simulate.policies.feeadjuster import FeeAdjuster, adjusted_ppm


def test_adjusted_rate():
    assert adjusted_ppm(Ppm(10), 0.5) == 10
    assert adjusted_ppm(Ppm(10), 0.0) == 70
    assert adjusted_ppm(Ppm(10), 1.0) == 1
    assert adjusted_ppm(Ppm(1_000), 0.25) == 2_659


def test_feeadjuster_waits_for_a_forward_that_moved_the_balance():
    policy = FeeAdjuster(np.random.default_rng(1))
    start = balanced(1, 0.5, capacity_sat=1_000_000)
    assert rate_of(policy.look(a_sight(start))) == 10
    passed = a_forward(at=TODAY, scid_out=start.scid)

    def writes(ratio, *forwards):
        moved = balanced(1, ratio, capacity_sat=1_000_000)
        return len(policy.look(a_sight(moved, forwards=forwards)).policies)

    assert writes(0.4) == 0, "no forward passed it"
    assert writes(0.47, passed) == 0, "below 3.5 %"
    assert writes(0.4, passed) == 1
    assert writes(0.4, passed) == 0


def test_feeadjuster_moves_at_a_milli_bitcoin_in_a_large_channel():
    policy = FeeAdjuster(np.random.default_rng(1))
    policy.look(a_sight(balanced(1, 0.5)))
    passed = a_forward(at=TODAY, scid_out=balanced(1).scid)
    assert not policy.look(a_sight(balanced(1, 0.49), forwards=(passed,))).policies
    assert policy.look(a_sight(balanced(1, 0.4899), forwards=(passed,))).policies
