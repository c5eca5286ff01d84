"""Makes, lists and revokes Core Lightning's runes: restricted by method, and by the values it takes."""

from typing import Final

from msgspec import Struct

from daznode.adapters.http.answer import JsonShape
from daznode.adapters.http.client import Call
from daznode.adapters.lightning.cln.connection import ClnConnection, failure_of
from daznode.adapters.lightning.permit import WritePermit
from daznode.domain.errors import InvalidParameter
from daznode.domain.minted import MintedCredential, NodeCredential

READS: Final = (
    "getinfo",
    "listpeerchannels",
    "listclosedchannels",
    "listchannels",
    "listnodes",
    "listfunds",
    "listforwards",
    "listchannelmoves",
    "bkpr-listaccountevents",
    "getemergencyrecoverdata",
    "wait",
)
"""What this package calls to read, and nothing else."""

MOST_PPM: Final = 10_000
MOST_BASE_MSAT: Final = 10_000
"""What a rune for fees lets be asked at most: 1 %, and 10 sat. The node itself holds to it."""

RESTRICTIONS: Final = {
    "reader": [[f"method={one}" for one in READS]],
    "fees": [
        [*(f"method={one}" for one in READS), "method=setchannel"],
        ["method/setchannel", f"pnamefeeppm<{MOST_PPM + 1}"],
        ["method/setchannel", f"pnamefeebase<{MOST_BASE_MSAT + 1}"],
        ["method/setchannel", "pnameid/all"],
    ],
}
"""All of the lists must hold, of each at least one; `/` is "is not"."""

_BAD_PARAMETER: Final = -32602
_FAILED: Final = 500


class _Made(Struct):
    rune: str
    unique_id: str


class _Rune(Struct):
    """One of showrunes; its secret is not read."""

    unique_id: str
    restrictions_as_english: str = ""
    blacklisted: bool = False


class _Runes(Struct):
    runes: list[_Rune]


class _Blacklist(Struct):
    blacklist: list[dict[str, int]]


_MADE: Final = JsonShape(_Made)
_RUNES: Final = JsonShape(_Runes)
_BLACKLIST: Final = JsonShape(_Blacklist)


class ClnMint:
    """A `CredentialMint` of one Core Lightning.

    Args:
        connection: To it, with a rune that allows `createrune`, `showrunes` and `blacklistrune`.
        permit: Given only while DRY_RUN is off: a rune is a change of the node.
    """

    def __init__(self, connection: ClnConnection, permit: WritePermit) -> None:
        """Make nothing yet."""
        permit.check()
        self._connection = connection

    async def mint(self, purpose: str) -> MintedCredential:
        """Make a rune for a purpose; see `CredentialMint`."""
        if purpose not in RESTRICTIONS:
            message = f"purpose {purpose!r}: takes {', '.join(RESTRICTIONS)}"
            raise InvalidParameter(message)
        await self._connection.known()
        call = Call(
            path="/v1/createrune", method="POST", body={"restrictions": RESTRICTIONS[purpose]}
        )
        made = (await self._connection.client.write(call)).json(_MADE)
        return MintedCredential(made.unique_id, purpose, made.rune)

    async def credentials(self) -> tuple[NodeCredential, ...]:
        """Runes that the node keeps, with what they allow."""
        await self._connection.known()
        found = await self._connection.ask("showrunes", _RUNES)
        return tuple(
            NodeCredential(one.unique_id, one.restrictions_as_english, one.blacklisted)
            for one in found.runes
        )

    async def revoke(self, credential_id: str) -> None:
        """Blacklist a rune, and with it all that derive from it; see `CredentialMint`."""
        if not credential_id.isascii() or not credential_id.isdigit():
            message = f"rune {credential_id!r}: takes a whole number, its unique id"
            raise InvalidParameter(message)
        await self._connection.known()
        number = int(credential_id)
        call = Call(
            path="/v1/blacklistrune",
            method="POST",
            body={"start": number, "end": number},
            accepts=(_FAILED,),
        )
        answer = await self._connection.client.write(call)
        failure = failure_of(answer) if answer.status == _FAILED else None
        if failure is not None and failure.code == _BAD_PARAMETER:
            message = f"rune {credential_id}: the node has none of that id"
            raise InvalidParameter(message)
        answer.json(_BLACKLIST)
