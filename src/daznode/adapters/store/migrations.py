"""Numbered migrations of the embedded database: each runs once, whole or not at all."""

from dataclasses import dataclass
from typing import Final

from daznode.adapters.store.history_schema import HISTORY_STATEMENTS
from daznode.adapters.store.service_schema import STATEMENTS as SERVICE_STATEMENTS
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
        name="accounts, profiles, runs, alerts, audit trail, digests",
        statements=SERVICE_STATEMENTS,
    ),
    Migration(number=3, name="history of own nodes", statements=HISTORY_STATEMENTS),
    Migration(
        number=4,
        name="a user's completed reports are counted without looking at them",
        statements=(
            """
            CREATE INDEX daily_reports_by_user_and_status
                ON daily_reports (user_id, generation_status, report_date DESC)
            """,
        ),
    ),
    Migration(number=5, name="credentials and their audit trail", statements=VAULT_STATEMENTS),
)
