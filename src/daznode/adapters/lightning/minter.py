"""Makes, tries and ends credentials of a connected node for the vault: each call on a connection of its own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, Literal

from daznode.adapters.lightning.cln.connection import ClnConnection
from daznode.adapters.lightning.cln.runes import ClnMint
from daznode.adapters.lightning.connect import NodeAddress, cln_connection, lnd_connection
from daznode.adapters.lightning.lnd.connection import LndConnection
from daznode.adapters.lightning.lnd.macaroons import LndMint
from daznode.adapters.lightning.permit import WritePermit
from daznode.domain.credential_rights import may_set_policies
from daznode.domain.credentials import KINDS, CredentialKind, Secret
from daznode.domain.errors import CapabilityMissing, InvalidParameter
from daznode.ports.lightning import CredentialMint
from daznode.ports.vault import Minted

Backend = Literal["lnd", "cln"]

_PURPOSES: Final = {CredentialKind.LND_READONLY: "reader", CredentialKind.LND_FEES: "fees"}


class NodeMinter:
    """A `ports.vault.CredentialMinter` over one node.

    Args:
        backend: What the node runs.
        address: Where it is.
        minting_secret: Gives the credential that may make others, when one is made or ended.
        permit: Gives the permit to change the node; raises DryRun while `DRY_RUN` is on.
    """

    def __init__(
        self,
        backend: Backend,
        address: NodeAddress,
        minting_secret: Callable[[], Awaitable[Secret]],
        permit: Callable[[], WritePermit],
    ) -> None:
        """Call nothing yet."""
        self._backend = backend
        self._address = address
        self._minting_secret = minting_secret
        self._permit = permit

    async def mint(self, kind: CredentialKind, replaced: Secret) -> Minted:
        """Make a fresh one with the rights of a kind; see the port."""
        purpose = self._purpose(kind, replaced)
        async with self._mint() as mint:
            made = await mint.mint(purpose)
        return Minted(Secret(made.secret), made.credential_id)

    async def verify(self, kind: CredentialKind, secret: Secret) -> None:
        """Ask the node with it who it is; see the port."""
        del kind
        connection = self._connection(secret)
        async with connection.client:
            await connection.known()

    async def revoke(self, kind: CredentialKind, node_ref: str) -> None:
        """End one at the node; see the port."""
        async with self._mint() as mint:
            try:
                await mint.revoke(node_ref)
            except InvalidParameter as error:
                message = f"credential of kind {kind.value}: {error}"
                raise CapabilityMissing(message) from error

    def _purpose(self, kind: CredentialKind, replaced: Secret) -> str:
        if kind is CredentialKind.CLN_RUNE:
            return "fees" if may_set_policies(kind, replaced) else "reader"
        if kind not in _PURPOSES:
            message = (
                f"credential of kind {kind.value}: not made for you, since it {KINDS[kind].grants}; "
                "bake one and give it with --file"
            )
            raise CapabilityMissing(message)
        return _PURPOSES[kind]

    @asynccontextmanager
    async def _mint(self) -> AsyncIterator[CredentialMint]:
        permit = self._permit()
        secret = (await self._minting_secret()).reveal()
        if self._backend == "lnd":
            lnd = lnd_connection(self._address, secret)
            async with lnd.client:
                yield LndMint(lnd, permit)
        else:
            cln = cln_connection(self._address, secret)
            async with cln.client:
                yield ClnMint(cln, permit)

    def _connection(self, secret: Secret) -> LndConnection | ClnConnection:
        if self._backend == "lnd":
            return lnd_connection(self._address, secret.reveal())
        return cln_connection(self._address, secret.reveal())
