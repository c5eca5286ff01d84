"""Credentials of nodes: secrets that never show themselves, what they may do, and every use of them."""

import base64
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NoReturn

from daznode.domain.errors import InvalidParameter

ENCRYPTION_KEY_BYTES: Final = 32
"""AES-256 (FIPS 197)."""

ROTATION_DAYS: Final = 30
"""Age at which a credential should be replaced by a fresh one."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_LONGEST_NAME: Final = 64
_SECRETIVE: Final = re.compile(r"[A-Za-z0-9_=+]{32,}")
_TENANT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,127}")


class Secret:
    """A text that shows itself only to who asks for it by name.

    It has no `repr`, cannot be pickled or hashed, and no encoder of ours knows it. Two are compared
    in constant time.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Keep the text."""
        self._text = text

    def reveal(self) -> str:
        """The text itself; call it only where it leaves for its node."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(hidden)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> NoReturn:
        message = "a secret is not to be pickled"
        raise TypeError(message)


class CredentialKind(StrEnum):
    """What a credential is, by node and by the rights it should have."""

    LND_ADMIN = "lnd-admin"
    LND_READONLY = "lnd-readonly"
    LND_INVOICE = "lnd-invoice"
    LND_FEES = "lnd-fees"
    CLN_RUNE = "cln-rune"
    LNBITS_ADMIN = "lnbits-admin"
    LNBITS_INVOICE = "lnbits-invoice"
    LNBITS_TOKEN = "lnbits-token"  # noqa: S105 - a kind, not a token


@dataclass(frozen=True, slots=True)
class KindFacts:
    """What holds for every credential of a kind.

    Attributes:
        backend: `lnd`, `cln` or `lnbits`.
        grants: What the node lets its bearer do, in a few words.
        can_spend: Whether its bearer can move money by design.
        end_it: How a person ends it at the node; `{id}` stands for its number there.
    """

    backend: str
    grants: str
    can_spend: bool
    end_it: str


_END_MACAROON: Final = "lncli deletemacaroonid {id}"

KINDS: Final[dict[CredentialKind, KindFacts]] = {
    CredentialKind.LND_READONLY: KindFacts(
        "lnd", "reads the node", can_spend=False, end_it=_END_MACAROON
    ),
    CredentialKind.LND_FEES: KindFacts(
        "lnd", "reads the node and sets channel policies", can_spend=False, end_it=_END_MACAROON
    ),
    CredentialKind.LND_INVOICE: KindFacts(
        "lnd", "makes and reads invoices", can_spend=False, end_it=_END_MACAROON
    ),
    CredentialKind.LND_ADMIN: KindFacts(
        "lnd", "everything, payments and closing channels included", can_spend=True,
        end_it=_END_MACAROON,
    ),
    CredentialKind.CLN_RUNE: KindFacts(
        "cln", "what its restrictions leave", can_spend=False,
        end_it="lightning-cli blacklistrune {id} {id}",
    ),
    CredentialKind.LNBITS_INVOICE: KindFacts(
        "lnbits", "reads one wallet and makes invoices for it", can_spend=False,
        end_it="reset the wallet's keys on its page in LNbits",
    ),
    CredentialKind.LNBITS_ADMIN: KindFacts(
        "lnbits", "spends from one wallet", can_spend=True,
        end_it="reset the wallet's keys on its page in LNbits",
    ),
    CredentialKind.LNBITS_TOKEN: KindFacts(
        "lnbits", "what its access control list allows", can_spend=False,
        end_it="delete the token under Account, Access Control Lists in LNbits",
    ),
}  # fmt: skip


_LND_OWN_KEY: Final = "0"
"""Root key of the macaroons that LND makes itself; it is not among those that can be deleted."""


def way_to_end(kind: CredentialKind, node_ref: str | None) -> str:
    """How a person ends a credential at its node, in one line."""
    if KINDS[kind].backend == "lnd" and node_ref == _LND_OWN_KEY:
        return (
            "it hangs on LND's own root key, which ends only with "
            "`lncli changepassword --new_mac_root_key`"
        )
    return KINDS[kind].end_it.format(id=node_ref or "ID")


class CredentialState(StrEnum):
    """Where a version of a credential is in its life."""

    PENDING = "pending"
    """Stored, not yet tried; another version is in use."""
    ACTIVE = "active"
    RETIRED = "retired"
    """Replaced, perhaps not yet ended at the node."""
    REVOKED = "revoked"
    """Its secret is destroyed here."""


@dataclass(frozen=True, slots=True)
class Credential:
    """One version of a stored credential, without its secret.

    Attributes:
        tenant_id: Whose it is.
        name: What its owner calls it.
        version: 1, 2, ...: each rotation makes the next.
        kind: What it is.
        state: Where it is in its life.
        key_id: Encryption key that it is stored under.
        stored_at: Moment this version was stored, UTC.
        node_ref: Its number at the node (root key id of a macaroon, id of a rune); None if it has none.
        expires_at: When the node stops taking it, UTC; None if never, or not known.
    """

    tenant_id: str
    name: str
    version: int
    kind: CredentialKind
    state: CredentialState
    key_id: str
    stored_at: datetime
    node_ref: str | None = None
    expires_at: datetime | None = None

    def due_at(self) -> datetime:
        """When it should be rotated, UTC: after 30 days, or a week before it expires if sooner."""
        by_age = self.stored_at + timedelta(days=ROTATION_DAYS)
        if self.expires_at is None:
            return by_age
        return min(by_age, self.expires_at - timedelta(days=7))


@dataclass(frozen=True, slots=True)
class NewCredential:
    """What is to be stored.

    Attributes:
        tenant_id: Whose it is.
        name: What its owner calls it.
        kind: What it is.
        secret: The secret, in the spelling its node takes.
        node_ref: Its number at the node, if it has one.
        expires_at: When it expires, UTC, if it does.
    """

    tenant_id: str
    name: str
    kind: CredentialKind
    secret: Secret
    node_ref: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """Who touches a credential, for what, when.

    Attributes:
        actor: `cli:alice`, a user id, `scheduler`.
        purpose: One line: `report`, `fee update`.
        at: Moment, UTC.
    """

    actor: str
    purpose: str
    at: datetime


class CredentialAction(StrEnum):
    """What was done to a credential."""

    ADD = "add"
    USE = "use"
    ACTIVATE = "activate"
    RETIRE = "retire"
    REVOKE = "revoke"
    REKEY = "rekey"
    ACCEPT = "accept"
    """A person accepted that the trail before this entry cannot be proven."""


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One line of the audit trail of credentials.

    Attributes:
        number: 1, 2, ... without gaps.
        at: Moment, UTC.
        actor: Who.
        action: What.
        purpose: For what.
        tenant_id: Whose credential.
        name: Which.
        version: Which version; 0 for what concerns all.
        outcome: `ok`, or the code of the error it ended with.
        record_sha256: Hash of the record as it was left; None where it was not written.
    """

    number: int
    at: datetime
    actor: str
    action: CredentialAction
    purpose: str
    tenant_id: str
    name: str
    version: int
    outcome: str
    record_sha256: str | None


@dataclass(frozen=True, slots=True)
class StoredCredential:
    """A credential as it was found in the store.

    Attributes:
        name: Under which it stands.
        version: Under which it stands.
        credential: What it is; None if its seal does not hold.
        fault: What is wrong with it, one line; None if its seal holds.
    """

    name: str
    version: int
    credential: Credential | None
    fault: str | None


@dataclass(frozen=True, slots=True)
class TrailCheck:
    """Whether the audit trail and the records agree.

    Attributes:
        n_entries: Entries in the trail.
        n_proven: Entries whose chain was followed up to the sealed end.
        faults: What is wrong, one line each; empty if all is well.
    """

    n_entries: int
    n_proven: int
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """What a change of the encryption key did.

    Attributes:
        key_id: Key that all records are under now.
        n_records: Records that were sealed anew.
        retired_key_ids: Keys that are no longer needed.
    """

    key_id: str
    n_records: int
    retired_key_ids: tuple[str, ...]


def looks_secret(text: str) -> bool:
    """Whether a text could be a secret that someone put in the wrong place; then do not repeat it."""
    return _SECRETIVE.search(text) is not None


def check_name(name: str) -> str:
    """The name, if it can name a credential.

    Raises:
        InvalidParameter: It cannot.
    """
    if looks_secret(name) or len(name) > _LONGEST_NAME:
        # Someone may have put the secret where the name belongs: do not repeat it.
        message = (
            f"credential name ({len(name)} characters, not shown): looks like a secret; give a name "
            "of at most 64 characters, and the secret in a file or on standard input"
        )
        raise InvalidParameter(message)
    if _NAME.fullmatch(name) is None:
        message = (
            f"credential name {name!r}: takes 1 to 64 of a-z, 0-9, '.', '_' and '-', "
            "starting with a letter or digit"
        )
        raise InvalidParameter(message)
    return name


def check_tenant(tenant_id: str) -> str:
    """The tenant, if it can be one.

    Raises:
        InvalidParameter: It cannot.
    """
    if _TENANT.fullmatch(tenant_id) is None:
        shown = "(not shown)" if looks_secret(tenant_id) else repr(tenant_id[:80])
        message = f"tenant {shown}: takes 1 to 128 of letters, digits, '.', '_', '@' and '-'"
        raise InvalidParameter(message)
    return tenant_id


def decode_key(text: str) -> bytes:
    """The bytes of an encryption key from base64, of the plain or the URL-safe alphabet.

    Raises:
        ValueError: It is not that.
    """
    data = base64.b64decode(text.strip().replace("-", "+").replace("_", "/"), validate=True)
    if len(data) != ENCRYPTION_KEY_BYTES:
        message = f"{ENCRYPTION_KEY_BYTES} bytes in base64"
        raise ValueError(message)
    return data
