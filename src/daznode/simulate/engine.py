"""A simulated network with one node of ours in it, in virtual time; one seed gives one history."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Final, TypeVar

import numpy as np

from daznode.domain.errors import ChannelNotFound, InvalidParameter
from daznode.domain.gossip import GraphSnapshot
from daznode.domain.ids import ShortChannelId, format_scid
from daznode.domain.node_state import (
    ChannelPolicy,
    Forward,
    HtlcFailure,
    NodeActivity,
    NodeIdentity,
    NodeObservation,
    OwnChannel,
    Rebalance,
)
from daznode.domain.progress import Progress, silent
from daznode.domain.provenance import Reality
from daznode.simulate import publicity, routing
from daznode.simulate.chain import BLOCK_SECONDS, height_at
from daznode.simulate.channel import SimChannel
from daznode.simulate.node import GOSSIP_SECONDS, Line, Node, RefillParams
from daznode.simulate.player import PLAYER_ALIAS, Peer, settle
from daznode.simulate.surroundings import HiddenBalances, Surroundings
from daznode.simulate.topology import (
    CHANNELS_PER_NODE,
    CONFIRMATIONS,
    NetworkParams,
    generate_network,
)
from daznode.simulate.traffic import DAY_SECONDS, demand, draw_offers

DAY: Final = timedelta(days=1)

_FIRST_LOOK_SECOND: Final = 3_600

Event = TypeVar("Event", Forward, HtlcFailure, Rebalance)


@dataclass(frozen=True, slots=True)
class WorldParams:
    """What the simulated world is made of.

    Attributes:
        nodes: Nodes of the network around it, 100 to 200,000.
        channels: Channels of that network, `nodes - 1` to 1,000,000.
        offers_per_day: Mean number of payments a day that could pass the node.
        burn_in_days: Days that the node has lived before the world is handed over.
        refill: The operator's habit of refilling channels.
    """

    nodes: int = 4_000
    channels: int = 13_000
    offers_per_day: float = 1_400.0
    burn_in_days: int = 5
    refill: RefillParams = field(default_factory=RefillParams)


class World:
    """A generated network, one node in it, and the moment up to which they have lived.

    What happens before a moment does not depend on the steps in which the world is advanced to it.
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
        self.begins_at = starts_at - params.burn_in_days * DAY
        self._network_rng, self._days_rng, player_rng = rng.spawn(3)
        bare = generate_network(
            NetworkParams(params.nodes, params.channels),
            self._network_rng,
            observed_at=self.begins_at,
            imported_at=self.begins_at,
        )
        self._snapshot, self._node_id, peers = settle(bare, player_rng)
        self._weights = demand(tuple(peer.kind for peer in peers), player_rng)
        self._kinds = tuple(peer.kind for peer in peers)
        lines = tuple(self._line(peer) for peer in peers)
        self._node = Node(self.begins_at, lines, params.refill)
        self._hidden = HiddenBalances.drawn(self._snapshot.channels.scid, self._network_rng)
        self._now = self.begins_at
        self._day = -1
        self._begin_day()
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
        line = Line(peer, peer.policy, peer.remote_policy, channel=None, place=None)
        if peer.opened_at < self.begins_at:
            line.channel = SimChannel(peer.scid, peer.capacity_sat, peer.local_msat)
        return line

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
        while True:
            ends_at = self.begins_at + (self._day + 1) * DAY
            until = min(to, ends_at)
            self._live((until - self.begins_at).total_seconds() - self._day * DAY_SECONDS)
            self._now = until
            if to < ends_at:
                return
            self._begin_day()

    def _live(self, until_second: float) -> None:
        """Let happen what happens before a second of the day."""
        while self._next < len(self._seconds) and self._seconds[self._next] < until_second:
            row = self._rows[self._next]
            second = self._day * DAY_SECONDS + self._seconds[self._next]
            self._open_channels(second)
            if row < 0:
                self._node.refill(second, self._surroundings)
            else:
                self._node.take(self._offers, row, second)
            self._next += 1
        self._open_channels(self._day * DAY_SECONDS + until_second)

    def _open_channels(self, second: float) -> None:
        for line in self._node.lines:
            if line.channel is None and self._usable_second(line.peer) <= second:
                peer = line.peer
                line.channel = SimChannel(peer.scid, peer.capacity_sat, peer.local_msat)

    def _usable_second(self, peer: Peer) -> float:
        opened = (peer.opened_at - self.begins_at).total_seconds()
        return opened + CONFIRMATIONS * BLOCK_SECONDS

    def _begin_day(self) -> None:
        """The network moves on by a day, and the payments of the next one are drawn."""
        self._day += 1
        network_rng, offers_rng, outage_rng = self._days_rng.spawn(3)
        day_second = float(self._day * DAY_SECONDS)
        starts_at = self.begins_at + self._day * DAY
        for line in self._node.lines:
            leaves_at = line.peer.leaves_at
            leaves = (leaves_at - self.begins_at).total_seconds() if leaves_at else -1.0
            line.draw_outages(day_second, leaves, outage_rng)
        if self._day > 0:
            self._snapshot = publicity.next_day(
                self._snapshot,
                self._node_id,
                opened=[line.peer for line in self._node.lines if line.channel is not None],
                disabled=self._disabled(day_second),
                moment=starts_at,
                rng=network_rng,
            )
            self._hidden = self._hidden.next_day(self._snapshot.channels.scid, network_rng)
        self._read_snapshot()
        own_place = publicity.place_of(self._snapshot, self._node_id)
        self._surroundings = Surroundings(self._snapshot, own_place, self._hidden)
        self._offers = draw_offers(
            self._weights,
            self._kinds,
            per_day=self._params.offers_per_day,
            start_second=starts_at.hour * 3_600 + starts_at.minute * 60 + starts_at.second,
            weekday=starts_at.weekday(),
            rng=offers_rng,
        )
        self._schedule()

    def _disabled(self, second: float) -> set[ShortChannelId]:
        return {
            line.peer.scid for line in self._node.lines if line.is_offline(second, GOSSIP_SECONDS)
        }

    def _read_snapshot(self) -> None:
        """Take over what the day's snapshot says of the peers."""
        asked = publicity.remote_policies(self._snapshot, self._node_id)
        self._announced = frozenset(asked)
        for line in self._node.lines:
            line.place = self._snapshot.index_of(line.peer.node_id)
            line.remote_policy = asked.get(line.peer.scid, line.remote_policy)

    def _schedule(self) -> None:
        """The day's events in order: payments that ask for the node, and looks at the channels."""
        lines = self._node.lines
        places = np.array([0 if line.place is None else line.place for line in lines])
        around_msat = routing.costs_around_msat(self._surroundings, places)
        own = [line.policy for line in lines]
        theirs = [line.remote_policy for line in lines]
        rows = np.flatnonzero(routing.asked(self._offers, around_msat, own, theirs))
        looks = np.arange(_FIRST_LOOK_SECOND, DAY_SECONDS, self._params.refill.every_seconds)
        seconds = np.concatenate([self._offers.second[rows], looks.astype(np.float64)])
        order = np.argsort(seconds, kind="stable")
        self._seconds: list[float] = seconds[order].tolist()
        self._rows: list[int] = np.append(rows, np.full(len(looks), -1))[order].tolist()
        self._next = 0

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
        second = (self._now - self.begins_at).total_seconds()
        channels = [self._own_channel(line, second) for line in self._node.lines if line.channel]
        pending = [
            line
            for line in self._node.lines
            if line.channel is None and line.peer.opened_at <= self._now
        ]
        return NodeObservation(
            identity=self.identity(),
            observed_at=self._now,
            channels=tuple(sorted(channels, key=attrgetter("scid"))),
            pending_channels=len(pending),
        )

    def _own_channel(self, line: Line, second: float) -> OwnChannel:
        peer = line.peer
        is_disabled = line.is_offline(second, GOSSIP_SECONDS)
        alias = self._snapshot.nodes.alias[line.place] if line.place is not None else ""
        balances = line.channel or SimChannel(peer.scid, peer.capacity_sat, peer.local_msat)
        return OwnChannel(
            scid=peer.scid,
            peer_id=peer.node_id,
            peer_alias=alias,
            capacity_sat=peer.capacity_sat,
            local_msat=balances.local_msat,
            remote_msat=balances.remote_msat,
            is_active=not line.is_offline(second),
            is_private=peer.scid not in self._announced,
            local_policy=replace(line.policy, is_disabled=is_disabled),
            remote_policy=line.remote_policy,
            opened_at=peer.opened_at,
        )

    def set_policy(self, scid: ShortChannelId, policy: ChannelPolicy) -> None:
        """Let the node ask something else for a channel from now on.

        Raises:
            ChannelNotFound: The node has no open channel of that id.
        """
        for line in self._node.lines:
            if line.channel is not None and line.peer.scid == scid:
                line.policy = policy
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
        history = self._node.history
        return NodeActivity(
            since=since,
            until=until,
            forwards=_between(history.forwards, since, until),
            failures=_between(history.failures, since, until),
            rebalances=_between(history.rebalances, since, until),
        )


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


def _between(events: Sequence[Event], since: datetime, until: datetime) -> tuple[Event, ...]:
    first = bisect_left(events, since, key=attrgetter("at"))
    last = bisect_left(events, until, key=attrgetter("at"))
    return tuple(events[first:last])
