"""The connected node as the settings name it; one at the most."""

from pathlib import Path
from typing import TYPE_CHECKING

from daznode.config import Settings
from daznode.domain.errors import ConfigError

if TYPE_CHECKING:
    from daznode.adapters.http.client import Observer
    from daznode.adapters.lightning.connect import NodeAddress, NodeHandle
    from daznode.ports.clock import Clock


def _ignore(source: str, outcome: str, seconds: float) -> None:
    del source, outcome, seconds


def open_node(
    settings: Settings, clock: "Clock", observer: "Observer" = _ignore
) -> "NodeHandle | None":
    """The connected node; None if the settings name none. Nothing is called by that.

    Args:
        settings: What was set.
        clock: Time.
        observer: Told of each call, for metrics.

    Raises:
        ConfigError: Its settings do not fit together, or a file of theirs cannot be used.
    """
    from daznode.adapters.lightning.connect import connect_cln, connect_lnd

    if settings.lnd_rest_url and settings.cln_rest_url:
        message = "LND_REST_URL and CLN_REST_URL: takes one of them; only one node is connected"
        raise ConfigError(message)
    if settings.lnd_rest_url:
        if settings.lnd_macaroon_path is None:
            message = "LND_MACAROON_PATH: not set; takes the macaroon file for LND_REST_URL"
            raise ConfigError(message)
        address = _address(settings, settings.lnd_rest_url, settings.lnd_tls_cert_path)
        return connect_lnd(address, settings.lnd_macaroon_path, clock, observer=observer)
    if settings.cln_rest_url:
        if settings.cln_rune is None:
            message = "CLN_RUNE: not set; takes the rune for CLN_REST_URL"
            raise ConfigError(message)
        address = _address(settings, settings.cln_rest_url, settings.cln_ca_cert_path)
        rune = settings.cln_rune.get_secret_value()
        return connect_cln(address, rune, clock, observer=observer)
    return None


def _address(settings: Settings, url: str, ca_file: Path | None) -> "NodeAddress":
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
