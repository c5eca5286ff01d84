"""From an address and keys to a connected LNbits, and to the roles that may be filled with it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from daznode.adapters.http.client import HttpClient, Observer, unobserved
from daznode.adapters.http.source import HttpSource
from daznode.adapters.lightning.addresses import TOR_TIMEOUT_SECONDS, is_hidden_service
from daznode.adapters.lightning.lnbits.connection import (
    BACKEND,
    LnbitsConnection,
    LnbitsKeys,
    explain,
)
from daznode.adapters.lightning.lnbits.node import LnbitsNode
from daznode.adapters.lightning.lnbits.node_writer import LnbitsNodeWriter
from daznode.adapters.lightning.lnbits.payer import LnbitsPayer
from daznode.adapters.lightning.lnbits.wallet import LnbitsWallet
from daznode.adapters.lightning.lnbits.watch import PaymentWatch
from daznode.adapters.lightning.permit import WritePermit
from daznode.adapters.lightning.trust import Expected
from daznode.ports.wallet import (
    ManagedNodeReader,
    ManagedNodeWriter,
    PaymentWaiter,
    WalletPayer,
    WalletReader,
)

_TIMEOUT_SECONDS: Final = 35.0
"""LNbits itself waits 30 s for the node behind it."""


class LnbitsHandle:
    """One connected LNbits with the roles that it can fill.

    Args:
        connection: To LNbits.
        expected: The node that should be behind it.
    """

    def __init__(self, connection: LnbitsConnection, expected: Expected | None = None) -> None:
        """Call nothing yet."""
        self.connection = connection
        self.wallet: WalletReader = LnbitsWallet(connection)
        self.waiter: PaymentWaiter = PaymentWatch(connection)
        self.node: ManagedNodeReader = LnbitsNode(connection, expected)
        self._expected = expected

    def payer(self, permit: WritePermit) -> WalletPayer:
        """What pays from the wallet; there is none without a permit, so none while dry."""
        return LnbitsPayer(self.connection, permit)

    def node_writer(self, permit: WritePermit) -> ManagedNodeWriter:
        """What changes the node; there is none without a permit, so none while dry."""
        return LnbitsNodeWriter(self.connection, permit, self._expected)


@asynccontextmanager
async def lnbits_handle(
    url: str,
    keys: LnbitsKeys,
    *,
    ca_file: Path | None = None,
    proxy_url: str | None = None,
    expected: Expected | None = None,
    observer: Observer = unobserved,
) -> AsyncIterator[LnbitsHandle]:
    """A connected LNbits within a block.

    Args:
        url: `https://host`, with its path if it has one.
        keys: What opens it.
        ca_file: Its certificate, or its authority's; None for the system's authorities.
        proxy_url: SOCKS proxy for .onion hosts; not used for others.
        expected: The node that should be behind it.
        observer: Told of each call.

    Raises:
        ConfigError: The certificate file cannot be used.
        InvalidParameter: The address cannot be called, or not without showing the keys on the way.
    """
    is_hidden = is_hidden_service(BACKEND, url, shown="keys", expected="https://host")
    source = HttpSource(
        name=BACKEND,
        base_url=url,
        timeout_seconds=TOR_TIMEOUT_SECONDS if is_hidden else _TIMEOUT_SECONDS,
        ca_file=ca_file,
        proxy_url=proxy_url if is_hidden else None,
    )
    async with HttpClient(source, observer=observer, explain=explain) as client:
        yield LnbitsHandle(LnbitsConnection(client, keys), expected)
