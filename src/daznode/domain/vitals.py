"""How the own node is doing beside its channels: wallet, peers, HTLCs in flight, closes, backup."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.units import BlockHeight, Msat, Sat


@dataclass(frozen=True, slots=True)
class Wallet:
    """The on-chain side.

    Attributes:
        confirmed_sat: Spendable, sat.
        unconfirmed_sat: Not yet in a block, sat.
        anchor_reserve_sat: What the backend keeps for fee bumps of anchor channels, sat; None if it
            does not say.
    """

    confirmed_sat: Sat
    unconfirmed_sat: Sat
    anchor_reserve_sat: Sat | None


@dataclass(frozen=True, slots=True)
class PeerState:
    """A peer as seen now.

    Attributes:
        peer_id: Its key.
        is_online: Whether it is connected.
        flaps: Connections lost since the backend counts; None if it does not.
        last_flap_at: Moment of the last one, UTC; None if unknown.
    """

    peer_id: NodeId
    is_online: bool
    flaps: int | None = None
    last_flap_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PendingHtlc:
    """An HTLC in flight.

    Attributes:
        scid: Its channel.
        amount_msat: Its amount, msat.
        expiry_height: Block at which it times out on chain.
        is_incoming: Whether it was offered to us.
    """

    scid: ShortChannelId
    amount_msat: Msat
    expiry_height: BlockHeight
    is_incoming: bool


class CloseKind(StrEnum):
    """How a channel closes or closed."""

    COOPERATIVE = "cooperative"
    LOCAL_FORCE = "local_force"
    REMOTE_FORCE = "remote_force"
    FORCE = "force"
    BREACH = "breach"
    ABANDONED = "abandoned"
    UNKNOWN = "unknown"

    @property
    def is_forced(self) -> bool:
        """Whether the chain decides, with timelocks."""
        return self in {self.LOCAL_FORCE, self.REMOTE_FORCE, self.FORCE, self.BREACH}


@dataclass(frozen=True, slots=True)
class PendingClose:
    """A channel that is closing.

    Attributes:
        peer_id: The other side.
        channel_point: Funding outpoint, `txid:vout`.
        kind: How.
        limbo_sat: Ours and not yet spendable, sat.
        blocks_left: Blocks until it is; None while the close itself is unconfirmed or if unknown.
    """

    peer_id: NodeId
    channel_point: str
    kind: CloseKind
    limbo_sat: Sat
    blocks_left: int | None


@dataclass(frozen=True, slots=True)
class ClosedChannel:
    """A channel that is closed.

    Attributes:
        scid: Short channel id; None if it never had one.
        peer_id: The other side; None if the backend has forgotten it.
        channel_point: Funding outpoint, `txid:vout`.
        capacity_sat: Funding amount, sat.
        kind: How it closed.
        settled_msat: What we got out of it at once, msat.
        closed_height: Block of the close; None if unknown.
    """

    scid: ShortChannelId | None
    peer_id: NodeId | None
    channel_point: str
    capacity_sat: Sat
    kind: CloseKind
    settled_msat: Msat
    closed_height: BlockHeight | None


@dataclass(frozen=True, slots=True)
class ChannelBackup:
    """A static channel backup as the node exported it.

    Attributes:
        exported_at: Moment of the export, UTC.
        covers: Funding outpoints of the channels in it, `txid:vout`.
        is_encrypted: Whether only the node's seed can read it.
        is_verified: Whether the node checked it; None if it cannot.
        content: The backup; never shown.
    """

    exported_at: datetime
    covers: frozenset[str]
    is_encrypted: bool
    is_verified: bool | None
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class BackupState:
    """How well the open channels are backed up.

    Attributes:
        exported_at: Moment of the newest export that is kept, UTC; None if none is.
        is_verified: Whether the node checked it; None if it cannot, or none is kept.
        uncovered: Open channels that are not in it.
    """

    exported_at: datetime | None
    is_verified: bool | None
    uncovered: tuple[ShortChannelId, ...]


@dataclass(frozen=True, slots=True)
class NodeVitals:
    """All of it at one moment.

    Attributes:
        observed_at: Moment, UTC.
        block_height: Height the node has seen.
        wallet: The on-chain side; None if there is none.
        peers: Peers with or without channels, by key.
        htlcs: HTLCs in flight, the first to expire first.
        closing: Channels that are closing.
        open_points: Funding outpoint of each open channel.
    """

    observed_at: datetime
    block_height: BlockHeight
    wallet: Wallet | None
    peers: tuple[PeerState, ...]
    htlcs: tuple[PendingHtlc, ...]
    closing: tuple[PendingClose, ...]
    open_points: dict[ShortChannelId, str]
