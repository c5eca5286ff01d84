"""The connection to one LNbits: which key opens what, and what its refusals mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, TypeVar

from daznode.adapters.http.answer import HttpAnswer, JsonShape
from daznode.adapters.http.client import Call, HttpClient
from daznode.adapters.http.faults import status_error
from daznode.adapters.lightning.lnbits.shapes import FAILURE
from daznode.domain.credentials import Secret
from daznode.domain.errors import (
    BackendAnswerInvalid,
    BackendError,
    BackendRefused,
    BackendUnavailable,
    CapabilityMissing,
)

T = TypeVar("T")

BACKEND: Final = "lnbits"

_INSTALL_PAGE: Final = "/first_install"
_REDIRECT, _UNAVAILABLE, _NOT_IMPLEMENTED = 3, 503, 501
_PAYMENT_ERROR: Final = 520

# What LNbits says, and what it means; its own words never reach a message of ours, since they may
# repeat what was sent.
_SAID: Final[Mapping[str, tuple[type[BackendError], str]]] = {
    "Wallet not found.": (BackendRefused, "the key opens no wallet"),
    "No Api Key provided.": (BackendRefused, "it wants a wallet key"),
    "Invoice (or Admin) key required.": (BackendRefused, "the key does not allow it"),
    "Missing user ID or access token.": (BackendRefused, "it wants an access token"),
    "Invalid access token.": (BackendRefused, "the access token is not accepted"),
    "Session expired.": (BackendRefused, "the access token has expired"),
    "Invalid token id.": (BackendRefused, "the access token was deleted"),
    "Method not allowed.": (BackendRefused, "the access token does not allow it"),
    "No super user privileges.": (BackendRefused, "only the superuser's token allows it"),
}
_NODE_SWITCHED_OFF: Final = "Not enabled"
_TRANSACTIONS_SWITCHED_OFF: Final = "You can enable node transactions in the Admin UI"


@dataclass(frozen=True, slots=True)
class LnbitsKeys:
    """What opens one LNbits; give only what is needed.

    Attributes:
        invoice_key: Reads a wallet and makes invoices for it.
        admin_key: Also pays from it.
        token: Opens the node behind it: `LNBITS_ACCESS_TOKEN`.
    """

    invoice_key: Secret | None = field(default=None, repr=False)
    admin_key: Secret | None = field(default=None, repr=False)
    token: Secret | None = field(default=None, repr=False)

    def reader(self) -> dict[str, str]:
        """The header that reads a wallet: the invoice key, or the admin key where that is all.

        Raises:
            BackendRefused: There is neither.
        """
        key = self.invoice_key or self.admin_key
        if key is None:
            message = "lnbits: no key to read a wallet with; set LNBITS_INVOICE_KEY"
            raise BackendRefused(message)
        return {"X-API-KEY": key.reveal()}

    def payer(self) -> dict[str, str]:
        """The header that pays from a wallet.

        Raises:
            BackendRefused: There is no admin key.
        """
        if self.admin_key is None:
            message = "lnbits: no key to pay with; set LNBITS_ADMIN_KEY"
            raise BackendRefused(message)
        return {"X-API-KEY": self.admin_key.reveal()}

    def bearer(self) -> dict[str, str]:
        """The header that opens the node.

        Raises:
            BackendRefused: There is no token.
        """
        if self.token is None:
            message = "lnbits: no access token for its node; set LNBITS_ACCESS_TOKEN"
            raise BackendRefused(message)
        return {"Authorization": f"Bearer {self.token.reveal()}"}


def explain(where: str, answer: HttpAnswer) -> BackendError | None:
    """What LNbits' own words mean."""
    if answer.status // 100 == _REDIRECT and answer.headers.get("location", "").endswith(
        _INSTALL_PAGE
    ):
        return BackendUnavailable(f"{where}: it is not set up yet; open its page once")
    if answer.status == _PAYMENT_ERROR:
        return BackendAnswerInvalid(f"{where}: does not take the invoice (HTTP {_PAYMENT_ERROR})")
    known = _SAID.get(said(answer))
    if known is None:
        return None
    kind, reason = known
    return kind(f"{where}: {reason} (HTTP {answer.status})")


def said(answer: HttpAnswer) -> str:
    """LNbits' words in a failed answer; empty without any."""
    try:
        failure = answer.json(FAILURE)
    except BackendAnswerInvalid:
        return ""
    return failure.detail if isinstance(failure.detail, str) else ""


class LnbitsConnection:
    """Calls to one LNbits.

    Args:
        client: Calls it, with `explain`; it carries no key of its own.
        keys: What opens it.
    """

    def __init__(self, client: HttpClient, keys: LnbitsKeys) -> None:
        """Call nothing yet."""
        self.client = client
        self.keys = keys

    @property
    def where(self) -> str:
        """Who is called, for messages."""
        return self.client.source.where

    async def ask(self, call: Call, shape: JsonShape[T]) -> T:
        """Read something; raises as `HttpClient.read` and `JsonShape.read` do."""
        return (await self.client.read(call)).json(shape)

    async def ask_node(
        self, path: str, shape: JsonShape[T], query: Mapping[str, str | int] | None = None
    ) -> T:
        """Read something of the node behind LNbits.

        Raises:
            CapabilityMissing: LNbits manages no node, or does not show it.
            BackendError: It cannot be reached, refuses, or answers wrongly.
        """
        call = Call(
            path=f"/node/api/v1{path}",
            query=query,
            headers=self.keys.bearer(),
            accepts=(_NOT_IMPLEMENTED, _UNAVAILABLE),
        )
        answer = await self.client.read(call)
        self.check_node(answer)
        return answer.json(shape)

    async def tell_node(self, call: Call) -> HttpAnswer:
        """Change something on the node behind LNbits, in one attempt; raises as `ask_node` does."""
        answer = await self.client.write(call)
        self.check_node(answer)
        return answer

    @staticmethod
    def check_node(answer: HttpAnswer) -> None:
        """Whether an answer comes from a node at all.

        Raises:
            CapabilityMissing: LNbits manages no node, or does not show it.
            BackendUnavailable: It is not available for now.
        """
        if answer.status == _NOT_IMPLEMENTED:
            message = (
                f"{answer.where}: its funding source cannot be managed as a node; LNbits does that "
                "over LND (REST), Core Lightning and phoenixd only"
            )
            raise CapabilityMissing(message)
        if answer.status != _UNAVAILABLE:
            return
        words = said(answer)
        if words == _NODE_SWITCHED_OFF:
            message = f"{answer.where}: switched off; set LNBITS_NODE_UI=true in LNbits"
            raise CapabilityMissing(message)
        if words == _TRANSACTIONS_SWITCHED_OFF:
            message = (
                f"{answer.where}: switched off; set LNBITS_NODE_UI_TRANSACTIONS=true in LNbits"
            )
            raise CapabilityMissing(message)
        raise status_error(answer.where, answer.status, answer.headers)


def moment_of(where: str, text: str) -> datetime:
    """A moment as LNbits writes it: ISO 8601, in UTC where no zone is given.

    Raises:
        BackendAnswerInvalid: It is none.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"{where}: the answer holds a moment that is none"
        raise BackendAnswerInvalid(message) from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
