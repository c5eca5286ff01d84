"""Alerts as rows: one open record per user, node and key at the most."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from daznode.adapters.store.codec import moment_text
from daznode.adapters.store.row_shapes import RowShape, one_of
from daznode.adapters.store.threads import SqliteThreads
from daznode.domain.alert import NodeAlert
from daznode.domain.ids import NodeId

_SHAPE: Final = RowShape(NodeAlert, "alerts", frozenset({"channels_affected"}))


class AlertRows:
    """The table `alerts`, an `AlertStore`.

    Args:
        threads: The database.
    """

    def __init__(self, threads: SqliteThreads) -> None:
        """Touch nothing yet."""
        self._threads = threads

    async def open_alerts(self, user_id: str, node_id: NodeId) -> tuple[NodeAlert, ...]:
        """Alerts of a user's node that are not resolved, in the order of their keys."""
        return await self._threads.read(
            lambda connection: _SHAPE.select(
                connection,
                "WHERE user_id = ? AND node_pubkey = ? AND resolved_at IS NULL ORDER BY key",
                (user_id, node_id),
            )
        )

    async def put_alerts(self, alerts: Sequence[NodeAlert]) -> None:
        """Store alerts by `alert_id`, new or changed, all or none.

        A new open alert of a key that has an open record already changes that record, which keeps
        its id and the moment it was opened: two who judge the same figures at once make one alert.

        Raises:
            StoreUnavailable: They cannot be written.
        """

        def put(connection: sqlite3.Connection) -> None:
            for alert in alerts:
                known = _open_record(connection, alert) if alert.resolved_at is None else None
                _SHAPE.insert(connection, (as_known(alert, known),), key=("alert_id",))

        if alerts:
            await self._threads.write(put)

    async def alerts(
        self, user_id: str, *, since: datetime, is_open: bool | None, limit: int
    ) -> tuple[NodeAlert, ...]:
        """A user's alerts that are open or were seen since a moment, newest `opened_at` first.

        Args:
            user_id: The user.
            since: Resolved ones last seen before are left out.
            is_open: Only open ones, only resolved ones, or both.
            limit: How many at the most.
        """
        wanted = {
            None: "(resolved_at IS NULL OR seen_at >= ?)",
            True: "(resolved_at IS NULL AND ?)",
            False: "(resolved_at IS NOT NULL AND seen_at >= ?)",
        }[is_open]
        return await self._threads.read(
            lambda connection: _SHAPE.select(
                connection,
                f"WHERE user_id = ? AND {wanted} ORDER BY opened_at DESC, key, alert_id LIMIT ?",
                (user_id, 1 if is_open else moment_text(since), limit),
            )
        )

    async def purge_alerts(self, before: datetime) -> int:
        """Forget alerts that were resolved before a moment; how many were forgotten.

        Raises:
            StoreUnavailable: They cannot be deleted.
        """

        def purge(connection: sqlite3.Connection) -> int:
            return connection.execute(
                "DELETE FROM alerts WHERE resolved_at < ?", (moment_text(before),)
            ).rowcount

        return await self._threads.write(purge)

    async def count_open(self) -> dict[str, int]:
        """Open alerts of everybody by severity, for the metrics."""
        return await self._threads.read(
            lambda connection: dict(
                connection.execute(
                    "SELECT severity, count(*) FROM alerts WHERE resolved_at IS NULL"
                    " GROUP BY severity"
                ).fetchall()
            )
        )


def as_known(alert: NodeAlert, known: NodeAlert | None) -> NodeAlert:
    """An open alert under the id and the opening moment of the open record that there is."""
    if known is None or known.alert_id == alert.alert_id:
        return alert
    return replace(alert, alert_id=known.alert_id, opened_at=min(known.opened_at, alert.opened_at))


def _open_record(connection: sqlite3.Connection, alert: NodeAlert) -> NodeAlert | None:
    return one_of(
        _SHAPE.select(
            connection,
            "WHERE user_id = ? AND node_pubkey = ? AND key = ? AND resolved_at IS NULL",
            (alert.user_id, alert.node_pubkey, alert.key),
        )
    )
