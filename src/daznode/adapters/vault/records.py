"""Sealed records: every column of a row is bound to the secret in it, and to its place.

A record is sealed with AES-256-GCM under a nonce of its own; the associated data are all its other
columns, byte for byte. So a changed byte is noticed, and so is a record under another name, tenant,
version or state than it was stored with. Whenever a column changes, the record is sealed anew.
"""

import hashlib
import os
import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from daznode.adapters.store.codec import moment_text
from daznode.adapters.vault.keys import DataKey, Keys
from daznode.domain.credentials import Credential, CredentialKind, CredentialState, Secret
from daznode.domain.errors import CredentialTampered, EncryptionKeyWrong

NONCE_BYTES: Final = 12
"""NIST SP 800-38D, section 8.2.2: 96 random bits; safe for 2^32 sealings under one key."""

_FIRST: Final = b"daznode credential 1"
_NAMES: Final = (
    "tenant_id", "name", "version", "kind", "state", "key_id", "stored_at", "node_ref", "expires_at",
)  # fmt: skip
_SELECT: Final = "SELECT {} FROM credentials".format(  # noqa: S608 - names of our own columns
    ", ".join(f"CAST({name} AS BLOB)" for name in (*_NAMES, "nonce", "sealed"))
)
_WRITE: Final = (
    "INSERT OR REPLACE INTO credentials (tenant_id, name, version, kind, state, key_id, stored_at,"
    " node_ref, expires_at, nonce, sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


@dataclass(frozen=True, slots=True)
class Record:
    """One row as it is stored, nothing in it proven.

    Attributes:
        columns: Every column but the seal, as bytes, in the table's order; None for NULL.
        nonce: Of its seal.
        sealed: The secret, sealed, with its tag.
    """

    columns: tuple[bytes | None, ...]
    nonce: bytes
    sealed: bytes

    @property
    def place(self) -> tuple[str, str, int]:
        """Tenant, name and version as they stand there."""
        tenant_id, name, version = (
            (one or b"").decode("utf-8", "replace") for one in self.columns[:3]
        )
        return tenant_id, name, int(version) if version.isascii() and version.isdigit() else -1

    @property
    def spoken(self) -> str:
        """Its name and version for a message."""
        _, name, version = self.place
        return f"credential {name!r}, version {version}"

    @property
    def key_id(self) -> str:
        """Key it says to be under."""
        return (self.columns[5] or b"").decode("ascii", "replace")

    @property
    def sha256(self) -> str:
        """Hash of the whole row, 64 hex characters."""
        whole = _bound(self.columns) + self.nonce + self.sealed
        return hashlib.sha256(whole).hexdigest()


def sealed(credential: Credential, secret: Secret, key: DataKey) -> Record:
    """A record of a credential, sealed under a key that it then names."""
    named = replace(credential, key_id=key.key_id)
    columns = _columns(named)
    nonce = os.urandom(NONCE_BYTES)
    box = AESGCM(key.sealing).encrypt(nonce, secret.reveal().encode(), _bound(columns))
    return Record(columns, nonce, box)


def opened(record: Record, keys: Keys) -> tuple[Credential, Secret]:
    """What a record holds, proven.

    Raises:
        EncryptionKeyWrong: It is under a key that is not at hand.
        CredentialTampered: Its seal does not hold.
    """
    key = keys.by_id.get(record.key_id)
    if key is None:
        message = (
            f"{record.spoken}: stored under encryption key {record.key_id[:16]!r}, and the key at hand "
            f"is {keys.newest.key_id}; set the right ENCRYPTION_KEY, or add it to ENCRYPTION_EXTRA_KEYS"
        )
        raise EncryptionKeyWrong(message)
    try:
        text = AESGCM(key.sealing).decrypt(record.nonce, record.sealed, _bound(record.columns))
    except (InvalidTag, ValueError) as exc:  # ValueError: the nonce has no length of a nonce
        message = (
            f"{record.spoken}: not as it was stored; its bytes, or its place, were changed in the "
            "database: end it at the node, then revoke it here"
        )
        raise CredentialTampered(message) from exc
    return stated(record), Secret(text.decode())


def stated(record: Record) -> Credential:
    """What a record says of itself.

    Raises:
        CredentialTampered: It cannot even be read.
    """
    try:
        texts = [None if one is None else one.decode() for one in record.columns]
        tenant_id, name, version, kind, state, key_id, stored_at, node_ref, expires_at = texts
        return Credential(
            tenant_id=tenant_id or "",
            name=name or "",
            version=int(version or ""),
            kind=CredentialKind(kind or ""),
            state=CredentialState(state or ""),
            key_id=key_id or "",
            stored_at=datetime.fromisoformat(stored_at or ""),
            node_ref=node_ref,
            expires_at=None if expires_at is None else datetime.fromisoformat(expires_at),
        )
    except ValueError as exc:
        message = f"{record.spoken}: not as it was stored; it cannot be read"
        raise CredentialTampered(message) from exc


def write(connection: sqlite3.Connection, record: Record) -> None:
    """Store a record in its place."""
    texts = [None if one is None else one.decode() for one in record.columns]
    connection.execute(_WRITE, (*texts, record.nonce, record.sealed))


def take_out(connection: sqlite3.Connection, tenant_id: str, name: str, version: int) -> None:
    """Remove the record in a place."""
    connection.execute(
        "DELETE FROM credentials WHERE tenant_id = ? AND name = ? AND version = ?",
        (tenant_id, name, version),
    )


def of_name(connection: sqlite3.Connection, tenant_id: str, name: str) -> tuple[Record, ...]:
    """All versions of a name, the oldest first."""
    where = " WHERE tenant_id = ? AND name = ? ORDER BY version"
    return _found(connection.execute(_SELECT + where, (tenant_id, name)))


def of_tenant(connection: sqlite3.Connection, tenant_id: str) -> tuple[Record, ...]:
    """All records of a tenant, by name and version."""
    where = " WHERE tenant_id = ? ORDER BY name, version"
    return _found(connection.execute(_SELECT + where, (tenant_id,)))


def every(connection: sqlite3.Connection) -> tuple[Record, ...]:
    """All records."""
    return _found(connection.execute(f"{_SELECT} ORDER BY tenant_id, name, version"))


def _found(cursor: sqlite3.Cursor) -> tuple[Record, ...]:
    return tuple(Record(tuple(row[:-2]), row[-2] or b"", row[-1] or b"") for row in cursor)


def _columns(credential: Credential) -> tuple[bytes | None, ...]:
    texts = (
        credential.tenant_id,
        credential.name,
        str(credential.version),
        credential.kind.value,
        credential.state.value,
        credential.key_id,
        moment_text(credential.stored_at),
        credential.node_ref,
        None if credential.expires_at is None else moment_text(credential.expires_at),
    )
    return tuple(None if text is None else text.encode() for text in texts)


def _bound(columns: tuple[bytes | None, ...]) -> bytes:
    """Columns as one string of bytes from which each can be told: lengths before contents."""
    return _FIRST + b"".join(
        b"-" if column is None else f"{len(column)}:".encode() + column for column in columns
    )
