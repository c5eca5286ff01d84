"""Challenges as documents of `challenges`, which the server itself removes once they expired."""

from datetime import datetime
from typing import Final

from pymongo.errors import DuplicateKeyError

from daznode.adapters.store.mongodb.documents import (
    ID,
    from_document,
    stored_moment,
    to_document,
)
from daznode.adapters.store.mongodb.link import MongoLink
from daznode.domain.accounts import NodeChallenge

CHALLENGES: Final = "challenges"


class MongoChallenges:
    """The collection `challenges`, a `ChallengeStore`.

    Args:
        link: The database.
    """

    def __init__(self, link: MongoLink) -> None:
        """Ask nothing yet."""
        self._link = link

    async def put_challenge(self, challenge: NodeChallenge) -> None:
        """Keep a challenge; the user's former one is gone.

        Raises:
            StoreUnavailable: It cannot be written.
        """
        document = {**to_document(challenge), ID: challenge.user_id}
        with self._link.refusals():
            collection = self._link.collection(CHALLENGES)
            try:
                await collection.replace_one({ID: challenge.user_id}, document, upsert=True)
            except DuplicateKeyError:  # two at once: the second replaces the first
                await collection.replace_one({ID: challenge.user_id}, document, upsert=True)

    async def take_challenge(self, user_id: str, now: datetime) -> NodeChallenge | None:
        """The user's challenge, which is gone by that, in one step: two takers never both get it.

        Args:
            user_id: The user.
            now: An expired challenge counts as none.

        Raises:
            StoreUnavailable: It cannot be taken.
        """
        with self._link.refusals():
            found = await self._link.collection(CHALLENGES).find_one_and_delete({ID: user_id})
        if found is None:
            return None
        challenge = from_document(found, NodeChallenge, f"{self._link.where}: {CHALLENGES}")
        return challenge if challenge.expires_at > stored_moment(now) else None
