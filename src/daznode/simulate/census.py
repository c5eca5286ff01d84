"""What the nodes of a laid-out network are, found by watching a day of its payments."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daznode.domain.progress import Progress
from daznode.domain.units import MSAT_PER_SAT
from daznode.simulate.payments.bounds import route_bounds
from daznode.simulate.payments.demand import DAY_MS
from daznode.simulate.payments.ground import Ground
from daznode.simulate.payments.loop import PaymentLoop
from daznode.simulate.payments.network import FloatArray, IntArray
from daznode.simulate.payments.state import NOBODY
from daznode.simulate.players.names import Names
from daznode.simulate.referee.nodes import Candidate, NodeCensus, candidates

FEWEST_FORWARDS: Final = 3
"""Nodes that pass on fewer payments in a day of the network are not chosen: no fee changes anything
there, and a comparison would count them as ties."""

_LEAN: Final = 0.5
"""Of the nodes of a size, 30 % lean to each side by more than the referee's threshold."""

_WATCH_SEED: Final = 1 << 40


class Watched(NamedTuple):
    """What is known of a network before runs.

    Attributes:
        traffic: Payments that each node passed on in a day, (n_nodes,).
        hops: From every node to every other at the least, (n_nodes, n_nodes).
    """

    traffic: IntArray
    hops: NDArray[np.uint8]


def watch(ground: Ground, half: int, network_seed: int, progress: Progress) -> Watched:
    """Live through a day that no run sees again.

    Args:
        ground: The network.
        half: Number of the half of the world that it belongs to.
        network_seed: Number of the network's chance.
        progress: Told of the steps.
    """
    bounds = route_bounds(ground.network, ground.floor_ppm(NOBODY), progress)
    seed = _WATCH_SEED + 2 * network_seed + half
    loop = PaymentLoop(ground, bounds, player=NOBODY, seed=seed, days=1)
    progress("payments of a day watched", 0, 1)
    loop.run_until(DAY_MS)
    return Watched(loop.scratch.traffic, bounds.hops)


def routing_nodes(ground: Ground, names: Names, traffic: IntArray) -> tuple[Candidate, ...]:
    """The nodes that policies can be tried on, and what they are.

    Args:
        ground: The network.
        names: Its nodes' keys.
        traffic: Payments that each node passed on in a day, (n_nodes,).
    """
    network = ground.network
    busy = np.flatnonzero(traffic >= FEWEST_FORWARDS)
    return candidates(
        NodeCensus(
            node_ids=tuple(names.node_ids[place] for place in busy.tolist()),
            capacity_sat=network.node_capacity_msat()[busy] // MSAT_PER_SAT,
            channels=np.bincount(network.source, minlength=network.n_nodes)[busy],
            flow_tilt=_tilt(ground, busy),
        )
    )


def _tilt(ground: Ground, nodes: IntArray) -> FloatArray:
    """Which way the flow of nodes leans beside others of their size, in [-1, 1].

    By what their peers are, weighted by capacity: peers that pay fill a node, peers that are paid
    drain it. Large nodes have peers of all sorts, so each is compared with the third of nodes of its
    capacity: -1 is the most drained of them, 1 the most filled.
    """
    network = ground.network
    weight = network.capacity_msat.astype(np.float64)
    leans = ground.roles.tilt[network.target] * weight
    total = np.bincount(network.source, weights=weight, minlength=network.n_nodes)[nodes]
    mean = np.bincount(network.source, weights=leans, minlength=network.n_nodes)[nodes] / total
    tilt = np.zeros(len(nodes))
    for third in np.array_split(np.argsort(total, kind="stable"), 3):
        places = np.argsort(np.argsort(-mean[third], kind="stable"), kind="stable")
        tilt[third] = (2.0 * places + 1.0) / max(len(third), 1) - 1.0
    return _LEAN * tilt
