"""From an address and keys to a connected LNbits, and to the roles that may be filled with it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from daznode.adapters.http.client import HttpClient, Observer
from daznode.adapters.http.source import HttpSource
from daznode.adapters.lightning.lnbits.connection import (
    BACKEND,
    LnbitsConnection,
    LnbitsKeys,
    explain,
)

_TIMEOUT_SECONDS: Final = 35.0
"""LNbits itself waits 30 s for the node behind it."""

_TOR_TIMEOUT_SECONDS: Final = 60.0


def _ignore(source: str, outcome: str, seconds: float) -> None:
    del source, outcome, seconds


@asynccontextmanager
async def lnbits_connection(
    url: str,
    keys: LnbitsKeys,
    *,
    ca_file: Path | None = None,
    proxy_url: str | None = None,
    observer: Observer = _ignore,
) -> AsyncIterator[LnbitsConnection]:
    """A connection to LNbits within a block.

    Args:
        url: `https://host`, with its path if it has one.
        keys: What opens it.
        ca_file: Its certificate, or its authority's; None for the system's authorities.
        proxy_url: SOCKS proxy for .onion hosts; not used for others.
        observer: Told of each call.

    Raises:
        ConfigError: The certificate file cannot be used.
        InvalidParameter: The address cannot be called.
    """
    is_hidden = ".onion" in url
    source = HttpSource(
        name=BACKEND,
        base_url=url,
        timeout_seconds=_TOR_TIMEOUT_SECONDS if is_hidden else _TIMEOUT_SECONDS,
        ca_file=ca_file,
        proxy_url=proxy_url if is_hidden else None,
    )
    async with HttpClient(source, observer=observer, explain=explain) as client:
        yield LnbitsConnection(client, keys)
