"""TLS: always verified, against the system's authorities or against one file."""

import ssl
from pathlib import Path

from daznode.domain.errors import ConfigError


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """How servers are verified: chain, dates and name, always.

    Args:
        ca_file: PEM file to trust instead of the system's authorities; None for those. A
            certificate in it is trusted by itself, even if no authority signed it (LND's
            `tls.cert`); profiles that self-made certificates rarely meet are not demanded of it.

    Raises:
        ConfigError: The file cannot be read or holds no certificate.
    """
    if ca_file is None:
        return ssl.create_default_context()
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror if not isinstance(error, ssl.SSLError) else None
        message = f"{ca_file}: {reason or 'holds no certificate'}; expected a PEM file"
        raise ConfigError(message) from error
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context
