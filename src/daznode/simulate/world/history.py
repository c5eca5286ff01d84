"""What the simulated node has seen since its beginning."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import TypeVar

from daznode.domain.node_state import Forward, HtlcFailure, NodeActivity, Rebalance

Event = TypeVar("Event", Forward, HtlcFailure, Rebalance)


class History:
    """Events, each kind by time; they are added in their order."""

    def __init__(self) -> None:
        """Nothing has happened."""
        self._forwards: list[Forward] = []
        self._failures: list[HtlcFailure] = []
        self._rebalances: list[Rebalance] = []

    def add(self, activity: NodeActivity) -> None:
        """Add what happened after all that was added before."""
        self._forwards += activity.forwards
        self._failures += activity.failures
        self.add_rebalances(activity.rebalances)

    def add_rebalances(self, rebalances: Iterable[Rebalance]) -> None:
        """Add circular payments made after all that were added before."""
        self._rebalances += rebalances

    def window(self, since: datetime, until: datetime) -> NodeActivity:
        """What happened in `[since, until)`."""
        return NodeActivity(
            since=since,
            until=until,
            forwards=_between(self._forwards, since, until),
            failures=_between(self._failures, since, until),
            rebalances=_between(self._rebalances, since, until),
        )


def _between(events: Sequence[Event], since: datetime, until: datetime) -> tuple[Event, ...]:
    first = bisect_left(events, since, key=attrgetter("at"))
    last = bisect_left(events, until, key=attrgetter("at"))
    return tuple(events[first:last])
