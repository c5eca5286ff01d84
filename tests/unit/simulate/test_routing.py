"""Which payments senders would send through the node."""

from dataclasses import replace

import numpy as np
import pytest
from tests.builders import a_policy

from daznode.simulate.routing import REFERENCE_SATS, asked
from daznode.simulate.surroundings import hop_cost_msat
from daznode.simulate.traffic import Offers

AMOUNT_MSAT = 100_000_000
HOPS_MSAT = 2 * float(hop_cost_msat(np.array([AMOUNT_MSAT], dtype=np.float64))[0])
FREE = a_policy(base_fee_msat=0, fee_ppm=0, htlc_minimum_msat=1_000, htlc_maximum_msat=10**10)
PLAIN = replace(FREE, fee_ppm=200)


def one_offer(amount_msat=AMOUNT_MSAT, limit_msat=2_000_000, detour_ratio=1.0):
    return Offers(
        second=np.array([0.0]),
        entry=np.array([0]),
        leaving=np.array([1]),
        amount_msat=np.array([amount_msat]),
        limit_msat=np.array([limit_msat]),
        detour_ratio=np.array([detour_ratio]),
        remembers=np.array([False]),
        luck=np.array([0.0]),
        recall=np.array([0.0]),
    )


def around(cost_msat):
    """The same way around for a payment of the middle reference amount."""
    costs = np.full((len(REFERENCE_SATS), 2, 2), np.inf)
    costs[1, 0, 1] = cost_msat
    return costs


def is_asked(around_msat, own=PLAIN, entry=FREE, theirs=FREE, **offer):
    return bool(asked(one_offer(**offer), around(around_msat), [entry, own], [theirs, FREE])[0])


OURS_MSAT = 20_000 + HOPS_MSAT


def test_the_cheaper_way_is_taken():
    assert is_asked(OURS_MSAT + 1)
    assert not is_asked(OURS_MSAT - 1)


def test_what_the_peer_asks_on_the_way_to_us_counts():
    theirs = replace(FREE, base_fee_msat=700, fee_ppm=100)
    # 100 ppm of the amount with our fee on it: 10,002.
    assert is_asked(OURS_MSAT + 10_703, theirs=theirs)
    assert not is_asked(OURS_MSAT + 10_701, theirs=theirs)


def test_an_inbound_discount_makes_us_cheaper_but_not_below_free():
    entry = replace(FREE, inbound_fee_ppm=-50)
    assert is_asked(OURS_MSAT - 5_000, entry=entry)
    assert not is_asked(OURS_MSAT - 5_002, entry=entry)
    entry = replace(FREE, inbound_fee_ppm=-900)
    assert is_asked(HOPS_MSAT + 1, entry=entry)
    assert not is_asked(HOPS_MSAT - 1, entry=entry)


def test_a_sender_in_haste_pays_more_than_the_cheapest_way():
    assert is_asked(0.7 * OURS_MSAT, detour_ratio=1.5)
    assert not is_asked(0.7 * OURS_MSAT, detour_ratio=1.4)


def test_fees_above_the_senders_limit_are_refused_even_without_another_way():
    assert is_asked(np.inf, limit_msat=20_000)
    assert not is_asked(np.inf, limit_msat=19_999)


@pytest.mark.parametrize(
    "given",
    [
        {"own": replace(PLAIN, is_disabled=True)},
        {"theirs": replace(FREE, is_disabled=True)},
        {"own": replace(PLAIN, htlc_maximum_msat=AMOUNT_MSAT - 1)},
        {"own": replace(PLAIN, htlc_minimum_msat=AMOUNT_MSAT + 1)},
        {"theirs": replace(FREE, htlc_maximum_msat=AMOUNT_MSAT + 19_999)},
        {"theirs": replace(FREE, htlc_minimum_msat=AMOUNT_MSAT + 20_001)},
    ],
)
def test_policies_that_do_not_allow_the_amount_are_respected(given):
    assert not is_asked(np.inf, **given)


def test_the_way_around_is_priced_at_the_nearest_amount():
    costs = np.full((len(REFERENCE_SATS), 2, 2), np.inf)
    costs[:, 0, 1] = [0.0, 1e9, 0.0]
    policies = ([FREE, PLAIN], [FREE, FREE])
    by_sats = {
        sats: bool(asked(one_offer(sats * 1_000), costs, *policies)[0])
        for sats in (1_000, 31_000, 32_000, 316_000, 317_000, 4_000_000)
    }
    assert by_sats == {
        1_000: False,
        31_000: False,
        32_000: True,
        316_000: True,
        317_000: False,
        4_000_000: False,
    }
