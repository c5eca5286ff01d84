"""LND's answers as far as they are used: what it always sends is required, what versions add is not.

64-bit integers come as texts and are read as numbers. `chan_id` is the short channel id. Enums stay
texts, since versions add values.
"""

from msgspec import Struct, field

from daznode.adapters.lightning.amounts import (
    I32,
    U32,
    U63,
    U64,
    MsatAmount,
    Nanoseconds,
    SatAmount,
    Seconds,
)


class Chain(Struct):
    """A chain that the node follows."""

    network: str


class Info(Struct):
    """GET /v1/getinfo."""

    version: str
    identity_pubkey: str
    alias: str
    block_height: U32
    synced_to_chain: bool
    synced_to_graph: bool
    best_header_timestamp: Seconds = 0
    chains: list[Chain] = []

    @property
    def network_name(self) -> str:
        """The network of its only chain."""
        return self.chains[0].network if self.chains else "unknown"


class HtlcInFlight(Struct):
    """An HTLC of an open channel; amount in sat."""

    incoming: bool
    amount: SatAmount
    expiration_height: U32


class Channel(Struct):
    """One of GET /v1/channels; amounts in sat."""

    active: bool
    remote_pubkey: str
    channel_point: str
    chan_id: U64
    capacity: SatAmount
    local_balance: SatAmount
    remote_balance: SatAmount
    private: bool
    pending_htlcs: list[HtlcInFlight]
    peer_alias: str = ""
    alias_scids: list[U64] = []
    zero_conf: bool = False
    zero_conf_confirmed_scid: U64 = 0


class Channels(Struct):
    """GET /v1/channels."""

    channels: list[Channel]


class PendingChannel(Struct):
    """What every pending channel has."""

    remote_node_pub: str
    channel_point: str


class PendingOpen(Struct):
    """A channel that is opening."""

    channel: PendingChannel


class PendingForce(Struct):
    """A channel closed by force, before all is spendable; amounts in sat."""

    channel: PendingChannel
    limbo_balance: SatAmount
    blocks_til_maturity: int


class WaitingClose(Struct):
    """A channel whose close is not confirmed; amounts in sat."""

    channel: PendingChannel
    limbo_balance: SatAmount


class Pending(Struct):
    """GET /v1/channels/pending."""

    pending_open_channels: list[PendingOpen]
    pending_force_closing_channels: list[PendingForce]
    waiting_close_channels: list[WaitingClose]


class Closed(Struct):
    """One of GET /v1/channels/closed; amounts in sat."""

    channel_point: str
    chan_id: U64
    remote_pubkey: str
    capacity: SatAmount
    close_height: U32
    settled_balance: SatAmount
    close_type: str


class ClosedChannels(Struct):
    """GET /v1/channels/closed."""

    channels: list[Closed]


class RoutingPolicy(Struct):
    """One side's policy of a channel; `min_htlc` is msat and `fee_rate_milli_msat` is ppm."""

    time_lock_delta: U32
    min_htlc: U63
    fee_base_msat: U32
    fee_rate_milli_msat: U32
    disabled: bool
    max_htlc_msat: U63
    last_update: int = 0
    inbound_fee_base_msat: I32 = 0
    inbound_fee_rate_milli_msat: I32 = 0


class Edge(Struct):
    """A channel of the graph."""

    channel_id: U64
    chan_point: str
    node1_pub: str
    node2_pub: str
    capacity: SatAmount
    node1_policy: RoutingPolicy | None = None
    node2_policy: RoutingPolicy | None = None


class NodeInfo(Struct):
    """GET /v1/graph/node/{key}?include_channels=true."""

    channels: list[Edge]


class WalletBalance(Struct):
    """GET /v1/balance/blockchain; sat."""

    confirmed_balance: SatAmount
    unconfirmed_balance: SatAmount
    reserved_balance_anchor_chan: SatAmount | None = None


class Peer(Struct):
    """A connected peer."""

    pub_key: str
    flap_count: int = 0
    last_flap_ns: int = 0


class Peers(Struct):
    """GET /v1/peers."""

    peers: list[Peer]


class ForwardingEvent(Struct):
    """One of POST /v1/switch."""

    timestamp_ns: Nanoseconds
    chan_id_in: U64
    chan_id_out: U64
    amt_in_msat: MsatAmount
    amt_out_msat: MsatAmount


class ForwardingHistory(Struct):
    """POST /v1/switch."""

    forwarding_events: list[ForwardingEvent]
    last_offset_index: U63


class Hop(Struct):
    """A hop of a route."""

    chan_id: U64
    amt_to_forward_msat: MsatAmount
    pub_key: str


class Route(Struct):
    """Where an attempt went."""

    total_fees_msat: MsatAmount
    total_amt_msat: MsatAmount
    hops: list[Hop]


class HtlcAttempt(Struct):
    """One part of a payment."""

    attempt_id: U63
    status: str
    resolve_time_ns: Nanoseconds
    route: Route | None = None


class Payment(Struct):
    """One of GET /v1/payments; its preimage is not read."""

    payment_hash: str
    status: str
    payment_index: U63
    htlcs: list[HtlcAttempt]


class Payments(Struct):
    """GET /v1/payments."""

    payments: list[Payment]
    last_index_offset: U63


class InvoiceHtlc(Struct):
    """One part of a payment to us."""

    chan_id: U64
    amt_msat: MsatAmount
    resolve_time: Seconds
    state: str


class Invoice(Struct):
    """One of GET /v1/invoices; its preimage is not read."""

    r_hash: str
    state: str
    add_index: U63
    htlcs: list[InvoiceHtlc]


class Invoices(Struct):
    """GET /v1/invoices."""

    invoices: list[Invoice]
    last_index_offset: U63


class Outpoint(Struct):
    """A funding outpoint; the text is empty in answers that give bytes."""

    output_index: int
    funding_txid_str: str = ""
    funding_txid_bytes: str = ""


class MultiBackup(Struct):
    """All channels in one encrypted backup."""

    chan_points: list[Outpoint]
    multi_chan_backup: str


class Backup(Struct):
    """GET /v1/channels/backup."""

    multi_chan_backup: MultiBackup


class FailedUpdate(Struct):
    """A policy that was not changed, although the answer was 200."""

    reason: str = ""
    update_error: str = ""


class PolicyUpdate(Struct):
    """POST /v1/chanpolicy."""

    failed_updates: list[FailedUpdate]


class MissionHistory(Struct):
    """What was learned of a pair; times in s."""

    fail_time: Seconds = 0
    fail_amt_msat: MsatAmount = 0
    success_time: Seconds = 0
    success_amt_msat: MsatAmount = 0


class MissionPair(Struct):
    """A pair of nodes, keys in base64."""

    node_from: str
    node_to: str
    history: MissionHistory = field(default_factory=MissionHistory)


class Mission(Struct):
    """GET /v2/router/mc."""

    pairs: list[MissionPair]
