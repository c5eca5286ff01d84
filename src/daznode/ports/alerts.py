"""AlertStore and AlertFeed: what is wrong with whose node, kept and told at once."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from daznode.domain.alert import NodeAlert
from daznode.domain.ids import NodeId


class AlertStore(Protocol):
    """Alerts; one open record per user, node and key at the most."""

    async def open_alerts(self, user_id: str, node_id: NodeId) -> tuple[NodeAlert, ...]:
        """Alerts of a user's node that are not resolved, in the order of their keys."""

    async def put_alerts(self, alerts: Sequence[NodeAlert]) -> None:
        """Store alerts by `alert_id`, new or changed, all or none.

        Raises:
            StoreUnavailable: They cannot be written.
        """

    async def alerts(
        self, user_id: str, *, since: datetime, is_open: bool | None, limit: int
    ) -> tuple[NodeAlert, ...]:
        """A user's alerts that are open or were seen since a moment, newest `opened_at` first.

        Args:
            user_id: The user.
            since: Resolved ones last seen before are left out.
            is_open: Only open ones, only resolved ones, or both.
            limit: How many at the most.
        """

    async def purge_alerts(self, before: datetime) -> int:
        """Forget alerts that were resolved before a moment; how many were forgotten.

        Raises:
            StoreUnavailable: They cannot be deleted.
        """

    async def count_open(self) -> dict[str, int]:
        """Open alerts of everybody by severity, for the metrics."""


class AlertFeed(Protocol):
    """Tells alerts to whoever listens just now, in all processes; nobody listening is no error."""

    async def publish(self, alerts: Sequence[NodeAlert]) -> None:
        """Tell the listeners of the alerts' users; what cannot be told is dropped, not raised."""

    def listen(self, user_id: str) -> AbstractAsyncContextManager[AsyncIterator[NodeAlert]]:
        """Listen to one user's alerts from now on; a listener that is too slow loses the oldest."""
