"""Orders that change fees and nothing else."""

from dataclasses import replace

from tests.sights import asking, balanced

from daznode.domain.units import Ppm
from daznode.simulate.policies.pricing import repriced


def test_an_order_changes_fees_and_nothing_else():
    channel = balanced(1, local_policy=asking(100, cltv_delta=144))
    order = repriced(channel, fee_ppm=250)
    assert order.policy == replace(channel.local_policy, fee_ppm=Ppm(250))
    assert repriced(channel, fee_ppm=100, base_fee_msat=1_000) is None
    assert repriced(replace(channel, local_policy=None), fee_ppm=1) is None
    assert repriced(channel, fee_ppm=2**40).policy.fee_ppm == 2**32 - 1
    assert repriced(channel, fee_ppm=-5).policy.fee_ppm == 0
