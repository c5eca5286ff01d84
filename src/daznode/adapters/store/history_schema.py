"""The tables of own nodes' history: events, states, peers and backups."""

from typing import Final

HISTORY_STATEMENTS: Final = (
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
)
