"""From settings to a connected node: address, credential, certificate, and who is expected there.

A `NodeHandle` is one connection with all the roles that it can fill.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from daznode.adapters.http.client import HttpClient, Observer, unobserved
from daznode.adapters.http.source import MEBIBYTE, HttpSource
from daznode.adapters.lightning.addresses import TOR_TIMEOUT_SECONDS, is_hidden_service
from daznode.adapters.lightning.cln import connection as cln
from daznode.adapters.lightning.cln.events import ClnEvents
from daznode.adapters.lightning.cln.node import ClnNode
from daznode.adapters.lightning.cln.policies import ClnPolicyWriter
from daznode.adapters.lightning.cln.runes import ClnMint
from daznode.adapters.lightning.lnd.connection import (
    MACAROON_HEADER,
    LndConnection,
    explain,
)
from daznode.adapters.lightning.lnd.events import LndEvents
from daznode.adapters.lightning.lnd.macaroons import LndMint
from daznode.adapters.lightning.lnd.node import LndNode
from daznode.adapters.lightning.lnd.policies import LndPolicyWriter
from daznode.adapters.lightning.permit import WritePermit
from daznode.adapters.lightning.trust import Expected
from daznode.ports.clock import Clock
from daznode.ports.lightning import CredentialMint, NodeEvents, PolicyWriter

_TIMEOUT_SECONDS: Final = 15.0
_MAX_BYTES: Final = 32 * MEBIBYTE


@dataclass(frozen=True, slots=True)
class NodeAddress:
    """Where a node is, and how it is trusted.

    Attributes:
        url: `https://host:port`.
        ca_file: Its certificate, or its authority's; None for the system's authorities.
        server_name: Name in its certificate, where it differs from the host.
        proxy_url: SOCKS proxy for .onion hosts; not used for others.
        expected: Who should be there.
        attempts: Attempts at a read.
    """

    url: str
    ca_file: Path | None = None
    server_name: str | None = None
    proxy_url: str | None = field(default=None, repr=False)
    expected: Expected = field(default_factory=Expected)
    attempts: int = 3


@dataclass(frozen=True, slots=True)
class NodeHandle:
    """One connected node.

    Attributes:
        node: Reads it.
        client: Calls it; for its circuit, and to close it.
        connection: The calls in the backend's terms.
    """

    node: LndNode | ClnNode
    client: HttpClient
    connection: LndConnection | cln.ClnConnection

    def events(self, clock: Clock) -> NodeEvents:
        """What it tells to who listens."""
        if isinstance(self.connection, LndConnection):
            return LndEvents(self.connection, clock)
        return ClnEvents(self.connection, clock)

    def mint(self, permit: WritePermit) -> CredentialMint:
        """What makes and revokes its credentials; there is none without a permit."""
        if isinstance(self.connection, LndConnection):
            return LndMint(self.connection, permit)
        return ClnMint(self.connection, permit)

    def writer(self, permit: WritePermit) -> PolicyWriter:
        """What changes its policies; there is none without a permit, so none while dry."""
        if isinstance(self.connection, LndConnection):
            return LndPolicyWriter(self.connection, permit)
        return ClnPolicyWriter(self.connection, permit)


def connect_lnd(
    address: NodeAddress, macaroon_hex: str, clock: Clock, *, observer: Observer = unobserved
) -> NodeHandle:
    """An LND with a macaroon; raises as `lnd_connection` does."""
    connection = lnd_connection(address, macaroon_hex, observer=observer)
    return NodeHandle(LndNode(connection, clock), connection.client, connection)


def connect_cln(
    address: NodeAddress, rune: str, clock: Clock, *, observer: Observer = unobserved
) -> NodeHandle:
    """A Core Lightning with a rune; raises as `lnd_connection` does."""
    connection = cln_connection(address, rune, observer=observer)
    return NodeHandle(ClnNode(connection, clock), connection.client, connection)


def lnd_connection(
    address: NodeAddress, macaroon_hex: str, *, observer: Observer = unobserved
) -> LndConnection:
    """A connection to LND.

    Args:
        address: Where it is.
        macaroon_hex: Its macaroon, hex.
        observer: Told of each call.

    Raises:
        ConfigError: The certificate file cannot be used.
        InvalidParameter: The address cannot be called.
    """
    source = _source("lnd", address, {MACAROON_HEADER: macaroon_hex})
    return LndConnection(HttpClient(source, observer=observer, explain=explain), address.expected)


def cln_connection(
    address: NodeAddress, rune: str, *, observer: Observer = unobserved
) -> cln.ClnConnection:
    """A connection to Core Lightning with a rune; raises as `lnd_connection` does."""
    source = _source("cln", address, {cln.RUNE_HEADER: rune})
    client = HttpClient(source, observer=observer, explain=cln.explain)
    return cln.ClnConnection(client, address.expected)


def _source(name: str, address: NodeAddress, headers: dict[str, str]) -> HttpSource:
    is_hidden = is_hidden_service(
        name, address.url, shown="credential", expected="https://host:port"
    )
    return HttpSource(
        name=name,
        base_url=address.url,
        headers=headers,
        timeout_seconds=TOR_TIMEOUT_SECONDS if is_hidden else _TIMEOUT_SECONDS,
        max_bytes=_MAX_BYTES,
        attempts=address.attempts,
        ca_file=address.ca_file,
        server_name=address.server_name,
        proxy_url=address.proxy_url if is_hidden else None,
    )
