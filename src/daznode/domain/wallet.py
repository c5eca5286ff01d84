"""A wallet on a server: its balance, payments and invoices, LNURL, and how a payment ended."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from daznode.domain.ids import NodeId
from daznode.domain.units import Msat


class PaymentState(StrEnum):
    """How far a payment is."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class WalletBalance:
    """A wallet at one moment.

    Attributes:
        name: What its owner calls it.
        balance_msat: What is in it, msat; may be negative after fees.
    """

    name: str
    balance_msat: Msat


@dataclass(frozen=True, slots=True)
class WalletRights:
    """What keys open; None for a key that is not at hand.

    Attributes:
        may_read: Whether the reading key opens the wallet.
        reader_may_pay: Whether that key could also pay, which it need not.
        may_pay: Whether the paying key could pay.
    """

    may_read: bool | None
    reader_may_pay: bool | None
    may_pay: bool | None


@dataclass(frozen=True, slots=True)
class WalletPayment:
    """A payment to or from a wallet; preimages are left out, since nothing of ours needs them.

    Attributes:
        payment_hash: 64 hex characters.
        is_outgoing: Whether it left the wallet.
        amount_msat: Amount without fees, msat, >= 0.
        fee_msat: Fees paid, msat, >= 0.
        state: How far it is.
        memo: What it is for, as its maker says.
        created_at: Moment it was made, UTC.
        invoice: BOLT 11 text; empty if none is told.
    """

    payment_hash: str
    is_outgoing: bool
    amount_msat: Msat
    fee_msat: Msat
    state: PaymentState
    memo: str
    created_at: datetime
    invoice: str


@dataclass(frozen=True, slots=True)
class PaymentPage:
    """Payments in a list that may go on.

    Attributes:
        payments: The newest first.
        total: How many there are in all.
    """

    payments: tuple[WalletPayment, ...]
    total: int


@dataclass(frozen=True, slots=True)
class DecodedInvoice:
    """What a BOLT 11 invoice says.

    Attributes:
        payment_hash: 64 hex characters.
        payee: Who is paid.
        amount_msat: Amount asked for, msat; None if the payer chooses.
        description: What for; empty if only a hash of it is given.
        created_at: Moment it was made, UTC.
        expires_at: Moment it ends, UTC.
    """

    payment_hash: str
    payee: NodeId
    amount_msat: Msat | None
    description: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NewInvoice:
    """An invoice that was just made.

    Attributes:
        payment_hash: 64 hex characters.
        invoice: BOLT 11 text.
        amount_msat: Amount, msat.
    """

    payment_hash: str
    invoice: str
    amount_msat: Msat


@dataclass(frozen=True, slots=True)
class WalletPeriod:
    """What went in and out of a wallet in an hour, a day or a month.

    Attributes:
        begins_at: Its beginning, UTC.
        income_msat: What came in, msat.
        spending_msat: What went out, msat.
        balance_msat: What was in it at the end, msat.
    """

    begins_at: datetime
    income_msat: Msat
    spending_msat: Msat
    balance_msat: Msat


@dataclass(frozen=True, slots=True)
class LnurlPay:
    """An LNURL that asks for money (LUD-06).

    Attributes:
        host: Who asks.
        minimum_msat: Least amount, msat.
        maximum_msat: Most, msat.
        description: What for.
        comment_length: Longest comment, characters; 0 for none.
    """

    host: str
    minimum_msat: Msat
    maximum_msat: Msat
    description: str
    comment_length: int


@dataclass(frozen=True, slots=True)
class LnurlWithdraw:
    """An LNURL that gives money (LUD-03).

    Attributes:
        host: Who gives.
        minimum_msat: Least amount, msat.
        maximum_msat: Most, msat.
        description: What for.
    """

    host: str
    minimum_msat: Msat
    maximum_msat: Msat
    description: str


@dataclass(frozen=True, slots=True)
class LnurlLogin:
    """An LNURL that asks to sign in (LUD-04).

    Attributes:
        host: Where.
        callback: Address to answer to.
        challenge: What is to be signed, 64 hex characters.
    """

    host: str
    callback: str
    challenge: str


Lnurl = LnurlPay | LnurlWithdraw | LnurlLogin
"""What an LNURL turns out to be."""


@dataclass(frozen=True, slots=True)
class Paid:
    """It was paid.

    Attributes:
        payment: The payment.
    """

    payment: WalletPayment


@dataclass(frozen=True, slots=True)
class NotPaid:
    """Nothing was paid, for certain.

    Attributes:
        reason: Why, one line.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class PaymentOpen:
    """It may still be paid or may have been: do not pay again, ask for its state.

    Attributes:
        payment_hash: By which to ask; None if it is not known.
        reason: Why it is not known, one line.
    """

    payment_hash: str | None
    reason: str


PaymentOutcome = Paid | NotPaid | PaymentOpen
"""How a payment ended; a value, since each is to be expected."""
