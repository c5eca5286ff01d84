"""Changing a wallet of LNbits: making invoices, paying, LNURL. None of it exists while DRY_RUN is on.

A payment is sent in one attempt. Before it, what would be paid is read and compared with what the
caller allows; after it, a state that is not certain is asked for, and said to be open otherwise.
"""

import re
from typing import Final

from daznode.adapters.http.answer import HttpAnswer
from daznode.adapters.http.client import Call
from daznode.adapters.lightning.lnbits import shapes
from daznode.adapters.lightning.lnbits.connection import LnbitsConnection
from daznode.adapters.lightning.lnbits.wallet import (
    LnbitsWallet,
    check_invoice,
    check_lnurl,
    payment_of,
)
from daznode.adapters.lightning.permit import WritePermit
from daznode.domain.errors import (
    BackendAnswerInvalid,
    BackendError,
    BackendRefused,
    InvalidAmount,
    InvalidParameter,
)
from daznode.domain.units import MAX_SUPPLY_SAT, MSAT_PER_SAT, Msat, msat_of
from daznode.domain.wallet import (
    LnurlLogin,
    LnurlPay,
    NewInvoice,
    NotPaid,
    Paid,
    PaymentOpen,
    PaymentOutcome,
    PaymentState,
)

PAYING_SECONDS: Final = 90.0
"""LNbits waits for its funding source: over LND 30 s, over others longer."""

_BAD_REQUEST, _FORBIDDEN, _PAYMENT_ERROR = 400, 403, 520
_LONGEST_MEMO: Final = 640
_LONGEST_EXPIRY_SECONDS: Final = 31_536_000

# Words of LNbits that are safe to repeat: they hold nothing of what was sent.
_FAILED: Final = re.compile(
    r"Insufficient balance|Invoice already paid|Internal invoice already paid|"
    r"Payment already paid|Only internal invoices can be used|Bolt11 decoding failed|"
    r"Invoice expired|no route|unable to find a path|timed? ?out",
    re.IGNORECASE,
)


class LnbitsPayer:
    """The paying side of one wallet, a `ports.wallet.WalletPayer`.

    Args:
        connection: To LNbits.
        permit: There is none while `DRY_RUN` is on.

    Raises:
        DryRun: The permit was not given.
    """

    def __init__(self, connection: LnbitsConnection, permit: WritePermit) -> None:
        """Call nothing yet."""
        permit.check()
        self._connection = connection
        self._wallet = LnbitsWallet(connection)

    async def create_invoice(
        self, amount_msat: Msat, memo: str, *, expiry_seconds: int = 3_600
    ) -> NewInvoice:
        """Make an invoice to be paid to the wallet; the invoice key is enough.

        Args:
            amount_msat: Amount, msat; LNbits takes whole satoshi only.
            memo: What for, up to 640 characters; the payer sees it.
            expiry_seconds: How long it can be paid, seconds, up to a year.

        Raises:
            InvalidAmount: Not whole satoshi, or more than there is.
            InvalidParameter: The memo or expiry is too long.
            BackendError: It cannot be reached, refuses the key, or answers wrongly.
        """
        if amount_msat % MSAT_PER_SAT or not 0 < amount_msat <= msat_of(MAX_SUPPLY_SAT):
            message = f"amount {amount_msat} msat: LNbits makes invoices of whole satoshi, from 1"
            raise InvalidAmount(message)
        if len(memo) > _LONGEST_MEMO or not 1 <= expiry_seconds <= _LONGEST_EXPIRY_SECONDS:
            message = "invoice: takes a memo of up to 640 characters, and up to a year to pay"
            raise InvalidParameter(message)
        body = {
            "out": False,
            "amount": amount_msat // MSAT_PER_SAT,
            "unit": "sat",
            "memo": memo,
            "expiry": expiry_seconds,
        }
        call = Call(
            path="/api/v1/payments",
            method="POST",
            headers=self._connection.keys.reader(),
            body=body,
        )
        answer = await self._connection.client.write(call)
        made = payment_of(answer.where, answer.json(shapes.PAYMENT))
        if made.amount_msat != amount_msat or made.is_outgoing:
            message = f"{answer.where}: the invoice made is not of the amount asked for"
            raise BackendAnswerInvalid(message)
        return NewInvoice(made.payment_hash, made.invoice, made.amount_msat)

    async def pay(self, invoice: str, *, most_msat: Msat, most_fee_msat: Msat) -> PaymentOutcome:
        """Pay a BOLT 11 invoice.

        Args:
            invoice: The invoice; one without an amount is not paid.
            most_msat: Most that it may ask for, msat.
            most_fee_msat: Most that LNbits may keep aside for fees, msat.

        Returns:
            How it ended. An invoice beyond the limits is NotPaid.

        Raises:
            InvalidParameter: It is no invoice.
            BackendError: LNbits cannot be reached before anything is sent, or refuses the key.
        """
        text = check_invoice(invoice)
        self._connection.keys.payer()
        decoded = await self._wallet.decode(text)
        if decoded.amount_msat is None:
            return NotPaid("the invoice names no amount; LNbits pays only those that do")
        if decoded.amount_msat > most_msat:
            return NotPaid(
                f"the invoice asks for {decoded.amount_msat} msat, more than the {most_msat} allowed"
            )
        reserve_msat = await self._wallet.fee_reserve(text)
        if reserve_msat > most_fee_msat:
            return NotPaid(
                f"LNbits keeps {reserve_msat} msat aside for fees, more than the "
                f"{most_fee_msat} allowed"
            )
        body = {"out": True, "bolt11": text}
        return await self._send("/api/v1/payments", body, decoded.payment_hash)

    async def pay_lnurl(
        self, lnurl: str, amount_msat: Msat, *, comment: str = ""
    ) -> PaymentOutcome:
        """Pay to an LNURL or a Lightning address.

        LNbits fetches the invoice itself and does not tell what it keeps aside for fees before.

        Args:
            lnurl: As for `LnbitsWallet.scan`.
            amount_msat: Amount, msat.
            comment: For the payee, where it takes one.

        Returns:
            How it ended. An amount beyond the payee's limits is NotPaid.

        Raises:
            InvalidParameter: It asks for no money, or LNbits cannot use it.
            BackendError: LNbits cannot be reached before anything is sent, or refuses the key.
        """
        text = check_lnurl(lnurl)
        self._connection.keys.payer()
        found = await self._wallet.scan(text)
        if not isinstance(found, LnurlPay):
            message = "LNURL: does not ask for a payment"
            raise InvalidParameter(message)
        if not found.minimum_msat <= amount_msat <= found.maximum_msat:
            return NotPaid(
                f"{found.host} takes {found.minimum_msat} to {found.maximum_msat} msat, "
                f"not {amount_msat}"
            )
        if len(comment) > found.comment_length:
            return NotPaid(
                f"{found.host} takes comments of up to {found.comment_length} characters"
            )
        body: dict[str, str | int] = {"lnurl": text, "amount": amount_msat, "unit": "sat"}
        if comment:
            body["comment"] = comment
        return await self._send("/api/v1/payments/lnurl", body, None)

    async def login_lnurl(self, found: LnurlLogin) -> None:
        """Sign in where an LNURL asks to, with a key that LNbits derives from the wallet's.

        That it returns means that the answer was sent: LNbits 1.6 says the same whether the other
        side lets us in or not.

        Args:
            found: As `LnbitsWallet.scan` gave it.

        Raises:
            BackendError: LNbits cannot be reached, refuses the key, or could not send the answer.
        """
        call = Call(
            path="/api/v1/lnurlauth",
            method="POST",
            headers=self._connection.keys.payer(),
            body={"tag": "login", "callback": found.callback, "k1": found.challenge},
            accepts=(_BAD_REQUEST,),
        )
        answer = await self._connection.client.write(call)
        if answer.status == _BAD_REQUEST or answer.json(shapes.LNURL_DONE).status == "ERROR":
            message = f"{answer.where}: the login at {found.host} failed"
            raise BackendRefused(message)

    async def _send(self, path: str, body: object, payment_hash: str | None) -> PaymentOutcome:
        call = Call(
            path=path,
            method="POST",
            headers=self._connection.keys.payer(),
            body=body,
            accepts=(_BAD_REQUEST, _PAYMENT_ERROR),
            timeout_seconds=PAYING_SECONDS,
        )
        try:
            answer = await self._connection.client.write(call)
            if answer.status == _PAYMENT_ERROR:
                return await self._after_refusal(answer, payment_hash)
            if answer.status == _BAD_REQUEST:
                return NotPaid("LNbits does not take it (HTTP 400)")
            payment = payment_of(answer.where, answer.json(shapes.PAYMENT))
        except BackendError as error:
            if not _may_be_paid(error):
                raise
            return await self._settled(payment_hash, str(error))
        if payment.state is PaymentState.SUCCEEDED:
            return Paid(payment)
        return await self._settled(payment.payment_hash, "it is under way")

    async def _after_refusal(self, answer: HttpAnswer, payment_hash: str | None) -> PaymentOutcome:
        """LNbits says `failed` where nothing left, and `pending` where it does not know."""
        failure = answer.json(shapes.FAILURE)
        words = failure.detail if isinstance(failure.detail, str) else ""
        known = _FAILED.search(words)
        reason = f"LNbits: {known[0]}" if known else "LNbits does not pay it"
        if failure.status == "failed":
            return NotPaid(f"{reason} (HTTP {answer.status})")
        return await self._settled(payment_hash, reason)

    async def _settled(self, payment_hash: str | None, reason: str) -> PaymentOutcome:
        """What became of a payment that may have been sent, as far as it can be asked."""
        if payment_hash is None:
            return PaymentOpen(None, reason)
        try:
            payment = await self._wallet.payment(payment_hash)
        except BackendError as error:
            return PaymentOpen(payment_hash, f"{reason}; then: {error}")
        # A payment to a wallet of the same LNbits has the same hash on both sides.
        if payment is None or not payment.is_outgoing or payment.state is PaymentState.PENDING:
            return PaymentOpen(payment_hash, reason)
        if payment.state is PaymentState.SUCCEEDED:
            return Paid(payment)
        return NotPaid("it failed on its way")


def _may_be_paid(error: BackendError) -> bool:
    """Whether money may have left although the call failed; a refused key moves none."""
    return error.may_have_arrived and not isinstance(error, BackendRefused)
