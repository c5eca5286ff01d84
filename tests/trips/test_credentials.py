"""The life of a credential: added, used, rotated by its node or by hand, revoked."""

import asyncio
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from tests.credential_samples import ADMIN, a_macaroon, a_rune, a_token, a_wallet_key
from tests.fakes.clock import FakeClock
from tests.fakes.minter import FakeMinter

from daznode.adapters.vault.keys import KeySource
from daznode.adapters.vault.sqlite import SqliteVault
from daznode.domain.credentials import CredentialKind, CredentialState, Secret
from daznode.domain.errors import (
    BackendError,
    CapabilityMissing,
    CredentialExists,
    CredentialNotFound,
    CredentialRevoked,
    InvalidCredential,
)
from daznode.usecases.credentials import KeepCredentials

ROOT = Path(__file__).parents[2]
RUNE, KEY = CredentialKind.CLN_RUNE, CredentialKind.LNBITS_INVOICE
ME = "cli:alice"
NOTHING = Secret("")


class Desk:
    """A vault, its clock and a node that makes runes."""

    def __init__(self, folder):
        self.clock = FakeClock()
        self.minter = FakeMinter()
        self.vault = SqliteVault(folder, KeySource(folder))
        self.keep = KeepCredentials(self.vault, self.clock, {"cln": self.minter})

    def states(self, name="main"):
        found = asyncio.run(self.vault.listing("t"))
        return [one.credential.state.value for one in found if one.name == name]

    def use(self, name="main"):
        return asyncio.run(self.keep.use("t", name, "scheduler", "report")).reveal()

    def add(self, raw=None, name="main", kind=RUNE):
        return asyncio.run(self.keep.add("t", name, kind, raw or a_rune("method=getinfo"), ME))

    def rotate(self, raw=None, name="main"):
        return asyncio.run(self.keep.rotate("t", name, ME, raw))


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path)
    yield made
    made.vault.close()


def test_added_and_used(desk):
    added = desk.add()
    assert (added.credential.node_ref, added.warnings) == ("3", ())
    assert desk.use() == a_rune("method=getinfo").decode()
    with pytest.raises(CredentialExists):
        desk.add()


def test_what_may_do_too_much_is_stored_with_a_warning(desk):
    added = desk.add(a_macaroon(*ADMIN), kind=CredentialKind.LND_READONLY)
    assert any("may pay" in warning for warning in added.warnings)


def test_the_list_reminds_of_rotation(desk):
    desk.add()
    desk.clock.advance(timedelta(days=29))
    (young,) = asyncio.run(desk.keep.listing("t")).credentials
    assert (young.is_due, young.hint) == (False, "")
    desk.clock.advance(timedelta(days=2))
    (old,) = asyncio.run(desk.keep.listing("t")).credentials
    assert (old.is_due, old.hint) == (True, "31 days old; rotate it")
    desk.rotate()
    (fresh,) = asyncio.run(desk.keep.listing("t")).credentials
    assert (fresh.version, fresh.is_due) == (2, False)


def test_a_token_that_ends_is_due_before_and_refused_after(desk):
    ends = desk.clock.now() + timedelta(days=10)
    token = a_token(api_token_id="x", exp=int(ends.timestamp()))
    desk.add(token, kind=CredentialKind.LNBITS_TOKEN)
    desk.clock.advance(timedelta(days=4))
    assert asyncio.run(desk.keep.listing("t")).credentials[0].is_due
    desk.clock.advance(timedelta(days=7))
    assert "expired on" in asyncio.run(desk.keep.listing("t")).credentials[0].hint
    with pytest.raises(InvalidCredential, match="expired on"):
        desk.add(token, "other", CredentialKind.LNBITS_TOKEN)


def test_a_node_makes_the_new_one_and_ends_the_old(desk):
    first = asyncio.run(desk.minter.mint(RUNE, NOTHING))
    desk.add(first.secret.reveal().encode())
    rotated = desk.rotate()
    assert (rotated.is_minted, rotated.is_old_ended, rotated.hint) == (True, True, "")
    assert desk.minter.taken == {"102": desk.use()}
    assert desk.states() == ["revoked", "active"]


def test_a_new_one_that_the_node_does_not_take_changes_nothing(desk):
    desk.add()
    before = desk.use()
    desk.minter.refuses = {"verify"}
    with pytest.raises(BackendError, match="refuses to verify"):
        desk.rotate()
    assert desk.use() == before
    assert desk.minter.taken == {}
    assert desk.states() == ["active", "revoked"]
    desk.minter.refuses = set()
    assert desk.rotate().credential.version == 3


def test_a_node_that_does_not_end_the_old_one_leaves_a_line_for_a_person(desk):
    desk.add()
    desk.minter.refuses = {"revoke"}
    rotated = desk.rotate()
    assert not rotated.is_old_ended
    assert "lightning-cli blacklistrune 3 3" in rotated.hint
    assert desk.use() in desk.minter.taken.values()


def test_where_no_node_makes_one_it_is_given(desk):
    desk.add(a_wallet_key(), kind=KEY)
    with pytest.raises(CapabilityMissing, match="LNbits makes no fresh ones"):
        desk.rotate()
    with pytest.raises(InvalidCredential, match="in use already"):
        desk.rotate(a_wallet_key())
    other = a_wallet_key(bytes(32))
    rotated = desk.rotate(other)
    assert "reset the wallet's keys" in rotated.hint
    assert desk.use() == other.decode()


@pytest.mark.parametrize("step", ["put", "activate"])
def test_a_rotation_that_was_cut_short_is_cleared_by_the_next(desk, step):
    """Dies after the step: a version waits that was never used, or one that was replaced."""
    desk.add()

    class Dead(Exception):
        pass

    real = getattr(desk.vault, step)

    async def die_after(*arguments, **options):
        await real(*arguments, **options)
        raise Dead

    setattr(desk.vault, step, die_after)
    with pytest.raises(Dead):
        desk.rotate()
    setattr(desk.vault, step, real)
    assert desk.use()
    hints = [one.hint for one in asyncio.run(desk.keep.listing("t")).credentials]
    assert "a rotation was interrupted; rotate again to clear it" in hints
    desk.rotate()
    assert desk.states()[-1] == "active"
    assert set(desk.states()[:-1]) == {"revoked"}
    assert list(desk.minter.taken.values()) == [desk.use()]


def test_revoked_here_and_at_the_node(desk):
    first = asyncio.run(desk.minter.mint(RUNE, NOTHING))
    desk.add(first.secret.reveal().encode())
    versions, hint = asyncio.run(desk.keep.revoke("t", "main", ME))
    assert (versions, hint, desk.minter.taken) == ((1,), "", {})
    with pytest.raises(CredentialRevoked):
        desk.use()
    with pytest.raises(CredentialRevoked, match="already"):
        asyncio.run(desk.keep.revoke("t", "main", ME))
    with pytest.raises(CredentialNotFound):
        asyncio.run(desk.keep.revoke("t", "other", ME))
    assert asyncio.run(desk.keep.listing("t")).credentials == ()
    (kept,) = asyncio.run(desk.keep.listing("t", with_revoked=True)).credentials
    assert kept.credential.state is CredentialState.REVOKED


def test_whoever_reads_while_it_is_rotated_gets_one_that_the_node_takes(desk, tmp_path):
    first = asyncio.run(desk.minter.mint(RUNE, NOTHING))
    desk.add(first.secret.reveal().encode())
    known, found, is_over = {first.secret.reveal()}, [], threading.Event()

    def read():
        other = SqliteVault(tmp_path, KeySource(tmp_path))
        keep = KeepCredentials(other, desk.clock)
        while not is_over.is_set():
            found.append(asyncio.run(keep.use("t", "main", "reader", "test")).reveal())
        other.close()

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for _ in range(8):
        desk.rotate()
        known.add(desk.use())
        asyncio.run(desk.keep.rekey(ME))
    is_over.set()
    for reader in readers:
        reader.join()
    assert found
    assert set(found) <= known
    check = asyncio.run(desk.keep.check())
    assert check.faults == ()
    uses = [one for one in asyncio.run(desk.keep.trail("t", 10_000)) if one.actor == "reader"]
    assert len(uses) == len(found)


READER = """
import asyncio, sys
from pathlib import Path
from daznode.adapters.clock import SystemClock
from daznode.adapters.vault.keys import KeySource
from daznode.adapters.vault.sqlite import SqliteVault
from daznode.usecases.credentials import KeepCredentials

folder = Path(sys.argv[1])
keep = KeepCredentials(SqliteVault(folder, KeySource(folder)), SystemClock())
print("ready", flush=True)
n_read = 0
for line in sys.stdin:
    asyncio.run(keep.use("t", "main", "process", "test"))
    n_read += 1
    print(n_read, flush=True)
"""


def test_another_process_goes_on_reading_through_a_change_of_the_encryption_key(desk, tmp_path):
    desk.add()
    command = [sys.executable, "-c", READER, str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout.readline() == "ready\n"
        keys = set()
        for number in range(1, 6):
            process.stdin.write("read\n")
            process.stdin.flush()
            keys.add(asyncio.run(desk.keep.rekey(ME)).key_id)
            assert process.stdout.readline() == f"{number}\n"
        process.stdin.close()
    assert process.returncode == 0
    assert len(keys) == 5
    assert len((tmp_path / "encryption.key").read_text().splitlines()) == 1


def test_keys_of_the_settings_are_changed_by_naming_the_old_one(tmp_path):
    import base64

    old, new = (Secret(base64.b64encode(bytes([n]) * 32).decode()) for n in (1, 2))
    clock = FakeClock()

    def keep(newest, *extra):
        vault = SqliteVault(tmp_path, KeySource(tmp_path, newest, extra))
        return vault, KeepCredentials(vault, clock)

    vault, first = keep(old)
    asyncio.run(first.add("t", "main", RUNE, a_rune(), ME))
    other_vault, waiting = keep(old, new)  # restarted first: knows both, writes under the old one
    second_vault, second = keep(new, old)
    done = asyncio.run(second.rekey(ME))
    assert done.n_records == 1
    assert asyncio.run(waiting.use("t", "main", ME, "test")).reveal() == a_rune().decode()
    last_vault, last = keep(new)
    # What the waiting process wrote last is signed with the old key: one more change ends that.
    asyncio.run(second.rekey(ME))
    assert asyncio.run(last.use("t", "main", ME, "test")).reveal() == a_rune().decode()
    for one in (vault, other_vault, second_vault, last_vault):
        one.close()
