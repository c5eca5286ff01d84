"""The newest stored network, kept open: a newer one is opened aside, then takes its place."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daznode.domain.answers import SnapshotRef
from daznode.domain.errors import DataUnavailable, NoSnapshot, StorageError
from daznode.domain.gossip import SnapshotSummary
from daznode.graph.view import NetworkIndex
from daznode.ports.compute import Compute
from daznode.ports.journal import Journal
from daznode.ports.metrics import Metrics
from daznode.usecases.find_snapshot import choose, older
from daznode.usecases.open_network import OpenNetwork, looked_back_on

LOOK_EVERY_SECONDS: Final = 3.0
"""How often the list of stored snapshots is read: it costs a millisecond."""

TRY_AGAIN_SECONDS: Final = 60.0
"""When a snapshot that could not be opened is tried again, unless another one arrives."""

SHORTEST_DAY: Final = timedelta(hours=12)
LONGEST_DAY: Final = timedelta(hours=36)
"""A snapshot this much older than another is the one of the day before, as in the daily report."""


class NetworkState(StrEnum):
    """Whether there is a network to answer about."""

    UNKNOWN = "unknown"
    NONE = "none"
    OPENING = "opening"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class OpenedNetwork:
    """A network that can be asked.

    Attributes:
        index: The network.
        ref: The snapshot, as answers name it.
        edition: Differs when the snapshot, its history or the parameters differ.
        before: The stored snapshot of the day before; None without one.
        orders: Nodes by metric, best first, as far as they were asked for.
    """

    index: NetworkIndex
    ref: SnapshotRef
    edition: str
    before: SnapshotSummary | None
    orders: dict[str, NDArray[np.int64]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What cached answers about it are kept under."""
        return f"{self.ref.snapshot_id}:{self.edition}"


class CurrentNetwork:
    """Keeps the newest stored snapshot open.

    Args:
        networks: Opens snapshots.
        compute: Where the indexes are built.
        journal: Told of every network opened, and of those that cannot be.
        metrics: Told of the size of the network.
    """

    def __init__(
        self, networks: OpenNetwork, compute: Compute, journal: Journal, metrics: Metrics
    ) -> None:
        """Open nothing yet."""
        self._networks = networks
        self._compute = compute
        self._journal = journal
        self._metrics = metrics
        self._opened: OpenedNetwork | None = None
        self._failed: tuple[str, float] | None = None
        self._noticed = asyncio.Event()
        self._opening = asyncio.Lock()
        self.state = NetworkState.UNKNOWN
        self.last_error: str | None = None

    @property
    def opened(self) -> OpenedNetwork | None:
        """The network that is open; None before the first one is."""
        return self._opened

    def network(self) -> OpenedNetwork:
        """The network that is open.

        Raises:
            NoSnapshot: None is stored.
            DataUnavailable: The first one is being opened, or cannot be.
        """
        if self._opened is not None:
            return self._opened
        if self.state is NetworkState.NONE:
            choose((), None)
        if self.last_error is not None:
            raise DataUnavailable(self.last_error)
        message = "the network snapshot is being opened; ask again in a few seconds"
        raise DataUnavailable(message)

    def notice(self) -> None:
        """Look for a newer snapshot at once: one has just been imported."""
        self._noticed.set()

    async def watch(self, warm: Callable[[OpenedNetwork], Awaitable[None]]) -> None:
        """Open the newest snapshot and every newer one that arrives, until cancelled.

        Args:
            warm: Called with every network just before it takes its place.
        """
        while True:
            await self.refresh(warm)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._noticed.wait(), LOOK_EVERY_SECONDS)
            self._noticed.clear()

    async def refresh(self, warm: Callable[[OpenedNetwork], Awaitable[None]] | None = None) -> bool:
        """Open the newest snapshot, if it is not the one that is open.

        What stands in the way is written to the journal and kept as `last_error`; the network that
        is open goes on answering.

        Args:
            warm: Called with a network just before it takes its place.

        Returns:
            Whether another network is open now.
        """
        async with self._opening:
            edition = ""
            try:
                summaries = await self._networks.snapshots.summaries()
                chosen = choose(summaries, None)
                edition = self._edition(chosen, summaries)
                if not self._wants(edition):
                    return False
                opened = await self._open(chosen, summaries, edition)
                if warm is not None:
                    await warm(opened)
            except NoSnapshot:
                if self._opened is None:
                    self.state = NetworkState.NONE
                return False
            except StorageError as exc:
                self._fail(edition, str(exc))
                return False
            self._opened, self._failed, self.last_error = opened, None, None
            self.state = NetworkState.OPEN
            self._tell(opened)
            return True

    async def recalculate(self) -> None:
        """Measure and score the newest snapshot anew; the one that is open answers meanwhile.

        Raises:
            NoSnapshot: None is stored.
            StorageError: It cannot be read, or its measures not be kept.
        """
        async with self._opening:
            summaries = await self._networks.snapshots.summaries()
            chosen = choose(summaries, None)
            await self._networks.measure_again(chosen)
            edition = self._edition(chosen, summaries)
            self._opened = await self._open(chosen, summaries, edition)
            self.state = NetworkState.OPEN

    def _wants(self, edition: str) -> bool:
        if self._opened is not None and self._opened.edition == edition:
            self.last_error = None
            return False
        if self._failed is not None:
            failed, at_seconds = self._failed
            return failed != edition or _seconds() - at_seconds >= TRY_AGAIN_SECONDS
        return True

    def _fail(self, edition: str, line: str) -> None:
        self._failed = (edition, _seconds()) if edition else None
        if line != self.last_error:
            self._journal.error("Network snapshot cannot be opened", error=line)
        self.last_error = line
        if self._opened is None:
            self.state = NetworkState.UNKNOWN

    async def _open(
        self, chosen: SnapshotSummary, summaries: tuple[SnapshotSummary, ...], edition: str
    ) -> OpenedNetwork:
        if self._opened is None:
            self.state = NetworkState.OPENING
        index = await self._networks.opened(chosen, summaries)
        # What answers need is built now, in a thread: the first ones to ask do not wait for it.
        await self._compute.run(lambda _: (index.market, index.candidates))
        origin = chosen.origin
        return OpenedNetwork(
            index=index,
            ref=SnapshotRef(origin.snapshot_id, origin.observed_at, origin.reality),
            edition=edition,
            before=day_before(chosen, summaries),
        )

    def _edition(self, chosen: SnapshotSummary, summaries: Sequence[SnapshotSummary]) -> str:
        """Differs with what an opened network rests on: its snapshot, the ones before, parameters."""
        past = looked_back_on(chosen.origin, summaries)
        weights = self._networks.weights
        words = (
            self._networks.params.params_hash,
            repr(weights),
            *(one.origin.snapshot_id for one in past),
            chosen.origin.snapshot_id,
        )
        return hashlib.sha256("\n".join(words).encode()).hexdigest()[:16]

    def _tell(self, opened: OpenedNetwork) -> None:
        snapshot = opened.index.snapshot
        capacities_sat = snapshot.channels.capacity_sat
        self._metrics.network_is(
            snapshot.n_nodes,
            snapshot.n_channels,
            int(capacities_sat[capacities_sat > 0].sum()),
        )
        self._journal.info(
            "Network snapshot opened",
            snapshot_id=opened.ref.snapshot_id,
            nodes=snapshot.n_nodes,
            channels=snapshot.n_channels,
        )


def day_before(
    chosen: SnapshotSummary, summaries: Sequence[SnapshotSummary]
) -> SnapshotSummary | None:
    """The newest stored snapshot of the day before another one; None without one."""
    fitting = [
        one
        for one in older(chosen.origin, summaries)
        if SHORTEST_DAY <= chosen.origin.observed_at - one.origin.observed_at <= LONGEST_DAY
    ]
    return fitting[-1] if fitting else None


def _seconds() -> float:
    return asyncio.get_running_loop().time()
