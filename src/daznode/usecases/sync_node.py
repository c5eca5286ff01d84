"""Sync: keep a node's past and present, going on where the last run was left."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from daznode.domain.capability import Capability
from daznode.domain.errors import BackendError
from daznode.domain.ids import NodeId
from daznode.domain.node_state import NodeIdentity, NodeObservation
from daznode.domain.vitals import BackupState, ChannelBackup, NodeVitals
from daznode.ports.clock import Clock
from daznode.ports.history import HistoryStore
from daznode.ports.lightning import ConnectedNode, NodeRecords
from daznode.ports.store import ObservationStore

_EVER: Final = datetime(2009, 1, 3, tzinfo=UTC)
"""Nothing happened on any node before Bitcoin's first block."""

BACKUP_EVERY: Final = timedelta(hours=6)
"""A kept backup of all open channels is exported anew after this long."""


def _tell_nobody(strand: str, count: int) -> None:
    del strand, count


@dataclass(frozen=True, slots=True)
class Synced:
    """What a sync found.

    Attributes:
        identity: Whose.
        observation: The channels now.
        vitals: How the node is doing now.
        backup: How well the open channels are backed up; None if the backend exports nothing, or
            there is no channel to back up.
        backup_error: Why no backup could be exported; None if one was.
        new_events: Events by strand that were not kept before.
        until: Moment to which the past is complete now, UTC.
    """

    identity: NodeIdentity
    observation: NodeObservation
    vitals: NodeVitals
    backup: BackupState | None
    backup_error: str | None
    new_events: dict[str, int]
    until: datetime


@dataclass(frozen=True, slots=True)
class SyncNode:
    """The trip from a node to its kept history.

    Args:
        clock: Moment of the sync.
        history: Where events, states and the backup are kept.
        observations: Where the state of each day is kept.
        told: Told after each page: strand, events kept so far in this run.
    """

    clock: Clock
    history: HistoryStore
    observations: ObservationStore
    told: Callable[[str, int], None] = _tell_nobody

    async def run(self, node: ConnectedNode, tenant_id: str) -> Synced:
        """Bring what is kept of a node up to now.

        Stopped at any point, it goes on there the next time: a page and its cursor are kept
        together. Nothing kept is fetched again.

        Args:
            node: The node.
            tenant_id: Whose.

        Raises:
            BackendError: The node cannot be reached or answers wrongly; what was kept by then stays.
            StoreUnavailable: Something cannot be kept.
        """
        until = self.clock.now()
        observation, vitals = await node.examine()
        identity = observation.identity
        await self.observations.put_observation(tenant_id, observation)
        await self.history.put_state(tenant_id, observation, vitals.peers)
        can = (await node.capabilities()).can
        counts = await self._past(node, tenant_id, identity.node_id, can, until)
        backup: BackupState | None = None
        backup_error: str | None = None
        if Capability.BACKUP_EXPORT in can and isinstance(node, NodeRecords):
            backup, backup_error = await self._backup(node, tenant_id, identity.node_id, vitals)
        return Synced(
            identity=identity,
            observation=observation,
            vitals=vitals,
            backup=backup,
            backup_error=backup_error,
            new_events=counts,
            until=until,
        )

    async def catch_up(self, node: ConnectedNode, tenant_id: str, node_id: NodeId) -> datetime:
        """Bring the past alone up to now; raises as `run` does.

        Args:
            node: The node.
            tenant_id: Whose.
            node_id: Its key, as a sync found it.

        Returns:
            Moment to which the past is complete now, UTC.
        """
        until = self.clock.now()
        can = (await node.capabilities()).can
        await self._past(node, tenant_id, node_id, can, until)
        return until

    async def _past(
        self,
        node: ConnectedNode,
        tenant_id: str,
        node_id: NodeId,
        can: frozenset[Capability],
        until: datetime,
    ) -> dict[str, int]:
        cursors = await self.history.cursors(tenant_id, node_id)
        counts: dict[str, int] = {}
        for strand in node.strands:
            counts[strand] = 0
            async for page in node.pages(strand, cursors.get(strand), until):
                counts[strand] += await self.history.put_page(tenant_id, node_id, page)
                self.told(strand, counts[strand])
        if Capability.FAILURES_IN_HISTORY in can:
            await self.history.put_watched(tenant_id, node_id, _EVER, until)
        await self.history.put_synced(tenant_id, node_id, until)
        return counts

    async def _backup(
        self, node: NodeRecords, tenant_id: str, node_id: NodeId, vitals: NodeVitals
    ) -> tuple[BackupState | None, str | None]:
        """Keep a fresh backup where one is due; how well the open channels are covered then."""
        if not vitals.open_points:
            return None, None
        kept = await self.history.backup(tenant_id, node_id)
        error: str | None = None
        if _is_due(kept, vitals):
            try:
                kept = await node.export_backup()
            except BackendError as refused:
                error = str(refused)
            else:
                await self.history.put_backup(tenant_id, node_id, kept)
        return backup_state(kept, vitals), error


def backup_state(kept: ChannelBackup | None, vitals: NodeVitals) -> BackupState:
    """How well the open channels are backed up."""
    covered = frozenset[str]() if kept is None else kept.covers
    return BackupState(
        exported_at=None if kept is None else kept.exported_at,
        is_verified=None if kept is None else kept.is_verified,
        uncovered=tuple(
            sorted(scid for scid, point in vitals.open_points.items() if point not in covered)
        ),
    )


def _is_due(kept: ChannelBackup | None, vitals: NodeVitals) -> bool:
    if kept is None or vitals.observed_at - kept.exported_at >= BACKUP_EVERY:
        return True
    return bool(backup_state(kept, vitals).uncovered)
