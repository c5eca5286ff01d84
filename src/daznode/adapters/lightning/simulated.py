"""A LightningNode backed by a simulated world: demos, tests, rehearsals; nothing in it is real."""

from datetime import datetime
from typing import Final

import numpy as np

from daznode.domain.errors import InvalidParameter
from daznode.domain.gossip import GraphSnapshot
from daznode.domain.node_state import NodeActivity, NodeIdentity, NodeObservation
from daznode.simulate.engine import World, WorldParams

_MOST_SEED: Final = 2**64 - 1


class SimulatedNode:
    """The node of a simulated world, as a `LightningNode`; time moves only by `advance`."""

    def __init__(self, world: World) -> None:
        """Stand in front of a world.

        Args:
            world: The world; it may be advanced by others too.
        """
        self._world = world

    @property
    def now(self) -> datetime:
        """The world's moment, UTC: what happens at it has not happened yet."""
        return self._world.now

    @property
    def begins_at(self) -> datetime:
        """Since when the node has lived, UTC; nothing is recorded before."""
        return self._world.begins_at

    def advance(self, to: datetime) -> None:
        """Let the world live on until a moment; CPU-bound, call it through `Compute`.

        Args:
            to: Not before `now`.

        Raises:
            InvalidParameter: `to` lies before `now`.
        """
        self._world.advance(to)

    def graph_snapshot(self) -> GraphSnapshot:
        """The public network around the node as it was at the beginning of the node's present day.

        The node's own announced channels are in it. A day begins every 24 hours after `begins_at`.
        """
        return self._world.snapshot

    async def identity(self) -> NodeIdentity:
        """Who the node is: backend and network are `simulated`."""
        return self._world.identity()

    async def observe(self) -> NodeObservation:
        """Channels with balances and policies at the world's moment."""
        return self._world.observation()

    async def activity(self, since: datetime, until: datetime) -> NodeActivity:
        """Forwards, failed HTLCs and rebalances in `[since, until)`.

        Raises:
            InvalidParameter: The window ends before it begins, or after the world's moment.
        """
        return self._world.activity(since, until)


def simulated_node(
    seed: int, *, starts_at: datetime, nodes: int = 4_000, channels: int = 13_000
) -> SimulatedNode:
    """A node in a generated network, with a few days behind it; CPU-bound.

    Args:
        seed: Equal seeds, moments and sizes give equal worlds, to the msat; 0 to 2^64 - 1.
        starts_at: The world's first moment, aware.
        nodes: Nodes of the network around it.
        channels: Channels of that network.

    Raises:
        InvalidParameter: The seed is negative or too large, the moment naive, or the network too
            small.
    """
    if not 0 <= seed <= _MOST_SEED:
        message = f"seed: {seed}; takes 0 to {_MOST_SEED}"
        raise InvalidParameter(message)
    params = WorldParams(nodes=nodes, channels=channels)
    return SimulatedNode(World(params, np.random.default_rng(seed), starts_at=starts_at))
