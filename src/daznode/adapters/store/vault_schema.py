"""The tables of the vault: sealed credentials, their audit trail, and its signed end."""

from typing import Final

VAULT_STATEMENTS: Final = (
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
)
