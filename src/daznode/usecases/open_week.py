"""Open the networks of a week: the newest, the one before it, and one for each day of the trends."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from daznode.domain.errors import StoreCorrupt
from daznode.domain.gossip import SnapshotSummary
from daznode.domain.node_view import DAY
from daznode.graph.view import NetworkIndex
from daznode.usecases.open_network import OpenNetwork

DAYS: Final = 7
"""Days of a trend, the report's day included."""

STALE_AFTER: Final = timedelta(hours=36)
"""A snapshot older than this at the end of the day says little about that day: a daily dump that
was missed once is late, one missed twice is stale."""


@dataclass(frozen=True, slots=True)
class NetworkWeek:
    """The networks that a report looks at; the reports of a batch share them.

    Attributes:
        until: End of the report's day, UTC.
        now: The newest one observed by then, however old; None without any.
        before: The one of the day before `now`, for deltas; never `now` itself.
        days: The newest one observed on each of the seven days, oldest first; None for a day
            without one.
        is_stale: Whether `now` is too old for the day.
        errors: Why some of the others cannot be opened, one line each; they count as missing.
    """

    until: datetime
    now: NetworkIndex | None
    before: NetworkIndex | None
    days: tuple[NetworkIndex | None, ...]
    is_stale: bool
    errors: tuple[str, ...] = ()


@dataclass(slots=True)
class OpenWeek:
    """The trip from stored snapshots to a week; the networks of the last week asked for stay open."""

    networks: OpenNetwork
    _opened: dict[str, NetworkIndex] = field(default_factory=dict)
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self, until: datetime) -> NetworkWeek:
        """Open the week that ends at a moment, UTC; whoever asks meanwhile waits for it.

        Raises:
            StoreCorrupt: The newest network cannot be read back; of the others that is told in
                the week.
        """
        async with self._opening:
            return await self._open(until)

    async def _open(self, until: datetime) -> NetworkWeek:
        summaries = await self.networks.snapshots.summaries()
        now, before, days = _choose_days(summaries, until)
        opened: dict[str, NetworkIndex | None] = {}
        errors: list[str] = []
        for one in (now, before, *days):
            if one is None or one.origin.snapshot_id in opened:
                continue
            name = one.origin.snapshot_id
            try:
                opened[name] = self._opened.get(name) or await self.networks.opened(one, summaries)
            except StoreCorrupt as error:
                if one is now:
                    raise
                opened[name] = None
                errors.append(str(error))
        self._opened = {name: network for name, network in opened.items() if network is not None}

        def network(one: SnapshotSummary | None) -> NetworkIndex | None:
            return None if one is None else opened[one.origin.snapshot_id]

        week = week_of(until, network(now), network(before), [network(one) for one in days])
        return replace(week, errors=tuple(errors))


def week_of(
    until: datetime,
    now: NetworkIndex | None,
    before: NetworkIndex | None,
    days: list[NetworkIndex | None],
) -> NetworkWeek:
    """A week of networks that are open; see `NetworkWeek`."""
    is_stale = now is not None and until - now.snapshot.origin.observed_at > STALE_AFTER
    return NetworkWeek(until, now, before, tuple(days), is_stale)


def _choose_days(
    summaries: tuple[SnapshotSummary, ...], until: datetime
) -> tuple[SnapshotSummary | None, SnapshotSummary | None, list[SnapshotSummary | None]]:
    """The newest snapshot, the one of the day before it, and the newest of each of the seven days."""
    known = [one for one in summaries if one.origin.observed_at <= until]
    if not known:
        return None, None, [None] * DAYS
    now = known[-1]
    moment = now.origin.observed_at
    earlier = [one for one in known if DAY / 2 <= moment - one.origin.observed_at <= STALE_AFTER]
    days: list[SnapshotSummary | None] = []
    for back in range(DAYS - 1, -1, -1):
        end = until - back * DAY
        fitting = [one for one in known if end - DAY < one.origin.observed_at <= end]
        days.append(fitting[-1] if fitting else None)
    return now, earlier[-1] if earlier else None, days
