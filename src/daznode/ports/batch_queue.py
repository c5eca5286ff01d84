"""BatchQueue: hands report jobs to workers elsewhere."""

from collections.abc import Sequence
from typing import Protocol


class BatchQueue(Protocol):
    """Messages that say whose reports of which run to work on, and nothing else.

    A message may be delivered twice, late or never: what is to be done stands in the RunStore.
    """

    async def put(self, run_id: str, user_ids: Sequence[str]) -> None:
        """Send one message.

        Raises:
            StoreUnavailable: The queue cannot be reached; nothing was sent, or nobody can say.
        """

    async def count(self) -> int:
        """Messages that no worker has taken yet.

        Raises:
            StoreUnavailable: The queue cannot be reached.
        """
