"""An own node whose state and history a test writes down."""

from collections.abc import AsyncIterator
from datetime import datetime

from tests.builders import an_activity, an_observation

from daznode.domain.capability import Capabilities, Capability
from daznode.domain.errors import BackendUnavailable
from daznode.domain.history import HistoryPage
from daznode.domain.node_state import NodeActivity, NodeIdentity, NodeObservation
from daznode.domain.vitals import NodeVitals

CAN = frozenset({Capability.FORWARDS, Capability.FAILURES_IN_HISTORY})


class FakeNode:
    """A ConnectedNode that answers from memory, or fails when told to."""

    strands = ("activity",)

    def __init__(
        self,
        observation: NodeObservation | None = None,
        activity: NodeActivity | None = None,
        error: str | None = None,
        can: frozenset[Capability] = CAN,
    ) -> None:
        self.observation = observation or an_observation()
        self.events = activity or an_activity()
        self.error = error
        self.can = can

    async def identity(self) -> NodeIdentity:
        self._check()
        return self.observation.identity

    async def observe(self) -> NodeObservation:
        self._check()
        return self.observation

    async def examine(self) -> tuple[NodeObservation, NodeVitals]:
        seen = await self.observe()
        return seen, NodeVitals(
            observed_at=seen.observed_at,
            block_height=seen.identity.block_height,
            wallet=None,
            peers=(),
            htlcs=(),
            closing=(),
            open_points={},
        )

    async def capabilities(self) -> Capabilities:
        self._check()
        return Capabilities(self.observation.identity.backend, self.can)

    async def pages(
        self, strand: str, cursor: str | None, until: datetime
    ) -> AsyncIterator[HistoryPage]:
        self._check()
        told = self.events
        events = [
            event
            for kind in (
                told.forwards,
                told.failures,
                told.rebalances,
                told.payments,
                told.receipts,
            )
            for event in kind
            if event.at < until
        ]
        events.sort(key=lambda event: event.at)
        done = int(cursor or 0)
        yield HistoryPage(
            strand, tuple(range(done, len(events))), tuple(events[done:]), str(len(events))
        )

    def _check(self) -> None:
        if self.error is not None:
            raise BackendUnavailable(self.error)
