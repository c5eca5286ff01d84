"""Reading the node behind LNbits: itself, its channels, peers, payments and invoices."""

import asyncio
import re
from datetime import UTC, datetime
from typing import Final, NoReturn

from daznode.adapters.http.client import Call
from daznode.adapters.lightning.lnbits import shapes
from daznode.adapters.lightning.lnbits.capabilities import CAPABILITIES, refuse
from daznode.adapters.lightning.lnbits.connection import LnbitsConnection
from daznode.adapters.lightning.lnbits.wallet import check_page
from daznode.adapters.lightning.trust import Expected, check_identity, doubting
from daznode.domain.capability import Capabilities
from daznode.domain.errors import (
    BackendAnswerInvalid,
    ChannelNotFound,
    InvalidScid,
)
from daznode.domain.ids import NodeId, ShortChannelId, format_scid, parse_node_id, parse_scid
from daznode.domain.managed_node import (
    ManagedChannel,
    ManagedInvoice,
    ManagedNode,
    ManagedPayment,
    ManagedPeer,
    ManagedState,
)
from daznode.domain.units import BlockHeight, Msat, Ppm, Sat

_CLN_HANDLE: Final = re.compile(r"[0-9a-f]{64}")
_LND: Final = "lnd"
_NOT_FOUND, _BAD_REQUEST = 404, 400
_AT_ONCE: Final = 4
"""Channels asked for at a time: over LND each costs four calls there."""


class LnbitsNode:
    """The reading side of the node behind LNbits, a `ports.wallet.ManagedNodeReader`.

    Args:
        connection: To LNbits, with an access token that may read `/node/api/v1`.
        expected: The node that should be behind it.
    """

    def __init__(self, connection: LnbitsConnection, expected: Expected | None = None) -> None:
        """Call nothing yet."""
        self._connection = connection
        self._expected = expected or Expected()

    async def capabilities(self) -> Capabilities:
        """What LNbits can do as a node backend."""
        return CAPABILITIES

    async def info(self) -> ManagedNode:
        """The node itself.

        Raises:
            CapabilityMissing: LNbits manages no node, or does not show it.
            BackendUntrusted: Another node than expected is behind it.
            BackendError: It cannot be reached, refuses the token, or answers wrongly.
        """
        info = await self._connection.ask_node("/info", shapes.NODE_INFO)
        where = self._connection.where
        # LNbits does not tell the network, so only the key can be compared.
        known = check_identity(where, Expected(self._expected.node_id), info.id, "")
        self._expected = Expected(known.node_id)
        backend = info.backend_name.lower()
        # Over LND these come under names that say msat and hold LND's satoshis.
        fees = info.fees if backend == _LND else shapes.Fees(0)
        return ManagedNode(
            node_id=parse_node_id(info.id),
            alias=info.alias,
            backend=backend,
            block_height=None if info.blockheight is None else BlockHeight(info.blockheight),
            peer_count=info.num_peers,
            addresses=tuple(info.addresses),
            balance_msat=Msat(info.balance_msat),
            onchain_sat=Sat(info.onchain_balance_sat),
            onchain_confirmed_sat=Sat(info.onchain_confirmed_sat),
            earned_day_sat=_sat(fees.daily_msat),
            earned_week_sat=_sat(fees.weekly_msat),
            earned_month_sat=_sat(fees.monthly_msat),
        )

    async def channels(self) -> tuple[ManagedChannel, ...]:
        """All channels, pending and closed ones too; over LND without what we charge.

        Raises:
            CapabilityMissing: LNbits manages no node, or does not show it.
            BackendError: It cannot be reached, refuses the token, or answers wrongly.
        """
        found = await self._connection.ask_node("/channels", shapes.CHANNELS)
        return tuple(channel_of(self._connection.where, one) for one in found)

    async def channel(self, scid: ShortChannelId) -> ManagedChannel:
        """One open channel, with what we charge.

        Raises:
            ChannelNotFound: The node has no open channel of that id.
            CapabilityMissing: LNbits manages no node, or does not show it.
            BackendError: It cannot be reached, refuses the token, or answers wrongly.
        """
        handle = await self.handle_of(scid)
        call = Call(
            path=f"/node/api/v1/channels/{handle}",
            headers=self._connection.keys.bearer(),
            accepts=(_NOT_FOUND, 501, 503),
        )
        answer = await self._connection.client.read(call)
        self._connection.check_node(answer)
        found = None if answer.status == _NOT_FOUND else answer.json(shapes.CHANNEL)
        if found is None:
            raise no_channel(scid)
        channel = channel_of(answer.where, found)
        if channel.handle != handle:
            message = f"{answer.where}: the answer is about another channel"
            raise BackendAnswerInvalid(message)
        return channel

    async def priced_channels(self) -> tuple[ManagedChannel, ...]:
        """Open channels, each with what we charge; one call a channel where the list leaves it out.

        Raises:
            CapabilityMissing: LNbits manages no node, or does not show it.
            BackendError: It cannot be reached, refuses the token, or answers wrongly.
        """
        turns = asyncio.Semaphore(_AT_ONCE)

        async def priced(one: ManagedChannel) -> ManagedChannel | None:
            if one.fee_ppm is not None or one.scid is None:
                return one
            async with turns:
                try:
                    return await self.channel(one.scid)
                except ChannelNotFound:
                    return None  # closed since the list was made

        is_open = {ManagedState.ACTIVE, ManagedState.INACTIVE}
        found = [one for one in await self.channels() if one.state in is_open]
        return tuple(one for one in await asyncio.gather(*map(priced, found)) if one is not None)

    async def handle_of(self, scid: ShortChannelId) -> str:
        """What LNbits calls an open channel.

        Raises:
            ChannelNotFound: The node has no open channel of that id.
            BackendError: It cannot be reached, refuses the token, or answers wrongly.
        """
        for one in await self.channels():
            if one.scid == scid and one.handle and one.state is not ManagedState.CLOSED:
                return one.handle
        raise no_channel(scid)

    async def peers(self) -> tuple[ManagedPeer, ...]:
        """Connected peers.

        Raises:
            CapabilityMissing: LNbits manages no node, or does not show it.
            BackendError: It cannot be reached, refuses the token, or answers wrongly.
        """
        found = await self._connection.ask_node("/peers", shapes.PEERS)
        with doubting(self._connection.where):
            return tuple(_peer(one) for one in found)

    async def payments(self, *, limit: int = 100, offset: int = 0) -> tuple[ManagedPayment, ...]:
        """Payments that the node made, the newest first; circular ones are not told apart.

        Raises:
            InvalidParameter: A number out of range.
            CapabilityMissing: LNbits manages no node, or does not show its payments.
            BackendError: It cannot be reached, refuses the token, or answers wrongly.
        """
        check_page(limit, offset)
        query: dict[str, str | int] = {"limit": limit, "offset": offset}
        page = await self._connection.ask_node("/payments", shapes.NODE_PAYMENTS, query)
        with doubting(self._connection.where):
            return tuple(_payment(one) for one in page.data)

    async def invoices(self, *, limit: int = 100, offset: int = 0) -> tuple[ManagedInvoice, ...]:
        """Invoices of the node, the newest first.

        Raises:
            InvalidParameter: A number out of range.
            CapabilityMissing: LNbits manages no node, or does not show its invoices.
            BackendError: It cannot be reached, refuses the token, or answers wrongly.
        """
        check_page(limit, offset)
        query: dict[str, str | int] = {"limit": limit, "offset": offset}
        page = await self._connection.ask_node("/invoices", shapes.NODE_INVOICES, query)
        with doubting(self._connection.where):
            return tuple(_invoice(one) for one in page.data)

    async def forwards(self) -> NoReturn:
        """Refused: LNbits tells of no forwards.

        Raises:
            CapabilityMissing: Always.
        """
        refuse("forwarding history")


def no_channel(scid: ShortChannelId) -> ChannelNotFound:
    """The error for a channel that is not there."""
    return ChannelNotFound(f"channel {format_scid(scid)}: the node has no open channel of that id")


def channel_of(where: str, channel: shapes.Channel) -> ManagedChannel:
    """A channel in our words.

    Raises:
        BackendAnswerInvalid: Something in it cannot be.
    """
    with doubting(where):
        balance = channel.balance
        amounts = (balance.local_msat, balance.remote_msat, balance.total_msat)
        if min(amounts) < 0 or balance.total_msat == 0:
            message = "an amount that is none"
            raise ValueError(message)
        handle = channel.id if channel.id and _is_handle(channel.id) else None
        point = channel.point
        return ManagedChannel(
            handle=handle,
            scid=_scid(channel, handle),
            channel_point="" if point is None else f"{point.funding_txid}:{point.output_index}",
            peer_id=parse_node_id(channel.peer_id),
            peer_alias=channel.name or "",
            state=ManagedState(channel.state),
            capacity_msat=Msat(balance.total_msat),
            local_msat=Msat(balance.local_msat),
            remote_msat=Msat(balance.remote_msat),
            base_fee_msat=None if channel.fee_base_msat is None else Msat(channel.fee_base_msat),
            fee_ppm=None if channel.fee_ppm is None else Ppm(channel.fee_ppm),
        )


def _is_handle(text: str) -> bool:
    """Whether LNbits can be asked by it: over LND a number, over Core Lightning 64 hex characters.

    For a pending channel LNbits gives a sentence instead.
    """
    return (text.isascii() and text.isdigit()) or _CLN_HANDLE.fullmatch(text) is not None


def _scid(channel: shapes.Channel, handle: str | None) -> ShortChannelId | None:
    text = channel.short_id or (handle if handle and handle.isdigit() else None)
    if text is None:
        return None
    try:
        found = parse_scid(text)
    except InvalidScid:
        return None
    return found or None


def _sat(told: int | None) -> Sat | None:
    return None if told is None else Sat(told)


def _moment(told: int | None) -> datetime | None:
    return None if not told else datetime.fromtimestamp(told, UTC)


def _peer(peer: shapes.Peer) -> ManagedPeer:
    return ManagedPeer(
        parse_node_id(peer.id),
        peer.alias or "",
        tuple(peer.addresses or ()),
        _moment(peer.last_timestamp),
    )


def _payee(payment: shapes.NodePayment) -> NodeId | None:
    return None if payment.destination is None else parse_node_id(payment.destination.id)


def _payment(payment: shapes.NodePayment) -> ManagedPayment:
    return ManagedPayment(
        payment_hash=payment.payment_hash or "",
        is_pending=payment.pending,
        amount_msat=Msat(payment.amount),
        fee_msat=None if payment.fee is None else Msat(payment.fee),
        created_at=datetime.fromtimestamp(payment.time, UTC),
        payee=_payee(payment),
    )


def _invoice(invoice: shapes.NodeInvoice) -> ManagedInvoice:
    return ManagedInvoice(
        payment_hash=invoice.payment_hash,
        is_open=invoice.pending,
        amount_msat=Msat(invoice.amount),
        memo=invoice.memo or "",
        paid_at=_moment(invoice.paid_at),
        expires_at=_moment(invoice.expiry),
    )
