"""What an LNbits of the settings offers: examined, its node's channels, its wallet's payments."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from daznode.config import Settings
from daznode.domain.errors import ConfigError

if TYPE_CHECKING:
    from daznode.adapters.lightning.lnbits.connect import LnbitsHandle
    from daznode.domain.managed_node import ManagedChannel
    from daznode.domain.wallet import PaymentPage
    from daznode.usecases.examine_lnbits import LnbitsExamined
    from daznode.wiring.secrets import Secrets


class LnbitsServices:
    """Trips to the LNbits at `LNBITS_URL`; all raise ConfigError where that is not set.

    Args:
        settings: What was set.
        secrets: Where its keys come from.
    """

    def __init__(self, settings: Settings, secrets: "Secrets") -> None:
        """Connect to nothing yet."""
        self._settings = settings
        self._secrets = secrets

    async def examine(self, actor: str) -> "LnbitsExamined":
        """Whether it is reachable, what the keys at hand may do, and what is missing."""
        from daznode.usecases.examine_lnbits import ExamineLnbits

        async with self.connected(actor, "examine LNbits") as handle:
            has_token = handle.connection.keys.token is not None
            return await ExamineLnbits(handle.wallet, handle.node, has_token=has_token).run()

    async def channels(self, actor: str) -> "tuple[ManagedChannel, ...]":
        """Open channels of the node behind it, with what it charges."""
        async with self.connected(actor, "list channels") as handle:
            return await handle.node.priced_channels()

    async def payments(self, actor: str, limit: int) -> "PaymentPage":
        """The newest payments of the wallet."""
        async with self.connected(actor, "list payments") as handle:
            return await handle.wallet.payments(limit=limit)

    @asynccontextmanager
    async def connected(self, actor: str, purpose: str) -> AsyncIterator["LnbitsHandle"]:
        """All its roles, within a block.

        Args:
            actor: Who needs it.
            purpose: What for; stored keys that are used for it are written into their audit trail.

        Raises:
            ConfigError: `LNBITS_URL` is not set.
        """
        from daznode.adapters.lightning.lnbits.connect import lnbits_handle

        if self._settings.lnbits_url is None:
            message = "LNBITS_URL: not set; takes http:// or https:// and a server"
            raise ConfigError(message)
        keys = await self._secrets.lnbits_keys(actor, purpose)
        async with lnbits_handle(
            self._settings.lnbits_url, keys, proxy_url=self._settings.tor_proxy
        ) as handle:
            yield handle
