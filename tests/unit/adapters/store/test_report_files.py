"""Report files: their names, their places, and what must not be followed."""

from pathlib import Path

import pytest
from tests.builders import TODAY, a_node_id

from daznode.adapters.store.report_files import (
    ReportFiles,
    check_user_id,
    further_names,
    plain_name,
)
from daznode.domain.errors import InvalidParameter, StoreUnavailable


@pytest.fixture
def files(tmp_path):
    return ReportFiles(tmp_path / "assets", patience_seconds=0.05)


def put(files, user_id="alice", name="20251120.json", data=b"text"):
    with files.writing() as writing:
        writing.stage(user_id, name, data)
        writing.sync_staged()
        writing.publish()


def everything_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


def test_names_are_the_day_and_then_the_start_of_the_key():
    assert plain_name(TODAY) == "20251120.json"
    key = a_node_id(1)
    names = list(further_names(TODAY, key))
    assert names[0] == f"20251120-{key[:8]}.json"
    assert names[-1] == f"20251120-{key}.json"


def test_a_file_comes_into_the_users_folder(files, tmp_path):
    put(files)
    assert (tmp_path / "assets/reports/daily/alice/20251120.json").read_bytes() == b"text"
    assert everything_in(tmp_path) == [
        "assets/reports/.lock",
        "assets/reports/daily/alice/20251120.json",
    ]


def test_a_file_is_replaced(files, tmp_path):
    put(files, data=b"old")
    put(files, data=b"new")
    assert (tmp_path / "assets/reports/daily/alice/20251120.json").read_bytes() == b"new"


def test_the_last_file_staged_under_a_name_wins(files, tmp_path):
    with files.writing() as writing:
        writing.stage("alice", "20251120.json", b"first")
        writing.stage("alice", "20251120.json", b"second")
        writing.sync_staged()
        writing.publish()
    assert (tmp_path / "assets/reports/daily/alice/20251120.json").read_bytes() == b"second"


def test_what_is_staged_and_not_published_is_gone(files, tmp_path):
    with files.writing() as writing:
        writing.stage("alice", "20251120.json", b"text")
        assert files.has_leftovers()
    assert not files.has_leftovers()
    assert everything_in(tmp_path) == ["assets/reports/.lock"]


def test_leftovers_of_a_killed_writer_are_removed_by_the_next(files, tmp_path):
    assert not files.has_leftovers()
    put(files)
    (tmp_path / "assets/reports/.incoming/1.json").write_bytes(b"ha")
    assert files.has_leftovers()
    put(files)
    assert not files.has_leftovers()


def test_one_writer_at_a_time(files):
    second = files.writing()
    with files.writing(), pytest.raises(StoreUnavailable, match="held by another process"), second:
        pytest.fail("two write at once")


@pytest.mark.parametrize(
    "link", ["assets/reports/daily/alice", "assets/reports/daily", "assets/reports"]
)
def test_a_link_inside_is_not_followed(files, tmp_path, link):
    outside = tmp_path / "outside"
    (outside / "daily" / "alice").mkdir(parents=True)
    place = tmp_path / link
    place.parent.mkdir(parents=True)
    place.symlink_to(outside)
    with pytest.raises(StoreUnavailable, match="not a file or a link"):
        put(files)
    assert everything_in(outside) == []


def test_a_link_in_the_place_of_a_file_is_replaced_and_not_written_through(files, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"untouched")
    put(files)
    file = tmp_path / "assets/reports/daily/alice/20251120.json"
    file.unlink()
    file.symlink_to(secret)
    put(files)
    assert secret.read_bytes() == b"untouched"
    assert file.read_bytes() == b"text"
    assert not file.is_symlink()


def test_the_assets_folder_itself_may_be_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "assets").symlink_to(tmp_path / "real")
    put(ReportFiles(tmp_path / "assets"))
    assert (tmp_path / "real/reports/daily/alice/20251120.json").read_bytes() == b"text"


def test_no_descriptor_is_left_open(files):
    put(files)
    before = len(list(Path("/dev/fd").iterdir()))
    for _ in range(20):
        put(files)
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_a_user_id_in_the_message_is_shortened():
    with pytest.raises(InvalidParameter) as told:
        check_user_id("/" * 10_000)
    assert len(str(told.value)) < 300
