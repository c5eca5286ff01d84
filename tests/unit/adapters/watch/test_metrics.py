"""Figures as Prometheus reads them."""

import os
import subprocess
import sys

import pytest
from tests.servers import needs_program

from daznode.adapters.watch.metrics import PrometheusMetrics

LITERAL = (
    "daily_reports_generated_total",
    "daily_reports_generation_duration_seconds_bucket",
    "daily_reports_errors_total",
    "daily_reports_users_enabled_total",
    "daily_reports_rag_indexing_duration_seconds_bucket",
    "daily_reports_last_success_timestamp_seconds",
)


@pytest.fixture
def metrics():
    return PrometheusMetrics()


def told(metrics):
    """One of everything."""
    metrics.report_generated(2.0)
    metrics.report_failed("no-snapshot")
    metrics.batch_succeeded(1_763_618_400.0)
    metrics.users_enabled(7)
    metrics.report_indexed(0.2)
    metrics.cache_asked("report", is_hit=True)
    metrics.cache_asked("report", is_hit=False)
    metrics.source_called("amboss", "ok", 0.3)
    metrics.breaker_is("amboss", "half-open")
    metrics.alerts_open({"critical": 2})
    metrics.network_is(10, 20, 3_000)
    metrics.http_answered("GET", "/api/v1/reports/daily/{report_id}", 503, 0.15)
    metrics.http_answered("BREW", "unmatched", 404, 0.001)


def value(metrics, name, **labels):
    return metrics.registry.get_sample_value(name, labels)


def test_names_that_dashboards_rely_on(metrics):
    told(metrics)
    text = metrics.exposition()[0].decode()
    for name in LITERAL:
        assert f"\n{name}" in text
    assert "_created" not in text
    assert value(metrics, "daily_reports_generated_total") == 1
    assert value(metrics, "daily_reports_errors_total", reason="no-snapshot") == 1
    assert value(metrics, "daily_reports_users_enabled_total") == 7
    assert value(metrics, "daily_reports_last_success_timestamp_seconds") == 1_763_618_400
    assert value(metrics, "daily_reports_generation_duration_seconds_bucket", le="60.0") == 1
    assert value(metrics, "daily_reports_generation_duration_seconds_bucket", le="1.0") == 0


def test_requests_are_counted_by_template_method_and_class(metrics):
    told(metrics)
    template = "/api/v1/reports/daily/{report_id}"
    name = "http_request_duration_seconds_count"
    assert value(metrics, name, method="GET", route=template, status="5xx") == 1
    assert value(metrics, name, method="other", route="unmatched", status="4xx") == 1


def test_the_rest(metrics):
    told(metrics)
    assert value(metrics, "cache_hits_total", kind="report") == 1
    assert value(metrics, "cache_misses_total", kind="report") == 1
    assert value(metrics, "source_calls_total", source="amboss", outcome="ok") == 1
    assert value(metrics, "circuit_breaker_state", source="amboss") == 1
    assert value(metrics, "alerts_open", level="critical") == 2
    assert value(metrics, "alerts_open", level="info") == 0
    assert value(metrics, "lightning_network_capacity_sats") == 3_000
    metrics.alerts_open({})
    assert value(metrics, "alerts_open", level="critical") == 0


def test_two_services_in_one_process_do_not_share_figures(metrics):
    told(metrics)
    assert value(PrometheusMetrics(), "daily_reports_generated_total") == 0


def test_prometheus_finds_nothing_to_object_to(metrics):
    told(metrics)
    promtool = needs_program("promtool", "prometheus")
    text, media_type = metrics.exposition()
    assert media_type.startswith("text/plain; version=0.0.4")
    found = subprocess.run(
        [promtool, "check", "metrics"], input=text, capture_output=True, check=False
    )
    # A gauge named `_total`, and a level without a unit, are names that were given to us.
    complaints = [
        line
        for line in found.stderr.decode().splitlines()
        if not line.startswith("daily_reports_users_enabled_total ")
    ]
    assert complaints == []


def test_several_processes_answer_for_all(tmp_path):
    folder = tmp_path / "figures"
    folder.mkdir()
    code = (
        "from daznode.adapters.watch.metrics import PrometheusMetrics\n"
        "metrics = PrometheusMetrics()\n"
        "metrics.report_generated(1.0)\n"
        "metrics.http_answered('GET', '/health', 200, 0.01)\n"
        "metrics.users_enabled(5)\n"
        "print(metrics.exposition()[0].decode())\n"
    )
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(folder)}
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
    assert "daily_reports_generated_total 3.0" in done.stdout
    assert "daily_reports_users_enabled_total 5.0" in done.stdout
    assert 'method="GET",route="/health",status="2xx"} 3.0' in done.stdout
