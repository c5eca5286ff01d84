"""Core Lightning's answers as far as they are used: what is not known is left out of them.

Amounts are msat as plain integers. `short_channel_id` is a text, `BxTxO`.
"""

from msgspec import Struct

from daznode.adapters.lightning.amounts import U32, U63, MsatAmount, Seconds


class Info(Struct):
    """getinfo."""

    id: str
    version: str
    blockheight: U32
    network: str
    alias: str = ""
    warning_bitcoind_sync: str | None = None
    warning_lightningd_sync: str | None = None


class SidePolicy(Struct):
    """One side's policy of a channel."""

    fee_base_msat: MsatAmount
    fee_proportional_millionths: U32
    cltv_expiry_delta: U32
    htlc_minimum_msat: MsatAmount
    htlc_maximum_msat: MsatAmount


class Updates(Struct):
    """Both sides' policies, as last announced or told."""

    local: SidePolicy
    remote: SidePolicy | None = None


class HtlcInFlight(Struct):
    """An HTLC of a channel."""

    direction: str
    amount_msat: MsatAmount
    expiry: U32


class StateChange(Struct):
    """A step in a channel's life."""

    new_state: str


class Alias(Struct):
    """Names of a channel that has no confirmed id yet."""

    local: str | None = None


class PeerChannel(Struct):
    """One of listpeerchannels."""

    peer_id: str
    peer_connected: bool
    state: str
    to_us_msat: MsatAmount = 0
    total_msat: MsatAmount = 0
    short_channel_id: str | None = None
    channel_id: str | None = None
    funding_txid: str = ""
    funding_outnum: U32 = 0
    private: bool = False
    updates: Updates | None = None
    htlcs: list[HtlcInFlight] = []
    state_changes: list[StateChange] = []
    alias: Alias | None = None

    @property
    def name(self) -> str | None:
        """Its short channel id, or the one that it bears before it is confirmed."""
        if self.short_channel_id is not None or self.alias is None:
            return self.short_channel_id
        return self.alias.local


class PeerChannels(Struct):
    """listpeerchannels."""

    channels: list[PeerChannel]


class DirectedChannel(Struct):
    """One of listchannels: a channel in one direction."""

    short_channel_id: str
    channel_flags: int


class DirectedChannels(Struct):
    """listchannels."""

    channels: list[DirectedChannel]


class Node(Struct):
    """One of listnodes."""

    alias: str = ""


class Nodes(Struct):
    """listnodes."""

    nodes: list[Node]


class Output(Struct):
    """One of the wallet's outputs."""

    amount_msat: MsatAmount
    status: str


class Funds(Struct):
    """listfunds."""

    outputs: list[Output]


class ClosedChannel(Struct):
    """One of listclosedchannels."""

    total_msat: MsatAmount
    final_to_us_msat: MsatAmount
    funding_txid: str
    funding_outnum: U32 = 0
    channel_id: str | None = None
    peer_id: str | None = None
    short_channel_id: str | None = None


class ClosedChannels(Struct):
    """listclosedchannels."""

    closedchannels: list[ClosedChannel]


class ForwardRow(Struct):
    """One of listforwards; times in seconds with decimals."""

    created_index: U63
    in_channel: str
    in_msat: MsatAmount
    status: str
    received_time: float
    updated_index: U63 = 0
    out_channel: str | None = None
    out_msat: MsatAmount | None = None
    fee_msat: MsatAmount | None = None
    resolved_time: float | None = None
    failreason: str | None = None


class Forwards(Struct):
    """listforwards."""

    forwards: list[ForwardRow]


class WaitAnswer(Struct):
    """wait, of which one of the indexes is given."""

    subsystem: str
    created: U63 | None = None
    updated: U63 | None = None


class Move(Struct):
    """One of listchannelmoves."""

    created_index: U63
    account_id: str
    primary_tag: str
    credit_msat: MsatAmount
    debit_msat: MsatAmount
    timestamp: Seconds
    fees_msat: MsatAmount = 0
    payment_hash: str | None = None


class Moves(Struct):
    """listchannelmoves."""

    channelmoves: list[Move]


class AccountEvent(Struct):
    """One of bkpr-listaccountevents."""

    account: str
    type: str
    tag: str
    credit_msat: MsatAmount
    debit_msat: MsatAmount
    timestamp: Seconds
    fees_msat: MsatAmount = 0
    payment_id: str | None = None


class AccountEvents(Struct):
    """bkpr-listaccountevents."""

    events: list[AccountEvent]


class RecoverData(Struct):
    """getemergencyrecoverdata."""

    filedata: str
    backed_up_channel_ids: list[str] | None = None


class SetChannel(Struct):
    """One of setchannel."""

    fee_base_msat: MsatAmount
    fee_proportional_millionths: U32
    minimum_htlc_out_msat: MsatAmount
    maximum_htlc_out_msat: MsatAmount
    short_channel_id: str | None = None
    warning_htlcmin_too_low: str | None = None
    warning_htlcmax_too_high: str | None = None


class SetChannels(Struct):
    """setchannel."""

    channels: list[SetChannel]
