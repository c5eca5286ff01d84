"""AccountStore, ProfileStore and ChallengeStore: who may ask, what they set, what they are to sign."""

from datetime import datetime
from typing import Protocol

from daznode.domain.accounts import Account, NodeChallenge, UserProfile
from daznode.domain.ids import NodeId


class AccountStore(Protocol):
    """Accounts, by user id and by username; both are unique."""

    async def add_account(self, account: Account) -> None:
        """Store a new account.

        Raises:
            AccountExists: The user id or the username is taken.
            InvalidParameter: The user id cannot name a folder.
            StoreUnavailable: It cannot be written.
        """

    async def account_named(self, username: str) -> Account | None:
        """The account that logs in under a name (compared in lower case); None without one."""

    async def account(self, user_id: str) -> Account | None:
        """The account of a user; None without one."""

    async def accounts(self) -> tuple[Account, ...]:
        """All accounts, in the order of their usernames."""

    async def set_password(self, user_id: str, password_hash: str) -> None:
        """Replace a password.

        Raises:
            UserNotFound: No such account.
        """

    async def set_disabled(self, user_id: str, *, is_disabled: bool) -> None:
        """Let an account log in, or no longer.

        Raises:
            UserNotFound: No such account.
        """


class ProfileStore(Protocol):
    """Profiles, one per user; a node key stands in one profile at the most."""

    async def put_profile(self, profile: UserProfile) -> None:
        """Store a profile, replacing the user's former one.

        Raises:
            NodeKeyTaken: Another user's profile holds that node key.
            StoreUnavailable: It cannot be written; the former one is untouched.
        """

    async def take_node_key(self, profile: UserProfile) -> bool:
        """Store a profile whose key is proven; an unproven claim of another user loses that key.

        Both happen together or not at all. The other profile then has no key and makes no daily
        report.

        Returns:
            Whether another user lost the key.

        Raises:
            NodeKeyTaken: Another user has proven the same key.
            StoreUnavailable: It cannot be written; nothing has changed.
        """

    async def profile(self, user_id: str) -> UserProfile | None:
        """The profile of a user; None before one was stored."""

    async def profile_of_node(self, node_id: NodeId) -> UserProfile | None:
        """The profile that holds a node key; None without one."""

    async def enabled_profiles(self) -> tuple[UserProfile, ...]:
        """Profiles with a key and the daily report enabled, in the order of their user ids."""

    async def count_enabled(self) -> int:
        """How many `enabled_profiles` there are."""


class ChallengeStore(Protocol):
    """Challenges given out and not yet used."""

    async def put_challenge(self, challenge: NodeChallenge) -> None:
        """Keep a challenge; the user's former one is gone. Expired ones of anybody may be dropped."""

    async def take_challenge(self, user_id: str, now: datetime) -> NodeChallenge | None:
        """The user's challenge, which is gone by that, in one step: two takers never both get it.

        Args:
            user_id: The user.
            now: An expired challenge counts as none.
        """
