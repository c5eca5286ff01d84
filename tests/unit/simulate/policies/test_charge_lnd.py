"""charge-lnd: its rate by balance, its copied one, and when it writes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sights import a_sight, asking, balanced, only

from daznode.domain.units import Msat, Ppm
from daznode.simulate.policies.charge_lnd import MatchPeer, Proportional, proportional_ppm


@pytest.mark.parametrize(
    ("ratio", "ppm"), [(1.0, 100), (0.0, 300), (0.5, 200), (0.251, 249), (0.999, 100)]
)
def test_proportional_rate(ratio, ppm):
    assert proportional_ppm(ratio, Ppm(100), Ppm(300)) == ppm


@given(ratio=st.floats(0, 1), least=st.integers(0, 5_000), most=st.integers(0, 5_000))
def test_a_proportional_rate_lies_between_its_ends(ratio, least, most):
    assert min(least, most) <= proportional_ppm(ratio, least, most) <= max(least, most)


def test_proportional_writes_moves_of_ten_ppm_and_any_base_fee():
    def asked(fee_ppm, base_msat):
        ours = asking(fee_ppm, base_fee_msat=Msat(base_msat))
        orders = Proportional().look(a_sight(balanced(1, 0.5, local_policy=ours)))
        return [(order.policy.fee_ppm, order.policy.base_fee_msat) for order in orders.policies]

    assert asked(190, 1_000) == [(200, 1_000)]
    assert asked(191, 1_000) == []
    assert asked(191, 0) == [(191, 1_000)]


def test_match_peer_copies_all_fees_but_no_positive_inbound_one():
    theirs = asking(
        77,
        base_fee_msat=Msat(3),
        inbound_fee_ppm=Ppm(-20),
        inbound_base_fee_msat=Msat(5),
    )
    policy = MatchPeer()
    asked = only(policy.look(a_sight(balanced(1, remote_policy=theirs)))).policy
    assert (asked.fee_ppm, asked.base_fee_msat) == (77, 3)
    assert (asked.inbound_fee_ppm, asked.inbound_base_fee_msat) == (-20, 0)
    assert not policy.look(a_sight(balanced(1, remote_policy=None))).policies
