"""The settings as doctor sees them: names, never values."""

import asyncio

from daznode.adapters.machine.settings_file import SettingsExaminer
from daznode.domain.health import ServiceHealth


def examined(given, path):
    return asyncio.run(SettingsExaminer(given, path).diagnose())


def test_names_are_told(tmp_path):
    (found,) = examined(["JWT_SECRET", "REDIS_URL"], tmp_path / ".env")
    assert found.state is ServiceHealth.HEALTHY
    assert found.detail == "set: JWT_SECRET, REDIS_URL; the rest are defaults"
    (found,) = examined([], tmp_path / ".env")
    assert found.detail == "set: none; the rest are defaults"


def test_a_file_that_others_may_read_is_a_warning(tmp_path):
    path = tmp_path / ".env"
    path.write_text("JWT_SECRET=hush\n")
    path.chmod(0o600)
    assert len(examined([], path)) == 1
    path.chmod(0o644)
    found = examined([], path)[1]
    assert found.state is ServiceHealth.DEGRADED
    assert "mode 644" in found.detail
    assert found.mend.startswith("chmod 600 ")
    assert "hush" not in repr(found)
