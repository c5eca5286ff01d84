"""Embedded history store (default): histories of own nodes in the SQLite file, with a thread of its own."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from daznode.adapters.store.atomic import PATIENCE_SECONDS
from daznode.adapters.store.database import Database
from daznode.adapters.store.history_rows import HistoryRows
from daznode.adapters.store.sqlite import FILE_NAME
from daznode.adapters.store.threads import DatabaseThread
from daznode.domain.history import ChannelMoment, HistoryPage, PeerMoment
from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.node_state import NodeActivity, NodeObservation
from daznode.domain.units import Msat
from daznode.domain.vitals import ChannelBackup, PeerState


class SqliteHistory:
    """A `HistoryStore` in the data folder; see there for what its methods promise.

    It has its own connection to the file that `SqliteStore` uses too, so that catching up a large
    node does not hold up reports.

    Args:
        data_folder: `DAZNODE_DATA_DIR`.
        patience_seconds: How long to wait for another writer.
    """

    def __init__(self, data_folder: Path, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Touch nothing yet."""
        self._database = Database(data_folder / FILE_NAME, patience_seconds=patience_seconds)
        self._rows = HistoryRows(self._database)
        self._thread = DatabaseThread(self._database, "history")

    def close(self) -> None:
        """Finish what was begun and close the file; the store cannot be used again."""
        self._thread.close()

    async def cursors(self, tenant_id: str, node_id: NodeId) -> Mapping[str, str]:
        """Where each strand was left, by its name."""
        return await self._thread.run(lambda: self._rows.cursors(tenant_id, node_id))

    async def put_page(self, tenant_id: str, node_id: NodeId, page: HistoryPage) -> int:
        """Keep a page's events and its cursor; how many events were new."""
        return await self._thread.run(lambda: self._rows.put_page(tenant_id, node_id, page))

    async def put_synced(self, tenant_id: str, node_id: NodeId, until: datetime) -> None:
        """Remember that all strands were read to their ends at a moment."""
        await self._thread.run(lambda: self._rows.put_synced(tenant_id, node_id, until))

    async def synced_until(self, tenant_id: str, node_id: NodeId) -> datetime | None:
        """The moment to which the history is complete."""
        return await self._thread.run(lambda: self._rows.synced_until(tenant_id, node_id))

    async def put_watched(
        self, tenant_id: str, node_id: NodeId, since: datetime, until: datetime
    ) -> None:
        """Remember that failures were recorded in a window."""
        await self._thread.run(lambda: self._rows.put_watched(tenant_id, node_id, since, until))

    async def activity(
        self, tenant_id: str, node_id: NodeId, since: datetime, until: datetime
    ) -> NodeActivity:
        """What happened in a window, circular payments recognised."""
        return await self._thread.run(lambda: self._rows.activity(tenant_id, node_id, since, until))

    async def put_state(
        self, tenant_id: str, observation: NodeObservation, peers: tuple[PeerState, ...]
    ) -> None:
        """Keep channels and peers that differ from what was kept of them last."""
        await self._thread.run(lambda: self._rows.put_state(tenant_id, observation, peers))

    async def state_before(
        self, tenant_id: str, node_id: NodeId, moment: datetime
    ) -> datetime | None:
        """When a state was last put at or before a moment."""
        return await self._thread.run(lambda: self._rows.state_before(tenant_id, node_id, moment))

    async def channel_moments(
        self, tenant_id: str, node_id: NodeId, since: datetime, until: datetime
    ) -> tuple[ChannelMoment, ...]:
        """Changes of channels in a window, by channel and time."""
        return await self._thread.run(
            lambda: self._rows.channel_moments(tenant_id, node_id, since, until)
        )

    async def balances_at(
        self, tenant_id: str, node_id: NodeId, moment: datetime
    ) -> Mapping[ShortChannelId, Msat]:
        """Our balance of each channel as last kept at or before a moment."""
        return await self._thread.run(lambda: self._rows.balances_at(tenant_id, node_id, moment))

    async def peer_moments(
        self, tenant_id: str, node_id: NodeId, since: datetime, until: datetime
    ) -> tuple[PeerMoment, ...]:
        """Changes of peers in a window, by key and time."""
        return await self._thread.run(
            lambda: self._rows.peer_moments(tenant_id, node_id, since, until)
        )

    async def put_backup(self, tenant_id: str, node_id: NodeId, backup: ChannelBackup) -> None:
        """Keep a channel backup in place of the one before, unless that is newer."""
        await self._thread.run(lambda: self._rows.put_backup(tenant_id, node_id, backup))

    async def backup(self, tenant_id: str, node_id: NodeId) -> ChannelBackup | None:
        """The channel backup that is kept."""
        return await self._thread.run(lambda: self._rows.backup(tenant_id, node_id))
