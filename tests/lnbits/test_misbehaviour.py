"""An LNbits that is slow, broken, lying or something else: each ends in one clear error."""

import asyncio
import json

import pytest
from tests.standins.server import Asked, LoopbackServer, Reply, json_reply

from daznode.adapters.http.client import HttpClient
from daznode.adapters.http.source import HttpSource
from daznode.adapters.lightning.lnbits.connection import LnbitsConnection, LnbitsKeys, explain
from daznode.adapters.lightning.lnbits.node import LnbitsNode
from daznode.adapters.lightning.lnbits.node_writer import LnbitsNodeWriter
from daznode.adapters.lightning.lnbits.payer import LnbitsPayer
from daznode.adapters.lightning.lnbits.wallet import LnbitsWallet
from daznode.adapters.lightning.lnbits.watch import PaymentWatch
from daznode.adapters.lightning.permit import WritePermit
from daznode.domain.capability import Applied, Refused, Unknown
from daznode.domain.credentials import Secret
from daznode.domain.errors import (
    BackendAnswerInvalid,
    BackendError,
    BackendRateLimited,
    BackendRefused,
    BackendTimeout,
    BackendUnavailable,
)
from daznode.domain.ids import ShortChannelId
from daznode.domain.units import Msat, Ppm
from daznode.domain.wallet import NotPaid, Paid, PaymentOpen, PaymentState

KEYS = ("a1" * 16, "b2" * 16, "eyJ.token.c3c3c3c3c3")
HASH = "5e" * 32
INVOICE = "lnbc210n1" + "p" * 60
PAYEE = "02" + "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
SCID = ShortChannelId(929_000_000_000_001)


def a_payment(**fields):
    return {
        "payment_hash": HASH, "checking_id": HASH, "wallet_id": "w", "amount": -21_000, "fee": -2_000,
        "status": "success", "time": "2026-11-20T21:52:38", "bolt11": INVOICE, "memo": None,
        "extra": {}, "labels": [],
    } | fields  # fmt: skip


DECODED = {
    "payment_hash": HASH, "payee": PAYEE, "date": 1_795_000_000, "expiry": 3_600,
    "amount_msat": 21_000,
}  # fmt: skip


INFO = {
                "id": PAYEE, "backend_name": "CLN", "alias": "a", "num_peers": 1, "blockheight": 9,
                "addresses": [], "onchain_balance_sat": 0, "onchain_confirmed_sat": 0,
                "fees": {"total_msat": 7}, "balance_msat": 0,
            }  # fmt: skip


class Stand:
    """Answers like an LNbits but for what a test says."""

    def __init__(self, **replies: Reply | list[Reply]) -> None:
        self.replies = replies

    async def answer(self, asked: Asked) -> Reply:
        tail = asked.path.rstrip("/").split("/")[-1]
        name = f"{asked.method}_{tail.replace('-', '_')}"
        name = name.replace(HASH, "hash").replace(str(int(SCID)), "channel")
        reply = self.replies.get(name)
        if isinstance(reply, list):
            reply = reply.pop(0) if len(reply) > 1 else reply[0]
        return reply or self._usual(name)

    def _usual(self, name: str) -> Reply:
        usual = {
            "POST_decode": DECODED,
            "GET_fee_reserve": {"fee_reserve": 2_000},
            "POST_payments": a_payment(),
            "GET_hash": {"paid": True, "details": a_payment()},
            "GET_wallet": {"name": "w", "balance": 5},
            "GET_info": INFO,
            "GET_channels": [a_channel()],
            "GET_channel": a_channel(),
            "PUT_channel": None,
        }  # fmt: skip
        if name not in usual:
            return json_reply({"detail": "Not Found"}, 404)
        return json_reply(usual[name])


def a_channel(**fields):
    return {
        "peer_id": PAYEE, "state": "active", "id": str(int(SCID)), "short_id": str(int(SCID)),
        "balance": {"local_msat": 1_000, "remote_msat": 2_000, "total_msat": 5_000},
        "point": {"funding_txid": "ab" * 32, "output_index": 0}, "name": "x", "fee_ppm": 10,
        "fee_base_msat": 0,
    } | fields  # fmt: skip


def visit(work, stand, *, attempts=1, timeout_seconds=5.0):
    async def trip(url):
        source = HttpSource("lnbits", url, attempts=attempts, timeout_seconds=timeout_seconds)
        async with HttpClient(source, explain=explain) as client:
            return await work(LnbitsConnection(client, LnbitsKeys(*map(Secret, KEYS))))

    with LoopbackServer(stand.answer, tls=False) as server:
        try:
            return asyncio.run(trip(server.url)), server
        except BaseException as error:
            error.asked = server.asked
            raise


async def balance(connection):
    return await LnbitsWallet(connection).balance()


async def pay(connection):
    payer = LnbitsPayer(connection, WritePermit(dry_run=False))
    return await payer.pay(INVOICE, most_msat=Msat(10**6), most_fee_msat=Msat(10**4))


async def set_fees(connection):
    writer = LnbitsNodeWriter(connection, WritePermit(dry_run=False))
    return await writer.set_fees(
        SCID, base_fee_msat=Msat(1), fee_ppm=Ppm(99), known_cltv_delta=None
    )


PAGE = Reply(200, b"<!doctype html><title>hello</title>", {"content-type": "text/html"})
HALF = Reply(200, b'{"name": "w", "bal', {"content-type": "application/json"})
SETUP = Reply(307, b"", {"location": "/first_install"})


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (PAGE, BackendAnswerInvalid, "no whole JSON"),
        (HALF, BackendAnswerInvalid, "no whole JSON"),
        (Reply(200, b""), BackendAnswerInvalid, "no whole JSON"),
        (json_reply({"name": "w"}), BackendAnswerInvalid, "balance"),
        (json_reply({"name": "w", "balance": "5"}), BackendAnswerInvalid, "balance"),
        (json_reply({"name": "w", "balance": 1.5}), BackendAnswerInvalid, "balance"),
        (json_reply({"name": "w", "balance": 2**60}), BackendAnswerInvalid, "balance"),
        (json_reply([]), BackendAnswerInvalid, "another shape"),
        (SETUP, BackendUnavailable, "not set up yet"),
        (Reply(302, b"", {"location": "https://elsewhere"}), BackendAnswerInvalid, "redirects"),
        (json_reply({"detail": "Wallet not found."}, 404), BackendRefused, "opens no wallet"),
        (json_reply({"detail": "Not Found"}, 404), BackendAnswerInvalid, "does not know the path"),
        (json_reply({"detail": "whatever"}, 401), BackendRefused, "not accepted"),
        (Reply(404, b"<html>not here</html>"), BackendAnswerInvalid, "does not know the path"),
        (json_reply({"detail": "Unexpected error! ID: x"}, 500), BackendUnavailable, "of its own"),
        (json_reply({"error": "Rate limit exceeded"}, 429), BackendRateLimited, "too many"),
        (Reply(200, b"{}", cut_after=1), BackendUnavailable, "ended too early"),
        (Reply(200, b" " * (17 * 2**20)), BackendAnswerInvalid, "more than"),
    ],
)
def test_answers_that_are_none(reply, kind, said):
    with pytest.raises(kind) as told:
        visit(balance, Stand(GET_wallet=reply))
    line = str(told.value)
    assert line.startswith("lnbits at localhost:")
    assert said in line
    assert "\n" not in line
    assert not any(key in line for key in KEYS)


def test_one_that_does_not_answer_in_time():
    slow = Stand(GET_wallet=Reply(200, b"{}", delay_seconds=3))
    with pytest.raises(BackendTimeout, match="no answer in time"):
        visit(balance, slow, timeout_seconds=0.2)


def test_one_that_is_not_there():
    async def trip():
        source = HttpSource("lnbits", "http://127.0.0.1:1", attempts=1)
        async with HttpClient(source, explain=explain) as client:
            return await balance(LnbitsConnection(client, LnbitsKeys(Secret(KEYS[0]))))

    with pytest.raises(BackendUnavailable, match="cannot be reached"):
        asyncio.run(trip())


def test_a_read_is_tried_again_and_a_payment_never():
    broken = json_reply({"detail": "Unexpected error!"}, 500)
    found, _ = visit(
        balance,
        Stand(GET_wallet=[broken, json_reply({"name": "w", "balance": 5})]),
        attempts=3,
    )
    assert found.balance_msat == 5
    outcome, server = visit(pay, Stand(POST_payments=broken), attempts=3)
    assert isinstance(outcome, Paid)  # asked for, it says that it was paid
    assert [one.path for one in server.asked].count("/api/v1/payments") == 1


LOST = [
    Reply(200, b"{}", delay_seconds=1),
    Reply(201, b'{"paym', cut_after=3),
    PAGE,
    json_reply({"detail": "Payment pending", "status": "pending"}, 520),
    json_reply(a_payment(status="pending"), 201),
    json_reply({"detail": "Unexpected error! ID: x"}, 500),
]


@pytest.mark.parametrize("reply", LOST)
@pytest.mark.parametrize(
    ("then", "kind"),
    [
        (json_reply({"paid": True, "details": a_payment()}), Paid),
        (
            json_reply({"paid": False, "status": "failed", "details": a_payment(status="failed")}),
            NotPaid,
        ),
        (json_reply({"paid": False, "details": a_payment(status="pending")}), PaymentOpen),
        (json_reply({"detail": "Payment does not exist."}, 404), PaymentOpen),
        (json_reply({"paid": True, "details": a_payment(amount=21_000, fee=0)}), PaymentOpen),
        (PAGE, PaymentOpen),
        (json_reply({"paid": False, "details": a_payment()}), PaymentOpen),
    ],
)
def test_a_payment_whose_answer_is_lost_is_asked_for_and_not_sent_again(
    monkeypatch, reply, then, kind
):
    monkeypatch.setattr("daznode.adapters.lightning.lnbits.payer.PAYING_SECONDS", 0.2)
    outcome, server = visit(pay, Stand(POST_payments=reply, GET_hash=then))
    assert isinstance(outcome, kind), outcome
    if isinstance(outcome, PaymentOpen):
        assert outcome.payment_hash == HASH
        assert outcome.reason
    sent = [one for one in server.asked if (one.method, one.path) == ("POST", "/api/v1/payments")]
    assert len(sent) == 1


def test_a_refused_payment_is_not_paid_and_strange_words_are_not_repeated():
    secret = f"payment failed for {KEYS[1]}"
    outcome, _ = visit(
        pay, Stand(POST_payments=json_reply({"detail": secret, "status": "failed"}, 520))
    )
    assert outcome == NotPaid("LNbits does not pay it (HTTP 520)")


@pytest.mark.parametrize(
    "decoded",
    [
        DECODED | {"payee": "05" * 33},
        DECODED | {"date": 10**15},
        DECODED | {"payment_hash": "x"},
        {"message": "hello"},
    ],
)
def test_an_invoice_read_wrongly_is_not_paid(decoded):
    with pytest.raises(BackendAnswerInvalid) as told:
        visit(pay, Stand(POST_decode=json_reply(decoded)))
    assert not [one for one in told.value.asked if one.path == "/api/v1/payments"]


def test_an_invoice_without_an_amount_is_not_paid():
    outcome, _ = visit(pay, Stand(POST_decode=json_reply(DECODED | {"amount_msat": None})))
    assert "names no amount" in outcome.reason


@pytest.mark.parametrize(
    "details",
    [
        a_payment(payment_hash="11" * 32),
        a_payment(status="lost"),
        a_payment(fee=2_000),
        a_payment(time="yesterday"),
        a_payment(status="pending"),
    ],
)
def test_a_payment_that_contradicts_itself_is_no_answer(details):
    async def work(connection):
        return await LnbitsWallet(connection).payment(HASH)

    with pytest.raises(BackendAnswerInvalid):
        visit(work, Stand(GET_hash=json_reply({"paid": True, "details": details})))


@pytest.mark.parametrize(
    "channels",
    [
        [a_channel(peer_id="05" * 33)],
        [a_channel(state="half open")],
        [a_channel(balance={"local_msat": -1, "remote_msat": 0, "total_msat": 5})],
        [a_channel(balance={"local_msat": 1, "remote_msat": 0, "total_msat": 0})],
        [a_channel(point={"funding_txid": "ab", "output_index": 0})],
        {"channels": []},
    ],
)
def test_channels_that_cannot_be(channels):
    async def work(connection):
        return await LnbitsNode(connection).channels()

    with pytest.raises(BackendAnswerInvalid):
        visit(work, Stand(GET_channels=json_reply(channels)))


def test_earnings_are_told_only_where_their_unit_is_known():
    async def work(connection):
        return await LnbitsNode(connection).info()

    node, _ = visit(work, Stand())
    assert node.backend == "cln"
    told = json_reply({**INFO, "fees": {"total_msat": 7, "daily_msat": 9, "monthly_msat": 9}})
    node, _ = visit(work, Stand(GET_info=told))
    assert (node.backend, node.earned_day_sat, node.earned_month_sat) == ("cln", None, None)


PRICED = json_reply(a_channel(fee_ppm=99, fee_base_msat=1))


@pytest.mark.parametrize(
    ("put", "channel", "kind"),
    [
        (json_reply(None), [json_reply(a_channel()), PRICED], Applied),
        (json_reply(None), json_reply(a_channel()), Refused),
        (json_reply(None), [json_reply(a_channel()), json_reply(a_channel(fee_ppm=50))], Unknown),
        (json_reply(None), [json_reply(a_channel()), PAGE], Unknown),
        (json_reply({"detail": "no"}, 400), json_reply(a_channel()), Refused),
        (
            json_reply({"detail": "No super user privileges."}, 403),
            json_reply(a_channel()),
            Refused,
        ),
        (json_reply({"detail": "x"}, 500), [json_reply(a_channel()), PRICED], Applied),
        (json_reply({"detail": "x"}, 500), json_reply(a_channel()), Unknown),
        (Reply(200, b"nu", cut_after=1), [json_reply(a_channel()), PRICED], Applied),
    ],
)
def test_a_change_of_fees_is_believed_only_when_read_back(put, channel, kind):
    outcome, server = visit(set_fees, Stand(PUT_channel=put, GET_channel=channel))
    assert isinstance(outcome, kind), outcome
    (sent,) = [one for one in server.asked if one.method == "PUT"]
    assert json.loads(sent.body) == {"fee_ppm": 99, "fee_base_msat": 1}


def test_each_key_goes_only_where_it_is_needed():
    async def work(connection):
        await balance(connection)
        await pay(connection)
        await set_fees(connection)

    _, server = visit(work, Stand(GET_channel=PRICED))
    for one in server.asked:
        text = json.dumps(one.headers) + one.path + json.dumps(one.query)
        is_paying = one.method == "POST" and one.path == "/api/v1/payments"
        assert (KEYS[1] in text) == is_paying, one
        assert (KEYS[2] in text) == one.path.startswith("/node/"), one
        assert not any(key in one.path for key in KEYS)


def test_a_wait_goes_on_where_nothing_is_pushed():
    pending = json_reply({"paid": False, "details": a_payment(status="pending")})
    paid = json_reply({"paid": True, "details": a_payment()})

    async def work(connection):
        watch = PaymentWatch(connection, poll_seconds=0.1)
        return await watch.settled(HASH, timeout_seconds=20)

    found, _ = visit(work, Stand(GET_hash=[pending, pending, paid]))
    assert found.state is PaymentState.SUCCEEDED


def test_no_error_or_repr_shows_a_key():
    keys = LnbitsKeys(*map(Secret, KEYS))
    assert not any(key in repr(keys) for key in KEYS)
    for reply in (PAGE, json_reply({"detail": KEYS[0]}, 401), json_reply({"detail": KEYS[0]}, 500)):
        with pytest.raises(BackendError) as told:
            visit(balance, Stand(GET_wallet=reply))
        assert not any(key in repr(told.value) + str(told.value) for key in KEYS)
