"""What a new channel would change: the rise of a node's harmonic closeness, candidate by candidate."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from daznode.domain.errors import InvariantBroken
from daznode.domain.gossip import AddressKind, GraphSnapshot
from daznode.domain.measures import NodeMeasures, NodeScores, PeerGain
from daznode.graph.fees import MarketIndex

IntArray = NDArray[np.int64]
HopArray = NDArray[np.uint8]

UNREACHABLE: Final = 255
"""Distance of a node that cannot be reached, or only over more than 254 hops: no onion of BOLT 4
holds such a route."""

DEFAULT_CANDIDATES: Final = 200
"""Candidates kept: enough that a node connected to the hundred best still has a choice."""

LARGEST_DISABLED_RATIO: Final = 0.5
"""A node that keeps more than half of its policies disabled is no peer to propose."""

_WORD_BITS: Final = 64


class Adjacency:
    """Distinct peers of every node over all announced channels, as one sorted list per node.

    Attributes:
        n_nodes: Nodes.
        start: List of node i is peer[start[i]:start[i + 1]], shape (n_nodes + 1,), int64.
        peer: Shape (2 * n_pairs,), int64.
    """

    def __init__(self, snapshot: GraphSnapshot) -> None:
        """Collect the pairs of a snapshot, parallel channels once."""
        self.n_nodes = snapshot.n_nodes
        node1 = snapshot.channels.node1.astype(np.int64)
        node2 = snapshot.channels.node2.astype(np.int64)
        key = np.concatenate((node1 * self.n_nodes + node2, node2 * self.n_nodes + node1))
        key.sort()
        key = key[np.r_[True, key[1:] != key[:-1]]] if len(key) else key
        source, self.peer = np.divmod(key, max(self.n_nodes, 1))
        self.start = np.searchsorted(source, np.arange(self.n_nodes + 1))

    def hops_from(self, index: int) -> HopArray:
        """Hops from one node to all, shape (n_nodes,), uint8; `UNREACHABLE` where there is no way."""
        hops = np.full(self.n_nodes, UNREACHABLE, np.uint8)
        hops[index] = 0
        frontier = np.array([index])
        for distance in range(1, UNREACHABLE):
            reached = self._peers_of_all(frontier)
            hops[reached[hops[reached] == UNREACHABLE]] = distance
            frontier = np.flatnonzero(hops == distance)
            if len(frontier) == 0:
                break
        return hops

    def _peers_of_all(self, nodes: IntArray) -> IntArray:
        """Peers of several nodes, one list after the other."""
        first = self.start[nodes]
        count = self.start[nodes + 1] - first
        ends = np.cumsum(count)
        shift = np.repeat(first - (ends - count), count)
        return self.peer[shift + np.arange(len(shift))]

    def hops_from_all(self, sources: IntArray) -> HopArray:
        """Hops from several nodes at once, each source one bit of a node's words.

        Args:
            sources: Places of k nodes, shape (k,), int64.

        Returns:
            Shape (k, n_nodes), uint8; `UNREACHABLE` where there is no way.

        References:
            The idea of one bit a source: Then et al., "The More the Merrier: Efficient
            Multi-Source Graph Traversal", PVLDB 8(4), 2014.
        """
        n_words = -(-len(sources) // _WORD_BITS)
        lane = np.arange(len(sources))
        seen = np.zeros((self.n_nodes, n_words), np.uint64)
        np.bitwise_or.at(
            seen,
            (sources, lane // _WORD_BITS),
            np.uint64(1) << (lane % _WORD_BITS).astype(np.uint64),
        )
        hops = np.zeros((self.n_nodes, len(sources)), np.uint8)
        linked = np.flatnonzero(np.diff(self.start))
        latest = seen
        for _ in range(1, UNREACHABLE):
            # A node is as many hops away as there are rounds in which it was not yet seen.
            hops += _bits_of(~seen, len(sources))
            reached = np.zeros_like(seen)
            if len(linked):
                reached[linked] = np.bitwise_or.reduceat(latest[self.peer], self.start[linked])
            latest = reached & ~seen
            if not latest.any():
                break
            seen = seen | latest
        hops[_bits_of(~seen, len(sources)).view(np.bool_)] = UNREACHABLE
        return np.ascontiguousarray(hops.T)


class CandidateIndex:
    """The peers worth proposing in one snapshot and how far each is from every node; built once.

    Candidates have announced themselves with an address (asked only where the snapshot has
    addresses at all), keep at most half of their policies disabled, have a channel of known
    capacity, and stand highest by overall score, then capacity, then key.

    Attributes:
        adjacency: Peers of every node.
        candidate: Places of the candidates, best first, shape (k,), int64.
        hops: Hops from each candidate to every node, shape (k, n_nodes), uint8.
    """

    def __init__(
        self,
        snapshot: GraphSnapshot,
        measures: NodeMeasures,
        scores: NodeScores,
        *,
        market: MarketIndex | None = None,
        limit: int = DEFAULT_CANDIDATES,
    ) -> None:
        """Choose the candidates and search from each.

        Args:
            snapshot: The network.
            measures: Of all its nodes.
            scores: Of all its nodes.
            market: Its fee market where one is at hand.
            limit: Most candidates kept, >= 1.
        """
        market = MarketIndex(snapshot) if market is None else market
        self._snapshot_id = snapshot.origin.snapshot_id
        self.adjacency = Adjacency(snapshot)
        self.candidate = _candidates(snapshot, measures, scores)[:limit]
        self.hops = self.adjacency.hops_from_all(self.candidate)
        # Bits of the nodes within j hops of each candidate, for j = 0, 1, ... up to the farthest.
        farthest = int(self.hops[self.hops < UNREACHABLE].max(initial=0))
        self._within = [_packed(self.hops <= hops) for hops in range(farthest + 1)]
        self._median_ppm = [market.median_ppm(int(index)) for index in self.candidate]
        self._median_channel_sat = _median_channel_sats(snapshot, self.candidate)

    def gains(self, own_hops: HopArray) -> NDArray[np.float64]:
        """Rise of a node's harmonic closeness by a channel to each candidate.

        The new distance to node v is min(d(v), 1 + hops from the candidate to v), and 1/d is the
        sum of 1/(j (j+1)) over j >= d. So it is enough to count, for every j, the nodes that come
        within j hops and were not: integers, hence exact but for one rounding a term.

        Args:
            own_hops: Hops from the node to all, shape (n_nodes,), uint8.

        Returns:
            Shape (k,), float64, on the scale of `NodeMeasures.harmonic`; 0 for the node itself and
            its peers.
        """
        n_nodes = self.adjacency.n_nodes
        rise = np.zeros(len(self.candidate))
        finite = own_hops[own_hops < UNREACHABLE]
        last = max(int(finite.max(initial=0)), len(self._within))
        for hops in range(1, last + 1):
            beyond = _packed((own_hops > hops)[np.newaxis])
            within = self._within[min(hops, len(self._within)) - 1]
            count = np.bitwise_count(within & beyond).sum(axis=1, dtype=np.int64)
            rise += count * (1 / hops if hops == last else 1 / (hops * (hops + 1)))
        return rise / max(n_nodes - 1, 1)

    def check_origin(
        self, snapshot: GraphSnapshot, measures: NodeMeasures, scores: NodeScores
    ) -> None:
        """See that all belong to the snapshot of the index.

        Raises:
            InvariantBroken: One of them belongs to another.
        """
        ids = {snapshot.origin.snapshot_id, measures.snapshot_id, scores.snapshot_id}
        if ids != {self._snapshot_id}:
            message = f"candidates of {self._snapshot_id} asked with figures of {sorted(ids)}"
            raise InvariantBroken(message)

    def median_inbound_ppm(self, place: int) -> int | None:
        """What is charged towards the candidate at a place of `candidate`; None without a price."""
        return self._median_ppm[place]

    def median_channel_sat(self, place: int) -> int:
        """Usual channel of the candidate at a place of `candidate`, sat."""
        return int(self._median_channel_sat[place])


def best_new_peers(
    index: CandidateIndex,
    snapshot: GraphSnapshot,
    measures: NodeMeasures,
    scores: NodeScores,
    node_index: int,
    limit: int = 5,
) -> tuple[PeerGain, ...]:
    """Candidates that are not yet peers, by the rise of the node's harmonic closeness.

    Args:
        index: Candidates of the snapshot.
        snapshot: The network.
        measures: Of all its nodes.
        scores: Of all its nodes.
        node_index: Place of the node that would open the channel.
        limit: Most answers.

    Returns:
        Largest gain first; equal gains by the candidates' own order.

    Raises:
        InvariantBroken: The arguments do not belong to one snapshot.
    """
    index.check_origin(snapshot, measures, scores)
    own_hops = index.adjacency.hops_from(node_index)
    gains = index.gains(own_hops)
    hops_now = own_hops[index.candidate]
    eligible = np.flatnonzero(hops_now > 1)
    order = eligible[np.argsort(-gains[eligible], kind="stable")]
    answers = []
    for place in order[:limit].tolist():
        peer, hops = int(index.candidate[place]), int(hops_now[place])
        answers.append(
            PeerGain(
                node_id=snapshot.node_hex(peer),
                alias=snapshot.nodes.alias[peer],
                score=float(scores.overall[peer]),
                harmonic_gain=float(gains[place]),
                hops_now=None if hops == UNREACHABLE else hops,
                median_inbound_ppm=index.median_inbound_ppm(place),
                median_channel_sat=index.median_channel_sat(place),
            )
        )
    return tuple(answers)


def _candidates(snapshot: GraphSnapshot, measures: NodeMeasures, scores: NodeScores) -> IntArray:
    nodes = snapshot.nodes
    is_candidate = _has_known_capacity(snapshot) & ~np.isnan(scores.overall)
    is_candidate &= nodes.last_update > 0
    if nodes.address_kinds.any():
        is_candidate &= nodes.address_kinds != AddressKind.NONE
    is_candidate &= ~(measures.disabled_ratio > LARGEST_DISABLED_RATIO)
    chosen = np.flatnonzero(is_candidate)
    best_first = np.lexsort((chosen, -measures.capacity_sat[chosen], -scores.overall[chosen]))
    return np.asarray(chosen[best_first], np.int64)


def _has_known_capacity(snapshot: GraphSnapshot) -> NDArray[np.bool_]:
    """Which nodes have a channel whose capacity is known."""
    channels = snapshot.channels
    is_known = np.zeros(snapshot.n_nodes, np.bool_)
    for side in (channels.node1, channels.node2):
        is_known[side[channels.capacity_sat > 0]] = True
    return is_known


def _median_channel_sats(snapshot: GraphSnapshot, candidate: IntArray) -> IntArray:
    """Median of the known capacities of each candidate's channels, sat, rounded down."""
    channels = snapshot.channels
    place = np.full(snapshot.n_nodes, -1, np.int64)
    place[candidate] = np.arange(len(candidate))
    side = np.concatenate((place[channels.node1], place[channels.node2]))
    both_sat = np.concatenate((channels.capacity_sat, channels.capacity_sat))
    counted = (side >= 0) & (both_sat > 0)
    side, both_sat = side[counted], both_sat[counted]
    ordered_sat = both_sat[np.lexsort((both_sat, side))]
    count = np.bincount(side, minlength=len(candidate))
    start = np.cumsum(count) - count
    middle_sats = ordered_sat[start + (count - 1) // 2] + ordered_sat[start + count // 2]
    return np.asarray(middle_sats // 2, np.int64)


def _packed(is_set: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Rows of booleans as rows of 64-bit words, padded with zeros."""
    n_words = -(-is_set.shape[1] // _WORD_BITS)
    padded = np.zeros((is_set.shape[0], n_words * 8), np.uint8)
    packed = np.packbits(is_set, axis=1)
    padded[:, : packed.shape[1]] = packed
    return padded.view(np.uint64)


def _bits_of(words: NDArray[np.uint64], n_bits: int) -> NDArray[np.uint8]:
    """The first bits of rows of 64-bit words as bytes 0 or 1; bit 0 is the least of word 0."""
    octets = words.astype("<u8", copy=False).view(np.uint8)
    return np.unpackbits(octets, axis=1, count=n_bits, bitorder="little")
