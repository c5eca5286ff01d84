"""Accounts as rows: by user id and by username, both unique."""

import sqlite3
from dataclasses import replace
from typing import Final

from daznode.adapters.store.report_files import check_user_id
from daznode.adapters.store.row_shapes import RowShape, one_of
from daznode.adapters.store.threads import SqliteThreads
from daznode.domain.accounts import Account
from daznode.domain.errors import AccountExists, UserNotFound

_SHAPE: Final = RowShape(Account, "users")


class AccountRows:
    """The table `users`, an `AccountStore`.

    Args:
        threads: The database.
    """

    def __init__(self, threads: SqliteThreads) -> None:
        """Touch nothing yet."""
        self._threads = threads

    async def add_account(self, account: Account) -> None:
        """Store a new account; its username in lower case.

        Raises:
            AccountExists: The user id or the username is taken.
            InvalidParameter: The user id cannot name a folder.
            StoreUnavailable: It cannot be written.
        """
        check_user_id(account.user_id)
        stored = replace(account, username=account.username.lower())

        def add(connection: sqlite3.Connection) -> None:
            try:
                _SHAPE.insert(connection, (stored,))
            except sqlite3.IntegrityError as error:
                raise account_exists(stored) from error

        await self._threads.write(add)

    async def account_named(self, username: str) -> Account | None:
        """The account that logs in under a name (compared in lower case); None without one."""
        return one_of(
            await self._threads.read(
                lambda connection: _SHAPE.select(
                    connection, "WHERE username = ?", (username.lower(),)
                )
            )
        )

    async def account(self, user_id: str) -> Account | None:
        """The account of a user; None without one."""
        return one_of(
            await self._threads.read(
                lambda connection: _SHAPE.select(connection, "WHERE user_id = ?", (user_id,))
            )
        )

    async def accounts(self) -> tuple[Account, ...]:
        """All accounts, in the order of their usernames."""
        return await self._threads.read(
            lambda connection: _SHAPE.select(connection, "ORDER BY username")
        )

    async def set_password(self, user_id: str, password_hash: str) -> None:
        """Replace a password.

        Raises:
            UserNotFound: No such account.
        """
        await self._change(
            user_id, "UPDATE users SET password_hash = ? WHERE user_id = ?", password_hash
        )

    async def set_disabled(self, user_id: str, *, is_disabled: bool) -> None:
        """Let an account log in, or no longer.

        Raises:
            UserNotFound: No such account.
        """
        await self._change(
            user_id, "UPDATE users SET is_disabled = ? WHERE user_id = ?", int(is_disabled)
        )

    async def _change(self, user_id: str, statement: str, value: object) -> None:
        n_changed = await self._threads.write(
            lambda connection: connection.execute(statement, (value, user_id)).rowcount
        )
        if not n_changed:
            raise user_not_found(user_id)


def account_exists(account: Account) -> AccountExists:
    """The refusal of a second account of the same name."""
    message = (
        f"account {account.username[:60]!r} (user id {account.user_id!r}): the username or the "
        "user id is taken; choose another"
    )
    return AccountExists(message)


def user_not_found(user_id: str) -> UserNotFound:
    """The answer about a user who has no account."""
    message = f"user {user_id[:60]!r}: no account has that id"
    return UserNotFound(message)
