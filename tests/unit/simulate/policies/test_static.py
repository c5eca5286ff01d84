"""The flat fees: set where another is asked, and never again."""

from dataclasses import replace
from datetime import timedelta

from tests.builders import TODAY
from tests.sights import a_sight, asking, balanced, only

from daznode.domain.units import Ppm
from daznode.simulate.policies.static import Keep, StaticFee

DAY = timedelta(days=1)


def test_a_flat_fee_is_set_once_in_every_channel():
    policy = StaticFee(Ppm(100))
    channel = balanced(1, is_private=True, local_policy=asking(250, inbound_fee_ppm=Ppm(-9)))
    asked = only(policy.look(a_sight(channel))).policy
    assert (asked.fee_ppm, asked.base_fee_msat, asked.inbound_fee_ppm) == (100, 0, 0)
    assert not policy.look(a_sight(replace(channel, local_policy=asked), now=TODAY + DAY)).policies
    assert not Keep().look(a_sight(channel)).policies
