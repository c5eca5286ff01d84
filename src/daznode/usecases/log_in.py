"""Log in: a name and a password become a token, slowly for guessers and in the same time for all."""

import ipaddress
from dataclasses import dataclass
from typing import Final

from daznode.domain.accounts import LOCAL_TENANT
from daznode.domain.errors import RateLimited, Unauthenticated
from daznode.ports.accounts import AccountStore
from daznode.ports.coordination import RateLimiter
from daznode.ports.identity import Passwords, Tokens
from daznode.ports.journal import Journal
from daznode.usecases.accounts import USERNAME, IssuedToken
from daznode.usecases.audit_trail import AuditNotes, Deed, Doer

WINDOW_SECONDS: Final = 300
TRIES_PER_NAME: Final = 10
TRIES_PER_ADDRESS: Final = 30
"""An office behind one address logs in; a guesser gets 2,880 tries a day at one name, against a
password of at least 12 characters."""

_NO_NAME: Final = "?"
"""All names that no account can have share one count, so that they fill no memory."""

_IPV6_NETWORK_BITS: Final = 64
"""What one subscriber has (RFC 6177): each address of it would be a fresh caller otherwise."""

_LONGEST_ADDRESS: Final = 64


@dataclass(frozen=True, slots=True)
class LogIn:
    """The trip from a name and a password to a token."""

    accounts: AccountStore
    passwords: Passwords
    tokens: Tokens
    limiter: RateLimiter
    notes: AuditNotes
    journal: Journal

    async def run(
        self, username: str, password: str, *, address: str, request_id: str | None = None
    ) -> IssuedToken:
        """Log in.

        An unknown name, a disabled account and a wrong password are told apart neither by words nor
        by time.

        Args:
            username: As typed.
            password: As typed.
            address: Where the request comes from.
            request_id: Of the HTTP request, for the audit trail.

        Raises:
            RateLimited: Too many tries under that name or from that address.
            Unauthenticated: They do not fit.
            StoreUnavailable: Nobody can say whether they fit.
        """
        name = username.strip().lower()
        is_possible = USERNAME.fullmatch(name) is not None
        await self._throttle(name if is_possible else _NO_NAME, address)
        account = await self.accounts.account_named(name) if is_possible else None
        fits = await self.passwords.verify(password, account.password_hash if account else None)
        if account is None or account.is_disabled or not fits:
            tenant_id = account.tenant_id if account else LOCAL_TENANT
            subject = name if is_possible else _NO_NAME
            doer = Doer(subject, tenant_id, request_id)
            await self.notes.add(doer, Deed.LOGIN_REFUSED, subject, f"from {_group(address)}")
            message = "login: wrong username or password"
            raise Unauthenticated(message)
        doer = Doer(account.user_id, account.tenant_id, request_id)
        await self.notes.add(doer, Deed.LOGIN, account.user_id, f"from {_group(address)}")
        return IssuedToken(*self.tokens.issue(account))

    async def _throttle(self, name: str, address: str) -> None:
        verdicts = (
            await self.limiter.hit(f"login:{name}", TRIES_PER_NAME, WINDOW_SECONDS),
            await self.limiter.hit(
                f"login-ip:{_group(address)}", TRIES_PER_ADDRESS, WINDOW_SECONDS
            ),
        )
        refused = [one for one in verdicts if not one.is_allowed]
        if refused:
            seconds = max(one.retry_after_seconds for one in refused)
            self.journal.warning("Login throttled", username=name, address=_group(address))
            message = f"login: too many tries; try again in {seconds} seconds"
            raise RateLimited(message, seconds)


def _group(address: str) -> str:
    """The callers that count as one: an IPv4 address, or an IPv6 network of one subscriber."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:_LONGEST_ADDRESS]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed.packed, _IPV6_NETWORK_BITS), strict=False))
    return str(parsed)
