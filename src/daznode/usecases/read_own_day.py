"""Read what the operator's own node knows of a day: its state, its week, and what was kept of it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from daznode.domain.errors import BackendError
from daznode.domain.ids import NodeId
from daznode.domain.ledger import tally
from daznode.domain.node_state import NodeActivity, NodeObservation
from daznode.domain.node_view import DAY, OwnDay
from daznode.ports.lightning import LightningNode
from daznode.ports.store import ObservationStore
from daznode.usecases.open_week import DAYS

FORTNIGHT: Final = timedelta(days=14)

_TICK: Final = timedelta(microseconds=1)


@dataclass(slots=True)
class ReadOwnDay:
    """The trip from the connected node to its own day.

    The key of the node is asked for once: a backend does not become another node.
    """

    observations: ObservationStore
    node: LightningNode
    _node_id: NodeId | None = field(default=None)

    async def run(
        self, node_id: NodeId, tenant_id: str, until: datetime, *, is_today: bool
    ) -> tuple[OwnDay | None, str | None]:
        """Read the day of a node, if it is the connected one.

        Args:
            node_id: The node.
            tenant_id: Whose data.
            until: End of the report's 24 hours, UTC.
            is_today: Whether that is the present: then the state is read anew and kept.

        Returns:
            The day and nothing, or nothing and why there is none; neither for another node.
        """
        try:
            if self._node_id is None:
                self._node_id = (await self.node.identity()).node_id
            if self._node_id != node_id:
                return None, None
            seen_until = until
            if is_today:
                fresh = await self.node.observe()
                await self.observations.put_observation(tenant_id, fresh)
                # Observed after the report was begun, and still a state of its day.
                seen_until = max(until, fresh.observed_at)
            activity = await self.node.activity(until - FORTNIGHT, until)
        except BackendError as exc:
            return None, str(exc)
        kept = await self.observations.observations(
            tenant_id, node_id, until - DAYS * DAY, seen_until + _TICK
        )
        if not kept:
            week_to = f"{until:%Y-%m-%d %H:%M}"
            return None, f"no state of the node is stored for the week to {week_to} UTC"
        return _day_of(kept, activity, until, seen_until), None


def _day_of(
    kept: tuple[NodeObservation, ...],
    activity: NodeActivity,
    until: datetime,
    seen_until: datetime,
) -> OwnDay:
    ends = [until - back * DAY for back in range(DAYS - 1, -1, -1)]
    capacities: list[int | None] = []
    for end in ends:
        last = seen_until if end == until else end
        seen = [one for one in kept if end - DAY < one.observed_at <= last]
        channels = seen[-1].channels if seen else None
        capacities.append(
            None if channels is None else sum(int(one.capacity_sat) for one in channels)
        )
    return OwnDay(
        observation=kept[-1],
        day=tally(activity, until - DAY, until),
        week=tally(activity, until - DAYS * DAY, until),
        fortnight=tally(activity, until - FORTNIGHT, until),
        days=tuple(tally(activity, end - DAY, end) for end in ends),
        capacity_by_day=tuple(capacities),
    )
