"""The demo as a new user meets it: a report worth reading, files worth opening, nothing left over."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    home = tmp_path_factory.mktemp("home")
    environment = os.environ | {"DAZNODE_DATA_DIR": str(home), "NO_COLOR": "1", "COLUMNS": "100"}
    result = subprocess.run(
        [sys.executable, "-m", "daznode", "demo", "--out", str(folder)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    report = json.loads(next(folder.glob("*.json")).read_text())
    return result.stdout, folder, home, report


def test_it_writes_every_face(demo):
    assert {path.suffix for path in demo[1].iterdir()} == {".html", ".pdf", ".md", ".json"}


def test_it_touches_nothing_of_the_users(demo):
    assert list(demo[2].iterdir()) == []
    assert list(Path(tempfile.gettempdir()).glob("daznode-data-*")) == []


def test_it_says_that_nothing_is_real(demo):
    realities = {source["name"]: source["reality"] for source in demo[3]["sources"]}
    assert realities["node"] == "simulated"
    assert realities["network_snapshot"] == "generated"
    assert "imulated" in demo[0]


def test_the_report_is_worth_reading(demo):
    report = demo[3]
    forwarding = report["metrics"]["forwarding"]
    assert report["scope"] == "node"
    assert forwarding["forwards_7d"] > 100
    assert forwarding["revenue_7d"] > 0
    assert None not in report["trends"]["revenue_evolution_7d"]
    assert None not in report["trends"]["score_evolution_7d"]
    assert len(report["recommendations"]) >= 3
    assert len(report["alerts"]) >= 1
    assert len(report["channels"]) >= 20
    assert any(one["estimated_gain_sats_month"] for one in report["recommendations"])
    assert all(one["evidence"] for one in report["recommendations"])


def test_profits_of_channels_add_up_to_the_net(demo):
    report = demo[3]
    total = sum(row["profit_7d_msat"] for row in report["channels"])
    assert total == report["metrics"]["forwarding"]["net_7d_msat"]
