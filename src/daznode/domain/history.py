"""What happened on a node, in pages that can be resumed, and what it tells while one listens."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.node_state import ChannelPolicy, Event, HtlcFailure
from daznode.domain.units import Msat


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """A page of one strand of a node's history.

    Attributes:
        strand: Which strand: `forwards`, `payments`, ...; the backend's own division.
        keys: For each event, a number that no other event of its strand, kind and channels has; the
            same event has the same key however often it is read.
        events: The events, settled or failed for good.
        cursor: Where the next page begins; meant for the backend alone.
    """

    strand: str
    keys: tuple[int, ...]
    events: tuple[Event, ...]
    cursor: str


class Happening(StrEnum):
    """What a listener is told."""

    LISTENING = "listening"
    """From now on nothing is missed."""

    FORWARDS = "forwards"
    """Forwards, failures or payments can be fetched."""

    CHANNELS = "channels"
    """Channels, policies or peers changed: they should be observed."""

    FAILURE = "failure"
    """A failure that the history will not tell; it comes with it."""


@dataclass(frozen=True, slots=True)
class NodeEvent:
    """One thing that a node told.

    Attributes:
        what: What happened.
        at: Moment, UTC.
        failure: The failure, with `what` FAILURE.
        key: Its key, as in a page.
    """

    what: Happening
    at: datetime
    failure: HtlcFailure | None = None
    key: int = 0


@dataclass(frozen=True, slots=True)
class ChannelMoment:
    """One channel at one moment, kept when it changed.

    Attributes:
        at: Moment since which it was so, as far as was looked, UTC.
        scid: Short channel id.
        local_msat: Our balance, msat.
        remote_msat: Their balance, msat.
        is_active: Peer online and channel usable.
        local_policy: What we charge; None before it was announced.
        remote_policy: What the peer charges; None before it was announced.
    """

    at: datetime
    scid: ShortChannelId
    local_msat: Msat
    remote_msat: Msat
    is_active: bool
    local_policy: ChannelPolicy | None
    remote_policy: ChannelPolicy | None


@dataclass(frozen=True, slots=True)
class PeerMoment:
    """One peer at one moment, kept when it changed.

    Attributes:
        at: Moment since which it was so, as far as was looked, UTC.
        peer_id: Its key.
        is_online: Whether it was connected.
        flaps: Connections lost since the backend counts; None if it does not.
    """

    at: datetime
    peer_id: NodeId
    is_online: bool
    flaps: int | None
