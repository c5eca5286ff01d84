"""What can be done to sealed records, each deed and its entry in the trail in one transaction."""

import sqlite3
from dataclasses import replace

from daznode.adapters.store.database import Database
from daznode.adapters.vault import records, trail
from daznode.adapters.vault.keys import Keys, KeySource
from daznode.adapters.vault.records import Record
from daznode.adapters.vault.trail import Deed, deed_on
from daznode.domain.credentials import (
    Access,
    Credential,
    CredentialAction,
    CredentialState,
    NewCredential,
    Secret,
    StoredCredential,
    TrailCheck,
    TrailEntry,
)
from daznode.domain.errors import (
    CredentialExists,
    CredentialNotFound,
    CredentialRevoked,
    CredentialTampered,
    DaznodeError,
    EncryptionKeyWrong,
    InvalidParameter,
)

Found = list[tuple[Credential, Secret]]


class CredentialLedger:
    """The tables of the vault; used from one thread. See `ports.vault.CredentialVault`.

    Args:
        database: Where the tables are.
        keys: Keys to seal and open with.
    """

    def __init__(self, database: Database, keys: KeySource) -> None:
        """Touch nothing yet."""
        self.database = database
        self.keys = keys

    def put(self, new: NewCredential, access: Access, *, is_pending: bool) -> Credential:
        """Store a secret as the next version of its name."""
        with self.database.writing() as connection:
            is_first = trail.is_empty(connection)
            keys = self.keys.read_or_make() if is_first else self.keys.read()
            trail.prove_end(connection, keys)
            stored = records.of_name(connection, new.tenant_id, new.name)
            earlier = [records.opened(one, keys) for one in stored]
            _check_room(new, [credential for credential, _ in earlier], is_pending=is_pending)
            credential = Credential(
                tenant_id=new.tenant_id,
                name=new.name,
                version=1 + trail.last_version(connection, new.tenant_id, new.name),
                kind=new.kind,
                state=CredentialState.PENDING if is_pending else CredentialState.ACTIVE,
                key_id=keys.newest.key_id,
                stored_at=access.at,
                node_ref=new.node_ref,
                expires_at=new.expires_at,
            )
            record = records.sealed(credential, new.secret, keys.newest)
            records.write(connection, record)
            deed = deed_on(CredentialAction.ADD, credential, record.sha256)
            trail.append(connection, keys.newest, access, deed)
        return credential

    def open(self, tenant_id: str, name: str, access: Access) -> tuple[Credential, Secret]:
        """The version in use; a refusal is written into the trail too."""
        with self.database.writing() as connection:
            if trail.is_empty(connection):
                raise _not_found(tenant_id, name)
            keys = self.keys.read()
            trail.prove_end(connection, keys)
            outcome = self._in_use(connection, keys, tenant_id, name)
            if isinstance(outcome, DaznodeError):
                deed = Deed(CredentialAction.USE, tenant_id, name, outcome=outcome.code)
            else:
                deed = deed_on(CredentialAction.USE, outcome[0])
            trail.append(connection, keys.newest, access, deed)
        if isinstance(outcome, DaznodeError):
            raise outcome
        return outcome

    def activate(
        self, tenant_id: str, name: str, version: int, access: Access
    ) -> tuple[Credential, Credential | None]:
        """Put a pending version into use and retire the one that was."""
        with self.database.writing() as connection:
            keys = self.keys.read()
            trail.prove_end(connection, keys)
            found = [
                records.opened(one, keys) for one in records.of_name(connection, tenant_id, name)
            ]
            pending = _one(found, CredentialState.PENDING, version)
            if pending is None:
                message = f"credential {name!r}: no version {version} waits to be activated"
                raise CredentialNotFound(message)
            changes = [(pending, CredentialState.ACTIVE, CredentialAction.ACTIVATE)]
            old = _one(found, CredentialState.ACTIVE)
            if old is not None:
                changes.insert(0, (old, CredentialState.RETIRED, CredentialAction.RETIRE))
            left = []
            for (credential, secret), state, action in changes:
                changed = replace(credential, state=state)
                record = records.sealed(changed, secret, keys.newest)
                records.write(connection, record)
                deed = deed_on(action, changed, record.sha256)
                trail.append(connection, keys.newest, access, deed)
                left.append(replace(changed, key_id=keys.newest.key_id))
        return left[-1], left[0] if old is not None else None

    def revoke(self, tenant_id: str, name: str, version: int, access: Access) -> None:
        """Destroy the secret of a version; a record that proves nothing is taken out whole."""
        with self.database.writing() as connection:
            if trail.is_empty(connection):
                raise _not_found(tenant_id, name)
            keys = self.keys.read()
            trail.prove_end(connection, keys)
            stored = records.of_name(connection, tenant_id, name)
            record = next((one for one in stored if one.place[2] == version), None)
            if record is None:
                message = f"credential {name!r}: there is no version {version}"
                raise CredentialNotFound(message)
            try:
                before, _ = records.opened(record, keys)
            except (CredentialTampered, EncryptionKeyWrong):
                records.take_out(connection, tenant_id, name, version)
                sha256 = trail.TAKEN_OUT
            else:
                revoked = replace(before, state=CredentialState.REVOKED)
                tombstone = records.sealed(revoked, Secret(""), keys.newest)
                records.write(connection, tombstone)
                sha256 = tombstone.sha256
            deed = Deed(CredentialAction.REVOKE, tenant_id, name, version, record_sha256=sha256)
            trail.append(connection, keys.newest, access, deed)

    def listing(self, tenant_id: str) -> tuple[StoredCredential, ...]:
        """Every version of a tenant, proven or with its fault."""
        # The lock holds a change of keys off: rows and keys are of one moment.
        with self.database.writing(is_durable=False) as connection:
            stored = records.of_tenant(connection, tenant_id)
            if not stored:
                return ()
            keys = self.keys.read()
        return tuple(_listed(record, keys) for record in stored)

    def trail(self, tenant_id: str, limit: int) -> tuple[TrailEntry, ...]:
        """The last entries, the newest first."""
        with self.database.reading() as connection:
            return trail.entries(connection, tenant_id, limit)

    def check(self) -> TrailCheck:
        """Follow the trail and compare it with every record."""
        with self.database.writing(is_durable=False) as connection:
            if trail.is_empty(connection):
                return TrailCheck(0, 0, ())
            keys = self.keys.read()
            followed = trail.follow(connection, keys)
            stored = records.every(connection)
        faults = list(followed.faults)
        if not faults:
            faults = _disagreements(followed.left, stored)
        faults += [one.fault for record in stored if (one := _listed(record, keys)).fault]
        return TrailCheck(followed.n_entries, followed.n_proven, tuple(dict.fromkeys(faults)))

    @staticmethod
    def _in_use(
        connection: sqlite3.Connection, keys: Keys, tenant_id: str, name: str
    ) -> tuple[Credential, Secret] | DaznodeError:
        """The version in use, or why there is none."""
        stored = records.of_name(connection, tenant_id, name)
        if not stored:
            return _gone(tenant_id, name, trail.follow(connection, keys).left)
        try:
            found = [records.opened(one, keys) for one in stored]
        except CredentialTampered as fault:
            return fault
        active = _one(found, CredentialState.ACTIVE)
        if active is None:
            message = f"credential {name!r}: revoked; `daznode credentials add` stores a new one"
            return CredentialRevoked(message)
        return active


def _listed(record: Record, keys: Keys) -> StoredCredential:
    _, name, version = record.place
    try:
        return StoredCredential(name, version, records.opened(record, keys)[0], None)
    except (CredentialTampered, EncryptionKeyWrong) as fault:
        return StoredCredential(name, version, None, str(fault))


def _check_room(new: NewCredential, earlier: list[Credential], *, is_pending: bool) -> None:
    live = next((one for one in earlier if one.state is CredentialState.ACTIVE), None)
    if any(one.state is CredentialState.PENDING for one in earlier):
        message = f"credential {new.name!r}: a rotation of it has begun already; rotate it again"
        raise CredentialExists(message)
    if not is_pending and live is not None:
        message = (
            f"credential {new.name!r}: one of that name is in use (version {live.version}); "
            f"replace it with `daznode credentials rotate {new.name}`, or take another name"
        )
        raise CredentialExists(message)
    if is_pending and live is None:
        raise _not_found(new.tenant_id, new.name)
    if live is not None and live.kind is not new.kind:
        message = f"credential {new.name!r}: of kind {live.kind.value}, not {new.kind.value}"
        raise InvalidParameter(message)


def _one(
    found: Found, state: CredentialState, version: int | None = None
) -> tuple[Credential, Secret] | None:
    for credential, secret in found:
        if credential.state is state and version in {None, credential.version}:
            return credential, secret
    return None


def _disagreements(left: dict[tuple[str, str, int], str], stored: tuple[Record, ...]) -> list[str]:
    there = {record.place: record for record in stored}
    faults = []
    for place in sorted(left.keys() | there.keys()):
        spoken = f"credential {place[1]!r}, version {place[2]}"
        if place not in there:
            faults.append(f"{spoken}: the audit trail knows it, and it is gone")
        elif place not in left:
            faults.append(f"{spoken}: the audit trail does not know it")
        elif there[place].sha256 != left[place]:
            faults.append(f"{spoken}: not as the audit trail says it was left")
    return faults


def _not_found(tenant_id: str, name: str) -> CredentialNotFound:
    whose = "" if tenant_id == "local" else f" of tenant {tenant_id!r}"
    message = f"credential {name!r}{whose}: none is stored under that name"
    return CredentialNotFound(message)


def _gone(
    tenant_id: str, name: str, left: dict[tuple[str, str, int], str]
) -> CredentialNotFound | CredentialTampered:
    """Whether a credential that is not there never was, or was taken out behind our back."""
    if not any(place[:2] == (tenant_id, name) for place in left):
        return _not_found(tenant_id, name)
    message = (
        f"credential {name!r}: its record was removed from the database, and the audit trail says "
        "that it was stored; end it at the node and add a new one"
    )
    return CredentialTampered(message)
