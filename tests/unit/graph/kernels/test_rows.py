"""Vector operations against numpy, lane by lane."""

import numpy as np
import pytest
from numba import njit

from daznode.graph.kernels import rows

LANES = rows.COST_LANES
OFFERED = 7


@njit
def relax(costs, source, target, cost):
    return rows.relax_row(costs, source, target, cost)


@njit
def turn(block, lane_rows, stride):
    rows.turn_rows(block, 0, lane_rows, 0, stride)


@njit
def choose(costs, indices, edge_costs, parents, senders):
    return rows.choose_parents(
        costs, indices, 0, indices.size, edge_costs, 5 * LANES, parents, np.int32(99), senders
    )


@njit
def pull(front, indices, paths, offset, seen):
    return rows.pull_paths(front, indices, 0, indices.size, paths, offset, seen)


@njit
def pull_bits(front, indices, seen, fresh, offset):
    return rows.pull_bits(front, indices, 0, indices.size, seen, fresh, offset)


@pytest.mark.parametrize("seed", range(3))
def test_relaxing_takes_the_smaller_and_says_where(seed: int) -> None:
    """Equal is not smaller."""
    costs = np.random.default_rng(seed).integers(0, 20, 2 * LANES).astype(np.int32)
    before = costs.reshape(2, LANES).copy()
    mask = relax(costs, 0, LANES, np.int32(OFFERED))
    offered = before[0] + OFFERED
    assert costs[LANES:].tolist() == np.minimum(before[1], offered).tolist()
    assert costs[:LANES].tolist() == before[0].tolist()
    assert mask == sum(1 << lane for lane in range(LANES) if offered[lane] < before[1][lane])


def test_turning_is_transposing() -> None:
    """Sixteen rows become sixteen columns."""
    block = np.arange(LANES * LANES, dtype=np.int32)
    turned = np.zeros(LANES * 20, np.int32)
    turn(block, turned, 20)
    assert (turned.reshape(LANES, 20)[:, :LANES] == block.reshape(LANES, LANES).T).all()
    assert not turned.reshape(LANES, 20)[:, LANES:].any()


@pytest.mark.parametrize("n_parents", range(5))
def test_parents_ties_and_senders(n_parents: int) -> None:
    """Against a loop over lanes; lanes without parent get nobody and count no sender."""
    rng = np.random.default_rng(n_parents)
    costs = rng.integers(0, 3, (6, LANES)).astype(np.int32)
    costs[5] = rng.integers(1, 4, LANES)
    indices = np.arange(n_parents, dtype=np.uint32)
    edge_costs = rng.integers(1, 3, n_parents).astype(np.int32)
    senders = rng.integers(1, 1000, LANES).astype(np.int32)
    parents = np.zeros((6, LANES), np.int32)
    packed = choose(costs.reshape(-1), indices, edge_costs, parents.reshape(-1), senders)
    equal = costs[:n_parents] + edge_costs[:, None] == costs[5]
    found = equal.sum(axis=0)
    assert packed >> LANES == senders[found > 0].sum()
    assert packed & 0xFFFF == sum(1 << lane for lane in range(LANES) if found[lane] > 1)
    for lane in range(LANES):
        candidates = np.flatnonzero(equal[:, lane]).tolist() or [99]
        assert parents[5, lane] in candidates


@pytest.mark.parametrize("n_neighbours", [0, 1, 2, 3, 8])
def test_pulled_paths_are_sums_over_neighbours(n_neighbours: int) -> None:
    """Odd and even counts; seen lanes keep what they had."""
    rng = np.random.default_rng(n_neighbours)
    front = rng.integers(0, 2, (9, 8)).astype(np.float64)
    paths = np.full(8, -1.0)
    indices = rng.permutation(9)[:n_neighbours].astype(np.uint32)
    mask = pull(front.reshape(-1), indices, paths, 0, np.int32(0b00001111))
    total = front[indices].sum(axis=0)
    fresh = (total > 0) & (np.arange(8) >= 4)
    assert paths.tolist() == np.where(fresh, total, -1.0).tolist()
    assert mask == sum(1 << lane for lane in range(8) if fresh[lane])


def test_pulled_bits_are_counted() -> None:
    """Union over neighbours without what was seen."""
    rng = np.random.default_rng(1)
    front = rng.integers(0, 2**64, (5, 8), dtype=np.uint64)
    seen = rng.integers(0, 2**64, 8, dtype=np.uint64)
    fresh = np.zeros(8, np.uint64)
    indices = np.array([0, 2, 4], np.uint32)
    count = pull_bits(front.reshape(-1), indices, seen, fresh, 0)
    expected = (front[0] | front[2] | front[4]) & ~seen
    assert fresh.tolist() == expected.tolist()
    assert count == sum(int(word).bit_count() for word in expected)


@pytest.mark.parametrize(("lanes", "dtype"), [(16, np.int32), (8, np.float64), (8, np.uint64)])
def test_rows_begin_on_a_cache_line(lanes: int, dtype: type) -> None:
    """And are zero, whatever their number."""
    for n_rows in (0, 1, 7):
        made = rows.aligned_rows(n_rows, lanes, dtype)
        assert made.shape == (n_rows * lanes,)
        assert made.ctypes.data % 64 == 0 or n_rows == 0
        assert not made.any()
