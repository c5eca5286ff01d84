"""Hill climbing: a quarter a day, and back when it earned less."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import TODAY, a_forward
from tests.sights import a_sight, asking, balanced, rate_of

from daznode.domain.units import Msat
from daznode.simulate.policies.hill_climb import HillClimb, stepped_ppm

DAY = timedelta(days=1)


def test_hill_climb_turns_when_it_earned_less():
    policy = HillClimb(np.random.default_rng(1))
    channel = balanced(1, local_policy=asking(100))
    earned_sat = [50, 60, 40, 41, 41, 7]
    rates = [100, rate_of(policy.look(a_sight(channel)))]
    for day, sat in enumerate(earned_sat, 1):
        channel = replace(channel, local_policy=asking(rates[-1]))
        at = TODAY + day * DAY
        earned = a_forward(
            at=at - DAY / 2,
            scid_out=channel.scid,
            amount_in_msat=Msat(10**9 + sat * 1_000),
            amount_out_msat=Msat(10**9),
        )
        rates.append(rate_of(policy.look(a_sight(channel, now=at, since=DAY, forwards=(earned,)))))
    ups = [later > before for before, later in pairwise(rates)]
    first = ups[0]
    assert ups == [first, first, first, not first, not first, not first, first]


@given(price=st.floats(1, 2_500), is_up=st.booleans())
def test_a_step_is_a_quarter_and_stays_within_bounds(price, is_up):
    moved = stepped_ppm(price, is_up=is_up)
    assert 1 <= moved <= 2_500
    assert moved in (1, 2_500) or moved / price == pytest.approx(1.25 if is_up else 0.8)
