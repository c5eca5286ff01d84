"""The arena: one network laid out once, in which policies are tried on nodes, run by run."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from daznode.domain.channel_plan import NO_PLAN, ChannelPlan
from daznode.domain.errors import ChannelNotFound, InvalidParameter, InvariantBroken
from daznode.domain.experiment import FlowTilt, NodeKind, NodeSet, RunKey, RunOutcome, Tier
from daznode.domain.gossip import GraphSnapshot
from daznode.domain.ids import NodeId, format_scid
from daznode.domain.progress import Progress, silent
from daznode.simulate.census import Watched, routing_nodes, watch
from daznode.simulate.kept import Kept
from daznode.simulate.payments.bounds import route_bounds
from daznode.simulate.payments.demand import DAY_MS, DemandParams, draw_roles
from daznode.simulate.payments.ground import Ground
from daznode.simulate.payments.loop import PaymentLoop
from daznode.simulate.payments.network import PaymentNetwork, modernised, payment_network
from daznode.simulate.payments.state import Bounds
from daznode.simulate.players.names import Names
from daznode.simulate.players.season import Season
from daznode.simulate.policies.planned import PlannedChannels
from daznode.simulate.policies.sight import FeePolicy
from daznode.simulate.policies.table import policy
from daznode.simulate.referee.nodes import FEWEST_CHANNELS, Candidate, choose
from daznode.simulate.referee.standings import ORACLE
from daznode.simulate.twin.course import (
    Recording,
    TwinCourse,
    end_recording,
    start_recording,
)
from daznode.simulate.twin.oracle import FixedFees, hindsight_fees

ENGINE: Final = "4"
"""Version of the simulator; it changes when equal plans come to other outcomes."""

FOLLOWER_RATIO: Final = 0.2
"""Share of nodes that set their fees by how full their channels are. Chosen: of 142 mid-size nodes
in 2026 some three of four had fees that moved, how often by which rule is not published."""

_KEPT_BOUNDS: Final = 2
_POLICY_PURPOSE: Final = 1_000


@dataclass(frozen=True, slots=True)
class ArenaParams:
    """What an arena is made of.

    Attributes:
        is_modernised: Whether fees are drawn as they are today and capacities tripled: for old
            snapshots, whose prices nobody asks any more.
        payments_per_day: Mean number of payments a day in the whole network.
        node_set: Half of the world: its chance is never that of the other half.
        network_seed: Number of the chance by which roles, and fees if modernised, are drawn.
        tier: How payments of runs are lived through.
        at_once: Runs that are made side by side, from 1: what each begins with is kept for the
            next run of the same node and seed, and one more.
    """

    is_modernised: bool = False
    payments_per_day: int = 10_000
    node_set: NodeSet = NodeSet.DEVELOPMENT
    network_seed: int = 1
    tier: Tier = Tier.FULL
    at_once: int = 2


class Arena:
    """A network in which runs are made; several threads may make them at once."""

    def __init__(
        self,
        ground: Ground,
        names: Names,
        begins_at: datetime,
        *,
        watched: Watched,
        tier: Tier = Tier.FULL,
        at_once: int = 2,
    ) -> None:
        """Take what `prepare` has laid out and watched."""
        self._tier = tier
        self._ground, self._names, self._begins_at = ground, names, begins_at
        self._hops = watched.hops
        self._bounds: Kept[int, Bounds] = Kept(_KEPT_BOUNDS)
        self._starts: Kept[tuple[int, int, int, int, str], Season] = Kept(at_once + 1)
        self._recordings: Kept[tuple[NodeId, int, int, int, str], Recording] = Kept(at_once + 1)
        self._channels = np.bincount(ground.network.source, minlength=ground.network.n_nodes)
        self._candidates = routing_nodes(ground, names, watched.traffic)

    @classmethod
    def prepare(
        cls, snapshot: GraphSnapshot, params: ArenaParams, progress: Progress = silent
    ) -> "Arena":
        """Lay out a network.

        Args:
            snapshot: The public network.
            params: What is made of it.
            progress: Told of the steps.

        Raises:
            InvalidParameter: No channel of the snapshot can be used, or a number is out of range.
        """
        if params.payments_per_day < 1:
            message = f"payments per day: {params.payments_per_day}; takes 1 or more"
            raise InvalidParameter(message)
        progress("network laid out", 0, 1)
        half = list(NodeSet).index(params.node_set)
        roles_rng, fees_rng, followers_rng = np.random.default_rng(
            [half, params.network_seed]
        ).spawn(3)
        network = payment_network(snapshot)
        demand = DemandParams(payments_per_day=float(params.payments_per_day))
        roles = draw_roles(network, demand, roles_rng)
        if params.is_modernised:
            network = modernised(network, roles.tilt, fees_rng)
        follows = followers_rng.random(network.n_nodes) < FOLLOWER_RATIO
        ground = Ground(network, roles, demand, follows)
        progress("network laid out", 1, 1)
        watched = watch(ground, half, params.network_seed, progress)
        return cls(
            ground,
            Names.of(snapshot, network),
            snapshot.origin.observed_at,
            watched=watched,
            tier=params.tier,
            at_once=params.at_once,
        )

    @property
    def network(self) -> PaymentNetwork:
        """The network as laid out."""
        return self._ground.network

    @property
    def ground(self) -> Ground:
        """What the runs share."""
        return self._ground

    def choose(self, node_set: NodeSet, count: int, seed: int) -> tuple[NodeId, ...]:
        """Nodes to try policies on: of all kinds and tilts, as evenly as there are.

        Args:
            node_set: Which half of the nodes.
            count: How many.
            seed: Number of the choice.

        Raises:
            InvalidParameter: There are not that many.
        """
        chosen = choose(self._candidates, node_set, count, seed)
        return tuple(one.node_id for one in chosen)

    def _what(self, node_id: NodeId) -> Candidate:
        """What a node is; one that is not chosen by itself is a leaf if small, else a hub."""
        for one in self._candidates:
            if one.node_id == node_id:
                return one
        is_small = self._channels[self._names.place_of(node_id)] < FEWEST_CHANNELS
        return Candidate(node_id, NodeKind.LEAF if is_small else NodeKind.HUB, FlowTilt.EVEN)

    def run(
        self,
        key: RunKey,
        *,
        days: int,
        burn_in_days: int,
        base: str,
        plan: ChannelPlan = NO_PLAN,
        progress: Progress = silent,
    ) -> RunOutcome:
        """Make one run: the base policy during the burn-in, then the policy in question.

        Args:
            key: Node, seed and policy. Of a name like `clboss#2` the number gives the policy another
                chance of its own: two copies differ by nothing else.
            days: Measured days, from 1.
            burn_in_days: Days before them.
            base: Policy during the burn-in.
            plan: Channels that are opened and closed in the measured days, whatever the policy does.
            progress: Told of days lived.

        Raises:
            NodeNotFound: The node, or a peer of the plan, has no usable channel.
            ChannelNotFound: The plan closes a channel that the node has not.
            InvalidParameter: No such policy, a number is out of range, or opens in the twin.
        """
        if days < 1 or burn_in_days < 0:
            message = (
                f"days: {days} measured, {burn_in_days} before; takes 1 or more, and 0 or more"
            )
            raise InvalidParameter(message)
        self._check_plan(key, plan, days)
        season = self._start(key, days, burn_in_days, base, progress)
        if self._tier is Tier.TWIN:
            recording = self._recorded(season, key, days, base, progress)
            chosen = self._policy(key, recording, days, progress)
            season = Season(TwinCourse(recording), self._names, self._begins_at)
        else:
            is_bound = key.policy.partition("#")[0] == ORACLE
            known = self._recorded(season, key, days, base, progress) if is_bound else None
            chosen = self._policy(key, known, days, progress)
        if not plan.is_empty:
            wallet = plan.wallet_sat
            needed = season.price_of([one.capacity_sat for one in plan.opens])
            season.fund(needed if wallet is None else wallet)
            chosen = PlannedChannels(chosen, plan)
        season.steer(chosen, days, progress)
        what = self._what(key.node_id)
        return season.outcome(key, what.kind, what.tilt)

    def _check_plan(self, key: RunKey, plan: ChannelPlan, days: int) -> None:
        plan.check(days)
        own = self._ground.network.edges_from(self._names.place_of(key.node_id))
        scids = set(self._ground.network.scid[own].tolist())
        for closing in plan.closes:
            if closing.scid not in scids:
                some = format_scid(int(self._ground.network.scid[own[0]]))
                message = (
                    f"close of {format_scid(closing.scid)}: not one of the node's {len(scids):,} "
                    f"usable channels; takes one such as {some}"
                )
                raise ChannelNotFound(message)
        for opening in plan.opens:
            if self._names.place_of(opening.peer) == self._names.place_of(key.node_id):
                message = f"open to {opening.peer}: the node itself; takes another node"
                raise InvalidParameter(message)
        if plan.opens and self._tier is Tier.TWIN:
            message = (
                f"open in the tier {Tier.TWIN.value}: its recorded payments know nothing of new "
                f"channels; takes the tier {Tier.FULL.value}"
            )
            raise InvalidParameter(message)
        if plan.opens and key.policy.partition("#")[0] == ORACLE:
            message = f"open under {ORACLE}: it knows the recorded channels alone; takes a policy"
            raise InvalidParameter(message)

    @staticmethod
    def _policy(
        key: RunKey, recording: Recording | None, days: int, progress: Progress
    ) -> FeePolicy:
        name, _, copy = key.policy.partition("#")
        if name == ORACLE and recording is not None:
            until_ms = recording.begins_ms + days * DAY_MS
            return FixedFees(hindsight_fees(recording, until_ms, progress))
        return policy(name, _policy_chance(key, int(copy or 0)))

    def _recorded(
        self, season: Season, key: RunKey, days: int, base: str, progress: Progress
    ) -> Recording:
        """The node's chances in the days to come, under the base policy; made once for all policies."""
        which = (key.node_id, key.seed, days, season.course.now_ms, base)

        def record() -> Recording:
            twin = season.copy()
            loop = twin.course
            if not isinstance(loop, PaymentLoop):
                message = "only a full loop can be recorded"
                raise InvariantBroken(message)
            begun = start_recording(loop)
            loop.record()
            twin.steer(policy(base, _policy_chance(key)), days, progress)
            return end_recording(loop, begun)

        return self._recordings.of(which, record)

    def _start(
        self, key: RunKey, days: int, burn_in_days: int, base: str, progress: Progress
    ) -> Season:
        """The node after its burn-in; what was lived through once is copied."""
        place = self._names.place_of(key.node_id)

        def begin() -> Season:
            bounds = self._bounds_for(place, progress)
            loop = PaymentLoop(
                self._ground, bounds, player=place, seed=key.seed, days=days + burn_in_days
            )
            season = Season(loop, self._names, self._begins_at)
            season.steer(policy(base, _policy_chance(key)), burn_in_days, progress)
            season.begin()
            return season

        return self._starts.of((place, key.seed, days, burn_in_days, base), begin).copy()

    def _bounds_for(self, place: int, progress: Progress) -> Bounds:
        def bound() -> Bounds:
            floor_ppm = self._ground.floor_ppm(place)
            return route_bounds(self._ground.network, floor_ppm, progress, self._hops)

        return self._bounds.of(place, bound)


def _policy_chance(key: RunKey, copy: int = 0) -> np.random.Generator:
    """The chance of a policy: of its own for each node too.

    Shared by nodes it would move them together, and the referee, who takes nodes for independent,
    would see differences between two copies of one policy (so the null test found).
    """
    return np.random.default_rng([key.seed, _POLICY_PURPOSE, copy, int(key.node_id[2:18], 16)])
