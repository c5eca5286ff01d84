"""Small payment networks for tests: generated, with a busy node in the middle."""

from datetime import UTC, datetime
from functools import cache

import numpy as np

from daznode.domain.gossip import GraphSnapshot
from daznode.simulate.payments.bounds import route_bounds
from daznode.simulate.payments.demand import DemandParams, draw_roles
from daznode.simulate.payments.ground import Ground
from daznode.simulate.payments.loop import PaymentLoop
from daznode.simulate.payments.network import PaymentNetwork, payment_network
from daznode.simulate.payments.state import Bounds
from daznode.simulate.players.names import Names
from daznode.simulate.players.season import Season
from daznode.simulate.world.engine import made_network

BEGINS_AT = datetime(2026, 3, 2, tzinfo=UTC)
PER_DAY = 2_000.0


@cache
def snapshot(nodes: int = 300, channels: int = 1_100, seed: int = 5) -> GraphSnapshot:
    return made_network(
        nodes,
        channels,
        np.random.default_rng(seed),
        observed_at=BEGINS_AT,
        imported_at=BEGINS_AT,
    )


@cache
def ground(seed: int = 5, per_day: float = PER_DAY) -> Ground:
    network = payment_network(snapshot(seed=seed))
    rng = np.random.default_rng(seed)
    demand = DemandParams(payments_per_day=per_day)
    roles = draw_roles(network, demand, rng)
    return Ground(network, roles, demand, rng.random(network.n_nodes) < 0.2)


@cache
def names() -> Names:
    return Names.of(snapshot(), ground().network)


def busy_node(network: PaymentNetwork) -> int:
    """The node with the second most channels: payments pass it."""
    channels = np.bincount(network.source, minlength=network.n_nodes)
    return int(np.argsort(-channels, kind="stable")[1])


@cache
def bounds(player: int | None = None) -> Bounds:
    place = busy_node(ground().network) if player is None else player
    return route_bounds(ground().network, ground().floor_ppm(place))


def loop(seed: int = 1, days: int = 2) -> PaymentLoop:
    return PaymentLoop(ground(), bounds(), player=busy_node(ground().network), seed=seed, days=days)


def season(seed: int = 1, days: int = 2) -> Season:
    return Season(loop(seed, days), names(), BEGINS_AT)
