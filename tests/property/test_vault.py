"""Whatever is stored comes back, and no bit of it can be turned without being noticed."""

import asyncio
import shutil
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daznode.adapters.vault.keys import Keys, KeySource, derived
from daznode.adapters.vault.records import opened, sealed
from daznode.adapters.vault.sqlite import SqliteVault
from daznode.domain.credentials import (
    Access,
    Credential,
    CredentialKind,
    CredentialState,
    NewCredential,
    Secret,
)
from daznode.domain.errors import CredentialTampered, DaznodeError

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ME = Access("cli:alice", "a test", NOON)
KEY = derived(bytes(range(32)))
KEYS = Keys(KEY, {KEY.key_id: KEY})
TEXTS = st.text(st.characters(codec="utf-8"), max_size=60)
MOMENTS = st.datetimes(timezones=st.just(UTC))
CREDENTIALS = st.builds(
    Credential,
    tenant_id=TEXTS,
    name=TEXTS,
    version=st.integers(1, 2**31),
    kind=st.sampled_from(CredentialKind),
    state=st.sampled_from(CredentialState),
    key_id=st.just(KEY.key_id),
    stored_at=MOMENTS,
    node_ref=st.none() | TEXTS,
    expires_at=st.none() | MOMENTS,
)
TABLES = {
    "credentials": ["tenant_id", "name", "version", "kind", "state", "key_id", "stored_at",
                    "node_ref", "expires_at", "nonce", "sealed"],
    "credential_trail": ["number", "at", "actor", "action", "purpose", "tenant_id", "name",
                         "version", "outcome", "record_sha256", "entry_sha256"],
    "credential_trail_end": ["number", "entry_sha256", "key_id", "signature"],
}  # fmt: skip


@given(CREDENTIALS, TEXTS)
def test_what_is_sealed_comes_back(credential, text):
    assert opened(sealed(credential, Secret(text), KEY), KEYS) == (credential, Secret(text))


@given(CREDENTIALS, CREDENTIALS, TEXTS)
def test_a_seal_holds_in_its_own_place_only(one, other, text):
    first, second = (sealed(each, Secret(text), KEY) for each in (one, other))
    if one == other:
        return
    moved = type(first)(second.columns, first.nonce, first.sealed)
    with pytest.raises(CredentialTampered):
        opened(moved, KEYS)


@given(CREDENTIALS, TEXTS, st.data())
def test_no_bit_of_a_sealed_record_can_be_turned(credential, text, data):
    record = sealed(credential, Secret(text), KEY)
    parts = [*record.columns, record.nonce, record.sealed]
    place = data.draw(st.sampled_from([n for n, part in enumerate(parts) if part]))
    changed = bytearray(parts[place])
    bit = data.draw(st.integers(0, 8 * len(changed) - 1))
    changed[bit // 8] ^= 1 << bit % 8
    parts[place] = bytes(changed)
    with pytest.raises(DaznodeError):
        opened(type(record)(tuple(parts[:-2]), parts[-2], parts[-1]), KEYS)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A vault with some life behind it."""
    folder = tmp_path_factory.mktemp("vault")

    async def live(vault):
        ends = datetime(2027, 5, 1, tzinfo=UTC)
        for name in ("one", "two"):
            new = NewCredential("t", name, CredentialKind.CLN_RUNE, Secret(name * 9), "5", ends)
            await vault.put(new, ME)
        await vault.open("t", "one", ME)
        fresh = NewCredential("t", "one", CredentialKind.CLN_RUNE, Secret("fresh"))
        await vault.put(fresh, ME, is_pending=True)
        await vault.activate("t", "one", 2, ME)
        await vault.revoke("t", "one", 1, ME)

    with_vault(folder, live)
    return folder


def with_vault(folder, work):
    vault = SqliteVault(folder, KeySource(folder))
    try:
        return asyncio.run(work(vault))
    finally:
        vault.close()


def turned(value, bit):
    if isinstance(value, int):
        return value ^ (1 << bit % 31)
    data = bytearray(value if isinstance(value, bytes) else value.encode())
    bit %= 8 * len(data)
    data[bit // 8] ^= 1 << bit % 8
    return bytes(data)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_no_bit_of_any_stored_column_can_be_turned(kept, tmp_path, data):
    shutil.rmtree(tmp_path)
    shutil.copytree(kept, tmp_path)
    table = data.draw(st.sampled_from(sorted(TABLES)))
    column = data.draw(st.sampled_from(TABLES[table]))
    connection = sqlite3.connect(tmp_path / "daznode.sqlite3", isolation_level=None)
    connection.execute("DROP TRIGGER credential_trail_is_not_changed")
    rows = connection.execute(
        f"SELECT rowid, {column} FROM {table} WHERE length({column}) > 0 ORDER BY rowid"
    ).fetchall()
    rowid, value = data.draw(st.sampled_from(rows))
    changed = turned(value, data.draw(st.integers(0, 4_095)))
    is_text = isinstance(value, str)
    target = "CAST(? AS TEXT)" if is_text else "?"
    statement = f"UPDATE {table} SET {column} = {target} WHERE rowid = ?"
    with closing(connection):
        try:
            connection.execute(statement, (changed, rowid))
        except sqlite3.IntegrityError:
            return  # two entries of one number: the database itself refuses

    async def look(vault):
        try:
            faults = (await vault.check()).faults
        except DaznodeError:
            faults = ("refused",)
        for name, secret in (("one", "fresh"), ("two", "two" * 9)):
            with suppress(DaznodeError):
                assert (await vault.open("t", name, ME))[1] == Secret(secret)
        return faults

    assert with_vault(tmp_path, look)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_a_bit_turned_anywhere_in_the_file_never_gives_another_secret(kept, tmp_path, data):
    shutil.rmtree(tmp_path)
    shutil.copytree(kept, tmp_path)
    path = tmp_path / "daznode.sqlite3"
    content = bytearray(path.read_bytes())
    bit = data.draw(st.integers(0, 8 * len(content) - 1))
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)

    async def look(vault):
        for name, secret in (("one", "fresh"), ("two", "two" * 9)):
            with suppress(DaznodeError):
                assert (await vault.open("t", name, ME))[1] == Secret(secret)

    with_vault(tmp_path, look)
