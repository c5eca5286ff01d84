"""How the answers of LNbits look on the wire; read with LNbits 1.6.2, unknown fields are ignored."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from daznode.adapters.http.answer import JsonShape

_Amount = Annotated[int, Meta(ge=-(2**53), le=2**53)]
_Hash = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
_Text = Annotated[str, Meta(max_length=10_000)]


class Health(Struct):
    """`GET /api/v1/health`."""

    server_time: int
    up_time: str


class Status(Struct):
    """`GET /api/v1/status`, of which admins are told more."""

    version: str
    up_time_seconds: float
    funding_source: str | None = None
    funding_source_error: str | None = None


class Wallet(Struct):
    """`GET /api/v1/wallet`; its id is told to the admin key only."""

    name: _Text
    balance: _Amount
    id: str | None = None


class Payment(Struct):
    """A payment of a wallet: amounts in msat, negative where they leave it."""

    payment_hash: _Hash
    amount: _Amount
    fee: _Amount
    status: str
    time: str
    bolt11: _Text
    checking_id: str = ""
    memo: _Text | None = None


class PaymentPage(Struct):
    """`GET /api/v1/payments/paginated`."""

    data: list[Payment]
    total: int


class PaymentCheck(Struct):
    """`GET /api/v1/payments/{hash}` with the wallet's own key."""

    paid: bool
    status: str | None = None
    details: Payment | None = None


class HistoryPoint(Struct):
    """One of `GET /api/v1/payments/history`, msat."""

    date: str
    income: _Amount
    spending: _Amount
    balance: _Amount


class Bolt11(Struct):
    """`POST /api/v1/payments/decode`."""

    payment_hash: _Hash
    payee: str
    date: int
    expiry: int
    amount_msat: _Amount | None = None
    description: _Text | None = None


class FeeReserve(Struct):
    """`GET /api/v1/payments/fee-reserve`, msat."""

    fee_reserve: _Amount


class LnurlAnswer(Struct, rename="camel"):
    """`POST /api/v1/lnurlscan`: fields by kind."""

    tag: str
    callback: _Text = ""
    min_sendable: _Amount = 0
    max_sendable: _Amount = 0
    metadata: str = ""
    comment_allowed: int | None = None
    min_withdrawable: _Amount = 0
    max_withdrawable: _Amount = 0
    default_description: _Text = ""
    k1: str = ""


class LnurlDone(Struct):
    """`POST /api/v1/lnurlauth`; LNbits 1.6 leaves the status out."""

    status: str = ""


class Balance(Struct):
    """Both sides of a channel, msat."""

    local_msat: _Amount
    remote_msat: _Amount
    total_msat: _Amount


class Point(Struct):
    """A funding outpoint."""

    funding_txid: _Hash
    output_index: int


class Channel(Struct):
    """A channel of the node."""

    peer_id: str
    balance: Balance
    state: str
    id: str | None = None
    short_id: str | None = None
    point: Point | None = None
    name: _Text | None = None
    fee_ppm: int | None = None
    fee_base_msat: _Amount | None = None


class Fees(Struct):
    """What the node earned; over LND the three last are satoshis in spite of their names."""

    total_msat: _Amount
    daily_msat: _Amount | None = None
    weekly_msat: _Amount | None = None
    monthly_msat: _Amount | None = None


class NodeInfo(Struct):
    """`GET /node/api/v1/info`."""

    id: str
    backend_name: str
    alias: _Text
    num_peers: int | None
    blockheight: int | None
    addresses: list[_Text]
    onchain_balance_sat: _Amount
    onchain_confirmed_sat: _Amount
    fees: Fees
    balance_msat: _Amount


class Peer(Struct):
    """A connected peer."""

    id: str
    alias: _Text | None = None
    last_timestamp: int | None = None
    addresses: list[_Text] | None = None


class NodePayment(Struct):
    """A payment of the node."""

    pending: bool
    amount: _Amount
    time: int
    fee: _Amount | None = None
    payment_hash: str | None = None
    destination: Peer | None = None


class NodePayments(Struct):
    """`GET /node/api/v1/payments`."""

    data: list[NodePayment]
    total: int


class NodeInvoice(Struct):
    """An invoice of the node."""

    pending: bool
    amount: _Amount
    payment_hash: _Hash
    memo: _Text | None = None
    paid_at: int | None = None
    expiry: int | None = None


class NodeInvoices(Struct):
    """`GET /node/api/v1/invoices`."""

    data: list[NodeInvoice]
    total: int


class Failure(Struct):
    """Most failed answers: words, or a list of what did not fit."""

    detail: str | list[dict[str, object]] = ""
    message: str = ""
    status: str = ""


HEALTH = JsonShape(Health)
STATUS = JsonShape(Status)
WALLET = JsonShape(Wallet)
PAYMENT = JsonShape(Payment)
PAYMENT_PAGE = JsonShape(PaymentPage)
PAYMENT_CHECK = JsonShape(PaymentCheck)
HISTORY = JsonShape(list[HistoryPoint])
BOLT11 = JsonShape(Bolt11)
FEE_RESERVE = JsonShape(FeeReserve)
LNURL = JsonShape(LnurlAnswer)
LNURL_DONE = JsonShape(LnurlDone)
LNURL_METADATA: msgspec.json.Decoder[list[list[str]]] = msgspec.json.Decoder(list[list[str]])
CHANNELS = JsonShape(list[Channel])
CHANNEL = JsonShape[Channel | None](Channel | None)  # type: ignore[arg-type]
POINT = JsonShape(Point)
NODE_INFO = JsonShape(NodeInfo)
PEERS = JsonShape(list[Peer])
NODE_PAYMENTS = JsonShape(NodePayments)
NODE_INVOICES = JsonShape(NodeInvoices)
FAILURE = JsonShape(Failure)
