"""A LightningNode in a simulated world, for demos, tests and rehearsals; nothing in it is real."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from typing import Final

import numpy as np
from msgspec import Struct

from daznode.adapters.lightning.cursor import CursorText
from daznode.adapters.lightning.permit import WritePermit
from daznode.adapters.lightning.policy_checks import fault_in
from daznode.domain.capability import (
    Applied,
    Capabilities,
    Capability,
    PolicyField,
    Refused,
    WriteOutcome,
)
from daznode.domain.errors import ChannelNotFound, InvalidParameter
from daznode.domain.gossip import GraphSnapshot
from daznode.domain.history import HistoryPage
from daznode.domain.ids import ShortChannelId, format_scid
from daznode.domain.node_state import ChannelPolicy, Event, NodeIdentity, NodeObservation
from daznode.domain.progress import Progress, silent
from daznode.domain.vitals import NodeVitals, PeerState
from daznode.simulate.world.engine import World, WorldParams, made_network

_MOST_SEED: Final = 2**64 - 1


class _Place(Struct):
    """Until when events were told, and how many."""

    at: str = "0001-01-01T00:00:00+00:00"
    count: int = 0


_CURSORS: Final = CursorText(_Place)
_CAPABILITIES: Final = Capabilities(
    "simulated",
    frozenset({Capability.FORWARDS, Capability.FAILURES_IN_HISTORY, Capability.OWN_PAYMENTS}),
)


class SimulatedNode:
    """The node of a simulated world, as a `NodeHistory`; time moves only by `advance`."""

    strands = ("activity",)

    def __init__(self, world: World) -> None:
        """Stand in front of a world.

        Args:
            world: The world; it may be advanced by others too.
        """
        self._world = world

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

    async def examine(self) -> tuple[NodeObservation, NodeVitals]:
        """The channels, and vitals in which nothing is pending: payments settle at once."""
        observation = self._world.observation()
        online = {one.peer_id: one.is_active for one in observation.channels}
        peers = tuple(PeerState(key, is_online=online[key]) for key in sorted(online))
        return observation, NodeVitals(
            observed_at=observation.observed_at,
            block_height=observation.identity.block_height,
            wallet=None,
            peers=peers,
            htlcs=(),
            closing=(),
            open_points={},
        )

    async def capabilities(self) -> Capabilities:
        """Its past, failures included; nothing that only a real node has."""
        return _CAPABILITIES

    async def pages(
        self, strand: str, cursor: str | None, until: datetime
    ) -> AsyncIterator[HistoryPage]:
        """One page of all that happened from a cursor to a moment, at most the world's own.

        Raises:
            InvalidParameter: No such strand.
        """
        if strand not in self.strands:
            message = f"strand {strand!r}: takes {', '.join(self.strands)}"
            raise InvalidParameter(message)
        place = _CURSORS.read(cursor)
        since = max(self.begins_at, datetime.fromisoformat(place.at))
        until = min(until, self._world.now)
        if since > until:
            return
        found = self._world.activity(since, until)
        events: tuple[Event, ...] = (*found.forwards, *found.failures, *found.rebalances)
        keys = tuple(range(place.count, place.count + len(events)))
        yield HistoryPage(
            strand,
            keys,
            events,
            _CURSORS.text(_Place(until.isoformat(), place.count + len(events))),
        )


class SimulatedWriter:
    """A `PolicyWriter` of a simulated node; senders heed what it asks once gossip has told them.

    Args:
        world: The world.
        permit: Given only while DRY_RUN is off, as for a real node.
    """

    def __init__(self, world: World, permit: WritePermit) -> None:
        """Change nothing yet."""
        permit.check()
        self._world = world

    async def capabilities(self) -> Capabilities:
        """Every field is set, none is disturbed."""
        can = _CAPABILITIES.can | {Capability.WRITE_POLICY}
        return replace(_CAPABILITIES, can=can, sets=frozenset(PolicyField))

    async def write(self, scid: ShortChannelId, policy: ChannelPolicy) -> WriteOutcome:
        """Set the full policy of a channel; see `PolicyWriter`."""
        try:
            current = await self.read_back(scid)
        except ChannelNotFound as error:
            return Refused(f"nothing was sent: {error}")
        if (fault := fault_in(policy, current, await self.capabilities())) is not None:
            return Refused(f"channel {format_scid(scid)}: {fault}")
        self._world.set_policy(scid, replace(policy, is_disabled=current.is_disabled))
        return Applied()

    async def read_back(self, scid: ShortChannelId) -> ChannelPolicy:
        """The policy that holds now; see `PolicyWriter`."""
        for channel in self._world.observation().channels:
            if channel.scid == scid and channel.local_policy is not None:
                return channel.local_policy
        message = f"channel {format_scid(scid)}: the node has no policy of that channel"
        raise ChannelNotFound(message)


class WorldClock:
    """The world's time as a `Clock`: a report on it is made in the world's present."""

    def __init__(self, node: SimulatedNode) -> None:
        """Read the time of a world."""
        self._node = node

    def now(self) -> datetime:
        """The world's moment, UTC."""
        return self._node.now()


def build_demo_world(
    *, seed: int, start: datetime, nodes: int, channels: int, progress: Progress = silent
) -> SimulatedNode:
    """A node in a generated network, with a few days behind it; CPU-bound, call it through `Compute`.

    Args:
        seed: Equal seeds, moments and sizes give equal worlds, to the msat; 0 to 2^64 - 1.
        start: The world's first moment, aware.
        nodes: Nodes of the network around it, at least 100.
        channels: Channels of that network.
        progress: Told of the days that the node has lived.

    Raises:
        InvalidParameter: The seed, the moment or the size cannot be used.
    """
    params = WorldParams(nodes=nodes, channels=channels)
    return SimulatedNode(World(params, _chance(seed), starts_at=start, progress=progress))


def generate_snapshot(
    *,
    nodes: int,
    channels: int | None,
    seed: int,
    observed_at: datetime,
    imported_at: datetime,
) -> GraphSnapshot:
    """A generated network alone; CPU-bound, call it through `Compute`.

    Args:
        nodes: Nodes, 2 to 200,000.
        channels: Channels, from `nodes - 1`; None for as many per node as today's network has.
        seed: Equal seeds, moments and sizes give equal networks; 0 to 2^64 - 1.
        observed_at: Moment the network is meant to be of.
        imported_at: Moment it is made.

    Raises:
        InvalidParameter: The seed or a count is out of range.
    """
    return made_network(
        nodes, channels, _chance(seed), observed_at=observed_at, imported_at=imported_at
    )


def _chance(seed: int) -> np.random.Generator:
    if not 0 <= seed <= _MOST_SEED:
        message = f"seed: {seed}; takes 0 to {_MOST_SEED}"
        raise InvalidParameter(message)
    return np.random.default_rng(seed)
