"""Bakes, lists and revokes LND's macaroons: each with a root key of its own, so that it ends alone.

Permissions are given by method. `offchain:read` would read more than is needed, and `offchain:write`
would also pay.
"""

from typing import Final

from msgspec import Struct

from daznode.adapters.http.answer import JsonShape
from daznode.adapters.http.client import Call
from daznode.adapters.lightning.lnd.connection import LndConnection
from daznode.adapters.lightning.permit import WritePermit
from daznode.adapters.lightning.trust import doubting
from daznode.domain.errors import InvalidParameter
from daznode.domain.minted import MintedCredential, NodeCredential

READS: Final = (
    "/lnrpc.Lightning/GetInfo",
    "/lnrpc.Lightning/ListChannels",
    "/lnrpc.Lightning/PendingChannels",
    "/lnrpc.Lightning/ClosedChannels",
    "/lnrpc.Lightning/WalletBalance",
    "/lnrpc.Lightning/ListPeers",
    "/lnrpc.Lightning/GetNodeInfo",
    "/lnrpc.Lightning/GetChanInfo",
    "/lnrpc.Lightning/DescribeGraph",
    "/lnrpc.Lightning/ForwardingHistory",
    "/lnrpc.Lightning/ListPayments",
    "/lnrpc.Lightning/ListInvoices",
    "/lnrpc.Lightning/ExportAllChannelBackups",
    "/lnrpc.Lightning/VerifyChanBackup",
    "/lnrpc.Lightning/SubscribeChannelEvents",
    "/lnrpc.Lightning/SubscribeChannelGraph",
    "/routerrpc.Router/SubscribeHtlcEvents",
    "/routerrpc.Router/QueryMissionControl",
)
"""What this package calls to read, and nothing else."""

METHODS: Final = {
    "reader": READS,
    "fees": (*READS, "/lnrpc.Lightning/UpdateChannelPolicy"),
}

_DEFAULT_KEY: Final = "0"
"""Of the macaroons that LND makes itself; it cannot be revoked."""


class _Baked(Struct):
    macaroon: str


class _Ids(Struct):
    root_key_ids: list[str]


class _Deleted(Struct):
    deleted: bool


_BAKED: Final = JsonShape(_Baked)
_IDS: Final = JsonShape(_Ids)
_DELETED: Final = JsonShape(_Deleted)


class LndMint:
    """A `CredentialMint` of one LND.

    Args:
        connection: To it, with a macaroon that allows `macaroon:generate`, `read` and `write`.
        permit: Given only while DRY_RUN is off: a root key is a change of the node.
    """

    def __init__(self, connection: LndConnection, permit: WritePermit) -> None:
        """Make nothing yet."""
        permit.check()
        self._connection = connection

    async def mint(self, purpose: str) -> MintedCredential:
        """Bake a macaroon for a purpose; see `CredentialMint`."""
        if purpose not in METHODS:
            message = f"purpose {purpose!r}: takes {', '.join(METHODS)}"
            raise InvalidParameter(message)
        await self._connection.known()
        root_key_id = await self._unused_key()
        call = Call(
            path="/v1/macaroon",
            method="POST",
            body={
                "permissions": [{"entity": "uri", "action": one} for one in METHODS[purpose]],
                "root_key_id": root_key_id,
            },
        )
        baked = (await self._connection.client.write(call)).json(_BAKED)
        with doubting(self._connection.where):
            return MintedCredential(root_key_id, purpose, bytes.fromhex(baked.macaroon).hex())

    async def credentials(self) -> tuple[NodeCredential, ...]:
        """Root keys; LND does not say what their macaroons allow."""
        await self._connection.known()
        found = await self._connection.get("/v1/macaroon/ids", _IDS)
        return tuple(NodeCredential(one) for one in sorted(found.root_key_ids, key=_as_number))

    async def revoke(self, credential_id: str) -> None:
        """Delete a root key, and with it every macaroon that it signed; see `CredentialMint`."""
        if not credential_id.isascii() or not credential_id.isdigit():
            message = f"root key {credential_id!r}: takes a whole number"
            raise InvalidParameter(message)
        if credential_id == _DEFAULT_KEY:
            message = "root key 0: signs LND's own macaroons; takes another one"
            raise InvalidParameter(message)
        await self._connection.known()
        call = Call(path=f"/v1/macaroon/{credential_id}", method="DELETE")
        if not (await self._connection.client.write(call)).json(_DELETED).deleted:
            message = f"root key {credential_id}: the node has none of that id"
            raise InvalidParameter(message)

    async def _unused_key(self) -> str:
        found = await self._connection.get("/v1/macaroon/ids", _IDS)
        return str(1 + max((_as_number(one) for one in found.root_key_ids), default=0))


def _as_number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0
