"""Bearer tokens: JSON Web Tokens signed with HMAC-SHA-256, and nothing else taken for one."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final, NoReturn

import jwt

from daznode.domain.accounts import Account, Caller, Role
from daznode.domain.errors import Unauthenticated
from daznode.ports.clock import Clock, IdSource

_ALGORITHM: Final = "HS256"
_REQUIRED: Final = ("sub", "tenant_id", "role", "exp", "iat", "jti")
_LONGEST_CHARACTERS: Final = 4_096
_LONGEST_NAME: Final = 128
_LEEWAY: Final = timedelta(seconds=10)
"""How far two clocks may be apart."""


class JwtTokens:
    """Issues and verifies tokens with one secret.

    Args:
        secret: At least 32 bytes (RFC 7518, section 3.2).
        expire_minutes: How long a token holds.
        clock: The present.
        ids: Names of tokens (`jti`).
    """

    def __init__(self, secret: bytes, expire_minutes: int, clock: Clock, ids: IdSource) -> None:
        """Keep the secret; it appears in no message and no representation."""
        self._secret = secret
        self._lifetime = timedelta(minutes=expire_minutes)
        self._clock = clock
        self._ids = ids
        # Times are compared with the given clock below; the library would ask the machine's.
        self._jwt = jwt.PyJWT(
            {
                "require": list(_REQUIRED),
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            }
        )

    def issue(self, account: Account) -> tuple[str, int]:
        """A signed token for an account, and for how many seconds it holds."""
        now = self._clock.now()
        claims = {
            "sub": account.user_id,
            "tenant_id": account.tenant_id,
            "role": account.role.value,
            "iat": int(now.timestamp()),
            "exp": int((now + self._lifetime).timestamp()),
            "jti": self._ids.new_id(),
        }
        token = self._jwt.encode(claims, self._secret, algorithm=_ALGORITHM)
        return token, int(self._lifetime.total_seconds())

    def verify(self, token: str) -> Caller:
        """Who a token speaks for.

        Raises:
            Unauthenticated: It is no token of ours, was changed, or has expired.
        """
        if len(token) > _LONGEST_CHARACTERS:
            _refuse("too long")
        try:
            claims = self._jwt.decode(token, self._secret, algorithms=[_ALGORITHM])
        except (jwt.InvalidTokenError, UnicodeError):
            _refuse("not one of ours")
        now = self._clock.now()
        expires_at = _moment(claims["exp"])
        if expires_at <= now - _LEEWAY:
            _refuse("expired")
        if _moment(claims["iat"]) > now + _LEEWAY or _not_yet(claims, now):
            _refuse("not valid yet")
        try:
            role = Role(claims["role"])
        except ValueError:
            _refuse("of an unknown role")
        return Caller(_name(claims["sub"]), _name(claims["tenant_id"]), role, expires_at)


def _not_yet(claims: dict[str, Any], now: datetime) -> bool:
    return "nbf" in claims and _moment(claims["nbf"]) > now + _LEEWAY


def _moment(value: object) -> datetime:
    if not isinstance(value, int | float) or isinstance(value, bool):
        _refuse("of no possible time")
    try:
        moment = datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        _refuse("of no possible time")
    return moment


def _name(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_NAME:
        _refuse("of no possible user")
    return value


def _refuse(what: str) -> NoReturn:
    message = f"token: {what}; log in to get one"
    raise Unauthenticated(message)
