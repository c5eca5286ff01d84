"""Upkeep of the vault: a new encryption key, a fresh start without the old one, a trail accepted."""

from contextlib import suppress

from daznode.adapters.store.database import Database
from daznode.adapters.vault import records, trail
from daznode.adapters.vault.keys import KeySource
from daznode.adapters.vault.trail import TAKEN_OUT, Deed, deed_on
from daznode.domain.credentials import Access, CredentialAction, Rekeyed
from daznode.domain.errors import CredentialNotFound, CredentialTampered


def rekey(database: Database, keys: KeySource, access: Access) -> Rekeyed:
    """Put every record, and the end of the trail, under the newest key.

    Where the key is in the file, a fresh one is made first and the old ones are taken out last, so
    that whoever reads meanwhile, or dies in between, always finds the key a record is under.

    Raises:
        CredentialNotFound: Nothing is stored, so that there is nothing to put under a new key.
        CredentialTampered: A record is not as it was stored; nothing has changed.
    """
    with database.writing() as connection:
        if trail.is_empty(connection):
            message = "no credential is stored yet; the first one makes the key"
            raise CredentialNotFound(message)
        at_hand = keys.read()
        trail.prove_end(connection, at_hand)
        opened = [records.opened(one, at_hand) for one in records.every(connection)]
        if not keys.is_given:
            at_hand = keys.add_newest()
        deeds = []
        for credential, secret in opened:
            record = records.sealed(credential, secret, at_hand.newest)
            records.write(connection, record)
            deeds.append(deed_on(CredentialAction.REKEY, credential, record.sha256))
        deeds.append(Deed(CredentialAction.REKEY))
        trail.append(connection, at_hand.newest, access, *deeds)
    if not keys.is_given:
        with database.writing():  # no one writes under the old key while it is taken out
            keys.keep_newest()
    retired = tuple(one for one in at_hand.by_id if one != at_hand.newest.key_id)
    return Rekeyed(at_hand.newest.key_id, len(opened), retired)


def reset(database: Database, keys: KeySource, access: Access) -> int:
    """Destroy every record, whatever key it is under, and go on with a key that is at hand.

    Returns:
        How many records there were.
    """
    with database.writing() as connection:
        at_hand = keys.read_or_make()
        stored = records.every(connection)
        deeds = [Deed(CredentialAction.ACCEPT)]
        for record in stored:
            tenant_id, name, version = record.place
            deeds.append(
                Deed(CredentialAction.REVOKE, tenant_id, name, version, record_sha256=TAKEN_OUT)
            )
        connection.execute("DELETE FROM credentials")
        trail.append(connection, at_hand.newest, access, *deeds)
    return len(stored)


def accept(database: Database, keys: KeySource, access: Access) -> None:
    """Go on from a trail that cannot be proven, with the records as they are now.

    A record whose seal does not hold is not made good by it: it is still to be revoked.

    Raises:
        EncryptionKeyWrong: A record is under another key than those at hand.
    """
    with database.writing() as connection:
        at_hand = keys.read()
        deeds = [Deed(CredentialAction.ACCEPT)]
        for record in records.every(connection):
            with suppress(CredentialTampered):
                records.opened(record, at_hand)
            tenant_id, name, version = record.place
            deeds.append(
                Deed(CredentialAction.ACCEPT, tenant_id, name, version, record_sha256=record.sha256)
            )
        trail.append(connection, at_hand.newest, access, *deeds)
