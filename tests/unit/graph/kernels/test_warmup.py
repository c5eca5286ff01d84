"""Compiling ahead of use."""

import pytest
from tests.builders import a_snapshot

from daznode.domain.errors import Interrupted
from daznode.graph.kernels.eigenvector import perron_step
from daznode.graph.kernels.exact_fee_routes import exact_fee_routes
from daznode.graph.kernels.fee_routes import fee_routes
from daznode.graph.kernels.hop_betweenness import hop_betweenness
from daznode.graph.kernels.hop_distances import hop_distances
from daznode.graph.kernels.warmup import compile_kernels, is_compiled
from daznode.graph.measures import MeasureParams, measure_network

KERNELS = (hop_distances, hop_betweenness, perron_step, fee_routes, exact_fee_routes)


def test_warmed_kernels_fit_the_measures() -> None:
    """Measuring afterwards compiles nothing more: the types were the right ones."""
    compile_kernels()
    assert is_compiled()
    before = [len(kernel.signatures) for kernel in KERNELS]
    pairs = [(i, (i + 1) % 20) for i in range(20)] + [(0, 20), (3, 9)]
    dear = {"fee_ppm": 900_000, "htlc_maximum_msat": -1}
    snapshot = a_snapshot(21, pairs, capacity_sat=-1, policies=dear)
    measure_network(snapshot, MeasureParams(amount_msat=10**10))
    assert [len(kernel.signatures) for kernel in KERNELS] == before == [1] * len(KERNELS)


def test_every_kernel_is_told_and_can_be_the_last() -> None:
    """Progress comes before each, and stops the rest."""
    told: list[tuple[str, int, int]] = []
    compile_kernels(lambda stage, done, total: told.append((stage, done, total)))
    assert told == [("compiling", done, len(KERNELS)) for done in range(len(KERNELS) + 1)]

    def stop(_stage: str, _done: int, _total: int) -> None:
        message = "stopped"
        raise Interrupted(message)

    with pytest.raises(Interrupted):
        compile_kernels(stop)
