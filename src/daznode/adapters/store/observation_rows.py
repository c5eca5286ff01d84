"""States of own nodes as rows: one per tenant, node and day, the latest."""

from datetime import datetime

from daznode.adapters.store.codec import decode_observation, encode_observation, moment_text
from daznode.adapters.store.threads import SqliteThreads
from daznode.domain.node_state import NodeObservation


class ObservationRows:
    """The table `node_snapshots`.

    Args:
        threads: The database.
    """

    def __init__(self, threads: SqliteThreads) -> None:
        """Touch nothing yet."""
        self._threads = threads

    async def put(self, tenant_id: str, observation: NodeObservation) -> None:
        """Keep an observation under its UTC day, unless a later one of that day is kept."""
        data = encode_observation(observation).decode()
        observed_at = moment_text(observation.observed_at)
        await self._threads.write(
            lambda connection: connection.execute(
                "INSERT INTO node_snapshots (tenant_id, node_pubkey, day, observed_at, observation)"
                " VALUES (?, ?, ?, ?, ?) ON CONFLICT (tenant_id, node_pubkey, day) DO UPDATE SET"
                " observed_at = excluded.observed_at, observation = excluded.observation"
                " WHERE excluded.observed_at >= node_snapshots.observed_at",
                (tenant_id, observation.identity.node_id, observed_at[:10], observed_at, data),
            )
        )

    async def between(
        self, tenant_id: str, node_id: str, since: datetime, until: datetime
    ) -> tuple[NodeObservation, ...]:
        """Observations with `since <= observed_at < until`, oldest first."""
        rows = await self._threads.read(
            lambda connection: connection.execute(
                "SELECT day, CAST(observation AS BLOB) FROM node_snapshots WHERE tenant_id = ?"
                " AND node_pubkey = ? AND observed_at >= ? AND observed_at < ?"
                " ORDER BY observed_at",
                (tenant_id, node_id, moment_text(since), moment_text(until)),
            ).fetchall()
        )
        where = f"{self._threads.database.path}: node_snapshots, node {node_id}"
        return tuple(decode_observation(data, f"{where}, {day}") for day, data in rows)
