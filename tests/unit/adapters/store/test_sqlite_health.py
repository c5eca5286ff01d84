"""What the close look at the embedded database finds, and how it says to mend it."""

import asyncio
import os
import sqlite3

import pytest
from tests.builders import a_report, an_account
from tests.fakes.clock import FakeClock

from daznode.adapters.store.probing import DatabaseProbe
from daznode.adapters.store.sqlite import FILE_NAME, SqliteStore
from daznode.adapters.store.sqlite_health import SqliteDoctor, describe
from daznode.domain.health import ServiceHealth


@pytest.fixture
def path(tmp_path):
    store = SqliteStore(tmp_path / "data", tmp_path / "assets")
    asyncio.run(store.accounts.add_account(an_account()))
    store.close()
    return tmp_path / "data" / FILE_NAME


def look(path):
    """What is found, by name."""

    async def whole():
        store = SqliteStore(path.parent, path.parent.parent / "assets")
        found = await SqliteDoctor(store.threads).diagnose()
        store.close()
        return {one.name: one for one in found}

    return asyncio.run(whole())


def spoil(path, *statements):
    connection = sqlite3.connect(path)
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_a_sound_database_has_nothing_to_mend(path):
    found = look(path)
    assert set(found) == {"schema", "indexes", "integrity", "write-ahead log", "report files"}
    for one in found.values():
        assert (one.state, one.mend) == (ServiceHealth.HEALTHY, ""), one


def test_missing_indexes_and_triggers_are_named(path):
    spoil(path, "DROP INDEX daily_reports_by_user", "DROP TRIGGER audit_trail_is_not_cut")
    found = look(path)["indexes"]
    assert found.state is ServiceHealth.UNHEALTHY
    assert found.detail == "missing: audit_trail_is_not_cut, daily_reports_by_user"
    assert found.mend


def test_damage_is_found(path):
    spoil(
        path,
        "INSERT INTO plain_file_names SELECT value, hex(zeroblob(2000)), '' FROM json_each('["
        + ",".join(str(number) for number in range(200))
        + "]')",
    )
    data = bytearray(path.read_bytes())
    data[-40 * 4096 :] = os.urandom(40 * 4096)
    path.write_bytes(data)
    found = look(path)
    (bad,) = [one for one in found.values() if one.state is ServiceHealth.UNHEALTHY]
    assert "backup" in bad.mend
    assert "\n" not in bad.detail


def test_notes_without_a_report_are_mended_by_opening(path):
    spoil(path, "INSERT INTO report_files_due VALUES ('nobody')")
    found = look(path)
    assert found["integrity"].state is ServiceHealth.HEALTHY
    assert found["report files"].detail == "none is due"


def test_files_that_cannot_be_made_stay_due_and_are_told(path):
    async def store_one():
        store = SqliteStore(path.parent, path.parent.parent / "assets")
        await store.put_report(a_report())
        store.close()

    asyncio.run(store_one())
    spoil(path, "INSERT INTO report_files_due SELECT report_id FROM daily_reports")
    folder = path.parent.parent / "assets/reports/daily/alice"
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to(folder.with_name("elsewhere"))
    found = look(path)["report files"]
    assert found.state is ServiceHealth.DEGRADED
    assert "1 are due" in found.detail
    assert "can be written" in found.mend


def test_a_database_of_a_newer_version_asks_for_an_update(path):
    spoil(path, "PRAGMA user_version = 99")
    (found,) = look(path).values()
    assert (found.name, found.state) == ("database", ServiceHealth.UNHEALTHY)
    assert "update daznode" in found.mend


def test_the_probe_tells_what_it_is_and_what_it_refused_last(tmp_path):
    clock = FakeClock()

    async def trip():
        store = SqliteStore(tmp_path / "data", tmp_path / "assets")
        probe = DatabaseProbe(lambda: describe(store.threads), clock)
        (tmp_path / "data").write_text("in the way")
        down = await probe.check()
        assert (down.name, down.state) == ("database", ServiceHealth.UNHEALTHY)
        assert down.is_required
        assert "cannot be made" in down.last_error
        assert down.last_error_at == clock.now()
        (tmp_path / "data").unlink()
        up = await probe.check()
        assert up.state is ServiceHealth.HEALTHY
        assert up.detail == f"sqlite {sqlite3.sqlite_version}"
        assert up.latency_seconds > 0
        assert up.last_error == down.last_error
        store.close()

    asyncio.run(trip())
