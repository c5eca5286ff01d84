"""One node as the public network shows it on one day, and the day the report is about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from daznode.domain.books import ChannelBook
from daznode.domain.gossip import SnapshotOrigin
from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.ledger import Ledger
from daznode.domain.measures import NodeScoreCard, PeerGain
from daznode.domain.node_state import ChannelPolicy, NodeObservation
from daznode.domain.vitals import BackupState, NodeVitals

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PeerPrice:
    """What others charge towards a peer, by capacity, and where we stand among them.

    Attributes:
        p25_ppm: Lower quartile.
        p50_ppm: Median.
        p75_ppm: Upper quartile.
        n_competitors: Enabled policies of others towards the peer.
        standing: Share of their capacity that charges less than we do, in [0, 1]; None without an
            enabled policy of ours.
    """

    p25_ppm: int
    p50_ppm: int
    p75_ppm: int
    n_competitors: int
    standing: float | None


@dataclass(frozen=True, slots=True)
class PublicChannel:
    """A channel of the node as gossip shows it.

    Attributes:
        scid: Short channel id.
        peer_id: The other side.
        peer_alias: Its announced name, possibly empty.
        capacity_sat: Funding amount, sat; None if the dump does not say.
        local_policy: What the node charges; None if never announced.
        remote_policy: What the peer charges towards the node; None if never announced.
        local_policy_at: Moment of the node's last update, UTC; None if never announced.
        age_days: Days since the funding block, by block count; None if unknown.
        price: What others charge towards the peer; None if the peer has no other channel.
    """

    scid: ShortChannelId
    peer_id: NodeId
    peer_alias: str
    capacity_sat: int | None
    local_policy: ChannelPolicy | None
    remote_policy: ChannelPolicy | None
    local_policy_at: datetime | None
    age_days: int | None
    price: PeerPrice | None

    @property
    def peer_name(self) -> str:
        """The alias of the peer, or its key if it has none."""
        return self.peer_alias or self.peer_id

    @property
    def is_enabled(self) -> bool:
        """Whether the node has announced that it forwards by this channel."""
        return self.local_policy is not None and not self.local_policy.is_disabled


@dataclass(frozen=True, slots=True)
class NodeView:
    """One node in one snapshot.

    Attributes:
        origin: The snapshot.
        card: Score with evidence.
        ranks: Place by measure name, 1 is best.
        mean_hops: Mean distance to the nodes it can reach; None if it reaches none.
        fee_reached: Nodes it can pay over usable channels.
        capacity_sat: Sum of known capacities, sat.
        channels: Its announced channels, by scid.
        gains: Best new peers, best first.
    """

    origin: SnapshotOrigin
    card: NodeScoreCard
    ranks: dict[str, int]
    mean_hops: float | None
    fee_reached: int
    capacity_sat: int
    channels: tuple[PublicChannel, ...]
    gains: tuple[PeerGain, ...]

    @property
    def peers(self) -> frozenset[NodeId]:
        """Keys of its peers."""
        return frozenset(channel.peer_id for channel in self.channels)

    @property
    def disabled(self) -> tuple[PublicChannel, ...]:
        """Channels that the node itself announces as disabled."""
        return tuple(
            channel
            for channel in self.channels
            if channel.local_policy is not None and not channel.is_enabled
        )

    def stale(self, limit: timedelta) -> tuple[tuple[PublicChannel, timedelta], ...]:
        """Enabled channels whose policy is older than a limit, each with its age."""
        seen_at = self.origin.observed_at
        return tuple(
            (channel, seen_at - channel.local_policy_at)
            for channel in self.channels
            if channel.is_enabled
            and channel.local_policy_at is not None
            and seen_at - channel.local_policy_at > limit
        )

    def relative_gain(self, gain: PeerGain) -> float | None:
        """Rise of the harmonic closeness over its present value; None if that is 0 or unknown."""
        present = next((item.value for item in self.card.evidence if item.name == "harmonic"), None)
        return gain.harmonic_gain / present if present else None


@dataclass(frozen=True, slots=True)
class PublicPoint:
    """What one day's snapshot says of the node, for trends.

    Attributes:
        overall_score: 0 to 100; None if the snapshot does not know the node.
        capacity_sat: Sum of known capacities, sat; None if the snapshot does not know the node.
    """

    overall_score: float | None
    capacity_sat: int | None


@dataclass(frozen=True, slots=True)
class OwnDay:
    """The node's own data for one day.

    Attributes:
        observation: State at the end of the day (or the last known).
        day: Sums of the report's 24 hours.
        week: Sums of the seven days that end with it.
        fortnight: Sums of the fourteen days that end with it.
        days: Sums of each of the seven days, oldest first, the report's day last.
        capacity_by_day: Sum of capacities observed on each of the seven days, sat; None for a day
            without an observation.
        books: Of each channel whose balance was known seven days before, by scid.
        vitals: How the node is doing; None unless it was asked just now.
        backup: How well the open channels are backed up; None if that is not known.
    """

    observation: NodeObservation
    day: Ledger
    week: Ledger
    fortnight: Ledger
    days: tuple[Ledger, ...]
    capacity_by_day: tuple[int | None, ...]
    books: Mapping[ShortChannelId, ChannelBook] = field(default_factory=dict)
    vitals: NodeVitals | None = None
    backup: BackupState | None = None

    @property
    def until(self) -> datetime:
        """End of the windows, UTC: the report's own, or the last that is known of the node."""
        return self.day.until


@dataclass(frozen=True, slots=True)
class DayStatus:
    """All that is known of a node on the day of its report; what is not known is None.

    Attributes:
        node_id: The node.
        until: End of the 24 hours the report is about, UTC.
        now: Its place in the newest snapshot.
        is_stale: Whether that snapshot is too old to say anything about the day.
        before: Its place in the snapshot of the day before.
        points: What each day's snapshot says, seven, oldest first; None for a day without one.
        own: The node's own data; None on public data alone.
        node_error: Why the connected node gave no fresh data; None if it did or none is connected.
            With `own`, that is the last that is known.
        has_network: Whether any snapshot is known, even if the node is not in it.
    """

    node_id: NodeId
    until: datetime
    now: NodeView | None
    is_stale: bool
    before: NodeView | None
    points: tuple[PublicPoint | None, ...]
    own: OwnDay | None
    node_error: str | None = None
    has_network: bool = True
