"""Encryption keys: made once, private, never made anew where something is stored."""

import base64
import os
import secrets
import stat
import threading

import pytest

from daznode.adapters.vault.keys import FILE_NAME, KeySource, derived
from daznode.domain.credentials import Secret, decode_key
from daznode.domain.errors import EncryptionKeyLost, EncryptionKeyUnusable

ONE, OTHER = (Secret(base64.b64encode(bytes([n]) * 32).decode()) for n in (1, 2))


@pytest.fixture
def source(tmp_path):
    return KeySource(tmp_path / "data")


def test_the_file_is_made_once_and_private(source):
    first = source.read_or_make()
    assert stat.S_IMODE(source.path.stat().st_mode) == 0o600
    assert source.read_or_make() == first == source.read()
    assert [path.name for path in source.path.parent.iterdir()] == [FILE_NAME]


def test_the_file_is_private_whatever_the_mask(source):
    old = os.umask(0)
    try:
        source.read_or_make()
        source.add_newest()
    finally:
        os.umask(old)
    assert stat.S_IMODE(source.path.stat().st_mode) == 0o600


def test_many_first_ones_at_once_agree(tmp_path):
    found = []
    sources = [KeySource(tmp_path / "data") for _ in range(8)]
    threads = [
        threading.Thread(target=lambda one=one: found.append(one.read_or_make().newest))
        for one in sources
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len({one.key_id for one in found}) == 1


def test_a_lost_key_is_not_made_anew(source):
    source.read_or_make()
    source.path.unlink()
    with pytest.raises(EncryptionKeyLost, match="the encryption key is lost"):
        source.read()
    assert not source.path.exists()


def test_the_settings_come_first_and_the_file_can_still_be_read(tmp_path):
    in_file = KeySource(tmp_path).read_or_make().newest
    both = KeySource(tmp_path, ONE, [OTHER]).read()
    assert both.newest == derived(bytes([1]) * 32)
    assert list(both.by_id) == [
        both.newest.key_id, in_file.key_id, derived(bytes([2]) * 32).key_id
    ]  # fmt: skip


def test_a_given_key_makes_no_file(tmp_path):
    KeySource(tmp_path, ONE).read_or_make()
    assert list(tmp_path.iterdir()) == []


def test_a_fresh_key_comes_first_and_the_old_one_goes_when_told(source):
    old = source.read_or_make().newest
    both = source.add_newest()
    assert list(both.by_id) == [both.newest.key_id, old.key_id]
    source.keep_newest()
    assert source.read().by_id == {both.newest.key_id: both.newest}
    assert stat.S_IMODE(source.path.stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_that_others_can_read_is_refused(source, mode):
    source.read_or_make()
    source.path.chmod(mode)
    with pytest.raises(EncryptionKeyUnusable, match=f"mode {mode:04o}.*chmod 600"):
        source.read()


@pytest.mark.parametrize("content", [b"", b"\n", b"short", b"\xff" * 44, b"A" * 40 + b"\n"])
def test_a_file_that_holds_no_key_is_refused(source, content):
    source.path.parent.mkdir()
    source.path.write_bytes(content)
    source.path.chmod(0o600)
    with pytest.raises(EncryptionKeyUnusable, match="takes base64"):
        source.read()
    with pytest.raises(EncryptionKeyUnusable):
        source.read_or_make()


def test_keys_do_not_show_themselves(source):
    text = repr(source.read_or_make())
    key = source.read().newest
    assert key.key_id in text
    for part in (key.sealing, key.signing):
        assert repr(part) not in text
        assert part.hex() not in text


def test_the_derived_keys_differ_and_follow_from_the_master_alone():
    key = derived(bytes(32))
    assert len({key.sealing, key.signing, bytes(32)}) == 3
    assert key == derived(bytes(32))
    assert len(key.key_id) == 16


def test_both_alphabets_are_read():
    data = bytes(range(224, 256))
    assert decode_key(base64.b64encode(data).decode()) == data
    assert decode_key(base64.urlsafe_b64encode(data).decode()) == data


def test_who_comes_second_takes_the_first_ones_key(monkeypatch, source):
    """Another process makes the file between our look and our own writing."""
    other = KeySource(source.path.parent)
    real = secrets.token_bytes

    first = []

    def other_was_faster(length):
        monkeypatch.undo()
        first.append(other.read_or_make())
        return real(length)

    monkeypatch.setattr(secrets, "token_bytes", other_was_faster)
    assert [source.read_or_make()] == first
