"""A new encryption key, cut short at every step: whatever is left can be read, and the next one ends it."""

import asyncio
from datetime import UTC, datetime

import pytest

from daznode.adapters.vault import records
from daznode.adapters.vault.keys import KeySource
from daznode.adapters.vault.sqlite import SqliteVault
from daznode.domain.credentials import Access, CredentialKind, NewCredential, Secret
from daznode.domain.errors import CredentialTampered, EncryptionKeyUnusable

ME = Access("cli:alice", "a test", datetime(2026, 11, 20, tzinfo=UTC))


class Cut(Exception):
    """Stands for the end of the process."""


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def vault(folder):
    made = SqliteVault(folder, KeySource(folder))
    for name in ("one", "two"):
        asyncio.run(made.put(NewCredential("t", name, CredentialKind.CLN_RUNE, Secret(name)), ME))
    yield made
    made.close()


def secrets(vault):
    return [asyncio.run(vault.open("t", name, ME))[1] for name in ("one", "two")]


def n_keys(folder):
    return len((folder / "encryption.key").read_text().splitlines())


@pytest.mark.parametrize(
    ("owner", "step", "keys_left"),
    [(KeySource, "add_newest", 2), (records, "write", 2), (KeySource, "keep_newest", 2)],
)
def test_cut_short_after_a_step(monkeypatch, vault, folder, owner, step, keys_left):
    real = getattr(owner, step)

    def cut(*arguments):
        if step != "keep_newest":
            real(*arguments)
        raise Cut

    monkeypatch.setattr(owner, step, cut)
    with pytest.raises(Cut):
        asyncio.run(vault.rekey(ME))
    monkeypatch.undo()
    assert n_keys(folder) == keys_left
    assert secrets(vault) == [Secret("one"), Secret("two")]
    assert asyncio.run(vault.check()).faults == ()
    done = asyncio.run(vault.rekey(ME))
    assert (done.n_records, n_keys(folder)) == (2, 1)
    assert secrets(vault) == [Secret("one"), Secret("two")]
    assert {one.credential.key_id for one in asyncio.run(vault.listing("t"))} == {done.key_id}


def test_a_tampered_record_stops_it_before_anything_changes(vault, folder):
    import sqlite3

    connection = sqlite3.connect(folder / "daznode.sqlite3")
    with connection:
        connection.execute("UPDATE credentials SET sealed = x'00' WHERE name = 'two'")
    connection.close()
    before = (folder / "encryption.key").read_bytes()
    with pytest.raises(CredentialTampered):
        asyncio.run(vault.rekey(ME))
    assert (folder / "encryption.key").read_bytes() == before


def test_a_key_file_that_others_can_read_stops_every_use(vault, folder):
    (folder / "encryption.key").chmod(0o644)
    with pytest.raises(EncryptionKeyUnusable, match="chmod 600"):
        secrets(vault)
