"""Waiting until a payment is settled: told by WebSocket, believed only when LNbits says so when asked.

Anyone can send messages to the channels of LNbits. So a message is but a reason to ask, and asking
is done no more often than once in half a second, however many come.
"""

import asyncio
import time
from contextlib import suppress
from typing import Final

from daznode.adapters.http.client import Call
from daznode.adapters.lightning.lnbits.connection import LnbitsConnection
from daznode.adapters.lightning.lnbits.wallet import LnbitsWallet, check_hash
from daznode.domain.errors import BackendError, NotFound
from daznode.domain.wallet import PaymentState, WalletPayment

LEAST_WAIT_SECONDS: Final = 0.5
"""Between two questions."""

POLL_SECONDS: Final = 15.0
"""Asked at least so often: messages may be lost."""


class PaymentWatch:
    """Waits for payments of one wallet.

    Args:
        connection: To LNbits.
        poll_seconds: Ask at least so often, whether a message came or not.
    """

    def __init__(self, connection: LnbitsConnection, *, poll_seconds: float = POLL_SECONDS) -> None:
        """Call nothing yet."""
        self._connection = connection
        self._wallet = LnbitsWallet(connection)
        self._poll_seconds = poll_seconds

    async def settled(self, payment_hash: str, *, timeout_seconds: float) -> WalletPayment:
        """Wait until a payment of the wallet has succeeded or failed.

        Args:
            payment_hash: Which.
            timeout_seconds: Longest wait, seconds.

        Returns:
            The payment as it is at the end: still pending where the time was over first.

        Raises:
            InvalidParameter: No payment hash.
            NotFound: The wallet has no such payment.
            BackendError: LNbits refuses the key or answers wrongly.
        """
        check_hash(payment_hash)
        give_up_at = time.monotonic() + timeout_seconds
        hint = asyncio.Event()
        listener = asyncio.create_task(self._listen(payment_hash, hint))
        try:
            while True:
                hint.clear()
                payment = await self._asked(payment_hash)
                left_seconds = give_up_at - time.monotonic()
                if payment.state is not PaymentState.PENDING or left_seconds <= 0:
                    return payment
                await asyncio.sleep(min(LEAST_WAIT_SECONDS, left_seconds))
                wait_seconds = min(self._poll_seconds, max(0.0, give_up_at - time.monotonic()))
                with suppress(TimeoutError):
                    await asyncio.wait_for(hint.wait(), wait_seconds)
        finally:
            listener.cancel()
            with suppress(asyncio.CancelledError):
                await listener

    async def _asked(self, payment_hash: str) -> WalletPayment:
        payment = await self._wallet.payment(payment_hash)
        if payment is None:
            message = f"payment {payment_hash}: the wallet has none of that hash"
            raise NotFound(message)
        return payment

    async def _listen(self, payment_hash: str, hint: asyncio.Event) -> None:
        """Pass messages on as hints; where the channel breaks, asking from time to time remains."""
        call = Call(path=f"/api/v1/ws/{payment_hash}")
        with suppress(BackendError):
            await self._connection.client.listen(
                call,
                opened=hint.set,  # what came before it was open is asked for
                tell=lambda _: hint.set(),
            )
