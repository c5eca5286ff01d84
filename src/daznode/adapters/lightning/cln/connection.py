"""The connection to one Core Lightning: who is at its other end, and what its refusals mean."""

import re
from collections.abc import Mapping
from typing import Final, TypeVar

from msgspec import Struct

from daznode.adapters.http.answer import HttpAnswer, JsonShape
from daznode.adapters.http.client import Call, HttpClient
from daznode.adapters.lightning.cln.shapes import Info
from daznode.adapters.lightning.trust import Expected, check_identity
from daznode.domain.errors import BackendAnswerInvalid, BackendError, BackendRefused
from daznode.domain.ids import NodeId

T = TypeVar("T")

OLDEST: Final = (24, 2)
"""The first whose `listpeerchannels` gives both policies (`updates`)."""

RUNE_HEADER: Final = "Rune"

INFO: Final = JsonShape(Info)

_NETWORKS: Final = {"bitcoin": "mainnet", "testnet": "testnet", "testnet4": "testnet4"}
_RUNE_CODES: Final = {
    1501: "the rune is missing or of another node",
    1502: "the rune does not allow it",
    1503: "the rune was revoked",
}
UNKNOWN_COMMAND: Final = -32601
_VERSION: Final = re.compile(r"v?(\d+)\.(\d+)")


class Failure(Struct):
    """What every failed command answers."""

    code: int | None = None
    message: str = ""


FAILURE: Final = JsonShape(Failure)


def explain(where: str, answer: HttpAnswer) -> BackendError | None:
    """What Core Lightning means: its own code says more than the status, which is mostly 500."""
    failure = failure_of(answer)
    if failure is None or failure.code is None:
        return None
    if failure.code in _RUNE_CODES:
        return BackendRefused(f"{where}: {_RUNE_CODES[failure.code]}")
    if failure.code == UNKNOWN_COMMAND:
        return BackendAnswerInvalid(f"{where}: the command is not known there")
    return BackendAnswerInvalid(f"{where}: the command failed (code {failure.code})")


def failure_of(answer: HttpAnswer) -> Failure | None:
    """The failure in an answer; None if it holds none."""
    try:
        return answer.json(FAILURE)
    except BackendAnswerInvalid:
        return None


class ClnConnection:
    """Calls to one Core Lightning that has been recognised.

    Args:
        client: Calls it, with its rune, and with `explain`.
        expected: Who should be at the other end.
    """

    def __init__(self, client: HttpClient, expected: Expected) -> None:
        """Call nothing yet."""
        self.client = client
        self._expected = expected
        self._info: Info | None = None

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
        info = await self.ask("getinfo", INFO)
        if parse_version(self.where, info.version) < OLDEST:
            message = f"{self.where}: Core Lightning {info.version}; takes 24.02 or newer"
            raise BackendAnswerInvalid(message)
        self._expected = check_identity(
            self.where, self._expected, info.id, network_name(info.network)
        )
        self._info = info
        return info

    async def known(self) -> Info:
        """`getinfo` as it was when it was last asked; who and which version do not change."""
        return self._info or await self.info()

    async def node_id(self) -> NodeId:
        """The key of the node, checked once per connection."""
        return NodeId((await self.known()).id)

    async def version(self) -> tuple[int, int]:
        """Year and month."""
        return parse_version(self.where, (await self.known()).version)

    async def ask(
        self,
        method: str,
        shape: JsonShape[T],
        params: Mapping[str, str | int] | None = None,
        *,
        timeout_seconds: float | None = None,
        max_bytes: int | None = None,
    ) -> T:
        """Call a command that changes nothing; it may be repeated.

        Raises:
            BackendError: No usable answer; see its kinds.
        """
        call = call_of(method, params or {}, timeout_seconds=timeout_seconds, max_bytes=max_bytes)
        return (await self.client.read(call)).json(shape)


def call_of(
    method: str,
    params: Mapping[str, str | int],
    *,
    timeout_seconds: float | None = None,
    max_bytes: int | None = None,
) -> Call:
    """A command as a call: named parameters in the body, always POST."""
    return Call(
        path=f"/v1/{method}",
        method="POST",
        body=params,
        timeout_seconds=timeout_seconds,
        max_bytes=max_bytes,
    )


def network_name(name: str) -> str:
    """Core Lightning's name of a network in our words: its `bitcoin` is mainnet."""
    return _NETWORKS.get(name, name)


def parse_version(where: str, text: str) -> tuple[int, int]:
    """Year and month of Core Lightning's version text.

    Raises:
        BackendAnswerInvalid: It is none.
    """
    match = _VERSION.match(text)
    if match is None:
        message = f"{where}: the version is no version; takes Core Lightning 24.02 or newer"
        raise BackendAnswerInvalid(message)
    return int(match[1]), int(match[2])
