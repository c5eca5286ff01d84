"""LightningNode: what we read from an operator's own node."""

from datetime import datetime
from typing import Protocol

from daznode.domain.node_state import NodeActivity, NodeIdentity, NodeObservation


class LightningNode(Protocol):
    """Read side of a node backend."""

    async def identity(self) -> NodeIdentity:
        """Who the node is.

        Raises:
            BackendError: The node cannot be reached or answers wrongly.
        """

    async def observe(self) -> NodeObservation:
        """Channels with balances and policies, as they are now.

        Raises:
            BackendError: The node cannot be reached or answers wrongly.
        """

    async def activity(self, since: datetime, until: datetime) -> NodeActivity:
        """Forwards, failed HTLCs and rebalances in `[since, until)`.

        Raises:
            BackendError: The node cannot be reached or answers wrongly.
        """
