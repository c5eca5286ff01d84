"""Bounds after an open are those that would be counted from scratch, or lower by the rounding alone."""

from dataclasses import replace

import numpy as np
import pytest
from tests.payment_worlds import bounds, busy_node, ground

from daznode.simulate.payments.bounds import route_bounds
from daznode.simulate.payments.opening import NewChannel, usual_policy, widened
from daznode.simulate.payments.state import new_book
from daznode.simulate.payments.widened_bounds import widened_bounds

CAPACITY_MSAT = 5_000_000_000
OPENER = busy_node(ground().network)
_HOPS = bounds().hops[OPENER]
NEAR, FAR = int(np.flatnonzero(_HOPS == 1)[0]), int(_HOPS.argmax())
LEAF = int(np.argmin(np.bincount(ground().network.source)))


def with_channels(*peers):
    """Bounds brought up to channels opened one after another, and those counted anew."""
    network, kept = ground().network, bounds()
    for number, peer in enumerate(peers):
        theirs = usual_policy(network, _policies(network), peer, CAPACITY_MSAT)
        network, _ = widened(
            network, NewChannel(number + 1, OPENER, peer, CAPACITY_MSAT, theirs, theirs)
        )
        floor_ppm = _floor(network)
        kept = widened_bounds(kept, network, floor_ppm, OPENER, peer)
    return network, kept, route_bounds(network, _floor(network))


def _floor(network):
    return replace(ground(), network=network).floor_ppm(OPENER)


def _policies(network):
    return new_book(network, network.capacity_msat).seen


@pytest.mark.parametrize("peers", [(NEAR,), (FAR,), (LEAF,), (FAR, NEAR, LEAF)])
def test_they_are_those_counted_anew(peers):
    before = bounds().hops.copy(), bounds().least.copy()
    _, found, anew = with_channels(*peers)

    assert (found.hops == anew.hops).all()
    assert (found.least <= anew.least).all()
    apart = (found.slope[anew.least] - found.slope[found.least]) * 1e6
    # One rounding more for each open: at most the width of a level, (2 i + 1) / 4 ppm.
    assert (apart <= len(peers) * (2.0 * anew.least + 2) / 4).all()
    assert np.mean(found.least == anew.least) > 0.9
    assert (bounds().hops == before[0]).all()
    assert (bounds().least == before[1]).all()


def test_an_open_to_far_away_does_shorten_and_cheapen():
    _, found, _ = with_channels(FAR)

    assert (found.hops < bounds().hops).any()
    assert (found.least < bounds().least).any()
    assert found.hops[OPENER, FAR] == 1
