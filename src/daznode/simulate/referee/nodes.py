"""Which nodes and seeds are tried: of different kinds, and apart for tuning and for judging."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daznode.domain.errors import InvalidParameter
from daznode.domain.experiment import FlowTilt, NodeKind, NodeSet
from daznode.domain.ids import NodeId

FEWEST_CHANNELS: Final = 5
"""A node with fewer has hardly anything to route between."""

TOP_EXCLUDED: Final = 5
"""The largest nodes of the network are left out: no operator compares with them."""

TILT_THRESHOLD: Final = 0.2
"""A flow that leans by more than this is a source's or a sink's."""

_KINDS: Final = (NodeKind.LEAF, NodeKind.MID, NodeKind.HUB)
_TILTS: Final = (FlowTilt.SOURCE, FlowTilt.SINK, FlowTilt.EVEN)


@dataclass(frozen=True, slots=True)
class NodeCensus:
    """The nodes of a network as columns of equal length.

    Attributes:
        node_ids: Keys.
        capacity_sat: Sum of each node's channels, shape (n_nodes,), int64.
        channels: How many they are, shape (n_nodes,), int64.
        flow_tilt: What would come in less what would go out, as a share of both, in [-1, 1], shape
            (n_nodes,), float64.
    """

    node_ids: Sequence[NodeId]
    capacity_sat: NDArray[np.int64]
    channels: NDArray[np.int64]
    flow_tilt: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node that may be tried.

    Attributes:
        node_id: Its key.
        kind: By capacity.
        tilt: By flow.
    """

    node_id: NodeId
    kind: NodeKind
    tilt: FlowTilt


def candidates(census: NodeCensus) -> tuple[Candidate, ...]:
    """The routing nodes of a network and what they are.

    Routing nodes have at least 5 channels and are not among the 5 nodes of most capacity. By
    capacity their lowest third is LEAF, the middle MID, the highest HUB. By flow, above 0.2
    it is a SINK, which would fill; below -0.2 a SOURCE, which would drain; else EVEN.

    Args:
        census: The network's nodes, in any order.

    Returns:
        In order of capacity, smallest first, equal ones by key.

    Raises:
        InvalidParameter: Columns of different length, or a tilt outside [-1, 1].
    """
    lengths = {len(census.node_ids), *(column.size for column in _columns(census))}
    if len(lengths) > 1:
        message = "a census needs one capacity, one number of channels and one tilt per node"
        raise InvalidParameter(message)
    if not (np.abs(census.flow_tilt) <= 1).all():
        message = "a flow tilt must be between -1 and 1"
        raise InvalidParameter(message)
    by_size = sorted(
        range(len(census.node_ids)),
        key=lambda place: (int(census.capacity_sat[place]), census.node_ids[place]),
    )
    routing = [
        place
        for place in by_size[: max(0, len(by_size) - TOP_EXCLUDED)]
        if census.channels[place] >= FEWEST_CHANNELS
    ]
    return tuple(
        Candidate(
            node_id=census.node_ids[place],
            kind=_KINDS[rank * len(_KINDS) // len(routing)],
            tilt=_tilt_of(float(census.flow_tilt[place])),
        )
        for rank, place in enumerate(routing)
    )


def node_set_of(node_id: NodeId) -> NodeSet:
    """Which set a node belongs to, by the parity of SHA-256 of its key, in any network.

    Args:
        node_id: Its key.

    Returns:
        DEVELOPMENT if the hash of the 66 characters is even, else EVALUATION.
    """
    is_odd = sha256(node_id.encode()).digest()[-1] & 1
    return NodeSet.EVALUATION if is_odd else NodeSet.DEVELOPMENT


def choose(
    found: Sequence[Candidate], node_set: NodeSet, count: int, seed: int
) -> tuple[Candidate, ...]:
    """Draw nodes of one set, as evenly as possible over kinds and tilts.

    The nine pairs of kind and tilt take turns, each giving one of its nodes at random until it has
    none left. The turns go through a Latin square of kinds and tilts, so that three nodes are
    already of three kinds and three tilts.

    Args:
        found: Who may be tried, in any order.
        node_set: Which half of them.
        count: How many are wanted, at least 1.
        seed: Of the draw; a larger count keeps the nodes of a smaller one.

    Returns:
        The chosen, in order of their turns.

    Raises:
        InvalidParameter: Fewer than wanted, or none wanted; the message says how many there are.
    """
    belonging = sorted(
        (candidate for candidate in found if node_set_of(candidate.node_id) is node_set),
        key=lambda candidate: candidate.node_id,
    )
    if not 1 <= count <= len(belonging):
        message = (
            f"nodes {count:,}: the {node_set.value} set of this network has {len(belonging):,} that "
            "pass on enough payments to be tried; "
            + (f"takes 1 to {len(belonging):,}" if belonging else "takes another network or set")
        )
        raise InvalidParameter(message)
    rng = np.random.default_rng(seed)
    kinds, tilts = rng.permutation(len(_KINDS)), rng.permutation(len(_TILTS))
    queues = []
    for shift in range(len(_TILTS)):
        for turn, kind in enumerate(kinds):
            tilt = _TILTS[tilts[(turn + shift) % len(_TILTS)]]
            stratum = [one for one in belonging if (one.kind, one.tilt) == (_KINDS[kind], tilt)]
            queues.append([stratum[place] for place in rng.permutation(len(stratum))])
    rounds = max(map(len, queues))
    in_turn = [queue[turn] for turn in range(rounds) for queue in queues if turn < len(queue)]
    return tuple(in_turn[:count])


def run_seeds(node_set: NodeSet, first: int, count: int) -> tuple[int, ...]:
    """Numbers of runs: even ones for development, odd ones for evaluation, so never the same.

    Args:
        node_set: For which set.
        first: Place of the first in the set's own sequence, from 0.
        count: How many, at least 1.

    Returns:
        2 (first + k) for development, 2 (first + k) + 1 for evaluation, k = 0 ... count - 1.

    Raises:
        InvalidParameter: A negative place, or none wanted.
    """
    if first < 0 or count < 1:
        message = f"seeds start at 0 or above and are at least 1; asked for {count} from {first}"
        raise InvalidParameter(message)
    parity = int(node_set is NodeSet.EVALUATION)
    return tuple(2 * place + parity for place in range(first, first + count))


def _columns(census: NodeCensus) -> tuple[NDArray[np.generic], ...]:
    return census.capacity_sat, census.channels, census.flow_tilt


def _tilt_of(flow_tilt: float) -> FlowTilt:
    if flow_tilt > TILT_THRESHOLD:
        return FlowTilt.SINK
    return FlowTilt.SOURCE if flow_tilt < -TILT_THRESHOLD else FlowTilt.EVEN
