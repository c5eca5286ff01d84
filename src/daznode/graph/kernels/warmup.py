"""Compiles every kernel on a network of two nodes, one by one, so that the program can say so."""

from typing import Final

import numpy as np

from daznode.domain.progress import Progress, silent
from daznode.graph.kernels.eigenvector import perron_step
from daznode.graph.kernels.exact_fee_routes import exact_fee_routes
from daznode.graph.kernels.fee_routes import fee_routes
from daznode.graph.kernels.fee_types import (
    FeeCore,
    FeeCosts,
    FeeWeights,
    new_fee_scratch,
    new_fee_sums,
)
from daznode.graph.kernels.hop_betweenness import hop_betweenness, new_path_scratch
from daznode.graph.kernels.hop_distances import hop_distances, new_hop_scratch, new_hop_sums

STAGE: Final = "compiling"


def compile_kernels(progress: Progress = silent) -> None:
    """Compile every kernel, or load it from numba's cache on disk.

    The first time on a machine this takes seconds for each kernel; later it takes some tens of
    milliseconds in all. Where the cache cannot be written, numba compiles in every process.

    Args:
        progress: Told before each kernel and at the end.

    Raises:
        Interrupted: The progress asked to stop.
    """
    steps = (
        _compile_hop_distances,
        _compile_hop_betweenness,
        _compile_eigenvector,
        _compile_fee_routes,
        _compile_exact_fee_routes,
    )
    for done, step in enumerate(steps):
        progress(STAGE, done, len(steps))
        step()
    progress(STAGE, len(steps), len(steps))


def is_compiled() -> bool:
    """Whether every kernel is ready in this process."""
    kernels = (hop_distances, hop_betweenness, perron_step, fee_routes, exact_fee_routes)
    return all(kernel.signatures for kernel in kernels)


def _pair() -> tuple[np.ndarray[tuple[int], np.dtype[np.uint32]], ...]:
    """Row starts, neighbours and sources of two nodes that have each other."""
    return tuple(np.array(values, np.uint32) for values in ([0, 1, 2], [1, 0], [0, 1]))


def _compile_hop_distances() -> None:
    indptr, indices, sources = _pair()
    leaves = np.zeros(2, np.int64)
    hop_distances(indptr, indices, sources, leaves, new_hop_scratch(2), new_hop_sums(2))


def _compile_hop_betweenness() -> None:
    indptr, indices, sources = _pair()
    hop_betweenness(indptr, indices, sources, np.ones(2), new_path_scratch(2), np.zeros(2))


def _compile_eigenvector() -> None:
    indptr, indices, _ = _pair()
    perron_step(indptr, indices, 1.0, np.ones(2), np.ones(2))


def _compile_fee_routes() -> None:
    core, weights, totals = _fee_pair()
    is_exact, scratch = np.zeros(1, np.uint8), new_fee_scratch(core, weights)
    sources = core.indices
    fee_routes(core, weights, sources, True, scratch, totals, new_fee_sums(2), is_exact)  # noqa: FBT003


def _compile_exact_fee_routes() -> None:
    core, weights, totals = _fee_pair()
    exact_fee_routes(core, weights, core.indices, True, totals, new_fee_sums(2))  # noqa: FBT003


def _fee_pair() -> tuple[FeeCore, FeeWeights, FeeCosts]:
    indptr, indices, _ = _pair()
    cost, lane_cost = np.ones(2, np.int64), np.ones(2, np.int32)
    ones, nothing = np.ones(2, np.int64), np.zeros(0, np.int64)
    core = FeeCore(indptr, indices, cost, lane_cost, indptr, indices, cost, lane_cost)
    weights = FeeWeights(
        senders=ones,
        receivers=ones,
        receivers_cost=ones,
        capacity=ones,
        leaf_root=np.zeros(0, np.uint32),
        leaf_cost=nothing,
        leaf_lane_cost=np.zeros(0, np.int32),
        leaf_capacity=nothing,
        starts=np.zeros(3, np.int64),
        start_cost=nothing,
        fair_price_msat=ones,
    )
    totals = FeeCosts(np.zeros(2, np.int64), np.zeros(2), np.zeros(2, np.int64), nothing.copy())
    return core, weights, totals
