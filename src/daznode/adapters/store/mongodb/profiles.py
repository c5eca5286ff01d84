"""Profiles as documents of `user_profiles`; a profile without a key has no such field.

Taking a key from another profile is one transaction where the server has them. A single server has
none: there the other profile gives up the key first, and then ours takes it. The unique index
makes sure of what matters, one profile per key; a kill between the two leaves a key that nobody
holds, and its owner proves it once more.
"""

from dataclasses import replace
from typing import Final

from pymongo.errors import DuplicateKeyError

from daznode.adapters.store.mongodb.documents import (
    ID,
    REVISION,
    from_document,
    stored_moment,
    swap,
    to_document,
)
from daznode.adapters.store.mongodb.link import Collection, Document, MongoLink, Session
from daznode.adapters.store.profile_rows import check_proven, key_taken
from daznode.adapters.store.report_files import check_user_id
from daznode.domain.accounts import UserProfile
from daznode.domain.ids import NodeId

PROFILES: Final = "user_profiles"

_KEY: Final = "lightning_pubkey"
_ENABLED: Final = {"daily_report_enabled": True, _KEY: {"$exists": True}}


class MongoProfiles:
    """The collection `user_profiles`, a `ProfileStore`.

    Args:
        link: The database.
    """

    def __init__(self, link: MongoLink) -> None:
        """Ask nothing yet."""
        self._link = link

    async def put_profile(self, profile: UserProfile) -> None:
        """Store a profile, replacing the user's former one.

        Raises:
            NodeKeyTaken: Another user's profile holds that node key.
            InvalidParameter: The user id cannot name a folder.
            StoreUnavailable: It cannot be written; the former one is untouched.
        """
        check_user_id(profile.user_id)
        with self._link.refusals():
            await self._put(profile, None)

    async def take_node_key(self, profile: UserProfile) -> bool:
        """Store a profile whose key is proven; an unproven claim of another user loses that key.

        Both happen together or not at all, where the server has transactions; see the module for
        where it has none. The other profile then has no key and makes no daily report.

        Returns:
            Whether another user lost the key.

        Raises:
            NodeKeyTaken: Another user has proven the same key.
            InvalidParameter: The profile has no proven key, or its user id cannot name a folder.
            StoreUnavailable: It cannot be written.
        """
        check_user_id(profile.user_id)
        check_proven(profile)

        async def take(session: Session) -> bool:
            holder = await self._profiles.find_one(
                {_KEY: profile.lightning_pubkey}, session=session
            )
            is_taken = holder is not None and holder[ID] != profile.user_id
            if holder is not None and is_taken:
                other = self._value(holder)
                if other.pubkey_proven_at is not None:
                    raise key_taken(profile)
                loser = replace(
                    other,
                    lightning_pubkey=None,
                    daily_report_enabled=False,
                    updated_at=stored_moment(profile.updated_at),
                )
                if not await swap(self._profiles, holder, _document(loser), session):
                    return await take(session)
            await self._put(profile, session)
            return is_taken

        return await self._link.together(take)

    async def profile(self, user_id: str) -> UserProfile | None:
        """The profile of a user; None before one was stored."""
        return await self._one({ID: user_id})

    async def profile_of_node(self, node_id: NodeId) -> UserProfile | None:
        """The profile that holds a node key; None without one."""
        return await self._one({_KEY: node_id})

    async def enabled_profiles(self) -> tuple[UserProfile, ...]:
        """Profiles with a key and the daily report enabled, in the order of their user ids."""
        with self._link.refusals():
            found = await self._profiles.find(_ENABLED).sort(ID, 1).to_list()
        return tuple(self._value(document) for document in found)

    async def count_enabled(self) -> int:
        """How many `enabled_profiles` there are."""
        with self._link.refusals():
            return await self._profiles.count_documents(_ENABLED)

    @property
    def _profiles(self) -> Collection:
        return self._link.collection(PROFILES)

    async def _put(self, profile: UserProfile, session: Session) -> None:
        document = _document(profile)
        while True:
            found = await self._profiles.find_one({ID: profile.user_id}, session=session)
            try:
                if found is None:
                    await self._profiles.insert_one(
                        {**document, ID: profile.user_id, REVISION: 1}, session=session
                    )
                    return
                if await swap(self._profiles, found, document, session):
                    return
            except DuplicateKeyError as error:
                if not await self._is_first(profile, session):
                    raise key_taken(profile) from error

    async def _is_first(self, profile: UserProfile, session: Session) -> bool:
        """Whether it was the same user's other writer who was faster, not another user."""
        if session is not None:  # the transaction has ended with the refusal
            return False
        holder = await self._profiles.find_one({_KEY: profile.lightning_pubkey})
        return holder is None or holder[ID] == profile.user_id

    async def _one(self, query: Document) -> UserProfile | None:
        with self._link.refusals():
            found = await self._profiles.find_one(query)
        return None if found is None else self._value(found)

    def _value(self, document: Document) -> UserProfile:
        return from_document(document, UserProfile, f"{self._link.where}: {PROFILES}")


def _document(profile: UserProfile) -> Document:
    document = to_document(profile)
    if document[_KEY] is None:
        del document[_KEY]  # the unique index is sparse: it passes over documents without the field
    return document
