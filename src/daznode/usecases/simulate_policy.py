"""Try one policy on one node: a single run, with the history of every channel."""

from dataclasses import dataclass, field
from typing import Final

from daznode.domain.experiment import RunKey, RunOutcome
from daznode.domain.gossip import GraphSnapshot
from daznode.domain.ids import NodeId
from daznode.graph.lookup import resolve_node
from daznode.ports.sources import GraphSource
from daznode.usecases.trial_ground import GroundTerms, TrialRoom, check_range

LARGEST_SEED: Final = 2**32 - 1


@dataclass(frozen=True, slots=True)
class SimulationRequest:
    """What is to be simulated.

    Attributes:
        network: A stored snapshot's id or the start of it, a dump, or None for the newest stored.
        node: Key or alias.
        policy: Name in the table of policies.
        seed: Number of the run's chance, from 0.
        terms: What the network is made into, and for how long.
    """

    network: str | GraphSource | None
    node: str
    policy: str
    seed: int = 1
    terms: GroundTerms = field(default_factory=GroundTerms)


@dataclass(frozen=True, slots=True)
class Simulated:
    """What a simulation came to, and in which network.

    Attributes:
        network: Id of the snapshot.
        terms: What the network was made into, and for how long.
        outcome: The run.
    """

    network: str
    terms: GroundTerms
    outcome: RunOutcome


@dataclass(frozen=True, slots=True)
class SimulatePolicy:
    """The trip from a network, a node and a policy to a run."""

    room: TrialRoom

    async def run(self, request: SimulationRequest) -> Simulated:
        """Make the run; equal requests give equal outcomes.

        Raises:
            InvalidParameter: A number out of range, or an unknown policy.
            NodeNotFound: The network has no such node, or none that payments could use.
            NoSnapshot: Nothing is stored; SnapshotNotFound, InvalidDump: the network named cannot
                be used.
        """
        terms = request.terms
        self.room.check(terms, (request.policy,))
        check_range("seed", request.seed, 0, LARGEST_SEED)
        snapshot = await self.room.snapshot(request.network)
        key = RunKey(_node_id(snapshot, request.node), request.seed, request.policy)
        ground = await self.room.ground(snapshot, terms)
        outcome = await self.room.compute.run(
            lambda progress: ground.run(
                key,
                days=terms.days,
                burn_in_days=terms.burn_in_days,
                base=terms.base,
                progress=progress,
            )
        )
        return Simulated(snapshot.origin.snapshot_id, terms, outcome)


def _node_id(snapshot: GraphSnapshot, node: str) -> NodeId:
    return NodeId(snapshot.node_hex(resolve_node(snapshot, node)))
