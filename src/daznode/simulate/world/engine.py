"""A simulated network with one node of ours in it, in virtual time; one seed gives one history."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Final

import numpy as np

from daznode.domain.errors import ChannelNotFound, InvalidParameter
from daznode.domain.gossip import GraphSnapshot
from daznode.domain.ids import ShortChannelId, format_scid
from daznode.domain.node_state import (
    ChannelPolicy,
    NodeActivity,
    NodeIdentity,
    NodeObservation,
    OwnChannel,
)
from daznode.domain.progress import Progress, silent
from daznode.domain.provenance import Reality
from daznode.domain.units import MSAT_PER_SAT, Msat
from daznode.simulate.generated.chain import BLOCK_SECONDS, height_at
from daznode.simulate.generated.topology import (
    CHANNELS_PER_NODE,
    CONFIRMATIONS,
    NetworkParams,
    generate_network,
)
from daznode.simulate.payments.demand import DAY_MS, DemandParams
from daznode.simulate.world import publicity
from daznode.simulate.world.history import History
from daznode.simulate.world.line import DISABLE_MS, Line
from daznode.simulate.world.player import PLAYER_ALIAS, Peer, settle
from daznode.simulate.world.public_day import PublicDay, lay_out
from daznode.simulate.world.refills import RefillHabit, RefillParams
from daznode.simulate.world.stage import Stage

DAY: Final = timedelta(days=1)

_MILLISECOND: Final = timedelta(milliseconds=1)
_SECOND_MS: Final = 1_000
_FIRST_LOOK_MS: Final = 3_600 * _SECOND_MS


@dataclass(frozen=True, slots=True)
class WorldParams:
    """What the simulated world is made of.

    Attributes:
        nodes: Nodes of the network around it, 100 to 200,000; time and memory of a day grow with
            their square.
        channels: Channels of that network, `nodes - 1` to 1,000,000.
        payments_per_day: Mean number of payments a day in the whole network.
        burn_in_days: Days that the node has lived before the world is handed over.
        refill: The operator's habit of refilling channels.
    """

    nodes: int = 1_200
    channels: int = 3_800
    payments_per_day: float = 5_000.0
    burn_in_days: int = 5
    refill: RefillParams = field(default_factory=RefillParams)


class World:
    """A generated network, one node in it, and the moment up to which they have lived.

    Every payment of the network searches, fails, tries again and settles; the node sees those that
    reach it. What happens before a moment does not depend on the steps in which the world is
    advanced to it.
    """

    def __init__(
        self,
        params: WorldParams,
        rng: np.random.Generator,
        *,
        starts_at: datetime,
        progress: Progress = silent,
    ) -> None:
        """Generate the network, put the node into it and live through the burn-in.

        Args:
            params: What it is made of.
            rng: Source of chance; used by the world alone from now on.
            starts_at: The world's moment when it is handed over, aware.
            progress: Told of the days of the burn-in.

        Raises:
            InvalidParameter: `starts_at` is naive or the network too small.
        """
        if starts_at.tzinfo is None:
            message = f"starts_at: {starts_at} has no time zone; takes an aware moment"
            raise InvalidParameter(message)
        self._params = params
        self._demand = DemandParams(payments_per_day=params.payments_per_day)
        self.begins_at = starts_at - params.burn_in_days * DAY
        network_rng, self._days_rng, player_rng = rng.spawn(3)
        bare = generate_network(
            NetworkParams(params.nodes, params.channels),
            network_rng,
            observed_at=self.begins_at,
            imported_at=self.begins_at,
        )
        self._snapshot, self._node_id, peers = settle(bare, player_rng)
        self._lines = tuple(self._line(peer) for peer in peers)
        self._habit = RefillHabit(params.refill)
        self._history = History()
        self._now = self.begins_at
        self._day = 0
        first = self._laid_out(network_rng, None)
        self._stage = Stage(first, self.begins_at, int(network_rng.integers(2**63)))
        self._begin_day(first, self._days_rng)
        for done in range(params.burn_in_days):
            progress("days lived", done, params.burn_in_days)
            self.advance(self.begins_at + (done + 1) * DAY)

    @property
    def now(self) -> datetime:
        """The moment up to which the world has lived, UTC; what happens at it has not happened."""
        return self._now

    @property
    def snapshot(self) -> GraphSnapshot:
        """The public network as it was at the beginning of the node's day."""
        return self._snapshot

    def _line(self, peer: Peer) -> Line:
        confirmed_at = peer.opened_at + timedelta(seconds=CONFIRMATIONS * BLOCK_SECONDS)
        return Line(peer, self._ms(confirmed_at), peer.policy, peer.local_msat)

    def _ms(self, moment: datetime) -> int:
        """The first millisecond since the beginning that is not before a moment."""
        return -((self.begins_at - moment) // _MILLISECOND)

    # --- time -------------------------------------------------------------------------------------

    def advance(self, to: datetime) -> None:
        """Live on until a moment.

        Args:
            to: Not before `now`.

        Raises:
            InvalidParameter: `to` lies in the past of the world.
            InvariantBroken: A balance would not add up.
        """
        if to < self._now:
            message = f"moment: {to:%Y-%m-%dT%H:%M:%S%z} lies before the world's {self._now}"
            raise InvalidParameter(message)
        to_ms = self._ms(to)
        while True:
            ends_ms = (self._day + 1) * DAY_MS
            self._live(min(to_ms, ends_ms))
            if to_ms < ends_ms:
                break
            self._next_day()
        self._now = to

    def _live(self, until_ms: int) -> None:
        """Let happen what happens before a moment of the day."""
        while self._turns and self._turns[0] < until_ms:
            at_ms = self._turns.pop(0)
            self._history.add(self._stage.run_until(at_ms))
            self._attend(at_ms)
            if at_ms in self._looks:
                self._refill(at_ms)
        self._history.add(self._stage.run_until(until_ms))

    def _attend(self, at_ms: int) -> None:
        """Peers come and go, and the node announces which of its channels cannot be used."""
        for line in self._lines:
            self._stage.set_offline(line.peer.node_id, is_offline=line.is_offline(at_ms))
            is_disabled = line.is_offline(at_ms, DISABLE_MS)
            if is_disabled != line.policy.is_disabled:
                self._ask(line, replace(line.policy, is_disabled=is_disabled))

    def _ask(self, line: Line, policy: ChannelPolicy) -> None:
        line.policy = policy
        self._stage.ask(line.peer.scid, policy)

    def _refill(self, at_ms: int) -> None:
        lines = [line for line in self._lines if self._stage.has(line.peer.scid)]
        channels = [self._own_channel(line, at_ms) for line in lines]
        made = self._habit.look(at_ms // DAY_MS, channels, self._stage.refill)
        self._history.add_rebalances(made)

    def _next_day(self) -> None:
        """The network moves on by a day, and the payments of the next one are drawn."""
        self._day += 1
        network_rng, day_rng = self._days_rng.spawn(2)
        for line in self._lines:
            line.local_msat = self._local_msat(line)
        self._snapshot = publicity.next_day(
            self._snapshot,
            self._node_id,
            opened=[line.peer for line in self._lines if line.usable_ms <= self._day * DAY_MS],
            asked={line.peer.scid: line.policy for line in self._lines},
            moment=self.begins_at + self._day * DAY,
            rng=network_rng,
        )
        self._begin_day(self._laid_out(network_rng, self._stage.public), day_rng)

    def _laid_out(self, rng: np.random.Generator, before: PublicDay | None) -> PublicDay:
        peers = [line.peer for line in self._lines]
        return lay_out(self._snapshot, self._node_id, peers, self._demand, rng, before)

    def _begin_day(self, public: PublicDay, rng: np.random.Generator) -> None:
        """Stand in the day's network, and foresee when the operator and the peers do something."""
        stage_rng, outage_rng = rng.spawn(2)
        day_ms = self._day * DAY_MS
        held_msat = {line.peer.scid: line.local_msat for line in self._lines}
        self._stage.enter(public, held_msat, stage_rng)
        self._remote = publicity.remote_policies(self._snapshot, self._node_id)
        looks = range(_FIRST_LOOK_MS, DAY_MS, self._params.refill.every_seconds * _SECOND_MS)
        turns = {day_ms + look for look in looks}
        for line in self._lines:
            leaves_at = line.peer.leaves_at
            line.draw_outages(
                day_ms, None if leaves_at is None else self._ms(leaves_at), outage_rng
            )
            turns |= {turn for turn in line.turns() if day_ms < turn < day_ms + DAY_MS}
        self._looks = {day_ms + look for look in looks}
        self._turns = sorted(turns)
        self._attend(day_ms)

    # --- what can be seen -------------------------------------------------------------------------

    def identity(self) -> NodeIdentity:
        """Who the node is."""
        return NodeIdentity(
            node_id=self._node_id,
            alias=PLAYER_ALIAS,
            backend="simulated",
            network="simulated",
            block_height=height_at(self._now),
            is_synced_to_chain=True,
            is_synced_to_graph=True,
            reality=Reality.SIMULATED,
        )

    def observation(self) -> NodeObservation:
        """The node's channels as they are now."""
        now_ms = self._ms(self._now)
        usable = [line for line in self._lines if line.usable_ms <= now_ms]
        channels = [self._own_channel(line, now_ms) for line in usable]
        pending = [
            line
            for line in self._lines
            if line.usable_ms > now_ms and line.peer.opened_at <= self._now
        ]
        return NodeObservation(
            identity=self.identity(),
            observed_at=self._now,
            channels=tuple(sorted(channels, key=attrgetter("scid"))),
            pending_channels=len(pending),
        )

    def _own_channel(self, line: Line, at_ms: int) -> OwnChannel:
        peer = line.peer
        local_msat = self._local_msat(line)
        place = self._snapshot.index_of(peer.node_id)
        return OwnChannel(
            scid=peer.scid,
            peer_id=peer.node_id,
            peer_alias=self._snapshot.nodes.alias[place] if place is not None else "",
            capacity_sat=peer.capacity_sat,
            local_msat=local_msat,
            remote_msat=Msat(peer.capacity_sat * MSAT_PER_SAT - local_msat),
            is_active=not line.is_offline(at_ms),
            is_private=peer.scid not in self._remote,
            local_policy=replace(line.policy, is_disabled=line.is_offline(at_ms, DISABLE_MS)),
            remote_policy=self._remote.get(peer.scid, peer.remote_policy),
            opened_at=peer.opened_at,
        )

    def _local_msat(self, line: Line) -> Msat:
        scid = line.peer.scid
        return self._stage.local_msat(scid) if self._stage.has(scid) else line.local_msat

    def set_policy(self, scid: ShortChannelId, policy: ChannelPolicy) -> None:
        """Let the node ask something else for a channel from now on.

        Raises:
            ChannelNotFound: The node has no open channel of that id.
        """
        for line in self._lines:
            if line.peer.scid == scid and line.usable_ms <= self._ms(self._now):
                self._ask(line, replace(policy, is_disabled=line.policy.is_disabled))
                return
        message = f"channel {format_scid(scid)}: the node has none of that id"
        raise ChannelNotFound(message)

    def activity(self, since: datetime, until: datetime) -> NodeActivity:
        """What happened in `[since, until)`; nothing did before `begins_at`.

        Raises:
            InvalidParameter: The window is reversed or ends after `now`.
        """
        if since > until or until > self._now:
            message = (
                f"window: {since} to {until}; takes one that ends neither before it begins "
                f"nor after the world's moment {self._now}"
            )
            raise InvalidParameter(message)
        return self._history.window(since, until)


def made_network(
    nodes: int,
    channels: int | None,
    rng: np.random.Generator,
    *,
    observed_at: datetime,
    imported_at: datetime,
) -> GraphSnapshot:
    """A generated network alone, without any node of ours.

    Args:
        nodes: Nodes, 2 to 200,000.
        channels: Channels; None for as many per node as today's network has.
        rng: Source of chance.
        observed_at: Moment the network is meant to be of.
        imported_at: Moment it is made.

    Raises:
        InvalidParameter: A count is out of range.
    """
    usual = max(nodes - 1, round(nodes * CHANNELS_PER_NODE))
    params = NetworkParams(nodes, usual if channels is None else channels)
    return generate_network(params, rng, observed_at=observed_at, imported_at=imported_at)
