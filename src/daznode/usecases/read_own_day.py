"""Read what the operator's own node knows of a day: synced to the present, then read from what is kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from daznode.domain.books import ChannelBook, balance_books
from daznode.domain.errors import BackendError
from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.ledger import tally
from daznode.domain.node_state import NodeObservation
from daznode.domain.node_view import DAY, OwnDay
from daznode.ports.clock import Clock
from daznode.ports.compute import Compute
from daznode.ports.history import HistoryStore
from daznode.ports.lightning import ConnectedNode
from daznode.ports.store import ObservationStore
from daznode.usecases.open_week import DAYS
from daznode.usecases.sync_node import Synced, SyncNode

FORTNIGHT: Final = timedelta(days=14)

_TICK: Final = timedelta(microseconds=1)


@dataclass(slots=True)
class ReadOwnDay:
    """The trip from the connected node to its own day.

    The key of the node is asked for once: a backend does not become another node.
    """

    clock: Clock
    observations: ObservationStore
    history: HistoryStore
    node: ConnectedNode
    compute: Compute
    _node_id: NodeId | None = field(default=None)

    async def run(
        self, node_id: NodeId, tenant_id: str, until: datetime, *, is_today: bool
    ) -> tuple[OwnDay | None, str | None]:
        """Read the day of a node, if it is the connected one.

        Args:
            node_id: The node.
            tenant_id: Whose data.
            until: End of the report's 24 hours, UTC.
            is_today: Whether that is the present: then how the node is doing now belongs to it.

        Returns:
            The day, and nothing; where the node cannot be reached, the last day known of it, and
            why; neither for another node.
        """
        synced: Synced | None = None
        error: str | None = None
        known: datetime | None = until
        seen_until = until
        try:
            if self._node_id is None:
                self._node_id = (await self.node.identity()).node_id
            if self._node_id != node_id:
                return None, None
            sync = SyncNode(self.clock, self.history, self.observations)
            synced = await sync.run(self.node, tenant_id)
        except BackendError as exc:
            error = str(exc)
            known = await self.history.synced_until(tenant_id, node_id)
        if known is None:
            return None, error
        if synced is not None and is_today:
            # Observed after the report was begun, and still a state of its day.
            seen_until = max(until, synced.observation.observed_at)
        known = min(known, until)
        own = await self._kept(tenant_id, node_id, known, max(known, seen_until))
        if own is None:
            week_to = f"{until:%Y-%m-%d %H:%M}"
            return None, error or f"no state of the node is stored for the week to {week_to} UTC"
        if synced is not None and is_today:
            own = replace(own, vitals=synced.vitals, backup=synced.backup)
        return own, error

    async def _kept(
        self, tenant_id: str, node_id: NodeId, until: datetime, seen_until: datetime
    ) -> OwnDay | None:
        """What is kept of the node's fortnight up to a moment; None without any state in its week."""
        week_ago = until - DAYS * DAY
        kept = await self.observations.observations(
            tenant_id, node_id, week_ago, seen_until + _TICK
        )
        if not kept:
            return None
        activity = await self.history.activity(tenant_id, node_id, until - FORTNIGHT, until)
        ends = [until - back * DAY for back in range(DAYS - 1, -1, -1)]
        books = await self._books(tenant_id, node_id, week_ago, until)

        def sum_up(_: object) -> OwnDay:
            return OwnDay(
                observation=kept[-1],
                day=tally(activity, until - DAY, until),
                week=tally(activity, week_ago, until),
                fortnight=tally(activity, until - FORTNIGHT, until),
                days=tuple(tally(activity, end - DAY, end) for end in ends),
                capacity_by_day=tuple(
                    _capacity_sat(kept, end - DAY, seen_until if end == until else end)
                    for end in ends
                ),
                books=books,
            )

        # A fortnight of a busy node is a hundred thousand forwards: not on the event loop.
        return await self.compute.run(sum_up)

    async def _books(
        self, tenant_id: str, node_id: NodeId, week_ago: datetime, until: datetime
    ) -> dict[ShortChannelId, ChannelBook]:
        """The week's books, from the state kept last before it to the last one within it."""
        since = await self.history.state_before(tenant_id, node_id, week_ago)
        end = await self.history.state_before(tenant_id, node_id, until)
        if since is None or end is None or week_ago - since > DAY:
            return {}
        before = await self.history.balances_at(tenant_id, node_id, since)
        after = await self.history.balances_at(tenant_id, node_id, end)
        activity = await self.history.activity(tenant_id, node_id, since, end)
        return await self.compute.run(lambda _: balance_books(before, after, activity))


def _capacity_sat(kept: Sequence[NodeObservation], after: datetime, until: datetime) -> int | None:
    """Capacity as last observed in `(after, until]`, sat; None if it was not."""
    seen = [one for one in kept if after < one.observed_at <= until]
    return sum(int(one.capacity_sat) for one in seen[-1].channels) if seen else None
