"""The alert rules shipped with the project: Prometheus takes them, and they fire when they should."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from tests.servers import needs_program

from daznode.adapters.watch.metrics import PrometheusMetrics

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus"
ALERTS = [
    rule
    for group in yaml.safe_load((RULES / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
CASES = yaml.safe_load((RULES / "alerts_test.yml").read_text())["tests"]
NAME = re.compile(r"\b[a-zA-Z_:][a-zA-Z0-9_:]*\b")


def promtool(*arguments):
    return subprocess.run(
        [needs_program("promtool", "prometheus"), *arguments],
        cwd=RULES,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_prometheus_takes_the_rules():
    checked = promtool("check", "rules", "alerts.yml")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_rules_fire_when_they_should():
    tested = promtool("test", "rules", "alerts_test.yml")
    assert tested.returncode == 0, tested.stdout + tested.stderr


@pytest.mark.parametrize("alert", [rule["alert"] for rule in ALERTS])
def test_every_rule_is_seen_to_fire_and_to_stay_quiet(alert):
    fires = [
        bool(case["exp_alerts"])
        for test in CASES
        for case in test["alert_rule_test"]
        if case["alertname"] == alert
    ]
    # Of the rules of the host the second machine stays quiet in the same case.
    quiet = not all(fires) or alert.startswith("Host")
    assert any(fires)
    assert quiet


def test_every_metric_of_ours_is_exported():
    exported = set()
    for family in PrometheusMetrics().registry.collect():
        suffixes = {"histogram": ("_bucket", "_count", "_sum"), "counter": ("_total",)}
        exported |= {family.name + one for one in suffixes.get(family.type, ("",))}
    named = {
        name
        for rule in ALERTS
        for name in NAME.findall(rule["expr"])
        if name.startswith(
            ("daily_reports_", "http_", "lightning_", "cache_", "source_", "circuit_")
        )
    }
    assert named
    assert named <= exported


@pytest.mark.parametrize("rule", ALERTS, ids=[rule["alert"] for rule in ALERTS])
def test_every_rule_says_what_to_do(rule):
    heading = f"\n### {rule['alert']}\n"
    assert heading in (ROOT / "docs" / "runbook.md").read_text()
    assert rule["annotations"]["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"
    assert rule["labels"]["severity"] in {"warning", "critical"}
