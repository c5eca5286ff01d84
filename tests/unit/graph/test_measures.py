"""All measures of a snapshot: parameters, stops, odd networks, and the real one against igraph."""

import json
import os
import threading
import zipfile
from dataclasses import fields
from pathlib import Path
from typing import Any

import igraph
import numpy as np
import pytest
from tests.builders import a_snapshot
from tests.property.oracles import expected_measures

from daznode.domain.errors import InputError, Interrupted
from daznode.domain.gossip import GraphSnapshot
from daznode.graph.arrays import cheapest_directed, degrees, simple_undirected
from daznode.graph.measures import MeasureParams, measure_network

PARAMS = MeasureParams()
RELATIVE = 1e-9
DUMP = "describegraph-2019-03-09.json.zip"


def assert_as_networkx(snapshot: GraphSnapshot, params: MeasureParams = PARAMS) -> None:
    measures = measure_network(snapshot, params)
    for name, values in expected_measures(snapshot, params).items():
        got = getattr(measures, name).astype(np.float64)
        np.testing.assert_allclose(got, values, rtol=RELATIVE, atol=1e-12, err_msg=name)


def test_the_hash_names_the_parameters() -> None:
    """Equal parameters, equal hash; any other, another."""
    hashes = {
        MeasureParams().params_hash,
        MeasureParams(amount_msat=1).params_hash,
        MeasureParams(fair_price_ppm=2).params_hash,
    }
    assert len(hashes) == 3
    assert MeasureParams().params_hash == MeasureParams(100_000_000, 1_000).params_hash


@pytest.mark.parametrize("given", [(0, 1), (10**13 + 1, 1), (1, -1), (1, 1_000_001)])
def test_parameters_out_of_range_are_refused(given: tuple[int, int]) -> None:
    """With what they take."""
    with pytest.raises(InputError, match="it takes"):
        MeasureParams(*given)


@pytest.mark.parametrize("n_nodes", [0, 1, 4])
def test_a_network_without_channels(n_nodes: int) -> None:
    """Every array has its length; nobody reaches anybody."""
    measures = measure_network(a_snapshot(n_nodes, []), PARAMS)
    for field in fields(measures):
        value = getattr(measures, field.name)
        assert not isinstance(value, np.ndarray) or value.shape == (n_nodes,), field.name
    for name in ("betweenness", "fee_betweenness", "closeness", "harmonic", "eigenvector"):
        assert getattr(measures, name).tolist() == [0.0] * n_nodes
    assert measures.fee_reached.tolist() == [0] * n_nodes
    assert measures.snapshot_id == a_snapshot(n_nodes, []).origin.snapshot_id
    assert measures.params_hash == PARAMS.params_hash


@pytest.mark.parametrize(
    ("n_nodes", "pairs"),
    [
        (9, [(0, leaf) for leaf in range(1, 9)]),
        (12, [(i, i + 1) for i in range(5)] + [(i, i + 6) for i in range(6)]),
        (11, [(0, 1), (0, 2), (3, 4), (4, 5), (5, 6), (7, 8), (9, 10), (9, 8)]),
        (6, [(0, 1), (0, 1), (1, 2), (1, 2), (1, 2), (3, 4)]),
    ],
    ids=["star", "caterpillar", "forest", "parallel"],
)
def test_trees_fold_and_unfold(n_nodes: int, pairs: list[tuple[int, int]]) -> None:
    """What folding computes in closed form is what searching finds."""
    assert_as_networkx(a_snapshot(n_nodes, pairs))


def test_paths_of_more_than_three_hundred_hops() -> None:
    """No counter of hops overflows: a ring of 170 hops, and a path of 320 of its own."""
    ring = [(i, (i + 1) % 340) for i in range(340)]
    path = [(i, i + 1) for i in range(340, 660)]
    assert_as_networkx(a_snapshot(661, [*ring, *path]))


def test_costs_beyond_thirty_bits() -> None:
    """Every hop costs 9 * 10^8 msat: sums leave 32 bits, some at once and some far away."""
    rng = np.random.default_rng(3)
    pairs = [(i, i + 1) for i in range(30)] + [(0, 17), (4, 25), (31, 32), (32, 33), (31, 33)]
    shape = (2, len(pairs))
    policies = {
        "base_fee_msat": 0,
        "fee_ppm": rng.choice([1, 900_000], shape, p=[0.3, 0.7]),
        "htlc_maximum_msat": 10**12,
    }
    snapshot = a_snapshot(34, pairs, capacity_sat=10**9, policies=policies)
    for amount_msat in (10**9, 10**10):
        assert_as_networkx(snapshot, MeasureParams(amount_msat, 950_000))


def test_many_equally_cheap_routes() -> None:
    """A grid of equal fees: nearly every node has several parents."""
    side = 9
    right = [(r * side + c, r * side + c + 1) for r in range(side) for c in range(side - 1)]
    down = [(r * side + c, r * side + c + side) for r in range(side - 1) for c in range(side)]
    assert_as_networkx(a_snapshot(side * side, right + down, policies={"fee_ppm": 100}))


def test_long_routes_in_opposite_orders() -> None:
    """One pass with sources at both ends of a path: what is first for one is last for the other."""
    assert_as_networkx(a_snapshot(260, [(i, i + 1) for i in range(259)]))


@pytest.mark.parametrize("stage", ["hop distances", "betweenness", "fee routes", "eigenvector"])
def test_an_interrupt_stops_every_stage(stage: str) -> None:
    """It comes out, and no thread is left."""
    before = threading.active_count()

    def progress(now: str, _done: int, _total: int) -> None:
        if now == stage:
            message = "stopped"
            raise Interrupted(message)

    with pytest.raises(Interrupted):
        measure_network(a_snapshot(40), PARAMS, threads=2, progress=progress)
    assert threading.active_count() == before


def test_stages_are_told_from_nothing_to_all() -> None:
    """Each ends where it said it would."""
    last: dict[str, tuple[int, int]] = {}
    first: dict[str, int] = {}

    def progress(stage: str, done: int, total: int) -> None:
        first.setdefault(stage, done)
        last[stage] = (done, total)

    measure_network(a_snapshot(40), PARAMS, progress=progress)
    assert set(last) == {"hop distances", "betweenness", "eigenvector", "fee routes", "policies"}
    assert all(done == total for done, total in last.values())
    assert set(first.values()) == {0}


def test_an_eigenvector_that_cannot_be_told_is_unknown() -> None:
    """Two equal stars a hundred hops apart: the first two eigenvalues are one to float64."""
    bridge = [(i, i + 1) for i in range(100)]
    stars = [(0, 101 + i) for i in range(12)] + [(100, 113 + i) for i in range(12)]
    eigen = measure_network(a_snapshot(125, bridge + stars), PARAMS).eigenvector
    # Symmetric from the start, power iteration stays so: both hubs are 1.
    assert eigen[0] == pytest.approx(eigen[100])


# --- the real network ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real() -> GraphSnapshot:
    default = Path(__file__).resolve().parents[3].parent / "shared" / "data"
    path = Path(os.environ.get("DAZNODE_TEST_DATA", default)) / DUMP
    if not path.exists():
        pytest.skip(f"no {DUMP} in {path.parent}; set DAZNODE_TEST_DATA")
    with zipfile.ZipFile(path) as archive:
        dump = json.loads(archive.read(archive.namelist()[0]))
    return described(dump)


def described(dump: dict[str, Any]) -> GraphSnapshot:
    """A dump in the plainest way."""
    keys = {node["pub_key"] for node in dump["nodes"]}
    for edge in dump["edges"]:
        keys |= {edge["node1_pub"], edge["node2_pub"]}
    number = {key: place for place, key in enumerate(sorted(keys))}
    edges = sorted(dump["edges"], key=lambda edge: int(edge["channel_id"]))
    names = {
        "base_fee_msat": "fee_base_msat",
        "fee_ppm": "fee_rate_milli_msat",
        "cltv_delta": "time_lock_delta",
        "htlc_minimum_msat": "min_htlc",
        "htlc_maximum_msat": "max_htlc_msat",
        "is_disabled": "disabled",
    }
    columns: dict[str, Any] = {name: np.zeros((2, len(edges)), np.int64) for name in names}
    columns["is_present"] = np.zeros((2, len(edges)), np.bool_)
    for place, edge in enumerate(edges):
        for side in (0, 1):
            policy = edge[f"node{side + 1}_policy"]
            columns["is_present"][side, place] = policy is not None
            for name, theirs in names.items():
                columns[name][side, place] = int((policy or {}).get(theirs) or 0)
    return a_snapshot(
        len(keys),
        [(number[edge["node1_pub"]], number[edge["node2_pub"]]) for edge in edges],
        capacity_sat=np.array([int(edge["capacity"]) for edge in edges]),
        nodes={"node_id": np.zeros((len(keys), 33), np.uint8), "alias": ("",) * len(keys)},
        policies=columns,
    )


@pytest.mark.network_data
def test_the_real_network_equals_igraph(real: GraphSnapshot) -> None:
    """Per node, by hops and by fees, within 1e-9."""
    measures = measure_network(real, PARAMS)
    undirected = simple_undirected(real)
    directed = cheapest_directed(real, PARAMS.amount_msat)
    expected = _by_igraph(undirected, directed)
    assert len(measures.betweenness) > 3_000
    for name, (values, back) in expected.items():
        got = getattr(measures, name)[back]
        np.testing.assert_allclose(got, values, rtol=RELATIVE, atol=1e-6, err_msg=name)


def _by_igraph(undirected: Any, directed: Any) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    tail = np.repeat(np.arange(undirected.n_nodes), degrees(undirected.indptr))
    edges = np.stack((tail, undirected.indices), axis=1)[tail < undirected.indices]
    graph = igraph.Graph(undirected.n_nodes, edges.tolist())
    sender = np.repeat(np.arange(directed.n_nodes), degrees(directed.indptr))
    payable = igraph.Graph(
        directed.n_nodes, np.stack((sender, directed.indices), axis=1).tolist(), directed=True
    )
    cost = directed.cost_msat.astype(float).tolist()
    per_sat = np.array(payable.closeness(mode="out", weights=cost), float) * 1000
    hops, fees = undirected.snapshot_index, directed.snapshot_index
    return {
        "betweenness": (np.array(graph.betweenness()), hops),
        "closeness": (np.nan_to_num(np.array(graph.closeness(), float)), hops),
        "harmonic": (np.array(graph.harmonic_centrality(), float), hops),
        "fee_betweenness": (np.array(payable.betweenness(weights=cost)), fees),
        "fee_closeness": (np.nan_to_num(per_sat), fees),
    }
