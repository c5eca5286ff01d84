"""Tables of the service: accounts, profiles, challenges, runs, jobs, alerts, audit trail, digests."""

from typing import Final

_ACCOUNTS: Final = (
    """
    CREATE TABLE users (
        user_id TEXT PRIMARY KEY NOT NULL,
        username TEXT NOT NULL UNIQUE,
        tenant_id TEXT NOT NULL,
        role TEXT NOT NULL,
        password_hash TEXT NOT NULL,
        created_at TEXT NOT NULL,
        is_disabled INTEGER NOT NULL
    )
    """,
    """
    CREATE TABLE user_profiles (
        user_id TEXT PRIMARY KEY NOT NULL,
        tenant_id TEXT NOT NULL,
        lightning_pubkey TEXT UNIQUE,
        pubkey_proven_at TEXT,
        alias TEXT,
        language TEXT NOT NULL,
        report_hour INTEGER,
        daily_report_enabled INTEGER NOT NULL,
        notifications TEXT NOT NULL,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
    )
    """,
    "CREATE INDEX user_profiles_enabled ON user_profiles (daily_report_enabled)",
    "CREATE INDEX user_profiles_by_tenant ON user_profiles (tenant_id, lightning_pubkey)",
    """
    CREATE TABLE challenges (
        user_id TEXT PRIMARY KEY NOT NULL,
        challenge_id TEXT NOT NULL,
        message TEXT NOT NULL,
        expires_at TEXT NOT NULL
    )
    """,
    "CREATE INDEX challenges_by_expiry ON challenges (expires_at)",
)

_RUNS: Final = (
    """
    CREATE TABLE runs (
        run_id TEXT PRIMARY KEY NOT NULL,
        kind TEXT NOT NULL,
        state TEXT NOT NULL,
        report_date TEXT NOT NULL,
        requested_by TEXT NOT NULL,
        created_at TEXT NOT NULL,
        finished_at TEXT,
        error_message TEXT
    )
    """,
    "CREATE INDEX runs_unfinished ON runs (created_at) WHERE finished_at IS NULL",
    "CREATE INDEX runs_by_date ON runs (report_date)",
    # `claimed_run_id` is the run under which the present owner took the job, `completed_at` the
    # last time it was done; both outlive a new request for the same report.
    """
    CREATE TABLE report_jobs (
        user_id TEXT NOT NULL,
        tenant_id TEXT NOT NULL,
        node_pubkey TEXT NOT NULL,
        report_date TEXT NOT NULL,
        run_id TEXT NOT NULL,
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        owner TEXT,
        lease_until TEXT,
        updated_at TEXT,
        reason TEXT,
        report_id TEXT,
        claimed_run_id TEXT,
        completed_at TEXT,
        PRIMARY KEY (user_id, node_pubkey, report_date)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX report_jobs_by_run ON report_jobs (run_id, state, user_id, node_pubkey)",
    "CREATE INDEX report_jobs_by_owner ON report_jobs (owner) WHERE owner IS NOT NULL",
    "CREATE INDEX report_jobs_by_day ON report_jobs (report_date, state, updated_at DESC)",
    "CREATE INDEX report_jobs_by_user ON report_jobs (user_id, report_date DESC)",
    """
    CREATE INDEX report_jobs_completed ON report_jobs (completed_at)
        WHERE completed_at IS NOT NULL
    """,
)

_ALERTS: Final = (
    """
    CREATE TABLE alerts (
        alert_id TEXT PRIMARY KEY NOT NULL,
        user_id TEXT NOT NULL,
        tenant_id TEXT NOT NULL,
        node_pubkey TEXT NOT NULL,
        key TEXT NOT NULL,
        type TEXT NOT NULL,
        severity TEXT NOT NULL,
        title TEXT NOT NULL,
        description TEXT NOT NULL,
        channels_affected TEXT NOT NULL,
        requires_action INTEGER NOT NULL,
        opened_at TEXT NOT NULL,
        seen_at TEXT NOT NULL,
        resolved_at TEXT
    )
    """,
    """
    CREATE UNIQUE INDEX alerts_open ON alerts (user_id, node_pubkey, key)
        WHERE resolved_at IS NULL
    """,
    "CREATE INDEX alerts_by_user ON alerts (user_id, opened_at DESC)",
    "CREATE INDEX alerts_open_by_severity ON alerts (severity) WHERE resolved_at IS NULL",
)

_AUDIT: Final = (
    """
    CREATE TABLE audit_trail (
        place INTEGER PRIMARY KEY AUTOINCREMENT,
        entry_id TEXT NOT NULL UNIQUE,
        at TEXT NOT NULL,
        tenant_id TEXT NOT NULL,
        actor TEXT NOT NULL,
        action TEXT NOT NULL,
        subject TEXT NOT NULL,
        detail TEXT NOT NULL,
        request_id TEXT
    )
    """,
    "CREATE INDEX audit_trail_by_tenant ON audit_trail (tenant_id, place)",
    "CREATE INDEX audit_trail_by_action ON audit_trail (action, tenant_id, place)",
    """
    CREATE TRIGGER audit_trail_is_not_changed BEFORE UPDATE ON audit_trail
    BEGIN SELECT RAISE(ABORT, 'the audit trail is never changed'); END
    """,
    """
    CREATE TRIGGER audit_trail_is_not_cut BEFORE DELETE ON audit_trail
    BEGIN SELECT RAISE(ABORT, 'the audit trail is never cut'); END
    """,
    # REPLACE deletes rows without asking the trigger above (sqlite.org/lang_conflict.html).
    """
    CREATE TRIGGER audit_trail_is_not_replaced BEFORE INSERT ON audit_trail
    WHEN EXISTS (
        SELECT 1 FROM audit_trail WHERE entry_id = NEW.entry_id OR place = NEW.place
    )
    BEGIN SELECT RAISE(ABORT, 'the audit trail is never changed'); END
    """,
)

_DIGESTS: Final = (
    """
    CREATE TABLE digests (
        digest_id TEXT NOT NULL UNIQUE,
        user_id TEXT NOT NULL,
        tenant_id TEXT NOT NULL,
        node_pubkey TEXT NOT NULL,
        period_days INTEGER NOT NULL,
        last_date TEXT NOT NULL,
        digest TEXT NOT NULL,
        PRIMARY KEY (user_id, node_pubkey, period_days, last_date)
    )
    """,
    "CREATE INDEX digests_by_user ON digests (user_id, period_days, last_date DESC)",
)

# Counting a million rows takes longer than any question may; these triggers count along, in the
# transaction of the row itself.
_TOTALS: Final = (
    """
    CREATE TABLE report_totals (
        generation_status TEXT PRIMARY KEY NOT NULL,
        reports INTEGER NOT NULL
    )
    """,
    """
    INSERT INTO report_totals
        SELECT generation_status, count(*) FROM daily_reports GROUP BY generation_status
    """,
    """
    CREATE TRIGGER daily_reports_counted AFTER INSERT ON daily_reports
    BEGIN
        INSERT INTO report_totals VALUES (NEW.generation_status, 1)
            ON CONFLICT (generation_status) DO UPDATE SET reports = reports + 1;
    END
    """,
    """
    CREATE TRIGGER daily_reports_counted_off AFTER DELETE ON daily_reports
    BEGIN
        UPDATE report_totals SET reports = reports - 1
            WHERE generation_status = OLD.generation_status;
    END
    """,
    """
    CREATE TRIGGER daily_reports_counted_again AFTER UPDATE OF generation_status ON daily_reports
    WHEN OLD.generation_status <> NEW.generation_status
    BEGIN
        UPDATE report_totals SET reports = reports - 1
            WHERE generation_status = OLD.generation_status;
        INSERT INTO report_totals VALUES (NEW.generation_status, 1)
            ON CONFLICT (generation_status) DO UPDATE SET reports = reports + 1;
    END
    """,
)

STATEMENTS: Final = (*_ACCOUNTS, *_RUNS, *_ALERTS, *_AUDIT, *_DIGESTS, *_TOTALS)
"""What migration 2 runs, one statement each."""
