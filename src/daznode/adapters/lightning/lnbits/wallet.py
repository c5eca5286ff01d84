"""Reading a wallet of LNbits: balance, payments, invoices, LNURL. Nothing here changes anything."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec

from daznode.adapters.http.answer import HttpAnswer
from daznode.adapters.http.client import Call
from daznode.adapters.lightning.lnbits import shapes
from daznode.adapters.lightning.lnbits.connection import LnbitsConnection, moment_of
from daznode.adapters.lightning.trust import doubting
from daznode.domain.credentials import Secret
from daznode.domain.errors import BackendAnswerInvalid, BackendRefused, InvalidParameter
from daznode.domain.ids import parse_node_id
from daznode.domain.units import Msat
from daznode.domain.wallet import (
    DecodedInvoice,
    Lnurl,
    LnurlLogin,
    LnurlPay,
    LnurlWithdraw,
    PaymentPage,
    PaymentState,
    WalletBalance,
    WalletPayment,
    WalletPeriod,
    WalletRights,
)

MOST_PAYMENTS: Final = 1_000
"""LNbits gives no more at once."""

PAYMENT_HASH: Final = re.compile(r"[0-9a-f]{64}")
_INVOICE: Final = re.compile(r"ln[a-z0-9]{20,7000}", re.IGNORECASE)
_SCHEME: Final = "lightning:"
_LNURL: Final = re.compile(r"[A-Za-z0-9@:/._?=&%+~-]{5,2000}")
_CHALLENGE: Final = re.compile(r"[0-9a-f]{64}")

_BAD_REQUEST, _NOT_FOUND, _PAYMENT_ERROR = 400, 404, 520
_STATES: Final = {
    "pending": PaymentState.PENDING,
    "success": PaymentState.SUCCEEDED,
    "failed": PaymentState.FAILED,
}


class LnbitsWallet:
    """The reading side of one wallet, a `ports.wallet.WalletReader`.

    Args:
        connection: To LNbits.
    """

    def __init__(self, connection: LnbitsConnection) -> None:
        """Call nothing yet."""
        self._connection = connection

    async def health(self) -> timedelta:
        """How long LNbits has been up; needs no key.

        Raises:
            BackendError: It cannot be reached, or is not set up yet.
        """
        answer = await self._connection.ask(Call(path="/api/v1/health"), shapes.HEALTH)
        days, _, clock = answer.up_time.rpartition(" day")
        with doubting(self._connection.where):
            hours, minutes, seconds = (int(part) for part in clock.split(" ")[-1].split(":"))
            whole_days = int(days) if days else 0
        return timedelta(days=whole_days, hours=hours, minutes=minutes, seconds=seconds)

    async def version(self) -> str:
        """Version of LNbits; needs an access token.

        Raises:
            BackendError: It cannot be reached or refuses the token.
        """
        call = Call(path="/api/v1/status", headers=self._connection.keys.bearer())
        return (await self._connection.ask(call, shapes.STATUS)).version

    async def rights(self) -> WalletRights:
        """What the keys at hand open, tried by reading the wallet with each.

        Raises:
            BackendError: It cannot be reached or answers wrongly.
        """
        keys = self._connection.keys
        reader = await self._opened_by(keys.invoice_key)
        payer = await self._opened_by(keys.admin_key)
        return WalletRights(
            may_read=None if keys.invoice_key is None else reader is not None,
            reader_may_pay=None if reader is None else reader.id is not None,
            may_pay=None if keys.admin_key is None else payer is not None and payer.id is not None,
        )

    async def balance(self) -> WalletBalance:
        """What is in the wallet.

        Raises:
            BackendError: It cannot be reached or refuses the key.
        """
        answer = await self._connection.ask(self._read("/api/v1/wallet"), shapes.WALLET)
        return WalletBalance(answer.name, Msat(answer.balance))

    async def payments(self, *, limit: int = 100, offset: int = 0) -> PaymentPage:
        """Payments of the wallet, the newest first.

        Args:
            limit: At most so many, 1 to 1,000.
            offset: Leave so many of the newest out.

        Raises:
            InvalidParameter: A number out of range.
            BackendError: It cannot be reached, refuses the key, or answers wrongly.
        """
        check_page(limit, offset)
        query: dict[str, str | int] = {
            "limit": limit,
            "offset": offset,
            "sortby": "created_at",
            "direction": "desc",
        }
        call = self._read("/api/v1/payments/paginated", query)
        page = await self._connection.ask(call, shapes.PAYMENT_PAGE)
        payments = tuple(payment_of(self._connection.where, one) for one in page.data)
        return PaymentPage(payments, page.total)

    async def payment(self, payment_hash: str) -> WalletPayment | None:
        """One payment of the wallet; None if it has none of that hash.

        LNbits asks its funding source while it is pending, so this is the state as it is.

        Raises:
            InvalidParameter: No payment hash.
            BackendError: It cannot be reached or answers wrongly.
        """
        check_hash(payment_hash)
        call = Call(
            path=f"/api/v1/payments/{payment_hash}",
            headers=self._connection.keys.reader(),
            accepts=(_NOT_FOUND,),
        )
        answer = await self._connection.client.read(call)
        if answer.status == _NOT_FOUND:
            return None
        check = answer.json(shapes.PAYMENT_CHECK)
        if check.details is None:
            # It is another wallet's, of which only whether it is paid is told.
            return None
        payment = payment_of(answer.where, check.details)
        if payment.payment_hash != payment_hash:
            message = f"{answer.where}: the answer is about another payment"
            raise BackendAnswerInvalid(message)
        if check.paid != (payment.state is PaymentState.SUCCEEDED):
            message = f"{answer.where}: the answer contradicts itself about whether it is paid"
            raise BackendAnswerInvalid(message)
        return payment

    async def history(
        self, group: Literal["hour", "day", "month"] = "day"
    ) -> tuple[WalletPeriod, ...]:
        """What went in and out, by hour, day or month, the oldest first.

        Raises:
            BackendError: It cannot be reached, refuses the key, or answers wrongly.
        """
        call = self._read("/api/v1/payments/history", {"group": group})
        points = await self._connection.ask(call, shapes.HISTORY)
        periods = (
            WalletPeriod(
                moment_of(self._connection.where, point.date),
                Msat(point.income),
                Msat(abs(point.spending)),
                Msat(point.balance),
            )
            for point in points
        )
        return tuple(sorted(periods, key=lambda period: period.begins_at))

    async def decode(self, invoice: str) -> DecodedInvoice:
        """What a BOLT 11 invoice says, as LNbits reads it.

        Raises:
            InvalidParameter: It is no invoice.
            BackendError: It cannot be reached or answers wrongly.
        """
        text = check_invoice(invoice)
        call = Call(
            path="/api/v1/payments/decode",
            method="POST",
            body={"data": text},
            accepts=(_BAD_REQUEST,),
        )
        answer = await self._connection.client.read(call)
        if answer.status == _BAD_REQUEST:
            message = "invoice: LNbits cannot read it; expected a BOLT 11 invoice, ln..."
            raise InvalidParameter(message)
        return _decoded(answer)

    async def fee_reserve(self, invoice: str) -> Msat:
        """What LNbits keeps aside for the fees of paying an invoice, msat: the most they can be.

        Raises:
            InvalidParameter: It is no invoice, or one without an amount.
            BackendError: It cannot be reached or answers wrongly.
        """
        call = Call(
            path="/api/v1/payments/fee-reserve",
            query={"invoice": check_invoice(invoice)},
            accepts=(_BAD_REQUEST,),
        )
        answer = await self._connection.client.read(call)
        if answer.status == _BAD_REQUEST:
            message = "invoice: LNbits reserves no fees for it; expected one with an amount"
            raise InvalidParameter(message)
        return Msat(answer.json(shapes.FEE_RESERVE).fee_reserve)

    async def scan(self, lnurl: str) -> Lnurl:
        """What an LNURL or a Lightning address is about; LNbits asks the other side.

        Args:
            lnurl: `lnurl1...`, `lnurlp://...` and the like, or `name@host`.

        Raises:
            InvalidParameter: It is none, or the other side does not answer as one.
            BackendError: LNbits cannot be reached, refuses the key, or answers wrongly.
        """
        call = Call(
            path="/api/v1/lnurlscan",
            method="POST",
            headers=self._connection.keys.reader(),
            body={"lnurl": check_lnurl(lnurl)},
            accepts=(_BAD_REQUEST,),
        )
        answer = await self._connection.client.read(call)
        if answer.status == _BAD_REQUEST:
            message = "LNURL: nothing that LNbits can use stands behind it"
            raise InvalidParameter(message)
        return _lnurl(answer)

    async def _opened_by(self, key: Secret | None) -> shapes.Wallet | None:
        """The wallet as a key shows it; None without a key, or if it opens none."""
        if key is None:
            return None
        call = Call(path="/api/v1/wallet", headers={"X-API-KEY": key.reveal()})
        try:
            return await self._connection.ask(call, shapes.WALLET)
        except BackendRefused:
            return None

    def _read(self, path: str, query: dict[str, str | int] | None = None) -> Call:
        return Call(path=path, query=query, headers=self._connection.keys.reader())


def check_hash(payment_hash: str) -> str:
    """The hash, if it is one.

    Raises:
        InvalidParameter: It is none.
    """
    if PAYMENT_HASH.fullmatch(payment_hash) is None:
        message = f"payment hash {payment_hash[:80]!r}: expected 64 lower-case hex characters"
        raise InvalidParameter(message)
    return payment_hash


def check_invoice(invoice: str) -> str:
    """The invoice without `lightning:` and blanks, if it looks like one.

    Raises:
        InvalidParameter: It does not.
    """
    text = _bare(invoice)
    if _INVOICE.fullmatch(text) is None:
        message = f"invoice {text[:20]!r}: expected a BOLT 11 invoice, ln..."
        raise InvalidParameter(message)
    return text


def check_lnurl(lnurl: str) -> str:
    """The LNURL without `lightning:` and blanks, if it looks like one.

    Raises:
        InvalidParameter: It does not.
    """
    text = _bare(lnurl)
    if _LNURL.fullmatch(text) is None:
        message = f"LNURL {text[:20]!r}: expected lnurl1..., lnurlp://... or name@host"
        raise InvalidParameter(message)
    return text


def _bare(text: str) -> str:
    """What is to be paid without blanks and without the scheme of wallets' links."""
    text = text.strip()
    return text[len(_SCHEME) :] if text.lower().startswith(_SCHEME) else text


def check_page(limit: int, offset: int) -> None:
    """Whether a page can be asked for.

    Raises:
        InvalidParameter: A number out of range.
    """
    if not 1 <= limit <= MOST_PAYMENTS or offset < 0:
        message = f"limit {limit}, offset {offset}: takes a limit of 1 to 1,000, an offset from 0"
        raise InvalidParameter(message)


def payment_of(where: str, payment: shapes.Payment) -> WalletPayment:
    """A payment in our words.

    Raises:
        BackendAnswerInvalid: Its state or moment is none, or its fee has the wrong sign.
    """
    state = _STATES.get(payment.status)
    if state is None or payment.fee > 0:
        message = f"{where}: the answer holds a payment whose state or fee cannot be"
        raise BackendAnswerInvalid(message)
    return WalletPayment(
        payment_hash=payment.payment_hash,
        is_outgoing=payment.amount < 0,
        amount_msat=Msat(abs(payment.amount)),
        fee_msat=Msat(-payment.fee),
        state=state,
        memo=payment.memo or "",
        created_at=moment_of(where, payment.time),
        invoice=payment.bolt11,
    )


def _decoded(answer: HttpAnswer) -> DecodedInvoice:
    said_of_it = answer.json(shapes.BOLT11)
    with doubting(answer.where):
        created_at = datetime.fromtimestamp(said_of_it.date, UTC)
        amount = said_of_it.amount_msat
        return DecodedInvoice(
            payment_hash=said_of_it.payment_hash,
            payee=parse_node_id(said_of_it.payee),
            amount_msat=None if not amount else Msat(amount),
            description=said_of_it.description or "",
            created_at=created_at,
            expires_at=created_at + timedelta(seconds=said_of_it.expiry),
        )


def _lnurl(answer: HttpAnswer) -> Lnurl:
    read = answer.json(shapes.LNURL)
    host = urlsplit(read.callback).hostname or ""
    match read.tag:
        case "payRequest" if host and 0 < read.min_sendable <= read.max_sendable:
            return LnurlPay(
                host,
                Msat(read.min_sendable),
                Msat(read.max_sendable),
                _description(read.metadata),
                max(0, read.comment_allowed or 0),
            )
        case "withdrawRequest" if host and 0 <= read.min_withdrawable <= read.max_withdrawable:
            return LnurlWithdraw(
                host,
                Msat(read.min_withdrawable),
                Msat(read.max_withdrawable),
                read.default_description,
            )
        case "login" if host and _CHALLENGE.fullmatch(read.k1):
            return LnurlLogin(host, read.callback, read.k1)
        case _:
            message = f"{answer.where}: the answer is about no LNURL that we know"
            raise BackendAnswerInvalid(message)


def _description(metadata: str) -> str:
    """The text among an LNURL's metadata (LUD-06); empty if there is none."""
    try:
        entries = shapes.LNURL_METADATA.decode(metadata)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return ""
    return next((one[1] for one in entries if len(one) > 1 and one[0] == "text/plain"), "")
