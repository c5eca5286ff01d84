"""What must not stand in a log: values of secret-looking fields, bearer tokens, passwords in addresses."""

import re
from collections.abc import Collection, Mapping
from datetime import date
from functools import lru_cache
from typing import Final

HIDDEN: Final = "[hidden]"

_SECRET_FIELD: Final = re.compile(
    r"(secret|passw|passphrase|macaroon|credential|authorization|cookie|private|mnemonic|seed_words"
    r"|(^|[_.-])rune$|(^|[_.-])token$|(^|[_.-])jwt$|(api|admin|invoice|encryption|signing)[_-]?key"
    r"|(^|[_.-])preimage)",
    re.IGNORECASE,
)

_SECRETS_IN_TEXT: Final = (
    # Credentials of RFC 6750 and RFC 7617, wherever they stand.
    (
        re.compile(r"\b((?:(?:Bearer|Basic)\s+)+)[A-Za-z0-9+/._~=-]{6,}", re.IGNORECASE),
        rf"\1{HIDDEN}",
    ),
    # A JSON Web Token on its own: base64url of `{"` is `eyJ`.
    (re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{3,}\.[A-Za-z0-9_-]*"), HIDDEN),
    # The user information of RFC 3986, section 3.2.1; a password may hold an `@` that should not be.
    (re.compile(r"(\b[A-Za-z][A-Za-z0-9+.-]*://)[^\s/?#]*@"), rf"\1{HIDDEN}@"),
    # Headers and settings quoted in an error: `Grpc-Metadata-macaroon: 0201...`, `?access_token=...`.
    (
        re.compile(
            r"((?:macaroon|(?<![a-z])rune|x-api-key|api[_-]?key|admin[_-]?key|invoice[_-]?key"
            r"|access[_-]?token|(?<![a-z])token|(?<![a-z])jwt|secret|passw(?:or)?d)"
            r"[\"']?\s*(?:=|:(?=\s*[\"']?[A-Za-z0-9+/_=-]{16}))\s*[\"']?)[^\s\"'&,;)]+",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
)

_SHORTEST_SECRET: Final = 6
"""No pattern above fits a shorter text."""

_DEEPEST: Final = 6

_PLAIN: Final = frozenset((int, float, bool))


@lru_cache(maxsize=4_096)
def is_secret_field(name: str) -> bool:
    """Whether a field of that name holds a secret."""
    return _SECRET_FIELD.search(name) is not None


def without_secrets(text: str) -> str:
    """A text with what looks like a credential hidden."""
    # Most texts are a few words or a path: they are told from the rest in a fraction of a
    # microsecond, which the patterns would take several times over.
    if ":" not in text and "=" not in text and "eyJ" not in text:
        if " " not in text or len(text) < _SHORTEST_SECRET:
            return text
        lower = text.lower()
        if "bearer " not in lower and "basic " not in lower:
            return text
    for pattern, instead in _SECRETS_IN_TEXT:
        text = pattern.sub(instead, text)
    return text


def redacted(name: str, value: object, depth: int = 0) -> object:
    """A field as it may be logged: plain values, texts and whatever they are nested in.

    Args:
        name: Of the field.
        value: Anything; what is neither plain, text nor a container is shown as its text.
        depth: Containers around it; what is nested deeper than six is cut.
    """
    if value is None:
        return None
    if is_secret_field(name):
        return HIDDEN
    if isinstance(value, str):
        return without_secrets(value)
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return _nested(value, depth)
    return without_secrets(_text_of(value))


def _nested(value: Collection[object], depth: int) -> object:
    if depth >= _DEEPEST:
        return "..."
    if isinstance(value, Mapping):
        return {str(key): redacted(str(key), one, depth + 1) for key, one in value.items()}
    return [redacted("", one, depth + 1) for one in value]


def _text_of(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return f"{len(value)} bytes"
    return str(value)
