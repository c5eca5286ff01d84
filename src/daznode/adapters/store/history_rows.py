"""Histories of own nodes as rows: events and cursors together, states and peers when they change."""

from collections import defaultdict
from datetime import datetime
from typing import Final, TypeVar

import msgspec

from daznode.adapters.store.database import Database
from daznode.adapters.store.history_events import (
    COLUMNS,
    Row,
    event_of,
    micros,
    moment,
    row_of,
    signed,
    unsigned,
)
from daznode.domain.circular import activity_of
from daznode.domain.errors import StoreCorrupt
from daznode.domain.history import ChannelMoment, HistoryPage, PeerMoment
from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.node_state import ChannelPolicy, NodeActivity, NodeObservation
from daznode.domain.units import Msat
from daznode.domain.vitals import ChannelBackup, PeerState

T = TypeVar("T")

_NOBODY: Final = -1

_POLICIES: Final = msgspec.json.Decoder(tuple[ChannelPolicy | None, ChannelPolicy | None])
_COVERS: Final = msgspec.json.Decoder(frozenset[str])


class HistoryRows:
    """The tables `history_*`; used from one thread.

    Args:
        database: Where the rows are.
    """

    def __init__(self, database: Database) -> None:
        """Touch nothing yet."""
        self._database = database
        self._refs: dict[tuple[str, str], int] = {}

    def cursors(self, tenant_id: str, node_id: NodeId) -> dict[str, str]:
        """Where each strand was left."""
        return dict(
            self._select(
                "SELECT strand, cursor FROM history_cursors WHERE node_ref = ?",
                (self._known(tenant_id, node_id),),
            )
        )

    def put_page(self, tenant_id: str, node_id: NodeId, page: HistoryPage) -> int:
        """Keep a page's events and its cursor; how many events were new."""
        ref = self._ref(tenant_id, node_id)
        rows: dict[str, list[Row]] = defaultdict(list)
        for key, event in zip(page.keys, page.events, strict=True):
            table, row = row_of(key, event)
            rows[table].append((ref, *row))
        with self._database.writing(is_durable=False) as connection:
            before = connection.total_changes
            for table, found in rows.items():
                holes = ", ".join("?" * len(found[0]))
                connection.executemany(
                    f"INSERT OR IGNORE INTO {table} (node_ref, {COLUMNS[table]}) VALUES ({holes})",  # noqa: S608 - names of ours
                    found,
                )
            n_new = connection.total_changes - before
            connection.execute(
                "INSERT INTO history_cursors (node_ref, strand, cursor) VALUES (?, ?, ?)"
                " ON CONFLICT (node_ref, strand) DO UPDATE SET cursor = excluded.cursor",
                (ref, page.strand, page.cursor),
            )
        return n_new

    def put_synced(self, tenant_id: str, node_id: NodeId, until: datetime) -> None:
        """Remember that all strands were read to their ends at a moment."""
        ref = self._ref(tenant_id, node_id)
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE history_nodes SET synced_until_us = max(ifnull(synced_until_us, ?1), ?1)"
                " WHERE node_ref = ?2",
                (micros(until), ref),
            )

    def synced_until(self, tenant_id: str, node_id: NodeId) -> datetime | None:
        """The moment to which the history is complete."""
        rows = self._select(
            "SELECT synced_until_us FROM history_nodes WHERE node_ref = ?"
            " AND synced_until_us IS NOT NULL",
            (self._known(tenant_id, node_id),),
        )
        return moment(rows[0][0]) if rows else None

    def put_watched(
        self, tenant_id: str, node_id: NodeId, since: datetime, until: datetime
    ) -> None:
        """Remember that failures were recorded in a window; windows that touch become one."""
        ref = self._ref(tenant_id, node_id)
        window = (ref, micros(since), micros(until))
        touches = "node_ref = ?1 AND since_us <= ?3 AND until_us >= ?2"
        with self._database.writing() as connection:
            first, last = connection.execute(
                f"SELECT min(since_us), max(until_us) FROM history_watched WHERE {touches}",  # noqa: S608 - a constant
                window,
            ).fetchone()
            connection.execute(f"DELETE FROM history_watched WHERE {touches}", window)  # noqa: S608 - a constant
            connection.execute(
                "INSERT INTO history_watched (node_ref, since_us, until_us) VALUES (?, ?, ?)",
                (
                    ref,
                    window[1] if first is None else min(window[1], first),
                    window[2] if last is None else max(window[2], last),
                ),
            )

    def activity(
        self, tenant_id: str, node_id: NodeId, since: datetime, until: datetime
    ) -> NodeActivity:
        """What happened in a window, circular payments recognised."""
        window = (self._known(tenant_id, node_id), micros(since), micros(until))
        events = [
            event_of(table, row)
            for table, columns in COLUMNS.items()
            for row in self._select(
                f"SELECT {columns} FROM {table} WHERE node_ref = ? AND at_us >= ? AND at_us < ?",  # noqa: S608 - names of ours
                window,
            )
        ]
        watched = self._select(
            "SELECT 1 FROM history_watched WHERE node_ref = ? AND since_us <= ? AND until_us >= ?",
            window,
        )
        return activity_of(events, since, until, are_failures_known=bool(watched))

    def put_state(
        self, tenant_id: str, observation: NodeObservation, peers: tuple[PeerState, ...]
    ) -> None:
        """Keep channels and peers that differ from what was kept of them last."""
        ref = self._ref(tenant_id, observation.identity.node_id)
        at = micros(observation.observed_at)
        channels = {
            signed(one.scid): (
                one.local_msat,
                one.remote_msat,
                int(one.is_active),
                msgspec.json.encode((one.local_policy, one.remote_policy)).decode(),
            )
            for one in observation.channels
        }
        people = {str(one.peer_id): (int(one.is_online), one.flaps) for one in peers}
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO history_states (node_ref, at_us) VALUES (?, ?)", (ref, at)
            )
            for table, name, columns, found in (
                (
                    "history_channels",
                    "scid",
                    "local_msat, remote_msat, is_active, policies",
                    channels,
                ),
                ("history_peers", "peer_id", "is_online, flaps", people),
            ):
                known = {
                    row[0]: row[1:]
                    for row in connection.execute(
                        f"SELECT {name}, {columns} FROM {table} AS kept WHERE node_ref = ?1"  # noqa: S608 - names of ours
                        f" AND at_us = (SELECT max(at_us) FROM {table} WHERE node_ref = ?1"
                        f" AND {name} = kept.{name} AND at_us <= ?2)",
                        (ref, at),
                    )
                }
                holes = ", ".join("?" * (columns.count(",") + 1))
                connection.executemany(
                    f"INSERT OR REPLACE INTO {table} (node_ref, {name}, at_us, {columns})"  # noqa: S608 - names of ours
                    f" VALUES (?, ?, ?, {holes})",
                    [
                        (ref, key, at, *values)
                        for key, values in found.items()
                        if known.get(key) != values
                    ],
                )

    def state_before(self, tenant_id: str, node_id: NodeId, at: datetime) -> datetime | None:
        """When a state was last put at or before a moment."""
        ((found,),) = self._select(
            "SELECT max(at_us) FROM history_states WHERE node_ref = ? AND at_us <= ?",
            (self._known(tenant_id, node_id), micros(at)),
        )
        return None if found is None else moment(found)

    def channel_moments(
        self, tenant_id: str, node_id: NodeId, since: datetime, until: datetime
    ) -> tuple[ChannelMoment, ...]:
        """Changes of channels in a window, by channel and time."""
        rows = self._select(
            "SELECT at_us, scid, local_msat, remote_msat, is_active, policies FROM history_channels"
            " WHERE node_ref = ? AND at_us >= ? AND at_us < ?",
            (self._known(tenant_id, node_id), micros(since), micros(until)),
        )
        found = [self._channel_moment(row) for row in rows]
        return tuple(sorted(found, key=lambda one: (one.scid, one.at)))

    def balances_at(
        self, tenant_id: str, node_id: NodeId, at: datetime
    ) -> dict[ShortChannelId, Msat]:
        """Our balance of each channel as last kept at or before a moment."""
        rows = self._select(
            "SELECT scid, local_msat, max(at_us) FROM history_channels"
            " WHERE node_ref = ? AND at_us <= ? GROUP BY scid",
            (self._known(tenant_id, node_id), micros(at)),
        )
        return {unsigned(scid): Msat(local_msat) for scid, local_msat, _ in rows}

    def peer_moments(
        self, tenant_id: str, node_id: NodeId, since: datetime, until: datetime
    ) -> tuple[PeerMoment, ...]:
        """Changes of peers in a window, by key and time."""
        rows = self._select(
            "SELECT at_us, peer_id, is_online, flaps FROM history_peers"
            " WHERE node_ref = ? AND at_us >= ? AND at_us < ? ORDER BY peer_id, at_us",
            (self._known(tenant_id, node_id), micros(since), micros(until)),
        )
        return tuple(
            PeerMoment(moment(at), NodeId(peer), bool(is_online), flaps)
            for at, peer, is_online, flaps in rows
        )

    def put_backup(self, tenant_id: str, node_id: NodeId, backup: ChannelBackup) -> None:
        """Keep a channel backup in place of the one before, unless that is newer."""
        verified = None if backup.is_verified is None else int(backup.is_verified)
        row = (
            self._ref(tenant_id, node_id),
            micros(backup.exported_at),
            int(backup.is_encrypted),
            verified,
            msgspec.json.encode(sorted(backup.covers)).decode(),
            backup.content,
        )
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO history_backups"
                " (node_ref, exported_at_us, is_encrypted, is_verified, covers, content)"
                " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (node_ref) DO UPDATE SET"
                " exported_at_us = excluded.exported_at_us, is_encrypted = excluded.is_encrypted,"
                " is_verified = excluded.is_verified, covers = excluded.covers,"
                " content = excluded.content"
                " WHERE excluded.exported_at_us >= history_backups.exported_at_us",
                row,
            )

    def backup(self, tenant_id: str, node_id: NodeId) -> ChannelBackup | None:
        """The channel backup that is kept."""
        rows = self._select(
            "SELECT exported_at_us, is_encrypted, is_verified, covers, content"
            " FROM history_backups WHERE node_ref = ?",
            (self._known(tenant_id, node_id),),
        )
        for at, is_encrypted, is_verified, covers, content in rows:
            return ChannelBackup(
                exported_at=moment(at),
                covers=self._decoded(_COVERS, covers, "history_backups"),
                is_encrypted=bool(is_encrypted),
                is_verified=None if is_verified is None else bool(is_verified),
                content=content,
            )
        return None

    def _channel_moment(self, row: Row) -> ChannelMoment:
        at, scid, local_msat, remote_msat, is_active, policies = row
        local, remote = self._decoded(_POLICIES, policies, "history_channels")
        return ChannelMoment(
            at=moment(at),
            scid=unsigned(scid),
            local_msat=Msat(local_msat),
            remote_msat=Msat(remote_msat),
            is_active=bool(is_active),
            local_policy=local,
            remote_policy=remote,
        )

    def _decoded(self, decoder: msgspec.json.Decoder[T], text: str, table: str) -> T:
        try:
            return decoder.decode(text)
        except msgspec.MsgspecError as error:
            message = f"{self._database.path}: {table}: a row cannot be read back ({error})"
            raise StoreCorrupt(message) from error

    def _select(self, statement: str, values: Row) -> list[Row]:
        with self._database.reading() as connection:
            return connection.execute(statement, values).fetchall()

    def _known(self, tenant_id: str, node_id: NodeId) -> int:
        """The number of a node in these tables; one that no row has if it was never mentioned."""
        key = (tenant_id, node_id)
        if key not in self._refs:
            rows = self._select(
                "SELECT node_ref FROM history_nodes WHERE tenant_id = ? AND node_pubkey = ?", key
            )
            if not rows:
                return _NOBODY
            ((self._refs[key],),) = rows
        return self._refs[key]

    def _ref(self, tenant_id: str, node_id: NodeId) -> int:
        """The number of a node in these tables, given at its first mention."""
        key = (tenant_id, node_id)
        if self._known(tenant_id, node_id) == _NOBODY:
            with self._database.writing() as connection:
                connection.execute(
                    "INSERT OR IGNORE INTO history_nodes (tenant_id, node_pubkey) VALUES (?, ?)",
                    key,
                )
        return self._known(tenant_id, node_id)
