"""Which refills came through."""

from tests.builders import a_rebalance, a_scid
from tests.sights import a_sight

from daznode.domain.units import Msat
from daznode.simulate.policies.sight import RefillOrder
from daznode.simulate.policies.tries import Tries


def test_a_refill_that_does_not_show_up_has_failed():
    tries = Tries()
    assert tries.settle(a_sight().activity) == (frozenset(), frozenset())
    tries.ordered(
        RefillOrder(a_scid(number), (a_scid(9),), Msat(1_000), Msat(1)) for number in (1, 2)
    )
    came = (a_rebalance(scid_in=a_scid(1)), a_rebalance(scid_in=a_scid(5)))
    settled = tries.settle(a_sight(rebalances=came).activity)
    assert settled == (frozenset({a_scid(1)}), frozenset({a_scid(2)}))
    assert tries.settle(a_sight().activity) == (frozenset(), frozenset())
