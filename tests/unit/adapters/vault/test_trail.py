"""The audit trail against someone who knows how entries are hashed but has no key."""

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from daznode.adapters.store.database import Database
from daznode.adapters.vault import trail
from daznode.adapters.vault.keys import Keys, derived
from daznode.domain.credentials import Access, CredentialAction
from daznode.domain.errors import AuditTrailBroken, EncryptionKeyWrong

KEY, OTHER = derived(bytes(32)), derived(bytes([1]) * 32)
KEYS = Keys(KEY, {KEY.key_id: KEY})
ME = Access("cli:alice", "a test", datetime(2026, 11, 20, tzinfo=UTC))
FIELDS = "number, at, actor, action, purpose, tenant_id, name, version, outcome, record_sha256"


@pytest.fixture
def connection(tmp_path):
    database = Database(tmp_path / "d.sqlite3")
    database.open()
    database.close()
    made = sqlite3.connect(tmp_path / "d.sqlite3", isolation_level=None)
    for number in range(1, 5):
        deed = trail.Deed(CredentialAction.USE, "t", f"n{number}", 1)
        trail.append(made, KEY, ME, deed)
    made.execute("DROP TRIGGER credential_trail_is_not_changed")
    made.execute("DROP TRIGGER credential_trail_is_not_cut")
    yield made
    made.close()


def rehash(connection, first, last):
    """What a forger does who knows the code: every hash made good again."""
    before = bytes(32)
    for number in range(1, last + 1):
        row = connection.execute(
            f"SELECT {FIELDS} FROM credential_trail WHERE number = ?", (number,)
        ).fetchone()
        before = trail._entry_hash(before, row)
        if number >= first:
            connection.execute(
                "UPDATE credential_trail SET entry_sha256 = ? WHERE number = ?", (before, number)
            )


def test_the_trail_as_it_was_written_is_proven(connection):
    trail.prove_end(connection, KEYS)
    followed = trail.follow(connection, KEYS)
    assert (followed.n_entries, followed.n_proven, followed.faults) == (4, 4, ())


@pytest.mark.parametrize("last", [2, 4])
def test_a_forged_entry_with_its_hash_made_good(connection, last):
    connection.execute("UPDATE credential_trail SET actor = 'cli:mallory' WHERE number = 2")
    rehash(connection, 2, last)
    assert trail.follow(connection, KEYS).faults


def test_a_forged_end_with_hash_and_number_made_good(connection):
    connection.execute("DELETE FROM credential_trail WHERE number = 4")
    (sha256,) = connection.execute(
        "SELECT entry_sha256 FROM credential_trail WHERE number = 3"
    ).fetchone()
    connection.execute("UPDATE credential_trail_end SET number = 3, entry_sha256 = ?", (sha256,))
    with pytest.raises(AuditTrailBroken, match="does not end where it was signed"):
        trail.prove_end(connection, KEYS)


def test_an_end_signed_with_another_key_names_it(connection):
    trail.sign_end(connection, OTHER)
    with pytest.raises(EncryptionKeyWrong, match=OTHER.key_id):
        trail.prove_end(connection, KEYS)
    trail.prove_end(connection, replace(KEYS, by_id={**KEYS.by_id, OTHER.key_id: OTHER}))


def test_an_entry_that_cannot_be_read_is_said_to_be_so(connection):
    connection.execute("UPDATE credential_trail SET action = 'x' WHERE number = 2")
    with pytest.raises(AuditTrailBroken, match="entry 2 is not as it was written"):
        trail.entries(connection, "t", 10)
