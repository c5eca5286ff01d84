"""What is called over HTTP, and under which limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from daznode.domain.errors import InvalidParameter

MEBIBYTE: Final = 2**20

_DEFAULT_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class HttpSource:
    """One program that answers over HTTP.

    Attributes:
        name: Stable name, for messages and metrics: `lnd`, `mempool`.
        base_url: `https://host:port/prefix`; paths of calls are appended to it.
        headers: Sent with every call; may hold secrets, so they are never shown.
        timeout_seconds: For one attempt as a whole, connecting and reading included.
        max_bytes: Largest answer, after decompression.
        attempts: Attempts at a read; 1 switches retries off. Writes are never tried twice.
        ca_file: Certificate (authority) to trust instead of the system's, PEM; a self-signed
            server certificate is its own authority.
        server_name: Name to find in the server's certificate, where it differs from the host.
        proxy_url: `socks5://host:port` or `http://host:port`; needed for .onion hosts.

    Raises:
        InvalidParameter: The address is no http(s) URL, carries a password, or is a .onion host
            without a proxy.
    """

    name: str
    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout_seconds: float = 10.0
    max_bytes: int = 16 * MEBIBYTE
    attempts: int = 3
    ca_file: Path | None = None
    server_name: str | None = None
    proxy_url: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse what cannot be called, before anything is sent anywhere."""
        if (fault := _fault(self.base_url, self.proxy_url)) is not None:
            message = f"{self.name}: {fault}"
            raise InvalidParameter(message)

    @property
    def where(self) -> str:
        """Who is called, for messages: name, host and port, nothing else of the address."""
        parts = urlsplit(self.base_url)
        return f"{self.name} at {parts.hostname}:{parts.port or _DEFAULT_PORTS[parts.scheme]}"


def _fault(base_url: str, proxy_url: str | None) -> str | None:
    expected = "expected https://host:port"
    try:
        parts = urlsplit(base_url)
        port = parts.port
    except ValueError:
        return f"the address is no URL; {expected}"
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or port == 0:
        return f"the address is no http(s) URL; {expected}"
    if "@" in parts.netloc:
        return f"the address carries a user name or password; {expected}"
    if parts.hostname.endswith(".onion") and proxy_url is None:
        return "a .onion address needs a SOCKS proxy, such as socks5://127.0.0.1:9050"
    return None
