"""Secrets as the settings name them, and where they name none, as the vault keeps them."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from daznode.config import Settings
from daznode.domain.accounts import LOCAL_TENANT
from daznode.domain.credentials import CredentialKind, Secret
from daznode.domain.errors import ConfigError

if TYPE_CHECKING:
    from pydantic import SecretStr

    from daznode.adapters.lightning.lnbits.connection import LnbitsKeys
    from daznode.adapters.lightning.permit import WritePermit
    from daznode.adapters.vault.sqlite import SqliteVault
    from daznode.ports.clock import Clock
    from daznode.ports.vault import CredentialMinter
    from daznode.usecases.credentials import KeepCredentials

ACTOR: Final = "daznode"
"""Who uses a stored credential where no person asked for it."""


class Secrets:
    """Where every secret of a node comes from.

    Args:
        settings: What was set.
        data_dir: Where the vault is.
        clock: What time it is.
    """

    def __init__(self, settings: Settings, data_dir: Path, clock: "Clock") -> None:
        """Open nothing yet."""
        self._settings = settings
        self._data_dir = data_dir
        self._clock = clock

    def close(self) -> None:
        """Close the vault, if it was opened."""
        if "vault" in self.__dict__:
            self.vault.close()

    @cached_property
    def vault(self) -> "SqliteVault":
        """Credentials of nodes."""
        from daznode.adapters.vault.keys import KeySource
        from daznode.adapters.vault.sqlite import SqliteVault

        extra = [_secret(one) for one in self._settings.encryption_extra_keys]
        keys = KeySource(self._data_dir, _given(self._settings.encryption_key), extra)
        return SqliteVault(self._data_dir, keys)

    @cached_property
    def keep(self) -> "KeepCredentials":
        """The trips around the vault."""
        from daznode.usecases.credentials import KeepCredentials

        return KeepCredentials(self.vault, self._clock, self._minters())

    async def of_node(self) -> Secret | None:
        """What the connected node is opened with; None if the settings name no node.

        Raises:
            ConfigError: Settings name two nodes, or there is no credential for the one.
        """
        settings = self._settings
        if settings.lnd_rest_url and settings.cln_rest_url:
            message = "LND_REST_URL and CLN_REST_URL: takes one of them; only one node is connected"
            raise ConfigError(message)
        if settings.lnd_rest_url:
            return await self.macaroon()
        return await self.rune() if settings.cln_rest_url else None

    async def macaroon(self) -> Secret:
        """What LND is connected with; while dry, one that only reads is taken first.

        Raises:
            ConfigError: There is none, or its file cannot be read.
        """
        kinds = [CredentialKind.LND_FEES, CredentialKind.LND_READONLY]
        if self._settings.dry_run:
            kinds.reverse()
        found = await self._macaroon(*kinds, purpose="connect LND")
        if found is None:
            message = (
                "LND_MACAROON_PATH: not set, and no macaroon is stored; takes the macaroon file for "
                "LND_REST_URL, or: daznode credentials add NAME --kind lnd-readonly"
            )
            raise ConfigError(message)
        return found

    async def rune(self) -> Secret:
        """What Core Lightning is connected with.

        Raises:
            ConfigError: There is none.
        """
        kind = CredentialKind.CLN_RUNE
        found = _given(self._settings.cln_rune) or await self._stored(kind, "connect CLN")
        if found is None:
            message = (
                "CLN_RUNE: not set, and no rune is stored; takes the rune for CLN_REST_URL, or: "
                "daznode credentials add NAME --kind cln-rune"
            )
            raise ConfigError(message)
        return found

    async def lnbits_keys(self, actor: str, purpose: str) -> "LnbitsKeys":
        """What opens LNbits; what neither the settings nor the vault hold is left out."""
        from daznode.adapters.lightning.lnbits.connection import LnbitsKeys

        settings = self._settings

        async def key(given: "SecretStr | None", kind: CredentialKind) -> Secret | None:
            return _given(given) or await self._stored(kind, purpose, actor)

        return LnbitsKeys(
            invoice_key=await key(settings.lnbits_invoice_key, CredentialKind.LNBITS_INVOICE),
            admin_key=await key(settings.lnbits_admin_key, CredentialKind.LNBITS_ADMIN),
            token=await key(settings.lnbits_access_token, CredentialKind.LNBITS_TOKEN),
        )

    async def _minting_macaroon(self) -> Secret:
        """What bakes macaroons: the stored admin macaroon, else what the settings name."""
        stored = await self._stored(CredentialKind.LND_ADMIN, "mint")
        found = stored or await self._macaroon(purpose="mint")
        if found is None:
            message = (
                "no macaroon that may bake others: store one of kind lnd-admin, or name its file in "
                "LND_MACAROON_PATH"
            )
            raise ConfigError(message)
        return found

    async def _macaroon(self, *kinds: CredentialKind, purpose: str) -> Secret | None:
        """The macaroon of the settings, else the first stored one of some kinds."""
        from daznode.adapters.lightning.lnd.connection import read_macaroon

        if self._settings.lnd_macaroon_path is not None:
            return Secret(read_macaroon(self._settings.lnd_macaroon_path))
        for kind in kinds:
            if (stored := await self._stored(kind, purpose)) is not None:
                return stored
        return None

    async def _stored(
        self, kind: CredentialKind, purpose: str, actor: str = ACTOR
    ) -> Secret | None:
        from daznode.adapters.store.sqlite import FILE_NAME

        if not (self._data_dir / FILE_NAME).exists():
            return None  # asking makes no database
        return await self.keep.use_kind(LOCAL_TENANT, kind, actor, purpose)

    def _minters(self) -> "dict[str, CredentialMinter]":
        """What makes credentials for the vault: the connected node, with one that may."""
        from daznode.adapters.lightning.minter import NodeMinter
        from daznode.wiring.nodes import node_address

        settings = self._settings
        if settings.lnd_rest_url:
            address = node_address(settings, settings.lnd_rest_url, settings.lnd_tls_cert_path)
            return {"lnd": NodeMinter("lnd", address, self._minting_macaroon, self._permit)}
        if settings.cln_rest_url:
            address = node_address(settings, settings.cln_rest_url, settings.cln_ca_cert_path)
            return {"cln": NodeMinter("cln", address, self.rune, self._permit)}
        return {}

    def _permit(self) -> "WritePermit":
        from daznode.adapters.lightning.permit import WritePermit

        return WritePermit(dry_run=self._settings.dry_run)


def credential_at_start(settings: Settings, clock: "Clock") -> Secret | None:
    """What the connected node is opened with, for who cannot wait in an event loop yet.

    Args:
        settings: What was set.
        clock: Time.

    Raises:
        ConfigError: As `Secrets.of_node` does.
        StorageError: The vault cannot be read.
    """

    async def read() -> Secret | None:
        secrets = Secrets(settings, settings.data_dir, clock)
        try:
            return await secrets.of_node()
        finally:
            secrets.close()

    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, read()).result()


def _given(value: "SecretStr | None") -> Secret | None:
    return None if value is None else _secret(value)


def _secret(value: "SecretStr") -> Secret:
    return Secret(value.get_secret_value())
