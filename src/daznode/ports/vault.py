"""CredentialVault and CredentialMinter: where secrets of nodes are kept, and what makes new ones."""

from dataclasses import dataclass
from typing import Protocol

from daznode.domain.credentials import (
    Access,
    Credential,
    CredentialKind,
    NewCredential,
    Rekeyed,
    Secret,
    StoredCredential,
    TrailCheck,
    TrailEntry,
)


class CredentialVault(Protocol):
    """Secrets under an encryption key, and an audit trail of everything done to them.

    Each call is one transaction with its entry in the trail: neither is there without the other.
    All may raise StoreUnavailable; all but `listing` and `check` raise AuditTrailBroken where the
    trail's end does not prove itself, and EncryptionKeyLost, EncryptionKeyWrong or
    EncryptionKeyUnusable where the key is missing.
    """

    async def put(
        self, new: NewCredential, access: Access, *, is_pending: bool = False
    ) -> Credential:
        """Store a secret as the next version of its name.

        Args:
            new: What to store.
            access: By whom, for what, when.
            is_pending: Beside the one in use, to be tried before it is activated.

        Raises:
            CredentialExists: A version of that name is in use, or waits to be.
            CredentialNotFound: `is_pending`, and no version is in use.
            InvalidParameter: Another kind than the earlier version in use.
        """

    async def open(self, tenant_id: str, name: str, access: Access) -> tuple[Credential, Secret]:
        """The version in use, with its secret, to be used now.

        Raises:
            CredentialNotFound: There is none of that name.
            CredentialRevoked: Every version of it is revoked.
            CredentialTampered: It is not as it was stored, or was removed behind our back.
        """

    async def activate(
        self, tenant_id: str, name: str, version: int, access: Access
    ) -> tuple[Credential, Credential | None]:
        """Put a pending version into use and retire the one that was, in one step.

        Returns:
            The version in use now, and the one retired.

        Raises:
            CredentialNotFound: No such pending version.
            CredentialTampered: One of them is not as it was stored.
        """

    async def revoke(self, tenant_id: str, name: str, version: int, access: Access) -> None:
        """Destroy the secret of a version; a tampered record is taken out whole.

        Raises:
            CredentialNotFound: No such version.
        """

    async def listing(self, tenant_id: str) -> tuple[StoredCredential, ...]:
        """Every version of a tenant, by name and version, each with what is wrong with it.

        Raises:
            EncryptionKeyLost: There is no key to prove them with.
        """

    async def rekey(self, access: Access) -> Rekeyed:
        """Put every record and the end of the trail under the newest key; others may go on reading.

        Raises:
            CredentialTampered: A record is not as it was stored; nothing has changed.
        """

    async def reset(self, access: Access) -> int:
        """Destroy every stored secret, so that a vault whose key is lost can be used again.

        Returns:
            How many records there were.
        """

    async def trail(self, tenant_id: str, limit: int) -> tuple[TrailEntry, ...]:
        """The last entries about a tenant's credentials and about all, the newest first."""

    async def check(self) -> TrailCheck:
        """Follow the whole trail and compare it with every record."""

    async def accept(self, access: Access) -> TrailCheck:
        """Go on from a broken trail: a person has seen that it cannot be proven up to here."""


@dataclass(frozen=True, slots=True)
class Minted:
    """A credential that the node has just made.

    Attributes:
        secret: The secret.
        node_ref: Its number at the node, by which it is ended.
    """

    secret: Secret
    node_ref: str


class CredentialMinter(Protocol):
    """A node that makes and ends credentials with the rights of a kind."""

    async def mint(self, kind: CredentialKind, replaced: Secret) -> Minted:
        """Make a fresh one.

        Args:
            kind: With the rights of this kind.
            replaced: The one in its place now, for what the kind leaves open.

        Raises:
            BackendError: The node cannot be reached or refuses.
            CapabilityMissing: The node makes none of that kind.
            DryRun: `DRY_RUN` is on: a new credential is a change of the node.
        """

    async def verify(self, kind: CredentialKind, secret: Secret) -> None:
        """Use one for something harmless that its kind allows.

        Raises:
            BackendError: The node cannot be reached or does not take it.
        """

    async def revoke(self, kind: CredentialKind, node_ref: str) -> None:
        """End one at the node.

        Raises:
            BackendError: The node cannot be reached or refuses.
            CapabilityMissing: The node has none of that number, or cannot end it.
            DryRun: `DRY_RUN` is on.
        """
