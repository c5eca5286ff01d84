"""The audit trail in SQLite: the database itself refuses to change or delete it."""

import asyncio
import sqlite3

import pytest
from tests.builders import an_entry

from daznode.adapters.store.sqlite import FILE_NAME, SqliteStore


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_trail SET detail = 'nothing happened'",
        "DELETE FROM audit_trail",
        "REPLACE INTO audit_trail VALUES (1, 'fresh', '', 'x', '', '', '', '', NULL)",
        f"REPLACE INTO audit_trail VALUES (9, '{an_entry().entry_id}', '', 'x', '', '', '', '', '')",
    ],
    ids=["update", "delete", "replace by place", "replace by id"],
)
def test_an_entry_cannot_be_changed_or_deleted_by_anybody(tmp_path, statement):
    store = SqliteStore(tmp_path / "data", tmp_path / "assets")
    asyncio.run(store.audit.add_entries((an_entry(detail="as it was"),)))
    store.close()
    connection = sqlite3.connect(tmp_path / "data" / FILE_NAME)
    with pytest.raises(sqlite3.IntegrityError, match="the audit trail is never"):
        connection.execute(statement)
    connection.rollback()
    assert connection.execute("SELECT tenant_id, detail FROM audit_trail").fetchall() == [
        ("tenant-1", "as it was")
    ]
    connection.close()
