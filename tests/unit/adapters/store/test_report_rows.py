"""Reports as rows and files: they say the same, also after a writer that died half-way."""

import json
import sqlite3
from itertools import count

import pytest
from tests.builders import DAY, TODAY, a_node_id, a_report

from daznode.adapters.store.codec import encode_report, expand, pack_report, shrink
from daznode.adapters.store.database import Database
from daznode.adapters.store.report_files import ReportFiles, ReportWriting
from daznode.adapters.store.report_queries import ReportQueries
from daznode.adapters.store.report_rows import ReportRows
from daznode.domain.errors import StoreCorrupt, StoreUnavailable

IDS = (f"00000000-0000-4000-8000-{number:012}" for number in count(1))


class House:
    """A database and a folder of files."""

    def __init__(self, folder):
        self.folder = folder
        self.opened = []

    def rows(self) -> ReportRows:
        """As a program that starts sees them."""
        database = Database(self.folder / "daznode.sqlite3")
        self.opened.append(database)
        database.open()
        rows = ReportRows(database, ReportFiles(self.folder / "assets"))
        rows.finish_interrupted()
        return rows

    def get(self, report_id):
        database = self.opened[-1]
        with database.reading() as connection:
            return ReportQueries(database.path).get(connection, report_id)

    def files(self) -> dict[str, bytes]:
        root = self.folder / "assets/reports/daily"
        return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*.json")}

    def sql(self, statement, *values):
        connection = sqlite3.connect(self.folder / "daznode.sqlite3")
        with connection:
            found = connection.execute(statement, values).fetchall()
        connection.close()
        return found


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    yield made
    for database in made.opened:
        database.close()


def test_the_file_says_what_the_row_says(house):
    (report,) = house.rows().put((a_report(),))
    assert house.files() == {"alice/20251120.json": encode_report(report)}
    ((stored,),) = house.sql("SELECT report FROM daily_reports")
    assert stored == shrink(pack_report(report))
    assert len(stored) < len(pack_report(report)) / 2
    assert json.loads(expand(stored, "row"))["rag_asset_id"] == "daily_report_alice_20251120"


def test_a_row_of_an_earlier_version_is_read_as_it_is(house):
    rows = house.rows()
    (report,) = rows.put((a_report(),))
    house.sql("UPDATE daily_reports SET report = ?", pack_report(report).decode())
    assert house.get(report.report_id) == report
    house.sql("INSERT INTO report_files_due SELECT report_id FROM daily_reports")
    (house.folder / "assets/reports/daily/alice/20251120.json").unlink()
    house.rows()
    assert house.files() == {"alice/20251120.json": encode_report(report)}


def test_a_report_made_again_replaces_its_file(house):
    rows = house.rows()
    rows.put((a_report(),))
    (again,) = rows.put((a_report(report_id=next(IDS), retry_count=1),))
    assert house.files() == {"alice/20251120.json": encode_report(again)}


def test_a_further_node_of_the_user_has_its_key_in_the_file_name(house):
    rows, first, second = house.rows(), a_node_id(1), a_node_id(2)
    for day in (TODAY, TODAY + DAY):
        for node in (first, second) if day == TODAY else (second, first):
            rows.put((a_report(report_id=next(IDS), node_pubkey=node, report_date=day),))
    assert set(house.files()) == {
        "alice/20251120.json",
        f"alice/20251120-{second[:8]}.json",
        "alice/20251121.json",
        f"alice/20251121-{second[:8]}.json",
    }
    assert json.loads(house.files()["alice/20251121.json"])["node_pubkey"] == first


def test_keys_that_start_alike_get_longer_names(house):
    keys = ["02" + "ab" * 32, "02" + "ab" * 31 + "cd", "02" + "ab" * 31 + "cf"]
    house.rows().put(
        tuple(a_report(report_id=next(IDS), node_pubkey=key) for key in (a_node_id(1), *keys))
    )
    names = sorted(house.files(), key=len)
    assert names[:2] == ["alice/20251120.json", f"alice/20251120-{keys[0][:8]}.json"]
    assert len(names) == 4
    assert {json.loads(data)["node_pubkey"] for data in house.files().values()} == {
        a_node_id(1),
        *keys,
    }


def test_the_plain_name_passes_on_when_the_first_node_has_had_no_report_for_a_week(house):
    rows, first, second = house.rows(), a_node_id(1), a_node_id(2)
    rows.put((a_report(report_id=next(IDS), node_pubkey=first),))
    for days in (7, 8):
        day = TODAY + days * DAY
        rows.put((a_report(report_id=next(IDS), node_pubkey=second, report_date=day),))
    rows.put((a_report(report_id=next(IDS), node_pubkey=first, report_date=TODAY + 8 * DAY),))
    assert set(house.files()) == {
        "alice/20251120.json",
        f"alice/20251127-{second[:8]}.json",
        "alice/20251128.json",
        f"alice/20251128-{first[:8]}.json",
    }


def test_a_past_day_made_later_does_not_cost_the_first_node_its_name(house):
    rows, first, second = house.rows(), a_node_id(1), a_node_id(2)
    for node, days in ((first, 10), (first, 0), (second, 11)):
        day = TODAY + days * DAY
        rows.put((a_report(report_id=next(IDS), node_pubkey=node, report_date=day),))
    assert set(house.files()) == {
        "alice/20251130.json",
        "alice/20251120.json",
        f"alice/20251201-{second[:8]}.json",
    }


def test_purging_deletes_rows_and_leaves_files(house):
    rows = house.rows()
    rows.put((a_report(),))
    assert rows.purge(TODAY + DAY) == 1
    assert house.sql("SELECT count(*) FROM daily_reports") == [(0,)]
    assert set(house.files()) == {"alice/20251120.json"}


class Killed(BaseException):
    """Stands for the moment at which the process died."""


def die(*_):
    raise Killed


@pytest.mark.parametrize(
    ("step", "is_new"), [("stage", False), ("sync_staged", False), ("publish", True)]
)
def test_a_writer_that_dies_leaves_the_old_or_the_new_in_both(house, monkeypatch, step, is_new):
    rows = house.rows()
    (old,) = rows.put((a_report(),))
    new = a_report(retry_count=1)
    with monkeypatch.context() as patch:
        patch.setattr(ReportWriting, step, die)
        with pytest.raises(Killed):
            rows.put((new,))
    found = (house.rows(), house.get(old.report_id))[1]
    assert found == (new if is_new else old)
    assert house.files() == {"alice/20251120.json": encode_report(found)}
    assert house.sql("SELECT * FROM report_files_due") == []


def test_files_that_were_due_are_made_before_the_next_report_is_stored(house):
    rows = house.rows()
    rows.put((a_report(),))
    house.sql("INSERT INTO report_files_due SELECT report_id FROM daily_reports")
    (house.folder / "assets/reports/daily/alice/20251120.json").unlink()
    rows.put((a_report(report_id=next(IDS), user_id="bob"),))
    assert set(house.files()) == {"alice/20251120.json", "bob/20251120.json"}
    assert house.sql("SELECT * FROM report_files_due") == []


def test_files_that_were_due_are_made_before_their_rows_are_purged(house):
    rows = house.rows()
    rows.put((a_report(),))
    house.sql("INSERT INTO report_files_due SELECT report_id FROM daily_reports")
    (house.folder / "assets/reports/daily/alice/20251120.json").unlink()
    assert rows.purge(TODAY + DAY) == 1
    assert set(house.files()) == {"alice/20251120.json"}


def test_reports_can_be_read_while_due_files_cannot_be_made(house):
    (report,) = house.rows().put((a_report(),))
    house.sql("INSERT INTO report_files_due SELECT report_id FROM daily_reports")
    folder = house.folder / "assets/reports/daily/alice"
    folder.rename(house.folder / "elsewhere")
    folder.symlink_to(house.folder / "elsewhere")
    rows = house.rows()
    assert house.get(report.report_id) == report
    with pytest.raises(StoreUnavailable, match="alice"):
        rows.put((a_report(report_id=next(IDS), user_id="bob"),))


def test_a_folder_that_cannot_be_written_leaves_database_and_file_as_they_were(house):
    rows = house.rows()
    (old,) = rows.put((a_report(),))
    folder = house.folder / "assets/reports/daily"
    (folder / "bob").write_text("in the way")
    batch = (a_report(retry_count=1), a_report(report_id=next(IDS), user_id="bob"))
    with pytest.raises(StoreUnavailable, match="expected a folder there"):
        rows.put(batch)
    assert house.get(old.report_id) == old
    assert house.files() == {"alice/20251120.json": encode_report(old)}


def test_a_row_that_cannot_be_read_is_named(house):
    rows = house.rows()
    (report,) = rows.put((a_report(),))
    packed = pack_report(report).decode().replace('"user_id"', '"usr_id"')
    house.sql("UPDATE daily_reports SET report = ?", packed)
    with pytest.raises(StoreCorrupt, match=f"daily_reports, report {report.report_id}.*user_id"):
        house.get(report.report_id)
    house.sql("UPDATE daily_reports SET report = CAST(x'7bff' AS TEXT)")
    with pytest.raises(StoreCorrupt, match="daily_reports"):
        house.get(report.report_id)


@pytest.mark.parametrize(
    "damage",
    [
        lambda frame: frame[:-9],
        lambda frame: frame[:20] + bytes(40) + frame[60:],
        lambda frame: frame[:4] + bytes([0xC0]) + b"\xff" * 8 + frame[5:],
    ],
    ids=["cut", "overwritten", "says that it is immense"],
)
def test_a_damaged_row_is_named_and_not_unpacked_without_limit(house, damage):
    rows = house.rows()
    (report,) = rows.put((a_report(),))
    house.sql("UPDATE daily_reports SET report = ?", damage(shrink(pack_report(report))))
    with pytest.raises(StoreCorrupt, match=f"daily_reports, report {report.report_id}"):
        house.get(report.report_id)
