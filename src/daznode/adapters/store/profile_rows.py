"""Profiles as rows: one per user, and a node key in one of them at the most."""

import sqlite3
from typing import Final

from daznode.adapters.store.codec import moment_text
from daznode.adapters.store.report_files import check_user_id
from daznode.adapters.store.row_shapes import RowShape, one_of
from daznode.adapters.store.threads import SqliteThreads
from daznode.domain.accounts import UserProfile
from daznode.domain.errors import InvalidParameter, NodeKeyTaken
from daznode.domain.ids import NodeId

_SHAPE: Final = RowShape(UserProfile, "user_profiles", frozenset({"notifications"}))
_ENABLED: Final = "WHERE daily_report_enabled = 1 AND lightning_pubkey IS NOT NULL"


class ProfileRows:
    """The table `user_profiles`, a `ProfileStore`.

    Args:
        threads: The database.
    """

    def __init__(self, threads: SqliteThreads) -> None:
        """Touch nothing yet."""
        self._threads = threads

    async def put_profile(self, profile: UserProfile) -> None:
        """Store a profile, replacing the user's former one.

        Raises:
            NodeKeyTaken: Another user's profile holds that node key.
            InvalidParameter: The user id cannot name a folder.
            StoreUnavailable: It cannot be written; the former one is untouched.
        """
        check_user_id(profile.user_id)
        await self._threads.write(lambda connection: _put(connection, profile))

    async def take_node_key(self, profile: UserProfile) -> bool:
        """Store a profile whose key is proven; an unproven claim of another user loses that key.

        Both happen together or not at all. The other profile then has no key and makes no daily
        report.

        Returns:
            Whether another user lost the key.

        Raises:
            NodeKeyTaken: Another user has proven the same key.
            InvalidParameter: The profile has no proven key, or its user id cannot name a folder.
            StoreUnavailable: It cannot be written; nothing has changed.
        """
        check_user_id(profile.user_id)
        check_proven(profile)

        def take(connection: sqlite3.Connection) -> bool:
            n_lost = connection.execute(
                "UPDATE user_profiles SET lightning_pubkey = NULL, daily_report_enabled = 0,"
                " updated_at = ? WHERE lightning_pubkey = ? AND user_id <> ?"
                " AND pubkey_proven_at IS NULL",
                (moment_text(profile.updated_at), profile.lightning_pubkey, profile.user_id),
            ).rowcount
            _put(connection, profile)
            return n_lost > 0

        return await self._threads.write(take)

    async def profile(self, user_id: str) -> UserProfile | None:
        """The profile of a user; None before one was stored."""
        return one_of(
            await self._threads.read(
                lambda connection: _SHAPE.select(connection, "WHERE user_id = ?", (user_id,))
            )
        )

    async def profile_of_node(self, node_id: NodeId) -> UserProfile | None:
        """The profile that holds a node key; None without one."""
        return one_of(
            await self._threads.read(
                lambda connection: _SHAPE.select(
                    connection, "WHERE lightning_pubkey = ?", (node_id,)
                )
            )
        )

    async def enabled_profiles(self) -> tuple[UserProfile, ...]:
        """Profiles with a key and the daily report enabled, in the order of their user ids."""
        return await self._threads.read(
            lambda connection: _SHAPE.select(connection, f"{_ENABLED} ORDER BY user_id")
        )

    async def count_enabled(self) -> int:
        """How many `enabled_profiles` there are."""
        statement = f"SELECT count(*) FROM user_profiles {_ENABLED}"  # noqa: S608 - a constant

        def count(connection: sqlite3.Connection) -> int:
            (found,) = connection.execute(statement).fetchone()
            return int(found)

        return await self._threads.read(count)


def check_proven(profile: UserProfile) -> None:
    """Make sure that a profile is one that may take a key.

    Raises:
        InvalidParameter: It has no key, or one that is only claimed.
    """
    if profile.lightning_pubkey is None or profile.pubkey_proven_at is None:
        message = f"profile of {profile.user_id}: takes a node key that is proven"
        raise InvalidParameter(message)


def key_taken(profile: UserProfile) -> NodeKeyTaken:
    """The refusal of a second profile with the same key."""
    message = (
        f"node {profile.lightning_pubkey}: another user's profile holds that key; prove that the "
        "node is yours to take it over, unless the other one has proven it"
    )
    return NodeKeyTaken(message)


def _put(connection: sqlite3.Connection, profile: UserProfile) -> None:
    try:
        _SHAPE.insert(connection, (profile,), key=("user_id",))
    except sqlite3.IntegrityError as error:
        raise key_taken(profile) from error
