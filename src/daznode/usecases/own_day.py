"""The own node's day: synced just now, or the last that is known of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from daznode.domain.books import ChannelBook, balance_books
from daznode.domain.errors import BackendError
from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.ledger import tally
from daznode.domain.node_state import NodeObservation
from daznode.domain.node_view import DAY, OwnDay
from daznode.ports.clock import Clock
from daznode.ports.history import HistoryStore
from daznode.ports.lightning import ConnectedNode
from daznode.ports.store import ObservationStore
from daznode.usecases.sync_node import Synced, SyncNode

DAYS: Final = 7
"""Days of a trend, the report's day included."""

FORTNIGHT: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class OwnDayReader:
    """Gathers a node's own day from the node and from what is kept of it.

    Args:
        clock: Moment of the sync.
        history: What happened on the node.
        observations: The states of its days.
    """

    clock: Clock
    history: HistoryStore
    observations: ObservationStore

    async def read(
        self,
        node: ConnectedNode,
        tenant_id: str,
        node_id: NodeId,
        until: datetime,
        *,
        is_present: bool,
    ) -> tuple[OwnDay | None, str | None]:
        """The node's own data, and why it is missing or old.

        Args:
            node: The connected node; it may be another one than the one asked about.
            tenant_id: Whose data.
            node_id: The node asked about.
            until: End of the day, UTC.
            is_present: Whether that is now, so that the present state belongs to it.
        """
        synced: Synced | None = None
        error: str | None = None
        known: datetime | None = until
        try:
            identity = await node.identity()
            if identity.node_id != node_id:
                return None, None
            sync = SyncNode(self.clock, self.history, self.observations)
            synced = await sync.run(node, tenant_id)
        except BackendError as exc:
            error = str(exc)
            known = await self.history.synced_until(tenant_id, node_id)
        if known is None:
            return None, error
        fresh = synced.observation if synced is not None and is_present else None
        own = await self._kept((tenant_id, node_id), until, min(known, until), fresh)
        if own is None:
            return None, error or (
                f"no state of the node is stored for the week to {until:%Y-%m-%d %H:%M} UTC"
            )
        if synced is not None and is_present:
            own = replace(own, vitals=synced.vitals, backup=synced.backup)
        return own, error

    async def _kept(
        self,
        whose: tuple[str, NodeId],
        end: datetime,
        until: datetime,
        fresh: NodeObservation | None,
    ) -> OwnDay | None:
        """What is kept of the node's fortnight up to a moment; None without any state in its week.

        Args:
            whose: Tenant and node.
            end: End of the report's day.
            until: End of what is known of the past, not after `end`.
            fresh: State observed while the report was being made, which is the one at its end.
        """
        week_ago = until - DAYS * DAY
        kept = await self.observations.observations(
            *whose, week_ago, end + timedelta(microseconds=1)
        )
        seen_at = end
        if fresh is not None:
            seen_at = max(end, fresh.observed_at)
            kept = (*kept, replace(fresh, observed_at=min(end, fresh.observed_at)))
        if not kept:
            return None
        activity = await self.history.activity(*whose, until - FORTNIGHT, until)
        ends = [until - back * DAY for back in range(DAYS - 1, -1, -1)]
        return OwnDay(
            observation=kept[-1],
            day=tally(activity, until - DAY, until),
            week=tally(activity, week_ago, until),
            fortnight=tally(activity, until - FORTNIGHT, until),
            days=tuple(tally(activity, day_end - DAY, day_end) for day_end in ends),
            capacity_by_day=tuple(_capacity_sat(kept, day_end) for day_end in ends),
            books=await self._books(whose, week_ago, seen_at),
        )

    async def _books(
        self, whose: tuple[str, NodeId], week_ago: datetime, until: datetime
    ) -> dict[ShortChannelId, ChannelBook]:
        """The week's books, from the state kept last before it to the last one within it."""
        since = await self.history.state_before(*whose, week_ago)
        end = await self.history.state_before(*whose, until)
        if since is None or end is None or week_ago - since > DAY:
            return {}
        return balance_books(
            await self.history.balances_at(*whose, since),
            await self.history.balances_at(*whose, end),
            await self.history.activity(*whose, since, end),
        )


def _capacity_sat(kept: Sequence[NodeObservation], end: datetime) -> int | None:
    """Capacity as last observed in the day to `end`, sat; None if it was not."""
    seen = [one for one in kept if end - DAY < one.observed_at <= end]
    return sum(int(one.capacity_sat) for one in seen[-1].channels) if seen else None
