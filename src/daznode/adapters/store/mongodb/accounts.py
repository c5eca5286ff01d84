"""Accounts as documents of `users`."""

from dataclasses import replace
from typing import Final

from pymongo.errors import DuplicateKeyError

from daznode.adapters.store.account_rows import account_exists, user_not_found
from daznode.adapters.store.mongodb.documents import ID, REVISION, from_document, swap, to_document
from daznode.adapters.store.mongodb.link import Collection, Document, MongoLink
from daznode.adapters.store.report_files import check_user_id
from daznode.domain.accounts import Account

USERS: Final = "users"


class MongoAccounts:
    """The collection `users`, an `AccountStore`.

    Args:
        link: The database.
    """

    def __init__(self, link: MongoLink) -> None:
        """Ask nothing yet."""
        self._link = link

    async def add_account(self, account: Account) -> None:
        """Store a new account; its username in lower case.

        Raises:
            AccountExists: The user id or the username is taken.
            InvalidParameter: The user id cannot name a folder.
            StoreUnavailable: It cannot be written.
        """
        check_user_id(account.user_id)
        stored = replace(account, username=account.username.lower())
        document = {**to_document(stored), ID: stored.user_id, REVISION: 1}
        with self._link.refusals():
            try:
                await self._users.insert_one(document)
            except DuplicateKeyError as error:
                raise account_exists(stored) from error

    async def account_named(self, username: str) -> Account | None:
        """The account that logs in under a name (compared in lower case); None without one."""
        return await self._one({"username": username.lower()})

    async def account(self, user_id: str) -> Account | None:
        """The account of a user; None without one."""
        return await self._one({ID: user_id})

    async def accounts(self) -> tuple[Account, ...]:
        """All accounts, in the order of their usernames."""
        with self._link.refusals():
            found = await self._users.find({}).sort("username", 1).to_list()
        return tuple(self._value(document) for document in found)

    async def set_password(self, user_id: str, password_hash: str) -> None:
        """Replace a password.

        Raises:
            UserNotFound: No such account.
        """
        await self._change(user_id, {"password_hash": password_hash})

    async def set_disabled(self, user_id: str, *, is_disabled: bool) -> None:
        """Let an account log in, or no longer.

        Raises:
            UserNotFound: No such account.
        """
        await self._change(user_id, {"is_disabled": is_disabled})

    @property
    def _users(self) -> Collection:
        return self._link.collection(USERS)

    async def _change(self, user_id: str, changes: Document) -> None:
        with self._link.refusals():
            while True:
                found = await self._users.find_one({ID: user_id})
                if found is None:
                    raise user_not_found(user_id)
                if await swap(self._users, found, {**found, **changes}):
                    return

    async def _one(self, query: Document) -> Account | None:
        with self._link.refusals():
            found = await self._users.find_one(query)
        return None if found is None else self._value(found)

    def _value(self, document: Document) -> Account:
        return from_document(document, Account, f"{self._link.where}: {USERS}")
