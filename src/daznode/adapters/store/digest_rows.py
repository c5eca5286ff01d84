"""Weeks and months as rows: one per user, node, period and last day."""

import sqlite3
from dataclasses import replace

from daznode.adapters.store.codec import decode_digest, encode_digest, moment_text
from daznode.adapters.store.report_files import check_user_id
from daznode.adapters.store.threads import SqliteThreads
from daznode.domain.digest import Digest


class DigestRows:
    """The table `digests`, a `DigestStore`.

    Args:
        threads: The database.
    """

    def __init__(self, threads: SqliteThreads) -> None:
        """Touch nothing yet."""
        self._threads = threads

    async def put_digest(self, digest: Digest) -> Digest:
        """Store a digest, replacing the one of that period; the one there keeps its id.

        Raises:
            InvalidParameter: The user id cannot name a folder.
            StoreUnavailable: It cannot be written.
        """
        check_user_id(digest.user_id)
        return await self._threads.write(lambda connection: _put(connection, digest))

    async def latest_digest(self, user_id: str, period_days: int) -> Digest | None:
        """The user's newest digest over 7 or 30 days; None without one."""
        row = await self._threads.read(
            lambda connection: connection.execute(
                "SELECT digest_id, CAST(digest AS BLOB) FROM digests"
                " WHERE user_id = ? AND period_days = ?"
                " ORDER BY last_date DESC, node_pubkey LIMIT 1",
                (user_id, period_days),
            ).fetchone()
        )
        return None if row is None else decode_digest(row[1], f"digests, digest {row[0]}")


def _put(connection: sqlite3.Connection, digest: Digest) -> Digest:
    key = (
        digest.user_id,
        digest.node_pubkey,
        digest.period_days,
        moment_text(digest.last_date),
    )
    found = connection.execute(
        "SELECT digest_id FROM digests"
        " WHERE user_id = ? AND node_pubkey = ? AND period_days = ? AND last_date = ?",
        key,
    ).fetchone()
    stored = digest if found is None else replace(digest, digest_id=found[0])
    connection.execute(
        "INSERT INTO digests (user_id, node_pubkey, period_days, last_date, digest_id, tenant_id,"
        " digest) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (user_id, node_pubkey, period_days, last_date) DO UPDATE SET"
        " tenant_id = excluded.tenant_id, digest = excluded.digest",
        (*key, stored.digest_id, stored.tenant_id, encode_digest(stored).decode()),
    )
    return stored
