"""DigestStore: weeks and months of users' nodes."""

from typing import Protocol

from daznode.domain.digest import Digest


class DigestStore(Protocol):
    """Digests; one per user, node, period and last day."""

    async def put_digest(self, digest: Digest) -> Digest:
        """Store a digest, replacing the one of that period; the one there keeps its id.

        Raises:
            StoreUnavailable: It cannot be written.
        """

    async def latest_digest(self, user_id: str, period_days: int) -> Digest | None:
        """The user's newest digest over 7 or 30 days; None without one."""
