"""What a credential says of itself without asking its node: its spelling, its rights, its end.

Macaroons: libmacaroons' binary format 2 (location, identifier, caveats, signature), whose identifier
in LND is a version byte and a protobuf message of nonce, root key id and operations (macaroon-bakery,
`bakery/internal/macaroonpb`). Runes: base64url of 32 bytes of hash and the restrictions in plain
text, `=ID` first. LNbits tokens: JSON web tokens (RFC 7519).
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from daznode.domain.credentials import KINDS, CredentialKind, Secret
from daznode.domain.errors import InvalidCredential

MAX_SECRET_BYTES: Final = 16_384
"""Far above the largest credential met: an LND admin macaroon has under 400 bytes."""

_LNBITS_KEY: Final = re.compile(r"[0-9a-f]{32}")
_RUNE_HASH_BYTES: Final = 32
_MACAROON_VERSION: Final = 2
_BAKERY_VERSION: Final = 3
_LOCATION, _IDENTIFIER = 1, 2
_ROOT_KEY_ID, _OPERATIONS = 2, 3
_LENGTH_DELIMITED: Final = 2
_MAX_SHIFT: Final = 63

_ALL_RIGHTS: Final = (
    "it is a login token with all rights of its account; make one under an access control list with "
    "read on /node/api/v1 only"
)
_SPENDING: Final = frozenset({"offchain:write", "onchain:write"})
_READ_POLICY_UPDATE: Final = "uri:/lnrpc.Lightning/UpdateChannelPolicy"
_EVERY_METHOD_READS: Final = re.compile(
    r"uri:/(lnrpc|routerrpc|invoicesrpc|walletrpc|verrpc|peersrpc)\.\w+/"
    r"(Get|List|Describe|Query|Subscribe|Pending|Closed|Forwarding|Fee|Channel|Wallet|Lookup|Decode"
    r"|Check|Verify|Export)\w*"
)


@dataclass(frozen=True, slots=True)
class Inspected:
    """A secret in the spelling its node takes, and what it says of itself.

    Attributes:
        secret: The secret.
        node_ref: Its number at the node; None if it tells none.
        expires_at: When it ends, UTC; None if it does not tell.
        warnings: Where it may do more than its kind should, one line each.
    """

    secret: Secret
    node_ref: str | None = None
    expires_at: datetime | None = None
    warnings: tuple[str, ...] = ()


def inspect(kind: CredentialKind, raw: bytes) -> Inspected:
    """Read a credential as a person hands it over.

    Args:
        kind: What it is meant to be.
        raw: Content of its file or of standard input: text, or a macaroon in binary.

    Returns:
        The secret with what it says of itself.

    Raises:
        InvalidCredential: It is no credential of that kind. The message never repeats it.
    """
    if not raw.strip():
        raise _refused(kind, "nothing was given")
    if len(raw) > MAX_SECRET_BYTES:
        raise _refused(kind, f"{len(raw):,} bytes; takes at most {MAX_SECRET_BYTES:,}")
    if KINDS[kind].backend == "lnd":
        return _macaroon(kind, raw)
    try:
        text = raw.decode("ascii").strip()
    except UnicodeDecodeError as exc:
        raise _refused(kind, "not plain text") from exc
    if kind is CredentialKind.CLN_RUNE:
        return _rune(kind, text)
    if kind is CredentialKind.LNBITS_TOKEN:
        return _token(kind, text)
    if _LNBITS_KEY.fullmatch(text) is None:
        raise _refused(kind, "expected 32 hex characters, as the wallet's page in LNbits shows")
    return Inspected(Secret(text))


def may_set_policies(kind: CredentialKind, secret: Secret) -> bool:
    """Whether a rune's restrictions name `setchannel` among the methods it allows."""
    if kind is not CredentialKind.CLN_RUNE:
        return kind is CredentialKind.LND_FEES
    return any(
        alternative == "method=setchannel"
        for restriction in _restrictions(kind, secret.reveal())
        for alternative in restriction.split("|")
    )


def _refused(kind: CredentialKind, what: str) -> InvalidCredential:
    return InvalidCredential(f"credential of kind {kind.value}: {what}")


def _macaroon(kind: CredentialKind, raw: bytes) -> Inspected:
    data = _macaroon_bytes(kind, raw)
    try:
        root_key_id, operations = _bakery_identifier(_identifier(data))
    except (ValueError, IndexError, UnicodeDecodeError) as exc:
        raise _refused(kind, "not a macaroon of LND") from exc
    return Inspected(
        Secret(data.hex()),
        node_ref=root_key_id,
        warnings=tuple(_macaroon_warnings(kind, operations)),
    )


def _macaroon_bytes(kind: CredentialKind, raw: bytes) -> bytes:
    if raw[:1] == bytes([_MACAROON_VERSION]):
        return raw
    text = raw.strip()
    try:
        return bytes.fromhex(text.decode("ascii"))
    except ValueError:
        pass
    try:
        padded = text + b"=" * (-len(text) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as exc:
        raise _refused(kind, "expected a macaroon file, or its hex or base64 text") from exc


def _identifier(data: bytes) -> bytes:
    if data[0] != _MACAROON_VERSION:
        raise ValueError
    place = 1
    for wanted in (_LOCATION, _IDENTIFIER):
        field, place = _varint(data, place)
        length, place = _varint(data, place)
        content, place = data[place : place + length], place + length
        if place > len(data):
            raise ValueError
        if field == _IDENTIFIER:
            return content
        if field != wanted:
            raise ValueError
    raise ValueError


def _bakery_identifier(identifier: bytes) -> tuple[str, frozenset[str]]:
    if identifier[0] != _BAKERY_VERSION:
        raise ValueError
    root_key_id = ""
    operations: set[str] = set()
    for field, content in _fields(identifier[1:]):
        if field == _ROOT_KEY_ID:
            root_key_id = content.decode("ascii")
        elif field == _OPERATIONS:
            parts = [(number, part.decode("ascii")) for number, part in _fields(content)]
            entity = next((part for number, part in parts if number == 1), "")
            operations |= {f"{entity}:{part}" for number, part in parts if number != 1}
    if not root_key_id.isdigit():
        raise ValueError
    return root_key_id, frozenset(operations)


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The length-delimited fields of a protobuf message; any other kind is refused."""
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        length, place = _varint(message, place)
        if tag & 7 != _LENGTH_DELIMITED or place + length > len(message):
            raise ValueError
        yield tag >> 3, message[place : place + length]
        place += length


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the continuation bit of a varint
            return value, place
        shift += 7
        if shift > _MAX_SHIFT:
            raise ValueError


def _macaroon_warnings(kind: CredentialKind, operations: frozenset[str]) -> Iterator[str]:
    if kind is CredentialKind.LND_ADMIN:
        yield "an admin macaroon moves money; store it only to bake the others with"
        return
    if spending := sorted(operations & _SPENDING):
        yield f"it may pay and close channels ({', '.join(spending)}); bake one with fewer rights"
    excess = sorted(one for one in operations if _exceeds(kind, one) and one not in _SPENDING)
    if excess:
        more = f" and {len(excess) - 3} more" if len(excess) > 3 else ""  # noqa: PLR2004
        yield f"it may do more than {KINDS[kind].grants}: {', '.join(excess[:3])}{more}"
    if kind is CredentialKind.LND_FEES and not operations & {_READ_POLICY_UPDATE, "offchain:write"}:
        yield "it may not set channel policies (UpdateChannelPolicy); fee changes will be refused"


def _exceeds(kind: CredentialKind, operation: str) -> bool:
    entity, _, action = operation.partition(":")
    if entity == "uri":
        if operation == _READ_POLICY_UPDATE:
            return kind is not CredentialKind.LND_FEES
        is_invoice = kind is CredentialKind.LND_INVOICE and action.endswith("Invoice")
        return not is_invoice and _EVERY_METHOD_READS.fullmatch(operation) is None
    if action == "read":
        return False
    return not (kind is CredentialKind.LND_INVOICE and entity in {"invoices", "address"})


def _restrictions(kind: CredentialKind, text: str) -> list[str]:
    """A rune's restrictions in order, its id first."""
    try:
        padded = text + "=" * (-len(text) % 4)
        data = base64.b64decode(padded, altchars=b"-_", validate=True)
        return data[_RUNE_HASH_BYTES:].decode("utf-8").split("&")
    except (ValueError, binascii.Error) as exc:
        raise _refused(kind, "not the base64 text of a rune") from exc


def _rune(kind: CredentialKind, text: str) -> Inspected:
    restrictions = _restrictions(kind, text)
    if not restrictions[0].startswith("="):
        raise _refused(kind, "not a rune that lightningd made: it has no id")
    rune_id = restrictions[0][1:].partition("-")[0]
    rest = restrictions[1:]
    warnings = []
    if not any(one.startswith(("method", "(method")) for one in rest):
        warnings.append(
            "it is not restricted to any method: its bearer can pay; make one with createrune and "
            "restrictions"
        )
    ends = [int(match[1]) for one in rest if (match := re.fullmatch(r"time<([0-9]{1,12})", one))]
    return Inspected(
        Secret(text),
        node_ref=rune_id,
        expires_at=datetime.fromtimestamp(min(ends), UTC) if ends else None,
        warnings=tuple(warnings),
    )


def _token(kind: CredentialKind, text: str) -> Inspected:
    parts = text.split(".")
    try:
        header, payload, _signature = (
            base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in parts
        )
        claims = json.loads(payload)
        json.loads(header)
        ends = claims.get("exp")
        expires_at = None if ends is None else datetime.fromtimestamp(int(ends), UTC)
    except (ValueError, AttributeError, TypeError, OverflowError, RecursionError) as exc:
        raise _refused(kind, "expected an access token: three parts with dots") from exc
    warnings = () if "api_token_id" in claims else (_ALL_RIGHTS,)
    return Inspected(Secret(text), expires_at=expires_at, warnings=warnings)
