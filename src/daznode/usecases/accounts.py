"""Accounts: made, listed, disabled and given passwords by whoever runs the service."""

import re
from dataclasses import dataclass, field
from typing import Final

from daznode.domain.accounts import LOCAL_TENANT, Account, Role
from daznode.domain.errors import InvalidParameter, NotAllowed, UserNotFound
from daznode.ports.accounts import AccountStore
from daznode.ports.clock import Clock
from daznode.ports.identity import Passwords, Tokens
from daznode.usecases.audit_trail import CLI_ACTOR, AuditNotes, Deed, Doer

SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 1_024
"""The shortest is above the 8 of NIST SP 800-63B, section 5.1.1, since nothing else is asked for."""

USERNAME: Final = re.compile(r"[a-z0-9_@+-][a-z0-9_.@+-]{0,63}")
_TENANT: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_SHOWN: Final = 70


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A bearer token.

    Attributes:
        access_token: The token: a secret.
        expires_in_seconds: How long it holds.
    """

    access_token: str = field(repr=False)
    expires_in_seconds: int


@dataclass(frozen=True, slots=True)
class Accounts:
    """What an operator does with accounts, each deed noted in the audit trail."""

    accounts: AccountStore
    passwords: Passwords
    tokens: Tokens
    notes: AuditNotes
    clock: Clock

    async def add(
        self, username: str, password: str, *, tenant_id: str = LOCAL_TENANT, role: Role = Role.USER
    ) -> Account:
        """Make an account; the user id is the username in lower case.

        Args:
            username: 1 to 64 of the characters a-z 0-9 - _ . @ +.
            password: At least 12 characters, and not the username.
            tenant_id: Whose data the user sees.
            role: User or admin.

        Raises:
            InvalidParameter: The username, the tenant or the password is none.
            AccountExists: The username is taken.
            StoreUnavailable: It cannot be written.
        """
        name = checked_username(username)
        tenant = _checked_tenant(tenant_id)
        _check_password(password, name)
        account = Account(
            user_id=name,
            username=name,
            tenant_id=tenant,
            role=role,
            password_hash=await self.passwords.hash(password),
            created_at=self.clock.now(),
        )
        await self.accounts.add_account(account)
        await self._note(account, Deed.USER_ADDED, f"role {role}")
        return account

    async def all(self) -> tuple[Account, ...]:
        """All accounts, in the order of their usernames."""
        return await self.accounts.accounts()

    async def set_password(self, username: str, password: str) -> Account:
        """Give an account another password; tokens that it holds stay valid until they expire.

        Raises:
            UserNotFound: No such account.
            InvalidParameter: The password is none.
        """
        account = await self._named(username)
        _check_password(password, account.username)
        await self.accounts.set_password(account.user_id, await self.passwords.hash(password))
        await self._note(account, Deed.PASSWORD_SET)
        return account

    async def set_disabled(self, username: str, *, is_disabled: bool) -> Account:
        """Let an account in no longer, or again; doing it twice changes nothing.

        Raises:
            UserNotFound: No such account.
        """
        account = await self._named(username)
        await self.accounts.set_disabled(account.user_id, is_disabled=is_disabled)
        if account.is_disabled != is_disabled:
            await self._note(account, Deed.USER_DISABLED if is_disabled else Deed.USER_ENABLED)
        return await self._named(username)

    async def token(self, username: str) -> IssuedToken:
        """A token for an account, without its password.

        Raises:
            UserNotFound: No such account.
            NotAllowed: It is disabled.
        """
        account = await self._named(username)
        if account.is_disabled:
            message = f"user {account.username}: disabled; `daznode user enable` lets it in again"
            raise NotAllowed(message)
        await self._note(account, Deed.TOKEN_ISSUED)
        return IssuedToken(*self.tokens.issue(account))

    async def _named(self, username: str) -> Account:
        account = await self.accounts.account_named(username.strip().lower())
        if account is None:
            message = f"user {username[:_SHOWN]!r}: no such account; `daznode user list` shows all"
            raise UserNotFound(message)
        return account

    async def _note(self, account: Account, deed: Deed, detail: str = "") -> None:
        await self.notes.add(Doer(CLI_ACTOR, account.tenant_id), deed, account.user_id, detail)


def checked_username(text: str) -> str:
    """A username in lower case.

    Raises:
        InvalidParameter: It cannot be one; the message says what it takes.
    """
    name = text.strip().lower()
    if USERNAME.fullmatch(name) is None:
        message = (
            f"username {text[:_SHOWN]!r}: expected 1 to 64 of the characters a-z 0-9 - _ . @ +, "
            "no dot first"
        )
        raise InvalidParameter(message)
    return name


def _checked_tenant(text: str) -> str:
    if _TENANT.fullmatch(text) is None:
        message = (
            f"tenant {text[:_SHOWN]!r}: expected 1 to 64 of the characters a-z 0-9 - _ ., "
            "a letter or digit first"
        )
        raise InvalidParameter(message)
    return text


def _check_password(password: str, username: str) -> None:
    """The password itself is in no message."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        message = (
            f"password: {len(password):,} characters; "
            f"expected {SHORTEST_PASSWORD} to {LONGEST_PASSWORD:,}"
        )
        raise InvalidParameter(message)
    if password.strip().casefold() == username:
        message = "password: it is the username; expected another"
        raise InvalidParameter(message)
    if len(set(password)) == 1:
        message = "password: one character repeated; expected another"
        raise InvalidParameter(message)
