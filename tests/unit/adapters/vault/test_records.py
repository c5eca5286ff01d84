"""Sealed records: what is bound to a secret is bound without ambiguity."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from daznode.adapters.vault.keys import Keys, derived
from daznode.adapters.vault.records import Record, opened, sealed
from daznode.domain.credentials import Credential, CredentialKind, CredentialState, Secret
from daznode.domain.errors import CredentialTampered, EncryptionKeyWrong

KEY, OTHER = derived(bytes(32)), derived(bytes([1]) * 32)
KEYS = Keys(KEY, {KEY.key_id: KEY})
ONE = Credential(
    "ab", "c", 1, CredentialKind.CLN_RUNE, CredentialState.ACTIVE, KEY.key_id,
    datetime(2026, 11, 20, tzinfo=UTC),
)  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [
        replace(ONE, tenant_id="a", name="bc"),
        replace(ONE, tenant_id="abc", name=""),
        replace(ONE, name="c1", version=1),
        replace(ONE, node_ref=""),
    ],
)
def test_columns_that_read_the_same_together_are_told_apart(other):
    record = sealed(ONE, Secret("s"), KEY)
    elsewhere = sealed(other, Secret("s"), KEY)
    with pytest.raises(CredentialTampered):
        opened(Record(elsewhere.columns, record.nonce, record.sealed), KEYS)


def test_another_key_is_named():
    record = sealed(ONE, Secret("s"), OTHER)
    with pytest.raises(EncryptionKeyWrong, match=f"'{OTHER.key_id}'.*{KEY.key_id}"):
        opened(record, KEYS)


def test_a_message_about_a_strange_record_is_one_line():
    columns = (b"t\n", b"n\x1b[2J\n", b"x", b"?", b"?", b"\n\n", b"?", None, None)
    with pytest.raises(EncryptionKeyWrong) as told:
        opened(Record(columns, b"", b""), KEYS)
    assert "\n" not in str(told.value)
    assert "\x1b" not in str(told.value)
