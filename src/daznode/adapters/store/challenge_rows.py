"""Challenges as rows: one per user, gone with the first answer."""

import sqlite3
from datetime import datetime
from typing import Final

from daznode.adapters.store.codec import moment_text
from daznode.adapters.store.row_shapes import RowShape, one_of
from daznode.adapters.store.threads import SqliteThreads
from daznode.domain.accounts import NodeChallenge

_SHAPE: Final = RowShape(NodeChallenge, "challenges")


class ChallengeRows:
    """The table `challenges`, a `ChallengeStore`.

    Args:
        threads: The database.
    """

    def __init__(self, threads: SqliteThreads) -> None:
        """Touch nothing yet."""
        self._threads = threads

    async def put_challenge(self, challenge: NodeChallenge) -> None:
        """Keep a challenge; the user's former one is gone.

        Raises:
            StoreUnavailable: It cannot be written.
        """
        await self._threads.write(
            lambda connection: _SHAPE.insert(connection, (challenge,), key=("user_id",)),
            is_durable=False,  # after a power cut the user asks for another one
        )

    async def take_challenge(self, user_id: str, now: datetime) -> NodeChallenge | None:
        """The user's challenge, which is gone by that, in one step: two takers never both get it.

        Expired ones of anybody are dropped on the way.

        Args:
            user_id: The user.
            now: An expired challenge counts as none.

        Raises:
            StoreUnavailable: It cannot be taken.
        """

        def take(connection: sqlite3.Connection) -> NodeChallenge | None:
            connection.execute("DELETE FROM challenges WHERE expires_at <= ?", (moment_text(now),))
            found = one_of(_SHAPE.select(connection, "WHERE user_id = ?", (user_id,)))
            connection.execute("DELETE FROM challenges WHERE user_id = ?", (user_id,))
            return found

        return await self._threads.write(take)
