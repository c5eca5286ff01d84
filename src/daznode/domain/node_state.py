"""Our own node: channels with balances, forwards, failed HTLCs and rebalances, as observed."""

from dataclasses import dataclass
from datetime import datetime

from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.provenance import Reality
from daznode.domain.units import BlockHeight, Msat, Ppm, Sat


@dataclass(frozen=True, slots=True)
class ChannelPolicy:
    """What one side of a channel asks for.

    Attributes:
        base_fee_msat: Flat fee, msat.
        fee_ppm: Proportional fee, millionths.
        inbound_base_fee_msat: Flat inbound fee, msat, usually 0 or negative.
        inbound_fee_ppm: Proportional inbound fee, millionths, usually 0 or negative.
        cltv_delta: Blocks.
        htlc_minimum_msat: Smallest HTLC, msat.
        htlc_maximum_msat: Largest HTLC, msat.
        is_disabled: Whether that side says it does not forward.
    """

    base_fee_msat: Msat
    fee_ppm: Ppm
    inbound_base_fee_msat: Msat
    inbound_fee_ppm: Ppm
    cltv_delta: int
    htlc_minimum_msat: Msat
    htlc_maximum_msat: Msat
    is_disabled: bool


@dataclass(frozen=True, slots=True)
class OwnChannel:
    """One of the node's channels at one moment.

    Attributes:
        scid: Short channel id.
        peer_id: The other side.
        peer_alias: Its announced name, possibly empty.
        capacity_sat: Funding amount, sat.
        local_msat: Our balance, msat, reserve included.
        remote_msat: Their balance, msat, reserve included.
        is_active: Peer online and channel usable.
        is_private: Not announced.
        local_policy: What we charge; None before it was announced.
        remote_policy: What the peer charges; None before it was announced.
        opened_at: Moment of the funding block, UTC; None if unknown.
    """

    scid: ShortChannelId
    peer_id: NodeId
    peer_alias: str
    capacity_sat: Sat
    local_msat: Msat
    remote_msat: Msat
    is_active: bool
    is_private: bool
    local_policy: ChannelPolicy | None
    remote_policy: ChannelPolicy | None
    opened_at: datetime | None

    @property
    def peer_name(self) -> str:
        """The alias of the peer, or its key if it has none."""
        return self.peer_alias or self.peer_id

    @property
    def local_ratio(self) -> float | None:
        """Our share of both balances, in [0, 1]; None if both are zero."""
        both_msat = self.local_msat + self.remote_msat
        return self.local_msat / both_msat if both_msat else None


@dataclass(frozen=True, slots=True)
class Forward:
    """One payment relayed and settled.

    Attributes:
        at: Moment of settlement, UTC.
        scid_in: Channel it came in by.
        scid_out: Channel it left by.
        amount_in_msat: Received, msat.
        amount_out_msat: Passed on, msat.
    """

    at: datetime
    scid_in: ShortChannelId
    scid_out: ShortChannelId
    amount_in_msat: Msat
    amount_out_msat: Msat

    @property
    def fee_msat(self) -> Msat:
        """What the node kept, msat."""
        return Msat(self.amount_in_msat - self.amount_out_msat)


@dataclass(frozen=True, slots=True)
class HtlcFailure:
    """One payment that we were asked to relay and that failed.

    Attributes:
        at: Moment of the failure, UTC.
        scid_in: Channel it came in by.
        scid_out: Channel it should have left by; None if unknown.
        amount_out_msat: Amount to pass on, msat.
        missed_fee_msat: Fee it would have paid, msat.
        is_local: True if we refused it (balance, policy), False if it failed further on.
        reason: Stable word: `insufficient_balance`, `fee_insufficient`, `downstream`, ...
    """

    at: datetime
    scid_in: ShortChannelId
    scid_out: ShortChannelId | None
    amount_out_msat: Msat
    missed_fee_msat: Msat
    is_local: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Rebalance:
    """One successful circular payment: out by one channel, back by another.

    Attributes:
        at: Moment of settlement, UTC.
        scid_out: Channel drained.
        scid_in: Channel refilled; it bears the cost.
        amount_msat: Amount that came back, msat.
        fee_msat: What it cost, msat.
        payment_ref: See `OwnReceipt`.
    """

    at: datetime
    scid_out: ShortChannelId
    scid_in: ShortChannelId
    amount_msat: Msat
    fee_msat: Msat
    payment_ref: int = 0


@dataclass(frozen=True, slots=True)
class OwnPayment:
    """One part of a payment of our own that was settled.

    Attributes:
        at: Moment of settlement, UTC.
        scid: Channel it left by.
        amount_msat: What left, fees included, msat.
        fee_msat: Fees within it, msat.
        payment_ref: See `OwnReceipt`.
    """

    at: datetime
    scid: ShortChannelId
    amount_msat: Msat
    fee_msat: Msat
    payment_ref: int = 0


@dataclass(frozen=True, slots=True)
class OwnReceipt:
    """One part of a payment to us that was settled.

    Attributes:
        at: Moment of settlement, UTC.
        scid: Channel it came in by.
        amount_msat: What came in, msat.
        payment_ref: First 60 bits of the payment hash, by which both ends of a circular payment are
            recognised; 0 if unknown.
    """

    at: datetime
    scid: ShortChannelId
    amount_msat: Msat
    payment_ref: int = 0


Event = Forward | HtlcFailure | Rebalance | OwnPayment | OwnReceipt
"""Something that happened on the node."""


@dataclass(frozen=True, slots=True)
class NodeIdentity:
    """Who the connected node is.

    Attributes:
        node_id: Key.
        alias: Announced name.
        backend: `lnd`, `cln`, `lnbits` or `simulated`.
        network: `mainnet`, `testnet`, `signet`, `regtest` or `simulated`.
        block_height: Height the node has seen.
        is_synced_to_chain: Whether it follows the chain.
        is_synced_to_graph: Whether it follows gossip.
        reality: Real or simulated.
        version: The backend's version as it says it; empty if it does not.
    """

    node_id: NodeId
    alias: str
    backend: str
    network: str
    block_height: BlockHeight
    is_synced_to_chain: bool
    is_synced_to_graph: bool
    reality: Reality
    version: str = ""


@dataclass(frozen=True, slots=True)
class NodeObservation:
    """State of the own node at one moment; one a day is kept.

    Attributes:
        identity: Who was asked.
        observed_at: Moment, UTC.
        channels: Open channels, by scid.
        pending_channels: Channels opening or closing.
    """

    identity: NodeIdentity
    observed_at: datetime
    channels: tuple[OwnChannel, ...]
    pending_channels: int


@dataclass(frozen=True, slots=True)
class NodeActivity:
    """What happened on the own node in a window, each list by time.

    Attributes:
        since: Start, UTC, inclusive.
        until: End, UTC, exclusive.
        forwards: Settled forwards.
        failures: Failed ones.
        rebalances: Circular payments.
        payments: Our own payments to others.
        receipts: Payments of others to us.
        are_failures_known: Whether failures were recorded for the whole window; LND tells them only
            to who listens when they happen.
    """

    since: datetime
    until: datetime
    forwards: tuple[Forward, ...]
    failures: tuple[HtlcFailure, ...]
    rebalances: tuple[Rebalance, ...]
    payments: tuple[OwnPayment, ...] = ()
    receipts: tuple[OwnReceipt, ...] = ()
    are_failures_known: bool = True
