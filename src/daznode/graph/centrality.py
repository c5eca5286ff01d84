"""Where every node stands in the network as announced: hop distances, betweenness, eigenvector."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from daznode.graph.arrays import FloatArray, IntArray, UintArray, UndirectedNetwork, degrees
from daznode.graph.folding import FoldedUndirected, fold_undirected
from daznode.graph.kernels.eigenvector import perron_step
from daznode.graph.kernels.hop_betweenness import PathScratch, hop_betweenness, new_path_scratch
from daznode.graph.kernels.hop_distances import (
    SOURCES_PER_PASS,
    HopScratch,
    HopSums,
    hop_distances,
    new_hop_scratch,
    new_hop_sums,
)
from daznode.graph.parallel import Crew, Job, run_chunks

_BETWEENNESS_CHUNK = 256
"""Sources for one chunk: some ten milliseconds on today's network, so that a stop is prompt."""

_EIGENVECTOR_TOLERANCE = 1e-13
"""Relative width of the bounds of the eigenvalue at which power iteration ends."""

_EIGENVECTOR_FLOOR = 1e-11
"""Width that is accepted where rounding keeps the bounds from closing further."""

_EIGENVECTOR_PATIENCE = 64
"""Steps without a closer bound after which rounding is taken to be the reason."""

_EIGENVECTOR_EDGE_VISITS = 2_000_000_000
"""Work after which a graph counts as one whose eigenvector cannot be told (a few seconds)."""


@dataclass(frozen=True, slots=True)
class HopMeasures:
    """Measures by hop distance, each of shape (n_nodes,), float64, in the network's order.

    Attributes:
        closeness: Others reached divided by the sum of hops to them; 0 if there is none.
        harmonic: Sum of 1/hops to others divided by (n_nodes - 1); 0 in a network of one.
    """

    closeness: FloatArray
    harmonic: FloatArray


def components(network: UndirectedNetwork) -> IntArray:
    """Number of each node's connected component, shape (n_nodes,), int64, from 0."""
    if network.n_nodes == 0:
        return np.zeros(0, np.int64)
    matrix = csr_array(
        (
            np.ones(len(network.indices), np.int8),
            network.indices.astype(np.int32),
            network.indptr.astype(np.int32),
        ),
        shape=(network.n_nodes, network.n_nodes),
    )
    _, labels = connected_components(matrix, directed=False)
    return np.asarray(labels, dtype=np.int64)


def hop_measures(network: UndirectedNetwork, crew: Crew) -> HopMeasures:
    """Closeness and harmonic closeness of every node, exact.

    Leaves are folded: a leaf is one hop further from everybody than its only neighbour.

    Args:
        network: Any network.
        crew: Threads and progress.

    Returns:
        Measures in the network's order.

    Raises:
        Interrupted: The progress asked to stop.

    Note:
        Closeness compares nodes within their component only: in a component of two it is 1.
        Harmonic closeness counts the unreachable as infinitely far, in the whole network.

    References:
        Beauchamp, Behavioral Science 10(2), 1965, DOI 10.1002/bs.3830100205; Rochat, ASNA 2009
        (harmonic closeness).
    """
    folded = fold_undirected(network)
    sums = _hop_sums(folded, crew)
    distance = np.zeros(network.n_nodes, np.int64)
    inverse, beyond = np.zeros((2, network.n_nodes))
    distance[folded.core] = sums.distance + folded.leaves
    inverse[folded.core] = sums.inverse + folded.leaves
    beyond[folded.core] = sums.inverse_beyond + folded.leaves / 2
    labels = components(network)
    others = np.bincount(labels)[labels] - 1 if len(labels) else labels
    leaf, root = folded.leaf, folded.core[folded.root]
    distance[leaf] = others[leaf] + distance[root] - 1
    inverse[leaf] = beyond[root] + 0.5
    return HopMeasures(
        closeness=np.divide(others, distance, out=np.zeros(len(others)), where=distance > 0),
        harmonic=inverse / float(max(network.n_nodes - 1, 1)),
    )


def betweenness(network: UndirectedNetwork, crew: Crew) -> FloatArray:
    """Exact betweenness of every node over shortest paths by hops.

    Unordered pairs of other nodes whose shortest paths pass a node; where several paths are equally
    short, the share of them that do. Leaves are folded: every path from or to a leaf passes its
    only neighbour.

    Args:
        network: Any network.
        crew: Threads and progress.

    Returns:
        Shape (n_nodes,), float64, >= 0, in the network's order.

    Raises:
        Interrupted: The progress asked to stop.

    References:
        Freeman, Sociometry 40(1), 1977, DOI 10.2307/3033543; folding: Baglioni et al., "Fast Exact
        Computation of betweenness Centrality in Social Networks", ASONAM 2012,
        DOI 10.1109/ASONAM.2012.79.
    """
    folded = fold_undirected(network)
    leaves = folded.leaves.astype(np.float64)
    ordered_pairs = np.zeros(len(folded.core))

    def work(scratch: PathScratch, sources: UintArray) -> FloatArray:
        out = np.zeros(len(folded.core))
        hop_betweenness(folded.indptr, folded.indices, sources, leaves + 1.0, scratch, out)
        return out

    def commit(out: FloatArray) -> None:
        ordered_pairs[:] += out

    sources = neighbours_together(folded.indptr, folded.indices)
    job = Job(
        stage="betweenness",
        chunks=cut(sources, _BETWEENNESS_CHUNK),
        new_scratch=lambda: new_path_scratch(len(folded.core)),
        work=work,
        commit=commit,
    )
    run_chunks(job, crew)
    labels = components(network)
    sizes = np.bincount(labels)[labels[folded.core]] if len(labels) else leaves
    of_leaves = 2.0 * leaves * (sizes - leaves - 1.0) + leaves * (leaves - 1.0)
    result = np.zeros(network.n_nodes)
    result[folded.core] = (ordered_pairs + of_leaves) / 2.0
    return result


def eigenvector(network: UndirectedNetwork, crew: Crew) -> FloatArray:
    """Eigenvector centrality in the largest component, largest entry 1; 0 elsewhere.

    Power iteration from equal entries: every operation adds positive numbers, so that small entries
    are as exact, relatively, as large ones, which projections onto subspaces do not give.

    Args:
        network: Any network; of several largest components, the one of the snapshot's first node.
        crew: Its progress is told; the work is too small for threads.

    Returns:
        Shape (n_nodes,), float64, in [0, 1], in the network's order; NaN in the component if the
        iteration cannot tell (two equal hubs far apart; a path of thousands of nodes).

    Raises:
        Interrupted: The progress asked to stop.

    References:
        Bonacich, Journal of Mathematical Sociology 2(1), 1972, DOI 10.1080/0022250X.1972.9989806.
    """
    crew.progress("eigenvector", 0, 1)
    result = np.zeros(network.n_nodes)
    if len(network.indices):
        members, indptr, indices = _largest_component(network)
        result[members] = _perron(indptr, indices, crew)
    crew.progress("eigenvector", 1, 1)
    return result


def cut(sources: UintArray, size: int) -> list[UintArray]:
    """Sources in pieces of `size`, the last one shorter."""
    return [sources[start : start + size] for start in range(0, len(sources), size)]


def neighbours_together(indptr: UintArray, indices: UintArray) -> UintArray:
    """Nodes that have an edge, those beside the same hubs next to each other.

    Searches that advance together share the more work the more alike their distances are. Rows are
    ascending and nodes numbered by falling degree, so a row begins with the node's largest hubs.

    Args:
        indptr: Row starts, shape (n_nodes + 1,), uint32.
        indices: Neighbours, uint32.

    Returns:
        Node numbers, uint32.
    """
    degree = degrees(indptr)
    hubs = []
    for place in range(3):
        has_one = degree > place
        hub = np.full(len(degree), len(degree), np.int64)
        hub[has_one] = indices[indptr[:-1][has_one] + place]
        hubs.append(hub)
    order = np.lexsort(tuple(reversed(hubs)))
    return order[degree[order] > 0].astype(np.uint32)


def _hop_sums(folded: FoldedUndirected, crew: Crew) -> HopSums:
    sums = new_hop_sums(len(folded.core))

    def work(scratch: HopScratch, sources: UintArray) -> HopSums:
        part = new_hop_sums(len(folded.core))
        hop_distances(folded.indptr, folded.indices, sources, folded.leaves, scratch, part)
        return part

    def commit(part: HopSums) -> None:
        for total, addend in zip(sums, part, strict=True):
            np.add(total, addend, out=total)

    # Sources with many leaves stand together: only their passes count long binary numbers.
    by_leaves = np.argsort(-folded.leaves, kind="stable")
    sources = by_leaves[degrees(folded.indptr)[by_leaves] > 0].astype(np.uint32)
    job = Job(
        stage="hop distances",
        chunks=cut(sources, SOURCES_PER_PASS),
        new_scratch=lambda: new_hop_scratch(len(folded.core)),
        work=work,
        commit=commit,
    )
    run_chunks(job, crew)
    return sums


def _largest_component(network: UndirectedNetwork) -> tuple[IntArray, UintArray, UintArray]:
    """Its nodes, ascending, and its compressed rows in that numbering."""
    labels = components(network)
    sizes = np.bincount(labels)
    first_seen = np.full(len(sizes), network.n_nodes)
    np.minimum.at(first_seen, labels, network.snapshot_index)
    chosen = min(range(len(sizes)), key=lambda label: (-sizes[label], first_seen[label]))
    is_member = labels == chosen
    number = np.cumsum(is_member) - 1
    degree = degrees(network.indptr)
    indptr = np.zeros(sizes[chosen] + 1, np.uint32)
    np.cumsum(degree[is_member], out=indptr[1:], dtype=np.uint32)
    inside = np.repeat(is_member, degree)
    return np.flatnonzero(is_member), indptr, number[network.indices[inside]].astype(np.uint32)


def _perron(indptr: UintArray, indices: UintArray, crew: Crew) -> FloatArray:
    largest_degree = float(degrees(indptr).max())
    shift = 0.25 * max(np.sqrt(largest_degree), len(indices) / (len(indptr) - 1))
    vector, image = np.ones(len(indptr) - 1), np.empty(len(indptr) - 1)
    narrowest, idle_steps = np.inf, 0
    for step in range(_EIGENVECTOR_EDGE_VISITS // len(indices)):
        lowest, highest = perron_step(indptr, indices, shift, vector, image)
        vector, image = image, vector
        width = highest / lowest - 1.0
        idle_steps = 0 if width < narrowest else idle_steps + 1
        narrowest = min(width, narrowest)
        is_rounding = idle_steps > _EIGENVECTOR_PATIENCE and narrowest < _EIGENVECTOR_FLOOR
        if width < _EIGENVECTOR_TOLERANCE or is_rounding:
            return vector
        if step % _EIGENVECTOR_PATIENCE == 0:
            crew.progress("eigenvector", 0, 1)
    return np.full(len(vector), np.nan)
