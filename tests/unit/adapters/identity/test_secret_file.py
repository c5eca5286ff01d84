"""The machine's own secret: made once, kept, private."""

import re
import stat
import threading

import pytest

from daznode.adapters.identity.secret_file import read_or_make
from daznode.domain.errors import StoreCorrupt, StoreUnavailable


def test_it_is_made_once_for_the_owner_alone(tmp_path):
    path = tmp_path / "data" / "jwt_secret"
    secret = read_or_make(path)
    assert re.fullmatch(rb"[A-Za-z0-9_-]{64}", secret)
    assert read_or_make(path) == secret
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["jwt_secret"]


def test_those_who_make_it_at_once_agree(tmp_path):
    found = []
    start = threading.Barrier(8)

    def read():
        start.wait()
        found.append(read_or_make(tmp_path / "jwt_secret"))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 5_000])
def test_what_is_no_secret_is_said_and_not_shown(tmp_path, content):
    path = tmp_path / "jwt_secret"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(StoreCorrupt, match="holds no secret") as caught:
        read_or_make(path)
    assert not content or content.decode() not in str(caught.value)


def test_one_that_others_may_read_is_refused(tmp_path):
    path = tmp_path / "jwt_secret"
    read_or_make(path)
    path.chmod(0o644)
    with pytest.raises(StoreCorrupt, match="mode 644"):
        read_or_make(path)


def test_a_folder_that_cannot_be(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="cannot be used"):
        read_or_make(tmp_path / "file" / "jwt_secret")
    (tmp_path / "jwt_secret").mkdir()
    with pytest.raises(StoreUnavailable, match="cannot be used"):
        read_or_make(tmp_path / "jwt_secret")
