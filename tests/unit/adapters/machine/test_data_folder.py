"""The data folder as doctor sees it; nothing is left in it, nothing is made."""

import asyncio
from pathlib import Path
from typing import NamedTuple

import pytest

from daznode.adapters.machine import data_folder
from daznode.adapters.machine.data_folder import DataFolderExaminer
from daznode.domain.health import ServiceHealth


class Usage(NamedTuple):
    """What the system says of a disk, in bytes."""

    total: int
    used: int
    free: int


def examined(folder):
    return asyncio.run(DataFolderExaminer(folder).diagnose())


def test_a_good_folder_is_left_as_it_was(tmp_path):
    access, room = examined(tmp_path)
    assert access.state is ServiceHealth.HEALTHY
    assert "can be written" in access.detail
    assert "MiB free" in room.detail
    assert list(tmp_path.iterdir()) == []


def test_one_that_is_not_there_is_not_made(tmp_path):
    access, _ = examined(tmp_path / "a" / "b")
    assert access.state is ServiceHealth.HEALTHY
    assert "made at first use" in access.detail
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_its_place(tmp_path):
    (tmp_path / "data").write_text("")
    (found,) = examined(tmp_path / "data")
    assert (found.state, found.exit_code) == (ServiceHealth.UNHEALTHY, 7)
    assert "is no folder" in found.detail
    assert "DAZNODE_DATA_DIR" in found.mend


def test_one_that_anybody_may_change(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o777)
    access, _ = examined(folder)
    assert (access.state, access.exit_code) == (ServiceHealth.UNHEALTHY, 7)
    assert access.mend == f"chmod o-w {folder}"


def test_one_that_cannot_be_written(tmp_path):
    folder = Path("/proc") if Path("/proc").is_dir() else tmp_path  # not even root writes there
    tmp_path.chmod(0o500)
    (found,) = examined(folder)
    tmp_path.chmod(0o700)
    assert (found.state, found.exit_code) == (ServiceHealth.UNHEALTHY, 7)
    assert "cannot be written" in found.detail


@pytest.mark.parametrize(
    ("free_bytes", "state", "exit_code"),
    [
        (2**30, ServiceHealth.HEALTHY, 0),
        (2**30 - 1, ServiceHealth.DEGRADED, 0),
        (100 * 2**20, ServiceHealth.DEGRADED, 0),
        (100 * 2**20 - 1, ServiceHealth.UNHEALTHY, 7),
    ],
)
def test_room(tmp_path, monkeypatch, free_bytes, state, exit_code):
    monkeypatch.setattr(
        data_folder.shutil, "disk_usage", lambda _: Usage(2**40, 2**40 - free_bytes, free_bytes)
    )
    _, room = examined(tmp_path)
    assert (room.state, room.exit_code) == (state, exit_code)
