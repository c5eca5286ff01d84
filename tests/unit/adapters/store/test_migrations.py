"""The schema's steps: numbered, and with the promises of the contract."""

import sqlite3

import pytest

from daznode.adapters.store.database import Database
from daznode.adapters.store.migrations import MIGRATIONS


@pytest.fixture
def schema(tmp_path):
    database = Database(tmp_path / "d.sqlite3")
    database.open()
    database.close()
    connection = sqlite3.connect(tmp_path / "d.sqlite3")
    yield connection
    connection.close()


def test_numbers_count_up_from_one():
    assert [one.number for one in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))


def test_the_indexes_of_the_contract_are_there(schema):
    found = set()
    for _, name, is_unique, *_ in schema.execute("PRAGMA index_list(daily_reports)"):
        columns = tuple(
            column + (" desc" if descending else "")
            for _, _, column, descending, _, is_key in schema.execute(f"PRAGMA index_xinfo({name})")
            if is_key
        )
        found.add((bool(is_unique), columns))
    assert {
        (True, ("report_id",)),
        (False, ("user_id", "report_date desc")),
        (False, ("node_pubkey", "report_date desc")),
        (False, ("tenant_id", "report_date desc")),
        (False, ("generation_status",)),
        (False, ("report_date",)),
        (True, ("user_id", "node_pubkey", "report_date")),
    } <= found


def test_reports_of_a_user_and_node_are_found_by_an_index(schema):
    plan = schema.execute(
        "EXPLAIN QUERY PLAN SELECT report FROM daily_reports WHERE user_id = 'a'"
        " AND node_pubkey = 'b' AND report_date >= 'c' AND report_date < 'd' ORDER BY report_date"
    ).fetchall()
    steps = " ".join(step for *_, step in plan)
    assert "USING INDEX" in steps
    assert "TEMP B-TREE" not in steps
