"""Who has a channel with whom."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daznode.simulate.generated.wiring import degrees, wire


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 60), st.integers(0, 200), st.floats(0.0, 0.9), st.integers(0, 2**32))
def test_every_small_network_is_whole(nodes, more, leaf_ratio, seed):
    channels = nodes - 1 + more
    one, two = wire(nodes, channels, leaf_ratio, np.random.default_rng(seed))
    assert len(one) == len(two) == channels
    assert (one != two).all()
    assert min(one.min(), two.min()) >= 0
    assert max(one.max(), two.max()) < nodes
    reached, waiting = {0}, [0]
    while waiting:
        here = waiting.pop()
        beside = set(two[one == here].tolist()) | set(one[two == here].tolist())
        waiting += beside - reached
        reached |= beside
    assert reached == set(range(nodes))


@pytest.mark.parametrize(("nodes", "channels"), [(16_000, 50_000), (3_648, 31_124), (1_000, 999)])
def test_degrees_meet_the_number_of_channels(nodes, channels):
    wanted = degrees(nodes, channels, 0.4, np.random.default_rng(1))
    assert len(wanted) == nodes
    assert wanted.min() == 1
    assert (np.diff(wanted) <= 0).all() or wanted[-1] == 1
    assert abs(wanted.sum() / (2 * channels) - 1.0) < 0.06


def test_a_large_network_has_hubs_leaves_triangles_and_islands():
    nodes, channels = 8_000, 25_000
    one, two = wire(nodes, channels, 0.42, np.random.default_rng(2))
    degree = np.bincount(one, minlength=nodes) + np.bincount(two, minlength=nodes)
    assert degree.min() == 1
    assert 0.36 < (degree == 1).mean() < 0.44
    assert 0.03 < degree.max() / channels < 0.06
    assert 0.008 < (degree >= 51).mean() < 0.02
    pairs = {(min(a, b), max(a, b)) for a, b in zip(one.tolist(), two.tolist(), strict=True)}
    assert 0.02 < 1.0 - len(pairs) / channels < 0.12
    islands = [
        (a, b)
        for a, b in zip(one.tolist(), two.tolist(), strict=True)
        if degree[a] + degree[b] == 2
    ]
    assert len(islands) == 8
