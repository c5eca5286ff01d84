"""Numbered migrations of the embedded database: each runs once, whole or not at all."""

from dataclasses import dataclass
from typing import Final

from daznode.adapters.store.vault_schema import VAULT_STATEMENTS

APPLICATION_ID: Final = int.from_bytes(b"DAZN")
"""Marks the file as ours (SQLite file format, section 1.3.14)."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema.

    Attributes:
        number: The database's `user_version` once it is done; counts up from 1 without gaps.
        name: What it does, for people.
        statements: SQL, one statement each.
    """

    number: int
    name: str
    statements: tuple[str, ...]


MIGRATIONS: Final = (
    Migration(
        number=1,
        name="daily reports and observations of own nodes",
        statements=(
            """
            CREATE TABLE daily_reports (
                report_id TEXT NOT NULL UNIQUE,
                user_id TEXT NOT NULL,
                tenant_id TEXT NOT NULL,
                node_pubkey TEXT NOT NULL,
                report_date TEXT NOT NULL,
                generation_status TEXT NOT NULL,
                file_name TEXT NOT NULL,
                report TEXT NOT NULL,
                UNIQUE (user_id, node_pubkey, report_date),
                UNIQUE (user_id, file_name)
            )
            """,
            """
            CREATE INDEX daily_reports_by_user
                ON daily_reports (user_id, report_date DESC)
            """,
            """
            CREATE INDEX daily_reports_by_node
                ON daily_reports (node_pubkey, report_date DESC)
            """,
            """
            CREATE INDEX daily_reports_by_tenant
                ON daily_reports (tenant_id, report_date DESC)
            """,
            "CREATE INDEX daily_reports_by_status ON daily_reports (generation_status)",
            "CREATE INDEX daily_reports_by_date ON daily_reports (report_date)",
            """
            CREATE TABLE report_files_due (
                report_id TEXT PRIMARY KEY NOT NULL
                    REFERENCES daily_reports (report_id) ON DELETE CASCADE
            )
            """,
            """
            CREATE TABLE plain_file_names (
                user_id TEXT PRIMARY KEY NOT NULL,
                node_pubkey TEXT NOT NULL,
                last_report_date TEXT NOT NULL
            )
            """,
            """
            CREATE TABLE node_snapshots (
                tenant_id TEXT NOT NULL,
                node_pubkey TEXT NOT NULL,
                day TEXT NOT NULL,
                observed_at TEXT NOT NULL,
                observation TEXT NOT NULL,
                UNIQUE (tenant_id, node_pubkey, day)
            )
            """,
            f"PRAGMA application_id = {APPLICATION_ID}",
        ),
    ),
    Migration(
        number=2,
        name="history of own nodes",
        statements=(
            """
            CREATE TABLE history_nodes (
                node_ref INTEGER PRIMARY KEY,
                tenant_id TEXT NOT NULL,
                node_pubkey TEXT NOT NULL,
                synced_until_us INTEGER,
                UNIQUE (tenant_id, node_pubkey)
            )
            """,
            """
            CREATE TABLE history_cursors (
                node_ref INTEGER NOT NULL REFERENCES history_nodes (node_ref) ON DELETE CASCADE,
                strand TEXT NOT NULL,
                cursor TEXT NOT NULL,
                PRIMARY KEY (node_ref, strand)
            ) WITHOUT ROWID
            """,
            """
            CREATE TABLE history_forwards (
                node_ref INTEGER NOT NULL REFERENCES history_nodes (node_ref) ON DELETE CASCADE,
                at_us INTEGER NOT NULL,
                event_key INTEGER NOT NULL,
                scid_in INTEGER NOT NULL,
                scid_out INTEGER NOT NULL,
                amount_in_msat INTEGER NOT NULL,
                amount_out_msat INTEGER NOT NULL,
                PRIMARY KEY (node_ref, at_us, event_key, scid_in)
            ) WITHOUT ROWID
            """,
            """
            CREATE TABLE history_failures (
                node_ref INTEGER NOT NULL REFERENCES history_nodes (node_ref) ON DELETE CASCADE,
                at_us INTEGER NOT NULL,
                event_key INTEGER NOT NULL,
                scid_in INTEGER NOT NULL,
                scid_out INTEGER,
                amount_out_msat INTEGER NOT NULL,
                missed_fee_msat INTEGER NOT NULL,
                is_local INTEGER NOT NULL,
                reason TEXT NOT NULL,
                PRIMARY KEY (node_ref, at_us, event_key, scid_in)
            ) WITHOUT ROWID
            """,
            """
            CREATE TABLE history_flows (
                node_ref INTEGER NOT NULL REFERENCES history_nodes (node_ref) ON DELETE CASCADE,
                at_us INTEGER NOT NULL,
                kind TEXT NOT NULL,
                event_key INTEGER NOT NULL,
                scid_out INTEGER,
                scid_in INTEGER,
                amount_msat INTEGER NOT NULL,
                fee_msat INTEGER NOT NULL,
                payment_ref INTEGER NOT NULL,
                PRIMARY KEY (node_ref, at_us, kind, event_key)
            ) WITHOUT ROWID
            """,
            """
            CREATE TABLE history_watched (
                node_ref INTEGER NOT NULL REFERENCES history_nodes (node_ref) ON DELETE CASCADE,
                since_us INTEGER NOT NULL,
                until_us INTEGER NOT NULL,
                PRIMARY KEY (node_ref, since_us)
            ) WITHOUT ROWID
            """,
            """
            CREATE TABLE history_states (
                node_ref INTEGER NOT NULL REFERENCES history_nodes (node_ref) ON DELETE CASCADE,
                at_us INTEGER NOT NULL,
                PRIMARY KEY (node_ref, at_us)
            ) WITHOUT ROWID
            """,
            """
            CREATE TABLE history_channels (
                node_ref INTEGER NOT NULL REFERENCES history_nodes (node_ref) ON DELETE CASCADE,
                scid INTEGER NOT NULL,
                at_us INTEGER NOT NULL,
                local_msat INTEGER NOT NULL,
                remote_msat INTEGER NOT NULL,
                is_active INTEGER NOT NULL,
                policies TEXT NOT NULL,
                PRIMARY KEY (node_ref, scid, at_us)
            ) WITHOUT ROWID
            """,
            """
            CREATE TABLE history_peers (
                node_ref INTEGER NOT NULL REFERENCES history_nodes (node_ref) ON DELETE CASCADE,
                peer_id TEXT NOT NULL,
                at_us INTEGER NOT NULL,
                is_online INTEGER NOT NULL,
                flaps INTEGER,
                PRIMARY KEY (node_ref, peer_id, at_us)
            ) WITHOUT ROWID
            """,
            """
            CREATE TABLE history_backups (
                node_ref INTEGER PRIMARY KEY NOT NULL
                    REFERENCES history_nodes (node_ref) ON DELETE CASCADE,
                exported_at_us INTEGER NOT NULL,
                is_encrypted INTEGER NOT NULL,
                is_verified INTEGER,
                covers TEXT NOT NULL,
                content BLOB NOT NULL
            )
            """,
        ),
    ),
    Migration(number=3, name="credentials and their audit trail", statements=VAULT_STATEMENTS),
)
