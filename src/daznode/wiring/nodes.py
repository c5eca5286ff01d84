"""The connected node as the settings name it; one at the most."""

from pathlib import Path
from typing import TYPE_CHECKING

from daznode.config import Settings
from daznode.domain.credentials import Secret

if TYPE_CHECKING:
    from daznode.adapters.http.client import Observer
    from daznode.adapters.lightning.connect import NodeAddress, NodeHandle
    from daznode.ports.clock import Clock


def open_node(
    settings: Settings,
    credential: Secret | None,
    clock: "Clock",
    observer: "Observer | None" = None,
) -> "NodeHandle | None":
    """The connected node; None if the settings name none. Nothing is called by that.

    Args:
        settings: What was set.
        credential: As `Secrets.of_node` gives it: the macaroon in hex, or the rune.
        clock: Time.
        observer: Told of each call, for metrics; None to tell nobody.

    Raises:
        ConfigError: A file that the settings name cannot be used.
        InvalidParameter: The address cannot be called.
    """
    from daznode.adapters.http.client import unobserved
    from daznode.adapters.lightning.connect import connect_cln, connect_lnd

    if credential is None:
        return None
    told = observer or unobserved
    if settings.lnd_rest_url:
        address = node_address(settings, settings.lnd_rest_url, settings.lnd_tls_cert_path)
        return connect_lnd(address, credential.reveal(), clock, observer=told)
    address = node_address(settings, settings.cln_rest_url or "", settings.cln_ca_cert_path)
    return connect_cln(address, credential.reveal(), clock, observer=told)


def node_address(settings: Settings, url: str, ca_file: Path | None) -> "NodeAddress":
    """Where the connected node is, and how it is trusted.

    Args:
        settings: What was set.
        url: `https://host:port`.
        ca_file: Its certificate, or its authority's; None for the system's authorities.

    Raises:
        InvalidNodeId: The key that is expected there is none.
    """
    from daznode.adapters.lightning.connect import NodeAddress
    from daznode.adapters.lightning.trust import Expected
    from daznode.domain.ids import parse_node_id

    key = settings.node_pubkey
    return NodeAddress(
        url=url,
        ca_file=ca_file,
        server_name=settings.node_tls_name,
        proxy_url=settings.tor_proxy,
        expected=Expected(None if key is None else parse_node_id(key), settings.node_network),
    )
