"""The connection to one LND: who is at its other end, and what its refusals mean."""

import re
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from daznode.adapters.http.answer import HttpAnswer, JsonShape
from daznode.adapters.http.client import Call, HttpClient
from daznode.adapters.http.faults import status_error
from daznode.adapters.lightning.lnd.shapes import Info
from daznode.adapters.lightning.trust import Expected, check_identity
from daznode.domain.errors import (
    BackendAnswerInvalid,
    BackendError,
    BackendRefused,
    BackendUnavailable,
    ConfigError,
)
from daznode.domain.ids import NodeId, ShortChannelId

T = TypeVar("T")

OLDEST: Final = (0, 17)
"""Older ones answer in other shapes, and have been left without fixes for long."""

MACAROON_HEADER: Final = "Grpc-Metadata-macaroon"

INFO: Final = JsonShape(Info, is_lax=True)

_ABSENT: Final = re.compile(r"edge not found|unable to find node|edge marked as zombie")
_REFUSALS: Final = re.compile(
    r"permission denied|verification failed|cannot get macaroon|expected 1 macaroon|"
    r"cannot determine|encoding/hex|macaroon",
    re.IGNORECASE,
)
_NOT_READY: Final = re.compile(
    r"wallet locked|wallet not created|waiting to start|starting up|RPC services not available",
    re.IGNORECASE,
)
_VERSION: Final = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")
_MOST_MACAROON_BYTES: Final = 16_384

NOT_FOUND: Final = 404


class _Failure(msgspec.Struct):
    code: int = 2
    message: str = ""


_FAILURE: Final = JsonShape(_Failure)


def read_macaroon(path: Path) -> str:
    """A macaroon file as the header takes it.

    Raises:
        ConfigError: The file cannot be read, is empty or far too large.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"{path}: {error.strerror}; expected a macaroon file of LND"
        raise ConfigError(message) from error
    if not 0 < len(content) <= _MOST_MACAROON_BYTES:
        message = f"{path}: {len(content)} bytes; expected a macaroon file of LND"
        raise ConfigError(message)
    return content.hex()


def explain(where: str, answer: HttpAnswer) -> BackendError | None:
    """What LND's own words mean: most of its refusals come as status 500 with a message."""
    said = failure_message(answer)
    if _NOT_READY.search(said):
        return BackendUnavailable(f"{where}: the node is not ready yet (is its wallet locked?)")
    if _REFUSALS.search(said):
        return BackendRefused(f"{where}: the macaroon is not accepted or does not allow it")
    return None


def failure_message(answer: HttpAnswer) -> str:
    """LND's message in a failed answer; empty without one."""
    try:
        return answer.json(_FAILURE).message
    except BackendAnswerInvalid:
        return ""


class LndConnection:
    """Calls to one LND that has been recognised.

    Args:
        client: Calls it, with its macaroon, and with `explain`.
        expected: Who should be at the other end.

    Attributes:
        names: Every id under which a channel may be named, to the one by which we know it; None
            until the channels were looked at.
    """

    def __init__(self, client: HttpClient, expected: Expected) -> None:
        """Call nothing yet."""
        self.client = client
        self._expected = expected
        self._info: Info | None = None
        self.names: dict[int, ShortChannelId] | None = None

    @property
    def where(self) -> str:
        """Who is called, for messages."""
        return self.client.source.where

    async def info(self) -> Info:
        """`getinfo`, fresh, after checking that it is the node that it should be.

        Raises:
            BackendUntrusted: It is another node, or on another network.
            BackendError: It cannot be reached or answers wrongly.
        """
        info = await self.get("/v1/getinfo", INFO)
        version = parse_version(self.where, info.version)
        if version[:2] < OLDEST:
            message = f"{self.where}: LND {info.version}; takes 0.17 or newer"
            raise BackendAnswerInvalid(message)
        identity = check_identity(
            self.where, self._expected, info.identity_pubkey, info.network_name
        )
        self._expected = identity
        self._info = info
        return info

    async def known(self) -> Info:
        """`getinfo` as it was when it was last asked; who and which version do not change."""
        return self._info or await self.info()

    async def node_id(self) -> NodeId:
        """The key of the node, checked once per connection."""
        return NodeId((await self.known()).identity_pubkey)

    async def version(self) -> tuple[int, int, int]:
        """Major, minor and patch."""
        return parse_version(self.where, (await self.known()).version)

    async def get(
        self, path: str, shape: JsonShape[T], query: dict[str, str | int] | None = None
    ) -> T:
        """Read something with GET; raises as `HttpClient.read` and `JsonShape.read` do."""
        return (await self.client.read(Call(path=path, query=query))).json(shape)

    @staticmethod
    def check_absence(answer: HttpAnswer) -> None:
        """Make sure that a 404, or a 500 of older versions, means that nothing is there.

        Raises:
            BackendError: It means something else.
        """
        is_there_none = _ABSENT.search(failure_message(answer)) is not None
        if not is_there_none:
            raise explain(answer.where, answer) or status_error(
                answer.where, answer.status, answer.headers
            )

    async def post(self, path: str, shape: JsonShape[T], body: object) -> T:
        """Read something that takes a body; it changes nothing and may be repeated."""
        call = Call(path=path, method="POST", body=body)
        return (await self.client.read(call)).json(shape)


def parse_version(where: str, text: str) -> tuple[int, int, int]:
    """Major, minor and patch of LND's version text.

    Raises:
        BackendAnswerInvalid: It is none.
    """
    match = _VERSION.match(text)
    if match is None:
        message = f"{where}: the version is no version; takes LND 0.17 or newer"
        raise BackendAnswerInvalid(message)
    major, minor, patch = (int(part or 0) for part in match.groups())
    return major, minor, patch
