"""Keep following: of all processes of a service, one keeps the connected node's history up to date."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from daznode.domain.accounts import LOCAL_TENANT
from daznode.domain.errors import BackendError, BackendRefused, BackendUntrusted, StoreUnavailable
from daznode.domain.ids import NodeId
from daznode.ports.accounts import ProfileStore
from daznode.ports.clock import Clock
from daznode.ports.coordination import Leases
from daznode.ports.history import HistoryStore
from daznode.ports.journal import Journal
from daznode.ports.lightning import ConnectedNode, NodeEvents
from daznode.ports.store import ObservationStore
from daznode.usecases.follow_node import FollowNode, FollowPace
from daznode.usecases.sync_node import Synced, SyncNode

LEASE: Final = "follow:connected-node"

LEASE_SECONDS: Final = 30.0
"""A process that died is followed by another one within this."""

AGAIN_SECONDS: Final = 60.0
"""Pause after what another attempt would hardly change: a refused credential, another node."""


@dataclass(frozen=True, slots=True)
class KeepFollowing:
    """The trip that does not end, in the service.

    Attributes:
        node: The connected node.
        events: The same node, as it tells.
        clock: Time.
        history: Where its past is kept.
        observations: Where the state of each day is kept.
        profiles: Tell whose the node is.
        leases: Decide which process follows.
        journal: Told of syncs and breaks.
        owner: Unique per process and start.
        pace: How often what.
        lease_seconds: How long the lead holds without being renewed.
        again_seconds: Pause after a refusal.
    """

    node: ConnectedNode
    events: NodeEvents
    clock: Clock
    history: HistoryStore
    observations: ObservationStore
    profiles: ProfileStore
    leases: Leases
    journal: Journal
    owner: str
    pace: FollowPace = field(default_factory=FollowPace)
    lease_seconds: float = LEASE_SECONDS
    again_seconds: float = AGAIN_SECONDS

    async def forever(self) -> None:
        """Follow while this process holds the lead; wait for it otherwise."""
        try:
            while True:
                if await self._leads():
                    await self._while(self._leads, self._follow)
                await asyncio.sleep(self.lease_seconds / 3)
        finally:
            await self.leases.release(LEASE, self.owner)

    async def _leads(self) -> bool:
        try:
            return await self.leases.acquire(LEASE, self.owner, self.lease_seconds)
        except StoreUnavailable:
            return False  # two that follow would ask the node for everything twice

    async def _while(
        self, goes_on: Callable[[], Awaitable[bool]], work: Callable[[], Awaitable[None]]
    ) -> None:
        """Do some work until it ends, or until what is asked meanwhile says no."""
        working = asyncio.ensure_future(work())
        try:
            while not working.done() and await goes_on():
                await asyncio.wait({working}, timeout=self.lease_seconds / 3)
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
        if not working.cancelled():
            working.result()

    async def _follow(self) -> None:
        sync = SyncNode(self.clock, self.history, self.observations)
        trip = FollowNode(sync, self._tell, self.pace)
        try:
            node_id = (await self.node.identity()).node_id
            tenant_id = await self._tenant_id(node_id)

            async def is_theirs() -> bool:
                try:
                    return await self._tenant_id(node_id) == tenant_id
                except StoreUnavailable:
                    return True  # nobody says that it changed

            await self._while(is_theirs, lambda: trip.run(self.node, self.events, tenant_id))
        except (BackendRefused, BackendUntrusted) as error:
            self.journal.error("Connected node cannot be followed", error=str(error))
            await asyncio.sleep(self.again_seconds)
        except BackendError as error:
            self._tell(error)
        except StoreUnavailable as error:
            self.journal.warning("History of the connected node cannot be kept", error=str(error))

    async def _tenant_id(self, node_id: NodeId) -> str:
        """Of who has proven the node; of the machine itself while nobody has."""
        profile = await self.profiles.profile_of_node(node_id)
        return (
            LOCAL_TENANT
            if profile is None or profile.pubkey_proven_at is None
            else profile.tenant_id
        )

    def _tell(self, what: Synced | BackendError) -> None:
        if isinstance(what, Synced):
            self.journal.info("Connected node synced", **what.new_events)
        else:
            self.journal.warning("Connected node does not answer", error=str(what))
