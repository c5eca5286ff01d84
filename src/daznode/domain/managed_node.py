"""A node behind a server that manages it for us: less is told of it than the node itself would."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.units import BlockHeight, Msat, Ppm, Sat


class ManagedState(StrEnum):
    """Where a channel is in its life."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    PENDING = "pending"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class ManagedNode:
    """The node as its server tells of it.

    Attributes:
        node_id: Key.
        alias: Announced name.
        backend: `lnd`, `cln` or `phoenixd`: what runs behind the server.
        block_height: Height it has seen; None if not told.
        peer_count: Connected peers; None if not told.
        addresses: Where it listens.
        balance_msat: Our side of all channels, msat.
        onchain_sat: On-chain balance, sat.
        onchain_confirmed_sat: The confirmed part of it, sat.
        earned_day_sat: Forwarding fees of a day, sat; None if not told.
        earned_week_sat: Of a week, sat.
        earned_month_sat: Of a month, sat.
    """

    node_id: NodeId
    alias: str
    backend: str
    block_height: BlockHeight | None
    peer_count: int | None
    addresses: tuple[str, ...]
    balance_msat: Msat
    onchain_sat: Sat
    onchain_confirmed_sat: Sat
    earned_day_sat: Sat | None
    earned_week_sat: Sat | None
    earned_month_sat: Sat | None


@dataclass(frozen=True, slots=True)
class ManagedChannel:
    """A channel as the server tells of it.

    Attributes:
        handle: What the server calls it; None while it is pending.
        scid: Short channel id; None while it is pending or where it is not told.
        channel_point: Funding outpoint `txid:vout`; empty if not told.
        peer_id: The other side.
        peer_alias: Its announced name, possibly empty.
        state: Where it is in its life.
        capacity_msat: Funding amount, msat.
        local_msat: Our balance, msat; 0 for a closed one.
        remote_msat: Their balance, msat; 0 for a closed one.
        base_fee_msat: What we charge, msat; None where a list leaves it out.
        fee_ppm: What we charge, millionths; None where a list leaves it out.
    """

    handle: str | None
    scid: ShortChannelId | None
    channel_point: str
    peer_id: NodeId
    peer_alias: str
    state: ManagedState
    capacity_msat: Msat
    local_msat: Msat
    remote_msat: Msat
    base_fee_msat: Msat | None
    fee_ppm: Ppm | None


@dataclass(frozen=True, slots=True)
class ManagedPeer:
    """A connected peer.

    Attributes:
        node_id: Its key.
        alias: Its announced name, possibly empty.
        addresses: Where it listens.
        announced_at: When it last announced itself, UTC; None if unknown.
    """

    node_id: NodeId
    alias: str
    addresses: tuple[str, ...]
    announced_at: datetime | None


@dataclass(frozen=True, slots=True)
class ManagedPayment:
    """A payment that the node made.

    Attributes:
        payment_hash: 64 hex characters; empty if not told.
        is_pending: Whether it is still under way.
        amount_msat: Amount, msat.
        fee_msat: What it cost, msat; None if not told.
        created_at: Moment it began, UTC.
        payee: Who was paid; None if not told.
    """

    payment_hash: str
    is_pending: bool
    amount_msat: Msat
    fee_msat: Msat | None
    created_at: datetime
    payee: NodeId | None


@dataclass(frozen=True, slots=True)
class ManagedInvoice:
    """An invoice of the node.

    Attributes:
        payment_hash: 64 hex characters.
        is_open: Whether it waits to be paid.
        amount_msat: Amount, msat.
        memo: What for.
        paid_at: Moment it was paid, UTC; None if it was not.
        expires_at: Moment it ends, UTC; None if not told.
    """

    payment_hash: str
    is_open: bool
    amount_msat: Msat
    memo: str
    paid_at: datetime | None
    expires_at: datetime | None
