"""The same questions put to each library: graph built beforehand, computation ready to be timed."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from daznode.domain.gossip import GraphSnapshot
from daznode.graph.arrays import (
    DirectedNetwork,
    UndirectedNetwork,
    cheapest_directed,
    degrees,
    simple_undirected,
)
from daznode.graph.centrality import betweenness, hop_measures
from daznode.graph.kernels.warmup import compile_kernels
from daznode.graph.measures import MeasureParams, measure_network
from daznode.graph.parallel import Crew
from daznode.graph.routes import FairPrice, route_measures

if TYPE_CHECKING:
    import igraph
    import networkit
    import rustworkx

FloatArray = NDArray[np.float64]
Result = dict[str, FloatArray]
Prepared = Callable[[], Result]

AMOUNT_MSAT = 100_000_000
THREADS = 2
NORMALIZED = True
_MSAT_PER_SAT = 1000.0

# Each peer is imported where it is asked: a process loads one library only, as a user's would.


def _hop_betweenness(snapshot: GraphSnapshot, library: str) -> Prepared:
    network = simple_undirected(snapshot)
    if library == "ours":
        compile_kernels()
        return lambda: {"betweenness": betweenness(network, Crew(THREADS))}
    if library == "igraph":
        graph = _igraph_undirected(network)
        return lambda: {"betweenness": np.array(graph.betweenness())}
    if library == "rustworkx-2":
        import rustworkx

        other = _rustworkx_undirected(network)
        return lambda: {
            "betweenness": _values(rustworkx.graph_betweenness_centrality(other, normalized=False))
        }
    import networkit

    networkit.setNumberOfThreads(int(library[-1]))
    kit = _networkit_undirected(network)
    return lambda: {
        "betweenness": np.array(networkit.centrality.Betweenness(kit).run().scores()) / 2
    }


def _fee_betweenness(snapshot: GraphSnapshot, library: str) -> Prepared:
    network = cheapest_directed(snapshot, AMOUNT_MSAT)
    if library == "ours":
        compile_kernels()
        fair = FairPrice(1000, np.zeros(network.n_nodes, np.int64))
        return lambda: {"betweenness": route_measures(network, fair, Crew(THREADS)).betweenness}
    if library == "igraph":
        graph = _igraph_directed(network)
        return lambda: {"betweenness": np.array(graph.betweenness(weights="cost"))}
    import networkit

    networkit.setNumberOfThreads(int(library[-1]))
    kit = _networkit_directed(network)
    return lambda: {"betweenness": np.array(networkit.centrality.Betweenness(kit).run().scores())}


def _hop_closeness(snapshot: GraphSnapshot, library: str) -> Prepared:
    network = simple_undirected(snapshot)
    if library == "ours":
        compile_kernels()

        def ours() -> Result:
            measures = hop_measures(network, Crew(THREADS))
            return {"closeness": measures.closeness, "harmonic": measures.harmonic}

        return ours
    if library == "igraph":
        graph = _igraph_undirected(network)
        return lambda: {
            "closeness": np.nan_to_num(np.array(graph.closeness(), float)),
            "harmonic": np.array(graph.harmonic_centrality(), float),
        }
    if library == "rustworkx-2-closeness-only":
        import rustworkx

        other = _rustworkx_undirected(network)
        return lambda: {
            "closeness": _values(rustworkx.graph_closeness_centrality(other, wf_improved=False))
        }
    import networkit

    networkit.setNumberOfThreads(int(library.split("-")[1]))
    kit = _networkit_undirected(network)
    variant = networkit.centrality.ClosenessVariant.GENERALIZED
    # The generated network is connected: generalised and standard closeness are the same.
    return lambda: {
        "closeness": np.array(
            networkit.centrality.Closeness(kit, NORMALIZED, variant).run().scores()
        )
    }


def _fee_closeness(snapshot: GraphSnapshot, library: str) -> Prepared:
    network = cheapest_directed(snapshot, AMOUNT_MSAT)
    fair = FairPrice(1000, np.zeros(network.n_nodes, np.int64))
    if library == "ours":
        compile_kernels()
        return lambda: {
            "closeness": route_measures(
                network, fair, Crew(THREADS), wants_betweenness=False
            ).closeness
        }
    if library == "igraph":
        graph = _igraph_directed(network)
        return lambda: {
            "closeness": np.nan_to_num(
                np.array(graph.closeness(mode="out", weights="cost"), float) * _MSAT_PER_SAT
            )
        }
    if library == "scipy":
        return _scipy_fee_closeness(network)
    import networkit

    networkit.setNumberOfThreads(int(library[-1]))
    kit = _networkit_directed(network)
    variant = networkit.centrality.ClosenessVariant.GENERALIZED

    reached = route_measures(network, fair, Crew(1), wants_betweenness=False).reached

    def networkit_closeness() -> Result:
        closeness = networkit.centrality.Closeness(kit, NORMALIZED, variant).run()
        # It tells reached^2 / ((n - 1) * total).
        scores = np.nan_to_num(np.array(closeness.scores())) * (network.n_nodes - 1)
        return {"closeness": scores * _MSAT_PER_SAT / np.maximum(reached, 1)}

    return networkit_closeness


def _scipy_fee_closeness(network: DirectedNetwork) -> Prepared:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    matrix = csr_array(
        (
            network.cost_msat.astype(float),
            network.indices.astype(np.int32),
            network.indptr.astype(np.int32),
        ),
        shape=(network.n_nodes, network.n_nodes),
    )

    def compute() -> Result:
        closeness = np.zeros(network.n_nodes)
        for start in range(0, network.n_nodes, 256):
            sources = np.arange(start, min(start + 256, network.n_nodes))
            costs = dijkstra(matrix, indices=sources)
            is_reached = np.isfinite(costs)
            total = np.where(is_reached, costs, 0.0).sum(axis=1)
            reached = is_reached.sum(axis=1) - 1
            part = np.zeros(len(sources))
            np.divide(reached * _MSAT_PER_SAT, total, out=part, where=reached > 0)
            closeness[sources] = part
        return {"closeness": closeness}

    return compute


def _all_measures(snapshot: GraphSnapshot, library: str) -> Prepared:
    del library
    compile_kernels()

    def ours() -> Result:
        measures = measure_network(snapshot, MeasureParams(), threads=THREADS)
        return {"betweenness": measures.betweenness}

    return ours


PREPARE: dict[str, Callable[[GraphSnapshot, str], Prepared]] = {
    "hop-betweenness": _hop_betweenness,
    "fee-betweenness": _fee_betweenness,
    "hop-closeness": _hop_closeness,
    "fee-closeness": _fee_closeness,
    "all-measures": _all_measures,
}


def _undirected_edges(network: UndirectedNetwork) -> NDArray[np.int64]:
    tail = np.repeat(np.arange(network.n_nodes), degrees(network.indptr))
    head = network.indices.astype(np.int64)
    return np.stack((tail, head), axis=1)[tail < head]


def _directed_edges(network: DirectedNetwork) -> NDArray[np.int64]:
    tail = np.repeat(np.arange(network.n_nodes), degrees(network.indptr))
    return np.stack((tail, network.indices.astype(np.int64)), axis=1)


def _igraph_undirected(network: UndirectedNetwork) -> "igraph.Graph":
    import igraph

    return igraph.Graph(network.n_nodes, _undirected_edges(network).tolist())


def _igraph_directed(network: DirectedNetwork) -> "igraph.Graph":
    import igraph

    graph = igraph.Graph(network.n_nodes, _directed_edges(network).tolist(), directed=True)
    # Plain floats: igraph takes numpy integers for unit weights in places.
    graph.es["cost"] = network.cost_msat.astype(float).tolist()
    return graph


def _rustworkx_undirected(network: UndirectedNetwork) -> "rustworkx.PyGraph":
    import rustworkx

    graph = rustworkx.PyGraph()
    graph.add_nodes_from(range(network.n_nodes))
    graph.add_edges_from_no_data([tuple(pair) for pair in _undirected_edges(network).tolist()])
    return graph


def _networkit_undirected(network: UndirectedNetwork) -> "networkit.Graph":
    import networkit

    edges = _undirected_edges(network)
    return networkit.GraphFromCoo(tuple(edges.T.copy()), n=network.n_nodes)


def _networkit_directed(network: DirectedNetwork) -> "networkit.Graph":
    import networkit

    edges = _directed_edges(network)
    weighted = (network.cost_msat.astype(float), tuple(edges.T.copy()))
    return networkit.GraphFromCoo(weighted, n=network.n_nodes, weighted=True, directed=True)


def _values(mapping: Mapping[int, float]) -> FloatArray:
    return np.array([mapping[node] for node in range(len(mapping))], float)
