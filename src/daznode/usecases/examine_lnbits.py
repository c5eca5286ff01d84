"""Examine an LNbits: whether it is reachable, what the keys at hand may do, and what is missing."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from daznode.domain.capability import Capabilities
from daznode.domain.errors import BackendError, BackendRefused, CapabilityMissing
from daznode.domain.health import Diagnosis, right, warning, wrong
from daznode.domain.managed_node import ManagedChannel, ManagedNode, ManagedState
from daznode.domain.wallet import WalletBalance, WalletRights
from daznode.ports.wallet import ManagedNodeReader, WalletReader


@dataclass(frozen=True, slots=True)
class LnbitsExamined:
    """What was found.

    Attributes:
        is_reachable: Whether it answers.
        version: Its version; None where the token does not open it.
        rights: What the wallet keys open; None if it is not reachable.
        wallet: The wallet; None without a key that opens it.
        node: The node behind it; None where it is not shown.
        capabilities: What LNbits can do as a node backend.
        active_channels: Channels in use; None where they are not shown.
        advice: What is missing or more than needed, one line each.
    """

    is_reachable: bool
    version: str | None
    rights: WalletRights | None
    wallet: WalletBalance | None
    node: ManagedNode | None
    capabilities: Capabilities
    active_channels: int | None
    advice: tuple[str, ...]


class ExamineLnbits:
    """The trip; it reads and changes nothing.

    Args:
        wallet: The wallet.
        node: The node behind it.
        has_token: Whether an access token is at hand.
    """

    def __init__(self, wallet: WalletReader, node: ManagedNodeReader, *, has_token: bool) -> None:
        """Do nothing yet."""
        self._wallet = wallet
        self._node = node
        self._has_token = has_token

    async def run(self) -> LnbitsExamined:
        """Ask for one thing after the other; what fails is advice."""
        capabilities = await self._node.capabilities()
        try:
            await self._wallet.health()
            rights = await self._wallet.rights()
        except BackendError as error:
            return LnbitsExamined(
                is_reachable=False,
                version=None,
                rights=None,
                wallet=None,
                node=None,
                capabilities=capabilities,
                active_channels=None,
                advice=(str(error),),
            )
        advice = list(_advice_on(rights))
        wallet = None
        if rights.may_read or rights.may_pay:
            try:
                wallet = await self._wallet.balance()
            except BackendError as error:
                advice.append(str(error))
        version = await self._version(advice)
        node, channels = await self._behind(advice)
        active = [one for one in channels or () if one.state is ManagedState.ACTIVE]
        return LnbitsExamined(
            is_reachable=True,
            version=version,
            rights=rights,
            wallet=wallet,
            node=node,
            capabilities=capabilities,
            active_channels=None if channels is None else len(active),
            advice=tuple(advice),
        )

    async def _version(self, advice: list[str]) -> str | None:
        if not self._has_token:
            return None
        try:
            return await self._wallet.version()
        except BackendRefused:
            return None  # a token for the node alone, as it should be
        except BackendError as error:
            advice.append(str(error))
            return None

    async def _behind(
        self, advice: list[str]
    ) -> tuple[ManagedNode | None, tuple[ManagedChannel, ...] | None]:
        if not self._has_token:
            advice.append(
                "no access token, so the node behind LNbits is not read: set LNBITS_ACCESS_TOKEN"
            )
            return None, None
        try:
            return await self._node.info(), await self._node.channels()
        except (BackendError, CapabilityMissing) as error:
            advice.append(str(error))
            return None, None


@dataclass(frozen=True, slots=True)
class LnbitsExaminer:
    """LNbits as a part of an installation.

    Attributes:
        examine: The trip.
    """

    examine: Callable[[], Awaitable[LnbitsExamined]]

    @property
    def name(self) -> str:
        """What it looks at."""
        return "lnbits"

    async def diagnose(self) -> tuple[Diagnosis, ...]:
        """Whether it answers, what the keys open, and what is missing.

        Raises:
            DaznodeError: The settings or the vault cannot be used.
        """
        found = await self.examine()
        advice = "; ".join(found.advice)
        if not found.is_reachable:
            mend = "check that LNbits runs, that LNBITS_URL is right and that the keys are of its wallet"
            return (wrong(self.name, advice, mend, BackendError.exit_code),)
        said = f"reachable{f', version {found.version}' if found.version else ''}"
        if found.node is not None:
            said += f"; node {found.node.node_id[:16]}..., {found.active_channels} active channels"
        if found.advice:
            return (warning(self.name, f"{said}; {advice}", "see docs/connect-lnbits.md"),)
        return (right(self.name, said),)


def _advice_on(rights: WalletRights) -> tuple[str, ...]:
    found = []
    if rights.may_read is None and rights.may_pay is None:
        found.append("no wallet key, so no wallet is read: set LNBITS_INVOICE_KEY")
    if rights.may_read is False:
        found.append("LNBITS_INVOICE_KEY opens no wallet")
    if rights.may_pay is False:
        found.append("LNBITS_ADMIN_KEY is no admin key")
    if rights.reader_may_pay:
        found.append(
            "LNBITS_INVOICE_KEY is an admin key and could pay; the invoice key of the wallet is enough"
        )
    if rights.may_pay:
        found.append("LNBITS_ADMIN_KEY pays; nothing but paying needs it")
    return tuple(found)
