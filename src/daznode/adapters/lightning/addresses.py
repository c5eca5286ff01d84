"""Whether an address may be called with a secret: over TLS, on this machine, or through Tor."""

from typing import Final
from urllib.parse import urlsplit

from daznode.domain.errors import InvalidParameter

TOR_TIMEOUT_SECONDS: Final = 60.0
"""A circuit to a hidden service takes tens of seconds to build."""

_OWN_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def is_hidden_service(name: str, url: str, *, shown: str, expected: str) -> bool:
    """Whether an address is a .onion one, once it is sure that nobody on the way sees the secret.

    Args:
        name: What is called, for the message.
        url: Its address.
        shown: What is sent with every call, for the message.
        expected: The form of an address that is taken, for the message.

    Raises:
        InvalidParameter: Plain http to another machine.
    """
    host = urlsplit(url).hostname or ""
    is_hidden = host.endswith(".onion")
    if url.startswith("http://") and not is_hidden and host not in _OWN_HOSTS:
        message = (
            f"{name}: plain http would show the {shown} on the way; expected {expected} "
            "(http on this machine and for .onion alone)"
        )
        raise InvalidParameter(message)
    return is_hidden
