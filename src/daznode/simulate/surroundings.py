"""The network around the simulated node: what the ways past it cost on a day."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.special import betaincinv, expit

from daznode.domain.gossip import GraphSnapshot
from daznode.domain.node_state import ChannelPolicy
from daznode.domain.units import MSAT_PER_SAT, PPM_ONE, Msat, Ppm, forwarding_fee_msat
from daznode.simulate.channel import inbound_fee_msat

ATTEMPT_BASE_MSAT: Final = 100_000
ATTEMPT_PPM: Final = 1_000
HOP_SUCCESS_RATIO: Final = 0.95
"""LND weighs a hop as (100 sat + 0.1 % of the amount) times (1/p - 1), with p = 0.95 for a hop that
has worked before; the cost is virtual, it decides between routes and nobody is paid it."""

_BALANCE_WEIGHT: Final = 0.6
"""Parameters of the beta law of a balance sum to this: balances sit at the ends more than between."""

_PRICE_PULL: Final = 0.8
_PPM_FLOOR: Final = 10.0
_REDRAWN_RATIO: Final = 0.25

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def hop_cost_msat(amount_msat: FloatArray) -> FloatArray:
    """What one more hop is worth avoiding to a sender, msat, for amounts of any shape in msat."""
    attempt = ATTEMPT_BASE_MSAT + amount_msat * ATTEMPT_PPM / PPM_ONE
    return attempt * (1.0 / HOP_SUCCESS_RATIO - 1.0)


@dataclass(slots=True)
class HiddenBalances:
    """Where in its law each channel's unknown balance sits; a quarter of them moves every day.

    Attributes:
        scid: Channels, ascending, uint64.
        level: Quantile of `node1`'s share, in (0, 1).
    """

    scid: NDArray[np.uint64]
    level: FloatArray

    @classmethod
    def drawn(cls, scid: NDArray[np.uint64], rng: np.random.Generator) -> "HiddenBalances":
        """Draw all of them."""
        return cls(scid, _levels(len(scid), rng))

    def next_day(self, scid: NDArray[np.uint64], rng: np.random.Generator) -> "HiddenBalances":
        """The levels of the next day's channels: most as before, new ones drawn."""
        level = _levels(len(scid), rng)
        place = np.minimum(np.searchsorted(self.scid, scid), len(self.scid) - 1)
        stays = (self.scid[place] == scid) & (rng.random(len(scid)) >= _REDRAWN_RATIO)
        level[stays] = self.level[place[stays]]
        return HiddenBalances(scid, level)


def _levels(count: int, rng: np.random.Generator) -> FloatArray:
    return np.clip(rng.random(count), 1e-6, 1.0 - 1e-6)


class Surroundings:
    """Ways between nodes that avoid one node, at one moment."""

    def __init__(self, snapshot: GraphSnapshot, avoided: int, hidden: HiddenBalances) -> None:
        """Lay out the directed edges of a snapshot that can carry payments.

        Args:
            snapshot: The network.
            avoided: The node that no way may use.
            hidden: Balances of its channels.
        """
        channels, policies = snapshot.channels, snapshot.channels.policies
        touches = (channels.node1 == avoided) | (channels.node2 == avoided)
        usable = policies.is_present & ~policies.is_disabled & ~touches
        rows, columns = np.nonzero(usable)
        ends = np.stack([channels.node1, channels.node2]).astype(np.int64)
        order = np.lexsort((ends[1 - rows, columns], ends[rows, columns]))
        rows, columns = rows[order], columns[order]
        self._n_nodes = snapshot.n_nodes
        self._source, self._target = ends[rows, columns], ends[1 - rows, columns]
        self._base_msat = policies.base_fee_msat[rows, columns]
        self._ppm = policies.fee_ppm[rows, columns]
        self._inbound_base_msat = policies.inbound_base_fee_msat[1 - rows, columns]
        self._inbound_ppm = policies.inbound_fee_ppm[1 - rows, columns]
        self._least_msat = policies.htlc_minimum_msat[rows, columns]
        shares = _shares_of_node1(policies.fee_ppm, hidden)
        share = np.where(rows == 0, shares[columns], 1.0 - shares[columns])
        capacity_sat = np.maximum(channels.capacity_sat[columns], 0)
        balance_msat = share * capacity_sat * MSAT_PER_SAT
        stated = policies.htlc_maximum_msat[rows, columns]
        self._most_msat = np.where(stated >= 0, np.minimum(balance_msat, stated), balance_msat)

    def _network(self, amount_msat: int) -> tuple[csr_array, IntArray]:
        """Costs between neighbours for an amount, and the edge behind each entry."""
        can = np.flatnonzero((self._most_msat >= amount_msat) & (self._least_msat <= amount_msat))
        fee = self._base_msat[can] + amount_msat * (self._ppm[can] / PPM_ONE)
        cost = fee + hop_cost_msat(np.full(len(can), amount_msat, dtype=np.float64))
        # Of parallel channels the cheapest; a sparse constructor would add them up. Edges are sorted
        # by source and target, so parallel ones stand side by side.
        source, target = self._source[can], self._target[can]
        starts_pair = np.ones(len(can), dtype=np.bool_)
        starts_pair[1:] = (source[1:] != source[:-1]) | (target[1:] != target[:-1])
        pair = np.cumsum(starts_pair) - 1
        cheapest = np.minimum.reduceat(cost, np.flatnonzero(starts_pair)) if len(can) else cost
        best = np.flatnonzero(cost == cheapest[pair])
        best = best[np.unique(pair[best], return_index=True)[1]]
        pointers = np.searchsorted(source[best], np.arange(self._n_nodes + 1))
        shape = (self._n_nodes, self._n_nodes)
        return csr_array((cost[best], target[best], pointers), shape=shape), can[best]

    def costs_msat(self, nodes: IntArray, amount_msat: int) -> FloatArray:
        """What the cheapest ways between some nodes cost a sender, virtual hop cost included.

        Args:
            nodes: Nodes, shape (n,).
            amount_msat: Amount to move, msat.

        Returns:
            Costs from each to each, shape (n, n), msat; infinite where there is no way.
        """
        network, _ = self._network(amount_msat)
        return np.asarray(dijkstra(network, indices=nodes)[:, nodes], dtype=np.float64)

    def route(self, source: int, target: int, amount_msat: int) -> tuple[int, ...]:
        """The cheapest way between two nodes that can carry an amount.

        Args:
            source: Its first node.
            target: Its last node.
            amount_msat: Amount to carry, msat.

        Returns:
            Directed edges for `circle_fee_msat`; empty if there is no way.
        """
        network, edges = self._network(amount_msat)
        start_at = np.array([source])
        distances, before = dijkstra(network, indices=start_at, return_predecessors=True)
        if source == target or not np.isfinite(distances[0, target]):
            return ()
        path, node = [], target
        while node != source:
            previous = int(before[0, node])
            start, stop = network.indptr[previous], network.indptr[previous + 1]
            place = int(start + np.flatnonzero(network.indices[start:stop] == node)[0])
            path.append(int(edges[place]))
            node = previous
        return tuple(reversed(path))

    def circle_fee_msat(
        self, route: tuple[int, ...], amount_msat: Msat, entry: ChannelPolicy, last: ChannelPolicy
    ) -> Msat:
        """Fee of a payment from the avoided node over a route and back to it, exact.

        Args:
            route: Edges between the first and the last other node, at least one.
            amount_msat: Amount that comes back, msat.
            entry: The first node's policy of its channel with the avoided node.
            last: The last node's policy of its channel with the avoided node.

        Returns:
            What all other nodes are paid, msat.
        """
        outgoing = [(int(self._base_msat[edge]), int(self._ppm[edge])) for edge in route]
        outgoing.append((last.base_fee_msat, last.fee_ppm))
        incoming = [(entry.inbound_base_fee_msat, entry.inbound_fee_ppm)]
        incoming += [
            (Msat(int(self._inbound_base_msat[edge])), Ppm(int(self._inbound_ppm[edge])))
            for edge in route
        ]
        carried = amount_msat
        for (base_msat, ppm), inbound in zip(reversed(outgoing), reversed(incoming), strict=True):
            fee = forwarding_fee_msat(carried, Msat(base_msat), Ppm(ppm))
            fee = Msat(fee + inbound_fee_msat(Msat(carried + fee), *inbound))
            carried = Msat(carried + max(0, fee))
        return Msat(carried - amount_msat)


def _shares_of_node1(fee_ppm: IntArray, hidden: HiddenBalances) -> FloatArray:
    """Balance of `node1` over the capacity: a side that asks little is emptied, one that asks much fills."""
    asked = np.log(fee_ppm.astype(np.float64) + _PPM_FLOOR)
    mean = np.clip(expit(_PRICE_PULL * (asked[0] - asked[1])), 0.05, 0.95)
    shares = betaincinv(_BALANCE_WEIGHT * mean, _BALANCE_WEIGHT * (1.0 - mean), hidden.level)
    return np.asarray(shares, dtype=np.float64)
