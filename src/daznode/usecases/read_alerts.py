"""Read alerts: those open and recent, and new ones as they come."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from daznode.domain.accounts import Caller
from daznode.domain.alert import NodeAlert
from daznode.domain.answers import SUCCESS
from daznode.domain.errors import InvalidParameter
from daznode.ports.alerts import AlertFeed, AlertStore
from daznode.ports.clock import Clock

MOST_DAYS: Final = 90
MOST_ALERTS: Final = 500


@dataclass(frozen=True, slots=True)
class AlertsAnswer:
    """Alerts of a user's nodes.

    Attributes:
        status: `success`.
        alerts: The newest `opened_at` first.
    """

    status: str
    alerts: tuple[NodeAlert, ...]


@dataclass(frozen=True, slots=True)
class ReadAlerts:
    """The trip from a caller to the caller's own alerts; nobody sees another one's."""

    alerts: AlertStore
    feed: AlertFeed
    clock: Clock

    async def recent(
        self, caller: Caller, *, days: int, is_open: bool | None, limit: int
    ) -> AlertsAnswer:
        """Alerts that are open, or were seen in the last days.

        Args:
            caller: Whose.
            days: How far back, 1 to 90.
            is_open: Only open ones, only resolved ones, or both.
            limit: How many at the most, 1 to 500.

        Raises:
            InvalidParameter: A number out of range.
            StoreUnavailable: The store cannot be asked.
        """
        if not 1 <= days <= MOST_DAYS or not 1 <= limit <= MOST_ALERTS:
            message = (
                f"days {days}, limit {limit}: expected 1 to {MOST_DAYS} days "
                f"and 1 to {MOST_ALERTS} alerts"
            )
            raise InvalidParameter(message)
        since = self.clock.now() - timedelta(days=days)
        found = await self.alerts.alerts(caller.user_id, since=since, is_open=is_open, limit=limit)
        own = tuple(one for one in found if one.tenant_id == caller.tenant_id)
        return AlertsAnswer(SUCCESS, own)

    def listen(self, caller: Caller) -> AbstractAsyncContextManager[AsyncIterator[NodeAlert]]:
        """The caller's alerts from now on."""
        return self.feed.listen(caller.user_id)
