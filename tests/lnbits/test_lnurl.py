"""LNURL through a real LNbits: what stands behind one, paying to it, signing in with it."""

import hashlib
import json
from dataclasses import replace

import pytest
from coincurve import PublicKey
from tests.standins.server import Asked, LoopbackServer, Reply, json_reply

from daznode.adapters.lightning.lnbits.payer import LnbitsPayer
from daznode.adapters.lightning.lnbits.wallet import LnbitsWallet
from daznode.adapters.lightning.permit import WritePermit
from daznode.domain.errors import BackendRefused, InvalidParameter
from daznode.domain.units import Msat
from daznode.domain.wallet import LnurlLogin, LnurlPay, LnurlWithdraw, NotPaid, Paid

CHARACTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
CHALLENGE = hashlib.sha256(b"who is there").hexdigest()


def lnurl_of(url):
    """An address as an LNURL (LUD-01): bech32 of its bytes (BIP 173), without a limit of length."""
    bits = "".join(f"{byte:08b}" for byte in url.encode())
    bits += "0" * (-len(bits) % 5)
    data = [int(bits[place : place + 5], 2) for place in range(0, len(bits), 5)]
    name = "lnurl"
    expanded = [ord(one) >> 5 for one in name] + [0] + [ord(one) & 31 for one in name]
    checksum = 1
    for value in (*expanded, *data, *[0] * 6):
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for place, part in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            checksum ^= part if top >> place & 1 else 0
    checksum ^= 1
    tail = [checksum >> 5 * (5 - place) & 31 for place in range(6)]
    return f"{name}1" + "".join(CHARACTERS[value] for value in (*data, *tail))


class Shop:
    """A service that asks for money, gives money and lets people in, by LNURL."""

    def __init__(self, make_invoice):
        self.make_invoice = make_invoice
        self.comments = []
        self.let_in = []
        self.is_closed = False

    async def answer(self, asked: Asked) -> Reply:
        here = f"http://127.0.0.1:{self.port}"
        match asked.path:
            case "/pay":
                metadata = json.dumps([["text/plain", "a coffee"]])
                return json_reply(
                    {
                        "tag": "payRequest", "callback": f"{here}/invoice", "metadata": metadata,
                        "minSendable": 1_000, "maxSendable": 100_000, "commentAllowed": 20,
                    }
                )  # fmt: skip
            case "/invoice":
                self.comments.append(asked.query.get("comment", ""))
                return json_reply(
                    {"pr": self.make_invoice(int(asked.query["amount"])), "routes": []}
                )
            case "/withdraw":
                return json_reply(
                    {
                        "tag": "withdrawRequest", "callback": f"{here}/give", "k1": "x",
                        "minWithdrawable": 1_000, "maxWithdrawable": 5_000,
                        "defaultDescription": "a gift",
                    }
                )  # fmt: skip
            case "/login":
                return self.login(asked)
        return json_reply({"status": "ERROR", "reason": "nothing here"})

    def login(self, asked: Asked) -> Reply:
        if self.is_closed:
            return json_reply({"status": "ERROR", "reason": "closed"})
        signature, key = bytes.fromhex(asked.query["sig"]), bytes.fromhex(asked.query["key"])
        if PublicKey(key).verify(signature, bytes.fromhex(asked.query["k1"]), hasher=None):
            self.let_in.append(asked.query["key"])
            return json_reply({"status": "OK"})
        return json_reply({"status": "ERROR", "reason": "wrong signature"})


@pytest.fixture
def payer(server):
    return server.wallet("payer", 1_000)


@pytest.fixture
def shop(server, visit):
    till = server.wallet("till")

    def make_invoice(amount_msat):
        from concurrent.futures import ThreadPoolExecutor

        async def work(connection):
            made = LnbitsPayer(connection, WritePermit(dry_run=False))
            return (await made.create_invoice(Msat(amount_msat), "till")).invoice

        with ThreadPoolExecutor(1) as pool:  # the shop answers from a loop of its own
            return pool.submit(visit, server.url, work, inkey=till["inkey"]).result()

    made = Shop(make_invoice)
    with LoopbackServer(made.answer, tls=False) as loopback:
        made.port = loopback.port
        yield made


def at(shop, path):
    return lnurl_of(f"http://127.0.0.1:{shop.port}{path}")


def scan(visit, server, wallet, lnurl):
    async def work(connection):
        return await LnbitsWallet(connection).scan(lnurl)

    return visit(server.url, work, inkey=wallet["inkey"])


def pay(visit, server, wallet, lnurl, amount_msat, **more):
    async def work(connection):
        payer = LnbitsPayer(connection, WritePermit(dry_run=False))
        return await payer.pay_lnurl(lnurl, Msat(amount_msat), **more)

    return visit(server.url, work, inkey=wallet["inkey"], adminkey=wallet["adminkey"])


def test_what_stands_behind_an_lnurl(visit, server, payer, shop):
    assert scan(visit, server, payer, at(shop, "/pay")) == LnurlPay(
        "127.0.0.1", Msat(1_000), Msat(100_000), "a coffee", 20
    )
    assert scan(visit, server, payer, f"lightning:{at(shop, '/withdraw')}") == LnurlWithdraw(
        "127.0.0.1", Msat(1_000), Msat(5_000), "a gift"
    )
    found = scan(visit, server, payer, at(shop, f"/login?tag=login&k1={CHALLENGE}"))
    assert isinstance(found, LnurlLogin)
    assert (found.host, found.challenge) == ("127.0.0.1", CHALLENGE)


@pytest.mark.parametrize("path", ["/nothing", "/gone/away"])
def test_behind_which_nothing_stands(visit, server, payer, shop, path):
    with pytest.raises(InvalidParameter, match="nothing that LNbits can use"):
        scan(visit, server, payer, at(shop, path))


@pytest.mark.parametrize("text", ["", "hello world", "lnurl1", "x" * 3_000])
def test_what_is_no_lnurl(visit, server, payer, text):
    with pytest.raises(InvalidParameter, match="LNURL"):
        scan(visit, server, payer, text)


def test_paying_to_one(visit, server, payer, shop):
    outcome = pay(visit, server, payer, at(shop, "/pay"), 21_000, comment="thank you")
    assert isinstance(outcome, Paid)
    assert (outcome.payment.amount_msat, outcome.payment.is_outgoing) == (21_000, True)
    assert shop.comments == ["thank you"]


def test_limits_of_the_payee_are_kept(visit, server, payer, shop):
    for amount_msat, more, said in (
        (500, {}, "takes 1000 to 100000 msat"),
        (200_000, {}, "takes 1000 to 100000 msat"),
        (1_000, {"comment": "x" * 21}, "comments of up to 20"),
    ):
        outcome = pay(visit, server, payer, at(shop, "/pay"), amount_msat, **more)
        assert isinstance(outcome, NotPaid)
        assert said in outcome.reason
    assert shop.comments == []


def test_only_what_asks_for_money_is_paid(visit, server, payer, shop):
    with pytest.raises(InvalidParameter, match="does not ask for a payment"):
        pay(visit, server, payer, at(shop, "/withdraw"), 1_000)


def test_signing_in(visit, server, payer, shop):
    async def work(connection):
        lnurl = at(shop, f"/login?tag=login&k1={CHALLENGE}")
        found = await LnbitsWallet(connection).scan(lnurl)
        payer = LnbitsPayer(connection, WritePermit(dry_run=False))
        await payer.login_lnurl(found)
        shop.is_closed = True
        await payer.login_lnurl(found)  # LNbits does not tell that the door stayed closed
        with pytest.raises(BackendRefused, match="failed"):
            await payer.login_lnurl(replace(found, callback="https://127.0.0.1:1/login"))

    visit(server.url, work, inkey=payer["inkey"], adminkey=payer["adminkey"])
    assert len(shop.let_in) == 1
