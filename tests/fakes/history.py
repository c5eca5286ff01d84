"""A history store that keeps everything in memory, and passes the same suite as the real one."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from daznode.domain.circular import activity_of
from daznode.domain.history import ChannelMoment, HistoryPage, PeerMoment
from daznode.domain.node_state import Event, Forward, HtlcFailure, NodeActivity, NodeObservation
from daznode.domain.vitals import ChannelBackup, PeerState


class _Node:
    def __init__(self) -> None:
        self.cursors: dict[str, str] = {}
        self.events: dict[object, Event] = {}
        self.synced: datetime | None = None
        self.watched: list[tuple[datetime, datetime]] = []
        self.channels: list[ChannelMoment] = []
        self.peers: list[PeerMoment] = []
        self.backup: ChannelBackup | None = None
        self.states: list[datetime] = []


class FakeHistoryStore:
    """Histories in dictionaries."""

    def __init__(self) -> None:
        self._nodes: defaultdict[tuple[str, str], _Node] = defaultdict(_Node)

    async def cursors(self, tenant_id: str, node_id: str) -> Mapping[str, str]:
        return dict(self._nodes[tenant_id, node_id].cursors)

    async def put_page(self, tenant_id: str, node_id: str, page: HistoryPage) -> int:
        node = self._nodes[tenant_id, node_id]
        before = len(node.events)
        for key, event in zip(page.keys, page.events, strict=True):
            channel = event.scid_in if isinstance(event, Forward | HtlcFailure) else None
            node.events.setdefault((type(event), event.at, key, channel), event)
        node.cursors[page.strand] = page.cursor
        return len(node.events) - before

    async def put_synced(self, tenant_id: str, node_id: str, until: datetime) -> None:
        node = self._nodes[tenant_id, node_id]
        node.synced = until if node.synced is None else max(node.synced, until)

    async def synced_until(self, tenant_id: str, node_id: str) -> datetime | None:
        return self._nodes[tenant_id, node_id].synced

    async def put_watched(
        self, tenant_id: str, node_id: str, since: datetime, until: datetime
    ) -> None:
        node = self._nodes[tenant_id, node_id]
        touching = [one for one in node.watched if one[0] <= until and one[1] >= since]
        node.watched = [one for one in node.watched if one not in touching]
        node.watched.append(
            (
                min(since, *(a for a, _ in touching), since),
                max(until, *(b for _, b in touching), until),
            )
        )

    async def activity(
        self, tenant_id: str, node_id: str, since: datetime, until: datetime
    ) -> NodeActivity:
        node = self._nodes[tenant_id, node_id]
        known = any(a <= since and b >= until for a, b in node.watched)
        return activity_of(node.events.values(), since, until, are_failures_known=known)

    async def put_state(
        self, tenant_id: str, observation: NodeObservation, peers: tuple[PeerState, ...]
    ) -> None:
        node = self._nodes[tenant_id, observation.identity.node_id]
        at = observation.observed_at
        node.states.append(at)
        for one in observation.channels:
            moment = ChannelMoment(
                at,
                one.scid,
                one.local_msat,
                one.remote_msat,
                one.is_active,
                one.local_policy,
                one.remote_policy,
            )
            kept = [old for old in node.channels if old.scid == one.scid and old.at <= at]
            last = max(kept, key=lambda old: old.at, default=None)
            if last is None or _without_time(last) != _without_time(moment):
                node.channels.append(moment)
        for peer in peers:
            seen = PeerMoment(at, peer.peer_id, peer.is_online, peer.flaps)
            older = [old for old in node.peers if old.peer_id == peer.peer_id and old.at <= at]
            latest = max(older, key=lambda old: old.at, default=None)
            if latest is None or (latest.is_online, latest.flaps) != (seen.is_online, seen.flaps):
                node.peers.append(seen)

    async def state_before(self, tenant_id: str, node_id: str, moment: datetime):
        states = self._nodes[tenant_id, node_id].states
        return max((at for at in states if at <= moment), default=None)

    async def channel_moments(
        self, tenant_id: str, node_id: str, since: datetime, until: datetime
    ) -> tuple[ChannelMoment, ...]:
        found = [o for o in self._nodes[tenant_id, node_id].channels if since <= o.at < until]
        return tuple(sorted(found, key=lambda one: (one.scid, one.at)))

    async def balances_at(self, tenant_id: str, node_id: str, moment: datetime):
        found = [o for o in self._nodes[tenant_id, node_id].channels if o.at <= moment]
        return {one.scid: one.local_msat for one in sorted(found, key=lambda one: one.at)}

    async def peer_moments(
        self, tenant_id: str, node_id: str, since: datetime, until: datetime
    ) -> tuple[PeerMoment, ...]:
        found = [o for o in self._nodes[tenant_id, node_id].peers if since <= o.at < until]
        return tuple(sorted(found, key=lambda one: (one.peer_id, one.at)))

    async def put_backup(self, tenant_id: str, node_id: str, backup: ChannelBackup) -> None:
        node = self._nodes[tenant_id, node_id]
        if node.backup is None or backup.exported_at >= node.backup.exported_at:
            node.backup = backup

    async def backup(self, tenant_id: str, node_id: str) -> ChannelBackup | None:
        return self._nodes[tenant_id, node_id].backup


def _without_time(moment: ChannelMoment) -> tuple[object, ...]:
    return (
        moment.local_msat,
        moment.remote_msat,
        moment.is_active,
        moment.local_policy,
        moment.remote_policy,
    )
