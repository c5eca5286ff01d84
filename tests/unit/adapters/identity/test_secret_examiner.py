"""The token secret as doctor sees it: never shown, never made."""

import asyncio

import pytest

from daznode.adapters.identity.secret_examiner import TokenSecretExaminer
from daznode.adapters.identity.secret_file import read_or_make
from daznode.domain.errors import StoreCorrupt
from daznode.domain.health import ServiceHealth


def examined(path, *, is_set=False):
    (found,) = asyncio.run(TokenSecretExaminer(path, is_set=is_set).diagnose())
    return found


def test_one_that_is_set(tmp_path):
    assert "is set" in examined(tmp_path / "jwt_secret", is_set=True).detail


def test_one_that_will_be_made(tmp_path):
    found = examined(tmp_path / "jwt_secret")
    assert found.state is ServiceHealth.HEALTHY
    assert "made at first use" in found.detail
    assert list(tmp_path.iterdir()) == []


def test_one_that_is_there_is_not_shown(tmp_path):
    secret = read_or_make(tmp_path / "jwt_secret")
    found = examined(tmp_path / "jwt_secret")
    assert found.state is ServiceHealth.HEALTHY
    assert str(tmp_path) in found.detail
    assert secret.decode() not in found.detail


def test_one_that_others_may_read(tmp_path):
    read_or_make(tmp_path / "jwt_secret")
    (tmp_path / "jwt_secret").chmod(0o640)
    with pytest.raises(StoreCorrupt, match="mode 640"):
        examined(tmp_path / "jwt_secret")
