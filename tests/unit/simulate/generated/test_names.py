"""Keys, names and addresses of generated nodes."""

import numpy as np
import pytest
from coincurve import PublicKey

from daznode.domain.gossip import AddressKind
from daznode.domain.ids import is_curve_point
from daznode.simulate.generated.names import addresses, aliases, node_keys

ALIAS_BYTES = 32  # BOLT 7, node_announcement


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 64, 200])
def test_keys_are_distinct_points_in_order(count):
    keys = [row.tobytes() for row in node_keys(count, np.random.default_rng(count))]
    assert len(keys) == count
    assert keys == sorted(set(keys))
    for key in keys:
        assert is_curve_point(key)
        PublicKey(key)


def test_a_seed_gives_the_same_keys_and_another_one_others():
    one, again, other = (node_keys(20, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (one == again).all()
    assert not {row.tobytes() for row in one} & {row.tobytes() for row in other}


def test_both_halves_of_the_curve_are_met():
    assert set(node_keys(100, np.random.default_rng(0))[:, 0].tolist()) == {2, 3}


def test_names_fit_an_announcement_and_look_like_a_network():
    rng = np.random.default_rng(3)
    keys = node_keys(5_000, rng)
    names = aliases(keys, rng)
    assert max(len(name.encode()) for name in names) <= ALIAS_BYTES
    assert all(name.isprintable() or "\ufe0f" in name for name in names)
    share = {
        "empty": np.mean([name == "" for name in names]),
        "default": np.mean(
            [name == key.tobytes().hex()[:20] for name, key in zip(names, keys, strict=True)]
        ),
        "other scripts": np.mean([not name.isascii() for name in names]),
    }
    assert 0.005 < share["empty"] < 0.02
    assert 0.07 < share["default"] < 0.11
    assert share["other scripts"] > 0.05
    assert len(set(names)) > 1_000


def test_addresses_are_mostly_tor_and_the_large_nodes_are_on_clearnet():
    rank = np.arange(20_000) / 20_000
    kinds = addresses(rank, np.random.default_rng(4))
    assert 0.68 < (kinds == AddressKind.TOR).mean() < 0.77
    assert 0.05 < (kinds == AddressKind.NONE).mean() < 0.08
    clear = (kinds & (AddressKind.IPV4 | AddressKind.IPV6)) > 0
    assert clear[-2_000:].mean() > 1.5 * clear[:2_000].mean()
    assert ((kinds & AddressKind.TOR) > 0)[clear].any()
