"""An own node whose state and history a test writes down."""

from datetime import datetime

from tests.builders import an_activity, an_observation

from daznode.domain.errors import BackendError
from daznode.domain.node_state import NodeActivity, NodeIdentity, NodeObservation


class FakeNode:
    """A LightningNode that answers from memory, or fails when told to."""

    def __init__(
        self,
        observation: NodeObservation | None = None,
        activity: NodeActivity | None = None,
        error: str | None = None,
    ) -> None:
        self.observation = observation or an_observation()
        self.events = activity or an_activity()
        self.error = error

    async def identity(self) -> NodeIdentity:
        self._check()
        return self.observation.identity

    async def observe(self) -> NodeObservation:
        self._check()
        return self.observation

    async def activity(self, since: datetime, until: datetime) -> NodeActivity:
        self._check()
        return NodeActivity(
            since=since,
            until=until,
            forwards=tuple(e for e in self.events.forwards if since <= e.at < until),
            failures=tuple(e for e in self.events.failures if since <= e.at < until),
            rebalances=tuple(e for e in self.events.rebalances if since <= e.at < until),
        )

    def _check(self) -> None:
        if self.error is not None:
            raise BackendError(self.error)
