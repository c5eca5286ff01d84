"""A wallet of a real LNbits: reading, invoices, payments, waiting."""

import asyncio
import threading
import time
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest

from daznode.adapters.lightning.lnbits.payer import LnbitsPayer
from daznode.adapters.lightning.lnbits.wallet import LnbitsWallet
from daznode.adapters.lightning.lnbits.watch import PaymentWatch
from daznode.adapters.lightning.permit import WritePermit
from daznode.domain.errors import BackendRefused, DryRun, InvalidAmount, InvalidParameter, NotFound
from daznode.domain.units import Msat
from daznode.domain.wallet import NotPaid, Paid, PaymentState

FEE, COFFEE, MUCH = Msat(1_000_000), Msat(21_000), Msat(10**9)


@pytest.fixture
def payer(server):
    return server.wallet("payer", 50_000)


@pytest.fixture
def payee(server):
    return server.wallet("payee")


def reading(wallet):
    return {"inkey": wallet["inkey"]}


def invoice(visit, server, wallet, amount_msat=COFFEE, **more):
    async def work(connection):
        made = LnbitsPayer(connection, WritePermit(dry_run=False))
        return await made.create_invoice(amount_msat, "coffee", **more)

    return visit(server.url, work, **reading(wallet))


def pay(visit, server, wallet, text, most_msat=MUCH, most_fee_msat=FEE):
    async def work(connection):
        made = LnbitsPayer(connection, WritePermit(dry_run=False))
        return await made.pay(text, most_msat=most_msat, most_fee_msat=most_fee_msat)

    return visit(server.url, work, inkey=wallet["inkey"], adminkey=wallet["adminkey"])


def read(visit, server, wallet, question):
    async def work(connection):
        return await question(LnbitsWallet(connection))

    return visit(server.url, work, **reading(wallet))


def test_health_needs_no_key(visit, server):
    async def work(connection):
        return await LnbitsWallet(connection).health()

    assert timedelta(0) <= visit(server.url, work) < timedelta(hours=1)


def test_the_version_is_told_to_who_is_logged_in(visit, server):
    async def work(connection):
        return await LnbitsWallet(connection).version()

    assert visit(server.url, work, token=server.token).startswith("1.")
    with pytest.raises(BackendRefused, match="LNBITS_ACCESS_TOKEN"):
        visit(server.url, work)


def test_the_balance(visit, server, payer):
    balance = read(visit, server, payer, lambda wallet: wallet.balance())
    assert (balance.name, balance.balance_msat) == ("payer", 50_000_000)


def test_a_payment_from_invoice_to_history(visit, server, payer, payee):
    made = invoice(visit, server, payee)
    assert made.amount_msat == 21_000
    waiting = read(visit, server, payee, lambda wallet: wallet.payment(made.payment_hash))
    assert (waiting.state, waiting.is_outgoing) == (PaymentState.PENDING, False)
    outcome = pay(visit, server, payer, made.invoice)
    assert isinstance(outcome, Paid)
    assert outcome.payment.is_outgoing
    assert (outcome.payment.amount_msat, outcome.payment.fee_msat) == (21_000, 0)
    received = read(visit, server, payee, lambda wallet: wallet.payment(made.payment_hash))
    assert (received.state, received.memo) == (PaymentState.SUCCEEDED, "coffee")
    assert abs(received.created_at - datetime.now(UTC)) < timedelta(minutes=5)
    assert read(visit, server, payee, lambda wallet: wallet.balance()).balance_msat == 21_000
    assert read(visit, server, payer, lambda wallet: wallet.balance()).balance_msat == 49_979_000
    (today,) = read(visit, server, payee, lambda wallet: wallet.history("day"))
    assert (today.income_msat, today.spending_msat, today.balance_msat) == (21_000, 0, 21_000)


def test_payments_come_in_pages_the_newest_first(visit, server, payee):
    made = [invoice(visit, server, payee, Msat(1_000 * n)) for n in (1, 2, 3)]
    page = read(visit, server, payee, lambda wallet: wallet.payments(limit=2))
    assert page.total == 3
    assert len(page.payments) == 2
    rest = read(visit, server, payee, lambda wallet: wallet.payments(limit=2, offset=2))
    found = [one.payment_hash for one in (*page.payments, *rest.payments)]
    assert sorted(found) == sorted(one.payment_hash for one in made)
    times = [one.created_at for one in page.payments]
    assert times == sorted(times, reverse=True)
    with pytest.raises(InvalidParameter, match="1 to 1,000"):
        read(visit, server, payee, lambda wallet: wallet.payments(limit=1_001))


def test_another_wallets_payment_is_none_of_ours(visit, server, payer, payee):
    made = invoice(visit, server, payee)
    assert read(visit, server, payer, lambda wallet: wallet.payment(made.payment_hash)) is None
    assert read(visit, server, payer, lambda wallet: wallet.payment("00" * 32)) is None
    with pytest.raises(InvalidParameter, match="64 lower-case"):
        read(visit, server, payer, lambda wallet: wallet.payment("../admin"))


def test_decode_and_fee_reserve(visit, server, payee):
    made = invoice(visit, server, payee, Msat(1_000_000_000), expiry_seconds=120)
    said = read(visit, server, payee, lambda wallet: wallet.decode(f"lightning:{made.invoice}"))
    assert (said.payment_hash, said.amount_msat) == (made.payment_hash, 1_000_000_000)
    assert said.description == "coffee"
    assert said.expires_at - said.created_at == timedelta(seconds=120)
    reserve = read(visit, server, payee, lambda wallet: wallet.fee_reserve(made.invoice))
    assert 0 < reserve <= 20_000_000
    for wrong in (made.invoice[:-1] + "q", "lnbc" + "q" * 60):
        with pytest.raises(InvalidParameter, match="LNbits cannot read it"):
            read(visit, server, payee, lambda wallet, text=wrong: wallet.decode(text))
    with pytest.raises(InvalidParameter, match="expected a BOLT 11"):
        read(visit, server, payee, lambda wallet: wallet.decode("hello"))


@pytest.mark.parametrize("amount_msat", [0, -1_000, 1, 21_001, 21_000_000 * 10**11 + 1_000])
def test_amounts_that_cannot_be_asked_for(visit, server, payee, amount_msat):
    with pytest.raises(InvalidAmount, match="whole satoshi"):
        invoice(visit, server, payee, Msat(amount_msat))


def test_what_is_beyond_the_limits_is_not_paid(visit, server, payer, payee):
    made = invoice(visit, server, payee)
    dear = pay(visit, server, payer, made.invoice, most_msat=Msat(20_999))
    assert dear == NotPaid("the invoice asks for 21000 msat, more than the 20999 allowed")
    fees = pay(visit, server, payer, made.invoice, most_fee_msat=Msat(0))
    assert "aside for fees" in fees.reason
    assert read(visit, server, payer, lambda wallet: wallet.balance()).balance_msat == 50_000_000


def test_what_cannot_be_paid_says_why(visit, server, payer, payee):
    made = invoice(visit, server, payee, Msat(60_000_000))
    poor = pay(visit, server, payer, made.invoice)
    assert poor == NotPaid("LNbits: Insufficient balance (HTTP 520)")
    small = invoice(visit, server, payee)
    assert isinstance(pay(visit, server, payer, small.invoice), Paid)
    again = pay(visit, server, payer, small.invoice)
    assert isinstance(again, NotPaid)
    assert read(visit, server, payee, lambda wallet: wallet.balance()).balance_msat == 21_000


def test_the_invoice_key_does_not_pay_and_a_wrong_key_opens_nothing(visit, server, payer, payee):
    made = invoice(visit, server, payee)
    with pytest.raises(BackendRefused, match="LNBITS_ADMIN_KEY"):
        pay(visit, server, {"inkey": payer["inkey"], "adminkey": None}, made.invoice)
    with pytest.raises(BackendRefused, match="the key does not allow it"):
        pay(visit, server, {"inkey": payer["inkey"], "adminkey": payer["inkey"]}, made.invoice)
    with pytest.raises(BackendRefused, match="the key opens no wallet") as told:
        read(visit, server, {"inkey": "f" * 32}, lambda wallet: wallet.balance())
    assert "f" * 32 not in str(told.value)
    with pytest.raises(BackendRefused, match="LNBITS_INVOICE_KEY"):
        read(visit, server, {"inkey": None}, lambda wallet: wallet.balance())


def test_nothing_that_pays_can_be_made_in_a_dry_run(visit, server, payer):
    async def work(connection):
        with pytest.raises(DryRun, match="no permit"):
            LnbitsPayer(connection, object.__new__(WritePermit))
        LnbitsPayer(connection, WritePermit(dry_run=True))

    with pytest.raises(DryRun, match="takes DRY_RUN=false"):
        visit(server.url, work, adminkey=payer["adminkey"])


def wait_for(visit, server, wallet, payment_hash, timeout_seconds, **options):
    async def work(connection):
        began = time.monotonic()
        found = await PaymentWatch(connection, **options).settled(
            payment_hash, timeout_seconds=timeout_seconds
        )
        return found, time.monotonic() - began

    return visit(server.url, work, **reading(wallet))


def test_a_wait_ends_when_the_payment_comes(visit, server, payer, payee):
    made = invoice(visit, server, payee)
    paying = threading.Timer(1.0, pay, (visit, server, payer, made.invoice))
    paying.start()
    found, seconds = wait_for(visit, server, payee, made.payment_hash, 30, poll_seconds=30)
    paying.join()
    assert found.state is PaymentState.SUCCEEDED
    assert 0.9 < seconds < 15


def test_a_forged_message_is_not_believed(visit, server, payee):
    made = invoice(visit, server, payee)
    forged = f"{server.url}/api/v1/ws/{made.payment_hash}?data=%7B%22status%22%3A%22success%22%7D"
    is_over = threading.Event()

    def forge():
        while not is_over.wait(0.1):
            request = urllib.request.Request(forged, method="POST")
            urllib.request.urlopen(request).close()

    forging = threading.Thread(target=forge)
    forging.start()
    found, seconds = wait_for(visit, server, payee, made.payment_hash, 2.0)
    is_over.set()
    forging.join()
    assert found.state is PaymentState.PENDING
    assert seconds >= 1.9


def test_a_wait_for_what_is_not_there(visit, server, payee):
    with pytest.raises(NotFound, match="none of that hash"):
        wait_for(visit, server, payee, "00" * 32, 5)


def test_a_wait_can_be_cancelled(visit, server, payee):
    made = invoice(visit, server, payee)

    async def work(connection):
        watch = asyncio.create_task(
            PaymentWatch(connection).settled(made.payment_hash, timeout_seconds=30)
        )
        await asyncio.sleep(0.7)
        watch.cancel()
        with pytest.raises(asyncio.CancelledError):
            await watch
        return len(asyncio.all_tasks())

    assert visit(server.url, work, **reading(payee)) == 1
