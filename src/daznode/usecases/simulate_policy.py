"""Try one policy on one node: a single run, with the history of every channel."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from daznode.domain.channel_plan import NO_PLAN, ChannelPlan, PlannedClose, PlannedOpen
from daznode.domain.errors import ChannelNotFound, InvalidParameter
from daznode.domain.experiment import NodeSet, RunKey, RunOutcome
from daznode.domain.gossip import GraphSnapshot
from daznode.domain.ids import NodeId, ShortChannelId, format_scid
from daznode.domain.units import Sat
from daznode.graph.lookup import resolve_node
from daznode.ports.sources import GraphSource
from daznode.simulate.referee.nodes import node_set_of
from daznode.usecases.trial_ground import GroundTerms, TrialRoom, check_range

LARGEST_SEED: Final = 2**32 - 1


@dataclass(frozen=True, slots=True)
class WishedOpen:
    """A channel that somebody wants to have opened.

    Attributes:
        peer: Key or alias.
        capacity_sat: Its size.
        day: When, from 1: the first measured day.
    """

    peer: str
    capacity_sat: Sat
    day: int = 1


@dataclass(frozen=True, slots=True)
class SimulationRequest:
    """What is to be simulated.

    Attributes:
        network: A stored snapshot's id or the start of it, a dump, or None for the newest stored.
        node: Key or alias.
        policy: Name in the table of policies.
        seed: Number of the run's chance, from 0.
        terms: What the network is made into, and for how long.
        channel: One that has to be the node's, as its days are wanted; None for all of them.
        opens: Channels that are opened meanwhile.
        closes: Channels that are closed meanwhile.
        wallet_sat: On-chain money at the beginning; None for what the opens take.
    """

    network: str | GraphSource | None
    node: str
    policy: str
    seed: int = 2
    terms: GroundTerms = field(default_factory=GroundTerms)
    channel: ShortChannelId | None = None
    opens: tuple[WishedOpen, ...] = ()
    closes: tuple[PlannedClose, ...] = ()
    wallet_sat: Sat | None = None


@dataclass(frozen=True, slots=True)
class Simulated:
    """What a simulation came to, and in which network.

    Attributes:
        network: Id of the snapshot.
        terms: What the network was made into, and for how long.
        outcome: The run.
        plan: Channels that were to be opened and closed.
    """

    network: str
    terms: GroundTerms
    outcome: RunOutcome
    plan: ChannelPlan = NO_PLAN

    @property
    def unmade(self) -> int:
        """Opens that were planned and not made: the money did not suffice, or the peer was away."""
        return len(self.plan.opens) - sum(
            one.opened_on is not None for one in self.outcome.channels
        )

    @property
    def node_set(self) -> NodeSet:
        """Which half of the nodes the node belongs to, in any network."""
        return node_set_of(self.outcome.key.node_id)


@dataclass(frozen=True, slots=True)
class SimulatePolicy:
    """The trip from a network, a node and a policy to a run."""

    room: TrialRoom

    async def run(self, request: SimulationRequest) -> Simulated:
        """Make the run; equal requests give equal outcomes.

        Raises:
            InvalidParameter: A number out of range, an unknown policy, or a channel to the node itself.
            NodeNotFound: The network has no such node, or none that payments could use.
            ChannelNotFound: The channel that is wanted, or one to be closed, is none of the node's.
            NoSnapshot: Nothing is stored; SnapshotNotFound, InvalidDump: the network named cannot
                be used.
        """
        terms = request.terms
        self.room.check(terms, (request.policy,))
        check_range("seed", request.seed, 0, LARGEST_SEED)
        snapshot = await self.room.snapshot(request.network)
        key = RunKey(_node_id(snapshot, request.node), request.seed, request.policy)
        if request.channel is not None and not request.opens:
            _check_channel(snapshot, key.node_id, request.channel)
        plan = _plan(snapshot, request, key.node_id)
        plan.check(terms.days)
        ground = await self.room.ground(snapshot, terms)
        outcome = await self.room.compute.run(
            lambda progress: ground.run(
                key,
                days=terms.days,
                burn_in_days=terms.burn_in_days,
                base=terms.base,
                plan=plan,
                progress=progress,
            )
        )
        return Simulated(snapshot.origin.snapshot_id, terms, outcome, plan)


def _node_id(snapshot: GraphSnapshot, node: str) -> NodeId:
    return NodeId(snapshot.node_hex(resolve_node(snapshot, node)))


def _check_channel(snapshot: GraphSnapshot, node_id: NodeId, scid: ShortChannelId) -> None:
    """Whether a channel is the node's, before a run is made for its sake."""
    row, node = snapshot.channel_index(scid), snapshot.index_of(node_id)
    if row is not None and node in snapshot.channel_ends(row):
        return
    columns = snapshot.channels
    own = columns.scid[np.flatnonzero((columns.node1 == node) | (columns.node2 == node))]
    some = ", ".join(format_scid(int(one)) for one in own[:3])
    message = (
        f"channel {format_scid(scid)}: not one of the {len(own):,} channels of {node_id}; "
        f"expected one such as {some or 'none'}"
    )
    raise ChannelNotFound(message)


def _plan(snapshot: GraphSnapshot, request: SimulationRequest, own: NodeId) -> ChannelPlan:
    opens = []
    for wish in request.opens:
        peer = _node_id(snapshot, wish.peer)
        if peer == own:
            message = f"open to {wish.peer[:66]!r}: the node itself; takes another node"
            raise InvalidParameter(message)
        opens.append(PlannedOpen(peer, wish.capacity_sat, wish.day))
    return ChannelPlan(tuple(opens), request.closes, request.wallet_sat)
