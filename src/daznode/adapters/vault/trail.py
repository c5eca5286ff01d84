"""The audit trail: each entry hashes the one before it, and the end is signed with the vault's key.

Whoever can write to the database but has no key cannot change, drop, insert or cut entries: the
signed end commits to the last hash, and that to all before it. What remains open is putting back an
older copy of the whole database, records and trail together; only a copy kept elsewhere shows that.
"""

import hashlib
import hmac
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from daznode.adapters.store.codec import moment_text
from daznode.adapters.vault.keys import DataKey, Keys
from daznode.domain.credentials import Access, Credential, CredentialAction, TrailEntry
from daznode.domain.errors import AuditTrailBroken, EncryptionKeyWrong

TAKEN_OUT: Final = ""
"""Stands for the hash of a record that was removed."""

_START: Final = bytes(32)
_SELECT: Final = (
    "SELECT number, CAST(at AS BLOB), CAST(actor AS BLOB), CAST(action AS BLOB),"
    " CAST(purpose AS BLOB), CAST(tenant_id AS BLOB), CAST(name AS BLOB), version,"
    " CAST(outcome AS BLOB), CAST(record_sha256 AS BLOB), CAST(entry_sha256 AS BLOB)"
    " FROM credential_trail"
)
_INSERT: Final = (
    "INSERT INTO credential_trail (number, at, actor, action, purpose, tenant_id, name, version,"
    " outcome, record_sha256, entry_sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_SET_END: Final = (
    "INSERT OR REPLACE INTO credential_trail_end (id, number, entry_sha256, key_id, signature)"
    " VALUES (1, ?, ?, ?, ?)"
)


@dataclass(frozen=True, slots=True)
class Deed:
    """What is to be written into the trail.

    Attributes:
        action: What was done.
        tenant_id: Whose credential; empty for all.
        name: Which; empty for all.
        version: Which version; 0 for all.
        outcome: `ok` or the code of an error.
        record_sha256: Hash of the record as it was left; None where it was not written.
    """

    action: CredentialAction
    tenant_id: str = ""
    name: str = ""
    version: int = 0
    outcome: str = "ok"
    record_sha256: str | None = None


def deed_on(
    action: CredentialAction, credential: Credential, record_sha256: str | None = None
) -> Deed:
    """What was done to one version of a credential."""
    return Deed(
        action,
        credential.tenant_id,
        credential.name,
        credential.version,
        record_sha256=record_sha256,
    )


@dataclass(frozen=True, slots=True)
class Followed:
    """A trail walked from its start, or from where it was last accepted, to its end.

    Attributes:
        n_entries: Entries there are.
        n_proven: Entries whose hashes hold.
        left: Hash of each record as the trail says it was left, by tenant, name and version.
        faults: What does not hold.
    """

    n_entries: int
    n_proven: int
    left: dict[tuple[str, str, int], str]
    faults: tuple[str, ...]


def is_empty(connection: sqlite3.Connection) -> bool:
    """Whether nothing was ever stored, so that a first key may be made."""
    for table in ("credentials", "credential_trail", "credential_trail_end"):
        (found,) = connection.execute(f"SELECT EXISTS (SELECT 1 FROM {table})").fetchone()  # noqa: S608
        if found:
            return False
    return True


def last_version(connection: sqlite3.Connection, tenant_id: str, name: str) -> int:
    """The highest version that a name ever had; 0 if it had none."""
    (version,) = connection.execute(
        "SELECT max(version) FROM credential_trail WHERE tenant_id = ? AND name = ?",
        (tenant_id, name),
    ).fetchone()
    return int(version or 0)


def prove_end(connection: sqlite3.Connection, keys: Keys) -> None:
    """Make sure that the last entry is the one that was signed.

    Raises:
        EncryptionKeyWrong: It was signed with a key that is not at hand.
        AuditTrailBroken: It is not; entries were cut, added or changed.
    """
    if fault := _end_fault(connection, keys):
        raise AuditTrailBroken(fault)


def append(connection: sqlite3.Connection, key: DataKey, access: Access, *deeds: Deed) -> None:
    """Add entries and sign the new end; inside a transaction whose end was proven before."""
    (number, before) = _last(connection)
    for deed in deeds:
        number += 1
        fields: tuple[object, ...] = (
            number,
            moment_text(access.at),
            access.actor,
            deed.action.value,
            access.purpose,
            deed.tenant_id,
            deed.name,
            deed.version,
            deed.outcome,
            deed.record_sha256,
        )
        before = _entry_hash(before, fields)
        connection.execute(_INSERT, (*fields, before))
    sign_end(connection, key)


def sign_end(connection: sqlite3.Connection, key: DataKey) -> None:
    """Sign the last entry with a key."""
    number, entry_sha256 = _last(connection)
    signature = _signature(key, number, entry_sha256)
    connection.execute(_SET_END, (number, entry_sha256, key.key_id, signature))


def entries(connection: sqlite3.Connection, tenant_id: str, limit: int) -> tuple[TrailEntry, ...]:
    """The last entries about a tenant and about all, the newest first."""
    rows = connection.execute(
        f"{_SELECT} WHERE tenant_id IN (?, '') ORDER BY number DESC LIMIT ?", (tenant_id, limit)
    ).fetchall()
    return tuple(_entry(row) for row in rows)


def follow(connection: sqlite3.Connection, keys: Keys) -> Followed:
    """Walk the whole trail from where it was last accepted."""
    rows = connection.execute(f"{_SELECT} ORDER BY number").fetchall()
    accepted = CredentialAction.ACCEPT.value.encode()
    starts = [place for place, row in enumerate(rows) if row[3] == accepted and row[7] == 0]
    start = starts[-1] if starts else 0
    before = _START if start == 0 else bytes(rows[start - 1][-1] or b"")
    expected = rows[start][0] if starts else 1
    left: dict[tuple[str, str, int], str] = {}
    faults = []
    n_proven = 0
    for row in rows[start:]:
        before = _entry_hash(before, row[:-1])
        if row[0] != expected or row[-1] != before:
            faults.append(f"audit trail: entry {expected} is missing or not as it was written")
            break
        if row[9] is not None:
            tenant_id, name, version, _, record_sha256 = row[5:10]
            place = (_text(tenant_id), _text(name), version)
            left[place] = _text(record_sha256)
            if left[place] == TAKEN_OUT:
                del left[place]
        expected += 1
        n_proven += 1
    if not faults and (fault := _end_fault(connection, keys)):
        faults.append(fault)
    return Followed(len(rows), n_proven, left, tuple(faults))


def _end_fault(connection: sqlite3.Connection, keys: Keys) -> str | None:
    number, entry_sha256 = _last(connection)
    end = connection.execute(
        "SELECT number, CAST(entry_sha256 AS BLOB), CAST(key_id AS BLOB),"
        " CAST(signature AS BLOB) FROM credential_trail_end"
    ).fetchall()
    if not end and is_empty(connection):
        return None
    cut = f"audit trail: it does not end where it was signed; entries after {number} were cut or changed"
    if len(end) != 1:
        return cut
    signed_number, signed_sha256, key_id, signature = end[0]
    name = bytes(key_id or b"").decode("ascii", "replace")
    key = keys.by_id.get(name)
    if key is None:
        message = (
            f"audit trail of credentials: signed with encryption key {name[:16]!r}, and the key at "
            f"hand is {keys.newest.key_id}; set the right ENCRYPTION_KEY, or add it to "
            "ENCRYPTION_EXTRA_KEYS"
        )
        raise EncryptionKeyWrong(message)
    wanted = _signature(key, number, entry_sha256)
    is_same = (signed_number, signed_sha256) == (number, entry_sha256)
    if not is_same or not hmac.compare_digest(wanted, bytes(signature or b"")):
        return cut
    return None


def _last(connection: sqlite3.Connection) -> tuple[int, bytes]:
    row = connection.execute(
        "SELECT number, CAST(entry_sha256 AS BLOB) FROM credential_trail"
        " ORDER BY number DESC LIMIT 1"
    ).fetchone()
    return (0, _START) if row is None else (int(row[0]), bytes(row[1] or b""))


def _signature(key: DataKey, number: int, entry_sha256: bytes) -> bytes:
    return hmac.digest(key.signing, f"{number}:{key.key_id}:".encode() + entry_sha256, "sha256")


def _entry_hash(before: bytes, fields: tuple[object, ...]) -> bytes:
    whole = hashlib.sha256(before)
    for one in fields:
        content = one if isinstance(one, bytes) else str(one).encode()
        whole.update(b"-" if one is None else f"{len(content)}:".encode() + content)
    return whole.digest()


def _text(column: object) -> str:
    """A column for people; what is no UTF-8 shows as such."""
    return column.decode("utf-8", "replace") if isinstance(column, bytes) else str(column)


def _entry(row: tuple[object, ...]) -> TrailEntry:
    record = row[9]
    number, at, actor, action, purpose, tenant_id, name, version, outcome = map(_text, row[:9])
    try:
        return TrailEntry(
            number=int(number),
            at=datetime.fromisoformat(at),
            actor=actor,
            action=CredentialAction(action),
            purpose=purpose,
            tenant_id=tenant_id,
            name=name,
            version=int(version),
            outcome=outcome,
            record_sha256=None if record is None else _text(record),
        )
    except ValueError as exc:
        message = f"audit trail: entry {number} is not as it was written"
        raise AuditTrailBroken(message) from exc
