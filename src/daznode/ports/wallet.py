"""A wallet on a server and the node behind it, by role: read, pay, wait, read the node, change it."""

from datetime import timedelta
from typing import Literal, Protocol

from daznode.domain.capability import Capabilities, WriteOutcome
from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.managed_node import (
    ManagedChannel,
    ManagedInvoice,
    ManagedNode,
    ManagedPayment,
    ManagedPeer,
)
from daznode.domain.units import Msat, Ppm, Sat
from daznode.domain.wallet import (
    DecodedInvoice,
    Lnurl,
    LnurlLogin,
    NewInvoice,
    PaymentOutcome,
    PaymentPage,
    WalletBalance,
    WalletPayment,
    WalletPeriod,
    WalletRights,
)


class WalletReader(Protocol):
    """Reads a wallet; every method may raise BackendError."""

    async def health(self) -> timedelta:
        """How long the server has been up; needs no key."""

    async def version(self) -> str:
        """The server's version; needs an access token."""

    async def rights(self) -> WalletRights:
        """What the keys at hand open, tried by reading."""

    async def balance(self) -> WalletBalance:
        """What is in the wallet."""

    async def payments(self, *, limit: int = 100, offset: int = 0) -> PaymentPage:
        """Payments, the newest first."""

    async def payment(self, payment_hash: str) -> WalletPayment | None:
        """One payment; None if the wallet has none of that hash."""

    async def history(
        self, group: Literal["hour", "day", "month"] = "day"
    ) -> tuple[WalletPeriod, ...]:
        """What went in and out, the oldest first."""

    async def decode(self, invoice: str) -> DecodedInvoice:
        """What a BOLT 11 invoice says; InvalidParameter if it is none."""

    async def fee_reserve(self, invoice: str) -> Msat:
        """The most that the fees of paying an invoice can be, msat."""

    async def scan(self, lnurl: str) -> Lnurl:
        """What an LNURL or a Lightning address is about; InvalidParameter if it is none."""


class WalletPayer(Protocol):
    """Changes a wallet; it cannot be made while DRY_RUN is on."""

    async def create_invoice(
        self, amount_msat: Msat, memo: str, *, expiry_seconds: int = 3_600
    ) -> NewInvoice:
        """Make an invoice to be paid to the wallet."""

    async def pay(self, invoice: str, *, most_msat: Msat, most_fee_msat: Msat) -> PaymentOutcome:
        """Pay an invoice within limits, in one attempt."""

    async def pay_lnurl(
        self, lnurl: str, amount_msat: Msat, *, comment: str = ""
    ) -> PaymentOutcome:
        """Pay to an LNURL or a Lightning address, in one attempt."""

    async def login_lnurl(self, found: LnurlLogin) -> None:
        """Answer an LNURL that asks to sign in."""


class PaymentWaiter(Protocol):
    """Waits for payments."""

    async def settled(self, payment_hash: str, *, timeout_seconds: float) -> WalletPayment:
        """A payment once it has succeeded or failed, or as it is when the time is over."""


class ManagedNodeReader(Protocol):
    """Reads a node through the server that manages it; CapabilityMissing where it manages none."""

    async def capabilities(self) -> Capabilities:
        """What the server can do as a node backend."""

    async def info(self) -> ManagedNode:
        """The node itself."""

    async def channels(self) -> tuple[ManagedChannel, ...]:
        """Channels of every state, perhaps without what we charge."""

    async def channel(self, scid: ShortChannelId) -> ManagedChannel:
        """One open channel, with what we charge; ChannelNotFound if there is none."""

    async def priced_channels(self) -> tuple[ManagedChannel, ...]:
        """Open channels, each with what we charge."""

    async def peers(self) -> tuple[ManagedPeer, ...]:
        """Connected peers."""

    async def payments(self, *, limit: int = 100, offset: int = 0) -> tuple[ManagedPayment, ...]:
        """Payments that the node made, the newest first."""

    async def invoices(self, *, limit: int = 100, offset: int = 0) -> tuple[ManagedInvoice, ...]:
        """Invoices of the node, the newest first."""


class ManagedNodeWriter(Protocol):
    """Changes a node through its server; it cannot be made while DRY_RUN is on."""

    async def set_fees(
        self,
        scid: ShortChannelId,
        *,
        base_fee_msat: Msat,
        fee_ppm: Ppm,
        known_cltv_delta: int | None,
    ) -> WriteOutcome:
        """Set both fees of an open channel, in one attempt, and read them back."""

    async def open_channel(
        self, peer: NodeId, funding_sat: Sat, *, push_sat: Sat = ..., feerate_sat_per_vb: int
    ) -> str:
        """Open a channel; its funding outpoint, `txid:vout`."""

    async def close_channel(self, scid: ShortChannelId, *, is_forced: bool = False) -> None:
        """Ask that an open channel be closed."""

    async def connect_peer(self, peer: NodeId, address: str) -> None:
        """Connect to a node."""

    async def disconnect_peer(self, peer: NodeId) -> bool:
        """Disconnect from a node; whether it was connected."""
