"""HistoryStore: what happened on own nodes and how they changed, kept so that nothing is fetched twice."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from daznode.domain.history import ChannelMoment, HistoryPage, PeerMoment
from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.node_state import NodeActivity, NodeObservation
from daznode.domain.units import Msat
from daznode.domain.vitals import ChannelBackup, PeerState


class HistoryStore(Protocol):
    """Histories by tenant and node; nothing of one is ever seen by another."""

    async def cursors(self, tenant_id: str, node_id: NodeId) -> Mapping[str, str]:
        """Where each strand was left, by its name; empty before the first page."""

    async def put_page(self, tenant_id: str, node_id: NodeId, page: HistoryPage) -> int:
        """Keep a page's events and its cursor, both or neither; events already kept stay as they are.

        Returns:
            How many events were new.

        Raises:
            StoreUnavailable: It cannot be written.
        """

    async def put_synced(self, tenant_id: str, node_id: NodeId, until: datetime) -> None:
        """Remember that all strands were read to their ends at a moment, unless a later one is kept.

        Raises:
            StoreUnavailable: It cannot be written.
        """

    async def synced_until(self, tenant_id: str, node_id: NodeId) -> datetime | None:
        """The moment to which the history is complete; None if it never was."""

    async def put_watched(
        self, tenant_id: str, node_id: NodeId, since: datetime, until: datetime
    ) -> None:
        """Remember that failures were recorded in `[since, until)`; windows that touch become one.

        Raises:
            StoreUnavailable: It cannot be written.
        """

    async def activity(
        self, tenant_id: str, node_id: NodeId, since: datetime, until: datetime
    ) -> NodeActivity:
        """What happened in `[since, until)`, circular payments recognised.

        `are_failures_known` says whether failures were recorded for all of it.
        """

    async def put_state(
        self, tenant_id: str, observation: NodeObservation, peers: tuple[PeerState, ...]
    ) -> None:
        """Keep channels and peers that differ from what was kept of them last.

        Raises:
            StoreUnavailable: It cannot be written.
        """

    async def state_before(
        self, tenant_id: str, node_id: NodeId, moment: datetime
    ) -> datetime | None:
        """When a state was last put at or before a moment, changed or not; None if never."""

    async def channel_moments(
        self, tenant_id: str, node_id: NodeId, since: datetime, until: datetime
    ) -> tuple[ChannelMoment, ...]:
        """Changes of channels with `since <= at < until`, by channel and time."""

    async def balances_at(
        self, tenant_id: str, node_id: NodeId, moment: datetime
    ) -> Mapping[ShortChannelId, Msat]:
        """Our balance of each channel as last kept at or before a moment, msat."""

    async def peer_moments(
        self, tenant_id: str, node_id: NodeId, since: datetime, until: datetime
    ) -> tuple[PeerMoment, ...]:
        """Changes of peers with `since <= at < until`, by key and time."""

    async def put_backup(self, tenant_id: str, node_id: NodeId, backup: ChannelBackup) -> None:
        """Keep a channel backup in place of the one before, unless that is newer.

        Raises:
            StoreUnavailable: It cannot be written.
        """

    async def backup(self, tenant_id: str, node_id: NodeId) -> ChannelBackup | None:
        """The channel backup that is kept; None without one."""
