"""Which stores the settings choose."""

import asyncio
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from tests.builders import a_profile, a_report, an_account, an_observation

from daznode.config import Settings
from daznode.domain.health import ServiceHealth
from daznode.wiring.storage import open_stores

ROOT = Path(__file__).parents[3]

WITHOUT_DRIVER = """
import sys
from pathlib import Path
sys.modules["pymongo"] = sys.modules["bson"] = None
from daznode.config import load_settings
from daznode.domain.errors import ConfigError
from daznode.wiring.storage import open_stores
try:
    open_stores(load_settings(), Path("data"), Path("assets"))
except ConfigError as error:
    print(error)
"""


@pytest.mark.parametrize("kind", ["sqlite", "mongodb"])
def test_all_stores_are_over_the_database_that_is_set(request, tmp_path, kind):
    given = {"DAZNODE_DATA_DIR": tmp_path}
    if kind == "mongodb":
        server = request.getfixturevalue("mongodb_of_session")
        given |= {"MONGODB_URI": server.uri, "MONGODB_DATABASE": f"wiring_{uuid4().hex[:8]}"}
    settings = Settings(_env_file=None, **given)

    async def trip():
        stores = open_stores(settings, tmp_path / "data", tmp_path / "assets")
        await stores.prepare()
        await stores.accounts.add_account(an_account())
        await stores.profiles.put_profile(a_profile())
        await stores.observations.put_observation("t", an_observation())
        report = await stores.reports.put_report(a_report())
        file = tmp_path / "assets/reports/daily/alice/20251120.json"
        assert report.report_id in file.read_text()
        assert await stores.audit.entries(tenant_id=None, action=None, page=1, limit=1) == ((), 0)
        assert await stores.snapshots.summaries() == ()
        health = await stores.probe.check()
        assert (health.state, health.name) == (ServiceHealth.HEALTHY, "database")
        assert health.detail.startswith(kind)
        findings = {one.name: one for one in await stores.doctor.diagnose()}
        assert findings["schema"].state is ServiceHealth.HEALTHY
        assert findings["report files"].detail == "none is due"
        await stores.close()

    asyncio.run(trip())
    assert (tmp_path / "data" / "daznode.sqlite3").exists() == (kind == "sqlite")


def test_a_driver_that_is_not_installed_is_named_with_its_extra():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_DRIVER],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"MONGODB_URI": "mongodb://127.0.0.1", "PYTHONPATH": ":".join(sys.path)},
    )
    assert "pip install 'daznode[mongodb]'" in done.stdout
