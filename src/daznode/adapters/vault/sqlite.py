"""The vault in the embedded database: a `CredentialVault` with one thread of its own."""

from pathlib import Path

from daznode.adapters.store.atomic import PATIENCE_SECONDS
from daznode.adapters.store.database import Database
from daznode.adapters.store.sqlite import FILE_NAME
from daznode.adapters.store.threads import DatabaseThread
from daznode.adapters.vault import upkeep
from daznode.adapters.vault.keys import KeySource
from daznode.adapters.vault.ledger import CredentialLedger
from daznode.domain.credentials import (
    Access,
    Credential,
    NewCredential,
    Rekeyed,
    Secret,
    StoredCredential,
    TrailCheck,
    TrailEntry,
)


class SqliteVault:
    """Sealed credentials in the data folder; any number of processes may use it at once.

    A cancelled task does not stop what has begun: it ends, whole, with its entry in the trail.

    Args:
        data_folder: `DAZNODE_DATA_DIR`.
        keys: Where the encryption keys come from.
        patience_seconds: How long to wait for another writer.
    """

    def __init__(
        self,
        data_folder: Path,
        keys: KeySource,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """Touch nothing yet."""
        self._keys = keys
        self._database = Database(data_folder / FILE_NAME, patience_seconds=patience_seconds)
        self._ledger = CredentialLedger(self._database, keys)
        self._thread = DatabaseThread(self._database, "vault")

    def close(self) -> None:
        """Finish what was begun and close the file; the vault cannot be used again."""
        self._thread.close()

    async def put(
        self, new: NewCredential, access: Access, *, is_pending: bool = False
    ) -> Credential:
        """Store a secret as the next version of its name; see the port."""
        return await self._thread.run(lambda: self._ledger.put(new, access, is_pending=is_pending))

    async def open(self, tenant_id: str, name: str, access: Access) -> tuple[Credential, Secret]:
        """The version in use, with its secret, to be used now; see the port."""
        return await self._thread.run(lambda: self._ledger.open(tenant_id, name, access))

    async def activate(
        self, tenant_id: str, name: str, version: int, access: Access
    ) -> tuple[Credential, Credential | None]:
        """Put a pending version into use and retire the one that was; see the port."""
        return await self._thread.run(
            lambda: self._ledger.activate(tenant_id, name, version, access)
        )

    async def revoke(self, tenant_id: str, name: str, version: int, access: Access) -> None:
        """Destroy the secret of a version; see the port."""
        await self._thread.run(lambda: self._ledger.revoke(tenant_id, name, version, access))

    async def listing(self, tenant_id: str) -> tuple[StoredCredential, ...]:
        """Every version of a tenant, each with what is wrong with it; see the port."""
        return await self._thread.run(lambda: self._ledger.listing(tenant_id))

    async def rekey(self, access: Access) -> Rekeyed:
        """Put every record and the end of the trail under the newest key; see the port."""
        return await self._thread.run(lambda: upkeep.rekey(self._database, self._keys, access))

    async def reset(self, access: Access) -> int:
        """Destroy every stored secret; see the port."""
        return await self._thread.run(lambda: upkeep.reset(self._database, self._keys, access))

    async def trail(self, tenant_id: str, limit: int) -> tuple[TrailEntry, ...]:
        """The last entries about a tenant's credentials and about all; see the port."""
        return await self._thread.run(lambda: self._ledger.trail(tenant_id, limit))

    async def check(self) -> TrailCheck:
        """Follow the whole trail and compare it with every record; see the port."""
        return await self._thread.run(self._ledger.check)

    async def accept(self, access: Access) -> TrailCheck:
        """Go on from a broken trail; see the port."""
        await self._thread.run(lambda: upkeep.accept(self._database, self._keys, access))
        return await self.check()
