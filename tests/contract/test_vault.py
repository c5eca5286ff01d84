"""What the vault promises: secrets come back, places cannot be swapped, every deed is written down."""

import asyncio
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from daznode.adapters.vault.keys import KeySource
from daznode.adapters.vault.sqlite import SqliteVault
from daznode.domain.credentials import (
    Access,
    CredentialAction,
    CredentialKind,
    CredentialState,
    NewCredential,
    Secret,
)
from daznode.domain.errors import (
    AuditTrailBroken,
    CredentialExists,
    CredentialNotFound,
    CredentialRevoked,
    CredentialTampered,
    EncryptionKeyLost,
    EncryptionKeyWrong,
    InvalidParameter,
    InvariantBroken,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ME = Access("cli:alice", "a test", NOON)
RUNE = CredentialKind.CLN_RUNE


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def vault(folder):
    made = SqliteVault(folder, KeySource(folder))
    yield made
    made.close()


FORGED = (
    "INSERT INTO credential_trail SELECT 4, at, actor, action, purpose, tenant_id, name, version,"
    " outcome, record_sha256, entry_sha256 FROM credential_trail WHERE number = 3"
)


def a_new(name="main", secret="s3cret", tenant="t", kind=RUNE, **more):
    return NewCredential(tenant, name, kind, Secret(secret), **more)


def do(work):
    return asyncio.run(work)


def stored(vault, *news):
    for new in news:
        do(vault.put(new, ME))


def raw(folder, statement, *values):
    """Change the database behind the vault's back."""
    connection = sqlite3.connect(folder / "daznode.sqlite3")
    with connection:
        connection.execute("DROP TRIGGER IF EXISTS credential_trail_is_not_changed")
        connection.execute("DROP TRIGGER IF EXISTS credential_trail_is_not_cut")
        n_changed = connection.execute(statement, values).rowcount
    connection.close()
    return n_changed


def test_a_secret_comes_back_with_all_that_was_said_of_it(vault):
    ends = NOON + timedelta(days=400)
    put = do(vault.put(a_new(node_ref="7", expires_at=ends), ME))
    credential, secret = do(vault.open("t", "main", ME))
    assert secret == Secret("s3cret")
    assert credential == put
    assert (credential.node_ref, credential.expires_at) == ("7", ends)
    assert (credential.version, credential.state) == (1, CredentialState.ACTIVE)
    assert credential.stored_at == NOON


def test_an_empty_vault_has_nothing_and_makes_no_key(vault, folder):
    with pytest.raises(CredentialNotFound):
        do(vault.open("t", "main", ME))
    with pytest.raises(CredentialNotFound):
        do(vault.revoke("t", "main", 1, ME))
    with pytest.raises(CredentialNotFound):
        do(vault.rekey(ME))
    assert do(vault.listing("t")) == ()
    assert do(vault.check()).faults == ()
    assert not (folder / "encryption.key").exists()


def test_names_and_tenants_are_apart(vault):
    stored(vault, a_new(), a_new(tenant="u", secret="theirs"), a_new("other", "third"))
    assert do(vault.open("t", "main", ME))[1] == Secret("s3cret")
    assert do(vault.open("u", "main", ME))[1] == Secret("theirs")
    assert [one.name for one in do(vault.listing("t"))] == ["main", "other"]
    with pytest.raises(CredentialNotFound, match="of tenant 'v'"):
        do(vault.open("v", "main", ME))


def test_a_name_in_use_is_not_replaced_by_accident(vault):
    stored(vault, a_new())
    with pytest.raises(CredentialExists, match="rotate main"):
        do(vault.put(a_new(secret="other"), ME))
    assert do(vault.open("t", "main", ME))[1] == Secret("s3cret")


def test_a_rotation_step_by_step(vault):
    stored(vault, a_new(node_ref="1"))
    pending = do(vault.put(a_new(secret="fresh"), ME, is_pending=True))
    assert (pending.version, pending.state) == (2, CredentialState.PENDING)
    assert do(vault.open("t", "main", ME))[1] == Secret("s3cret")
    with pytest.raises(CredentialExists, match="has begun"):
        do(vault.put(a_new(secret="third"), ME, is_pending=True))
    active, retired = do(vault.activate("t", "main", 2, ME))
    assert (active.state, retired.state) == (CredentialState.ACTIVE, CredentialState.RETIRED)
    assert do(vault.open("t", "main", ME))[1] == Secret("fresh")
    do(vault.revoke("t", "main", 1, ME))
    states = [one.credential.state for one in do(vault.listing("t"))]
    assert states == [CredentialState.REVOKED, CredentialState.ACTIVE]
    assert do(vault.check()).faults == ()


def test_a_rotation_keeps_the_kind_and_needs_something_to_replace(vault):
    stored(vault, a_new("first"))
    with pytest.raises(CredentialNotFound):
        do(vault.put(a_new(), ME, is_pending=True))
    with pytest.raises(InvalidParameter, match="of kind cln-rune, not lnd-fees"):
        do(vault.put(a_new("first", kind=CredentialKind.LND_FEES), ME, is_pending=True))
    with pytest.raises(CredentialNotFound, match="no version 9"):
        do(vault.activate("t", "first", 9, ME))


def test_a_revoked_secret_is_gone_from_the_database(vault, folder):
    stored(vault, a_new())
    do(vault.revoke("t", "main", 1, ME))
    with pytest.raises(CredentialRevoked):
        do(vault.open("t", "main", ME))
    with pytest.raises(CredentialNotFound, match="no version 2"):
        do(vault.revoke("t", "main", 2, ME))
    connection = sqlite3.connect(folder / "daznode.sqlite3")
    ((sealed,),) = connection.execute("SELECT sealed FROM credentials").fetchall()
    connection.close()
    assert len(sealed) == 16  # the tag alone: nothing is sealed in it
    assert do(vault.put(a_new(secret="again"), ME)).version == 2


def test_every_deed_is_written_down_refusals_too(vault):
    stored(vault, a_new())
    do(vault.open("t", "main", Access("scheduler", "daily report", NOON + timedelta(hours=1))))
    do(vault.revoke("t", "main", 1, ME))
    with pytest.raises(CredentialRevoked):
        do(vault.open("t", "main", ME))
    refused, revoked, used, added = do(vault.trail("t", 10))
    assert [one.number for one in (added, used, revoked, refused)] == [1, 2, 3, 4]
    assert (used.actor, used.purpose, used.action) == (
        "scheduler", "daily report", CredentialAction.USE,
    )  # fmt: skip
    assert used.at == NOON + timedelta(hours=1)
    assert (refused.action, refused.outcome) == (CredentialAction.USE, "credential-revoked")
    assert do(vault.trail("u", 10)) == ()
    assert len(do(vault.trail("t", 2))) == 2


def test_records_cannot_be_swapped(vault, folder):
    stored(vault, a_new("one", "first"), a_new("two", "second"), a_new("one", "theirs", tenant="u"))
    connection = sqlite3.connect(folder / "daznode.sqlite3")
    rows = connection.execute("SELECT rowid, nonce, sealed FROM credentials").fetchall()
    connection.close()
    for (here, _, _), (_, nonce, sealed) in zip(rows, rows[1:] + rows[:1], strict=True):
        raw(folder, "UPDATE credentials SET nonce=?, sealed=? WHERE rowid=?", nonce, sealed, here)
    for tenant, name in (("t", "one"), ("t", "two"), ("u", "one")):
        with pytest.raises(CredentialTampered, match="not as it was stored"):
            do(vault.open(tenant, name, ME))
    assert all(one.fault and one.credential is None for one in do(vault.listing("t")))


@pytest.mark.parametrize(
    "change",
    ["name = 'moved'", "tenant_id = 'u'", "kind = 'lnd-admin'", "version = 5", "node_ref = '0'",
     "stored_at = '2027-01-01T00:00:00.000000Z'", "expires_at = ''", "state = 'retired'"],
)  # fmt: skip
def test_no_column_can_be_changed(vault, folder, change):
    stored(vault, a_new())
    assert raw(folder, f"UPDATE credentials SET {change}") == 1
    with pytest.raises(CredentialTampered):
        do(vault.open("t", "main", ME))
    assert do(vault.check()).faults


def test_an_older_version_of_a_record_cannot_be_put_back(vault, folder):
    stored(vault, a_new())
    connection = sqlite3.connect(folder / "daznode.sqlite3")
    before = connection.execute("SELECT * FROM credentials").fetchone()
    connection.close()
    do(vault.revoke("t", "main", 1, ME))
    assert do(vault.check()).faults == ()
    raw(folder, f"REPLACE INTO credentials VALUES ({', '.join('?' * len(before))})", *before)
    assert "not as the audit trail says" in do(vault.check()).faults[0]


def test_a_record_taken_out_is_missed(vault, folder):
    stored(vault, a_new())
    raw(folder, "DELETE FROM credentials")
    with pytest.raises(CredentialTampered, match="removed from the database"):
        do(vault.open("t", "main", ME))
    assert "it is gone" in do(vault.check()).faults[0]


@pytest.mark.parametrize(
    "cut",
    ["DELETE FROM credential_trail WHERE number = 3",
     "DELETE FROM credential_trail WHERE number = 1",
     "DELETE FROM credential_trail WHERE number = 2",
     "DELETE FROM credential_trail",
     "DELETE FROM credential_trail_end",
     "UPDATE credential_trail SET actor = 'cli:mallory' WHERE number = 2",
     "UPDATE credential_trail SET purpose = 'other' WHERE number = 3",
     "UPDATE credential_trail_end SET number = 2",
     FORGED],
)  # fmt: skip
def test_a_trail_that_was_cut_or_changed_is_noticed(vault, folder, cut):
    stored(vault, a_new())
    do(vault.open("t", "main", ME))
    do(vault.open("t", "main", ME))
    raw(folder, cut)
    assert do(vault.check()).faults


def test_a_cut_at_the_end_stops_every_use_until_a_person_accepts_it(vault, folder):
    stored(vault, a_new())
    do(vault.open("t", "main", ME))
    raw(folder, "DELETE FROM credential_trail WHERE number = 2")
    for work in (vault.open("t", "main", ME), vault.put(a_new("b"), ME), vault.rekey(ME)):
        with pytest.raises(AuditTrailBroken):
            do(work)
    check = do(vault.accept(ME))
    assert (check.faults, check.n_entries, check.n_proven) == ((), 3, 2)
    assert do(vault.open("t", "main", ME))[1] == Secret("s3cret")
    assert do(vault.trail("t", 10))[-2].action is CredentialAction.ACCEPT


def test_the_database_itself_refuses_to_change_the_trail(vault, folder):
    stored(vault, a_new())
    connection = sqlite3.connect(folder / "daznode.sqlite3")
    for statement in ("UPDATE credential_trail SET actor = 'x'", "DELETE FROM credential_trail"):
        with pytest.raises(sqlite3.IntegrityError, match="entries of the audit trail"):
            connection.execute(statement)
    connection.close()


def test_a_tampered_record_can_be_revoked_and_its_name_used_again(vault, folder):
    stored(vault, a_new())
    raw(folder, "UPDATE credentials SET sealed = x'00'")
    do(vault.revoke("t", "main", 1, ME))
    assert do(vault.check()).faults == ()
    assert do(vault.put(a_new(secret="fresh"), ME)).version == 2
    assert do(vault.open("t", "main", ME))[1] == Secret("fresh")


def test_the_same_secret_is_never_sealed_to_the_same_bytes(vault, folder):
    stored(vault, *(a_new(f"n{number}", "same") for number in range(20)))
    connection = sqlite3.connect(folder / "daznode.sqlite3")
    rows = connection.execute("SELECT nonce, sealed FROM credentials").fetchall()
    connection.close()
    assert len({nonce for nonce, _ in rows}) == len({sealed for _, sealed in rows}) == 20


def test_a_lost_key_and_a_wrong_key_are_told_apart(vault, folder):
    stored(vault, a_new())
    key_file = folder / "encryption.key"
    kept = key_file.read_bytes()
    key_file.unlink()
    for work in (vault.open("t", "main", ME), vault.put(a_new("b"), ME), vault.check()):
        with pytest.raises(EncryptionKeyLost, match="is lost"):
            do(work)
    assert not key_file.exists()
    key_file.write_bytes(b"A" * 43 + b"=\n")
    key_file.chmod(0o600)
    with pytest.raises(EncryptionKeyWrong, match="set the right ENCRYPTION_KEY"):
        do(vault.open("t", "main", ME))
    (listed,) = do(vault.listing("t"))
    assert "ENCRYPTION_EXTRA_KEYS" in listed.fault
    key_file.write_bytes(kept)
    assert do(vault.open("t", "main", ME))[1] == Secret("s3cret")


def test_a_vault_whose_key_is_lost_can_be_started_again(vault, folder):
    stored(vault, a_new(), a_new(tenant="u"))
    (folder / "encryption.key").unlink()
    assert do(vault.reset(ME)) == 2
    assert do(vault.listing("t")) == ()
    check = do(vault.check())
    assert (check.faults, check.n_entries) == ((), 5)
    stored(vault, a_new(secret="fresh"))
    assert do(vault.open("t", "main", ME))[1] == Secret("fresh")


def test_a_closed_vault_says_so(vault):
    vault.close()
    with pytest.raises(InvariantBroken, match="was closed"):
        do(vault.check())
