"""Files that are there whole or not at all."""

import errno
import os
import stat
import threading

import pytest

from daznode.adapters.store.atomic import disk_errors, folder_lock, write_new, write_whole
from daznode.domain.errors import StoreUnavailable


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EROFS, "the disk is read-only"),
        (errno.EACCES, "permission denied"),
        (errno.ENOTDIR, "expected a folder there"),
        (errno.EXDEV, "link"),
    ],
)
def test_a_refusal_of_the_disk_is_said_in_one_line(number, words):
    with pytest.raises(StoreUnavailable, match=words) as told, disk_errors("a/b", "written"):
        raise OSError(number, os.strerror(number))
    assert str(told.value).startswith("a/b: cannot be written: ")
    assert told.value.is_retryable


def test_a_file_is_written_whole_and_replaced_whole(tmp_path):
    file = tmp_path / "report.html"
    write_whole(file, b"old")
    write_whole(file, b"new" * 100_000)
    assert file.read_bytes() == b"new" * 100_000
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


def test_who_reads_the_old_file_while_it_is_replaced_reads_it_whole(tmp_path):
    file = tmp_path / "report.html"
    write_whole(file, b"old and long")
    with file.open("rb", buffering=0) as reader:
        assert reader.read(3) == b"old"
        write_whole(file, b"new")
        assert reader.read() == b" and long"
    assert file.read_bytes() == b"new"


def test_what_stood_there_stays_when_writing_fails(tmp_path):
    file = tmp_path / "folder"
    (file / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        write_whole(file, b"new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


def test_a_link_is_followed_and_stays_a_link(tmp_path):
    (tmp_path / "there").mkdir()
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "there" / "real.json")
    write_whole(link, b"text")
    assert link.is_symlink()
    assert (tmp_path / "there" / "real.json").read_bytes() == b"text"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    write_whole(pipe, b"text")
    reader.join()
    assert got == [b"text"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_new_file_does_not_overwrite_one_that_is_there(tmp_path):
    write_new(tmp_path / "one", b"1")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "one", b"2")
    assert (tmp_path / "one").read_bytes() == b"1"


def test_a_lock_is_held_by_one_at_a_time(tmp_path):
    path = tmp_path / ".lock"
    second = folder_lock(path, patience_seconds=0.05)
    with folder_lock(path), pytest.raises(StoreUnavailable, match="held by another"), second:
        pytest.fail("two hold the lock")
    with folder_lock(path, patience_seconds=0):
        pass


def test_a_lock_is_waited_for(tmp_path):
    path, order = tmp_path / ".lock", []
    taken, waiting = threading.Event(), threading.Event()

    def first():
        with folder_lock(path):
            taken.set()
            assert waiting.wait(30)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    assert taken.wait(30)
    waiting.set()
    with folder_lock(path):
        order.append("second")
    thread.join()
    assert order == ["first", "second"]
