"""The SQLite file: how it is opened, updated, and how its refusals are said."""

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from daznode.adapters.store.database import Database
from daznode.adapters.store.migrations import MIGRATIONS, Migration
from daznode.domain.errors import MigrationNeeded, StoreCorrupt, StoreUnavailable

NEXT = MIGRATIONS[-1].number + 1
SECOND = Migration(
    NEXT, "a second table", ("CREATE TABLE second (x)", "INSERT INTO second VALUES (1)")
)
BROKEN = Migration(NEXT, "half of it fails", ("CREATE TABLE second (x)", "CREATE NONSENSE"))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "daznode.sqlite3"


def opened(path, **options):
    database = Database(path, **options)
    database.open()
    return database


def version_of(path):
    connection = sqlite3.connect(path)
    try:
        return connection.execute("PRAGMA user_version").fetchone()[0]
    finally:
        connection.close()


def tables_of(path):
    connection = sqlite3.connect(path)
    try:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {name for (name,) in rows}
    finally:
        connection.close()


def test_folder_and_file_are_made_and_are_private(path):
    opened(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_commits_wait_for_the_disk_and_the_log_is_used(path):
    database = opened(path)
    with database.writing() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
    database.close()


def test_a_transaction_is_undone_when_something_is_raised_in_it(path):
    database = opened(path)

    def fail_half_way():
        with database.writing() as connection:
            connection.execute("INSERT INTO plain_file_names VALUES ('a', 'b', 'c')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    with database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM plain_file_names").fetchone() == (0,)
    database.close()


def test_an_older_database_is_updated_once(path):
    opened(path).close()
    for _ in range(2):
        opened(path, migrations=(*MIGRATIONS, SECOND)).close()
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM second").fetchone() == (1,)
    connection.close()
    assert version_of(path) == NEXT


def test_a_failed_update_leaves_the_older_database(path):
    opened(path).close()
    before = tables_of(path)
    with pytest.raises(StoreUnavailable, match="NONSENSE"):
        opened(path, migrations=(*MIGRATIONS, BROKEN))
    assert tables_of(path) == before
    assert version_of(path) == NEXT - 1
    opened(path).close()


def test_a_newer_database_asks_for_an_update_of_the_program(path):
    opened(path, migrations=(*MIGRATIONS, SECOND)).close()
    with pytest.raises(
        MigrationNeeded, match=rf"schema {NEXT}.*up to {NEXT - 1}\); update daznode"
    ) as told:
        opened(path)
    assert str(path) in str(told.value)
    assert version_of(path) == NEXT


def test_a_file_that_is_no_database_is_said_to_be_none(path):
    path.parent.mkdir()
    path.write_bytes(b"certainly not a database, but long enough to look at " * 40)
    before = path.read_bytes()
    with pytest.raises(StoreCorrupt, match="not a SQLite database"):
        opened(path)
    assert path.read_bytes() == before


def test_a_damaged_schema_is_said_to_be_damage(path):
    """sqlite3 fails to decode SQLite's own message, which quotes the schema."""
    opened(path).close()
    content = path.read_bytes()
    place = content.index(b"CREATE TABLE daily_reports") + 3
    path.write_bytes(content[:place] + b"\xe1" + content[place + 1 :])
    with pytest.raises(StoreCorrupt, match="the database is damaged"):
        opened(path)


def test_another_programs_database_is_left_alone(path):
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(StoreCorrupt, match="the database of another program"):
        opened(path)
    assert tables_of(path) == {"theirs"}


def test_a_damaged_database_is_said_to_be_damaged(path):
    database = opened(path)
    with database.writing() as connection:
        connection.executemany(
            "INSERT INTO plain_file_names VALUES (?, ?, ?)",
            [(f"{number}", "x" * 500, "y") for number in range(500)],
        )
    database.close()
    data = bytearray(path.read_bytes())
    data[4096 * 4 :] = os.urandom(len(data) - 4096 * 4)
    path.write_bytes(data)
    database = Database(path)
    with pytest.raises(StoreCorrupt, match="damaged") as told, database.reading() as connection:
        connection.execute("SELECT * FROM plain_file_names").fetchall()
    assert "\n" not in str(told.value)
    database.close()


def test_a_locked_database_is_waited_for_and_then_said_to_be_locked(path):
    opened(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    database = Database(path, patience_seconds=0.05)
    second = database.writing()
    with pytest.raises(StoreUnavailable, match="locked by another process") as told, second:
        pytest.fail("two write at once")
    assert told.value.is_retryable
    other.execute("ROLLBACK")
    other.close()
    with database.writing():
        pass
    database.close()


def test_a_folder_in_the_place_of_the_file_is_refused(path):
    path.mkdir(parents=True)
    with pytest.raises(StoreUnavailable, match="expected a file there"):
        opened(path)


def test_a_file_in_the_place_of_the_folder_is_refused(path):
    path.parent.write_text("in the way")
    with pytest.raises(StoreUnavailable, match="data"):
        opened(path)


READ_ONLY = """
import os, sys
from pathlib import Path
from daznode.adapters.store.database import Database
from daznode.domain.errors import StoreUnavailable
if os.getuid() == 0:
    os.setuid(65534)
try:
    Database(Path(sys.argv[1])).open()
except StoreUnavailable as error:
    print(error)
"""


def test_a_folder_that_may_not_be_written_is_said_so(tmp_path):
    """In a process of its own without rights, since the root user may write everywhere."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o555)
    for above in (tmp_path, *tmp_path.parents):
        if above.stat().st_uid == os.getuid() and above.stat().st_mode & 0o077 == 0:
            above.chmod(0o711)
    told = subprocess.run(
        [sys.executable, "-c", READ_ONLY, str(folder / "d.sqlite3")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.stdout.strip().endswith("d.sqlite3: cannot be opened: permission denied"), told


def test_several_may_make_the_same_file_at_once(path):
    start = threading.Barrier(6)

    def make():
        start.wait()
        opened(path).close()

    with ThreadPoolExecutor(6) as pool:
        for made in [pool.submit(make) for _ in range(6)]:
            made.result()
    assert version_of(path) == MIGRATIONS[-1].number


def test_a_second_connection_leaves_the_locks_of_the_first_alone(tmp_path):
    path = tmp_path / "daznode.sqlite3"
    first, second = Database(path), Database(path, is_reader=True)
    with first.writing() as connection:
        connection.execute("CREATE TABLE kept (n INTEGER)")
    second.open()
    code = (
        "import sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1])\n"
        "connection.execute('INSERT INTO kept VALUES (1)')\n"
        "connection.commit()\n"
        "connection.close()\n"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    # The other process was not the last one, so it must not have taken the log away.
    assert path.with_name(path.name + "-wal").exists()
    with first.writing() as connection:
        connection.execute("INSERT INTO kept VALUES (2)")
    with second.reading() as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (2,)
    first.close()
    second.close()
