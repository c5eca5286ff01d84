"""A day of the generated network laid out for payments: who can pay whom, and who wants to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np

from daznode.domain.gossip import GraphSnapshot
from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.units import Msat
from daznode.simulate.payments.bounds import route_bounds
from daznode.simulate.payments.demand import (
    DAY_MS,
    DAY_SECONDS,
    DemandParams,
    Payments,
    draw_payments,
    draw_roles,
)
from daznode.simulate.payments.ground import Ground, draw_balances
from daznode.simulate.payments.network import IntArray, payment_network
from daznode.simulate.payments.state import Bounds
from daznode.simulate.payments.succession import Succession, later_roles
from daznode.simulate.players.names import Names
from daznode.simulate.world.peer_demand import with_peers
from daznode.simulate.world.player import Peer

_BUSIEST_SECOND: Final = 16 * 3_600
_WEEKDAYS: Final = (1.06, 1.04, 1.02, 1.04, 1.08, 0.92, 0.84)
"""Payments by day, Monday to Sunday, mean 1; the busiest hour is in the afternoon (UTC). Chosen."""


@dataclass(frozen=True, slots=True)
class PublicDay:
    """One day's network as the payment loop takes it.

    Attributes:
        names: Who its nodes are.
        places: Where they are in it, by key.
        ground: The network and what is wanted of it.
        bounds: Of its routes.
        player: Place of the simulated node.
    """

    names: Names
    places: dict[NodeId, int]
    ground: Ground
    bounds: Bounds
    player: int

    def since(self, before: "PublicDay") -> Succession:
        """Which channels and nodes were there on the day before."""
        return Succession.between(
            before.ground.network, before.names.node_ids, self.ground.network, self.names.node_ids
        )

    def balances(
        self, own_msat: Mapping[ShortChannelId, Msat], rng: np.random.Generator
    ) -> IntArray:
        """Hidden balances, drawn; those of the simulated node's channels as given.

        Args:
            own_msat: The node's balances, by short channel id.
            rng: Source of chance.

        Returns:
            Balances, shape (n_edges,), msat.
        """
        network = self.ground.network
        balance = draw_balances(network, rng)
        edges = network.edges_from(self.player)
        scids = network.scid[edges].tolist()
        balance[edges] = np.array([own_msat[ShortChannelId(scid)] for scid in scids], np.int64)
        balance[network.reverse[edges]] = network.capacity_msat[edges] - balance[edges]
        return balance

    def payments(self, day: int, starts_at: datetime, rng: np.random.Generator) -> Payments:
        """What will be paid on the day.

        Args:
            day: Days since the beginning of the loop.
            starts_at: The day's first moment, UTC.
            rng: Source of chance.
        """
        demand = self.ground.demand
        second = starts_at.hour * 3_600 + starts_at.minute * 60 + starts_at.second
        drawn = draw_payments(
            replace(
                demand, payments_per_day=demand.payments_per_day * _WEEKDAYS[starts_at.weekday()]
            ),
            self.ground.roles,
            self.player,
            1.0,
            rng,
            after_peak_s=float((second - _BUSIEST_SECOND) % DAY_SECONDS),
        )
        return replace(drawn, at_ms=drawn.at_ms + day * DAY_MS)


def lay_out(
    snapshot: GraphSnapshot,
    node_id: NodeId,
    peers: Sequence[Peer],
    demand: DemandParams,
    rng: np.random.Generator,
    before: PublicDay | None = None,
) -> PublicDay:
    """Lay out a day's public network.

    Others' fees change as the generated network lets them, from day to day; no node in it follows
    its balances within a day.

    Args:
        snapshot: The public network, with the simulated node in it.
        node_id: The simulated node.
        peers: Its peers, those to come included.
        demand: What people want to pay.
        rng: Source of chance for who wants what.
        before: The day before, whose nodes stay what they are.

    Raises:
        NodeNotFound: None of the node's channels can be used.
    """
    network = payment_network(snapshot)
    names = Names.of(snapshot, network)
    places = {key: place for place, key in enumerate(names.node_ids)}
    roles = draw_roles(network, demand, rng)
    if before is not None:
        since = Succession.between(
            before.ground.network, before.names.node_ids, network, names.node_ids
        )
        roles = later_roles(before.ground.roles, roles, since)
    known = [peer for peer in peers if peer.node_id in places]
    at = np.array([places[peer.node_id] for peer in known], np.int64)
    roles = with_peers(roles, at, [peer.kind for peer in known])
    ground = Ground(network, roles, demand, np.zeros(network.n_nodes, np.bool_))
    player = names.place_of(node_id)
    return PublicDay(names, places, ground, route_bounds(network, ground.floor_ppm(player)), player)
