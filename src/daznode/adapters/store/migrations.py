"""Numbered migrations of the embedded database: each runs once, whole or not at all."""

from dataclasses import dataclass
from typing import Final

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
        name="credentials and their audit trail",
        statements=(
            """
            CREATE TABLE credentials (
                tenant_id TEXT NOT NULL,
                name TEXT NOT NULL,
                version INTEGER NOT NULL,
                kind TEXT NOT NULL,
                state TEXT NOT NULL,
                key_id TEXT NOT NULL,
                stored_at TEXT NOT NULL,
                node_ref TEXT,
                expires_at TEXT,
                nonce BLOB NOT NULL,
                sealed BLOB NOT NULL,
                PRIMARY KEY (tenant_id, name, version)
            )
            """,
            """
            CREATE TABLE credential_trail (
                number INTEGER PRIMARY KEY NOT NULL,
                at TEXT NOT NULL,
                actor TEXT NOT NULL,
                action TEXT NOT NULL,
                purpose TEXT NOT NULL,
                tenant_id TEXT NOT NULL,
                name TEXT NOT NULL,
                version INTEGER NOT NULL,
                outcome TEXT NOT NULL,
                record_sha256 TEXT,
                entry_sha256 BLOB NOT NULL
            )
            """,
            "CREATE INDEX credential_trail_by_tenant ON credential_trail (tenant_id, number)",
            """
            CREATE INDEX credential_trail_by_name
                ON credential_trail (tenant_id, name, version)
            """,
            """
            CREATE TRIGGER credential_trail_is_not_changed
                BEFORE UPDATE ON credential_trail
                BEGIN SELECT RAISE(ABORT, 'entries of the audit trail are not changed'); END
            """,
            """
            CREATE TRIGGER credential_trail_is_not_cut
                BEFORE DELETE ON credential_trail
                BEGIN SELECT RAISE(ABORT, 'entries of the audit trail are not deleted'); END
            """,
            """
            CREATE TABLE credential_trail_end (
                id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
                number INTEGER NOT NULL,
                entry_sha256 BLOB NOT NULL,
                key_id TEXT NOT NULL,
                signature BLOB NOT NULL
            )
            """,
        ),
    ),
)
